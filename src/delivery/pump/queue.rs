//! Claimed rows that wait for a worker: which of them is begun next.
//!
//! The most urgent go first; among equals those whose recipient group has least under way, so that no group waits for
//! another one. A group that is slow, rests or is at its pace holds up nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::delivery::groups::Groups;
use crate::delivery::pump::lane::{Go, Lane, Rest};
use crate::delivery::relay::Relays;
use crate::delivery::row::{Claimed, DeliveryId};

/// Shared by the pump, which fills it, its workers and its verdicts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    changed: Notify,
    clock: Clock,
    groups: Groups,
    relays: Arc<Relays>,
    slow_after: Duration,
}

#[derive(Debug, Default)]
struct Inner {
    lanes: HashMap<String, Lane>,
    closed: bool,
    /// How long a message usually takes.
    typical: Duration,
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

/// A row's place among those under way; it is free again when the last hand lets go of the row.
#[derive(Debug, Clone, Default)]
pub struct Place(#[expect(dead_code, reason = "held for its end")] Option<Arc<Held>>);

#[derive(Debug)]
struct Held {
    queue: Weak<Shared>,
    lane: String,
    id: DeliveryId,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.upgrade() {
            if let Some(lane) = queue.inner().lanes.get_mut(&self.lane) {
                lane.finish(self.id);
            }
            queue.changed.notify_waiters();
        }
    }
}

/// Lanes kept although nothing is in them: they remember how many places a group has earned.
const LANES: usize = 512;

/// So many times the usual time make an answer slow.
const SLOW_TIMES: u32 = 8;

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slow_after(&self, inner: &Inner) -> Duration {
        self.slow_after.max(inner.typical * SLOW_TIMES)
    }
}

/// What the look for a row found.
enum Found {
    Row(Arc<Claimed>),
    /// Nothing may go before then, or before something changes.
    Wait(Option<Instant>),
    Empty,
}

impl Queue {
    /// An empty one; what takes longer than `slow_after` to be taken is slow, unless all does.
    pub(super) fn new(clock: Clock, groups: Groups, relays: Arc<Relays>, slow_after: Duration) -> Self {
        let (inner, changed) = Default::default();
        Self(Arc::new(Shared { inner, changed, clock, groups, relays, slow_after }))
    }

    /// Rows that wait and may go soon.
    pub(super) fn len(&self) -> usize {
        let (inner, now) = (self.0.inner(), Instant::now());
        let slow_after = self.0.slow_after(&inner);
        let lanes = inner.lanes.values().filter(|lane| !lane.is_stuffed(now, slow_after));
        lanes.map(|lane| lane.rows.len()).sum()
    }

    /// Groups that are left alone.
    pub(super) fn resting_groups(&self) -> Vec<String> {
        let at = self.0.clock.now();
        let inner = self.0.inner();
        let resting = inner.lanes.iter().filter(|(_, lane)| lane.is_resting(at));
        resting.map(|(group, _)| group.clone()).collect()
    }

    /// Groups of which no more digests should be claimed for now: those that are left alone, and those of which enough
    /// wait here already.
    pub(super) fn full_groups(&self) -> Vec<String> {
        let (inner, now, at) = (self.0.inner(), Instant::now(), self.0.clock.now());
        let slow_after = self.0.slow_after(&inner);
        let full = |lane: &Lane| lane.is_resting(at) || lane.is_stuffed(now, slow_after);
        inner.lanes.iter().filter(|(_, lane)| full(lane)).map(|(group, _)| group.clone()).collect()
    }

    /// The group of a row.
    pub(super) fn group<'a>(&'a self, row: &'a Claimed) -> &'a str {
        self.0.groups.group(&row.recipient_group)
    }

    pub(super) fn fill(&self, rows: Vec<Claimed>) {
        let mut inner = self.0.inner();
        for row in rows {
            let group = self.group(&row).to_owned();
            let lane = lane(&mut inner, &self.0.groups, &group);
            lane.rows.insert((row.priority, row.due_at, row.id), row);
        }
        if inner.lanes.len() > LANES {
            inner.lanes.retain(|_, lane| !lane.is_forgettable());
        }
        drop(inner);
        self.0.changed.notify_waiters();
    }

    /// Rows will come (again).
    pub(super) fn open(&self) {
        self.0.inner().closed = false;
    }

    /// No row comes any more: workers end when it is empty.
    pub(super) fn close(&self) {
        self.0.inner().closed = true;
        self.0.changed.notify_waiters();
    }

    /// Takes what no worker has taken.
    pub(super) fn drain(&self) -> Vec<Claimed> {
        let mut inner = self.0.inner();
        inner.lanes.values_mut().flat_map(|lane| std::mem::take(&mut lane.rows).into_values()).collect()
    }

    /// A row that may follow `before` on its connection, if one waits now. Nothing follows what is slow, and what is slow
    /// follows nothing: it would hold up the other.
    pub(super) fn ready(&self, before: &Claimed) -> Option<Arc<Claimed>> {
        {
            let (inner, now) = (self.0.inner(), Instant::now());
            let slow_after = self.0.slow_after(&inner);
            let lane = inner.lanes.get(self.group(before));
            if lane.is_some_and(|lane| lane.is_slow(now, slow_after)) {
                return None;
            }
        }
        match self.find(false) {
            Found::Row(row) => Some(row),
            Found::Wait(_) | Found::Empty => None,
        }
    }

    /// The row to be begun next, waited for at most `patience`.
    pub(super) async fn next(&self, patience: Duration) -> Next {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // Listening before looking: a row that comes between is not missed.
            changed.as_mut().enable();
            let until = match self.find(true) {
                Found::Row(row) => return Next::Row(row),
                Found::Wait(turn) => turn.map_or(deadline, |turn| deadline.min(turn.into())),
                Found::Empty if self.0.inner().closed => return Next::Over,
                Found::Empty => deadline,
            };
            if tokio::time::timeout_at(until, changed).await.is_err() && until == deadline {
                return Next::Idle;
            }
        }
    }

    fn find(&self, slow_too: bool) -> Found {
        let (at, now) = (self.0.clock.now(), Instant::now());
        let mut inner = self.0.inner();
        let slow_after = self.0.slow_after(&inner);
        let (mut best, mut turn, mut waiting) = (None, None, false);
        for (group, lane) in &inner.lanes {
            let Some(rank) = lane.rows.keys().next() else { continue };
            waiting = true;
            match lane.go(at, now, slow_after) {
                Go::Now => {
                    let slow = lane.is_slow(now, slow_after);
                    let order = (rank.0, slow, lane.under_way(), *rank);
                    if (slow_too || !slow) && best.as_ref().is_none_or(|(least, _)| order < *least) {
                        best = Some((order, group.clone()));
                    }
                }
                Go::At(then) => turn = Some(turn.map_or(then, |turn: Instant| turn.min(then))),
                Go::No => {}
            }
        }
        let Some((_, group)) = best else {
            return if waiting { Found::Wait(turn) } else { Found::Empty };
        };
        if let Err(then) = self.0.relays.take_turn(at, now) {
            return Found::Wait(Some(then));
        }
        let Some(lane) = inner.lanes.get_mut(&group) else { return Found::Empty };
        let Some((_, mut row)) = lane.rows.pop_first() else { return Found::Empty };
        lane.begin(row.id, now);
        row.place = Place(Some(Arc::new(Held { queue: Arc::downgrade(&self.0), lane: group, id: row.id })));
        Found::Row(Arc::new(row))
    }

    /// A row's message was taken. Gives whether that ends its group's rest.
    pub(super) fn went_well(&self, row: &Claimed) -> bool {
        let now = Instant::now();
        let mut inner = self.0.inner();
        let slow_after = self.0.slow_after(&inner);
        let Some(lane) = inner.lanes.get_mut(self.group(row)) else { return false };
        let (took, ends) = (lane.took(row.id, now, slow_after), lane.is_well());
        if let Some(took) = took {
            // What is slow tells little of the usual, unless all is.
            let weight = if took > slow_after { 64 } else { 16 };
            inner.typical = (inner.typical * (weight - 1) + took) / weight;
        }
        drop(inner);
        self.0.changed.notify_waiters();
        ends
    }

    /// Leaves a row's group alone, for `pause` ms where that is known. Gives until when, and its rows that waited here.
    pub(super) fn rest(&self, row: &Claimed, pause: Option<i64>, seed: u64) -> (Rest, Vec<Claimed>) {
        let at = self.0.clock.now();
        let mut inner = self.0.inner();
        let group = self.group(row).to_owned();
        let lane = lane(&mut inner, &self.0.groups, &group);
        let rest = lane.rest(at, pause, seed);
        (rest, std::mem::take(&mut lane.rows).into_values().collect())
    }

    /// Takes over which groups rest, as it is written down for all nodes. Gives the rows that must wait again.
    pub(super) fn take_rests(&self, rests: &HashMap<String, Rest>) -> Vec<Claimed> {
        let at = self.0.clock.now();
        let mut inner = self.0.inner();
        for group in rests.keys() {
            lane(&mut inner, &self.0.groups, group);
        }
        let mut back = Vec::new();
        for (group, lane) in &mut inner.lanes {
            // What was decided here a moment ago may not be written down yet.
            if !lane.is_resting(at) || rests.contains_key(group) {
                lane.take_rest(rests.get(group).copied());
            }
            if lane.is_resting(at) {
                back.extend(std::mem::take(&mut lane.rows).into_values());
            }
        }
        back
    }
}

fn lane<'a>(inner: &'a mut Inner, groups: &Groups, group: &str) -> &'a mut Lane {
    if !inner.lanes.contains_key(group) {
        inner.lanes.insert(group.to_owned(), Lane::new(groups.pace(group)));
    }
    inner.lanes.entry(group.to_owned()).or_insert_with(|| Lane::new(groups.pace(group)))
}
