//! The time: the machine's, the database's, or a test's.
//!
//! Statements never ask a database for the time; they bind what a [`Clock`] says, so that tests can drive every
//! loop and several nodes on one PostgreSQL share one time (the node's monotonic clock plus its measured offset).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A moment in epoch milliseconds, UTC: `BIGINT` in both engines, which orders and indexes alike.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, sqlx::Type,
)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `ms` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The same moment for calendars.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The moment `ms` milliseconds later (earlier when negative).
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The last whole second at or before this moment: HTTP dates and feeds know no smaller unit.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        at.to_utc()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_utc().format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// Where the time comes from. Cheap to clone; clones of a test clock move together.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock: what a node on SQLite goes by.
    System,
    /// The database's clock, carried on by the node's monotonic one.
    Database {
        /// Where the monotonic clock is counted from.
        origin: Instant,
        /// What the database's clock showed at `origin` (epoch ms); measured again now and then.
        offset: Arc<AtomicI64>,
    },
    /// A test's clock: it stands still until told to move.
    Test(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn test(start: Timestamp) -> Self {
        Self::Test(Arc::new(AtomicI64::new(start.millis())))
    }

    /// A clock that goes on from what the database's clock said just now.
    #[must_use]
    pub fn database(at: Timestamp) -> Self {
        Self::Database { origin: Instant::now(), offset: Arc::new(AtomicI64::new(at.millis())) }
    }

    /// Corrects a database's clock by what it says now; other clocks need no correction.
    pub fn correct(&self, at: Timestamp) {
        if let Self::Database { origin, offset } = self {
            offset.store(at.millis() - elapsed_ms(*origin), Ordering::SeqCst);
        }
    }

    /// The present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            // Not by way of chrono's calendar: every request for a feed asks.
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Database { origin, offset } => {
                Timestamp(offset.load(Ordering::SeqCst).saturating_add(elapsed_ms(*origin)))
            }
            Self::Test(ms) => Timestamp(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a test's clock by `ms` milliseconds (back when negative). Other clocks go by themselves.
    pub fn advance(&self, ms: i64) {
        if let Self::Test(now) = self {
            now.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Sets a test's clock. Other clocks go by themselves.
    pub fn set(&self, at: Timestamp) {
        if let Self::Test(now) = self {
            now.store(at.millis(), Ordering::SeqCst);
        }
    }
}

fn elapsed_ms(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// One second in milliseconds.
pub const SECOND: i64 = 1000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours in milliseconds.
pub const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_stands_until_it_is_moved() {
        let clock = Clock::test(Timestamp::from_millis(1_500));
        let twin = clock.clone();
        clock.advance(MINUTE);
        assert_eq!(twin.now().millis(), 61_500);
        assert_eq!(twin.now().whole_second().millis(), 61_000);
    }

    #[test]
    fn a_moment_before_1970_rounds_down_too() {
        assert_eq!(Timestamp::from_millis(-1).whole_second().millis(), -1000);
    }
}
