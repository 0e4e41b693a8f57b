//! Schedules: when a newsletter is due.
//!
//! The crate `cron` lists wall-clock moments without a zone; [`Zone`] then places each in time. Given a zone,
//! `cron` 0.17 skips the day of a DST gap and fires twice in an overlap, the second time in the past.

use std::{fmt, iter::Peekable};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use crate::newsletters::crontab::Crontab;
use crate::newsletters::slot::{Slot, SlotKey};
use crate::newsletters::zone::Zone;

pub use crate::newsletters::crontab::ScheduleError;
pub use crate::newsletters::crontab_field::Field;

/// When a newsletter is due, in wall-clock time: crontab's five fields (minute, hour, day of month, month,
/// weekday), or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`.
///
/// Weekdays are 0–7 (0 and 7 are Sunday) or names, and their ranges may wrap (`fri-mon`). Day of month and
/// weekday may not both be restricted. In a zone with DST a slot in a gap is due at the first minute after it,
/// and a slot that the clock shows twice is due at its first showing only.
#[derive(Clone, Debug)]
pub struct Schedule {
    source: String,
    crontab: Crontab,
    cron: cron::Schedule,
}

impl Schedule {
    /// Reads a schedule; the error says which field is wrong and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let crontab = Crontab::parse(text)?;
        let cron = crontab.expression().parse::<cron::Schedule>();
        let cron = cron.map_err(|error| ScheduleError::Engine(error.to_string()))?;
        Ok(Self { source: text.trim().to_owned(), crontab, cron })
    }

    /// The schedule as the operator wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn crontab(&self) -> &Crontab {
        &self.crontab
    }

    /// The slots later than `after`, in order, each later than the one before.
    ///
    /// When several wall-clock moments land on one instant (moments in a DST gap, and the moment right after it),
    /// they are one slot, and the last of them names it: the one the clock shows, if the schedule has it. The
    /// slots after an instant do not depend on where one starts to ask. The list ends with the year 2100.
    pub fn slots_after(&self, zone: Zone, after: DateTime<Utc>) -> impl Iterator<Item = Slot> + use<'_> {
        // What the clock showed until now lies at or before now, whatever it does next: see `Zone::place`.
        let walls = self.cron.after(&zone.local(after).and_utc());
        Slots { walls: walls.map(naive as fn(DateTime<Utc>) -> NaiveDateTime).peekable(), zone, last: after }
    }

    /// The slots later than `after` and not later than `until`, in order.
    pub fn slots_between(
        &self,
        zone: Zone,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = Slot> + use<'_> {
        self.slots_after(zone, after).take_while(move |slot| slot.at <= until)
    }

    /// The latest slot at or before this instant. `None` before the first slot of the year 1970.
    pub fn previous_slot(&self, zone: Zone, at_or_before: DateTime<Utc>) -> Option<Slot> {
        let wall = zone.local(at_or_before);
        // In the second pass through an overlap, moments up to its end have passed already.
        let shown_before = zone.place(wall).map_or(TimeDelta::zero(), |first| at_or_before - first.at);
        let latest = (wall + shown_before).with_nanosecond(0)? + TimeDelta::seconds(1);
        let mut walls = self.cron.after(&latest.and_utc());
        std::iter::from_fn(|| walls.next_back()).find_map(|wall| {
            let wall = wall.naive_utc();
            let at = zone.place(wall)?.at;
            (at <= at_or_before).then(|| Slot { key: SlotKey::wall(wall), at })
        })
    }
}

/// Two schedules are equal when they fire at the same wall-clock moments, however they are written.
impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.crontab == other.crontab
    }
}

impl Eq for Schedule {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Wall-clock moments on their way to being slots.
struct Slots<W: Iterator<Item = NaiveDateTime>> {
    walls: Peekable<W>,
    zone: Zone,
    last: DateTime<Utc>,
}

impl<W: Iterator<Item = NaiveDateTime>> Iterator for Slots<W> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        loop {
            let wall = self.walls.next()?;
            let Some(placed) = self.zone.place(wall) else { continue };
            let same_instant =
                |next: &NaiveDateTime| self.zone.place(*next).is_some_and(|p| p.at == placed.at);
            if placed.skipped && self.walls.peek().is_some_and(same_instant) {
                continue;
            }
            if placed.at > self.last {
                self.last = placed.at;
                return Some(Slot { key: SlotKey::wall(wall), at: placed.at });
            }
        }
    }
}

fn naive(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc()
}
