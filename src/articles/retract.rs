//! An article taken back.

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::{execute, fetch_all, fetch_one};

use super::article::ArticleId;
use super::category::CategoryId;
use super::feed_version::Touched;
use super::sql::{ARTICLE_AS_STORED, ARTICLE_FILED_IN, RETRACT_ARTICLE};
use super::stored::{AsStored, FiledIn};

/// Takes an article out of feeds and coming editions. `false` when it was retracted already or is not there.
///
/// # Errors
/// When the store fails.
pub async fn retract(db: &Db, id: ArticleId, now: Timestamp) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let retracted = retract_in(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(retracted)
}

/// The same inside a transaction of the caller's.
///
/// # Errors
/// When the store fails.
pub async fn retract_in(tx: &mut Tx, id: ArticleId, now: Timestamp) -> sqlx::Result<bool> {
    if execute!(tx, RETRACT_ARTICLE, id, now)? == 0 {
        return Ok(false);
    }
    let old: AsStored = fetch_one!(tx, ARTICLE_AS_STORED, id)?;
    let filed_in: Vec<FiledIn> = fetch_all!(tx, ARTICLE_FILED_IN, id)?;
    let categories: Vec<CategoryId> = filed_in.iter().map(|filed| filed.category_id).collect();
    let mut touched = Touched::default();
    touched.add(&categories, old.published_at <= now);
    touched.bump(tx, now).await?;
    Ok(true)
}
