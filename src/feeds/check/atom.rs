//! Atom 1.0: the feed and what feed and entries share.

use super::finding::{Sheet, rules, short};
use super::links::{self, INVALID_TYPE, Parent, is_media_type};
use super::namespaces::{ATOM, XHTML};
use super::plain::NO_LANGUAGE;
use super::rss::{self, MISSING, UNKNOWN};
use super::tree::{Element, XML};
use super::{Context, address, atom_entry, dates, markup, plain, tombstones};

rules! {
    METADATA_LATE = "feed-elements-after-entries", Error,
        "Readers that read as it comes show the entries without the feed's name. Write the feed's own elements first.",
        "W3C MisplacedMetadata; RFC 4287 §4.1.1";
    INVALID_TEXT_TYPE = "invalid-text-type", Error,
        "Readers show nothing. The type of a title, summary or rights is text, html or xhtml.",
        "W3C InvalidTextType; RFC 4287 §3.1.1";
    NO_DIV = "xhtml-without-div", Error,
        "Text of type xhtml stands in one div of the XHTML namespace.",
        "W3C MissingXhtmlDiv; RFC 4287 §3.1.1.3";
    HTML_TITLE = "title-type-html", Advice,
        "Some readers show the source of it. A title is text: use type=\"text\" and no markup.",
        "kiosque rule 13";
    NO_PERSON_NAME = "person-without-name", Error,
        "A person of Atom has a name.",
        "W3C MissingElement; RFC 4287 §3.2.1";
    PERSON_ADDRESS = "person-address", Error,
        "email is an address like redaction@exemple.tg, nothing around it.",
        "W3C InvalidContact; RFC 4287 §3.2.3";
    NO_TERM = "category-without-term", Error,
        "Readers file the entry under nothing. Write the rubric's slug as term and its name as label.",
        "W3C MissingAttribute; RFC 4287 §4.2.2.1";
    SPACES_AROUND = "spaces-around-id", Error,
        "Ids are compared letter by letter, spaces too. Write none around them.",
        "W3C UnexpectedWhitespace; RFC 4287 §4.2.6.1";
    FEED_OLDER = "feed-older-than-entry", Advice,
        "The feed's updated is the newest change of what is in it; some readers look no further.",
        "RFC 4287 §4.2.15; kiosque rule 3";
}

const ONCE: &[&str] = &["generator", "icon", "id", "logo", "rights", "subtitle", "title", "updated"];
const KNOWN: &[&str] = &[
    "author",
    "category",
    "contributor",
    "entry",
    "generator",
    "icon",
    "id",
    "link",
    "logo",
    "rights",
    "subtitle",
    "title",
    "updated",
];

/// Judges a document whose root is `atom:feed`.
pub(super) fn check(feed: &Element, context: &Context, sheet: &mut Sheet) {
    for name in ["id", "title", "updated"] {
        if !feed.has(ATOM, name) {
            sheet.at(MISSING, feed.line, format!("The feed has no <{name}>."));
        }
    }
    rss::once(feed, ATOM, ONCE, sheet);
    if feed.attribute_of(XML, "lang").is_none() {
        sheet.at(NO_LANGUAGE, feed.line, "The feed has no xml:lang.");
    }
    let mut seen_entry = false;
    for element in feed.elements().filter(|element| &*element.space == ATOM) {
        if !KNOWN.contains(&element.name.as_str()) {
            sheet.at(UNKNOWN, element.line, format!("{} stands in the feed.", element.shown()));
        }
        match element.name.as_str() {
            "entry" => seen_entry = true,
            name if seen_entry => {
                sheet.at(METADATA_LATE, element.line, format!("<{name}> of the feed comes after an entry."));
            }
            _ => {}
        }
        common(element, context, sheet);
    }
    links::check(feed, Parent::Feed, sheet);
    links::itself(feed, context.locations, sheet);
    links::history(feed, sheet);
    let entries = atom_entry::check_all(feed, context, sheet);
    tombstones::check(feed, &entries, context, sheet);
    let newest = entries.iter().filter_map(|entry| entry.updated).max();
    let mut quiet = Sheet::default();
    let place = dates::Place { name: "", line: None, now: context.now };
    let own = feed.first(ATOM, "updated").and_then(|own| dates::rfc3339(&own.trimmed(), &place, &mut quiet));
    if let (Some(own), Some(newest)) = (own, newest)
        && own < newest
    {
        sheet.at(FEED_OLDER, feed.line, "An entry was updated after the feed.");
    }
}

/// Judges an element that feeds and entries have alike.
pub(super) fn common(element: &Element, context: &Context, sheet: &mut Sheet) {
    let shown = element.shown();
    let line = Some(element.line);
    let place = dates::Place { name: &shown, line, now: context.now };
    if let Some(language) = element.attribute_of(XML, "lang") {
        plain::language(language, &format!("The xml:lang of {shown}"), line, sheet);
    }
    match element.name.as_str() {
        "title" | "subtitle" | "rights" | "summary" => text(element, sheet),
        "updated" | "published" => {
            rss::attributes(element, &[], sheet);
            dates::rfc3339(&element.text(), &place, sheet);
        }
        "id" => id(element, sheet),
        "author" | "contributor" => person(element, sheet),
        "category" => category(element, sheet),
        "generator" => {
            plain::not_blank(element, sheet);
            let version = element.attribute("version").unwrap_or_default();
            rss::generator(&format!("{} {version}", element.trimmed()), element.line, sheet);
        }
        "icon" | "logo" => {
            address::check(&element.trimmed(), &format!("The address in {shown}"), line, sheet);
        }
        _ => {}
    }
}

/// Judges a text construct (RFC 4287 §3.1).
fn text(element: &Element, sheet: &mut Sheet) {
    let kind = element.attribute("type").unwrap_or("text");
    rss::attributes(element, &["type"], sheet);
    match kind {
        "text" => {
            if let Some(child) = element.elements().next() {
                let sentence = format!("{} stands in {} of type text.", child.shown(), element.shown());
                sheet.at(UNKNOWN, child.line, sentence);
            }
            plain::check(element, false, sheet);
        }
        "html" => {
            let based = element.attribute_of(XML, "base").is_some();
            let place = markup::Place { name: &element.shown(), line: Some(element.line), based };
            markup::check(&element.text(), &place, sheet);
            if element.name == "title" {
                sheet.at(HTML_TITLE, element.line, "The title is of type html.");
            }
        }
        "xhtml" => xhtml(element, sheet),
        other => {
            let sentence = format!("The type of {} is “{}”.", element.shown(), short(other));
            sheet.at(INVALID_TEXT_TYPE, element.line, sentence);
        }
    }
    if element.children.is_empty() {
        plain::not_blank(element, sheet);
    }
}

/// Judges what stands in a text of type xhtml: one `div` of its namespace.
pub(super) fn xhtml(element: &Element, sheet: &mut Sheet) {
    let outside = !element.trimmed().is_empty();
    match element.elements().collect::<Vec<_>>().as_slice() {
        [div] if div.is(XHTML, "div") && !outside => inside(div, &element.shown(), sheet),
        _ => sheet.at(NO_DIV, element.line, format!("{} does not hold one div of XHTML.", element.shown())),
    }
}

fn inside(element: &Element, name: &str, sheet: &mut Sheet) {
    let place = markup::Place { name, line: Some(element.line), based: true };
    let attributes: Vec<(String, String)> = element
        .attributes
        .iter()
        .filter(|attribute| attribute.space.is_empty())
        .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
        .collect();
    if &*element.space == XHTML {
        markup::element(&element.name, &attributes, &place, sheet);
    }
    for child in element.elements() {
        inside(child, name, sheet);
    }
}

fn id(element: &Element, sheet: &mut Sheet) {
    let (text, line) = (element.text(), element.line);
    if text.trim() != text {
        sheet.at(SPACES_AROUND, line, "There is white space around the id.");
    }
    let id = text.trim();
    if address::check(id, "The id", Some(line), sheet)
        && let Some(why) = address::not_canonical(id)
    {
        sheet.at(
            address::NOT_CANONICAL,
            line,
            format!("The id is not canonical, for {why}: “{}”.", short(id)),
        );
    }
}

fn person(element: &Element, sheet: &mut Sheet) {
    let name = element.first(ATOM, "name");
    match name {
        None => sheet.at(NO_PERSON_NAME, element.line, format!("{} has no name.", element.shown())),
        Some(name) => plain::not_blank(name, sheet),
    }
    rss::once(element, ATOM, &["name", "email", "uri"], sheet);
    for child in element.elements().filter(|child| &*child.space == ATOM) {
        match child.name.as_str() {
            "name" => {}
            "email" if plain::is_address(&child.trimmed()) => {}
            "email" => {
                let sentence = format!("The email of {} is “{}”.", element.shown(), short(&child.text()));
                sheet.at(PERSON_ADDRESS, child.line, sentence);
            }
            "uri" => drop(address::check(&child.trimmed(), "The uri of a person", Some(child.line), sheet)),
            _ => sheet.at(UNKNOWN, child.line, format!("{} stands in {}.", child.shown(), element.shown())),
        }
    }
}

fn category(element: &Element, sheet: &mut Sheet) {
    match element.attribute("term") {
        None | Some("") => sheet.at(NO_TERM, element.line, "A category has no term."),
        Some(_) => {}
    }
    rss::attributes(element, &["term", "scheme", "label"], sheet);
    if let Some(scheme) = element.attribute("scheme") {
        address::check(scheme, "The scheme of a category", Some(element.line), sheet);
    }
}

/// Whether the content of an entry is text that must be looked at as HTML, or names a wrong type.
pub(super) fn content(element: &Element, sheet: &mut Sheet) {
    let kind = element.attribute("type").unwrap_or("text");
    rss::attributes(element, &["type", "src"], sheet);
    if let Some(src) = element.attribute("src") {
        address::check(src, "The src of <content>", Some(element.line), sheet);
    }
    match kind {
        "text" => plain::check(element, false, sheet),
        "xhtml" => xhtml(element, sheet),
        "html" | "text/html" => {
            let based = element.attribute_of(XML, "base").is_some();
            let place = markup::Place { name: "<content>", line: Some(element.line), based };
            markup::check(&element.text(), &place, sheet);
        }
        kind if !is_media_type(kind) || kind.starts_with("multipart/") => {
            sheet.at(INVALID_TYPE, element.line, format!("The type of <content> is “{}”.", short(kind)));
        }
        _ => {}
    }
}
