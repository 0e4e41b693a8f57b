//! Calls to be made besides mail, as rows: a webhook that is away is tried again.

use crate::clock::{DAY, MINUTE, SECOND, Timestamp};
use crate::db::Db;
use crate::delivery::telling::bulletin::Way;
use crate::delivery::telling::sql;
use crate::{execute, fetch_optional};

/// Whoever claims a call has this long to make it (ms).
const CLAIM: i64 = 2 * MINUTE;

/// Between two tries (ms); the last one stays.
const AGAIN: [i64; 5] = [30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE];

/// What is told a day late is of no use (ms).
const GIVE_UP: i64 = DAY;

/// A call to be made.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Call {
    id: i64,
    /// How.
    pub way: Way,
    /// The JSON.
    pub body: String,
    tries: i64,
    created_at: Timestamp,
}

/// Claims the next call that is due.
///
/// # Errors
/// When the store fails.
pub async fn claim(db: &Db, now: Timestamp) -> sqlx::Result<Option<Call>> {
    fetch_optional!(db, sql::CLAIM_ALERT_CALL, now, now.plus(CLAIM))
}

/// Notes what came of a call: done, or tried again, for a day at most. Gives whether it is given up.
///
/// # Errors
/// When the store fails.
pub async fn settle(db: &Db, call: &Call, error: Option<&str>, now: Timestamp) -> sqlx::Result<bool> {
    let index = usize::try_from(call.tries - 1).unwrap_or_default().min(AGAIN.len() - 1);
    let given_up = error.is_some() && call.created_at.plus(GIVE_UP) <= now;
    let done = (error.is_none() || given_up).then_some(now);
    execute!(db, sql::SETTLE_ALERT_CALL, call.id, now.plus(AGAIN[index]), done, error)?;
    Ok(given_up)
}
