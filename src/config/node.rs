//! `[node]` and `[retention]`: what one machine keeps for itself, and how long rows are kept.

use std::fmt;
use std::path::PathBuf;

use chrono::Months;

use super::read::{Reader, Setting, Value, section};
use super::span::Span;
use crate::clock::Timestamp;

section! {
    /// `[node]`: this machine among those that serve one database.
    pub struct Node {
        /// A folder of this node alone. On PostgreSQL its heartbeat file stands there; on SQLite it stands beside the database.
        pub data: Option<PathBuf>,
    }
}

section! {
    /// `[retention]`: how long rows are kept.
    pub struct Retention {
        /// Deliveries that are finished; afterwards only their number for each edition is left.
        pub deliveries: Keep = Keep::Months(13),
        /// What was asked for by the form and never confirmed.
        pub unconfirmed: Span = Span::days(30),
        /// Readers who give no sign of life; then they are asked once whether they go on, and erased after a month of silence.
        pub readers: Keep = Keep::Months(36),
        /// Network addresses and user agents in consent events; afterwards only the network (/24, /64) is left.
        pub origin: Keep = Keep::Months(12),
        /// The sizes made of articles' pictures; afterwards old mails show their descriptions.
        pub images: Keep = Keep::Months(24),
    } then check_retention
}

/// A confirmation's link holds for a week.
fn check_retention(retention: &Retention, value: &Value<'_>, reader: &mut Reader) {
    if retention.unconfirmed < Span::days(7) && value.get("unconfirmed").is_some() {
        reader
            .mistakes
            .push(value.at_key("unconfirmed"), "`retention.unconfirmed`: expected at least \"7d\"");
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many months of the calendar.
    Months(u32),
    /// A length of time.
    Span(Span),
}

/// A bounce may come a month after its message: nothing is removed before.
const SHORTEST: Span = Span::days(31);

impl Keep {
    /// What finished before this moment may be removed at `now`.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Months(months) => now
                .to_utc()
                .checked_sub_months(Months::new(months))
                .map_or(Timestamp::default(), Timestamp::from),
            Self::Span(span) => now.plus(-span.ms()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |of: [&str; 2]| of.iter().find_map(|unit| text.strip_suffix(unit));
        if let Some(years) = number([" years", " year"]) {
            return years
                .parse()
                .ok()
                .filter(|years| (1..=20).contains(years))
                .map(|years: u32| Self::Months(years * 12));
        }
        match number([" months", " month"]) {
            Some(number) => number.parse().ok().filter(|months| (2..=240).contains(months)).map(Self::Months),
            None => text.parse().ok().filter(|span| *span >= SHORTEST).map(Self::Span),
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(months) => write!(out, "{months} months"),
            Self::Span(span) => span.fmt(out),
        }
    }
}

impl Setting for Keep {
    const EXPECTED: &'static str =
        "a time of 31 days or more, such as \"13 months\", \"3 years\" or \"400d\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Keep {
        let Some(text) = reader.text(value, Self::EXPECTED) else { return Self::stand_in() };
        Keep::parse(&text).unwrap_or_else(|| {
            reader.wrong(value, Self::EXPECTED, None);
            Self::stand_in()
        })
    }

    fn stand_in() -> Keep {
        Keep::Months(13)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let day = |text: &str| Timestamp::from(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let keep = Keep::parse("13 months").unwrap();
        assert_eq!(keep.until(day("2026-03-31T08:00:00Z")), day("2025-02-28T08:00:00Z"));
        assert_eq!(
            Keep::parse("400d").unwrap().until(day("2026-03-31T08:00:00Z")),
            day("2025-02-24T08:00:00Z")
        );
        for wrong in ["", "13", "1 month", "30d", "-13 months", "0 years", "21 years", "9999 months"] {
            assert_eq!(Keep::parse(wrong), None, "{wrong}");
        }
        assert_eq!(keep.to_string(), "13 months");
        assert_eq!(Keep::parse("3 years"), Some(Keep::Months(36)));
    }
}
