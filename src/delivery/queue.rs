//! Claimed rows that wait for a worker, the most urgent first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Timestamp;
use crate::delivery::row::{Claimed, DeliveryId};

type Rank = (i64, Timestamp, DeliveryId);

#[derive(Debug, Default)]
struct Inner {
    rows: BTreeMap<Rank, Arc<Claimed>>,
    closed: bool,
}

/// Shared by the pump, which fills it, and its workers.
#[derive(Debug, Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    filled: Notify,
}

/// What a worker gets.
#[derive(Debug)]
pub(super) enum Next {
    /// A row to send.
    Row(Arc<Claimed>),
    /// Nothing for a while.
    Idle,
    /// Nothing ever again.
    Over,
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.inner().rows.len()
    }

    pub(super) fn fill(&self, rows: Vec<Claimed>) {
        let mut inner = self.inner();
        for row in rows {
            inner.rows.insert((row.priority, row.due_at, row.id), Arc::new(row));
        }
        drop(inner);
        self.filled.notify_waiters();
    }

    /// No row comes any more: workers end when it is empty.
    pub(super) fn close(&self) {
        self.inner().closed = true;
        self.filled.notify_waiters();
    }

    /// Takes what no worker has taken.
    pub(super) fn drain(&self) -> Vec<Arc<Claimed>> {
        std::mem::take(&mut self.inner().rows).into_values().collect()
    }

    /// The most urgent row, if one waits now.
    pub(super) fn ready(&self) -> Option<Arc<Claimed>> {
        self.inner().rows.pop_first().map(|(_, row)| row)
    }

    /// The most urgent row, waited for at most `patience`.
    pub(super) async fn next(&self, patience: Duration) -> Next {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let filled = self.filled.notified();
            tokio::pin!(filled);
            // Listening before looking: a row that comes between is not missed.
            filled.as_mut().enable();
            {
                let mut inner = self.inner();
                if let Some((_, row)) = inner.rows.pop_first() {
                    return Next::Row(row);
                }
                if inner.closed {
                    return Next::Over;
                }
            }
            if tokio::time::timeout_at(deadline, filled).await.is_err() {
                return Next::Idle;
            }
        }
    }
}
