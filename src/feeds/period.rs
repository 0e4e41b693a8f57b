//! The stretch of time that an archive document covers (RFC 5005 §4): a month in UTC, or the days of the month in progress
//! that are over.
//!
//! Articles belong to the period in which they appeared in the feed. Nothing appears in the past, so what a period
//! holds is fixed once something newer has appeared, but for retractions and imports of old articles.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};

use crate::clock::Timestamp;

/// A stretch of time, as the addresses of archives name it: `2026-10`, or `2026-11-22` for the first to the 22nd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// The month that begins on this day.
    Month(NaiveDate),
    /// From the first of the month to the end of this day.
    MonthTo(NaiveDate),
}

/// A text that names no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a month such as 2026-10, or a day such as 2026-11-22")]
pub struct NotAPeriod;

impl Period {
    /// The month in which a moment lies.
    #[must_use]
    pub fn month_of(at: Timestamp) -> Self {
        let day = at.to_utc().date_naive();
        Self::Month(day.with_day(1).unwrap_or(day))
    }

    /// The period that comes before a feed whose newest article appeared at `last`, when the newest one of the days before
    /// appeared at `before`: its month, or what is over of the month in progress.
    #[must_use]
    pub fn preceding(last: Timestamp, before: Timestamp) -> Self {
        let month = Self::month_of(before);
        if month == Self::month_of(last) { Self::MonthTo(before.to_utc().date_naive()) } else { month }
    }

    /// Its first moment, and the first one after it.
    #[must_use]
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let midnight = |day: NaiveDate| Timestamp::from(day.and_time(NaiveTime::MIN).and_utc());
        let (first, after) = match self {
            Self::Month(first) => (first, first.checked_add_months(Months::new(1))),
            Self::MonthTo(day) => (day.with_day(1).unwrap_or(day), day.checked_add_days(Days::new(1))),
        };
        (midnight(first), midnight(after.unwrap_or(NaiveDate::MAX)))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(first) => write!(f, "{}", first.format("%Y-%m")),
            Self::MonthTo(day) => write!(f, "{}", day.format("%Y-%m-%d")),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let period = match text.len() {
            7 => day(&format!("{text}-01")).map(Self::Month),
            10 => day(text).map(Self::MonthTo),
            _ => None,
        };
        // One spelling an address: no signs, no spaces.
        period.filter(|period| period.to_string() == text).ok_or(NotAPeriod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    }

    #[test]
    fn a_period_is_named_by_a_month_or_by_a_day_and_by_nothing_else() {
        for name in ["2026-10", "2026-11-22", "0001-01", "2024-02-29"] {
            assert_eq!(name.parse::<Period>().unwrap().to_string(), name);
        }
        for wrong in ["2026", "2026-13", "2026-02-30", "26-10-01", "2026-1-01", " 2026-1", "+202-10", ""] {
            assert_eq!(wrong.parse::<Period>(), Err(NotAPeriod), "{wrong}");
        }
    }

    #[test]
    fn bounds_are_midnights_in_utc() {
        let month: Period = "2026-12".parse().unwrap();
        assert_eq!(month.bounds(), (at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z")));
        let days: Period = "2026-11-22".parse().unwrap();
        assert_eq!(days.bounds(), (at("2026-11-01T00:00:00Z"), at("2026-11-23T00:00:00Z")));
    }

    #[test]
    fn before_a_feed_come_the_days_that_are_over_else_the_last_month_with_articles() {
        let last = at("2026-11-23T08:00:00Z");
        let preceding = |before: &str| Period::preceding(last, at(before)).to_string();
        assert_eq!(preceding("2026-11-22T23:59:59Z"), "2026-11-22");
        assert_eq!(preceding("2026-11-03T07:00:00Z"), "2026-11-03");
        assert_eq!(preceding("2026-10-31T23:59:59Z"), "2026-10");
        assert_eq!(preceding("2024-05-01T00:00:00Z"), "2024-05");
    }
}
