//! Counts of results, gathered before they are written: what the breaker and the quotas go by.

use std::collections::HashMap;

use crate::clock::{DAY, Timestamp};
use crate::db::Tx;
use crate::delivery::marks::Settlement;
use crate::delivery::pump::sql;
use crate::delivery::replies::Class;
use crate::delivery::row::State;
use crate::execute;
use crate::newsletters::edition::EditionId;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    sent: i64,
    hard: i64,
    policy: i64,
    message: i64,
    other: i64,
}

/// What results were, by edition and group, and what relays took.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    results: HashMap<(EditionId, String), Counts>,
    /// By relay and day.
    taken: HashMap<(String, i64), i64>,
}

impl Tally {
    /// Of these.
    pub(super) fn of(settlements: &[Settlement], now: Timestamp) -> Self {
        let mut tally = Self::default();
        for settlement in settlements {
            if let Some(relay) = settlement.taken_by() {
                *tally.taken.entry((relay.to_owned(), day(now))).or_default() += 1;
            }
            let Some(edition) = settlement.meaning.edition else { continue };
            let (_, _, state, class, _) = settlement.result();
            let which: fn(&mut Counts) -> &mut i64 = match (state, class) {
                (State::Sent, _) => |counts| &mut counts.sent,
                (_, Some(Class::Hard | Class::ProbableHard)) => |counts| &mut counts.hard,
                (_, Some(Class::Sender)) => |counts| &mut counts.policy,
                (_, Some(Class::Message)) => |counts| &mut counts.message,
                (_, Some(Class::Soft | Class::MailboxFull)) | (State::Failed, _) => {
                    |counts| &mut counts.other
                }
                _ => continue,
            };
            let group = settlement.meaning.group.clone();
            *which(tally.results.entry((edition, group)).or_default()) += 1;
        }
        tally
    }

    /// And these.
    pub(super) fn add(&mut self, other: Self) {
        for (key, counts) in other.results {
            let sum = self.results.entry(key).or_default();
            sum.sent += counts.sent;
            sum.hard += counts.hard;
            sum.policy += counts.policy;
            sum.message += counts.message;
            sum.other += counts.other;
        }
        for (key, messages) in other.taken {
            *self.taken.entry(key).or_default() += messages;
        }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty() && self.taken.is_empty()
    }

    /// Adds them to those of the store.
    pub(super) async fn write(&self, tx: &mut Tx) -> sqlx::Result<()> {
        // In order, so that two nodes never wait for each other crosswise.
        let mut results: Vec<_> = self.results.iter().collect();
        results.sort_by_key(|((edition, group), _)| (edition.0, group.as_str()));
        for ((edition, group), c) in results {
            let group = group.as_str();
            execute!(tx, sql::ADD_RESULTS, *edition, group, c.sent, c.hard, c.policy, c.message, c.other)?;
        }
        let mut taken: Vec<_> = self.taken.iter().collect();
        taken.sort();
        for ((relay, day), messages) in taken {
            execute!(tx, sql::ADD_RELAY_DAY, relay.as_str(), *day, *messages)?;
        }
        Ok(())
    }
}

/// The day of a relay's quota.
pub(super) fn day(now: Timestamp) -> i64 {
    now.millis().div_euclid(DAY)
}
