//! Which articles a feed shows: one query, flat at a million articles.

use super::item::{Item, ItemRow};
use super::spec::{Options, Publication};
use crate::articles::CategoryId;
use crate::clock::{DAY, Timestamp};
use crate::db::Db;
use crate::{fetch_all, statements};

statements! {
    // $1 category, $2 now, $3 items, $4 window (ms), $5 most items, $6 how long a tombstone stands (ms).
    // `newest` and the next embargo walk article_categories_latest; `last`, `recent` and what came before its day
    // article_categories_appeared; `gone` articles_retracted. The category's row is joined so that version and articles are
    // of one moment. A left join: an empty feed has a version too.
    CHOOSE = "
        WITH newest AS (
            SELECT ac.article_id FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND ac.published_at <= $2 AND a.retracted_at IS NULL
            ORDER BY ac.published_at DESC, ac.article_id DESC LIMIT $3
        ), last AS (
            SELECT ac.appeared_at AS at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
            ORDER BY ac.appeared_at DESC LIMIT 1
        ), recent AS (
            SELECT ac.article_id FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
                AND ac.appeared_at >= (SELECT at FROM last) - $4
                AND NOT EXISTS (SELECT 1 FROM newest n WHERE n.article_id = ac.article_id)
            ORDER BY ac.appeared_at DESC, ac.article_id DESC LIMIT $5 - $3
        ), gone AS (
            SELECT a.id AS article_id FROM articles a CROSS JOIN article_categories ac
            WHERE a.retracted_at > $2 - $6 AND ac.article_id = a.id AND ac.category_id = $1
                AND ac.published_at <= a.retracted_at
            ORDER BY a.retracted_at DESC, a.id DESC LIMIT $5
        ), chosen AS (
            SELECT article_id FROM newest UNION ALL SELECT article_id FROM recent UNION ALL SELECT article_id FROM gone
        )
        SELECT c.feed_version, c.feed_changed_at,
            (SELECT ac.published_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND ac.published_at > $2 AND a.retracted_at IS NULL
             ORDER BY ac.published_at LIMIT 1) AS next_at,
            (SELECT at FROM last) AS last_at,
            (SELECT ac.appeared_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
                AND ac.appeared_at < (SELECT at - at % 86400000 FROM last)
             ORDER BY ac.appeared_at DESC LIMIT 1) AS before_at,
            (SELECT a.retracted_at FROM articles a CROSS JOIN article_categories ac
             WHERE a.retracted_at <= $2 - $6 AND ac.article_id = a.id AND ac.category_id = $1
                AND ac.published_at <= a.retracted_at
             ORDER BY a.retracted_at DESC LIMIT 1) AS forgotten_at,
            a.entry_id, a.url, a.title, a.summary, a.body, a.authors, a.tags, a.image_url, a.image_alt,
            a.image_width, a.image_height, a.image_bytes, a.published_at, a.updated_at, a.retracted_at,
            (SELECT string_agg(CAST(ac.category_id AS TEXT), ',' ORDER BY ac.position, ac.category_id)
             FROM article_categories ac WHERE ac.article_id = a.id) AS categories
        FROM categories c
        LEFT JOIN chosen ON TRUE
        LEFT JOIN articles a ON a.id = chosen.article_id
        WHERE c.id = $1
        ORDER BY a.published_at DESC, a.id DESC";
}

/// What a feed shows at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The version of the feed that these articles are.
    pub version: i64,
    /// When that version came to be.
    pub changed_at: Timestamp,
    /// When the next embargo or the next tombstone ends, which changes the feed without a new version.
    pub next_at: Option<Timestamp>,
    /// The articles, newest first, then by id.
    pub items: Vec<Item>,
    /// What was taken back within [`TOMBSTONE`] and had been shown, the latest first.
    pub tombstones: Vec<Tombstone>,
    /// When the last tombstone ended.
    pub tombstone_ended_at: Option<Timestamp>,
    /// When its newest article appeared in the feed.
    pub last_at: Option<Timestamp>,
    /// When the newest one appeared in it that came before the (UTC) day of `last_at`.
    pub before_at: Option<Timestamp>,
}

/// An article taken back, as RFC 6721 tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The id it had.
    pub entry_id: String,
    /// When it was taken back.
    pub at: Timestamp,
}

/// How long (ms) a feed tells that an article was taken back.
pub const TOMBSTONE: i64 = 30 * DAY;

impl Choice {
    /// The newest change that shows in the feed, in whole seconds: a new version, or the last embargo's end that has
    /// passed. It never goes back: what takes an article away makes a new version.
    #[must_use]
    pub fn newest_change(&self) -> Timestamp {
        let published = self.items.first().map(|item| item.published_at);
        published.map_or(self.changed_at, |at| at.max(self.changed_at)).whole_second()
    }

    /// The same for a syntax that shows tombstones: one that ended shows too.
    #[must_use]
    pub fn newest_change_with_tombstones(&self) -> Timestamp {
        let ended = self.tombstone_ended_at.unwrap_or(self.changed_at);
        self.newest_change().max(ended.whole_second())
    }

    /// Puts what rows say of the feed and of its articles together.
    fn of(rows: Vec<Row>) -> Option<Self> {
        let first = rows.first()?;
        let embargo = first.next_at;
        let mut choice = Self {
            version: first.feed_version,
            changed_at: first.feed_changed_at,
            tombstone_ended_at: first.forgotten_at.map(|at| at.plus(TOMBSTONE)),
            last_at: first.last_at,
            before_at: first.before_at,
            ..Self::default()
        };
        for row in rows {
            match (row.retracted_at, row.entry_id.as_ref()) {
                (Some(at), Some(entry_id)) => {
                    choice.tombstones.push(Tombstone { entry_id: entry_id.clone(), at });
                }
                _ => choice.items.extend(row.article.item()),
            }
        }
        choice.tombstones.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.entry_id.cmp(&b.entry_id)));
        let tombstone = choice.tombstones.last().map(|last| last.at.plus(TOMBSTONE));
        choice.next_at = embargo.into_iter().chain(tombstone).min();
        Some(choice)
    }
}

/// A row of [`CHOOSE`]; an empty feed is one row without an article.
#[derive(sqlx::FromRow)]
struct Row {
    feed_version: i64,
    feed_changed_at: Timestamp,
    next_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    before_at: Option<Timestamp>,
    forgotten_at: Option<Timestamp>,
    entry_id: Option<String>,
    retracted_at: Option<Timestamp>,
    #[sqlx(flatten)]
    article: ItemRow,
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
    options: &Options,
    now: Timestamp,
) -> sqlx::Result<Option<Choice>> {
    let items = options.items.clamp(1, Publication::MOST_ITEMS);
    let rows: Vec<Row> =
        fetch_all!(db, CHOOSE, view, now, items, options.window, Publication::MOST_ITEMS, TOMBSTONE)?;
    Ok(Choice::of(rows))
}
