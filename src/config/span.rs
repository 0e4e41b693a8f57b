//! Lengths of time as people write them: `30m`, `4h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, kept in milliseconds; written with the units `s`, `m`, `h` and `d`, such as `90s` or `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(i64);

const SECOND: i64 = 1000;
const UNITS: [(char, i64); 4] =
    [('d', 24 * 3600 * SECOND), ('h', 3600 * SECOND), ('m', 60 * SECOND), ('s', SECOND)];
/// Ten years: longer than anything kiosque waits for, short enough that adding it to a date never overflows.
const LONGEST: i64 = 3653 * 24 * 3600 * SECOND;

impl Span {
    /// A number of seconds.
    pub const fn seconds(seconds: i64) -> Span {
        Span(seconds * SECOND)
    }

    /// A number of minutes.
    pub const fn minutes(minutes: i64) -> Span {
        Span::seconds(minutes * 60)
    }

    /// A number of hours.
    pub const fn hours(hours: i64) -> Span {
        Span::minutes(hours * 60)
    }

    /// A number of days of 24 hours.
    pub const fn days(days: i64) -> Span {
        Span::hours(days * 24)
    }

    /// The length in milliseconds; never negative.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The length for timers.
    pub const fn to_std(self) -> Duration {
        Duration::from_millis(self.0.unsigned_abs())
    }
}

/// The text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time")]
pub struct NotASpan;

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Span, NotASpan> {
        let mut rest = text.trim();
        let mut total = 0i64;
        let mut larger = i64::MAX;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(NotASpan)?;
            let count: i64 = rest[..digits].parse().map_err(|_| NotASpan)?;
            let mut after = rest[digits..].chars();
            let unit = after.next().ok_or(NotASpan)?;
            let (_, ms) = UNITS.into_iter().find(|(letter, _)| *letter == unit).ok_or(NotASpan)?;
            if ms >= larger {
                return Err(NotASpan); // "30m4h": the larger unit goes first, and once
            }
            larger = ms;
            total = count.checked_mul(ms).and_then(|part| total.checked_add(part)).ok_or(NotASpan)?;
            rest = after.as_str();
        }
        if larger == i64::MAX || total > LONGEST { Err(NotASpan) } else { Ok(Span(total)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < SECOND {
            return write!(out, "0s");
        }
        let mut rest = self.0;
        for (letter, ms) in UNITS {
            if rest >= ms {
                write!(out, "{}{letter}", rest / ms)?;
                rest %= ms;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_read_as_people_write_them() {
        assert_eq!("30m".parse(), Ok(Span::minutes(30)));
        assert_eq!("1h30m".parse(), Ok(Span::minutes(90)));
        assert_eq!("7d".parse(), Ok(Span::days(7)));
        assert_eq!("0s".parse(), Ok(Span::seconds(0)));
        for wrong in
            ["", "30", "m", "4 hours", "-1h", "30m4h", "1h1h", "99999999999999999999d", "4000d", "1.5h"]
        {
            assert_eq!(wrong.parse::<Span>(), Err(NotASpan), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_length_printed_reads_back_the_same(seconds in 0i64..300_000_000) {
            let span = Span::seconds(seconds);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
