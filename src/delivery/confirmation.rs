//! The mail that asks whether an address is right: rendered, and put in the queue in the form's own transaction.

use anyhow::Context;

use crate::clock::{DAY, HOUR, Timestamp};
use crate::db::Tx;
use crate::delivery::automatic::store_automatic;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::html::publisher::PublisherView;
use crate::mail::TOKEN_MARK;
use crate::newsletters::desk::Desk;
use crate::newsletters::digest_view::{ConfirmationView, NewsletterView};
use crate::newsletters::render::render_confirmation;
use crate::subscribers::{CONFIRM_FOR, ConfirmationDue};

/// Under the public address: the page with the button that confirms (and the one that says « ce n’était pas moi »).
/// The token follows.
pub const CONFIRM_PATH: &str = "/confirmer/";

/// A person waits for it: it is of no use later (ms).
const EXPIRE_AFTER: i64 = 48 * HOUR;

/// Puts the confirmation's mail in the queue, in the transaction that recorded the asking. Wake the pump after the
/// commit ([`crate::delivery::Waker`]).
///
/// # Errors
/// When the newsletter is not declared, its mail cannot be made, or the store fails.
pub async fn enqueue(tx: &mut Tx, desk: &Desk, due: &ConfirmationDue, now: Timestamp) -> anyhow::Result<()> {
    let first = due.newsletters.first().context("a confirmation without a newsletter")?;
    let declaration = desk
        .declaration(&first.slug)
        .with_context(|| format!("no newsletter `{}` is declared", first.slug))?;
    let newsletters = due.newsletters.iter().map(|newsletter| NewsletterView {
        slug: newsletter.slug.clone(),
        title: newsletter.title.clone(),
        rhythm: None,
    });
    let view = ConfirmationView {
        newsletters: newsletters.collect(),
        publisher: PublisherView::from(&desk.config.publisher),
        valid_days: CONFIRM_FOR / DAY,
        confirm_url: desk.config.public_url.join(&format!("{CONFIRM_PATH}{TOKEN_MARK}")),
    };
    let rendered = render_confirmation(&desk.templates, &view)?;
    let variant = store_automatic(tx, declaration, rendered, now).await?;
    let new = NewDelivery {
        kind: Kind::Confirmation,
        dedup_key: &format!("confirmation:{}", due.id),
        subscription_id: Some(due.subscription),
        confirmation_id: Some(due.id),
        variant_id: variant,
        address: &due.address,
        address_hash: due.address_hash.as_bytes(),
        name: None,
        message_id: &format!("co-{}.{}@{}", due.id, now.millis(), declaration.from.address().domain()),
        token_key_id: Some(due.key),
        due_at: now,
        expires_at: now.plus(EXPIRE_AFTER).min(due.expires_at),
    };
    store::enqueue(tx, &new, now).await?;
    Ok(())
}
