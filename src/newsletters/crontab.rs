//! Crontab's five fields, read into sets of numbers.
//!
//! Read here rather than by the crate `cron`, which counts Sunday as 1, refuses five fields and weekday 0, and
//! whose messages do not say which field is wrong.

use crate::newsletters::crontab_field::{Field, Numbers};

/// The times of day and days at which a schedule fires, as crontab(5) counts them: minutes 0–59, hours 0–23,
/// days of the month 1–31, months 1–12, weekdays 0–6 from Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crontab {
    pub(crate) minutes: Numbers,
    pub(crate) hours: Numbers,
    pub(crate) days: Numbers,
    pub(crate) months: Numbers,
    pub(crate) weekdays: Numbers,
}

/// Why a text is no schedule. The message names the field, what stands there and what was expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// Neither five fields nor a name.
    #[error(
        "a schedule has five fields (minute hour day-of-month month weekday), as in `0 7 * * 1-5`; \
         found {found}{}",
        if *.found > 5 { " (there is no field for seconds or years)" } else { "" }
    )]
    FieldCount {
        /// How many fields the text has.
        found: usize,
    },
    /// A text beginning with `@` that is no name we know.
    #[error(
        "unknown schedule name `{0}`; expected @hourly, @daily, @midnight, @weekly, @monthly, @yearly or \
         @annually"
    )]
    UnknownName(String),
    /// One field cannot be read.
    #[error("{field} field: `{item}`: {problem}")]
    Field {
        /// The field at fault.
        field: Field,
        /// The part of the field that cannot be read.
        item: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// Day of month and weekday both restricted: crontab fires when either matches, other programs when both do.
    #[error(
        "day of month `{day}` and weekday `{weekday}` are both restricted: crontab would fire when either \
         matches, other programs only when both do; write `*` in one of them"
    )]
    BothDays {
        /// The day-of-month field.
        day: String,
        /// The weekday field.
        weekday: String,
    },
    /// No month has such a day (30 February).
    #[error("this schedule never fires: none of its months has such a day")]
    NeverFires,
    /// The crate `cron` refused what we wrote for it.
    #[error("the schedule cannot be computed: {0}")]
    Engine(String),
}

impl Crontab {
    /// Reads five fields separated by blanks, or a name such as `@daily`.
    pub(crate) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let text = if text.starts_with('@') { named(text)? } else { text };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(ScheduleError::FieldCount { found: fields.len() });
        };
        let crontab = Self {
            minutes: Field::Minute.parse(minute)?,
            hours: Field::Hour.parse(hour)?,
            days: Field::DayOfMonth.parse(day)?,
            months: Field::Month.parse(month)?,
            weekdays: Field::Weekday.parse(weekday)?,
        };
        if day != "*" && weekday != "*" {
            return Err(ScheduleError::BothDays { day: day.to_owned(), weekday: weekday.to_owned() });
        }
        if !crontab.months.iter().any(|month| crontab.days.iter().any(|day| day <= longest(month))) {
            return Err(ScheduleError::NeverFires);
        }
        Ok(crontab)
    }

    /// The same for the crate `cron`: seconds first, every number spelled out, Sunday counted as 1.
    pub(crate) fn expression(&self) -> String {
        let numbers = |field: Field, set: Numbers, add: u32| {
            if set == field.all() {
                return "*".to_owned();
            }
            set.iter().map(|n| (n + add).to_string()).collect::<Vec<_>>().join(",")
        };
        format!(
            "0 {} {} {} {} {}",
            numbers(Field::Minute, self.minutes, 0),
            numbers(Field::Hour, self.hours, 0),
            numbers(Field::DayOfMonth, self.days, 0),
            numbers(Field::Month, self.months, 0),
            numbers(Field::Weekday, self.weekdays, 1),
        )
    }
}

/// The most days a month (1–12) can have.
pub(crate) fn longest(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn named(name: &str) -> Result<&'static str, ScheduleError> {
    Ok(match name {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return Err(ScheduleError::UnknownName(name.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekdays(text: &str) -> Vec<u32> {
        Crontab::parse(&format!("0 6 * * {text}")).unwrap().weekdays.iter().collect()
    }

    fn message(text: &str) -> String {
        Crontab::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn weekdays_count_from_sunday_take_names_and_wrap() {
        for (text, expected) in [
            ("*", &[0, 1, 2, 3, 4, 5, 6][..]),
            ("0", &[0]),
            ("7", &[0]),
            ("1-5", &[1, 2, 3, 4, 5]),
            ("5-7", &[0, 5, 6]),
            ("0-3", &[0, 1, 2, 3]),
            ("0-7", &[0, 1, 2, 3, 4, 5, 6]),
            ("7-1", &[0, 1]),
            ("6-2", &[0, 1, 2, 6]),
            ("mon-fri", &[1, 2, 3, 4, 5]),
            ("FRI-MON", &[0, 1, 5, 6]),
            ("sat-sun", &[0, 6]),
            ("sun-sat", &[0, 1, 2, 3, 4, 5, 6]),
            ("Mon,Wed,5", &[1, 3, 5]),
            ("*/2", &[0, 2, 4, 6]),
            ("*/7", &[0]),
            ("1-5/2", &[1, 3, 5]),
            ("fri-mon/2", &[0, 5]),
        ] {
            assert_eq!(weekdays(text), expected, "{text}");
        }
    }

    #[test]
    fn minutes_hours_days_and_months_take_lists_ranges_steps_and_leading_zeros() {
        let crontab = Crontab::parse("*/20,59 07-09,18 1-10/3 jan,JUL-aug *").unwrap();
        assert_eq!(crontab.minutes.iter().collect::<Vec<_>>(), [0, 20, 40, 59]);
        assert_eq!(crontab.hours.iter().collect::<Vec<_>>(), [7, 8, 9, 18]);
        assert_eq!(crontab.days.iter().collect::<Vec<_>>(), [1, 4, 7, 10]);
        assert_eq!(crontab.months.iter().collect::<Vec<_>>(), [1, 7, 8]);
        assert_eq!(crontab.weekdays, Field::Weekday.all());
    }

    #[test]
    fn names_stand_for_five_fields() {
        for (name, fields) in [
            ("@hourly", "0 * * * *"),
            ("@daily", "0 0 * * *"),
            ("@midnight", "0 0 * * *"),
            ("@weekly", "0 0 * * 0"),
            ("@monthly", "0 0 1 * *"),
            ("@yearly", "0 0 1 1 *"),
            ("@annually", "0 0 1 1 *"),
        ] {
            assert_eq!(Crontab::parse(name), Crontab::parse(fields));
        }
    }

    #[test]
    fn the_crate_gets_seconds_and_its_own_weekday_numbers() {
        assert_eq!(Crontab::parse("0 7 * * 1-5").unwrap().expression(), "0 0 7 * * 2,3,4,5,6");
        assert_eq!(Crontab::parse("*/30 * 1 * *").unwrap().expression(), "0 0,30 * 1 * *");
        assert_eq!(Crontab::parse("0 0 * * 7").unwrap().expression(), "0 0 0 * * 1");
    }

    #[test]
    fn other_field_counts_are_refused() {
        for (text, found) in [("", 0), ("0 7 * *", 4), ("0 0 6 * * *", 6), ("0 0 6 * * * 2026", 7)] {
            assert_eq!(Crontab::parse(text), Err(ScheduleError::FieldCount { found }), "{text}");
        }
        assert_eq!(
            message("*/7 * * * * *"),
            "a schedule has five fields (minute hour day-of-month month weekday), as in `0 7 * * 1-5`; found 6 \
             (there is no field for seconds or years)"
        );
        assert_eq!(Crontab::parse("@reboot"), Err(ScheduleError::UnknownName("@reboot".into())));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_with_what_was_expected() {
        for (text, expected) in [
            ("61 6 * * *", "minute field: `61`: expected a number from 0 to 59"),
            ("0 24 * * *", "hour field: `24`: expected a number from 0 to 23"),
            ("0 7h * * *", "hour field: `7h`: expected a number from 0 to 23"),
            ("0 6 0 * *", "day-of-month field: `0`: expected a number from 1 to 31"),
            ("0 6 L * *", "day-of-month field: `L`: expected a number from 1 to 31"),
            ("0 6 ? * MON", "day-of-month field: `?`: expected a number from 1 to 31"),
            ("0 6 * fev *", "month field: `fev`: expected 1 to 12 or JAN, FEB … DEC"),
            ("0 6 * * 8", "weekday field: `8`: expected 0 to 7 (0 and 7 are Sunday) or SUN, MON … SAT"),
            (
                "0 6 * * lundi",
                "weekday field: `lundi`: expected 0 to 7 (0 and 7 are Sunday) or SUN, MON … SAT",
            ),
            ("0 6,, * * *", "hour field: ``: expected a number from 0 to 23"),
            ("0 -1 * * *", "hour field: `-1`: expected a number from 0 to 23"),
            ("+5 6 * * *", "minute field: `+5`: expected a number from 0 to 59"),
            ("0 22-2 * * *", "hour field: `22-2`: the range runs backwards; expected `22-23,0-2` or `2-22`"),
            ("*/0 6 * * *", "minute field: `*/0`: the step is `0`; expected 1 to 59"),
            ("*/90 6 * * *", "minute field: `*/90`: the step is `90`; expected 1 to 59"),
            (
                "5/15 6 * * *",
                "minute field: `5/15`: a step needs `*` or a range; expected for example `5-59/…`",
            ),
            ("99999999999 6 * * *", "minute field: `99999999999`: expected a number from 0 to 59"),
        ] {
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn restricting_both_kinds_of_day_is_refused() {
        for text in ["0 6 1 * MON", "0 6 */2 * 1", "0 6 1-31 * 1", "0 6 1 * */2"] {
            assert!(matches!(Crontab::parse(text), Err(ScheduleError::BothDays { .. })), "{text}");
        }
        assert_eq!(
            message("0 6 1 * MON"),
            "day of month `1` and weekday `MON` are both restricted: crontab would fire when either matches, \
             other programs only when both do; write `*` in one of them"
        );
    }

    #[test]
    fn dates_that_no_year_has_are_refused() {
        for text in ["0 6 31 2 *", "0 6 30 2 *", "0 6 31 4,6,9,11 *", "0 6 30-31 feb *"] {
            assert_eq!(Crontab::parse(text), Err(ScheduleError::NeverFires), "{text}");
        }
        for text in ["0 6 29 2 *", "0 6 31 2,3 *", "0 6 30 4 *"] {
            assert!(Crontab::parse(text).is_ok(), "{text}");
        }
    }
}
