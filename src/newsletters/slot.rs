//! Slots: the moments at which a newsletter is due, and the key that makes each of them unique.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use uuid::Uuid;

/// One moment at which a newsletter is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Unique within the newsletter.
    pub key: SlotKey,
    /// When it is due.
    pub at: DateTime<Utc>,
}

/// What a slot is called, unique within a newsletter. As text: `2026-03-29T07:00`, the wall-clock moment that
/// the schedule names, before the zone places it in time (so neither DST nor a corrected zone database can make
/// a second one); or `run:` and a UUID, for a run started by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotKey(Named);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Named {
    Wall(NaiveDateTime),
    Run(Uuid),
}

/// A text that is no slot key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no slot key; expected a local date and time such as 2026-03-29T07:00, or run: and a UUID")]
pub struct SlotKeyError(String);

const WALL: &str = "%Y-%m-%dT%H:%M";
const RUN: &str = "run:";

impl SlotKey {
    /// The key of the wall-clock moment a schedule names; seconds are dropped.
    pub fn wall(moment: NaiveDateTime) -> Self {
        Self(Named::Wall(moment.with_second(0).and_then(|m| m.with_nanosecond(0)).unwrap_or(moment)))
    }

    /// The key of a run started by hand.
    pub fn run(id: Uuid) -> Self {
        Self(Named::Run(id))
    }

    /// Reads the text that [`Display`](fmt::Display) writes, and no other spelling of it.
    pub fn parse(text: &str) -> Result<Self, SlotKeyError> {
        let named = match text.strip_prefix(RUN) {
            Some(id) => id.parse().map(Named::Run).ok(),
            None => NaiveDateTime::parse_from_str(text, WALL).map(Named::Wall).ok(),
        };
        named.map(Self).filter(|key| key.to_string() == text).ok_or_else(|| SlotKeyError(text.to_owned()))
    }

    /// The moment the schedule names; `None` for a run started by hand.
    pub fn wall_clock(self) -> Option<NaiveDateTime> {
        match self.0 {
            Named::Wall(moment) => Some(moment),
            Named::Run(_) => None,
        }
    }
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Named::Wall(moment) => write!(f, "{}", moment.format(WALL)),
            Named::Run(id) => write!(f, "{RUN}{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read_in_one_spelling() {
        for text in ["2026-03-29T07:00", "2026-12-01T00:30", "run:67e55044-10b1-426f-9247-bb680e5fe0c8"] {
            assert_eq!(SlotKey::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-3-29T7:00",
            "2026-03-29 07:00",
            "2026-03-29T07:00:00",
            "2026-02-30T07:00",
            "run:",
            "run:67E55044-10B1-426F-9247-BB680E5FE0C8",
            "run:67e5504410b1426f9247bb680e5fe0c8",
        ] {
            assert_eq!(SlotKey::parse(text), Err(SlotKeyError(text.to_owned())));
        }
    }

    #[test]
    fn a_wall_clock_key_has_no_seconds() {
        let moment = "2026-03-29T07:00:59".parse().unwrap();
        assert_eq!(SlotKey::wall(moment), SlotKey::parse("2026-03-29T07:00").unwrap());
        assert_eq!(SlotKey::wall(moment).wall_clock(), Some("2026-03-29T07:00:00".parse().unwrap()));
        assert_eq!(SlotKey::run(Uuid::nil()).wall_clock(), None);
    }
}
