//! One field of a crontab line: its bounds and names, and the numbers it allows.

use std::fmt;

use crate::newsletters::crontab::ScheduleError;

/// One of crontab's five fields, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0–59.
    Minute,
    /// 0–23.
    Hour,
    /// 1–31.
    DayOfMonth,
    /// 1–12, or JAN–DEC.
    Month,
    /// 0–7 (0 and 7 are Sunday), or SUN–SAT.
    Weekday,
}

/// A set of numbers below 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn contains(self, n: u32) -> bool {
        n < 64 && self.0 & (1 << n) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |n| self.contains(*n))
    }

    fn insert(&mut self, n: u32) {
        self.0 |= 1 << n;
    }
}

impl FromIterator<u32> for Numbers {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|n| set.insert(n));
        set
    }
}

impl Field {
    /// Every number this field can hold.
    pub(crate) fn all(self) -> Numbers {
        let (first, last) = self.bounds();
        (first..=last).map(|n| self.canonical(n)).collect()
    }

    /// A list of `*`, numbers, names, ranges `a-b` and steps `*/n`, `a-b/n`.
    pub(crate) fn parse(self, text: &str) -> Result<Numbers, ScheduleError> {
        let mut set = Numbers::default();
        for item in text.split(',') {
            for n in self.parse_item(item).map_err(|problem| ScheduleError::Field {
                field: self,
                item: item.to_owned(),
                problem,
            })? {
                set.insert(self.canonical(n));
            }
        }
        Ok(set)
    }

    fn parse_item(self, item: &str) -> Result<impl Iterator<Item = u32> + use<>, String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (lowest, highest) = self.bounds();
        let (first, last) = if range == "*" {
            // Sunday once, so that `*/2` counts Sunday, Tuesday, Thursday, Saturday as crontab does.
            (lowest, if self == Self::Weekday { 6 } else { highest })
        } else if let Some((first, last)) = range.split_once('-') {
            match (self.parse_number(first)?, self.parse_number(last)?) {
                (first, last) if first <= last => (first, last),
                // FRI-MON: on past Saturday.
                (first, last) if self == Self::Weekday => (first, last + 7),
                (first, last) => {
                    return Err(format!(
                        "the range runs backwards; expected `{first}-{highest},{lowest}-{last}` or \
                         `{last}-{first}`"
                    ));
                }
            }
        } else if step.is_some() {
            let n = self.parse_number(range)?;
            return Err(format!("a step needs `*` or a range; expected for example `{n}-{highest}/…`"));
        } else {
            let n = self.parse_number(range)?;
            (n, n)
        };
        let step = match step.map(|step| (step, digits(step))) {
            None => 1,
            Some((_, Some(step))) if step > 0 && step <= highest => step,
            Some((step, _)) => return Err(format!("the step is `{step}`; expected 1 to {highest}")),
        };
        Ok((first..=last).step_by(step as usize))
    }

    fn parse_number(self, text: &str) -> Result<u32, String> {
        let (lowest, highest) = self.bounds();
        if let Some(n) = digits(text)
            && (lowest..=highest).contains(&n)
        {
            return Ok(n);
        }
        if let Some(place) = self.names().iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(lowest + place as u32);
        }
        Err(match self {
            Self::Weekday => "expected 0 to 7 (0 and 7 are Sunday) or SUN, MON … SAT".to_owned(),
            Self::Month => "expected 1 to 12 or JAN, FEB … DEC".to_owned(),
            _ => format!("expected a number from {lowest} to {highest}"),
        })
    }

    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => {
                &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            }
            Self::Weekday => &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
            _ => &[],
        }
    }

    fn canonical(self, n: u32) -> u32 {
        if self == Self::Weekday { n % 7 } else { n }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::Weekday => "weekday",
        })
    }
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}
