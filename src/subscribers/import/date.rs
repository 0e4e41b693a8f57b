//! Moments as other systems write them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::clock::{MINUTE, Timestamp};

/// Reads `2021-03-04 10:20:30` (Mailchimp, `MailPoet`), `2021-03-04 10:20:30.123456 +0000 UTC` (listmonk),
/// `2021-03-04T10:20:30Z`, `04-03-2021 10:20` (Brevo), `04/03/2021`. Day before month, unless that cannot be; without a
/// zone UTC, as Mailchimp means it. Gives none for what is no moment between 1990 and `now`.
pub(super) fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let date = day(date)?;
    let (time, zone) = time_and_zone(rest.trim_start_matches([' ', 'T']))?;
    let ms = NaiveDateTime::new(date, time).and_utc().timestamp_millis() - zone * MINUTE;
    let earliest = NaiveDate::from_ymd_opt(1990, 1, 1)?.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    (earliest..=now.millis()).contains(&ms).then_some(Timestamp::from_millis(ms))
}

fn day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split(['-', '/', '.']);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (first, second, third) = (number(a)?, number(b)?, number(c)?);
    if a.len() == 4 {
        return NaiveDate::from_ymd_opt(first.try_into().ok()?, second, third);
    }
    let year = (c.len() == 4).then_some(third)?.try_into().ok()?;
    NaiveDate::from_ymd_opt(year, second, first).or_else(|| NaiveDate::from_ymd_opt(year, first, second))
}

/// The time of day, midnight when there is none, and the minutes by which its zone is ahead of UTC.
fn time_and_zone(text: &str) -> Option<(NaiveTime, i64)> {
    if text.is_empty() {
        return Some((NaiveTime::MIN, 0));
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (time, zone) = text.split_at(end);
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let mut parts = time.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    let zone = zone.trim_start();
    if matches!(zone, "" | "Z" | "UTC") {
        return Some((time, 0));
    }
    let (sign, offset) = match zone.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let digits: String = offset.chars().filter(|c| *c != ':').take_while(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
    Some((time, sign * (i64::from(number(hours)?) * 60 + i64::from(minutes))))
}

fn number(text: &str) -> Option<u32> {
    (1..=4).contains(&text.len()).then_some(())?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_the_systems_write_them() {
        let now = Timestamp::from_millis(1_795_417_200_000);
        for (text, expected) in [
            ("2021-03-04 10:20:30", Some("2021-03-04T10:20:30+00:00")),
            ("2021-03-04 10:20:30.123456 +0000 UTC", Some("2021-03-04T10:20:30+00:00")),
            ("2021-03-04 10:20:30 +0200 CEST", Some("2021-03-04T08:20:30+00:00")),
            ("2021-03-04T10:20:30Z", Some("2021-03-04T10:20:30+00:00")),
            ("2021-03-04T10:20:30-05:30", Some("2021-03-04T15:50:30+00:00")),
            ("04-03-2021 10:20", Some("2021-03-04T10:20:00+00:00")),
            ("04/03/2021", Some("2021-03-04T00:00:00+00:00")),
            ("03/25/2021", Some("2021-03-25T00:00:00+00:00")),
            ("2021/3/4", Some("2021-03-04T00:00:00+00:00")),
            ("0000-00-00 00:00:00", None),
            ("2999-01-01", None),
            ("04-03-21", None),
            ("hier", None),
            ("", None),
            ("2021-03-04 10h", None),
            ("2021-03-04 25:00:00", None),
        ] {
            let read = moment(text, now).map(|at| at.to_utc().to_rfc3339());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
