//! Articles out of the store, for verbs and pages.

use crate::clock::Timestamp;
use crate::db::Db;
use crate::{fetch_all, fetch_optional};

use super::article::{Article, ArticleId, Image};
use super::category;
use super::sql::{ARTICLES_AT, GET_ARTICLE, LATEST_ARTICLES};

/// The article.
///
/// # Errors
/// When the store fails.
pub async fn get(db: &Db, id: ArticleId) -> sqlx::Result<Option<Article>> {
    let row: Option<Row> = fetch_optional!(db, GET_ARTICLE, id)?;
    Ok(row.map(Article::from))
}

/// The articles meant by a number or by the address of a page; several sources may have brought one page.
///
/// # Errors
/// When the store fails.
pub async fn find(db: &Db, id_or_url: &str) -> sqlx::Result<Vec<Article>> {
    let ids: Vec<(ArticleId,)> = match id_or_url.parse() {
        Ok(id) => vec![(id,)],
        Err(_) => fetch_all!(db, ARTICLES_AT, id_or_url.trim())?,
    };
    let mut found = Vec::new();
    for (id,) in ids {
        found.extend(get(db, id).await?);
    }
    Ok(found)
}

/// The newest articles, embargoed and retracted ones included: of a category (by slug), or of all.
///
/// # Errors
/// When the store fails; with [`sqlx::Error::RowNotFound`] when there is no such category.
pub async fn list(db: &Db, category: Option<&str>, number: u32) -> sqlx::Result<Vec<Article>> {
    let wanted = category.unwrap_or("tout");
    let all = category::list(db).await?;
    let id = match all.into_iter().find(|c| c.slug == wanted) {
        Some(category) => category.id,
        None if category.is_none() => return Ok(Vec::new()),
        None => return Err(sqlx::Error::RowNotFound),
    };
    let ids: Vec<(ArticleId,)> = fetch_all!(db, LATEST_ARTICLES, id, i64::from(number))?;
    let mut found = Vec::with_capacity(ids.len());
    for (id,) in ids {
        found.extend(get(db, id).await?);
    }
    Ok(found)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ArticleId,
    source: String,
    external_id: String,
    entry_id: String,
    origin_id: Option<String>,
    url: String,
    title: String,
    summary: String,
    body: String,
    authors: String,
    tags: String,
    image_url: Option<String>,
    image_alt: Option<String>,
    image_width: Option<i64>,
    image_height: Option<i64>,
    image_bytes: Option<i64>,
    published_at: Timestamp,
    updated_at: Timestamp,
    first_seen_at: Timestamp,
    appeared_at: Timestamp,
    archive: bool,
    retracted_at: Option<Timestamp>,
    categories: Option<String>,
}

impl From<Row> for Article {
    fn from(row: Row) -> Self {
        let names = |json: &str| serde_json::from_str(json).unwrap_or_default();
        let pixels = |column: Option<i64>| column.and_then(|pixels| u32::try_from(pixels).ok());
        let slugs = row.categories.as_deref().unwrap_or_default().split(',').filter(|s| !s.is_empty());
        Self {
            id: row.id,
            authors: names(&row.authors),
            tags: names(&row.tags),
            categories: slugs.map(str::to_owned).collect(),
            image: row.image_url.map(|url| Image {
                size: pixels(row.image_width).zip(pixels(row.image_height)),
                bytes: row.image_bytes.and_then(|bytes| bytes.try_into().ok()),
                ..Image::new(url, row.image_alt.unwrap_or_default())
            }),
            source: row.source,
            external_id: row.external_id,
            entry_id: row.entry_id,
            origin_id: row.origin_id,
            url: row.url,
            title: row.title,
            summary: row.summary,
            body: row.body,
            published_at: row.published_at,
            updated_at: row.updated_at,
            first_seen_at: row.first_seen_at,
            appeared_at: row.appeared_at,
            archive: row.archive,
            retracted_at: row.retracted_at,
        }
    }
}
