//! Alerts as rows: raised by upsert, so that any number of nodes may notice the same.

use serde::Serialize;

use super::Kind;
use super::due::Due;
use super::sql::{
    ALERT_LIVING, CLOSE_ALERT, END_ALERT, LIVING_ALERTS, LOOK_AT_ALERTS, NOTE_BULLETIN, OPEN_ALERTS,
    OPEN_ALERTS_OF, RAISE_ALERT, TELL_ALERT,
};
use crate::clock::{MINUTE, Timestamp};
use crate::db::{Db, Tx};
use crate::{execute, fetch_all, fetch_one, fetch_optional, id_type};

id_type! {
    /// An alert's row.
    AlertId
}

/// An alert; moments are epoch milliseconds, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Alert {
    /// Its row.
    pub id: AlertId,
    /// What is wrong.
    pub kind: Kind,
    /// With what; see [`Kind`].
    pub subject: String,
    /// What was last said about it.
    pub detail: String,
    /// How often it was seen.
    pub count: i64,
    /// Since when.
    pub since: Timestamp,
    /// When it was seen last.
    pub last_seen_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// When somebody was told.
    pub told_at: Option<Timestamp>,
}

/// What is seen again within this (ms) is not written again.
const AGAIN: i64 = MINUTE;

/// Something is wrong: opens the alert of this kind and subject, or notes that it goes on. Gives whether it is new. See
/// [`Kind`] for what the subject is; `detail` is for who repairs it.
///
/// # Errors
/// When the store fails. Who raises an alarm logs that and goes on.
pub async fn raise(db: &Db, kind: Kind, subject: &str, detail: &str, now: Timestamp) -> sqlx::Result<bool> {
    let living: Option<(Timestamp, Option<Timestamp>)> = fetch_optional!(db, ALERT_LIVING, kind, subject)?;
    if let Some((seen, None)) = living
        && now < seen.plus(AGAIN)
    {
        return Ok(false);
    }
    execute!(db, RAISE_ALERT, kind, subject, detail, now)?;
    Ok(living.is_none())
}

/// It is over. Gives whether there was something to end; ending what was never raised is right and cheap.
///
/// # Errors
/// When the store fails.
pub async fn end(db: &Db, kind: Kind, subject: &str, now: Timestamp) -> sqlx::Result<bool> {
    let living: Option<(Timestamp, Option<Timestamp>)> = fetch_optional!(db, ALERT_LIVING, kind, subject)?;
    if !matches!(living, Some((_, None))) {
        return Ok(false);
    }
    Ok(execute!(db, END_ALERT, kind, subject, now)? > 0)
}

/// Ends every open alert of a kind whose subject is not among those that are still wrong: for who looks at all at once.
///
/// # Errors
/// When the store fails.
pub async fn end_all_but(db: &Db, kind: Kind, wrong: &[String], now: Timestamp) -> sqlx::Result<()> {
    for alert in open(db, kind).await? {
        if !wrong.contains(&alert.subject) {
            end(db, kind, &alert.subject, now).await?;
        }
    }
    Ok(())
}

/// What is wrong now, the longest first.
///
/// # Errors
/// When the store fails.
pub async fn all_open(db: &Db) -> sqlx::Result<Vec<Alert>> {
    fetch_all!(db, OPEN_ALERTS)
}

/// The same of one kind.
///
/// # Errors
/// When the store fails.
pub async fn open(db: &Db, kind: Kind) -> sqlx::Result<Vec<Alert>> {
    fetch_all!(db, OPEN_ALERTS_OF, kind)
}

/// Takes the turn of telling, for as long as the transaction lasts; gives when somebody was told last. That it can be
/// written shows that the store can be.
///
/// # Errors
/// When the store fails.
pub async fn take_turn(tx: &mut Tx, now: Timestamp) -> sqlx::Result<Timestamp> {
    let (told,): (Timestamp,) = fetch_one!(tx, LOOK_AT_ALERTS, now)?;
    Ok(told)
}

/// Every alert of which something is left to be told, or that goes on.
///
/// # Errors
/// When the store fails.
pub async fn living(tx: &mut Tx) -> sqlx::Result<Vec<Alert>> {
    fetch_all!(tx, LIVING_ALERTS)
}

/// Notes what is told in this transaction.
///
/// # Errors
/// When the store fails.
pub async fn mark(tx: &mut Tx, due: &Due, now: Timestamp) -> sqlx::Result<()> {
    for alert in &due.raised {
        execute!(tx, TELL_ALERT, alert.id, now)?;
    }
    let events = due.raised.iter().filter(|alert| alert.kind.is_event());
    for alert in events.chain(&due.ended).chain(&due.dropped) {
        execute!(tx, CLOSE_ALERT, alert.id, now)?;
    }
    if !due.is_silent() {
        execute!(tx, NOTE_BULLETIN, now)?;
    }
    Ok(())
}
