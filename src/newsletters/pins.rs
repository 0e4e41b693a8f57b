//! Pins: an article that a person wants on top leads the next edition that takes it.

use std::collections::HashMap;

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Db, Tx, json_list};
use crate::{execute, fetch_all};

use super::makeup_sql as sql;

/// Pins an article: it leads the next edition of every newsletter that takes it, when that edition's slot lies before
/// `until`. Of several the latest pin leads. A second pin takes the place of the first.
///
/// # Errors
/// When the store fails, or there is no such article.
pub async fn pin(db: &Db, article: ArticleId, now: Timestamp, until: Option<Timestamp>) -> sqlx::Result<()> {
    execute!(db, sql::PIN_ARTICLE, article, now, until)?;
    Ok(())
}

/// Takes a pin away. Gives whether there was one.
///
/// # Errors
/// When the store fails.
pub async fn unpin(db: &Db, article: ArticleId) -> sqlx::Result<bool> {
    Ok(execute!(db, sql::UNPIN_ARTICLE, article)? > 0)
}

/// The articles pinned at a moment, the latest pin first.
///
/// # Errors
/// When the store fails.
pub async fn in_force(db: &Db, now: Timestamp) -> sqlx::Result<Vec<ArticleId>> {
    let rows: Vec<(ArticleId,)> = fetch_all!(db, sql::PINS_IN_FORCE, now)?;
    Ok(rows.into_iter().map(|(article,)| article).collect())
}

/// The newsletters, by slug, that have used an article: no edition of theirs takes it again, pinned or not (P1).
///
/// # Errors
/// When the store fails.
pub async fn used_by(db: &Db, article: ArticleId) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = fetch_all!(db, sql::USED_BY, article)?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}

/// When each of these articles was pinned, as it holds for a slot.
pub(super) async fn pinned(
    tx: &mut Tx,
    articles: impl Iterator<Item = ArticleId>,
    slot_at: Timestamp,
) -> sqlx::Result<HashMap<ArticleId, Timestamp>> {
    let ids = json_list(articles.map(|article| article.0));
    let rows: Vec<(ArticleId, Timestamp)> = fetch_all!(tx, sql::PINS, ids.as_str(), slot_at)?;
    Ok(rows.into_iter().collect())
}
