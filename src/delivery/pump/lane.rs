//! One recipient group on its way: the rows that wait, those under way, and how many more may go.
//!
//! A group begins with one message under way and gets one more with each that is taken in good time, so that a host that
//! takes long to answer holds one place, never all of them.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::delivery::groups::Pace;
use crate::delivery::retry;
use crate::delivery::row::{Claimed, DeliveryId};

/// Order within a lane: priority, moment, number.
pub(super) type Rank = (i64, Timestamp, DeliveryId);

/// A group that is left alone, or was until now: then one message tries how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::delivery) struct Rest {
    pub(in crate::delivery) until: Timestamp,
    /// In a row.
    pub(in crate::delivery) troubles: u32,
}

/// Whether a lane may have its next row begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    Now,
    /// Its rate allows it then.
    At(Instant),
    /// When one of those under way is over, or its rest is.
    No,
}

/// Messages under way at a time, at most, whatever goes well.
const WINDOW_MAX: usize = 4_096;

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) rows: BTreeMap<Rank, Claimed>,
    under_way: HashMap<DeliveryId, Instant>,
    pace: Pace,
    window: usize,
    /// Its last answer took long.
    slow: bool,
    next_turn: Option<Instant>,
    rest: Option<Rest>,
}

impl Lane {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            rows: BTreeMap::new(),
            under_way: HashMap::new(),
            pace,
            window: 1,
            slow: false,
            next_turn: None,
            rest: None,
        }
    }

    /// Whether an answer is overdue, or the last one was.
    pub(super) fn is_slow(&self, now: Instant, slow_after: Duration) -> bool {
        self.slow || self.under_way.values().any(|since| now.duration_since(*since) > slow_after)
    }

    fn limit(&self, now: Instant, slow_after: Duration) -> usize {
        if self.rest.is_some() || self.is_slow(now, slow_after) {
            return 1;
        }
        let most = self.pace.in_flight.map_or(WINDOW_MAX, |most| usize::try_from(most).unwrap_or(1));
        self.window.min(most)
    }

    pub(super) fn go(&self, at: Timestamp, now: Instant, slow_after: Duration) -> Go {
        if self.rest.is_some_and(|rest| rest.until > at)
            || self.under_way.len() >= self.limit(now, slow_after)
        {
            return Go::No;
        }
        match self.next_turn {
            Some(turn) if turn > now => Go::At(turn),
            _ => Go::Now,
        }
    }

    /// Whether more of its rows wait than it can send soon: claiming more would only keep others from the queue.
    pub(super) fn is_stuffed(&self, now: Instant, slow_after: Duration) -> bool {
        self.rows.len() >= (4 * self.limit(now, slow_after)).max(16)
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Nothing of it is left to remember.
    pub(super) fn is_forgettable(&self) -> bool {
        self.rows.is_empty() && self.under_way.is_empty() && self.rest.is_none()
    }

    /// A row is handed to a worker.
    pub(super) fn begin(&mut self, id: DeliveryId, now: Instant) {
        self.under_way.insert(id, now);
        if let Some(rate) = self.pace.rate {
            let turn = self.next_turn.map_or(now, |turn| turn.max(now));
            self.next_turn = Some(turn + Duration::from_secs(1) / rate.max(1));
        }
    }

    /// A worker is done with a row, however it went.
    pub(super) fn finish(&mut self, id: DeliveryId) {
        self.under_way.remove(&id);
    }

    /// A message was taken; gives how long that took, if it is known. The next ones may be more.
    pub(super) fn took(&mut self, id: DeliveryId, now: Instant, slow_after: Duration) -> Option<Duration> {
        let age = now.duration_since(*self.under_way.get(&id)?);
        self.slow = age > slow_after;
        self.window = if self.slow { 1 } else { (self.window + 1).min(WINDOW_MAX) };
        Some(age)
    }

    /// The group wants to be left alone: for `pause` ms, or ever longer. Who meets a trouble while it rests tells nothing
    /// new.
    pub(super) fn rest(&mut self, at: Timestamp, pause: Option<i64>, seed: u64) -> Rest {
        self.window = 1;
        let troubles = match self.rest {
            Some(rest) if rest.until > at => return rest,
            Some(rest) => rest.troubles + 1,
            None => 1,
        };
        let delay = pause.unwrap_or(0).max(retry::host_delay(troubles, seed ^ u64::from(troubles)));
        let rest = Rest { until: at.plus(delay), troubles };
        self.rest = Some(rest);
        rest
    }

    /// Its rest as another node, or this one before, has written it down; none when it is over.
    pub(super) fn take_rest(&mut self, rest: Option<Rest>) {
        let later = |a: Rest, b: Rest| if a.until > b.until { a } else { b };
        self.rest = rest.map(|written| self.rest.map_or(written, |known| later(known, written)));
    }

    pub(super) fn is_resting(&self, at: Timestamp) -> bool {
        self.rest.is_some_and(|rest| rest.until > at)
    }

    /// It does not want to be left alone any more; gives whether it did.
    pub(super) fn is_well(&mut self) -> bool {
        self.rest.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;

    const AT: Timestamp = Timestamp::from_millis(1_795_400_000_000);
    const SLOW: Duration = Duration::from_secs(5);

    fn begin_all(lane: &mut Lane, from: i64, now: Instant) -> i64 {
        let mut begun = 0;
        while lane.go(AT, now, SLOW) == Go::Now {
            lane.begin(DeliveryId(from + begun), now);
            begun += 1;
        }
        begun
    }

    #[test]
    fn a_group_that_answers_gets_more_places_and_one_that_is_slow_keeps_one() {
        let mut lane = Lane::new(Pace::default());
        let mut now = Instant::now();
        assert_eq!(begin_all(&mut lane, 0, now), 1);
        let mut under_way = vec![DeliveryId(0)];
        for round in 1..5 {
            for id in std::mem::take(&mut under_way) {
                lane.took(id, now, SLOW);
                lane.finish(id);
            }
            let begun = begin_all(&mut lane, round * 100, now);
            under_way = (0..begun).map(|n| DeliveryId(round * 100 + n)).collect();
            assert_eq!(begun, 1 << round, "one more for each that was taken");
        }
        now += SLOW + Duration::from_millis(1);
        assert!(lane.is_slow(now, SLOW));
        for id in under_way {
            lane.took(id, now, SLOW);
            lane.finish(id);
        }
        assert_eq!(begin_all(&mut lane, 1_000, now), 1);
    }

    #[test]
    fn a_pace_bounds_what_is_under_way_and_how_often_one_begins() {
        let now = Instant::now();
        let mut lane = Lane::new(Pace { in_flight: Some(2), rate: Some(10) });
        for id in 0..8 {
            lane.begin(DeliveryId(id), now);
            lane.took(DeliveryId(id), now, SLOW);
            lane.finish(DeliveryId(id));
        }
        assert_eq!(lane.go(AT, now, SLOW), Go::At(now + Duration::from_millis(800)));
        let later = now + Duration::from_secs(2);
        assert_eq!(lane.go(AT, later, SLOW), Go::Now);
        lane.begin(DeliveryId(8), later);
        let later = later + Duration::from_secs(1);
        lane.begin(DeliveryId(9), later);
        assert_eq!(lane.go(AT, later + Duration::from_secs(1), SLOW), Go::No);
    }

    #[test]
    fn a_group_rests_longer_each_time_and_is_tried_with_one_message() {
        let now = Instant::now();
        let mut lane = Lane::new(Pace::default());
        let first = lane.rest(AT, None, 7);
        assert!(first.until <= AT.plus(MINUTE) && first.troubles == 1);
        assert_eq!(lane.rest(AT.plus(1), None, 8), first, "nothing new while it rests");
        assert_eq!(lane.go(AT, now, SLOW), Go::No);
        assert_eq!(lane.go(first.until, now, SLOW), Go::Now);
        lane.begin(DeliveryId(1), now);
        assert_eq!(lane.go(first.until, now, SLOW), Go::No, "one message tries how it is");
        let second = lane.rest(first.until, Some(90 * MINUTE), 7);
        assert_eq!((second.until, second.troubles), (first.until.plus(90 * MINUTE), 2));
        assert!(lane.is_well() && !lane.is_well());
    }
}
