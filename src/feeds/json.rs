//! JSON Feed 1.1, <https://www.jsonfeed.org/version/1.1/>. What is unknown is left out: the format has no nulls.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::document::{Document, Entry};
use super::picture::enclosure;
use super::spec::{Format, Publication};

/// The document as JSON Feed.
///
/// # Errors
/// When it cannot be written.
pub fn write(document: &Document, publication: &Publication) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &document.title,
        home_page_url: &document.home,
        feed_url: document.own_url(Format::Json, publication),
        description: &document.description,
        icon: document.image.as_deref(),
        authors: vec![Author { name: &document.publisher }],
        language: &document.language,
        hubs: publication.hubs.iter().map(|url| Hub { kind: "WebSub", url }).collect(),
        items: document.entries.iter().map(item).collect(),
    })
}

fn item(entry: &Entry) -> Item<'_> {
    // One of the two contents must be there.
    let html = Some(entry.content.as_str()).filter(|html| !html.is_empty());
    let text = if entry.summary.is_empty() { &entry.title } else { &entry.summary };
    Item {
        id: &entry.id,
        url: &entry.link,
        title: &entry.title,
        content_html: html,
        content_text: html.is_none().then_some(text),
        summary: Some(entry.summary.as_str()).filter(|summary| !summary.is_empty()),
        image: entry.image.as_ref().map(|image| image.url.as_str()),
        date_published: entry.published.map(date),
        date_modified: date(entry.updated),
        // Without authors of its own an item has the feed's.
        authors: entry.authors.iter().map(|name| Author { name }).collect(),
        tags: entry.terms.iter().map(|term| term.label.as_str()).collect(),
        attachments: entry.image.as_ref().and_then(enclosure).map(attachment).into_iter().collect(),
    }
}

fn attachment<'a>((url, mime_type, size_in_bytes): (&'a str, &'a str, u64)) -> Attachment<'a> {
    Attachment { url, mime_type, size_in_bytes }
}

fn date(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    authors: Vec<Author<'a>>,
    language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_published: Option<String>,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    size_in_bytes: u64,
}
