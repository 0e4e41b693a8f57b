//! Every feed's ready bytes, in memory.
//!
//! Serving reads them and nothing else. A refresh compares the feeds' versions in the database with what the bytes
//! were built from and rebuilds those that changed or whose next embargo ended; while the database is away the last
//! good bytes stay.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;

use super::agreement::Agreement;
use super::archive::{Archives, Making};
use super::document::{Rubrics, rubrics};
use super::feed::{Feed, Listing, listings};
use super::hub::Topics;
use super::items::choose;
use super::letter::{self, Letter, LetterListing, Letters};
use super::opml;
use super::rebuild::{self, Builders, Rebuild};
use super::snapshot::{Coding, Snapshot};
use super::spec::{ArchivePath, FeedPath, Format, Publication, View};
use crate::articles::CategoryId;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::{fetch_all, statements};

statements! {
    VIEWS = "SELECT id, slug, name, kind, listed, removed, feed_id, feed_version, feed_changed_at
        FROM categories ORDER BY position, id";
    ALIASES = "SELECT slug, category_id FROM category_aliases ORDER BY slug";
    // Of two sites that gave one number the first counts, which is read last.
    OLD_NAMES = "SELECT term AS name, category_id, source_id AS place FROM origin_terms
        UNION ALL
        SELECT 'author=' || author AS name, category_id, 0 AS place FROM feed_rules WHERE author IS NOT NULL
        ORDER BY place DESC, name, category_id DESC";
}

/// Every feed, ready to be sent. Cheap to clone; clones are one store.
#[derive(Debug, Clone)]
pub struct FeedStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    publication: RwLock<Arc<Publication>>,
    shelf: RwLock<Arc<Shelf>>,
    /// One refresh at a time.
    refreshing: tokio::sync::Mutex<()>,
    agreement: Agreement,
    swapped: tokio::sync::Notify,
    /// Counts what was swapped in.
    generation: tokio::sync::watch::Sender<u64>,
    archives: Archives,
    letters: Letters,
}

/// What is ready at a moment; swapped as a whole.
#[derive(Debug, Default)]
struct Shelf {
    publication: Option<Arc<Publication>>,
    rubrics: Arc<Rubrics>,
    feeds: Vec<Arc<Feed>>,
    /// By the last part of the address: `politique.rss`.
    snapshots: HashMap<String, Arc<Snapshot>>,
    /// Slugs that are no live category's.
    former: HashMap<String, Former>,
    /// What the addresses of a site's former system name: `cat=7`, `category=eco`, `author=afi-kossi`.
    old_names: HashMap<String, Former>,
    /// The list of feeds.
    opml: Option<Arc<Snapshot>>,
}

/// What a slug of old leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Former {
    Moved(String),
    Gone,
}

/// What stands at a feed's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The feed.
    Ready(Arc<Snapshot>),
    /// The category was renamed: it is at this path from the root now.
    Moved(String),
    /// The category was removed for good.
    Gone,
    /// Never was a feed.
    Unknown,
    /// Nobody knows yet: the first refresh has not ended.
    NotYet,
}

/// How a site's former system named a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldName<'a> {
    /// The number it gave a category.
    Number(&'a str),
    /// The slug it gave a category whose name means one of ours.
    Slug(&'a str),
    /// An author's slug.
    Author(&'a str),
}

/// What a refresh did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Categories whose feeds were built anew.
    pub rebuilt: usize,
    /// When the next embargo ends: the moment to refresh again, whatever else happens.
    pub next_at: Option<Timestamp>,
}

impl FeedStore {
    /// An empty store: everything is [`Found::NotYet`] until the first [`FeedStore::refresh`].
    #[must_use]
    pub fn new(publication: Publication) -> Self {
        Self(Arc::new(Inner {
            publication: RwLock::new(Arc::new(publication)),
            shelf: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            agreement: Agreement::default(),
            swapped: tokio::sync::Notify::new(),
            generation: tokio::sync::watch::Sender::new(0),
            archives: Archives::default(),
            letters: Letters::default(),
        }))
    }

    /// Takes what a reloaded configuration says; the next refresh builds every feed anew if it differs.
    pub fn set_publication(&self, publication: Publication) {
        *self.0.publication.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(publication);
    }

    /// The feed at `name`, the last part of its address, if there is one and it is ready.
    #[must_use]
    pub fn ready(&self, name: &str) -> Option<Arc<Snapshot>> {
        let shelf = self.0.shelf.read().unwrap_or_else(PoisonError::into_inner);
        shelf.snapshots.get(name).map(Arc::clone).or_else(|| self.0.letters.ready(name))
    }

    /// What stands at `name`, the last part of a feed's address.
    #[must_use]
    pub fn find(&self, name: &str) -> Found {
        if name.starts_with(letter::PREFIX) {
            return self.0.letters.find(name);
        }
        let shelf = self.shelf();
        if let Some(snapshot) = shelf.snapshots.get(name) {
            return Found::Ready(Arc::clone(snapshot));
        }
        let Ok(path) = name.parse::<FeedPath>() else { return Found::Unknown };
        if shelf.publication.is_none() {
            return Found::NotYet;
        }
        match shelf.former.get(&path.slug) {
            Some(Former::Moved(slug)) => Found::Moved(FeedPath { slug: slug.clone(), ..path }.from_root()),
            Some(Former::Gone) => Found::Gone,
            None => Found::Unknown,
        }
    }

    /// What the feed is now that a site's former system knew by `name`, in the format of ours that was asked for.
    #[must_use]
    pub fn find_old(&self, name: OldName<'_>, format: Format) -> Found {
        let shelf = self.shelf();
        let key = match name {
            OldName::Number(number) => format!("cat={number}"),
            OldName::Slug(slug) => format!("category={slug}"),
            OldName::Author(slug) => format!("author={slug}"),
        };
        match shelf.old_names.get(&key) {
            Some(Former::Moved(slug)) => Found::Moved(FeedPath { slug: slug.clone(), format }.from_root()),
            Some(Former::Gone) => Found::Gone,
            None if shelf.publication.is_none() => Found::NotYet,
            None => Found::Unknown,
        }
    }

    /// The list of feeds as OPML, once the first refresh has ended.
    #[must_use]
    pub fn opml(&self) -> Option<Arc<Snapshot>> {
        self.shelf().opml.clone()
    }

    /// What stands at the archive `name`, such as `2026-10.atom`, of the feed `slug`. Reads the database when it is not among
    /// those last asked for.
    ///
    /// # Errors
    /// When the store fails or the document cannot be written.
    pub async fn archive(&self, db: &Db, slug: &str, name: &str, now: Timestamp) -> anyhow::Result<Found> {
        let shelf = self.shelf();
        let Some(path) = ArchivePath::parse(slug, name) else { return Ok(Found::Unknown) };
        let Some(publication) = &shelf.publication else { return Ok(Found::NotYet) };
        if let Some(feed) = shelf.feeds.iter().find(|feed| feed.view.slug == slug) {
            let making = Making { view: &feed.view, rubrics: &shelf.rubrics, publication };
            let found = self.0.archives.get(db, &path, making, now).await?;
            return Ok(found.map_or(Found::Unknown, Found::Ready));
        }
        Ok(match shelf.former.get(slug) {
            Some(Former::Moved(slug)) => Found::Moved(ArchivePath { slug: slug.clone(), ..path }.from_root()),
            Some(Former::Gone) => Found::Gone,
            None => Found::Unknown,
        })
    }

    /// Whether the first refresh has ended.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shelf().publication.is_some()
    }

    /// The feeds for a list of them: all articles first, then the declared rubrics in their order.
    #[must_use]
    pub fn listings(&self) -> Vec<Listing> {
        listings(&self.shelf().feeds)
    }

    /// What tells when something was swapped in.
    #[must_use]
    pub fn generations(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.generation.subscribe()
    }

    /// The feeds of newsletters, in the order in which these were declared.
    #[must_use]
    pub fn letters(&self) -> Vec<LetterListing> {
        self.0.letters.listings()
    }

    /// What the feeds of newsletters were built from, as it was given to [`FeedStore::put_letters`]; none: they are to be built.
    #[must_use]
    pub fn letters_version(&self) -> Option<String> {
        self.0.letters.version(&self.0.publication.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Builds the feeds of newsletters. `former` has their former slugs, each with the present one.
    ///
    /// # Errors
    /// When a document cannot be written; those that were ready stay.
    pub fn put_letters(
        &self,
        letters: Vec<Letter>,
        former: Vec<(String, String)>,
        version: String,
    ) -> anyhow::Result<()> {
        let publication = Arc::clone(&self.0.publication.read().unwrap_or_else(PoisonError::into_inner));
        self.0.letters.put(letters, former, version, &publication)?;
        self.0.swapped.notify_one();
        Ok(())
    }

    /// Every feed with its documents, as a hub knows them.
    #[must_use]
    pub fn topics(&self) -> Vec<Topics> {
        let shelf = self.shelf();
        let Some(publication) = &shelf.publication else { return Vec::new() };
        shelf.feeds.iter().map(|feed| feed.topics(publication)).collect()
    }

    /// Every document that is ready, with its public address: each feed in every format, then the list of feeds.
    #[must_use]
    pub fn documents(&self) -> Vec<(String, Arc<Snapshot>)> {
        let shelf = self.shelf();
        let Some(publication) = &shelf.publication else { return Vec::new() };
        let feeds = shelf.feeds.iter().flat_map(|feed| {
            feed.snapshots.iter().map(|snapshot| (feed.address(snapshot, publication), Arc::clone(snapshot)))
        });
        let list = shelf.opml.iter().map(|opml| (publication.url(opml::PATH), Arc::clone(opml)));
        let letters = self.0.letters.documents().into_iter();
        feeds.chain(list).chain(letters.map(|(path, letter)| (publication.url(&path), letter))).collect()
    }

    /// Compares the database with what is ready, and rebuilds what changed.
    ///
    /// # Errors
    /// When the store fails or a feed cannot be written; everything that was ready stays.
    pub async fn refresh(&self, db: &Db, now: Timestamp) -> anyhow::Result<Refreshed> {
        let _one_at_a_time = self.0.refreshing.lock().await;
        let old = self.shelf();
        let publication = Arc::clone(&self.0.publication.read().unwrap_or_else(PoisonError::into_inner));
        let views: Vec<View> = fetch_all!(db, VIEWS).context("cannot read the feeds' versions")?;
        let aliases: Vec<(String, CategoryId)> =
            fetch_all!(db, ALIASES).context("cannot read the former slugs")?;
        let old_names: Vec<(String, CategoryId)> =
            fetch_all!(db, OLD_NAMES).context("cannot read what old addresses name")?;
        let rubrics = Arc::new(rubrics(&views, publication.style));
        let same_words = old.publication.as_ref() == Some(&publication) && old.rubrics == rubrics;

        let mut rebuilt = 0;
        let mut feeds = Vec::with_capacity(views.len());
        let builders = Builders::default();
        for view in views.iter().filter(|view| !view.removed) {
            let former = old.feeds.iter().find(|feed| feed.view.id == view.id);
            if let Some(feed) = former.filter(|feed| same_words && feed.is_fresh(view, now)) {
                feeds.push(Rebuild::Fresh(Arc::clone(feed)));
                continue;
            }
            // Before its articles are read: what is read ahead of the builders only fills memory.
            let builder = builders.free().await?;
            let choice = choose(db, view.id, publication.options(&view.slug), now)
                .await
                .with_context(|| format!("cannot read the articles of the feed {}", view.slug))?;
            // None: the category vanished meanwhile.
            let Some(choice) = choice else { continue };
            let (view, former) = (view.clone(), former.cloned());
            let (words, publisher) = (Arc::clone(&rubrics), Arc::clone(&publication));
            feeds.push(
                builder.begin(move || Feed::build(view, &choice, &words, &publisher, former.as_deref())),
            );
            rebuilt += 1;
        }
        let feeds = rebuild::all(feeds).await?;
        let next_at = feeds.iter().filter_map(|feed| feed.next_at).min();
        let former = former_slugs(&views, aliases);
        let old_names = current_slugs(&views, old_names);
        if rebuilt > 0
            || !same_words
            || old.feeds.len() != feeds.len()
            || old.former != former
            || old.old_names != old_names
        {
            let opml = opml::write(&publication, &listings(&feeds));
            // A list changes no later than a feed in it does.
            let changed = views.iter().map(|view| view.feed_changed_at).max().unwrap_or(now.whole_second());
            let opml = Snapshot::new(Format::Rss, opml, changed, old.opml.as_deref())?;
            self.put(Shelf {
                publication: Some(publication),
                rubrics,
                former,
                old_names,
                opml: Some(Arc::new(opml)),
                ..Shelf::of(feeds)
            });
        }
        self.0.agreement.reached(now);
        Ok(Refreshed { rebuilt, next_at })
    }

    /// For how many seconds it has not been known whether the feeds agree with the database; `None` as long as it is
    /// asked in time.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<u64> {
        self.0.agreement.age(now)
    }

    /// Waits until something was swapped in. One waiter: [`super::brotli`].
    pub(super) async fn swapped(&self) {
        self.0.swapped.notified().await;
    }

    /// A snapshot that is ready and has no brotli yet.
    pub(super) fn without_brotli(&self) -> Option<Arc<Snapshot>> {
        let shelf = self.shelf();
        let letters: Vec<_> = self.0.letters.documents().into_iter().map(|(_, letter)| letter).collect();
        let snapshots = shelf.feeds.iter().flat_map(|feed| &feed.snapshots).chain(&shelf.opml);
        let mut snapshots = snapshots.chain(&letters);
        snapshots.find(|snapshot| !snapshot.has(Coding::Brotli)).map(Arc::clone)
    }

    fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.0.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, shelf: Shelf) {
        *self.0.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
        self.0.swapped.notify_one();
        self.0.generation.send_modify(|generation| *generation += 1);
    }
}

impl Shelf {
    fn of(feeds: Vec<Arc<Feed>>) -> Self {
        let snapshots = feeds
            .iter()
            .flat_map(|feed| {
                feed.snapshots.iter().map(|snapshot| (feed.path(snapshot), Arc::clone(snapshot)))
            })
            .collect();
        Self { feeds, snapshots, ..Self::default() }
    }
}

/// What the slugs of removed categories and the former slugs of living ones lead to.
fn former_slugs(views: &[View], aliases: Vec<(String, CategoryId)>) -> HashMap<String, Former> {
    let removed = views.iter().filter(|view| view.removed).map(|view| (view.slug.clone(), Former::Gone));
    let mut former: HashMap<String, Former> = removed.collect();
    for (slug, id) in aliases {
        let Some(view) = views.iter().find(|view| view.id == id) else { continue };
        if views.iter().any(|view| view.slug == slug) {
            continue;
        }
        former.insert(slug, Former::of(view));
    }
    former
}

/// What names of old lead to.
fn current_slugs(views: &[View], names: Vec<(String, CategoryId)>) -> HashMap<String, Former> {
    let current = |id| views.iter().find(|view| view.id == id).map(Former::of);
    names.into_iter().filter_map(|(name, id)| Some((name, current(id)?))).collect()
}

impl Former {
    fn of(view: &View) -> Self {
        if view.removed { Self::Gone } else { Self::Moved(view.slug.clone()) }
    }
}
