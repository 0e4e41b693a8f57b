//! Which articles a feed shows: one query, flat at a million articles.

use std::str::FromStr;

use super::spec::Publication;
use crate::articles::CategoryId;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::{fetch_all, statements};

statements! {
    // $1 category, $2 now, $3 items, $4 window (ms), $5 most items.
    // `newest` walks article_categories_latest, `recent` article_categories_appeared; the category's row is joined so
    // that version and articles are of one moment. A left join: an empty feed has a version too.
    CHOOSE = "
        WITH newest AS (
            SELECT ac.article_id FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND ac.published_at <= $2 AND a.retracted_at IS NULL
            ORDER BY ac.published_at DESC, ac.article_id DESC LIMIT $3
        ), recent AS (
            SELECT ac.article_id FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
                AND ac.appeared_at >= (
                    SELECT ac.appeared_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
                    WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
                    ORDER BY ac.appeared_at DESC LIMIT 1) - $4
                AND NOT EXISTS (SELECT 1 FROM newest n WHERE n.article_id = ac.article_id)
            ORDER BY ac.appeared_at DESC, ac.article_id DESC LIMIT $5 - $3
        ), chosen AS (SELECT article_id FROM newest UNION ALL SELECT article_id FROM recent)
        SELECT c.feed_version, c.feed_changed_at,
            (SELECT ac.published_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND ac.published_at > $2 AND a.retracted_at IS NULL
             ORDER BY ac.published_at LIMIT 1) AS next_at,
            a.entry_id, a.url, a.title, a.summary, a.body, a.authors, a.tags, a.image_url, a.image_alt,
            a.published_at, a.updated_at,
            (SELECT string_agg(CAST(ac.category_id AS TEXT), ',' ORDER BY ac.position, ac.category_id)
             FROM article_categories ac WHERE ac.article_id = a.id) AS categories
        FROM categories c
        LEFT JOIN chosen ON TRUE
        LEFT JOIN articles a ON a.id = chosen.article_id
        WHERE c.id = $1
        ORDER BY a.published_at DESC, a.id DESC";
}

/// An article as a feed shows it, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The id in every feed, for ever.
    pub entry_id: String,
    /// Its page.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// Plain text, perhaps empty.
    pub summary: String,
    /// Clean HTML.
    pub body: String,
    /// Names.
    pub authors: Vec<String>,
    /// Names.
    pub tags: Vec<String>,
    /// The leading image.
    pub image: Option<Image>,
    /// When it was first published.
    pub published_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Every category it is in, its own order first.
    pub categories: Vec<CategoryId>,
}

/// An article's leading image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub url: String,
    /// What it shows, perhaps empty.
    pub alt: String,
}

/// What a feed shows at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The version of the feed that these articles are.
    pub version: i64,
    /// When that version came to be.
    pub changed_at: Timestamp,
    /// When the next embargo ends, which changes the feed without a new version.
    pub next_at: Option<Timestamp>,
    /// The articles, newest first, then by id.
    pub items: Vec<Item>,
}

impl Choice {
    /// The newest change that shows in the feed, in whole seconds: a new version, or the last embargo's end that has
    /// passed. It never goes back: what takes an article away makes a new version.
    #[must_use]
    pub fn newest_change(&self) -> Timestamp {
        let published = self.items.first().map(|item| item.published_at);
        published.map_or(self.changed_at, |at| at.max(self.changed_at)).whole_second()
    }
}

/// A row of [`CHOOSE`]; an empty feed is one row without an article.
#[derive(sqlx::FromRow)]
struct Row {
    feed_version: i64,
    feed_changed_at: Timestamp,
    next_at: Option<Timestamp>,
    entry_id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    body: Option<String>,
    authors: Option<String>,
    tags: Option<String>,
    image_url: Option<String>,
    image_alt: Option<String>,
    published_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    categories: Option<String>,
}

impl Row {
    fn item(self) -> Option<Item> {
        Some(Item {
            entry_id: self.entry_id?,
            url: self.url?,
            title: self.title?,
            summary: self.summary?,
            body: self.body?,
            authors: names(&self.authors?),
            tags: names(&self.tags?),
            image: self
                .image_url
                .filter(|url| !url.is_empty())
                .map(|url| Image { url, alt: self.image_alt.unwrap_or_default() }),
            published_at: self.published_at?,
            updated_at: self.updated_at?,
            categories: self
                .categories
                .unwrap_or_default()
                .split(',')
                .filter_map(|id| CategoryId::from_str(id).ok())
                .collect(),
        })
    }
}

/// Names stored as a JSON array; anything else is no names.
fn names(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// What the feeds of `view` show at `now`: the newest articles, and every one whose appearance in the feed lies within
/// the window before the feed's newest appearance, so that whoever polls that often misses none (at most
/// [`Publication::MOST_ITEMS`]). `None` when there is no such category.
///
/// # Errors
/// When the store fails.
pub async fn choose(
    db: &Db,
    view: CategoryId,
    publication: &Publication,
    now: Timestamp,
) -> sqlx::Result<Option<Choice>> {
    let items = publication.items.clamp(1, Publication::MOST_ITEMS);
    let rows: Vec<Row> =
        fetch_all!(db, CHOOSE, view, now, items, publication.window, Publication::MOST_ITEMS)?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Choice {
        version: first.feed_version,
        changed_at: first.feed_changed_at,
        next_at: first.next_at,
        items: rows.into_iter().filter_map(Row::item).collect(),
    }))
}
