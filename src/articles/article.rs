//! An article on its way in, and as it is stored.

use aws_lc_rs::digest;
use serde::Serialize;
use url::Url;

use crate::clock::Timestamp;
use crate::id_type;

use super::category::CategoryId;
use super::formats::Place;

id_type! {
    /// An article's row.
    ArticleId
}

/// A picture and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Absolute http or https address.
    pub url: String,
    /// For those who do not see it, one line; empty when nobody said.
    pub alt: String,
    /// Width and height in pixels, where the site said.
    pub size: Option<(u32, u32)>,
    /// The length of its file in bytes, where the site said.
    pub bytes: Option<u64>,
}

impl Image {
    /// A picture of which no more than this is known.
    #[must_use]
    pub fn new(url: impl Into<String>, alt: impl Into<String>) -> Self {
        Self { url: url.into(), alt: alt.into(), size: None, bytes: None }
    }
}

/// A body as a format gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftBody {
    /// HTML from outside, not yet cleaned.
    Html(String),
    /// Plain text, its paragraphs apart by blank lines.
    Text(String),
}

/// A category as an import names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DraftCategory {
    /// Its name; entities may still stand in it.
    pub name: String,
    /// The slug it had on the site, when the format gives one.
    pub slug: Option<String>,
}

impl From<&str> for DraftCategory {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), slug: None }
    }
}

/// What a site's feed leaves open, and an export or the site's own system does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FromFeed {
    /// Names that may be rubrics or keywords: feeds do not tell them apart. The first one is a rubric.
    pub terms: Vec<String>,
    /// The body is what the feed calls a description: perhaps only the article's beginning.
    pub excerpt: bool,
    /// The feed says no date: the article is of the moment at which it was first seen.
    pub undated: bool,
    /// The summary is the newsroom's, not the beginning of the body.
    pub own_summary: bool,
    /// The picture is one that the feed names, not the first of the body.
    pub own_image: bool,
}

/// What a format reads: whole, but neither cleaned nor checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it stands, for messages.
    pub place: Place,
    /// Its id within its source.
    pub external_id: String,
    /// The id it had in the site's own feeds, kept as the entry's id for ever.
    pub guid: Option<String>,
    /// The number the site's own system gave it.
    pub origin_id: Option<String>,
    /// Its page.
    pub url: Url,
    /// Entities and tags may still stand in it; may be empty.
    pub title: String,
    /// The body.
    pub body: DraftBody,
    /// Entities and tags may still stand in it.
    pub summary: Option<String>,
    /// Names.
    pub authors: Vec<String>,
    /// Its categories, in their order.
    pub categories: Vec<DraftCategory>,
    /// Which of them is the primary one.
    pub primary: Option<usize>,
    /// Free keywords.
    pub tags: Vec<String>,
    /// Its picture; the address may be relative to its page, and entities may still stand in the text.
    pub image: Option<Image>,
    /// When it was or will be published.
    pub published_at: Timestamp,
    /// When it was last changed, if anybody said.
    pub updated_at: Option<Timestamp>,
    /// Whether it takes back a retraction. Otherwise a retracted article stays so, whatever is imported.
    pub restore: bool,
    /// When it was read from a feed, what that leaves open.
    pub from_feed: Option<FromFeed>,
}

/// An article ready to be stored: clean, plain, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArticle {
    /// Its id within its source.
    pub external_id: String,
    /// The id it had in the site's own feeds.
    pub guid: Option<String>,
    /// The number the site's own system gave it.
    pub origin_id: Option<String>,
    /// Its page: absolute, http or https.
    pub url: String,
    /// Plain text, one line, never empty.
    pub title: String,
    /// Plain text, one line, perhaps empty.
    pub summary: String,
    /// Clean HTML.
    pub body: String,
    /// Plain names.
    pub authors: Vec<String>,
    /// Plain names, and slugs where the site gave them.
    pub categories: Vec<DraftCategory>,
    /// Which of them is the primary one.
    pub primary: Option<usize>,
    /// Plain keywords.
    pub tags: Vec<String>,
    /// Its picture: the one given, else the first of the body.
    pub image: Option<Image>,
    /// When it was or will be published. In the future: embargo.
    pub published_at: Timestamp,
    /// When it was last changed, if anybody said; never before `published_at`.
    pub updated_at: Option<Timestamp>,
    /// Whether it takes back a retraction.
    pub restore: bool,
    /// When it was read from a feed, what that leaves open.
    pub from_feed: Option<FromFeed>,
}

impl NewArticle {
    /// SHA-256 of everything that makes it another article to a reader or an editor. The moment of the last change is not
    /// part of it: systems move that when nothing else did.
    pub(super) fn content_hash(&self, categories: &[CategoryId], primary: Option<CategoryId>) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        for text in [&self.url, &self.title, &self.summary, &self.body] {
            part(text.as_bytes());
        }
        part(self.origin_id.as_deref().unwrap_or_default().as_bytes());
        for names in [&self.authors, &self.tags] {
            part(&(names.len() as u64).to_be_bytes());
            names.iter().for_each(|name| part(name.as_bytes()));
        }
        let (url, alt) = self.image.as_ref().map_or(("", ""), |i| (i.url.as_str(), i.alt.as_str()));
        part(url.as_bytes());
        part(alt.as_bytes());
        if let Some((width, height)) = self.image.as_ref().and_then(|i| i.size) {
            part(&[width.to_be_bytes(), height.to_be_bytes()].concat());
        }
        if let Some(bytes) = self.image.as_ref().and_then(|i| i.bytes) {
            part(&bytes.to_be_bytes());
        }
        // The moment at which an undated one was read says nothing about it.
        if !self.from_feed.as_ref().is_some_and(|feed| feed.undated) {
            part(&self.published_at.millis().to_be_bytes());
        }
        part(&(categories.len() as u64).to_be_bytes());
        categories.iter().chain(&primary).for_each(|id| part(&id.0.to_be_bytes()));
        context.finish().as_ref().to_vec()
    }
}

/// An article as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Article {
    /// Its row.
    pub id: ArticleId,
    /// The name of its source.
    pub source: String,
    /// Its id within the source.
    pub external_id: String,
    /// Its id in every feed, for ever.
    pub entry_id: String,
    /// The number the site's own system gave it.
    pub origin_id: Option<String>,
    /// Its page.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// Clean HTML.
    pub body: String,
    /// Names.
    pub authors: Vec<String>,
    /// Keywords.
    pub tags: Vec<String>,
    /// Slugs of its categories, in their order, without the one that every article is in.
    pub categories: Vec<String>,
    /// Its picture.
    pub image: Option<Image>,
    /// When it was or will be published (ms, UTC).
    pub published_at: Timestamp,
    /// When it was last changed (ms, UTC).
    pub updated_at: Timestamp,
    /// When it first came in (ms, UTC).
    pub first_seen_at: Timestamp,
    /// The later of published and first seen; for an archive import, published (ms, UTC).
    pub appeared_at: Timestamp,
    /// Whether it came in as an old article, which no digest announces.
    pub archive: bool,
    /// When it was taken back (ms, UTC).
    pub retracted_at: Option<Timestamp>,
}
