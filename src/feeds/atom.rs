//! Atom 1.0 (RFC 4287) by the crate `atom_syndication`.
//!
//! The crate's XML declaration names no encoding, so we write our own; its defaults (1970, empty ids) are never left in
//! place; `xhtml` is written unchecked, so content is `html`; attributes of extensions are written unescaped.

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry, Error, Feed, Generator, Link, Person, Text, WriteConfig};

use super::document::{self, Document, HISTORY, Part, Term, Tombstone};
use super::picture::{MEDIA, enclosure, media};
use super::spec::{Format, Publication};
use super::uri::uri;
use crate::articles::Image;
use crate::html::text::escape_into;

/// Names the same encoding as the answer's content type.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// RFC 6721's namespace.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The document as Atom 1.0, UTF-8, with its XML declaration.
///
/// # Errors
/// When the crate cannot write it.
pub fn write(document: &Document, publication: &Publication) -> Result<Vec<u8>, Error> {
    let config = WriteConfig { write_document_declaration: false, indent_size: None };
    let mut bytes = feed(document, publication).write_with_config(DECLARATION.to_vec(), config)?;
    extensions_first(&mut bytes);
    Ok(bytes)
}

/// Puts what the crate wrote behind the last entry before the first one: that a document is an archive should be known
/// when its entries are read, and RFC 4287's grammar (Appendix B) has entries last. Text of ours has no `<` in it.
fn extensions_first(xml: &mut [u8]) {
    let find = |tag: &[u8]| xml.windows(tag.len()).position(|at| at == tag);
    let rfind = |tag: &[u8]| xml.windows(tag.len()).rposition(|at| at == tag);
    let last = rfind(b"</entry>").map(|at| at + b"</entry>".len());
    if let (Some(first), Some(last), Some(end)) = (find(b"<entry"), last, rfind(b"</feed>")) {
        xml[first..end].rotate_right(end - last);
    }
}

fn feed(document: &Document, publication: &Publication) -> Feed {
    let mut namespaces = BTreeMap::new();
    if document.entries.iter().any(|entry| entry.image.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    let mut extensions = ExtensionMap::new();
    if matches!(document.part, Part::Archive { .. }) {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        add(&mut extensions, "fh", "archive", BTreeMap::new());
    }
    for tombstone in &document.tombstones {
        namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
        add(&mut extensions, "at", "deleted-entry", deleted(tombstone));
    }
    let archives = document.archive_links(Format::Atom, publication).into_iter();
    let archives = archives.map(|(rel, href)| link(rel, href, Some(Format::Atom.media_type())));
    let hubs = publication.hubs.iter().map(|hub| link("hub", hub.clone(), None));
    Feed {
        id: uri(&document.id).into_owned(),
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
        links: [
            link("self", document.own_url(Format::Atom, publication), Some(Format::Atom.media_type())),
            link("alternate", document.home.clone(), Some("text/html")),
        ]
        .into_iter()
        .chain(archives)
        .chain(hubs)
        .collect(),
        logo: document.image.clone(),
        icon: document.image.clone(),
        entries: document.entries.iter().map(|entry| self::entry(entry, publication)).collect(),
        lang: Some(document.language.clone()),
        extensions,
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
        id: uri(&entry.id).into_owned(),
        title: Text::plain(entry.title.as_str()),
        updated: entry.updated.fixed_offset(),
        published: entry.published.map(|at| at.fixed_offset()),
        // RFC 4287 §4.1.1: an entry without authors has the feed's.
        authors: entry
            .authors
            .iter()
            .map(|name| Person { name: name.clone(), ..Person::default() })
            .collect(),
        categories: entry.terms.iter().map(|term| category(term, publication)).collect(),
        links: [link("alternate", entry.link.clone(), Some("text/html"))]
            .into_iter()
            .chain(entry.image.as_ref().and_then(enclosure).map(enclosed))
            .collect(),
        summary: Some(entry.summary.as_str()).filter(|text| !text.is_empty()).map(Text::plain),
        content: Some(content).filter(|_| !entry.content.is_empty()),
        extensions: entry.image.as_ref().map(pictured).unwrap_or_default(),
        ..Entry::default()
    }
}

fn link(rel: &str, href: String, kind: Option<&str>) -> Link {
    Link { rel: rel.to_owned(), href, mime_type: kind.map(str::to_owned), ..Link::default() }
}

fn enclosed((url, kind, bytes): (&str, &str, u64)) -> Link {
    Link { length: Some(bytes.to_string()), ..link("enclosure", url.to_owned(), Some(kind)) }
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

fn pictured(image: &Image) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    for media in media(image) {
        add(&mut extensions, "media", media.name, media.attributes);
    }
    extensions
}

fn deleted(tombstone: &Tombstone) -> BTreeMap<String, String> {
    let reference = uri(&tombstone.id).into_owned();
    let when = tombstone.when.fixed_offset().to_rfc3339();
    BTreeMap::from([("ref".to_owned(), reference), ("when".to_owned(), when)])
}

/// Adds an empty element.
fn add(extensions: &mut ExtensionMap, prefix: &str, local: &str, attributes: BTreeMap<String, String>) {
    let attrs = attributes.into_iter().map(|(name, value)| (name, escaped(&value))).collect();
    let element = Extension { name: format!("{prefix}:{local}"), attrs, ..Extension::default() };
    extensions.entry(prefix.to_owned()).or_default().entry(local.to_owned()).or_default().push(element);
}

/// What the crate should do with the attributes of an [`Extension`], and 0.12.10 does not.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    escape_into(value, &mut escaped);
    escaped
}
