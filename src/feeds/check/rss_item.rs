//! RSS 2.0: the items.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::finding::{Sheet, rules, short};
use super::links::{self, Parent};
use super::namespaces::{ATOM, CONTENT, DC};
use super::rss::{self, ITEM_EXTENSIONS, UNKNOWN};
use super::tree::Element;
use super::{Context, address, dates, markup, media, plain};

rules! {
    NOTHING_SAID = "item-says-nothing", Error,
        "Readers have nothing to show. An item has a title or a description.",
        "W3C ItemMustContainTitleOrDescription; RSS 2.0, item";
    NO_GUID = "no-guid", Warning,
        "Readers know an article again by its link or title, and show it twice when that changes. Give each item a guid \
         that never changes.",
        "W3C MissingGuid; RSS 2.0 profile, guid; kiosque rule 10";
    SMALL_GUID = "guid-small-number", Warning,
        "Another site has an article 12345 too, and hosted readers mix them up. Use a tag: URI; guids that are already \
         out stay as they are.",
        "W3C NotSufficientlyUnique; kiosque rule 10";
    DUPLICATE_GUID = "duplicate-guid", Error,
        "Readers show one of the items and drop the others. Every article has a guid of its own.",
        "W3C DuplicateValue, DuplicateEntries; RSS 2.0, guid; RFC 4287 §4.2.6";
    GUID_NO_LINK = "guid-is-no-permalink", Error,
        "A guid without isPermaLink=\"false\" is a link that readers open. Say isPermaLink=\"false\", or write a URL.",
        "W3C InvalidHttpGUID, InvalidPermalink; RSS 2.0, guid";
    GUID_FLAG = "guid-flag", Error,
        "isPermaLink is true or false.",
        "W3C InvalidBooleanAttribute; RSS 2.0, guid";
    GUID_PERMALINK = "guid-is-the-address", Advice,
        "When the address changes, every reader sees every article again. Use a tag: URI with isPermaLink=\"false\"; guids \
         that are already out stay as they are.",
        "kiosque rules 10 and 11";
    CONTENT_FIRST = "content-before-description", Warning,
        "Readers that keep the last of the two show the summary alone. Write description first.",
        "W3C NeedDescriptionBeforeContent; RSS 2.0 profile, content:encoded";
    NO_DATE = "entry-without-date", Advice,
        "Readers show the time of their own poll. Write when the article was first published.",
        "kiosque rule 16; RSS 2.0 profile, pubDate";
    NO_SOURCE_URL = "source-without-url", Error,
        "source names the feed an item came from: url is that feed's address.",
        "W3C MissingAttribute; RSS 2.0, source";
}

const ONCE: &[&str] = &["title", "link", "description", "author", "comments", "guid", "pubDate", "source"];

const TWICE: &[(&str, &str)] =
    &[("author", "creator"), ("category", "subject"), ("pubDate", "date"), ("source", "source")];

/// Judges the items of a channel; gives the dates that could be read.
pub(super) fn check_all(items: &[&Element], context: &Context, sheet: &mut Sheet) -> Vec<DateTime<Utc>> {
    let mut guids: HashMap<String, u32> = HashMap::new();
    let mut dates = Vec::with_capacity(items.len());
    for item in items {
        let title = item.first("", "title").map(Element::text);
        sheet.enter(Some(&title.or_else(|| item.first("", "guid").map(Element::text)).unwrap_or_default()));
        dates.extend(check(item, context, &mut guids, sheet));
        sheet.enter(None);
    }
    dates
}

fn check(
    item: &Element,
    context: &Context,
    guids: &mut HashMap<String, u32>,
    sheet: &mut Sheet,
) -> Option<DateTime<Utc>> {
    if !item.has("", "title") && !item.has("", "description") {
        sheet.at(NOTHING_SAID, item.line, "The item has neither title nor description.");
    }
    rss::once(item, "", ONCE, sheet);
    for (space, names) in ITEM_EXTENSIONS {
        rss::once(item, space, names, sheet);
    }
    rss::said_twice(item, TWICE, sheet);
    let mut date = None;
    for element in item.elements() {
        match &*element.space {
            "" => date = own(element, context, sheet).or(date),
            CONTENT if element.name == "encoded" => {
                let described = item.elements().take_while(|other| other.line <= element.line);
                let before = described
                    .take_while(|other| !std::ptr::eq(*other, element))
                    .any(|other| other.is("", "description"));
                if !before {
                    sheet.at(CONTENT_FIRST, element.line, "There is no description before content:encoded.");
                }
                html(element, sheet);
            }
            DC if element.name == "creator" => plain::not_blank(element, sheet),
            DC if element.name == "date" => {
                let place = dates::Place { name: "<dc:date>", line: Some(element.line), now: context.now };
                date = dates::rfc3339(&element.trimmed(), &place, sheet).or(date);
            }
            ATOM if element.name == "updated" => {
                let place =
                    dates::Place { name: "<atom:updated>", line: Some(element.line), now: context.now };
                dates::rfc3339(&element.trimmed(), &place, sheet);
            }
            _ => {}
        }
    }
    if item.first("", "guid").is_none() {
        sheet.at(NO_GUID, item.line, "The item has no guid.");
    }
    for element in item.all("", "guid") {
        guid(element, guids, sheet);
    }
    if !item.has("", "pubDate") && !item.has(DC, "date") {
        sheet.at(NO_DATE, item.line, "The item has no date.");
    }
    links::check(item, Parent::Entry, sheet);
    media::enclosures(item, sheet);
    media::check(item, sheet);
    date
}

/// Judges an element of RSS's own in an item; gives the date if it is one.
fn own(element: &Element, context: &Context, sheet: &mut Sheet) -> Option<DateTime<Utc>> {
    let shown = element.shown();
    let line = Some(element.line);
    match element.name.as_str() {
        "title" | "category" => {
            plain::not_blank(element, sheet);
            plain::check(element, true, sheet);
        }
        "link" | "comments" => {
            address::check(&element.trimmed(), &format!("The address in {shown}"), line, sheet);
        }
        "description" => html(element, sheet),
        "author" => plain::contact(element, sheet),
        "pubDate" => {
            let place = dates::Place { name: &shown, line, now: context.now };
            return dates::rfc822(&element.text(), &place, sheet);
        }
        "source" => match element.attribute("url") {
            Some(url) => drop(address::check(url, "The address of <source>", line, sheet)),
            None => sheet.at(NO_SOURCE_URL, element.line, "<source> has no url."),
        },
        "guid" | "enclosure" => {}
        _ => sheet.at(UNKNOWN, element.line, format!("{shown} stands in an item.")),
    }
    None
}

fn html(element: &Element, sheet: &mut Sheet) {
    let place = markup::Place { name: &element.shown(), line: Some(element.line), based: false };
    markup::check(&element.text(), &place, sheet);
    if let Some(child) = element.elements().next() {
        sheet.at(UNKNOWN, child.line, format!("{} stands in {}.", child.shown(), place.name));
    }
}

fn guid(element: &Element, guids: &mut HashMap<String, u32>, sheet: &mut Sheet) {
    let (value, line) = (element.trimmed(), element.line);
    rss::attributes(element, &["isPermaLink"], sheet);
    if value.is_empty() {
        return plain::not_blank(element, sheet);
    }
    if let Some(first) = guids.get(&value) {
        sheet.at(DUPLICATE_GUID, line, format!("The guid “{}” stands at line {first} too.", short(&value)));
    }
    guids.entry(value.clone()).or_insert(line);
    let flag = element.attribute("isPermaLink");
    if flag.is_some_and(|flag| !matches!(flag, "true" | "false")) {
        sheet.at(GUID_FLAG, line, format!("isPermaLink is “{}”.", short(flag.unwrap_or_default())));
    } else if flag != Some("false") {
        let web = value.starts_with("http://") || value.starts_with("https://");
        if web && address::judge(&value).is_none() {
            sheet.at(GUID_PERMALINK, line, "The guid is the article's address.");
        } else {
            sheet.at(GUID_NO_LINK, line, format!("The guid says it is a link: “{}”.", short(&value)));
        }
    } else if value.len() < 9 && value.bytes().all(|b| b.is_ascii_digit()) {
        sheet.at(SMALL_GUID, line, format!("The guid is the number {value}."));
    }
}
