//! Leases: work that one node does at a time, under a row that is taken by compare-and-set.
//!
//! There is no leader. Whoever finds a lease free or run out takes it and renews it while it works; who dies lets it run
//! out. The epoch rises with each change of hands.

use super::{Db, NodeId};
use crate::clock::Timestamp;
use crate::{execute, fetch_all, fetch_optional, statements};

statements! {
    // $1 name, $2 owner, $3 until, $4 now. No row: another node has it.
    TAKE_LEASE = "INSERT INTO leases (name, owner, until, epoch) VALUES ($1, $2, $3, 1)
        ON CONFLICT (name) DO UPDATE SET owner = $2, until = $3,
            epoch = CASE WHEN leases.owner = $2 AND leases.until > $4 THEN leases.epoch ELSE leases.epoch + 1 END
        WHERE leases.owner IS NULL OR leases.owner = $2 OR leases.until <= $4
        RETURNING epoch";
    GIVE_BACK_LEASE = "UPDATE leases SET owner = NULL, until = $3 WHERE name = $1 AND owner = $2";
    LEASES = "SELECT name, owner, until, epoch FROM leases ORDER BY name";
}

/// Takes the lease called `name`, or renews it when `owner` has it, until `until`. Gives its epoch, which rises when the
/// lease changed hands or had run out; none while another node has it.
///
/// # Errors
/// When the store fails.
pub async fn take_lease(
    db: &Db,
    name: &str,
    owner: &NodeId,
    until: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Option<i64>> {
    let taken: Option<(i64,)> = fetch_optional!(db, TAKE_LEASE, name, owner.as_str(), until, now)?;
    Ok(taken.map(|(epoch,)| epoch))
}

/// Gives the lease back, so that another node need not wait for its end. Nothing happens when `owner` has it no longer.
///
/// # Errors
/// When the store fails.
pub async fn give_back_lease(db: &Db, name: &str, owner: &NodeId, now: Timestamp) -> sqlx::Result<()> {
    execute!(db, GIVE_BACK_LEASE, name, owner.as_str(), now).map(|_| ())
}

/// A lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Lease {
    /// The work.
    pub name: String,
    /// The node that does it; none once given back.
    pub owner: Option<String>,
    /// Until when it is the owner's.
    pub until: Timestamp,
    /// How often it has changed hands or run out.
    pub epoch: i64,
}

/// Every lease that was ever taken, by name.
///
/// # Errors
/// When the store fails.
pub async fn leases(db: &Db) -> sqlx::Result<Vec<Lease>> {
    fetch_all!(db, LEASES)
}
