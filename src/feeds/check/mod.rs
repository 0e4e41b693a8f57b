//! Whether a feed is what it should be: the rules of the specifications, of the W3C validator, of the RSS Advisory
//! Board's profile, and our own.
//!
//! [`check`] takes bytes and where they are, [`check_answers`] what HTTP said around them too. Both are pure, read strictly and never
//! fail: whatever the bytes are, they give a [`Report`]. Every rule stands beside the code that looks for it, with its source
//! ([`rules`]; docs/feed-check.md lists them).

mod address;
mod atom;
mod atom_entry;
mod characters;
mod dates;
mod finding;
mod http;
mod json_feed;
mod links;
mod markup;
mod media;
mod names;
mod namespaces;
mod opml;
mod plain;
mod rss;
mod rss_item;
mod tombstones;
mod tree;
mod xml;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod faults_rss;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use finding::{Finding, Report, Rule, Severity};
pub use http::{Exchange, Hop, Reply};

use crate::clock::Timestamp;
use finding::Sheet;
use http::Kind;
use namespaces::{ATOM, RDF};
use tree::Element;

finding::rules! {
    NOT_A_FEED = "not-a-feed", Error,
        "Readers cannot subscribe to it. If this is the address of a page, the feed's stands in its <link rel=\"alternate\">; \
         a removed feed answers 410, not with a page.",
        "W3C UndefinedElement; RFC 9110 §15.5.11";
    OLD_ATOM = "old-atom", Error,
        "Atom 0.3 was a draft; readers drop it. Write Atom 1.0, http://www.w3.org/2005/Atom.",
        "W3C ObsoleteNamespace; RFC 4287 §1.2";
}

/// What every judge of a document knows.
struct Context<'a> {
    /// The addresses that the feed may call itself; none when nobody knows where it is.
    locations: &'a [String],
    now: Timestamp,
}

/// Checks a document. `location` is the public address it stands at, if it is known; `now` is what dates are compared with.
#[must_use]
pub fn check(bytes: &[u8], location: Option<&str>, now: Timestamp) -> Report {
    let mut sheet = Sheet::default();
    let locations: Vec<String> = location.into_iter().map(str::to_owned).collect();
    document(bytes, None, &Context { locations: &locations, now }, &mut sheet);
    sheet.report()
}

/// Checks a feed together with the answers it came in.
#[must_use]
pub fn check_answers(exchange: &Exchange, now: Timestamp) -> Report {
    let mut sheet = Sheet::default();
    let locations = exchange.locations();
    let context = Context { locations: &locations, now };
    let mut found = Found { kind: Kind::Other, declared: None, hubs: 0 };
    if exchange.full.status.is_success() {
        found = document(&exchange.full.body, exchange.charset().as_deref(), &context, &mut sheet);
    }
    let Found { kind, declared, hubs } = found;
    http::check(exchange, kind, declared.as_deref(), hubs, now, &mut sheet);
    if exchange.asked.starts_with("http:") && !exchange.hops.iter().any(|hop| hop.to.starts_with("https:")) {
        sheet.note(address::NOT_HTTPS, "The feed is served by http.");
    }
    sheet.report()
}

/// The address to which a document's first link of this relation leads: `prev-archive` walks an archive. `None` when
/// there is none, or the document is no feed in XML.
#[must_use]
pub fn linked(bytes: &[u8], relation: &str) -> Option<String> {
    let mut quiet = Sheet::default();
    let text = std::str::from_utf8(bytes).ok()?;
    let root = xml::read(text, &mut quiet).root?;
    let feed = root.first("", "channel").unwrap_or(&root);
    let link = feed.all(ATOM, "link").find(|link| links::rel(link) == relation)?;
    link.attribute("href").map(str::to_owned)
}

/// Every rule, in the order of their ids.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    let mut rules = [
        RULES,
        address::RULES,
        atom::RULES,
        atom_entry::RULES,
        characters::RULES,
        dates::RULES,
        http::RULES,
        json_feed::RULES,
        links::RULES,
        markup::RULES,
        media::RULES,
        namespaces::RULES,
        opml::RULES,
        plain::RULES,
        rss::RULES,
        rss_item::RULES,
        tombstones::RULES,
        xml::RULES,
    ]
    .concat();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// What a document turned out to be.
struct Found {
    kind: Kind,
    declared: Option<String>,
    hubs: usize,
}

fn document(bytes: &[u8], charset: Option<&str>, context: &Context, sheet: &mut Sheet) -> Found {
    // What no reader takes is not looked at: the finding of its size says enough.
    let looked_at = &bytes[..bytes.len().min(crate::outbound::LARGEST_FEED)];
    let characters::Characters { text, declared } = characters::read(bytes, looked_at, charset, sheet);
    if is_page(&text) {
        sheet.note(NOT_A_FEED, page(&text));
        return Found { kind: Kind::Page, declared, hubs: 0 };
    }
    if text.trim_start().starts_with(['{', '[']) {
        json_feed::check(&text, context, sheet);
        let hubs = text.matches("\"hubs\"").count();
        return Found { kind: Kind::Json, declared, hubs };
    }
    let nothing = Found { kind: Kind::Other, declared: None, hubs: 0 };
    if text.trim().is_empty() {
        return nothing;
    }
    let xml::Document { root, declarations, whole } = xml::read(&text, sheet);
    let Some(root) = root else {
        if whole {
            sheet.note(NOT_A_FEED, "The document has no element.");
        }
        return nothing;
    };
    if !whole {
        return Found { kind: Kind::of(&root), declared, hubs: 0 };
    }
    judge(&root, context, sheet);
    namespaces::check(&declarations, &root.space, sheet);
    let feed = root.first("", "channel").unwrap_or(&root);
    let hubs = feed.all(ATOM, "link").filter(|link| links::rel(link) == "hub").count();
    Found { kind: Kind::of(&root), declared, hubs }
}

/// Whether a text is a page of HTML.
fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(20).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// What is said of a page: where its feed is, if it says so.
fn page(text: &str) -> String {
    let document = dom_query::Document::from(text);
    let links = document.select("link[rel=alternate][type][href]");
    let feed = links.iter().find(|link| {
        let kind = link.attr("type").unwrap_or_default().to_ascii_lowercase();
        kind.starts_with("application/")
            && ["rss+xml", "atom+xml", "feed+json"].iter().any(|end| kind.contains(end))
    });
    match feed.and_then(|link| link.attr("href")) {
        Some(address) => format!("This is a page of HTML; it says its feed is {}.", finding::short(&address)),
        None => "This is a page of HTML.".to_owned(),
    }
}

fn judge(root: &Element, context: &Context, sheet: &mut Sheet) {
    match (&*root.space, root.name.as_str()) {
        ("", "rss") => rss::check(root, context, sheet),
        (ATOM, "feed") => atom::check(root, context, sheet),
        ("", "opml") => opml::check(root, context, sheet),
        (RDF, "RDF") => sheet.at(rss::OLD_RSS, root.line, "The feed is RSS 1.0."),
        ("http://purl.org/atom/ns#", "feed") => sheet.at(OLD_ATOM, root.line, "The feed is Atom 0.3."),
        _ => sheet.at(NOT_A_FEED, root.line, format!("The root element is {}.", root.shown())),
    }
}

impl Kind {
    fn of(root: &Element) -> Self {
        match (&*root.space, root.name.as_str()) {
            ("", "rss") => Self::Rss,
            (_, "feed") => Self::Atom,
            ("", "opml") => Self::Opml,
            _ => Self::Other,
        }
    }
}
