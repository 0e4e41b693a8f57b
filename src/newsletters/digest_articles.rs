//! The articles of an edition, as a digest shows them.

use std::collections::HashMap;

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::config::DigestContent;
use crate::db::{Tx, json_list};
use crate::fetch_all;
use crate::html::{mail_body, mail_body_text};
use crate::images;

use super::declaration::Declaration;
use super::digest_view::BodyView;
use super::mail_images::ArticleImage;
use super::makeup_sql;
use super::seen::Placed;
use super::selection::Taken;
use super::sql;

/// An article with everything that a digest says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestArticle {
    /// Its place among the others.
    pub placed: Placed,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// The whole text, when digests bring it.
    pub body: Option<BodyView>,
    /// Where it stands.
    pub url: String,
    /// Names.
    pub authors: Vec<String>,
    /// Its picture, and what was made of it until now.
    pub image: Option<ArticleImage>,
    /// First publication.
    pub published_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ArticleId,
    title: String,
    summary: String,
    url: String,
    authors: String,
    image_url: Option<String>,
    image_alt: Option<String>,
    image_width: Option<i64>,
    image_height: Option<i64>,
    published_at: Timestamp,
    primary_category_id: Option<CategoryId>,
    content_hash: Vec<u8>,
}

/// Reads the articles, in the order and with the roles given.
pub(super) async fn load(tx: &mut Tx, taken: &[Taken]) -> sqlx::Result<Vec<DigestArticle>> {
    let ids = json_list(taken.iter().map(|taken| taken.article.0));
    let rows: Vec<Row> = fetch_all!(tx, sql::DIGEST_ARTICLES, ids.as_str())?;
    let mut categories = categories_of(tx, taken.iter().map(|taken| taken.article)).await?;
    let known = images::by_url(tx, rows.iter().filter_map(|row| row.image_url.as_deref())).await?;
    let pixels = |side: Option<i64>| u32::try_from(side?).ok();
    let image = |row: &mut Row| {
        let url = row.image_url.take().filter(|url| !url.is_empty())?;
        Some(ArticleImage {
            known: known.get(&url).cloned(),
            url,
            alt: row.image_alt.take().unwrap_or_default(),
            pixels: pixels(row.image_width).zip(pixels(row.image_height)),
        })
    };
    let mut rows: HashMap<ArticleId, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    let article = |taken: &Taken| {
        let mut row = rows.remove(&taken.article)?;
        let image = image(&mut row);
        Some(DigestArticle {
            placed: Placed {
                article: row.id,
                role: taken.role,
                primary: row.primary_category_id,
                categories: categories.remove(&row.id).unwrap_or_default(),
                content_hash: row.content_hash,
            },
            title: row.title,
            summary: row.summary,
            body: None,
            url: row.url,
            authors: serde_json::from_str(&row.authors).unwrap_or_default(),
            image,
            published_at: row.published_at,
        })
    };
    Ok(taken.iter().filter_map(article).collect())
}

/// Reads the articles as the newsletter's mails show them: with their whole texts where it brings those.
pub(super) async fn load_for(
    tx: &mut Tx,
    declaration: &Declaration,
    taken: &[Taken],
) -> sqlx::Result<Vec<DigestArticle>> {
    let mut articles = load(tx, taken).await?;
    if declaration.makeup.content == DigestContent::Full {
        read_bodies(tx, &mut articles).await?;
    }
    Ok(articles)
}

/// Gives each article its whole text, made for mails. One without text keeps its summary.
async fn read_bodies(tx: &mut Tx, articles: &mut [DigestArticle]) -> sqlx::Result<()> {
    let ids = json_list(articles.iter().map(|article| article.placed.article.0));
    let rows: Vec<(ArticleId, String)> = fetch_all!(tx, makeup_sql::DIGEST_BODIES, ids.as_str())?;
    for (id, body) in rows {
        let html = mail_body(&body);
        let article = articles.iter_mut().find(|article| article.placed.article == id);
        if let Some(article) = article.filter(|_| !html.is_empty()) {
            article.body = Some(BodyView { html, text: mail_body_text(&body) });
        }
    }
    Ok(())
}

/// The categories of each of these articles, in the order in which it is filed.
pub(super) async fn categories_of(
    tx: &mut Tx,
    articles: impl Iterator<Item = ArticleId>,
) -> sqlx::Result<HashMap<ArticleId, Vec<CategoryId>>> {
    let ids = json_list(articles.map(|article| article.0));
    let pairs: Vec<(ArticleId, CategoryId)> = fetch_all!(tx, sql::CATEGORIES_OF_ARTICLES, ids.as_str())?;
    let mut categories: HashMap<ArticleId, Vec<CategoryId>> = HashMap::new();
    for (article, category) in pairs {
        categories.entry(article).or_default().push(category);
    }
    Ok(categories)
}
