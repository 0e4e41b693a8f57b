//! The balance of P8 and the depth of the queue: what is counted must come out.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::delivery::row::State;
use crate::delivery::telling::sql;
use crate::newsletters::edition::EditionId;
use crate::{fetch_all, fetch_one};

/// An edition's readers and what became of each, read in one statement. Resends stand apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Balance {
    /// The edition.
    pub edition_id: EditionId,
    /// Its readers as they were counted at release; none before.
    pub eligible: Option<i64>,
    /// Every reader has a row.
    pub fanned_out: bool,
    /// Rows that wait.
    pub pending: i64,
    /// Rows that some node has taken to send.
    pub claimed: i64,
    /// Rows of which nobody knows whether they arrived.
    pub in_doubt: i64,
    /// Rows that the relay has taken.
    pub sent: i64,
    /// Rows that could not be sent.
    pub failed: i64,
    /// Rows that must not be sent any more.
    pub cancelled: i64,
    /// Of the rows that wait or are in doubt, those that an operator must look at.
    pub held: i64,
}

impl Balance {
    /// How many rows are missing (negative: too many). Zero when all is well, or when it cannot be told yet.
    #[must_use]
    pub fn missing(&self) -> i64 {
        let rows = self.pending + self.claimed + self.in_doubt + self.sent + self.failed + self.cancelled;
        match self.eligible {
            Some(eligible) if self.fanned_out => eligible - rows,
            _ => 0,
        }
    }
}

/// The balance of one edition.
///
/// # Errors
/// When the store fails or there is no such edition.
pub async fn balance(db: &Db, edition: EditionId) -> sqlx::Result<Balance> {
    fetch_one!(db, sql::BALANCE, edition)
}

/// The balances of the editions released since `since`, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn balances(db: &Db, since: Timestamp) -> sqlx::Result<Vec<Balance>> {
    fetch_all!(db, sql::BALANCES, since)
}

/// Rows that are not finished, of one state and priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Depth {
    /// The state.
    #[serde(serialize_with = "as_text")]
    pub state: State,
    /// An operator must look at them.
    pub held: bool,
    /// The lower number goes first; see [`crate::delivery::Kind::priority`].
    pub priority: i64,
    /// How many.
    pub rows: i64,
    /// Since when the first of them has been due.
    pub oldest: Timestamp,
}

fn as_text<S: serde::Serializer>(state: &State, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(state.as_str())
}

/// How much waits. Each part is read from an index of its own.
///
/// # Errors
/// When the store fails.
pub async fn depths(db: &Db) -> sqlx::Result<Vec<Depth>> {
    fetch_all!(db, sql::DEPTHS)
}
