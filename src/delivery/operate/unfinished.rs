//! What an operator must judge before sending goes on from an older copy of the database.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::delivery::operate::sql;
use crate::fetch_all;
use crate::newsletters::edition::{EditionId, EditionState};

/// An edition that would be sent, in part or in whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Unfinished {
    /// The edition.
    pub id: EditionId,
    /// Its newsletter.
    pub slug: String,
    /// Its slot.
    pub slot_key: String,
    /// Where it stands.
    pub state: EditionState,
    /// When it was or is to be released.
    pub due_at: Timestamp,
    /// Deliveries that have not left; none before the release.
    pub open: i64,
}

/// The editions that are frozen, or released and not settled to the last delivery, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn unfinished(db: &Db) -> sqlx::Result<Vec<Unfinished>> {
    fetch_all!(db, sql::UNFINISHED)
}
