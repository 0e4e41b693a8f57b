//! Retention: deliveries finished long ago are folded into counts for each edition, so that the balance still holds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::db::Db;
use crate::delivery::row::{Kind, State};
use crate::delivery::sql;
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all};

/// A chunk aims at holding SQLite's write lock this long; a bulk writer may for 20 ms at most (design §4).
const HOLD: Duration = Duration::from_millis(8);

/// Rows in a chunk.
const CHUNKS: (i64, i64) = (20, 5_000);

/// A removed row, as far as it is counted.
#[derive(Debug, sqlx::FromRow)]
struct Removed {
    edition_id: Option<EditionId>,
    kind: Kind,
    resend: bool,
    state: State,
}

/// Folds in chunks, each in a transaction of its own.
#[derive(Debug)]
pub struct Folding {
    before: Timestamp,
    size: i64,
}

/// What a chunk did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Rows removed.
    pub rows: u64,
    /// How long the write lock was held.
    pub held: Duration,
}

impl Folding {
    /// Of what was finished before `before`.
    #[must_use]
    pub fn new(before: Timestamp) -> Self {
        Self { before, size: 200 }
    }

    /// One chunk; no rows when there is nothing left.
    ///
    /// # Errors
    /// When the store fails; the chunk is undone then.
    pub async fn step(&mut self, db: &Db, now: Timestamp) -> sqlx::Result<Folded> {
        let mut tx = db.begin().await?;
        let began = Instant::now();
        let removed: Vec<Removed> = fetch_all!(&mut tx, sql::REMOVE_FINISHED, self.before, self.size)?;
        let mut counts: BTreeMap<EditionId, [i64; 3]> = BTreeMap::new();
        for row in removed.iter().filter(|row| row.kind == Kind::Edition && !row.resend) {
            let (Some(edition), Some(place)) = (row.edition_id, place(row.state)) else { continue };
            counts.entry(edition).or_default()[place] += 1;
        }
        for (edition, [sent, failed, cancelled]) in counts {
            execute!(&mut tx, sql::FOLD, edition, sent, failed, cancelled, now)?;
        }
        tx.commit().await?;
        let folded = Folded { rows: removed.len() as u64, held: began.elapsed() };
        self.learn(folded);
        Ok(folded)
    }

    /// The bytes of variants whose last delivery is gone are wanted by nobody. Gives how many were emptied.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn empty_variants(&self, db: &Db) -> sqlx::Result<u64> {
        execute!(db, sql::EMPTY_VARIANTS, self.before, [].as_slice() as &[u8])
    }

    /// By halves and doubles, so that one slow disk write does not decide.
    fn learn(&mut self, folded: Folded) {
        let fitting = self.size as f64 * HOLD.as_secs_f64() / folded.held.as_secs_f64().max(1e-4);
        self.size = (fitting as i64).clamp(self.size / 2, self.size * 2).clamp(CHUNKS.0, CHUNKS.1);
    }
}

fn place(state: State) -> Option<usize> {
    match state {
        State::Sent => Some(0),
        State::Failed => Some(1),
        State::Cancelled => Some(2),
        State::Pending | State::Claimed | State::InDoubt => None,
    }
}
