//! RSS 2.0 by the crate `rss`, as the RSS Advisory Board's profile wants it.
//!
//! The crate writes what it is given: it declares `content`, `dc` and `atom` when they are used, but not the namespaces
//! of other extensions; it checks no date; an empty string becomes an empty element. Hence the care here.

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Image as ChannelImage, Item};

use super::document::{Document, Entry, HISTORY, Part, Term};
use super::picture::{MEDIA, enclosure, media};
use super::spec::{Format, Publication};
use crate::articles::Image;
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
    let own = document.own_url(Format::Rss, publication);
    let archives = document.archive_links(Format::Rss, publication);
    let links = [("self", own)].into_iter().chain(archives);
    let hubs = publication.hubs.iter().map(|hub| link("hub", hub.clone(), None));
    let links = links.map(|(rel, href)| link(rel, href, Some(Format::Rss))).chain(hubs).collect();
    let mut namespaces = BTreeMap::new();
    if document.entries.iter().any(|entry| entry.image.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    let is_archive = matches!(document.part, Part::Archive { .. });
    let mut extensions = ExtensionMap::new();
    if is_archive {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        extensions = elements("fh", [("archive", BTreeMap::new())]);
    }
    Channel {
        title: document.title.clone(),
        link: document.home.clone(),
        description: document.description.clone(),
        language: Some(document.language.clone()),
        image: document.image.as_ref().map(|url| image(url, document)),
        copyright: Some(document.rights.clone()),
        managing_editor: managing_editor(document),
        generator: Some("kiosque".to_owned()),
        ttl: Some(TTL_MINUTES.to_owned()).filter(|_| !is_archive),
        items: document.entries.iter().map(|entry| item(entry, publication)).collect(),
        atom_ext: Some(AtomExtension { links }),
        extensions,
        namespaces,
        ..Channel::default()
    }
}

fn link(rel: &str, href: String, format: Option<Format>) -> Link {
    let mime_type = format.map(|format| format.media_type().to_owned());
    Link { href, rel: rel.to_owned(), mime_type, ..Link::default() }
}

/// The picture is called what the channel is, as the profile wants it.
fn image(url: &str, document: &Document) -> ChannelImage {
    ChannelImage {
        url: url.to_owned(),
        title: document.title.clone(),
        link: document.home.clone(),
        ..ChannelImage::default()
    }
}

/// `address (Name)`: a bare name or address is an error (RSS profile, "managingEditor").
fn managing_editor(document: &Document) -> Option<String> {
    let name = document.publisher.replace(['(', ')'], "");
    (!document.email.is_empty()).then(|| format!("{} ({name})", document.email))
}

fn item(entry: &Entry, publication: &Publication) -> Item {
    let mut description = String::new();
    // Never without: the profile wants it before content:encoded.
    escape_into(if entry.summary.is_empty() { &entry.title } else { &entry.summary }, &mut description);
    let creators = DublinCoreExtension { creators: entry.authors.clone(), ..DublinCoreExtension::default() };
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.link.clone()),
        guid: Some(Guid { value: entry.id.clone(), permalink: false }),
        pub_date: entry.published.map(|at| at.to_rfc2822()),
        description: Some(description),
        content: Some(entry.content.clone()).filter(|html| !html.is_empty()),
        categories: entry.terms.iter().map(|term| category(term, publication)).collect(),
        dublin_core_ext: Some(creators).filter(|creators| !creators.creators.is_empty()),
        enclosure: entry.image.as_ref().and_then(enclosure).map(|(url, kind, bytes)| Enclosure {
            url: url.to_owned(),
            length: bytes.to_string(),
            mime_type: kind.to_owned(),
        }),
        extensions: entry.image.as_ref().map(pictured).unwrap_or_default(),
        ..Item::default()
    }
}

fn category(term: &Term, publication: &Publication) -> Category {
    let domain = term.slug.is_some().then(|| publication.url("/flux/"));
    Category { name: term.label.clone(), domain }
}

fn pictured(image: &Image) -> ExtensionMap {
    elements("media", media(image).map(|media| (media.name, media.attributes)))
}

/// Empty elements of one namespace, by their local names.
fn elements(
    prefix: &str,
    named: impl IntoIterator<Item = (&'static str, BTreeMap<String, String>)>,
) -> ExtensionMap {
    let element = |(local, attrs): (&str, _)| {
        let name = format!("{prefix}:{local}");
        (local.to_owned(), vec![Extension { name, attrs, ..Extension::default() }])
    };
    BTreeMap::from([(prefix.to_owned(), named.into_iter().map(element).collect())])
}
