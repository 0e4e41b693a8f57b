//! The feeds of newsletters: their editions, one entry each, as ready bytes beside those of the rubrics.
//!
//! What an edition says is written where editions are known, above; here it becomes documents like any other feed's. Hubs
//! are not told of them, so they name none.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::document::{Document, Entry, Part, headline, line};
use super::full_text;
use super::snapshot::Snapshot;
use super::spec::{FeedPath, Format, Publication};
use super::store::Found;
use super::{atom, json, rss};
use crate::clock::{SECOND, Timestamp};
use crate::config::FeedContent;
use crate::french::style::Style;
use crate::html::text::xml_safe;

/// What the slug of a newsletter's feed begins with: `/flux/lettre/matinale.rss`. No rubric has this slug.
pub const PREFIX: &str = "lettre/";

/// A newsletter's feed in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The newsletter's slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// One sentence; none: made of the title.
    pub description: Option<String>,
    /// The feed's permanent id, a URI.
    pub id: String,
    /// The page of all its editions.
    pub home: String,
    /// When the newsletter was first declared.
    pub created_at: Timestamp,
    /// Its latest editions, newest first; texts as they are stored, contents as they are to stand.
    pub entries: Vec<Entry>,
}

/// A newsletter's feed as a list of feeds shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterListing {
    /// The newsletter's slug.
    pub slug: String,
    /// Its title.
    pub title: String,
}

/// Every newsletter's feeds; swapped as a whole.
#[derive(Debug, Default)]
pub(super) struct Letters(RwLock<Option<Arc<Shelf>>>);

#[derive(Debug, Default)]
struct Shelf {
    version: String,
    publication: Publication,
    /// By the last part of the address: `lettre/matinale.rss`.
    snapshots: HashMap<String, Arc<Snapshot>>,
    /// Former slugs, each with the present one.
    former: HashMap<String, String>,
    listings: Vec<LetterListing>,
}

impl Letters {
    /// Builds all of them anew; equal bytes are not compressed again.
    pub(super) fn put(
        &self,
        letters: Vec<Letter>,
        former: Vec<(String, String)>,
        version: String,
        publication: &Publication,
    ) -> anyhow::Result<()> {
        let old = self.shelf();
        let own = Publication { hubs: Vec::new(), ..publication.clone() };
        let mut shelf = Shelf {
            version,
            publication: publication.clone(),
            former: former.into_iter().collect(),
            ..Shelf::default()
        };
        for letter in letters {
            shelf.listings.push(LetterListing { slug: letter.slug.clone(), title: letter.title.clone() });
            let document = document(letter, &own);
            let changed = Timestamp::from(document.updated);
            for format in Format::ALL {
                let bytes = match format {
                    Format::Rss => rss::write(&document, &own)?,
                    Format::Atom => atom::write(&document, &own)?,
                    Format::Json => json::write(&document, &own)?,
                };
                let path = FeedPath { slug: document.slug.clone(), format }.to_string();
                let former = old.as_ref().and_then(|old| old.snapshots.get(&path)).map(Arc::as_ref);
                let snapshot = Snapshot::new(format, bytes, changed, former)?;
                shelf.snapshots.insert(path, Arc::new(snapshot));
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(shelf));
        Ok(())
    }

    fn shelf(&self) -> Option<Arc<Shelf>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What they were built from, if they were, and by whom they are published still.
    pub(super) fn version(&self, publication: &Publication) -> Option<String> {
        self.shelf().filter(|shelf| shelf.publication == *publication).map(|shelf| shelf.version.clone())
    }

    pub(super) fn ready(&self, path: &str) -> Option<Arc<Snapshot>> {
        if !path.starts_with(PREFIX) {
            return None;
        }
        self.shelf()?.snapshots.get(path).map(Arc::clone)
    }

    /// What stands at a path that begins with [`PREFIX`].
    pub(super) fn find(&self, path: &str) -> Found {
        let Ok(FeedPath { slug, format }) = path.parse::<FeedPath>() else { return Found::Unknown };
        let Some(shelf) = self.shelf() else { return Found::NotYet };
        if let Some(snapshot) = shelf.snapshots.get(path) {
            return Found::Ready(Arc::clone(snapshot));
        }
        let present = slug.strip_prefix(PREFIX).and_then(|slug| shelf.former.get(slug));
        present.map_or(Found::Unknown, |slug| {
            Found::Moved(FeedPath { slug: format!("{PREFIX}{slug}"), format }.from_root())
        })
    }

    pub(super) fn listings(&self) -> Vec<LetterListing> {
        self.shelf().map(|shelf| shelf.listings.clone()).unwrap_or_default()
    }

    /// Every document by its path from the root, in the order of paths.
    pub(super) fn documents(&self) -> Vec<(String, Arc<Snapshot>)> {
        let shelf = self.shelf();
        let snapshots = shelf.iter().flat_map(|shelf| &shelf.snapshots);
        let mut documents: Vec<_> =
            snapshots.map(|(path, snapshot)| (format!("/flux/{path}"), Arc::clone(snapshot))).collect();
        documents.sort_by(|a, b| a.0.cmp(&b.0));
        documents
    }
}

fn document(letter: Letter, publication: &Publication) -> Document {
    let slug = format!("{PREFIX}{}", letter.slug);
    let options = publication.options(&slug);
    let style = publication.style;
    let (publisher, title) = (line(&publication.name, style), line(&letter.title, style));
    let described = letter.description.as_deref().map(|own| line(own, style)).filter(|own| !own.is_empty());
    let mut entries: Vec<Entry> = letter.entries.into_iter().map(|entry| clean(entry, style)).collect();
    part_moments(&mut entries);
    match options.content {
        FeedContent::Full => full_text::fit(&mut entries),
        FeedContent::Summary => entries.iter_mut().for_each(|entry| entry.content.clear()),
    }
    let created = letter.created_at.whole_second().to_utc();
    Document {
        id: letter.id,
        title: format!("{publisher} – {title}"),
        description: described.unwrap_or_else(|| {
            format!("Les éditions de «\u{a0}{title}\u{a0}», lettre d’information de {publisher}.")
        }),
        home: letter.home,
        language: options.language.clone(),
        image: options.image.clone(),
        rights: format!("©\u{a0}{publisher}"),
        email: xml_safe(&publication.email).into_owned(),
        publisher,
        updated: entries.iter().map(|entry| entry.updated).fold(created, Ord::max),
        entries,
        tombstones: Vec::new(),
        part: Part::Subscription(None),
        slug,
    }
}

/// Titles of articles make both lines of an edition; nothing holds what XML forbids.
fn clean(entry: Entry, style: Style) -> Entry {
    Entry {
        title: headline(&entry.title, style),
        summary: headline(&entry.summary, style),
        content: xml_safe(&entry.content).into_owned(),
        ..entry
    }
}

/// No two entries of a feed have one `updated` (W3C: `DuplicateUpdated`): of several the newer edition's is moved on.
fn part_moments(entries: &mut [Entry]) {
    let mut taken = std::collections::HashSet::new();
    for entry in entries.iter_mut().rev() {
        while !taken.insert(entry.updated) {
            entry.updated += chrono::TimeDelta::milliseconds(SECOND);
        }
    }
}
