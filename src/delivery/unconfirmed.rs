//! Askings that nobody confirmed: after a time their links, their mails and, where nothing else is kept of them, the
//! readers themselves are gone. Who said « ce n’était pas moi » stays suppressed, by the address's hash alone.

use crate::clock::Timestamp;
use crate::db::{Db, Sql};
use crate::subscribers::SubscriberId;
use crate::{execute, fetch_all, statements};

/// How many links go in one transaction: few, for each takes its mail along and SQLite's write lock is held meanwhile.
const AT_ONCE: i64 = 50;

statements! {
    DROP_UNUSED_MAILS = "DELETE FROM deliveries WHERE confirmation_id IN (
        SELECT id FROM confirmations WHERE used_at IS NULL AND created_at < $1 ORDER BY created_at, id LIMIT $2)";
    DROP_UNUSED_LINKS = "DELETE FROM confirmations WHERE id IN (
        SELECT id FROM confirmations WHERE used_at IS NULL AND created_at < $1 ORDER BY created_at, id LIMIT $2)
        RETURNING id";
    DROP_UNCONFIRMED = "DELETE FROM subscriptions WHERE id IN (
        SELECT s.id FROM subscriptions s WHERE s.state = 'pending' AND s.created_at < $1
           AND NOT EXISTS (SELECT 1 FROM confirmations c WHERE c.subscription_id = s.id)
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscription_id = s.id)
        ORDER BY s.created_at, s.id LIMIT $2)
        RETURNING subscriber_id";
    DROP_NEVER_A_READER = "DELETE FROM subscribers WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = $1)
        AND NOT EXISTS (SELECT 1 FROM consent_events e WHERE e.subscriber_id = $1
                        AND e.event NOT IN ('asked', 'refused'))";
}

/// The statements, for the test that prepares every one.
pub(super) fn statements() -> Vec<Sql> {
    ALL.to_vec()
}

/// Removes some of what was asked for before `before` and never confirmed. Gives how many links and inscriptions went; 0
/// when there is nothing left.
///
/// # Errors
/// When the store fails; nothing is removed then.
pub async fn drop_unconfirmed(db: &Db, before: Timestamp) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    execute!(&mut tx, DROP_UNUSED_MAILS, before, AT_ONCE)?;
    let links: Vec<(i64,)> = fetch_all!(&mut tx, DROP_UNUSED_LINKS, before, AT_ONCE)?;
    let readers: Vec<(SubscriberId,)> = fetch_all!(&mut tx, DROP_UNCONFIRMED, before, AT_ONCE)?;
    for (reader,) in &readers {
        execute!(&mut tx, DROP_NEVER_A_READER, *reader)?;
    }
    tx.commit().await?;
    Ok((links.len() + readers.len()) as u64)
}
