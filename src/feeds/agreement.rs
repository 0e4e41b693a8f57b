//! When the ready feeds were last known to agree with the database.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::{SECOND, Timestamp};

/// A node looks at least every second: after so long (ms) without an answer the feeds count as old.
const PATIENCE: i64 = 10 * SECOND;

/// The beginning of the last refresh that ended well; zero before the first.
#[derive(Debug, Default)]
pub(super) struct Agreement(AtomicI64);

impl Agreement {
    /// A refresh that began at `at` has ended well.
    pub(super) fn reached(&self, at: Timestamp) {
        self.0.store(at.millis(), Ordering::Relaxed);
    }

    /// Seconds since then, the `Age` of RFC 9111 §5.1; `None` as long as the database was asked in time, or never.
    pub(super) fn age(&self, now: Timestamp) -> Option<u64> {
        let at = self.0.load(Ordering::Relaxed);
        let since = now.millis() - at;
        if at == 0 || since <= PATIENCE { None } else { u64::try_from(since / SECOND).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_have_an_age_once_the_database_has_not_answered_for_ten_seconds() {
        let agreement = Agreement::default();
        let at = |second: i64| Timestamp::from_millis(second * SECOND);
        assert_eq!(agreement.age(at(1000)), None, "nothing is served yet");
        agreement.reached(at(1000));
        for (second, age) in [(990, None), (1000, None), (1010, None), (1011, Some(11)), (1300, Some(300))] {
            assert_eq!(agreement.age(at(second)), age, "{second}");
        }
        agreement.reached(at(1301));
        assert_eq!(agreement.age(at(1302)), None);
    }
}
