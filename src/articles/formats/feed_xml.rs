//! RSS and Atom, read by crate `feed-rs`.

use chrono::{DateTime, Utc};
use feed_rs::model::{self, FeedType, Link, Text};
use feed_rs::parser;
use url::Url;

use crate::articles::article::{DraftBody, Image};
use crate::html::text::decode;

use super::escaped;
use super::feed::{Entries, Entry};

/// Reads a document; `at` is where relative links start. One that is not quite XML is mended, as readers do.
///
/// # Errors
/// Why it is none, in the parser's words.
pub(super) fn read(bytes: &[u8], at: Option<&Url>) -> Result<Entries, String> {
    parse(bytes, at).or_else(|why| parse(mended(bytes).as_bytes(), at).map_err(|_| why))
}

fn parse(bytes: &[u8], at: Option<&Url>) -> Result<Entries, String> {
    // The pipeline cleans; and an id made up from title and link would change with the title.
    let parser = parser::Builder::new()
        .base_uri(at.map(Url::as_str))
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .build();
    let feed = parser.parse(bytes).map_err(|error| error.to_string())?;
    let rss = feed.feed_type != FeedType::Atom;
    let own_addresses = with_rel(&feed.links, "self").map(|link| link.href.clone()).collect();
    let everybody = feed.authors;
    let entries = feed.entries.into_iter().map(|entry| entry_of(entry, &everybody, rss)).collect();
    Ok(Entries { entries, own_addresses })
}

/// The document in UTF-8, without a declaration that says otherwise, and its bare ampersands escaped.
fn mended(bytes: &[u8]) -> String {
    let text = decode(bytes);
    let text = text.trim_start();
    let text =
        text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(text, |(_, rest)| rest);
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // What stands in a CDATA section is text already.
        let taken = match rest.strip_prefix("<![CDATA[") {
            Some(section) => rest.len() - section.split_once("]]>").map_or("", |(_, rest)| rest).len(),
            None => 1,
        };
        out.push_str(&rest[..taken]);
        if rest.starts_with('&') && !is_reference(&rest[1..]) {
            out.push_str("amp;");
        }
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// Whether what follows an ampersand makes it a reference: `amp;`, `#233;`, `#xE9;`.
fn is_reference(after: &str) -> bool {
    let Some((name, _)) = after.split_once(';').filter(|(name, _)| (1..=32).contains(&name.len())) else {
        return false;
    };
    match name.strip_prefix('#') {
        Some(number) => {
            number.strip_prefix(['x', 'X']).unwrap_or(number).bytes().all(|b| b.is_ascii_hexdigit())
        }
        None => name.bytes().all(|b| b.is_ascii_alphanumeric()),
    }
}

fn entry_of(entry: model::Entry, everybody: &[model::Person], rss: bool) -> Entry {
    let image = image(&entry);
    let html = |text: Text| {
        let plain = !rss && text.content_type.subty() == "plain";
        if plain { escaped(&text.content) } else { text.content }
    };
    let authors = if entry.authors.is_empty() { everybody.to_vec() } else { entry.authors };
    let at = |moment: Option<DateTime<Utc>>| moment.map(Into::into);
    Entry {
        id: Some(entry.id).filter(|id| !id.is_empty()),
        url: page(&entry.links),
        title: entry.title.map(html).unwrap_or_default(),
        content: entry.content.and_then(|content| {
            let body = content.body.filter(|body| !body.trim().is_empty())?;
            let plain = !rss && content.content_type.subty() == "plain";
            Some(if plain { DraftBody::Text(body) } else { DraftBody::Html(body) })
        }),
        description: entry.summary.map(html).filter(|text| !text.trim().is_empty()),
        authors: authors.into_iter().filter_map(|person| person.name).map(bare_name).collect(),
        terms: entry.categories.into_iter().map(|c| c.label.unwrap_or(c.term)).collect(),
        image,
        published: at(entry.published),
        updated: at(entry.updated),
    }
}

/// RSS writes a person as `a@b.tg (Nom)`, of which the crate leaves the parentheses.
fn bare_name(name: String) -> String {
    let inner = name.trim().trim_start_matches('(');
    if inner.len() < name.trim().len() || !inner.contains('(') {
        return inner.trim_end_matches(')').to_owned();
    }
    name
}

fn with_rel<'a>(links: &'a [Link], rel: &'a str) -> impl Iterator<Item = &'a Link> {
    links.iter().filter(move |link| link.rel.as_deref() == Some(rel))
}

/// The page: the HTML alternate of Atom, the link of RSS.
fn page(links: &[Link]) -> Option<String> {
    let is_html = |link: &&Link| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let plain = || links.iter().find(|link| link.rel.is_none() && link.target.is_none());
    let alternate = with_rel(links, "alternate").find(is_html).or_else(plain);
    alternate.or_else(|| with_rel(links, "alternate").next()).map(|link| link.href.clone())
}

/// The largest picture that `media:content`, an enclosure or `media:thumbnail` names.
fn image(entry: &model::Entry) -> Option<Image> {
    let contents = entry.media.iter().flat_map(|media| &media.content).filter_map(|content| {
        let url = content.url.as_ref()?.to_string();
        let kind = content.content_type.as_ref().map(|kind| kind.ty().as_str().to_owned());
        let size = content.width.zip(content.height);
        is_picture(&url, kind.as_deref()).then(|| Image { size, bytes: content.size, ..Image::new(url, "") })
    });
    let thumbnails = entry.media.iter().flat_map(|media| &media.thumbnails).filter_map(|thumbnail| {
        let image = &thumbnail.image;
        let size = image.width.zip(image.height);
        is_picture(&image.uri, Some("image")).then(|| Image { size, ..Image::new(&image.uri, "") })
    });
    let enclosures = with_rel(&entry.links, "enclosure").filter_map(|link| {
        let kind = link.media_type.as_deref().and_then(|kind| kind.split('/').next());
        is_picture(&link.href, kind).then(|| Image { bytes: link.length, ..Image::new(&link.href, "") })
    });
    let width = |image: &Image| image.size.map_or(0, |(width, _)| width);
    // Of equal ones the first: `max_by_key` would give the last.
    contents
        .chain(enclosures)
        .chain(thumbnails)
        .reduce(|best, next| if width(&next) > width(&best) { next } else { best })
}

/// Whether it is a picture, and not one of a person.
fn is_picture(url: &str, kind: Option<&str>) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let named = || [".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"].iter().any(|end| path.ends_with(end));
    !path.contains("gravatar.com/avatar") && kind.map_or_else(named, |kind| kind == "image")
}
