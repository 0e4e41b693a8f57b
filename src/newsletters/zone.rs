//! Time zones: where a wall-clock moment lies in time.

use std::fmt;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// A name that the IANA database does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown time zone `{0}`; expected an IANA name such as Africa/Lome")]
pub struct UnknownZone(String);

/// Where a wall-clock moment lies in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: DateTime<Utc>,
    /// The clock jumped over this moment.
    pub(crate) skipped: bool,
}

impl Zone {
    /// Reads an IANA name, as written there: `Africa/Lome`.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What a clock on the wall shows at this instant.
    pub fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// The difference from UTC at this instant, in seconds, positive to the east.
    pub fn utc_offset(self, at: DateTime<Utc>) -> i32 {
        at.with_timezone(&self.0).offset().fix().local_minus_utc()
    }

    /// A moment that the clock jumps over lies where the jump ends; one that it shows twice, where it shows it
    /// first. Later moments never lie earlier. `None` only before the database's first transition.
    pub(crate) fn place(self, wall: NaiveDateTime) -> Option<Placed> {
        match self.0.from_local_datetime(&wall) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                Some(Placed { at: at.to_utc(), skipped: false })
            }
            LocalResult::None => {
                let end = GapInfo::new(&wall, &self.0)?.end?;
                Some(Placed { at: end.to_utc(), skipped: true })
            }
        }
    }
}

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(zone: &str, wall: &str) -> String {
        Zone::parse(zone).unwrap().place(wall.parse().unwrap()).unwrap().at.to_rfc3339()
    }

    #[test]
    fn names_are_those_of_the_iana_database() {
        assert_eq!(Zone::parse("Africa/Lome").unwrap().to_string(), "Africa/Lome");
        for name in ["Lome", "Africa/Lomé", "africa/lome", "GMT+3", ""] {
            assert_eq!(
                Zone::parse(name).unwrap_err().to_string(),
                format!("unknown time zone `{name}`; expected an IANA name such as Africa/Lome")
            );
        }
    }

    #[test]
    fn a_moment_in_a_gap_lies_where_the_clock_lands() {
        assert_eq!(place("Europe/Paris", "2026-03-29T01:59:00"), "2026-03-29T00:59:00+00:00");
        assert_eq!(place("Europe/Paris", "2026-03-29T02:00:00"), "2026-03-29T01:00:00+00:00");
        assert_eq!(place("Europe/Paris", "2026-03-29T02:30:00"), "2026-03-29T01:00:00+00:00");
        assert_eq!(place("Europe/Paris", "2026-03-29T03:00:00"), "2026-03-29T01:00:00+00:00");
        // Half an hour only.
        assert_eq!(place("Australia/Lord_Howe", "2026-10-04T02:15:00"), "2026-10-03T15:30:00+00:00");
        // Samoa crossed the date line: no 30 December 2011.
        assert_eq!(place("Pacific/Apia", "2011-12-30T07:00:00"), "2011-12-30T10:00:00+00:00");
    }

    #[test]
    fn a_moment_shown_twice_lies_at_the_first_showing() {
        assert_eq!(place("Europe/Paris", "2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
        assert_eq!(place("America/New_York", "2026-11-01T01:30:00"), "2026-11-01T05:30:00+00:00");
    }
}
