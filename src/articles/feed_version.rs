//! The versions of feeds: they move in the transaction that changes what feeds show.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::{execute, fetch_one};

use super::category::CategoryId;
use super::sql::{BUMP_FEED, TELL_FEEDS};

/// Feeds touched by a transaction: whether what they show changed, or only what they will show. In the order of their
/// ids, so that two transactions lock them alike.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeMap<CategoryId, bool>);

impl Touched {
    /// Notes the feeds of some categories.
    pub(super) fn add(&mut self, categories: &[CategoryId], visibly: bool) {
        for category in categories {
            *self.0.entry(*category).or_default() |= visibly;
        }
    }

    /// Gives each of them a new version and wakes who serves them.
    pub(super) async fn bump(self, tx: &mut Tx, now: Timestamp) -> sqlx::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        for (category, visibly) in self.0 {
            bump(tx, category, visibly.then_some(now)).await?;
        }
        tell_feeds(tx).await
    }
}

/// Gives a category's feeds a new version; `visibly_at` when what they show changes now, `None` when it only will.
pub(super) async fn bump(
    tx: &mut Tx,
    category: CategoryId,
    visibly_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    let at = visibly_at.unwrap_or_default().whole_second();
    execute!(tx, BUMP_FEED, category, at).map(|_| ())
}

/// Wakes the nodes that serve feeds, when the transaction commits. SQLite's readers see it by themselves.
pub(super) async fn tell_feeds(tx: &mut Tx) -> sqlx::Result<()> {
    if matches!(tx, Tx::Postgres(_)) {
        let _told: (i64,) = fetch_one!(tx, TELL_FEEDS)?;
    }
    Ok(())
}
