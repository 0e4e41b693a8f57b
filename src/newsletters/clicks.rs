//! How often each article of an edition is opened from its mail, where a letter counts that (`count_clicks`).
//!
//! The link says which article of which edition, and is the same in everybody's copy: nothing about a reader is in it, and
//! nothing about who followed it is kept. It leads to the article's own address as the store has it and nowhere else.

use std::collections::BTreeMap;

use crate::articles::ArticleId;
use crate::config::PublicUrl;
use crate::db::Db;
use crate::{execute, fetch_all, fetch_optional};

use super::clicks_sql as sql;
use super::edition::EditionId;

/// Where counted links begin.
pub const PATH: &str = "/c/";

/// The link by which an opening of the article is counted.
pub(super) fn link(public_url: &PublicUrl, edition: EditionId, article: ArticleId) -> String {
    public_url.join(&format!("{PATH}{edition}/{article}"))
}

/// Where a counted link leads, and the slug of its newsletter; nothing when no edition has the article.
///
/// # Errors
/// When the store fails.
pub async fn target(
    db: &Db,
    edition: EditionId,
    article: ArticleId,
) -> sqlx::Result<Option<(String, String)>> {
    fetch_optional!(db, sql::CLICK_TARGET, edition, article)
}

/// Adds what was counted.
///
/// # Errors
/// When the store fails; nothing was added then.
pub async fn add(db: &Db, counted: &BTreeMap<(EditionId, ArticleId), i64>) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for ((edition, article), clicks) in counted {
        execute!(&mut tx, sql::ADD_CLICKS, *edition, *article, *clicks)?;
    }
    tx.commit().await
}

/// How often each article of an edition was opened; those that never were are left out.
///
/// # Errors
/// When the store fails.
pub async fn of_edition(db: &Db, edition: EditionId) -> sqlx::Result<BTreeMap<ArticleId, i64>> {
    let rows: Vec<(ArticleId, i64)> = fetch_all!(db, sql::CLICKS_OF_EDITION, edition)?;
    Ok(rows.into_iter().collect())
}
