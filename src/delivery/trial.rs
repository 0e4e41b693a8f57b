//! `edition test`: a look at the next edition, mailed to one address.

use anyhow::Context;

use crate::clock::{HOUR, Timestamp};
use crate::db::Keys;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::mail::Address;
use crate::newsletters::desk::Desk;
use crate::newsletters::run::RunError;
use crate::newsletters::variant;
use crate::subscribers::AddressHash;

/// Nobody waits for a test longer than this (ms).
const EXPIRE_AFTER: i64 = HOUR;

/// Puts a test of the newsletter's next edition in the queue, before any digest, and gives its subject, which begins
/// with `[Essai]`. Neither slot nor ledger is written; its unsubscribe link opens nothing.
///
/// # Errors
/// As [`Desk::test_mail`].
pub async fn enqueue_test(
    desk: &Desk,
    keys: &Keys,
    slug: &str,
    to: &Address,
    now: Timestamp,
) -> Result<String, RunError> {
    let (rendered, message) = desk.test_mail(slug, now).await?;
    let (declaration, _) = desk.newsletter(slug).await?;
    let hash = AddressHash::of(keys, to);
    let number = uuid::Uuid::now_v7().simple().to_string();
    let mut tx = desk.db.begin_durable().await?;
    let bounce_to = declaration.bounce_to.as_str();
    let variant =
        variant::store_other(&mut tx, number.as_bytes(), &rendered.subject, bounce_to, &message, now).await?;
    let new = NewDelivery {
        kind: Kind::Editor,
        dedup_key: &format!("test:{number}"),
        subscription_id: None,
        confirmation_id: None,
        variant_id: variant,
        address: to,
        address_hash: hash.as_bytes(),
        name: None,
        message_id: &format!("te-{number}@{}", declaration.from.address().domain()),
        token_key_id: None,
        due_at: now,
        expires_at: now.plus(EXPIRE_AFTER),
    };
    store::enqueue(&mut tx, &new, now).await?;
    tx.commit().await.context("cannot keep the test message")?;
    Ok(rendered.subject)
}
