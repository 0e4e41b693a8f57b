//! Archives of a feed (RFC 5005 §4): built when asked for, kept while they last.
//!
//! Nobody polls them; they are for who comes anew or was away. So they are not held ready like the feeds: one is built
//! at a time, and some of the last are kept as long as their feed's version stands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use super::document::{Document, Part, Rubrics};
use super::item::ItemRow;
use super::items::Choice;
use super::period::Period;
use super::snapshot::{Coding, Snapshot};
use super::spec::{ArchivePath, Format, Publication, View};
use super::{atom, rss};
use crate::clock::Timestamp;
use crate::db::Db;
use crate::{fetch_all, statements};

statements! {
    // $1 category, $2 now, $3 and $4 the period, $5 most articles, $6 most whole texts. All walk article_categories_appeared.
    ARCHIVED = "
        WITH chosen AS (
            SELECT ac.article_id, row_number() OVER (ORDER BY ac.appeared_at DESC, ac.article_id DESC) AS place
            FROM article_categories ac JOIN articles a ON a.id = ac.article_id
            WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
                AND ac.appeared_at >= $3 AND ac.appeared_at < $4
            ORDER BY ac.appeared_at DESC, ac.article_id DESC LIMIT $5
        )
        SELECT c.feed_version, c.feed_changed_at,
            (SELECT ac.appeared_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL
             ORDER BY ac.appeared_at DESC LIMIT 1) AS last_at,
            (SELECT ac.appeared_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL AND ac.appeared_at < $3
             ORDER BY ac.appeared_at DESC LIMIT 1) AS before_at,
            (SELECT ac.appeared_at FROM article_categories ac JOIN articles a ON a.id = ac.article_id
             WHERE ac.category_id = $1 AND +ac.published_at <= $2 AND a.retracted_at IS NULL AND ac.appeared_at >= $4
             ORDER BY ac.appeared_at LIMIT 1) AS after_at,
            a.entry_id, a.url, a.title, a.summary, CASE WHEN chosen.place <= $6 THEN a.body ELSE '' END AS body,
            a.authors, a.tags, a.image_url, a.image_alt, a.image_width, a.image_height, a.image_bytes,
            a.published_at, a.updated_at,
            (SELECT string_agg(CAST(ac.category_id AS TEXT), ',' ORDER BY ac.position, ac.category_id)
             FROM article_categories ac WHERE ac.article_id = a.id) AS categories
        FROM categories c
        LEFT JOIN chosen ON TRUE
        LEFT JOIN articles a ON a.id = chosen.article_id
        WHERE c.id = $1
        ORDER BY chosen.place";
}

/// No archive names more articles: a rubric with ten a day stays far below in a month.
const MOST_ARTICLES: i64 = 10_000;

/// The newest of them have their whole text, the others their summary.
const MOST_TEXTS: i64 = 1_000;

/// What is kept, in bytes of what is sent.
const KEPT: usize = 16 * 1024 * 1024;

/// The archives last asked for. Cheap while nobody asks.
#[derive(Debug, Default)]
pub(super) struct Archives {
    kept: Mutex<VecDeque<Kept>>,
    /// One is built at a time: a crawler that asks for all of them must not fill the memory.
    building: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Kept {
    path: ArchivePath,
    version: i64,
    snapshot: Arc<Snapshot>,
}

impl Kept {
    fn size(&self) -> usize {
        [Coding::Identity, Coding::Gzip].iter().map(|coding| self.snapshot.body(*coding).len()).sum()
    }
}

/// What an archive is made with besides its articles.
pub(super) struct Making<'a> {
    pub(super) view: &'a View,
    pub(super) rubrics: &'a Arc<Rubrics>,
    pub(super) publication: &'a Arc<Publication>,
}

#[derive(sqlx::FromRow)]
struct Row {
    feed_version: i64,
    feed_changed_at: Timestamp,
    last_at: Option<Timestamp>,
    before_at: Option<Timestamp>,
    after_at: Option<Timestamp>,
    #[sqlx(flatten)]
    article: ItemRow,
}

impl Archives {
    /// The archive, kept or built; `None` when its period is not over yet, or holds nothing.
    ///
    /// # Errors
    /// When the store fails or the document cannot be written.
    pub(super) async fn get(
        &self,
        db: &Db,
        path: &ArchivePath,
        making: Making<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Option<Arc<Snapshot>>> {
        if let Some(snapshot) = self.kept(path, making.view.feed_version) {
            return Ok(Some(snapshot));
        }
        let _one_at_a_time = self.building.lock().await;
        if let Some(snapshot) = self.kept(path, making.view.feed_version) {
            return Ok(Some(snapshot));
        }
        let (from, to) = path.period.bounds();
        let rows: Vec<Row> =
            fetch_all!(db, ARCHIVED, making.view.id, now, from, to, MOST_ARTICLES, MOST_TEXTS)
                .with_context(|| format!("cannot read the archive {}", path.from_root()))?;
        let Some(first) = rows.first() else { return Ok(None) };
        if first.last_at.is_none_or(|last| last < to) {
            return Ok(None);
        }
        let version = first.feed_version;
        let (view, path_of) = (making.view.clone(), path.clone());
        let (rubrics, publication) = (Arc::clone(making.rubrics), Arc::clone(making.publication));
        let built = tokio::task::spawn_blocking(move || build(&view, &path_of, rows, &rubrics, &publication));
        let Some(snapshot) = built.await.context("building an archive panicked")?? else { return Ok(None) };
        let snapshot = Arc::new(snapshot);
        self.keep(Kept { path: path.clone(), version, snapshot: Arc::clone(&snapshot) });
        Ok(Some(snapshot))
    }

    fn kept(&self, path: &ArchivePath, version: i64) -> Option<Arc<Snapshot>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|kept| kept.path == *path && kept.version == version)?;
        Some(Arc::clone(&found.snapshot))
    }

    fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|old| old.path != new.path);
        kept.push_front(new);
        let mut size = 0;
        kept.retain(|one| {
            size += one.size();
            size <= KEPT
        });
    }
}

/// Writes the document; `None` without articles.
fn build(
    view: &View,
    path: &ArchivePath,
    rows: Vec<Row>,
    rubrics: &Rubrics,
    publication: &Publication,
) -> anyhow::Result<Option<Snapshot>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let (changed_at, last_at) = (first.feed_changed_at, first.last_at);
    let (before_at, after_at) = (first.before_at, first.after_at);
    // The month after it is an archive once it is over too: when something newer than it has appeared.
    let is_over = |period: &Period| last_at.is_some_and(|last| last >= period.bounds().1);
    let choice = Choice {
        changed_at,
        items: rows.into_iter().filter_map(|row| row.article.item()).collect(),
        ..Choice::default()
    };
    if choice.items.is_empty() {
        return Ok(None);
    }
    let mut document = Document::new(view, &choice, rubrics, publication);
    document.part = Part::Archive {
        period: path.period,
        previous: before_at.map(Period::month_of),
        next: after_at.map(Period::month_of).filter(|next| *next != path.period).filter(is_over),
    };
    // Its own articles date it, so that it stays as it is while the feed goes on.
    document.updated = document.entries.iter().map(|entry| entry.updated).max().unwrap_or(document.updated);
    let bytes = match path.format {
        Format::Rss => rss::write(&document, publication)?,
        Format::Atom => atom::write(&document, publication)?,
        Format::Json => return Ok(None),
    };
    Ok(Some(Snapshot::new(path.format, bytes, changed_at.whole_second(), None)?))
}
