//! Mails to a reader that no edition makes: a confirmation, a link, a word about the letters.

use aws_lc_rs::digest::{SHA256, digest};

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::mail::{self, Draft};
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
    Ok(variant::store_other(tx, key.as_ref(), &rendered.subject, bounce_to, &message, now).await?)
}
