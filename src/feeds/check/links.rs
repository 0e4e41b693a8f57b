//! Links of a feed in Atom's words, in Atom and in RSS: itself, its page, its hubs, its history.

use super::address;
use super::finding::{Sheet, rules, short};
use super::namespaces::{ATOM, HISTORY};
use super::plain::{self, BLANK};
use super::tree::Element;

rules! {
    NO_SELF = "no-self-link", Warning,
        "A saved or forwarded feed no longer tells where it came from, and hubs cannot match it. Add atom:link rel=\"self\" \
         with the address that people subscribe to.",
        "W3C MissingAtomSelfLink, MissingSelf; RSS 2.0 profile, atom:link; RFC 4287 §4.1.1";
    MANY_SELVES = "many-self-links", Error,
        "Readers and hubs take one of them, each another. Leave exactly one.",
        "kiosque rule 9; WebSub §4";
    OTHER_SELF = "self-is-elsewhere", Warning,
        "Readers that follow it subscribe to another address, and a hub announces one that nobody subscribed to. Write the \
         public address, byte for byte; take it from configuration, not from the request.",
        "W3C SelfDoesntMatchLocation; kiosque rule 9";
    RELATIVE_SELF = "relative-self-link", Warning,
        "A saved feed cannot resolve it. Write it with scheme and host.",
        "W3C RelativeSelf";
    SELF_TYPE = "self-type", Warning,
        "A self link leads to the feed, so its type is the feed's.",
        "W3C SelfNotAtom";
    NO_HREF = "link-without-href", Error,
        "There is nothing to follow.",
        "W3C MissingHref; RFC 4287 §4.2.7.1";
    UNKNOWN_REL = "unknown-link-relation", Warning,
        "Readers skip it. Use a registered relation, or a URI of your own.",
        "W3C UnregisteredAtomLinkRel; RFC 4287 §4.2.7.2";
    LINK_TEXT = "link-with-text", Warning,
        "In Atom the address stands in href, not in the element.",
        "W3C AtomLinkNotEmpty; RFC 4287 §4.2.7";
    INVALID_TYPE = "invalid-media-type", Error,
        "Readers choose by it what to do with the link. Write type/subtype, such as text/html.",
        "W3C InvalidMIMEType, InvalidMIMEAttribute; RFC 4287 §4.2.7.3";
    INVALID_LENGTH = "invalid-length", Error,
        "A length is a number of bytes. Leave it out, or in RSS write 0, when it is not known.",
        "W3C InvalidNonNegativeInteger, UseZeroForUnknown; RFC 4287 §4.2.7.6";
    DUPLICATE_ALTERNATE = "duplicate-alternate", Error,
        "Readers open one of them, each another. Of one type and language there may be one.",
        "W3C DuplicateAtomLink; RFC 4287 §4.1.1";
    HUB_ALONE = "hub-without-self", Warning,
        "A hub finds the topic by the self link; without one nobody can subscribe. Add it, in the document and in the \
         Link header.",
        "WebSub §4";
    HISTORY_IN_ENTRY = "history-link-in-entry", Warning,
        "Links to older documents belong to the feed, not to an entry.",
        "W3C FeedHistoryRelInEntry; RFC 5005 §3";
    ARCHIVE_ALONE = "archive-without-links", Advice,
        "Who reads an archive document needs prev-archive or next-archive to go on. The W3C validator warns of this; by \
         RFC 5005 the only archive there is has neither, and is right.",
        "W3C ArchiveIncomplete; RFC 5005 §4";
    ARCHIVE_NO_CURRENT = "archive-without-current", Warning,
        "Who lands on an archive document cannot find the feed to subscribe to. Add rel=\"current\".",
        "W3C MissingCurrentInArchive; RFC 5005 §4";
    COMPLETE_PAGED = "complete-feed-with-pages", Error,
        "fh:complete says that all there is stands here, so there cannot be other pages.",
        "W3C FeedRelInCompleteFeed; RFC 5005 §2";
    ARCHIVE_LOOP = "archive-links-to-itself", Error,
        "Who follows the archive never ends.",
        "W3C LinkPastEnd; RFC 5005 §4";
}

const REGISTERED: &[&str] = &[
    "alternate",
    "current",
    "describedby",
    "edit",
    "edit-media",
    "enclosure",
    "first",
    "hub",
    "last",
    "license",
    "next",
    "next-archive",
    "payment",
    "prev-archive",
    "previous",
    "related",
    "replies",
    "search",
    "self",
    "service",
    "up",
    "via",
];

const OF_HISTORY: &[&str] = &["current", "first", "last", "next", "next-archive", "prev-archive", "previous"];

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    Feed,
    Entry,
}

/// The relation of a link of Atom.
pub(super) fn rel(link: &Element) -> &str {
    let rel = link.attribute("rel").unwrap_or("alternate");
    rel.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(rel)
}

/// Judges the links of a feed or an entry.
pub(super) fn check(parent: &Element, of: Parent, sheet: &mut Sheet) {
    let mut alternates: Vec<(&str, &str)> = Vec::new();
    for link in parent.all(ATOM, "link") {
        one(link, of, sheet);
        if rel(link) == "alternate" {
            let kind =
                (link.attribute("type").unwrap_or_default(), link.attribute("hreflang").unwrap_or_default());
            if alternates.contains(&kind) {
                sheet.at(DUPLICATE_ALTERNATE, link.line, "Two alternate links have one type and language.");
            }
            alternates.push(kind);
        }
    }
}

fn one(link: &Element, of: Parent, sheet: &mut Sheet) {
    let (rel, line) = (rel(link), link.line);
    if link.attribute("rel") == Some("") {
        sheet.at(BLANK, line, "The relation of a link is empty.");
    } else if !REGISTERED.contains(&rel) && address::judge(rel).is_some() {
        sheet.at(UNKNOWN_REL, line, format!("Nobody knows the relation “{}”.", short(rel)));
    }
    if of == Parent::Entry && OF_HISTORY.contains(&rel) {
        sheet.at(HISTORY_IN_ENTRY, line, format!("An entry has a link of relation {rel}."));
    }
    if !link.trimmed().is_empty() {
        sheet.at(LINK_TEXT, line, "A link has text.");
    }
    match link.attribute("type") {
        Some(kind) if !is_media_type(kind) => {
            sheet.at(INVALID_TYPE, line, format!("The type of a link is “{}”.", short(kind)));
        }
        Some(kind) if rel == "self" && of == Parent::Feed && !is_feed_type(kind) => {
            sheet.at(SELF_TYPE, line, format!("The self link has the type {}.", short(kind)));
        }
        _ => {}
    }
    if let Some(length) = link.attribute("length")
        && length.parse::<u64>().is_err()
    {
        sheet.at(INVALID_LENGTH, line, format!("The length of a link is “{}”.", short(length)));
    }
    if let Some(language) = link.attribute("hreflang") {
        plain::language(language, "The hreflang of a link", Some(line), sheet);
    }
    match link.attribute("href") {
        None => sheet.at(NO_HREF, line, format!("The link of relation {} has no href.", short(rel))),
        Some(href) if rel == "self" && of == Parent::Feed && !href.contains("://") => {
            sheet.at(RELATIVE_SELF, line, format!("The self link is “{}”.", short(href)));
        }
        Some(href) => {
            address::check(href, &format!("The link of relation {}", short(rel)), Some(line), sheet);
        }
    }
}

/// Judges what a feed says of itself. `locations` are the addresses it was asked for and got from.
pub(super) fn itself(feed: &Element, locations: &[String], sheet: &mut Sheet) {
    let selves: Vec<&Element> = feed.all(ATOM, "link").filter(|link| rel(link) == "self").collect();
    let hub = feed.all(ATOM, "link").find(|link| rel(link) == "hub");
    match (selves.as_slice(), hub) {
        ([], Some(hub)) => sheet.at(HUB_ALONE, hub.line, "The feed names a hub and not itself."),
        ([], None) => sheet.at(NO_SELF, feed.line, "The feed does not say where it is."),
        ([link], _) => {
            elsewhere(link.attribute("href").unwrap_or_default(), locations, Some(link.line), sheet)
        }
        ([_, second, ..], _) => {
            sheet.at(MANY_SELVES, second.line, format!("The feed has {} self links.", selves.len()));
        }
    }
}

/// Compares what a feed calls itself with where it is.
pub(super) fn elsewhere(itself: &str, locations: &[String], line: Option<u32>, sheet: &mut Sheet) {
    if locations.is_empty() || locations.iter().any(|location| location == itself) || !itself.contains("://")
    {
        return;
    }
    let sentence = format!("The feed calls itself {} and is at {}.", short(itself), short(&locations[0]));
    sheet.add(OTHER_SELF, line, sentence);
}

/// Judges archives and pages.
pub(super) fn history(feed: &Element, sheet: &mut Sheet) {
    let href = |wanted: &str| {
        let link = feed.all(ATOM, "link").find(|link| rel(link) == wanted)?;
        link.attribute("href").map(|href| (href, link.line))
    };
    let complete = feed.has(HISTORY, "complete");
    let itself = href("self").map(|(href, _)| href);
    if complete
        && let Some(paged) = feed.all(ATOM, "link").find(|link| OF_HISTORY.contains(&rel(link)))
        && !(rel(paged) == "current" && paged.attribute("href") == itself)
    {
        sheet.at(
            COMPLETE_PAGED,
            paged.line,
            format!("A complete feed has a link of relation {}.", rel(paged)),
        );
    }
    let (previous, next) = (href("prev-archive"), href("next-archive"));
    for (address, line) in [previous, next].into_iter().flatten() {
        if Some(address) == itself {
            sheet.at(ARCHIVE_LOOP, line, "A link of the archive leads to the document it stands in.");
        }
    }
    if let Some(archive) = feed.first(HISTORY, "archive") {
        if previous.is_none() && next.is_none() && !complete {
            sheet.at(ARCHIVE_ALONE, archive.line, "The archive document leads to no other.");
        }
        if href("current").is_none() && !complete {
            sheet.at(ARCHIVE_NO_CURRENT, archive.line, "The archive document does not lead to the feed.");
        }
    }
}

fn is_feed_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/atom+xml" | "application/rss+xml" | "application/rdf+xml")
}

/// Whether it is `type/subtype`, perhaps with parameters (RFC 9110 §8.3.1).
pub(super) fn is_media_type(kind: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
        && kind.split(';').skip(1).all(|parameter| parameter.contains('='))
}
