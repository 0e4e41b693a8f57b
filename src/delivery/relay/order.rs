//! The relays in their order: which one is used now.

use std::sync::Arc;
use std::time::Instant;

use crate::clock::Timestamp;
use crate::delivery::relay::Relay;
use crate::delivery::relay::line::{ALARMING, Line, PROBE};

/// The relays in the order of the configuration.
#[derive(Debug)]
pub(in crate::delivery) struct Relays {
    lines: Vec<Arc<Line>>,
}

impl Relays {
    pub(in crate::delivery) fn new(relays: Vec<Relay>) -> Self {
        Self { lines: relays.into_iter().map(|relay| Arc::new(Line::new(relay))).collect() }
    }

    /// The first that is not left alone. One that was until now is given to one message alone, which tries how it is.
    pub(in crate::delivery) fn pick(&self, now: Timestamp) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| {
            let mut health = line.health();
            let usable = health.is_usable(now);
            if usable && health.troubles > 0 {
                health.probing_until = now.plus(PROBE);
            }
            usable
        })
    }

    /// The one that messages go to now, if any.
    pub(in crate::delivery) fn in_use(&self, now: Timestamp) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| line.health().is_usable(now))
    }

    /// Takes the place of one message in the rate of the relay that is used now.
    ///
    /// # Errors
    /// When it is not its turn yet: the moment it is.
    pub(in crate::delivery) fn take_turn(&self, at: Timestamp, now: Instant) -> Result<(), Instant> {
        self.in_use(at).map_or(Ok(()), |line| line.bounds().take_turn(now))
    }

    /// When the first one may be tried again; none when one may be tried now, or there is none at all.
    pub(in crate::delivery) fn resting_until(&self, now: Timestamp) -> Option<Timestamp> {
        let ready = |line: &Arc<Line>| {
            let health = line.health();
            if health.is_usable(now) { Timestamp::default() } else { health.ready_at().max(now.plus(1)) }
        };
        let until = self.lines.iter().map(ready).min()?;
        (until > now).then_some(until)
    }

    /// Those that take only so many messages a day, each with that number.
    pub(in crate::delivery) fn with_quota(&self) -> impl Iterator<Item = (&str, u32)> {
        self.lines.iter().filter_map(|line| Some((line.relay.name.as_str(), line.relay.quota?)))
    }

    /// What a relay has taken today, by all nodes.
    pub(in crate::delivery) fn set_taken(&self, name: &str, taken: i64) {
        for line in self.lines.iter().filter(|line| line.relay.name == name) {
            line.health().left = line.relay.quota.map(|quota| i64::from(quota) - taken);
        }
    }

    /// Those in trouble for so long that a person should know, each with what was said last.
    pub(in crate::delivery) fn in_trouble(&self) -> Vec<(String, String)> {
        let alarming = |line: &&Arc<Line>| line.health().troubles >= ALARMING;
        let lines = self.lines.iter().filter(alarming);
        lines.map(|line| (line.relay.name.clone(), line.health().detail.clone())).collect()
    }

    /// Workers that can be of use.
    pub(in crate::delivery) fn connections(&self) -> usize {
        self.lines.iter().map(|line| line.relay.connections).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;
    use crate::delivery::relay::line::STUMBLES;

    #[test]
    fn a_troubled_relay_is_left_alone_longer_each_time_and_the_next_one_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![
            Relay { name: "first".to_owned(), ..Relay::maildir(folder.path()).unwrap() },
            Relay { name: "second".to_owned(), ..Relay::maildir(folder.path()).unwrap() },
        ]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let name = |at| relays.pick(at).map(|line| line.relay.name.as_str());
        assert_eq!(name(now), Some("first"));

        let first = Arc::clone(relays.pick(now).unwrap());
        let version = first.version();
        for _ in 0..5 {
            first.trouble(version, now, 1, String::new()); // five workers, one trouble
        }
        assert_eq!(name(now), Some("second"));
        assert_eq!(name(now.plus(MINUTE)), Some("first"));

        first.trouble(first.version(), now.plus(MINUTE), 1, String::new());
        relays.pick(now).unwrap().trouble(0, now, 1, String::new());
        assert_eq!(name(now), None);
        assert!(relays.resting_until(now).is_some_and(|until| until <= now.plus(MINUTE)));
        assert_eq!(relays.resting_until(now.plus(3 * MINUTE)), None);
    }

    #[test]
    fn one_message_that_breaks_conversations_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![Relay::maildir(folder.path()).unwrap()]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let line = relays.pick(now).unwrap();
        for _ in 0..10 {
            line.stumble(line.version(), now, 1, String::new());
            line.well();
        }
        assert!(relays.pick(now).is_some());
        for _ in 0..STUMBLES {
            line.stumble(line.version(), now, 1, String::new());
        }
        assert!(relays.pick(now).is_none());
    }

    #[test]
    fn a_relay_that_was_left_alone_is_tried_with_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![Relay::maildir(folder.path()).unwrap()]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let line = Arc::clone(relays.pick(now).unwrap());
        line.trouble(line.version(), now, 1, "421 closed".to_owned());
        let later = now.plus(MINUTE);
        assert!(relays.pick(later).is_some() && relays.pick(later).is_none());
        assert_eq!(relays.resting_until(later), Some(later.plus(PROBE)));
        line.well();
        assert!(relays.pick(later).is_some() && relays.pick(later).is_some());
        assert!(relays.in_trouble().is_empty());
        for _ in 0..ALARMING {
            line.trouble(line.version(), now, 1, "421 closed".to_owned());
        }
        assert_eq!(relays.in_trouble()[0].1, "421 closed");
    }

    #[test]
    fn a_relay_whose_quota_is_spent_waits_for_the_next_day_and_the_next_relay_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let relay = |name: &str, quota| Relay {
            name: name.to_owned(),
            quota,
            ..Relay::maildir(folder.path()).unwrap()
        };
        let relays = Relays::new(vec![relay("first", Some(3)), relay("second", None)]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let name = || relays.pick(now).map(|line| line.relay.name.as_str());
        relays.set_taken("first", 2);
        assert_eq!(name(), Some("first"));
        relays.pick(now).unwrap().took(now);
        assert_eq!(name(), Some("second"));
        relays.set_taken("first", 0); // a new day
        assert_eq!(name(), Some("first"));
        relays.pick(now).unwrap().spent(now); // it says so itself
        assert_eq!(name(), Some("second"));
    }
}
