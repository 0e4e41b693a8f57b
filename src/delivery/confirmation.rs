//! The mail that asks whether an address is right: rendered, and put in the queue in the form's own transaction.

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};

use crate::clock::{DAY, HOUR, Timestamp};
use crate::db::Tx;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::html::publisher::PublisherView;
use crate::mail::{self, Draft, TOKEN_MARK};
use crate::newsletters::desk::Desk;
use crate::newsletters::digest_view::{ConfirmationLinks, ConfirmationView, NewsletterView};
use crate::newsletters::render::render_confirmation;
use crate::newsletters::variant;
use crate::subscribers::{CONFIRM_FOR, ConfirmationDue};

/// Under the public address: the page with the button that confirms. The token follows.
pub const CONFIRM_PATH: &str = "/confirmer/";

/// Under the public address: « Ce n'était pas moi ». The token follows.
pub const REFUSE_PATH: &str = "/refuser/";

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
    let titles: Vec<&str> = due.newsletters.iter().map(|newsletter| newsletter.title.as_str()).collect();
    let link = |path: &str| desk.config.public_url.join(&format!("{path}{TOKEN_MARK}"));
    let view = ConfirmationView {
        newsletter: NewsletterView { slug: first.slug.clone(), title: titles.join(" », « "), rhythm: None },
        publisher: PublisherView::from(&desk.config.publisher),
        valid_days: CONFIRM_FOR / DAY,
        links: ConfirmationLinks { confirm: link(CONFIRM_PATH), refuse: Some(link(REFUSE_PATH)) },
    };
    let rendered = render_confirmation(&desk.templates, &view)?;
    let message = mail::compose(&Draft {
        from: declaration.from.clone(),
        reply_to: declaration.reply_to.clone(),
        subject: rendered.subject.clone(),
        text: rendered.text,
        html: rendered.html,
        date: None,
        list: None,
        auto: true,
    })?;
    let key = digest(&SHA256, &message.to_bytes());
    let bounce_to = declaration.bounce_to.as_str();
    let variant = variant::store_other(tx, key.as_ref(), &rendered.subject, bounce_to, &message, now).await?;
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
