//! Copies of articles, by set: a store with a million of them in a minute, to measure with.

use crate::db::Db;
use crate::{execute, fetch_one, statements};

statements! {
    // $1 and $2: the first and last number of the copies to make of each original. $3: how far a copy lies before the
    // one before it (ms). A copy remembers its original as `origin_id`.
    COPY_ARTICLES = "
        INSERT INTO articles (source_id, external_id, entry_id, origin_id, url, title, summary, body, authors, tags,
            primary_category_id, published_at, updated_at, first_seen_at, appeared_at, archive, content_hash)
        WITH RECURSIVE copy(n) AS (
            SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM copy WHERE n < $2)
        SELECT a.source_id, a.external_id || '-' || CAST(n AS TEXT), a.entry_id || '-' || CAST(n AS TEXT),
            CAST(a.id AS TEXT), a.url || '-' || CAST(n AS TEXT), a.title, a.summary, a.body, a.authors, a.tags,
            a.primary_category_id, a.published_at - n * $3, a.updated_at - n * $3, a.first_seen_at,
            a.appeared_at - n * $3, a.archive, a.content_hash
        FROM copy CROSS JOIN articles a WHERE a.origin_id IS NULL";
    COPY_FILING = "
        INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
        SELECT a.id, f.category_id, f.position, a.published_at, a.appeared_at
        FROM articles a JOIN article_categories f ON f.article_id = CAST(a.origin_id AS BIGINT)
        WHERE a.id > $1";
    COUNT_ARTICLES = "SELECT count(*) AS articles, coalesce(max(id), 0) AS last FROM articles";
}

/// As many rows at once.
const AT_ONCE: i64 = 20_000;

/// Copies the articles of a store that holds nothing else, each `span` ms before the one it was made of, until there are
/// `wanted` or a little more. Gives how many there are.
///
/// # Errors
/// When the store fails.
pub async fn copy_until(db: &Db, wanted: i64, span: i64) -> sqlx::Result<i64> {
    let (originals, mut last): (i64, i64) = fetch_one!(db, COUNT_ARTICLES)?;
    let rounds = (wanted - originals + originals - 1) / originals.max(1);
    let step = (AT_ONCE / originals.max(1)).max(1);
    let mut round = 1;
    while round <= rounds {
        let until = (round + step - 1).min(rounds);
        let mut tx = db.begin().await?;
        execute!(&mut tx, COPY_ARTICLES, round, until, span)?;
        execute!(&mut tx, COPY_FILING, last)?;
        tx.commit().await?;
        let (_, newest): (i64, i64) = fetch_one!(db, COUNT_ARTICLES)?;
        last = newest;
        round = until + 1;
    }
    let (articles, _): (i64, i64) = fetch_one!(db, COUNT_ARTICLES)?;
    Ok(articles)
}
