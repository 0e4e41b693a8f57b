//! JSON Feed 1.0 and 1.1. Crate `feed-rs` reads it too, but loses the pictures and refuses an id that is a number.

use serde::Deserialize;
use serde_json::Value;

use crate::articles::article::{DraftBody, Image};
use crate::articles::date;

use super::escaped;
use super::feed::{Entries, Entry};

#[derive(Deserialize)]
struct Document {
    version: String,
    feed_url: Option<String>,
    #[serde(flatten)]
    people: People,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: Option<Value>,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    summary: Option<String>,
    image: Option<String>,
    banner_image: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    #[serde(flatten)]
    people: People,
    tags: Option<Vec<String>>,
}

/// `authors`, or `author` in version 1.0.
#[derive(Deserialize)]
struct People {
    author: Option<Person>,
    authors: Option<Vec<Person>>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
}

/// Reads a document.
///
/// # Errors
/// Why it is none.
pub(super) fn read(bytes: &[u8]) -> Result<Entries, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let feed: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if !feed.version.starts_with("https://jsonfeed.org/version/1") {
        return Err(format!("its version is {:?}, not that of JSON Feed 1", feed.version));
    }
    let everybody = feed.people.names();
    let entries = feed.items.into_iter().map(|item| item.into_entry(&everybody)).collect();
    Ok(Entries { entries, own_addresses: feed.feed_url.into_iter().collect() })
}

impl Item {
    fn into_entry(self, everybody: &[String]) -> Entry {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let moment = |text: Option<String>| text.and_then(|text| date::parse(&text).ok());
        let own = self.people.names();
        Entry {
            id: self.id.and_then(|id| match id {
                Value::String(id) => Some(id),
                Value::Number(id) => Some(id.to_string()),
                _ => None,
            }),
            url: self.url.or(self.external_url),
            title: escaped(&self.title.unwrap_or_default()),
            content: filled(self.content_html)
                .map(DraftBody::Html)
                .or_else(|| filled(self.content_text).map(DraftBody::Text)),
            description: filled(self.summary).map(|text| escaped(&text)),
            authors: if own.is_empty() { everybody.to_vec() } else { own },
            terms: self.tags.unwrap_or_default().iter().map(|tag| escaped(tag)).collect(),
            image: filled(self.image).or(filled(self.banner_image)).map(|url| Image::new(url, "")),
            published: moment(self.date_published),
            updated: moment(self.date_modified),
        }
    }
}

impl People {
    fn names(&self) -> Vec<String> {
        let people = self.author.iter().chain(self.authors.iter().flatten());
        people.filter_map(|person| person.name.as_deref().map(escaped)).collect()
    }
}
