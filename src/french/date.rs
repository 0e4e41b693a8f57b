//! Dates and hours in words.
//!
//! Own tables: chrono's `fr_FR` locale and ICU both write "1 décembre" where French writes "1er décembre".
//! Every space inside an hour is a no-break space (U+00A0); the spaces of a date are ordinary ones, so that a
//! long date may wrap.

use crate::french::elision::elide;
use chrono::{Datelike, Month, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

/// A weekday's name in lower case: "lundi".
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "lundi",
        Weekday::Tue => "mardi",
        Weekday::Wed => "mercredi",
        Weekday::Thu => "jeudi",
        Weekday::Fri => "vendredi",
        Weekday::Sat => "samedi",
        Weekday::Sun => "dimanche",
    }
}

/// A month's name in lower case: "août".
pub fn month(month: Month) -> &'static str {
    match month {
        Month::January => "janvier",
        Month::February => "février",
        Month::March => "mars",
        Month::April => "avril",
        Month::May => "mai",
        Month::June => "juin",
        Month::July => "juillet",
        Month::August => "août",
        Month::September => "septembre",
        Month::October => "octobre",
        Month::November => "novembre",
        Month::December => "décembre",
    }
}

/// A day of the month: "1er" on the first, the bare number after.
pub fn day_number(day: u32) -> String {
    if day == 1 { "1er".to_owned() } else { day.to_string() }
}

/// "23 novembre", "1er août".
pub fn short_date(date: NaiveDate) -> String {
    format!("{} {}", day_number(date.day()), month_of(date))
}

/// "lundi 23 novembre": where the year is understood.
pub fn day_month(date: NaiveDate) -> String {
    format!("{} {}", weekday(date.weekday()), short_date(date))
}

/// "23 novembre 2026".
pub fn full_date(date: NaiveDate) -> String {
    format!("{} {}", short_date(date), date.year())
}

/// "samedi 1er août 2026".
pub fn long_date(date: NaiveDate) -> String {
    format!("{} {}", day_month(date), date.year())
}

/// "7 h", "7 h 30", "0 h 05"; seconds are left out. Minutes below ten keep their zero, as the OQLF prefers
/// ("Écriture des heures": "17 h 05"), so that nobody suspects a missing digit.
pub fn hour(time: NaiveTime) -> String {
    match time.minute() {
        0 => format!("{}\u{a0}h", time.hour()),
        minute => format!("{}\u{a0}h\u{a0}{minute:02}", time.hour()),
    }
}

/// "7 h 0 min 12 s": a moment to the second, for acknowledgements. With all its units named no number takes a
/// leading zero.
pub fn clock_time(time: NaiveTime) -> String {
    format!("{}\u{a0}h\u{a0}{}\u{a0}min\u{a0}{}\u{a0}s", time.hour(), time.minute(), time.second())
}

/// "lundi 23 novembre 2026 à 7 h".
pub fn date_at_hour(moment: NaiveDateTime) -> String {
    format!("{} à {}", long_date(moment.date()), hour(moment.time()))
}

/// "lundi 23 novembre 2026 à 7 h 0 min 12 s".
pub fn date_at_clock_time(moment: NaiveDateTime) -> String {
    format!("{} à {}", long_date(moment.date()), clock_time(moment.time()))
}

/// "du 3 au 9 août 2026", "du 28 juillet au 3 août 2026", "du 30 décembre 2026 au 5 janvier 2027", both days
/// included; one day alone is "le 3 août 2026". Dates in the wrong order are put right.
pub fn date_range(first: NaiveDate, last: NaiveDate) -> String {
    let (first, last) = (first.min(last), first.max(last));
    let start = if first == last {
        return format!("le {}", full_date(last));
    } else if first.year() != last.year() {
        full_date(first)
    } else if first.month() != last.month() {
        short_date(first)
    } else {
        day_number(first.day())
    };
    format!("du {start} au {}", full_date(last))
}

/// The same where the year is understood: "du 3 au 9 août", "du 28 juillet au 3 août"; years are named when they
/// differ.
pub fn short_range(first: NaiveDate, last: NaiveDate) -> String {
    let (first, last) = (first.min(last), first.max(last));
    if first == last {
        format!("le {}", short_date(last))
    } else if first.year() != last.year() {
        date_range(first, last)
    } else if first.month() != last.month() {
        format!("du {} au {}", short_date(first), short_date(last))
    } else {
        format!("du {} au {}", day_number(first.day()), short_date(last))
    }
}

/// "de 7 h à 9 h 30".
pub fn hour_range(first: NaiveTime, last: NaiveTime) -> String {
    format!("de {} à {}", hour(first), hour(last))
}

/// "août 2026"; `elide("de", …)` makes "d’août 2026" of it.
pub fn month_year(date: NaiveDate) -> String {
    format!("{} {}", month_of(date), date.year())
}

/// A day as it is called today: "aujourd’hui", "hier", "avant-hier", "demain", "après-demain", else "lundi 3 août", with
/// its year when that is another.
pub fn near_day(date: NaiveDate, today: NaiveDate) -> String {
    match (date - today).num_days() {
        -2 => "avant-hier".to_owned(),
        -1 => "hier".to_owned(),
        0 => "aujourd’hui".to_owned(),
        1 => "demain".to_owned(),
        2 => "après-demain".to_owned(),
        _ if date.year() == today.year() => day_month(date),
        _ => long_date(date),
    }
}

/// "l’édition d’aujourd’hui", "l’édition d’hier", "l’édition du lundi 3 août".
pub fn edition_of(date: NaiveDate, today: NaiveDate) -> String {
    let day = near_day(date, today);
    if day.contains(' ') {
        format!("l’édition du {day}")
    } else {
        format!("l’édition {}", elide("de", &day))
    }
}

fn month_of(date: NaiveDate) -> &'static str {
    // chrono numbers months 1 to 12, so the conversion cannot fail.
    u8::try_from(date.month()).ok().and_then(|n| Month::try_from(n).ok()).map_or("", month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    /// Forms: design.md P6 ("samedi 1er août 2026"); weekdays by any calendar.
    #[test]
    fn long_dates_name_the_weekday_and_write_the_first_as_1er() {
        for (day, expected) in [
            ("2026-08-01", "samedi 1er août 2026"),
            ("2026-12-01", "mardi 1er décembre 2026"),
            ("2026-11-20", "vendredi 20 novembre 2026"),
            ("2026-11-21", "samedi 21 novembre 2026"),
            ("2026-11-23", "lundi 23 novembre 2026"),
            ("2027-02-01", "lundi 1er février 2027"),
            ("2026-08-11", "mardi 11 août 2026"),
            ("2026-08-31", "lundi 31 août 2026"),
            ("2028-02-29", "mardi 29 février 2028"),
            ("2026-04-22", "mercredi 22 avril 2026"),
            ("2026-05-28", "jeudi 28 mai 2026"),
            ("2027-01-03", "dimanche 3 janvier 2027"),
        ] {
            assert_eq!(long_date(date(day)), expected);
        }
    }

    #[test]
    fn every_month_has_its_name() {
        let names: Vec<String> =
            (1..=12).map(|n| short_date(NaiveDate::from_ymd_opt(2026, n, 1).unwrap())).collect();
        assert_eq!(
            names.join(", "),
            "1er janvier, 1er février, 1er mars, 1er avril, 1er mai, 1er juin, 1er juillet, 1er août, \
             1er septembre, 1er octobre, 1er novembre, 1er décembre"
        );
    }

    #[test]
    fn shorter_forms_leave_out_what_is_understood() {
        let day = date("2026-11-23");
        assert_eq!(short_date(day), "23 novembre");
        assert_eq!(day_month(day), "lundi 23 novembre");
        assert_eq!(full_date(day), "23 novembre 2026");
    }

    #[test]
    fn hours_are_written_with_h_and_no_break_spaces() {
        for (at, expected) in [
            ("00:00:00", "0\u{a0}h"),
            ("00:30:00", "0\u{a0}h\u{a0}30"),
            ("07:00:00", "7\u{a0}h"),
            ("07:00:59", "7\u{a0}h"),
            ("07:05:00", "7\u{a0}h\u{a0}05"),
            ("07:30:00", "7\u{a0}h\u{a0}30"),
            ("18:15:00", "18\u{a0}h\u{a0}15"),
            ("23:59:00", "23\u{a0}h\u{a0}59"),
        ] {
            assert_eq!(hour(time(at)), expected);
        }
    }

    #[test]
    fn clock_times_name_every_unit() {
        assert_eq!(clock_time(time("07:00:12")), "7\u{a0}h\u{a0}0\u{a0}min\u{a0}12\u{a0}s");
        assert_eq!(clock_time(time("23:59:05")), "23\u{a0}h\u{a0}59\u{a0}min\u{a0}5\u{a0}s");
    }

    #[test]
    fn moments_join_date_and_hour() {
        let moment = date("2026-11-23").and_time(time("07:00:12"));
        assert_eq!(date_at_hour(moment), "lundi 23 novembre 2026 à 7\u{a0}h");
        assert_eq!(
            date_at_clock_time(moment),
            "lundi 23 novembre 2026 à 7\u{a0}h\u{a0}0\u{a0}min\u{a0}12\u{a0}s"
        );
    }

    #[test]
    fn ranges_say_month_and_year_once_when_they_are_the_same() {
        for (first, last, expected) in [
            ("2026-08-03", "2026-08-09", "du 3 au 9 août 2026"),
            ("2026-08-01", "2026-08-09", "du 1er au 9 août 2026"),
            ("2026-07-28", "2026-08-03", "du 28 juillet au 3 août 2026"),
            ("2026-12-30", "2027-01-05", "du 30 décembre 2026 au 5 janvier 2027"),
            ("2026-12-24", "2027-01-01", "du 24 décembre 2026 au 1er janvier 2027"),
            ("2026-08-03", "2026-08-03", "le 3 août 2026"),
            ("2026-08-09", "2026-08-03", "du 3 au 9 août 2026"),
        ] {
            assert_eq!(date_range(date(first), date(last)), expected);
        }
    }
}
