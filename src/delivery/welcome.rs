//! The latest edition, to a reader who has just confirmed, where the newsroom wants it (`welcome = true`).

use crate::clock::Timestamp;
use crate::db::{Keys, Sql};
use crate::delivery::operate::{ResendError, resend};
use crate::mail::Address;
use crate::newsletters::desk::Desk;
use crate::newsletters::edition::EditionId;
use crate::subscribers::{ConfirmToken, Newsletter};
use crate::{fetch_optional, statements};

statements! {
    LATEST_FOR_NEWCOMER = "SELECT r.address, e.id, EXISTS (
            SELECT 1 FROM deliveries d WHERE d.subscription_id = s.id AND d.edition_id = e.id) AS had
        FROM confirmations c
        JOIN subscriptions o ON o.id = c.subscription_id
        JOIN subscribers r ON r.id = o.subscriber_id
        JOIN subscriptions s ON s.subscriber_id = r.id AND s.newsletter_id = $2 AND s.state = 'confirmed'
        JOIN editions e ON e.newsletter_id = s.newsletter_id AND e.state = 'released'
            AND NOT EXISTS (SELECT 1 FROM rectificatifs x WHERE x.edition_id = e.id)
        WHERE c.token_hash = $1 ORDER BY e.slot_at DESC, e.id DESC LIMIT 1";
}

/// The statements, for the test that prepares every one.
pub(super) fn statements() -> Vec<Sql> {
    ALL.to_vec()
}

/// Puts the latest edition of each of `newsletters` that welcomes its readers in the queue for the reader who confirmed by
/// `token`, once. Who had it already gets none, nor who sees too little of it. Gives whether there is something to send: wake
/// the pump then.
///
/// # Errors
/// When the store fails.
pub async fn welcome(
    desk: &Desk,
    keys: &Keys,
    token: &str,
    newsletters: &[Newsletter],
    now: Timestamp,
) -> anyhow::Result<bool> {
    let Some(token) = ConfirmToken::read(token) else { return Ok(false) };
    let mut queued = false;
    for newsletter in newsletters {
        if !desk.declaration(&newsletter.slug).is_some_and(|declared| declared.welcome) {
            continue;
        }
        let latest: Option<(String, EditionId, bool)> =
            fetch_optional!(&desk.db, LATEST_FOR_NEWCOMER, &token.hash()[..], newsletter.id)?;
        let Some((address, edition, false)) = latest else { continue };
        match resend(desk, keys, edition, &Address::parse(&address)?, now).await {
            Ok(()) => queued = true,
            Err(ResendError::Store(error)) => return Err(error.into()),
            Err(other) => tracing::debug!(%edition, %other, "no edition welcomes a reader"),
        }
    }
    Ok(queued)
}
