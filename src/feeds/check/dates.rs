//! Dates: RFC 822 in RSS, RFC 3339 in Atom and JSON Feed.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone, Utc};

use super::finding::{Sheet, rules, short};
use crate::clock::{MINUTE, Timestamp};

rules! {
    INVALID_RFC_822 = "invalid-rfc822-date", Error,
        "Readers show the time of their own poll, or sort the entry wrongly. Write: Mon, 23 Nov 2026 08:00:00 +0000, with \
         English names whatever the site's language.",
        "W3C InvalidRFC2822Date; RSS 2.0 profile, pubDate; RFC 5322 §3.3";
    WRONG_WEEKDAY = "wrong-weekday", Error,
        "Strict parsers refuse the date. Let a library format it.",
        "W3C IncorrectDOW; RFC 5322 §3.3";
    OBSOLETE_RFC_822 = "obsolete-rfc822-date", Warning,
        "Two-digit years, names of zones and odd spacing are read differently by different readers. Write a four-digit \
         year and a numeric zone, or GMT.",
        "W3C ProblematicalRFC822Date; RFC 5322 §4.3";
    INVALID_RFC_3339 = "invalid-rfc3339-date", Error,
        "Readers show the time of their own poll, or sort the entry wrongly. Write: 2026-11-23T08:00:00Z.",
        "W3C InvalidRFC3339Date; RFC 4287 §3.3; RFC 3339 §5.6";
    FUTURE = "future-date", Warning,
        "Readers hide entries of the future or pin them to the top for days. Leave out what is not published yet.",
        "W3C ImplausibleDate; kiosque rule 16";
    ANCIENT = "ancient-date", Warning,
        "Readers drop such entries or sort them last, and most such dates are mistakes. Leave it out: readers then show when \
         they first saw the entry.",
        "W3C ImplausibleDate";
    FRACTION = "fraction-of-a-second", Advice,
        "Some parsers stumble over it, and two formats of one entry no longer agree. Write whole seconds.",
        "kiosque rule 16";
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const AMERICAN: [(&str, i32); 8] =
    [("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8), ("PDT", -7)];

/// Where a date stands.
pub(super) struct Place<'a> {
    /// The element or key, as it is shown.
    pub(super) name: &'a str,
    pub(super) line: Option<u32>,
    pub(super) now: Timestamp,
}

impl Place<'_> {
    fn note(&self, rule: &'static super::finding::Rule, sentence: String, sheet: &mut Sheet) {
        sheet.add(rule, self.line, sentence);
    }

    fn plausible(&self, at: DateTime<Utc>, value: &str, sheet: &mut Sheet) {
        let (name, value) = (self.name, short(value));
        if Timestamp::from(at).millis() > self.now.plus(10 * MINUTE).millis() {
            self.note(FUTURE, format!("{name} is in the future: “{value}”."), sheet);
        } else if at.year() < 1990 {
            self.note(ANCIENT, format!("{name} is before 1990: “{value}”."), sheet);
        }
    }
}

/// Judges and reads a date of RSS.
pub(super) fn rfc822(value: &str, place: &Place, sheet: &mut Sheet) -> Option<DateTime<Utc>> {
    let Some(read) = parse_822(value.trim()) else {
        place.note(INVALID_RFC_822, format!("{} is no date: “{}”.", place.name, short(value)), sheet);
        return None;
    };
    if let Some(day) = read.weekday
        && day != read.at.date_naive().weekday().num_days_from_monday()
    {
        let right = DAYS[read.at.date_naive().weekday().num_days_from_monday() as usize];
        let sentence = format!("{} names the wrong day; it was a {right}: “{}”.", place.name, short(value));
        place.note(WRONG_WEEKDAY, sentence, sheet);
    } else if read.obsolete {
        let sentence = format!("{} is written in an obsolete way: “{}”.", place.name, short(value));
        place.note(OBSOLETE_RFC_822, sentence, sheet);
    }
    let at = read.at.to_utc();
    place.plausible(at, value, sheet);
    Some(at)
}

struct Rfc822 {
    at: DateTime<FixedOffset>,
    /// From Monday.
    weekday: Option<u32>,
    obsolete: bool,
}

fn parse_822(value: &str) -> Option<Rfc822> {
    let (weekday, rest) = match value.split_once(',') {
        Some((day, rest)) => (Some(position(&DAYS, day.trim())?), rest),
        None => (None, value),
    };
    let parts: Vec<&str> = rest.split_whitespace().collect();
    let [day, month, year, time, zone @ ..] = parts.as_slice() else { return None };
    let spacing = match value.split_once(',') {
        Some((_, rest)) => rest.strip_prefix(' ').is_some_and(|rest| rest == parts.join(" ")),
        None => value == parts.join(" "),
    };
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let digits = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let month_number = position(&MONTHS, month)? + 1;
    let (short_year, year) = match year.len() {
        2 => {
            let year = number(year, 2..=2)?;
            (true, year + if year < 50 { 2000 } else { 1900 })
        }
        _ => (false, number(year, 4..=4)?),
    };
    let clock: Vec<&str> = time.split(':').collect();
    let (hour, minute, second) = match clock.as_slice() {
        [hour, minute] => (number(hour, 2..=2)?, number(minute, 2..=2)?, 0),
        [hour, minute, second] => (number(hour, 2..=2)?, number(minute, 2..=2)?, number(second, 2..=2)?),
        _ => return None,
    };
    let (seconds_east, old_zone) = match zone {
        [] => (0, true),
        [zone] => self::zone(zone)?,
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month_number, number(day, 1..=2)?)?;
    // A leap second is read as the one before it.
    let at = date.and_hms_opt(hour, minute, if second == 60 { 59 } else { second })?;
    let at = FixedOffset::east_opt(seconds_east)?.from_local_datetime(&at).single()?;
    let case =
        MONTHS.contains(month) && weekday.is_none_or(|_| DAYS.contains(&value.get(..3).unwrap_or_default()));
    Some(Rfc822 { at, weekday, obsolete: short_year || old_zone || !spacing || !case })
}

/// Seconds east of Greenwich, and whether the zone is written in an obsolete way.
fn zone(zone: &str) -> Option<(i32, bool)> {
    if let Some(sign) = zone.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let digits = &zone[1..];
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        let east = hours * 3600 + minutes * 60;
        return (hours < 24 && minutes < 60).then_some((if sign == '-' { -east } else { east }, false));
    }
    let upper = zone.to_ascii_uppercase();
    match upper.as_str() {
        "GMT" => Some((0, zone != "GMT")),
        "Z" | "UT" => Some((0, true)),
        _ => AMERICAN.iter().find(|(name, _)| *name == upper).map(|(_, hours)| (hours * 3600, true)),
    }
}

fn position(names: &[&str], name: &str) -> Option<u32> {
    let at = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u32::try_from(at).ok()
}

/// Judges and reads a date of Atom or JSON Feed.
pub(super) fn rfc3339(value: &str, place: &Place, sheet: &mut Sheet) -> Option<DateTime<Utc>> {
    let bytes = value.as_bytes();
    let shaped = bytes.len() >= 20
        && bytes[10] == b'T'
        && (value.ends_with('Z') || bytes.get(bytes.len() - 6).is_some_and(|b| matches!(b, b'+' | b'-')));
    let Some(at) = DateTime::parse_from_rfc3339(value).ok().filter(|_| shaped) else {
        place.note(INVALID_RFC_3339, format!("{} is no date: “{}”.", place.name, short(value)), sheet);
        return None;
    };
    if bytes[19] == b'.' {
        place.note(
            FRACTION,
            format!("{} has a fraction of a second: “{}”.", place.name, short(value)),
            sheet,
        );
    }
    let at = at.to_utc();
    place.plausible(at, value, sheet);
    Some(at)
}
