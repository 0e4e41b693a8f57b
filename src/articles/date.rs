//! Dates as operators, pages and exports write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::clock::Timestamp;
use crate::french::date::month;

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date; expected 2026-11-20, 2026-11-20T08:15:00Z or « 20 novembre 2026 à 8 h 15 »")]
pub struct NotADate(pub String);

/// Reads a date: RFC 3339, RFC 2822, ISO 8601 without a zone (taken as UTC) or without a time (midnight), or a French date
/// somewhere in the text, « Publié le vendredi 20 novembre 2026 à 8 h 15 » (UTC).
///
/// # Errors
/// When it is none of these.
pub fn parse(text: &str) -> Result<Timestamp, NotADate> {
    let trimmed = text.trim();
    with_zone(trimmed)
        .or_else(|| without_zone(trimmed))
        .or_else(|| DateTime::parse_from_rfc2822(trimmed).ok().map(|d| d.to_utc().into()))
        .or_else(|| french(trimmed))
        .ok_or_else(|| NotADate(text.to_owned()))
}

/// ISO 8601 with its offset: the only form that says one moment everywhere. `+0100` without a colon is read too.
pub(super) fn with_zone(text: &str) -> Option<Timestamp> {
    let strict = DateTime::parse_from_rfc3339(text).ok();
    let loose = || {
        ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M%:z"]
            .iter()
            .find_map(|form| DateTime::parse_from_str(text, form).ok())
    };
    strict.or_else(loose).map(|d| d.with_timezone(&Utc).into()).filter(|at| is_plausible(*at))
}

/// `2026-11-20 08:15:00`, taken as UTC.
pub(super) fn without_zone(text: &str) -> Option<Timestamp> {
    let moment = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.and_time(NaiveTime::MIN));
    moment.or_else(day).map(|at| at.and_utc().into()).filter(|at| is_plausible(*at))
}

/// Years that an article can be of: a two-digit or five-digit year is a slip.
pub(super) fn is_plausible(at: Timestamp) -> bool {
    use chrono::Datelike;
    (1600..=2200).contains(&at.to_utc().year())
}

/// « 20 novembre 2026 », « 1er août 2026, 8h05 », « 20/11/2026 à 08:15 ».
fn french(text: &str) -> Option<Timestamp> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let (at, date) = (0..words.len()).find_map(|i| {
        let day: u32 = words[i].strip_suffix("er").unwrap_or(words[i]).parse().ok()?;
        let month = words.get(i + 1)?;
        let month = month_number(month).or_else(|| month.parse().ok())?;
        let year = words.get(i + 2).filter(|y| y.len() == 4)?.parse().ok()?;
        Some((i + 3, NaiveDate::from_ymd_opt(year, month, day)?))
    })?;
    let rest = words[at..].iter().copied().skip_while(|w| *w == "à" || *w == "a").collect::<Vec<_>>();
    let time = time_of(&rest).unwrap_or(NaiveTime::MIN);
    Some(Timestamp::from(date.and_time(time).and_utc())).filter(|at| is_plausible(*at))
}

/// `8h05`, `8 h 05`, `8 h`, `08 15` (from `08:15`).
fn time_of(words: &[&str]) -> Option<NaiveTime> {
    let first = words.first()?;
    let (hour, minute) = match first.split_once('h') {
        Some((hour, "")) => (hour, words.get(1).filter(|w| w.len() == 2).copied().unwrap_or("0")),
        Some((hour, minute)) => (hour, minute),
        None if words.get(1) == Some(&"h") => {
            (*first, words.get(2).filter(|w| w.len() == 2).copied().unwrap_or("0"))
        }
        None => (*first, *words.get(1)?),
    };
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)
}

fn month_number(name: &str) -> Option<u32> {
    let unaccented = |text: &str| text.replace('é', "e").replace('û', "u");
    (1..=12u8).find_map(|n| {
        let month = month(chrono::Month::try_from(n).ok()?);
        (unaccented(month) == unaccented(name)).then_some(u32::from(n))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_to_write_a_moment_is_read() {
        let at = "2026-11-20T08:15:00Z";
        for text in [
            "2026-11-20T08:15:00Z",
            "2026-11-20T09:15:00+01:00",
            "2026-11-20T09:15:00+0100",
            "2026-11-20 08:15:00",
            " 2026-11-20T08:15 ",
            "Fri, 20 Nov 2026 08:15:00 +0000",
            "Publié le vendredi 20 novembre 2026 à 8 h 15",
            "20 NOVEMBRE 2026 — 08h15",
            "20/11/2026 à 08:15",
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()), Ok(at.to_owned()), "{text}");
        }
        assert_eq!(parse("1er août 2026").unwrap().to_string(), "2026-08-01T00:00:00Z");
        assert_eq!(parse("3 fevrier 2021").unwrap().to_string(), "2021-02-03T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "hier", "2026-13-01", "0000-00-00 00:00:00", "31 février 2026", "20 nov", "12", "0020-11-20"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
