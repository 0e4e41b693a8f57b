//! RSS 2.0 by the crate `rss`, as the RSS Advisory Board's profile wants it.
//!
//! The crate writes what it is given: it declares `content`, `dc` and `atom` when they are used, but not the namespaces
//! of other extensions; it checks no date; an empty string becomes an empty element. Hence the care here.

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Item};

use super::document::{Document, Entry, Term};
use super::items::Image;
use super::picture::{MEDIA, media_attributes};
use super::spec::{FeedPath, Format, Publication};
use crate::html::text::escape_into;

/// Readers should not come back within so many minutes: what `Cache-Control: max-age` says, in RSS's own words.
const TTL_MINUTES: &str = "5";

/// The document as RSS 2.0, UTF-8, with its XML declaration.
///
/// # Errors
/// When the crate cannot write it.
pub fn write(document: &Document, publication: &Publication) -> Result<Vec<u8>, rss::Error> {
    let mut bytes = Vec::new();
    channel(document, publication).write_to(&mut bytes)?;
    Ok(bytes)
}

fn channel(document: &Document, publication: &Publication) -> Channel {
    let path = FeedPath { slug: document.slug.clone(), format: Format::Rss };
    let itself = Link {
        href: publication.url(&path.from_root()),
        rel: "self".to_owned(),
        mime_type: Some(Format::Rss.media_type().to_owned()),
        ..Link::default()
    };
    let mut namespaces = BTreeMap::new();
    if document.entries.iter().any(|entry| entry.image.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    Channel {
        title: document.title.clone(),
        link: document.home.clone(),
        description: document.description.clone(),
        language: Some("fr".to_owned()),
        copyright: Some(document.rights.clone()),
        managing_editor: managing_editor(document),
        generator: Some("kiosque".to_owned()),
        ttl: Some(TTL_MINUTES.to_owned()),
        items: document.entries.iter().map(|entry| item(entry, publication)).collect(),
        atom_ext: Some(AtomExtension { links: vec![itself] }),
        namespaces,
        ..Channel::default()
    }
}

/// `address (Name)`: a bare name or address is an error (RSS profile, "managingEditor").
fn managing_editor(document: &Document) -> Option<String> {
    let name = document.publisher.replace(['(', ')'], "");
    (!document.email.is_empty()).then(|| format!("{} ({name})", document.email))
}

fn item(entry: &Entry, publication: &Publication) -> Item {
    let mut description = String::new();
    escape_into(&entry.summary, &mut description);
    let creators = DublinCoreExtension { creators: entry.authors.clone(), ..DublinCoreExtension::default() };
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.link.clone()),
        guid: Some(Guid { value: entry.id.clone(), permalink: false }),
        pub_date: Some(entry.published.to_rfc2822()),
        description: Some(description).filter(|text| !text.is_empty()),
        content: Some(entry.content.clone()).filter(|html| !html.is_empty()),
        categories: entry.terms.iter().map(|term| category(term, publication)).collect(),
        dublin_core_ext: Some(creators).filter(|creators| !creators.creators.is_empty()),
        extensions: entry.image.as_ref().map(media).unwrap_or_default(),
        ..Item::default()
    }
}

fn category(term: &Term, publication: &Publication) -> Category {
    let domain = term.slug.is_some().then(|| publication.url("/flux/"));
    Category { name: term.label.clone(), domain }
}

/// The image alone: feedparser takes a `media:description` for the article's summary.
fn media(image: &Image) -> ExtensionMap {
    let attrs = media_attributes(image);
    let content = Extension { name: "media:content".to_owned(), attrs, ..Extension::default() };
    BTreeMap::from([("media".to_owned(), BTreeMap::from([("content".to_owned(), vec![content])]))])
}
