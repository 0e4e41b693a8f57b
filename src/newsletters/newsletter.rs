//! A newsletter as the database remembers it, and how a declaration is taken up.
//!
//! The file declares, the database remembers: newsletters are upserted by slug, leaving one out removes nothing. A new
//! or changed schedule is taken up at the moment it is first seen, so that it never fires in the past (P2).

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::{execute, fetch_one, fetch_optional};

use super::declaration::Declaration;
use super::sql;
use super::web_name;

pub use crate::subscribers::NewsletterId;

/// A newsletter's row.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Newsletter {
    /// The row.
    pub id: NewsletterId,
    /// Its identity towards people.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// The schedule in force, as declared.
    pub schedule: String,
    /// The schedule's zone.
    pub timezone: String,
    /// When that schedule was taken up: no slot at or before it fires.
    pub taken_up_at: Timestamp,
    /// The slot before its first edition: what appeared earlier is never sent.
    pub opening_at: Option<Timestamp>,
    /// When the operator's latest pause began.
    pub paused_at: Option<Timestamp>,
    /// When it ended or is to end.
    pub paused_until: Option<Timestamp>,
}

impl Newsletter {
    /// The operator's pause: from, until.
    #[must_use]
    pub fn pause(&self) -> Option<(Timestamp, Option<Timestamp>)> {
        self.paused_at.map(|from| (from, self.paused_until))
    }

    /// Whether the operator's pause covers this moment.
    #[must_use]
    pub fn is_paused_at(&self, at: Timestamp) -> bool {
        self.pause().is_some_and(|(from, until)| from <= at && until.is_none_or(|until| at < until))
    }

    /// The newsletter with this slug, present or former.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_slug(db: &Db, slug: &str) -> sqlx::Result<Option<Self>> {
        fetch_optional!(db, sql::NEWSLETTER_BY_SLUG, slug)
    }

    /// How many readers are confirmed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn readers(&self, db: &Db) -> sqlx::Result<i64> {
        let (readers,): (i64,) = fetch_one!(db, sql::COUNT_READERS, self.id)?;
        Ok(readers)
    }

    pub(super) async fn lock(tx: &mut Tx, id: NewsletterId) -> sqlx::Result<Self> {
        fetch_one!(tx, sql::LOCK_NEWSLETTER, id)
    }

    /// Stops sending from `now` on, until `until` or until it is resumed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pause_from(&self, db: &Db, now: Timestamp, until: Option<Timestamp>) -> sqlx::Result<()> {
        execute!(db, sql::PAUSE_NEWSLETTER, self.id, now, until).map(|_| ())
    }

    /// Ends the pause. Gives whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, db: &Db, now: Timestamp) -> sqlx::Result<bool> {
        Ok(execute!(db, sql::END_PAUSE, self.id, now)? > 0)
    }
}

/// Makes the declared newsletters true in the database: new ones are opened, renamed ones keep their readers, and a
/// changed schedule is taken up at `now`.
///
/// # Errors
/// When the store fails.
pub async fn declare(db: &Db, declarations: &[Declaration], now: Timestamp) -> sqlx::Result<()> {
    for declaration in declarations {
        let mut tx = db.begin().await?;
        take_up(&mut tx, declaration, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn take_up(tx: &mut Tx, declaration: &Declaration, now: Timestamp) -> sqlx::Result<()> {
    let slug = declaration.slug.as_str();
    let mut known = find(tx, slug).await?.filter(|row| row.slug == slug);
    if known.is_none() {
        for old in &declaration.was {
            if let Some(row) = find(tx, old.as_str()).await? {
                execute!(tx, sql::RENAME_NEWSLETTER, row.id, slug)?;
                execute!(tx, sql::ADD_NEWSLETTER_ALIAS, row.slug.as_str(), row.id)?;
                known = Some(row);
                break;
            }
        }
    }
    let schedule = declaration.schedule.to_string();
    let zone = declaration.zone.name();
    match known {
        None => {
            execute!(tx, sql::ADD_NEWSLETTER, slug, declaration.title.as_str(), &schedule, zone, now)?;
        }
        Some(row) => {
            execute!(tx, sql::RETITLE_NEWSLETTER, row.id, declaration.title.as_str())?;
            execute!(tx, sql::TAKE_UP_SCHEDULE, row.id, &schedule, zone, now)?;
            let row = Newsletter::lock(tx, row.id).await?;
            web_name::name_older(tx, &row, declaration.zone).await?;
        }
    }
    Ok(())
}

async fn find(tx: &mut Tx, slug: &str) -> sqlx::Result<Option<Newsletter>> {
    fetch_optional!(tx, sql::NEWSLETTER_BY_SLUG, slug)
}
