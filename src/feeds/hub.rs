//! What a `WebSub` hub has yet to be told: a queue that forgets nothing and grows no larger than the feeds there are.

use std::collections::BTreeMap;

use crate::articles::CategoryId;
use crate::clock::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// A feed's documents, one a format, as a hub knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Whose feed it is.
    pub category: CategoryId,
    /// Which version the documents show.
    pub version: i64,
    /// Their public addresses, each with the hash of its bytes.
    pub documents: Vec<(String, String)>,
}

/// How long a hub that failed is left in peace: after the first failure, the second, and so on; the last for ever after.
pub const RESTS: [i64; 5] = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR];

/// The longest rest that a hub may ask for by `Retry-After`.
const LONGEST_REST: i64 = 6 * HOUR;

/// News older than this is none: readers have polled long since.
const STALE: i64 = DAY;

/// What became of a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The hub took it.
    Taken,
    /// The hub will never take it: its answer was another 3xx or 4xx than those that pass.
    Refused,
    /// The hub was away, too busy, or answered 5xx; perhaps it said for how many ms to leave it in peace.
    Failed {
        /// From `Retry-After`.
        after: Option<i64>,
    },
}

/// The feeds that a hub has yet to be told of, by their addresses. A feed that changes again while it waits waits once.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: BTreeMap<String, Timestamp>,
    sending: Option<(String, Timestamp)>,
    failures: usize,
    rests_until: Option<Timestamp>,
}

impl Queue {
    /// A feed has new bytes.
    pub fn add(&mut self, topic: &str, now: Timestamp) {
        self.waiting.insert(topic.to_owned(), now);
    }

    /// The feed to tell of now. It counts as being told of until [`Queue::settle`].
    pub fn take(&mut self, now: Timestamp) -> Option<String> {
        self.waiting.retain(|_, since| since.plus(STALE) > now);
        if self.sending.is_some() || self.rests_until.is_some_and(|until| until > now) {
            return None;
        }
        let oldest = self.waiting.iter().min_by_key(|(_, since)| **since)?.0.clone();
        let (topic, since) = self.waiting.remove_entry(&oldest)?;
        self.sending = Some((topic.clone(), since));
        Some(topic)
    }

    /// What became of the feed that was taken. One that failed waits again, unless it changed anew and waits already; the
    /// hub rests.
    pub fn settle(&mut self, outcome: Outcome, now: Timestamp) {
        let Some((topic, since)) = self.sending.take() else { return };
        match outcome {
            Outcome::Taken | Outcome::Refused => (self.failures, self.rests_until) = (0, None),
            Outcome::Failed { after } => {
                self.waiting.entry(topic).or_insert(since);
                let rest = RESTS[self.failures.min(RESTS.len() - 1)];
                self.failures += 1;
                self.rests_until = Some(now.plus(after.unwrap_or(0).clamp(rest, LONGEST_REST)));
            }
        }
    }

    /// When there is something to do: a feed to tell of, after the hub's rest. `None` when nothing waits.
    #[must_use]
    pub fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = !self.waiting.is_empty() && self.sending.is_none();
        waits.then(|| self.rests_until.unwrap_or(now).max(now))
    }

    /// Whether the hub has yet to be told of this feed.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        self.waiting.contains_key(topic) || self.sending.as_ref().is_some_and(|(sending, _)| sending == topic)
    }

    /// How many failures there were since the hub took something last.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// How many feeds the hub has yet to be told of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.sending.is_some())
    }

    /// Whether the hub knows everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);
    const FAILED: Outcome = Outcome::Failed { after: None };

    #[test]
    fn a_feed_that_changes_again_while_it_waits_waits_once() {
        let mut queue = Queue::default();
        queue.add("a", NOW);
        queue.add("b", NOW.plus(1));
        queue.add("a", NOW.plus(2));
        assert_eq!((queue.take(NOW.plus(3)), queue.len()), (Some("b".into()), 2));
        queue.settle(Outcome::Taken, NOW.plus(3));
        assert_eq!(queue.take(NOW.plus(3)), Some("a".into()));
        queue.settle(Outcome::Taken, NOW.plus(3));
        assert!(queue.is_empty() && queue.next_at(NOW).is_none());
    }

    #[test]
    fn a_change_during_the_ping_is_told_afterwards() {
        let mut queue = Queue::default();
        queue.add("a", NOW);
        assert_eq!(queue.take(NOW), Some("a".into()));
        queue.add("a", NOW);
        assert_eq!(queue.take(NOW), None, "one at a time");
        queue.settle(Outcome::Taken, NOW);
        assert_eq!(queue.take(NOW), Some("a".into()));
        queue.settle(FAILED, NOW);
        assert!(queue.holds("a"));
    }

    #[test]
    fn a_hub_that_fails_rests_longer_each_time_and_comes_back_at_once_when_it_answers() {
        let mut queue = Queue::default();
        queue.add("a", NOW);
        queue.add("b", NOW);
        let mut now = NOW;
        for rest in RESTS.into_iter().chain([HOUR]) {
            assert!(queue.take(now).is_some());
            queue.settle(FAILED, now);
            assert_eq!(queue.next_at(now), Some(now.plus(rest)));
            queue.add("c", now);
            assert_eq!(queue.take(now.plus(rest - 1)), None, "a new change does not disturb its rest");
            now = now.plus(rest);
        }
        assert!(queue.take(now).is_some());
        queue.settle(Outcome::Taken, now);
        assert_eq!((queue.failures(), queue.next_at(now)), (0, Some(now)));
    }

    #[test]
    fn retry_after_is_heeded_within_bounds_and_stale_news_is_dropped() {
        let mut queue = Queue::default();
        queue.add("a", NOW);
        for (asked, given) in [(MINUTE, MINUTE), (5, MINUTE), (3 * DAY, LONGEST_REST)] {
            let at = queue.next_at(NOW).unwrap();
            queue.take(at);
            queue.settle(Outcome::Failed { after: Some(asked) }, at);
            assert_eq!(queue.next_at(at), Some(at.plus(given)));
        }
        assert_eq!(queue.take(NOW.plus(DAY)), None);
        assert!(queue.is_empty());
    }

    proptest! {
        #[test]
        fn whatever_happens_the_last_change_of_each_feed_is_told_or_waits(
            steps in prop::collection::vec((0..4_usize, 0..5_usize, 0..100_000_i64), 1..60),
        ) {
            let mut queue = Queue::default();
            let (mut now, mut untold) = (NOW, std::collections::BTreeSet::new());
            let mut sending = None;
            for (step, topic, later) in steps {
                now = now.plus(later);
                match step {
                    0 => {
                        let topic = topic.to_string();
                        queue.add(&topic, now);
                        untold.insert(topic);
                    }
                    1 => {
                        if let Some(topic) = queue.take(now) {
                            untold.remove(&topic);
                            sending = Some(topic);
                        }
                    }
                    2 => {
                        queue.settle(Outcome::Taken, now);
                        sending = None;
                    }
                    _ => {
                        queue.settle(FAILED, now);
                        untold.extend(sending.take());
                    }
                }
                prop_assert!(untold.iter().all(|topic| queue.holds(topic)));
                prop_assert!(queue.len() <= 5 + 1);
            }
        }
    }
}
