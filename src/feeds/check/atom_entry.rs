//! Atom 1.0: the entries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::finding::{Sheet, rules, short};
use super::links::{self, Parent};
use super::namespaces::ATOM;
use super::rss::{self, MISSING, UNKNOWN};
use super::rss_item::DUPLICATE_GUID;
use super::tree::Element;
use super::{Context, atom, dates, media};

rules! {
    SAME_UPDATED = "same-updated", Warning,
        "Readers that sort or compare by updated cannot tell the entries apart. Move one of them by a second.",
        "W3C DuplicateUpdated; RFC 4287 §4.2.15";
    NOTHING_TO_READ = "entry-without-text", Warning,
        "Readers show a title and nothing below it. Add a summary or the content.",
        "W3C MissingTextualContent; RFC 4287 §4.1.1.1";
    NO_WAY_OUT = "entry-without-link-or-content", Error,
        "There is neither anything to read nor an address to open. Add the content or an alternate link.",
        "W3C MissingContentOrAlternate; RFC 4287 §4.1.1";
    NO_SUMMARY = "content-elsewhere-without-summary", Error,
        "Readers do not load content from elsewhere. Say in a summary what it is.",
        "W3C MissingSummary; RFC 4287 §4.1.1.1";
    PUBLISHED_LATER = "published-after-updated", Advice,
        "An entry cannot change before it appears. Set updated to the later of the two.",
        "RFC 4287 §4.2.9";
}

const ONCE: &[&str] = &["content", "id", "published", "rights", "source", "summary", "title", "updated"];
const KNOWN: &[&str] = &[
    "author",
    "category",
    "content",
    "contributor",
    "id",
    "link",
    "published",
    "rights",
    "source",
    "summary",
    "title",
    "updated",
];

/// What the rest of a feed is compared with.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) updated: Option<DateTime<Utc>>,
}

/// Judges the entries of a feed.
pub(super) fn check_all(feed: &Element, context: &Context, sheet: &mut Sheet) -> Vec<Entry> {
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut moments: HashMap<DateTime<Utc>, u32> = HashMap::new();
    let mut entries = Vec::new();
    let mut published = Vec::new();
    for entry in feed.all(ATOM, "entry") {
        let name = |name| entry.first(ATOM, name).map(Element::text).filter(|text| !text.trim().is_empty());
        sheet.enter(Some(&name("title").or_else(|| name("id")).unwrap_or_default()));
        let (read, first) = check(entry, feed, context, sheet);
        if let Some(line) = ids.get(&read.id) {
            let sentence = format!("The id “{}” stands at line {line} too.", short(&read.id));
            sheet.at(DUPLICATE_GUID, entry.line, sentence);
        } else if !read.id.is_empty() {
            ids.insert(read.id.clone(), entry.line);
        }
        if let Some(at) = read.updated {
            match moments.get(&at) {
                Some(line) => {
                    let sentence = format!("The entry at line {line} was updated at the same time, {at:?}.");
                    sheet.at(SAME_UPDATED, entry.line, sentence);
                }
                None => drop(moments.insert(at, entry.line)),
            }
        }
        published.extend(first);
        entries.push(read);
        sheet.enter(None);
    }
    rss::order(&published, Some(feed.line), sheet);
    entries
}

/// Judges an entry; gives what it is compared by and when it was published.
fn check(
    entry: &Element,
    feed: &Element,
    context: &Context,
    sheet: &mut Sheet,
) -> (Entry, Option<DateTime<Utc>>) {
    for name in ["id", "title", "updated"] {
        if !entry.has(ATOM, name) {
            sheet.at(MISSING, entry.line, format!("The entry has no <{name}>."));
        }
    }
    let source = entry.first(ATOM, "source").is_some_and(|source| source.has(ATOM, "author"));
    if !entry.has(ATOM, "author") && !feed.has(ATOM, "author") && !source {
        sheet.at(MISSING, entry.line, "Neither the entry nor the feed has an <author>.");
    }
    rss::once(entry, ATOM, ONCE, sheet);
    for element in entry.elements() {
        match &*element.space {
            ATOM if element.name == "content" => atom::content(element, sheet),
            ATOM if KNOWN.contains(&element.name.as_str()) => atom::common(element, context, sheet),
            "" | ATOM => sheet.at(UNKNOWN, element.line, format!("{} stands in an entry.", element.shown())),
            _ => {}
        }
    }
    substance(entry, sheet);
    links::check(entry, Parent::Entry, sheet);
    media::check(entry, sheet);

    let mut quiet = Sheet::default();
    let place = dates::Place { name: "", line: None, now: context.now };
    let mut date = |name: &str| {
        let element = entry.first(ATOM, name)?;
        dates::rfc3339(&element.text(), &place, &mut quiet)
    };
    let (updated, published) = (date("updated"), date("published"));
    if let (Some(updated), Some(published)) = (updated, published)
        && published > updated
    {
        sheet.at(PUBLISHED_LATER, entry.line, "The entry was published after it was updated.");
    }
    let id = entry.first(ATOM, "id").map(Element::trimmed).unwrap_or_default();
    (Entry { id, updated }, published.or(updated))
}

/// Whether there is anything to read.
fn substance(entry: &Element, sheet: &mut Sheet) {
    let summary = entry.has(ATOM, "summary");
    match entry.first(ATOM, "content") {
        None => {
            if !summary {
                sheet.at(NOTHING_TO_READ, entry.line, "The entry has neither summary nor content.");
            }
            if !entry.all(ATOM, "link").any(|link| links::rel(link) == "alternate") {
                sheet.at(NO_WAY_OUT, entry.line, "The entry has neither content nor an alternate link.");
            }
        }
        Some(content) if !summary => {
            let kind = content.attribute("type").unwrap_or("text");
            let binary = kind.contains('/')
                && !(kind.starts_with("text/") || kind.ends_with("+xml") || kind.ends_with("/xml"));
            if binary || content.attribute("src").is_some() {
                sheet.at(
                    NO_SUMMARY,
                    content.line,
                    "The content is elsewhere or no text, and there is no summary.",
                );
            }
        }
        Some(_) => {}
    }
}
