//! The feeds of one view, one a format, and what a list of feeds tells of them.

use std::sync::Arc;

use super::document::{Document, Rubrics};
use super::hub::Topics;
use super::items::Choice;
use super::snapshot::Snapshot;
use super::spec::{FeedPath, Format, Publication, View};
use super::{atom, json, rss};
use crate::articles::CategoryKind;
use crate::clock::Timestamp;

/// The feeds of one category and what they were built from.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) view: View,
    version: i64,
    /// When the next embargo or tombstone ends.
    pub(super) next_at: Option<Timestamp>,
    title: String,
    latest: Option<Latest>,
    /// One a format.
    pub(super) snapshots: Vec<Arc<Snapshot>>,
}

/// The newest article of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Its title as printed.
    pub title: String,
    /// Its page.
    pub url: String,
    /// When it was published.
    pub published_at: Timestamp,
}

/// A feed as the list of feeds shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The category's slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The title that its documents have.
    pub title: String,
    /// All articles, or a rubric's.
    pub kind: CategoryKind,
    /// The newest article.
    pub latest: Option<Latest>,
}

impl Feed {
    /// Chosen articles in every format. `former` is what it follows: equal bytes are not compressed again.
    ///
    /// # Errors
    /// When a document cannot be written.
    pub(super) fn build(
        view: View,
        choice: &Choice,
        rubrics: &Rubrics,
        publication: &Publication,
        former: Option<&Self>,
    ) -> anyhow::Result<Self> {
        let document = Document::new(&view, choice, rubrics, publication);
        let mut snapshots = Vec::with_capacity(Format::ALL.len());
        for format in Format::ALL {
            let bytes = match format {
                Format::Rss => rss::write(&document, publication)?,
                Format::Atom => atom::write(&document, publication)?,
                Format::Json => json::write(&document, publication)?,
            };
            let former = former.and_then(|feed| feed.snapshots.iter().find(|old| old.format == format));
            let changed = match format {
                Format::Atom => choice.newest_change_with_tombstones(),
                Format::Rss | Format::Json => choice.newest_change(),
            };
            let own = document.own_url(format, publication);
            let snapshot = Snapshot::new(format, bytes, changed, former.map(Arc::as_ref))?
                .with_links(&own, &publication.hubs)?;
            snapshots.push(Arc::new(snapshot));
        }
        let latest = document.entries.first().zip(choice.items.first()).map(|(entry, item)| Latest {
            title: entry.title.clone(),
            url: entry.link.clone(),
            published_at: item.published_at,
        });
        let title = document.title;
        let (version, next_at) = (choice.version, choice.next_at);
        Ok(Self { view, version, next_at, title, latest, snapshots })
    }

    /// Whether nothing has changed since it was built.
    pub(super) fn is_fresh(&self, view: &View, now: Timestamp) -> bool {
        let View { slug, name, kind, listed, feed_id, .. } = &self.view;
        self.version == view.feed_version
            && self.next_at.is_none_or(|next| next > now)
            && (slug, name, *kind, *listed, feed_id)
                == (&view.slug, &view.name, view.kind, view.listed, &view.feed_id)
    }

    /// The last part of a snapshot's address.
    /// Its documents as a hub knows them.
    pub(super) fn topics(&self, publication: &Publication) -> Topics {
        let document =
            |snapshot: &Arc<Snapshot>| (self.address(snapshot, publication), snapshot.hash().to_owned());
        Topics {
            category: self.view.id,
            version: self.version,
            documents: self.snapshots.iter().map(document).collect(),
        }
    }

    /// The public address of one of its documents.
    pub(super) fn address(&self, snapshot: &Snapshot, publication: &Publication) -> String {
        let path = FeedPath { slug: self.view.slug.clone(), format: snapshot.format };
        publication.url(&path.from_root())
    }

    pub(super) fn path(&self, snapshot: &Snapshot) -> String {
        FeedPath { slug: self.view.slug.clone(), format: snapshot.format }.to_string()
    }
}

/// All articles first, then the declared rubrics in their order.
pub(super) fn listings(feeds: &[Arc<Feed>]) -> Vec<Listing> {
    let listed = |feed: &&Arc<Feed>| feed.view.listed || feed.view.kind == CategoryKind::All;
    let mut listed: Vec<&Arc<Feed>> = feeds.iter().filter(listed).collect();
    listed.sort_by_key(|feed| feed.view.kind != CategoryKind::All);
    let listing = |feed: &Arc<Feed>| Listing {
        slug: feed.view.slug.clone(),
        name: feed.view.name.clone(),
        title: feed.title.clone(),
        kind: feed.view.kind,
        latest: feed.latest.clone(),
    };
    listed.into_iter().map(listing).collect()
}
