//! An article as feeds show it.

use std::str::FromStr;

use crate::articles::{CategoryId, Image};
use crate::clock::Timestamp;

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

/// The columns that make an [`Item`]; all empty where a left join found none.
#[derive(sqlx::FromRow)]
pub(super) struct ItemRow {
    entry_id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    body: Option<String>,
    authors: Option<String>,
    tags: Option<String>,
    image_url: Option<String>,
    image_alt: Option<String>,
    image_width: Option<i64>,
    image_height: Option<i64>,
    image_bytes: Option<i64>,
    published_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    categories: Option<String>,
}

impl ItemRow {
    pub(super) fn item(self) -> Option<Item> {
        let pixels = |column: Option<i64>| column.and_then(|pixels| u32::try_from(pixels).ok());
        Some(Item {
            entry_id: self.entry_id?,
            url: self.url?,
            title: self.title?,
            summary: self.summary?,
            body: self.body?,
            authors: names(&self.authors?),
            tags: names(&self.tags?),
            image: self.image_url.filter(|url| !url.is_empty()).map(|url| Image {
                size: pixels(self.image_width).zip(pixels(self.image_height)),
                bytes: self.image_bytes.and_then(|bytes| bytes.try_into().ok()),
                ..Image::new(url, self.image_alt.unwrap_or_default())
            }),
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
