//! Mails that no edition makes: a confirmation, a link, a word about the letters; and those to the newsroom.

use aws_lc_rs::digest::{SHA256, digest};

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::mail::{self, Draft, Encoded, Mailbox};
use crate::newsletters::declaration::Declaration;
use crate::newsletters::render::Rendered;
use crate::newsletters::variant::{self, VariantId};

/// Stores what was written as a message of the newsletter's sender, marked as automatic; what is equal to the byte is stored
/// once.
///
/// # Errors
/// When the message cannot be made, or the store fails.
pub(super) async fn store_automatic(
    tx: &mut Tx,
    declaration: &Declaration,
    rendered: Rendered,
    now: Timestamp,
) -> anyhow::Result<VariantId> {
    let (subject, message) = compose(declaration, declaration.reply_to.clone(), rendered)?;
    let key = digest(&SHA256, &message.to_bytes());
    let bounce_to = declaration.bounce_to.as_str();
    Ok(variant::store_other(tx, key.as_ref(), &subject, bounce_to, &message, now).await?)
}

/// Stores what was written to the newsroom itself: answers come back to the sender. What has the same key is stored once.
///
/// # Errors
/// When the message cannot be made, or the store fails.
pub(super) async fn store_to_newsroom(
    tx: &mut Tx,
    declaration: &Declaration,
    key: &str,
    rendered: Rendered,
    now: Timestamp,
) -> anyhow::Result<VariantId> {
    let (subject, message) = compose(declaration, None, rendered)?;
    let bounce_to = declaration.bounce_to.as_str();
    Ok(variant::store_other(tx, key.as_bytes(), &subject, bounce_to, &message, now).await?)
}

/// The subject, and the message of the newsletter's sender.
fn compose(
    declaration: &Declaration,
    reply_to: Option<Mailbox>,
    rendered: Rendered,
) -> anyhow::Result<(String, Encoded)> {
    let message = mail::compose(&Draft {
        from: declaration.from.clone(),
        reply_to,
        subject: rendered.subject.clone(),
        text: rendered.text,
        html: rendered.html,
        date: None,
        list: None,
        auto: true,
    })?;
    Ok((rendered.subject, message))
}
