//! Stretches of days: `2026-12-24..2027-01-03`.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

/// Days on the newsletter's own calendar, first and last included. One day may be written alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    first: NaiveDate,
    last: NaiveDate,
}

impl DateRange {
    /// The first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day, which still belongs to the range.
    pub fn last(self) -> NaiveDate {
        self.last
    }

    /// Whether the day lies in the range.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }
}

/// Why a text is not a range of days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateRangeError {
    /// One of the ends is not `YYYY-MM-DD`.
    #[error("{0:?} is not a date of the calendar")]
    Date(String),
    /// The last day comes before the first.
    #[error("the range ends before it begins")]
    Backwards,
}

impl From<NaiveDate> for DateRange {
    fn from(day: NaiveDate) -> DateRange {
        DateRange { first: day, last: day }
    }
}

impl FromStr for DateRange {
    type Err = DateRangeError;

    fn from_str(text: &str) -> Result<DateRange, DateRangeError> {
        let day = |part: &str| {
            let part = part.trim();
            // chrono also reads "2026-1-2"; ten characters keep to ISO 8601
            let date = (part.len() == 10).then(|| NaiveDate::parse_from_str(part, "%Y-%m-%d").ok()).flatten();
            date.ok_or_else(|| DateRangeError::Date(part.to_owned()))
        };
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(text)?, day(text)?),
        };
        if last < first { Err(DateRangeError::Backwards) } else { Ok(DateRange { first, last }) }
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(out, "{}", self.first)
        } else {
            write!(out, "{}..{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_the_range() {
        let range: DateRange = "2026-12-24..2027-01-03".parse().unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(range.contains(day("2026-12-24")) && range.contains(day("2027-01-03")));
        assert!(!range.contains(day("2026-12-23")) && !range.contains(day("2027-01-04")));
        assert_eq!(range.to_string(), "2026-12-24..2027-01-03");
        assert_eq!("2027-05-01".parse::<DateRange>().unwrap().to_string(), "2027-05-01");
    }

    #[test]
    fn impossible_ranges_are_refused() {
        assert_eq!("2027-01-03..2026-12-24".parse::<DateRange>(), Err(DateRangeError::Backwards));
        for wrong in ["2026-02-30", "24/12/2026", "2026-1-2", "2026-12-24..", "", "2026-12-24…2026-12-25"] {
            assert!(matches!(wrong.parse::<DateRange>(), Err(DateRangeError::Date(_))), "{wrong}");
        }
    }
}
