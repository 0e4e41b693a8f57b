//! What a relay takes at a time: connections, messages a connection, messages a second. What is configured is the most;
//! what it refuses teaches us less.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::clock::{HOUR, Timestamp};

/// After this long without a complaint a learned bound is tried a little higher.
const AGAIN: Duration = Duration::from_secs(600);

/// The same for connections, in ms.
const CONNECTION_AGAIN: i64 = HOUR;

const SECOND: Duration = Duration::from_secs(1);

/// Messages that may follow each other at once, as a share of a second's.
const BURST: f64 = 0.1;

#[derive(Debug)]
pub(super) struct Bounds {
    /// Connections it lets us have, and since when they are fewer.
    connections: usize,
    fewer_since: Option<(usize, Timestamp)>,
    /// Messages over one connection, once learned.
    pub(super) messages: Option<u32>,
    /// After how many it ended the last conversation by itself.
    ended_after: Option<u32>,
    /// Messages a second: configured, and in force.
    most: Option<f64>,
    rate: Option<f64>,
    slower_at: Option<Instant>,
    next_turn: Option<Instant>,
    /// Messages it answered for within the last second.
    answers: VecDeque<Instant>,
}

impl Bounds {
    pub(super) fn new(connections: usize, rate: Option<u32>) -> Self {
        let rate = rate.map(f64::from);
        Self {
            connections,
            fewer_since: None,
            messages: None,
            ended_after: None,
            most: rate,
            rate,
            slower_at: None,
            next_turn: None,
            answers: VecDeque::new(),
        }
    }

    /// One connection less; false when there is only one.
    pub(super) fn fewer_connections(&mut self, now: Timestamp) -> bool {
        if self.connections <= 1 {
            return false;
        }
        self.connections -= 1;
        let less = self.fewer_since.map_or(0, |(less, _)| less) + 1;
        self.fewer_since = Some((less, now));
        true
    }

    /// It took a message. Gives how many connections more may be tried.
    pub(super) fn took(&mut self, at: Timestamp, now: Instant) -> usize {
        if let (Some(rate), Some(slower_at)) = (self.rate, self.slower_at)
            && now.duration_since(slower_at) > AGAIN
        {
            self.rate = Some(self.most.map_or(rate * 1.1, |most| (rate * 1.1).min(most)));
            self.slower_at = Some(now);
        }
        match self.fewer_since {
            Some((less, since)) if since.plus(CONNECTION_AGAIN) <= at => {
                self.connections += 1;
                self.fewer_since = (less > 1).then_some((less - 1, at));
                1
            }
            _ => 0,
        }
    }

    /// It answered for a message in good order, whatever it said of the recipient: that counts towards its rate.
    pub(super) fn answered(&mut self, now: Instant) {
        self.forget(now);
        self.answers.push_back(now);
    }

    fn forget(&mut self, now: Instant) {
        while self.answers.front().is_some_and(|at| now.duration_since(*at) > SECOND) {
            self.answers.pop_front();
        }
    }

    /// Goes down to nine tenths of what it answered for within the last second; gives the new rate, unless it was just lowered.
    pub(super) fn slower(&mut self, now: Instant) -> Option<f64> {
        if self.slower_at.is_some_and(|at| now.duration_since(at) < SECOND) {
            return None;
        }
        self.forget(now);
        let took = u32::try_from(self.answers.len()).map_or(f64::MAX, f64::from);
        let rate = (took * 0.9).min(self.rate.map_or(f64::MAX, |rate| rate * 0.9)).max(1.0);
        self.rate = Some(rate);
        self.slower_at = Some(now);
        // What was sent too fast is made up for.
        self.next_turn = Some(now + SECOND);
        Some(rate)
    }

    /// The same number twice in a row is its bound. Gives whether that is new.
    pub(super) fn ended_after(&mut self, messages: u32) -> bool {
        let messages = messages.max(1);
        if self.ended_after.replace(messages) != Some(messages) || self.messages == Some(messages) {
            return false;
        }
        self.messages = Some(messages);
        true
    }

    /// Takes the place of one message, or says when there is one.
    pub(super) fn take_turn(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(rate) = self.rate else { return Ok(()) };
        let turn = self.next_turn.unwrap_or(now);
        if turn > now {
            return Err(turn);
        }
        // A little may be caught up with, so that a second holds its number.
        let earliest = now.checked_sub(SECOND.mul_f64(BURST)).unwrap_or(now);
        self.next_turn = Some(turn.max(earliest) + Duration::from_secs_f64(1.0 / rate));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_400_000_000);

    #[test]
    fn a_rate_is_kept_and_learned_from_what_was_taken() {
        let begin = Instant::now();
        let mut bounds = Bounds::new(4, None);
        for n in 0..50 {
            assert_eq!(bounds.take_turn(begin), Ok(()));
            bounds.answered(begin + Duration::from_millis(n));
        }
        assert_eq!(bounds.slower(begin + Duration::from_millis(200)), Some(45.0));
        assert_eq!(bounds.slower(begin + Duration::from_millis(300)), None, "one burst, one lesson");
        let mut now = begin + Duration::from_secs(2);
        let (mut turns, end) = (0, now + SECOND);
        while now < end {
            match bounds.take_turn(now) {
                Ok(()) => turns += 1,
                Err(then) => now = then,
            }
        }
        assert!((45..=50).contains(&turns), "{turns} in a second");
    }

    #[test]
    fn refused_connections_are_given_up_one_by_one_and_tried_again_after_an_hour() {
        let mut bounds = Bounds::new(3, None);
        assert!(bounds.fewer_connections(AT) && bounds.fewer_connections(AT));
        assert!(!bounds.fewer_connections(AT), "one is always left");
        let now = Instant::now();
        assert_eq!(bounds.took(AT.plus(HOUR - 1), now), 0);
        assert_eq!(bounds.took(AT.plus(HOUR), now), 1);
        assert_eq!(bounds.took(AT.plus(HOUR), now), 0, "one at a time");
        assert_eq!(bounds.took(AT.plus(2 * HOUR), now), 1);
        assert_eq!(bounds.took(AT.plus(9 * HOUR), now), 0, "all are back");
    }

    #[test]
    fn a_conversation_ended_twice_after_the_same_number_has_that_bound() {
        let mut bounds = Bounds::new(1, None);
        assert!(!bounds.ended_after(7) && !bounds.ended_after(20));
        assert!(bounds.ended_after(20));
        assert_eq!(bounds.messages, Some(20));
    }
}
