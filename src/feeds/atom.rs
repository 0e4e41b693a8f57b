//! Atom 1.0 (RFC 4287) by the crate `atom_syndication`.
//!
//! The crate's XML declaration names no encoding, so we write our own; its defaults (1970, empty ids) are never left in
//! place; `xhtml` is written unchecked, so content is `html`; attributes of extensions are written unescaped.

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry, Error, Feed, Generator, Link, Person, Text, WriteConfig};

use super::document::{self, Document, Term};
use super::items::Image;
use super::picture::{MEDIA, media_attributes};
use super::spec::{FeedPath, Format, Publication};
use crate::html::text::escape_into;

/// Names the same encoding as the answer's content type.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The document as Atom 1.0, UTF-8, with its XML declaration.
///
/// # Errors
/// When the crate cannot write it.
pub fn write(document: &Document, publication: &Publication) -> Result<Vec<u8>, Error> {
    let config = WriteConfig { write_document_declaration: false, indent_size: None };
    feed(document, publication).write_with_config(DECLARATION.to_vec(), config)
}

fn feed(document: &Document, publication: &Publication) -> Feed {
    let path = FeedPath { slug: document.slug.clone(), format: Format::Atom };
    let mut namespaces = BTreeMap::new();
    if document.entries.iter().any(|entry| entry.image.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    Feed {
        id: document::uri(&document.id).into_owned(),
        title: Text::plain(document.title.as_str()),
        subtitle: Some(Text::plain(document.description.as_str())),
        updated: document.updated.fixed_offset(),
        authors: vec![Person {
            name: document.publisher.clone(),
            email: Some(document.email.clone()).filter(|email| !email.is_empty()),
            uri: None,
            ..Person::default()
        }],
        rights: Some(Text::plain(document.rights.as_str())),
        generator: Some(Generator { value: "kiosque".to_owned(), ..Generator::default() }),
        links: vec![
            link("self", publication.url(&path.from_root()), Format::Atom.media_type()),
            link("alternate", document.home.clone(), "text/html"),
        ],
        entries: document.entries.iter().map(|entry| self::entry(entry, publication)).collect(),
        lang: Some("fr".to_owned()),
        namespaces,
        ..Feed::default()
    }
}

fn entry(entry: &document::Entry, publication: &Publication) -> Entry {
    let content = Content {
        content_type: Some("html".to_owned()),
        value: Some(entry.content.clone()),
        ..Content::default()
    };
    Entry {
        id: document::uri(&entry.id).into_owned(),
        title: Text::plain(entry.title.as_str()),
        updated: entry.updated.fixed_offset(),
        published: Some(entry.published.fixed_offset()),
        // RFC 4287 §4.1.1: an entry without authors has the feed's.
        authors: entry
            .authors
            .iter()
            .map(|name| Person { name: name.clone(), ..Person::default() })
            .collect(),
        categories: entry.terms.iter().map(|term| category(term, publication)).collect(),
        links: vec![link("alternate", entry.link.clone(), "text/html")],
        summary: Some(entry.summary.as_str()).filter(|text| !text.is_empty()).map(Text::plain),
        content: Some(content).filter(|_| !entry.content.is_empty()),
        extensions: entry.image.as_ref().map(media).unwrap_or_default(),
        ..Entry::default()
    }
}

fn link(rel: &str, href: String, kind: &str) -> Link {
    Link { rel: rel.to_owned(), href, mime_type: Some(kind.to_owned()), ..Link::default() }
}

fn category(term: &Term, publication: &Publication) -> Category {
    match &term.slug {
        Some(slug) => Category {
            term: slug.clone(),
            scheme: Some(publication.url("/flux/")),
            label: Some(term.label.clone()),
        },
        None => Category { term: term.label.clone(), ..Category::default() },
    }
}

/// The image alone: feedparser takes a `media:description` for the article's summary.
fn media(image: &Image) -> ExtensionMap {
    let attrs = media_attributes(image).into_iter().map(|(name, value)| (name, escaped(&value))).collect();
    let content = Extension { name: "media:content".to_owned(), attrs, ..Extension::default() };
    BTreeMap::from([("media".to_owned(), BTreeMap::from([("content".to_owned(), vec![content])]))])
}

/// What the crate should do with the attributes of an [`Extension`], and 0.12.10 does not.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    escape_into(value, &mut escaped);
    escaped
}
