//! The last part of an edition's public address: `2026-11-23`, or `2026-11-23-18h00` when that day has one already.
//!
//! It is decided when the edition is frozen and never changes: the link stands in mails. An edition that ends before its
//! release gives its name back, since nobody was given it.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::db::Tx;
use crate::{execute, fetch_all};

use super::edition::EditionId;
use super::newsletter::Newsletter;
use super::online_sql;
use super::zone::Zone;

/// An edition's name in addresses, unique within its newsletter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebName {
    /// The day, in the newsletter's zone when it was frozen.
    pub day: NaiveDate,
    /// The hour of what is not the day's first.
    pub hour: Option<NaiveTime>,
    /// From 2 on, where an hour has several: runs by hand, or the hour that a clock shows twice.
    pub number: Option<u32>,
}

/// A text that names no edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 2026-11-23, perhaps with an hour: 2026-11-23-18h00")]
pub struct NotAWebName;

const DAY: &str = "%Y-%m-%d";
const HOUR: &str = "%Hh%M";

impl WebName {
    /// The first free name for an edition of this local moment.
    fn free(moment: NaiveDateTime, taken: &[String]) -> Self {
        let bare = Self { day: moment.date(), hour: None, number: None };
        let hour = Self { hour: Some(moment.time()), ..bare.clone() };
        let numbered = (2..).map(|number| Self { number: Some(number), ..hour.clone() });
        let mut names = [bare, hour.clone()].into_iter().chain(numbered);
        names.find(|name| !taken.contains(&name.to_string())).unwrap_or(hour)
    }
}

impl fmt::Display for WebName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.day.format(DAY))?;
        if let Some(hour) = self.hour {
            write!(f, "-{}", hour.format(HOUR))?;
        }
        self.number.map_or(Ok(()), |number| write!(f, "-{number}"))
    }
}

/// Reads the spelling that [`Display`](fmt::Display) writes, and no other.
impl FromStr for WebName {
    type Err = NotAWebName;

    fn from_str(text: &str) -> Result<Self, NotAWebName> {
        let (day, rest) = text.split_at_checked(10).ok_or(NotAWebName)?;
        let day = NaiveDate::parse_from_str(day, DAY).map_err(|_| NotAWebName)?;
        let mut parts = rest.strip_prefix('-').map(|rest| rest.split('-')).into_iter().flatten();
        let hour = parts.next().map(|hour| NaiveTime::parse_from_str(hour, HOUR)).transpose();
        let number = parts.next().map(str::parse).transpose().map_err(|_| NotAWebName)?;
        let name = Self { day, hour: hour.map_err(|_| NotAWebName)?, number };
        if name.to_string() == text { Ok(name) } else { Err(NotAWebName) }
    }
}

/// The name of an edition of the slot at `at`, under the newsletter's lock.
pub(super) async fn free(
    tx: &mut Tx,
    newsletter: &Newsletter,
    zone: Zone,
    at: crate::clock::Timestamp,
) -> sqlx::Result<String> {
    let moment = zone.local(at.to_utc());
    let day = moment.date().format(DAY).to_string();
    let taken: Vec<(String,)> = fetch_all!(tx, online_sql::NAMES_OF_DAY, newsletter.id, day)?;
    let taken: Vec<String> = taken.into_iter().map(|(name,)| name).collect();
    Ok(WebName::free(moment, &taken).to_string())
}

/// Names the editions of a program that knew no names yet, in the order of their slots.
pub(super) async fn name_older(tx: &mut Tx, newsletter: &Newsletter, zone: Zone) -> sqlx::Result<()> {
    let nameless: Vec<(EditionId, crate::clock::Timestamp)> =
        fetch_all!(tx, online_sql::NAMELESS, newsletter.id)?;
    for (edition, at) in nameless {
        let name = free(tx, newsletter, zone, at).await?;
        execute!(tx, online_sql::NAME_EDITION, edition, name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_of_a_day_has_the_bare_date_and_others_their_hour() {
        let moment: NaiveDateTime = "2026-11-23T18:00:59".parse().unwrap();
        let mut taken = Vec::new();
        for expected in ["2026-11-23", "2026-11-23-18h00", "2026-11-23-18h00-2", "2026-11-23-18h00-3"] {
            let name = WebName::free(moment, &taken).to_string();
            assert_eq!(name, expected);
            taken.push(name);
        }
        assert_eq!(
            WebName::free("2026-11-23T07:05:00".parse().unwrap(), &taken).to_string(),
            "2026-11-23-07h05"
        );
    }

    #[test]
    fn a_name_has_one_spelling() {
        for text in ["2026-11-23", "2026-11-23-18h00", "2026-11-23-00h05-12"] {
            assert_eq!(text.parse::<WebName>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-11",
            "2026-11-3",
            "2026-02-30",
            "2026-11-23-",
            "2026-11-23-7h00",
            "2026-11-23-18h00-",
            "2026-11-23-18h00-02",
            "2026-11-23-18h00-2-",
            "2026-11-23-18h00-2-3",
            "2026-11-23T18:00",
            "é026-11-23",
        ] {
            assert_eq!(text.parse::<WebName>(), Err(NotAWebName), "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_typed_is_a_name_or_none(text in "[0-9h-]{0,22}|\\PC{0,20}") {
            if let Ok(name) = text.parse::<WebName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
