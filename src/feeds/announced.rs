//! Up to which version of each feed the hubs were told.

use std::collections::HashMap;

use crate::articles::CategoryId;
use crate::db::Db;
use crate::{execute, fetch_all, statements};

statements! {
    ANNOUNCED = "SELECT category_id, version FROM feed_announcements";
    ANNOUNCE = "INSERT INTO feed_announcements (category_id, version) VALUES ($1, $2)
        ON CONFLICT (category_id) DO UPDATE SET version = excluded.version
        WHERE feed_announcements.version < excluded.version";
}

/// The versions that hubs know, by category; a feed that was never announced is not there.
///
/// # Errors
/// When the store fails.
pub async fn announced(db: &Db) -> sqlx::Result<HashMap<CategoryId, i64>> {
    let rows: Vec<(CategoryId, i64)> = fetch_all!(db, ANNOUNCED)?;
    Ok(rows.into_iter().collect())
}

/// Remembers that hubs know this version. A later one that another node remembered stays.
///
/// # Errors
/// When the store fails.
pub async fn announce(db: &Db, category: CategoryId, version: i64) -> sqlx::Result<()> {
    execute!(db, ANNOUNCE, category, version)?;
    Ok(())
}
