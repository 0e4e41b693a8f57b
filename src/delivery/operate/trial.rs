//! Mails to try things out: `edition test`, a look at the next edition, and the probe of `doctor`.

use std::sync::Arc;

use anyhow::Context;

use crate::clock::{HOUR, Timestamp};
use crate::db::{Db, Keys};
use crate::delivery::message::{Messages, Unready};
use crate::delivery::row::{Claimed, Kind, State};
use crate::delivery::signing::Signing;
use crate::delivery::sql::{TRIAL_MESSAGE, TRIAL_STATE};
use crate::delivery::store::{self, NewDelivery};
use crate::mail::{Address, Encoded};
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::run::RunError;
use crate::newsletters::variant;
use crate::subscribers::AddressHash;
use crate::{fetch_one, fetch_optional};

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
    let kept = enqueue_probe(&desk.db, keys, declaration, (&rendered.subject, &message), to, now).await;
    kept.context("cannot keep the test message")?;
    Ok(rendered.subject)
}

/// Puts a mail of ours, its subject beside it, in the queue before any digest, in the name of a newsletter, and gives the
/// key by which [`departure`] and [`what_left`] know it.
///
/// # Errors
/// When the store fails.
pub async fn enqueue_probe(
    db: &Db,
    keys: &Keys,
    declaration: &Declaration,
    (subject, message): (&str, &Encoded),
    to: &Address,
    now: Timestamp,
) -> sqlx::Result<String> {
    let hash = AddressHash::of(keys, to);
    let number = uuid::Uuid::now_v7().simple().to_string();
    let key = format!("test:{number}");
    let mut tx = db.begin_durable().await?;
    let bounce_to = declaration.bounce_to.as_str();
    let variant = variant::store_other(&mut tx, number.as_bytes(), subject, bounce_to, message, now).await?;
    let new = NewDelivery {
        kind: Kind::Editor,
        dedup_key: &key,
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
    tx.commit().await?;
    Ok(key)
}

/// How far a mail of [`enqueue_probe`] has come.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Departure {
    /// Its state.
    pub state: State,
    /// It waits for an operator.
    pub held: bool,
    /// Why it is held, failed or cancelled.
    pub reason: Option<String>,
    /// The relay that answered last.
    pub relay: Option<String>,
    /// What it said.
    pub reply_text: Option<String>,
}

/// How far a mail of [`enqueue_probe`] has come.
///
/// # Errors
/// When the store fails.
pub async fn departure(db: &Db, key: &str) -> sqlx::Result<Departure> {
    fetch_one!(db, TRIAL_STATE, key)
}

/// The bytes of a mail of [`enqueue_probe`] as they left, and its return path.
///
/// # Errors
/// When the store fails, or it would be another message today (the configuration has changed meanwhile).
pub async fn what_left(
    db: &Db,
    keys: &Arc<Keys>,
    signing: &Signing,
    key: &str,
) -> anyhow::Result<(Vec<u8>, Address)> {
    let row: Option<Claimed> = fetch_optional!(db, TRIAL_MESSAGE, key)?;
    let row = row.context("the trial mail is gone")?;
    let messages = Messages::new(db.clone(), Arc::clone(keys), signing.clone());
    match messages.build(&row).await {
        Ok(message) => Ok((message.bytes.to_vec(), message.envelope.from.clone())),
        Err(Unready::Store(error)) => Err(error),
        Err(Unready::Poisoned(why) | Unready::Unsigned(why)) => anyhow::bail!(why),
        Err(Unready::Differs(why)) => anyhow::bail!(why),
    }
}
