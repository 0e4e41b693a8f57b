//! A schedule in words, for readers: "du lundi au vendredi à 7 h".

use chrono::{Month, NaiveTime, Weekday};

use crate::french::date;
use crate::french::number::{count, list};
use crate::french::typography::NO_BREAK;
use crate::newsletters::crontab::{Crontab, longest};
use crate::newsletters::crontab_field::{Field, Numbers};
use crate::newsletters::schedule::Schedule;

/// The most times of day that are named one by one.
const TIMES_NAMED: usize = 6;

/// The most dates (day and month) that are named one by one.
const DATES_NAMED: usize = 4;

/// How often and when a schedule fires, in French: "du lundi au vendredi à 7 h", "tous les jours à 7 h et 18 h",
/// "le 1er du mois à 8 h", "toutes les 30 minutes de 8 h à 18 h 30".
pub fn rhythm(schedule: &Schedule) -> String {
    let crontab = schedule.crontab();
    let (days, months) = days(crontab);
    let times = times(crontab);
    let months = months.map_or(String::new(), |months| format!(", {months}"));
    match (times, days) {
        (Times::At(times), None) => format!("tous les jours {times}{months}"),
        (Times::At(times), Some(days)) if days.contains(',') => format!("{days}, {times}{months}"),
        (Times::At(times), Some(days)) => format!("{days} {times}{months}"),
        (Times::Often(times), None) => format!("{times}{months}"),
        (Times::Often(times), Some(days)) => format!("{days}, {times}{months}"),
    }
}

enum Times {
    /// "à 7 h et 18 h".
    At(String),
    /// "toutes les heures": says by itself that it is every day.
    Often(String),
}

fn times(crontab: &Crontab) -> Times {
    let times: Vec<u32> = crontab
        .hours
        .iter()
        .flat_map(|hour| crontab.minutes.iter().map(move |minute| hour * 60 + minute))
        .collect();
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return Times::At(String::new()) };
    if times.len() <= TIMES_NAMED {
        let names: Vec<String> = times.iter().copied().map(hour).collect();
        return Times::At(format!("à {}", list(&names.iter().map(String::as_str).collect::<Vec<_>>())));
    }
    let step = times[1] - first;
    let from_to = format!("de {} à {}", hour(first), hour(last));
    if times.windows(2).any(|pair| pair[1] - pair[0] != step) {
        return Times::Often(format!("{} par jour, {from_to}", count(times.len() as i64, "fois", "fois")));
    }
    let every = match step {
        1 => "toutes les minutes".to_owned(),
        60 => "toutes les heures".to_owned(),
        step if step % 60 == 0 => format!("toutes les {}{NO_BREAK}heures", step / 60),
        step => format!("toutes les {step}{NO_BREAK}minutes"),
    };
    if first == 0 && last + step == 24 * 60 {
        Times::Often(every)
    } else {
        Times::Often(format!("{every} {from_to}"))
    }
}

/// The days, if not all, and the months, if not all and not said with the days.
fn days(crontab: &Crontab) -> (Option<String>, Option<String>) {
    let months = crontab.months;
    let other_months = (months != Field::Month.all()).then(|| in_months(months));
    if crontab.weekdays != Field::Weekday.all() {
        return (Some(weekdays(crontab.weekdays)), other_months);
    }
    if crontab.days == Field::DayOfMonth.all() {
        return (None, other_months);
    }
    let days: Vec<u32> = crontab.days.iter().collect();
    if other_months.is_some() {
        let dates: Vec<String> = months
            .iter()
            .flat_map(|month| {
                days.iter().filter(move |day| **day <= longest(month)).map(move |day| (*day, month))
            })
            .map(|(day, month)| {
                let leap = if (day, month) == (29, 2) { " (années bissextiles)" } else { "" };
                format!("le {} {}{leap}", date::day_number(day), month_name(month))
            })
            .take(DATES_NAMED + 1)
            .collect();
        if dates.len() <= DATES_NAMED {
            return (Some(list(&dates.iter().map(String::as_str).collect::<Vec<_>>())), None);
        }
    }
    (Some(days_of_month(&days, months)), other_months)
}

fn days_of_month(days: &[u32], months: Numbers) -> String {
    let names: Vec<String> = days.iter().copied().map(date::day_number).collect();
    match (&names[..], days) {
        ([first, .., last], [d1, .., d2]) if days.len() > 2 && d2 - d1 + 1 == days.len() as u32 => {
            format!("du {first} au {last} du mois")
        }
        _ => {
            let shortest = months.iter().map(|month| if month == 2 { 28 } else { longest(month) }).min();
            let missing = days.last() > shortest.as_ref();
            let names = list(&names.iter().map(String::as_str).collect::<Vec<_>>());
            match (days.len(), missing) {
                (1, false) => format!("le {names} du mois"),
                (1, true) => format!("le {names} du mois, quand il existe"),
                (_, false) => format!("les {names} du mois"),
                (_, true) => format!("les {names} du mois, quand ils existent"),
            }
        }
    }
}

fn weekdays(set: Numbers) -> String {
    // Monday first; crontab counts from Sunday.
    let on = |day: u32| set.contains((day + 1) % 7);
    let name = |day: u32| date::weekday(Weekday::try_from(day as u8 % 7).unwrap_or(Weekday::Mon));
    let on_days: Vec<u32> = (0..7).filter(|day| on(*day)).collect();
    if let (6, Some(off)) = (on_days.len(), (0..6).find(|day| !on(*day))) {
        return format!("tous les jours sauf le {}", name(off));
    }
    match run(&on_days, 7) {
        Some((first, last)) if on_days.len() > 2 => format!("du {} au {}", name(first), name(last)),
        _ => {
            let names: Vec<String> = on_days.iter().map(|day| format!("le {}", name(*day))).collect();
            list(&names.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }
}

fn in_months(set: Numbers) -> String {
    let months: Vec<u32> = set.iter().map(|month| month - 1).collect();
    let name = |month: u32| month_name(month + 1);
    if let (11, Some(off)) = (months.len(), (0..12).find(|month| !set.contains(month + 1))) {
        return format!("sauf en {}", name(off));
    }
    match run(&months, 12) {
        Some((first, last)) if months.len() > 2 => {
            let of = if matches!(first, 3 | 7 | 9) { "d’" } else { "de " };
            format!("{of}{} à {}", name(first), name(last))
        }
        _ => {
            let names: Vec<&str> = months.iter().map(|month| name(*month)).collect();
            format!("en {}", list(&names))
        }
    }
}

/// The first and last of numbers that follow one another on a circle of `length`, from `numbers` in order.
fn run(numbers: &[u32], length: u32) -> Option<(u32, u32)> {
    let on = |n: u32| numbers.contains(&(n % length));
    let mut starts = numbers.iter().copied().filter(|n| !on(n + length - 1));
    let (start, None) = (starts.next()?, starts.next()) else { return None };
    Some((start, (start + numbers.len() as u32 - 1) % length))
}

fn month_name(month: u32) -> &'static str {
    u8::try_from(month).ok().and_then(|n| Month::try_from(n).ok()).map_or("", date::month)
}

/// An hour from the minutes since midnight.
fn hour(minutes: u32) -> String {
    NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).map_or(String::new(), date::hour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::french::typography::{Spaces, typeset};

    /// `_` stands for U+00A0.
    fn words(text: &str) -> String {
        rhythm(&Schedule::parse(text).unwrap()).replace('\u{a0}', "_")
    }

    #[test]
    fn rhythms_read_as_a_person_would_say_them() {
        for (text, expected) in [
            ("0 7 * * 1-5", "du lundi au vendredi à 7_h"),
            ("0 7,18 * * *", "tous les jours à 7_h et 18_h"),
            ("0 9 * * 6", "le samedi à 9_h"),
            ("0 8 1 * *", "le 1er du mois à 8_h"),
            ("30 0 * * *", "tous les jours à 0_h_30"),
            ("@daily", "tous les jours à 0_h"),
            ("@weekly", "le dimanche à 0_h"),
            ("@monthly", "le 1er du mois à 0_h"),
            ("@yearly", "le 1er janvier à 0_h"),
            ("@hourly", "toutes les heures"),
            ("* * * * *", "toutes les minutes"),
            ("*/30 * * * *", "toutes les 30_minutes"),
            ("0 */2 * * *", "toutes les 2_heures"),
            ("15 * * * *", "toutes les heures de 0_h_15 à 23_h_15"),
            ("0 8-18 * * 1-5", "du lundi au vendredi, toutes les heures de 8_h à 18_h"),
            ("*/30 7-18 * * *", "toutes les 30_minutes de 7_h à 18_h_30"),
            ("5,25 6-18 * * *", "26_fois par jour, de 6_h_05 à 18_h_25"),
            ("0 7,12,18 * * *", "tous les jours à 7_h, 12_h et 18_h"),
            ("0 7 * * 6,0", "le samedi et le dimanche à 7_h"),
            ("0 7 * * 1,3,5", "le lundi, le mercredi et le vendredi, à 7_h"),
            ("0 7 * * 1-6", "du lundi au samedi à 7_h"),
            ("0 7 * * 0-2,4-6", "tous les jours sauf le mercredi à 7_h"),
            ("0 7 * * fri-mon", "du vendredi au lundi à 7_h"),
            ("0 7 * * */2", "le mardi, le jeudi, le samedi et le dimanche, à 7_h"),
            ("0 7 1,15 * *", "les 1er et 15 du mois à 7_h"),
            ("0 7 1-7 * *", "du 1er au 7 du mois à 7_h"),
            ("0 7 31 * *", "le 31 du mois, quand il existe, à 7_h"),
            ("0 7 15,30 * *", "les 15 et 30 du mois, quand ils existent, à 7_h"),
            ("0 7 28 * *", "le 28 du mois à 7_h"),
            ("0 7 31 4,5 *", "le 31 mai à 7_h"),
            ("0 7 29 2 *", "le 29 février (années bissextiles) à 7_h"),
            ("0 7 1 1,4,7,10 *", "le 1er janvier, le 1er avril, le 1er juillet et le 1er octobre, à 7_h"),
            ("0 7 1,15 1-6 *", "les 1er et 15 du mois à 7_h, de janvier à juin"),
            ("0 7 * 9-12,1-6 1-5", "du lundi au vendredi à 7_h, de septembre à juin"),
            ("0 7 * 4-9 *", "tous les jours à 7_h, d’avril à septembre"),
            ("0 7 * 7,8 *", "tous les jours à 7_h, en juillet et août"),
            ("0 7 * 1-7,9-12 *", "tous les jours à 7_h, sauf en août"),
            ("0 * * 8 *", "toutes les heures, en août"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn rhythms_are_set_as_french_is_printed() {
        for text in ["0 7 * * 1-5", "5,25 6-18 * * *", "0 7 * 8-10 *", "0 7 29 2 *"] {
            let words = rhythm(&Schedule::parse(text).unwrap());
            assert_eq!(typeset(&words, Spaces::Narrow), words);
        }
    }
}
