//! What readers' pages need to know of a newsletter.

use chrono::Offset;

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::subscribers::sql::{FIND_NEWSLETTER, LIST_NEWSLETTERS};
use crate::{fetch_all, fetch_optional, french, id_type};

id_type! {
    /// A newsletter's row.
    NewsletterId
}

/// A newsletter as readers know it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Newsletter {
    /// Its row.
    pub id: NewsletterId,
    /// Its identity.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// The IANA name of its zone.
    pub timezone: String,
}

impl Newsletter {
    /// A moment for an acknowledgement, in the newsletter's zone: « lundi 23 novembre 2026 à 7 h 0 min 12 s (UTC) ».
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        let zone: chrono_tz::Tz = self.timezone.parse().unwrap_or(chrono_tz::UTC);
        let local = at.to_utc().with_timezone(&zone);
        let minutes = local.offset().fix().local_minus_utc() / 60;
        let offset = match (minutes / 60, minutes.abs() % 60) {
            (0, 0) => String::new(),
            (hours, 0) => format!("{hours:+}"),
            (hours, rest) => format!("{hours:+}:{rest:02}"),
        };
        format!("{} (UTC{offset})", french::date::date_at_clock_time(local.naive_local()))
    }
}

/// The newsletter with this slug, or that had it once.
///
/// # Errors
/// When the store fails.
pub async fn find_newsletter(tx: &mut Tx, slug: &str) -> sqlx::Result<Option<Newsletter>> {
    fetch_optional!(tx, FIND_NEWSLETTER, slug)
}

/// Every newsletter, in the alphabetical order of their titles.
///
/// # Errors
/// When the store fails.
pub async fn list_newsletters(db: &Db) -> sqlx::Result<Vec<Newsletter>> {
    let mut newsletters: Vec<Newsletter> = fetch_all!(db, LIST_NEWSLETTERS)?;
    french::sort::sort_by_name(&mut newsletters, |newsletter| &newsletter.title);
    Ok(newsletters)
}
