//! A newsletter's coming runs, in French: weekday, local time, zone and offset from UTC.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::french::date;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::zone::Zone;

/// One coming run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The slot's key, `2026-03-29T07:00` as the schedule names it.
    pub slot: String,
    /// When it is due.
    pub at: DateTime<Utc>,
    /// What the clock on the wall shows then.
    pub local: NaiveDateTime,
    /// The zone's IANA name.
    pub timezone: &'static str,
    /// Offset from UTC then, such as `+01:00`.
    pub utc_offset: String,
    /// Whether one of the declared pauses covers the day.
    pub paused: bool,
}

/// The next `count` slots after a moment, those in a declared pause included and marked.
pub fn next_runs(declaration: &Declaration, after: DateTime<Utc>, count: usize) -> Vec<Run> {
    let zone = declaration.zone;
    let slots = declaration.schedule.slots_after(zone, after).take(count);
    slots
        .map(|slot| {
            let local = zone.local(slot.at);
            Run {
                slot: slot.key.to_string(),
                at: slot.at,
                local,
                timezone: zone.name(),
                utc_offset: offset(zone, slot.at),
                paused: declaration.pauses.iter().any(|pause| pause.contains(local.date())),
            }
        })
        .collect()
}

/// `+01:00`, `-03:30`.
fn offset(zone: Zone, at: DateTime<Utc>) -> String {
    let minutes = zone.utc_offset(at) / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

impl Run {
    /// « mardi 24 novembre 2026 à 7 h (Africa/Lome, UTC+00:00) ».
    pub fn sentence(&self) -> String {
        let pause = if self.paused { " – en pause, pas d’édition" } else { "" };
        format!("{} ({}, UTC{}){pause}", date::date_at_hour(self.local), self.timezone, self.utc_offset)
    }
}
