//! OPML 2.0: lists of feeds.

use std::collections::HashSet;

use super::finding::{Sheet, rules, short};
use super::rss::{self, MISSING};
use super::tree::Element;
use super::{Context, address, dates, plain};

rules! {
    OPML_VERSION = "opml-version", Error,
        "Readers choose by it how to import. Write version=\"2.0\".",
        "W3C InvalidOPMLVersion; OPML 2.0";
    OUTLINE_TEXT = "outline-without-text", Error,
        "Readers show an empty line in place of the feed's name.",
        "W3C MissingAttribute; OPML 2.0, outline";
    OUTLINE_TYPE = "outline-without-type", Warning,
        "Some readers import only outlines of type rss.",
        "W3C MissingOutlineType; OPML 2.0, subscription lists";
    OUTLINE_ADDRESS = "outline-without-xmlurl", Warning,
        "There is nothing to subscribe to.",
        "W3C MissingXmlURL; OPML 2.0, subscription lists";
    OUTLINE_TITLE = "outline-without-title", Warning,
        "Some readers take the name from title alone. Write text and title alike.",
        "W3C MissingTitleAttr; OPML 2.0, subscription lists";
    OUTLINE_TWICE = "duplicate-outline", Advice,
        "Readers subscribe twice. List one format of each feed.",
        "kiosque: discovery";
}

/// Judges a document whose root is `opml`.
pub(super) fn check(root: &Element, context: &Context, sheet: &mut Sheet) {
    match root.attribute("version") {
        Some("1.0" | "1.1" | "2.0") => {}
        Some(other) => sheet.at(OPML_VERSION, root.line, format!("The version is “{}”.", short(other))),
        None => sheet.at(OPML_VERSION, root.line, "<opml> has no version."),
    }
    rss::once(root, "", &["head", "body"], sheet);
    match root.first("", "head") {
        None => sheet.at(MISSING, root.line, "<opml> has no <head>."),
        Some(head) => self::head(head, context, sheet),
    }
    let body = root.first("", "body");
    match body {
        None => sheet.at(MISSING, root.line, "<opml> has no <body>."),
        Some(body) if !body.has("", "outline") => sheet.at(MISSING, body.line, "<body> has no <outline>."),
        Some(_) => {}
    }
    let mut addresses = HashSet::new();
    let mut open: Vec<&Element> = body.into_iter().flat_map(|body| body.all("", "outline")).collect();
    open.reverse();
    while let Some(outline) = open.pop() {
        self::outline(outline, sheet);
        if let Some(address) = outline.attribute("xmlUrl")
            && !addresses.insert(address)
        {
            sheet.at(OUTLINE_TWICE, outline.line, format!("{} is listed twice.", short(address)));
        }
        let below: Vec<&Element> = outline.all("", "outline").collect();
        open.extend(below.into_iter().rev());
    }
}

fn head(head: &Element, context: &Context, sheet: &mut Sheet) {
    for name in ["dateCreated", "dateModified"] {
        if let Some(date) = head.first("", name) {
            let place = dates::Place { name: &date.shown(), line: Some(date.line), now: context.now };
            dates::rfc822(&date.text(), &place, sheet);
        }
    }
    if let Some(email) = head.first("", "ownerEmail")
        && !plain::is_address(&email.trimmed())
    {
        let sentence = format!("<ownerEmail> is no e-mail address: “{}”.", short(&email.text()));
        sheet.at(plain::INVALID_CONTACT, email.line, sentence);
    }
}

fn outline(outline: &Element, sheet: &mut Sheet) {
    let line = outline.line;
    if outline.attribute("text").is_none_or(|text| text.trim().is_empty()) {
        sheet.at(OUTLINE_TEXT, line, "An outline has no text.");
    }
    match outline.attribute("type") {
        None if outline.attribute("xmlUrl").is_some() => {
            sheet.at(OUTLINE_TYPE, line, "An outline has no type.")
        }
        Some(kind) if kind.eq_ignore_ascii_case("rss") => {
            if outline.attribute("xmlUrl").is_none() {
                sheet.at(OUTLINE_ADDRESS, line, "An outline of type rss has no xmlUrl.");
            }
            if outline.attribute("title").is_none() {
                sheet.at(OUTLINE_TITLE, line, "An outline of type rss has no title.");
            }
        }
        _ => {}
    }
    for name in ["xmlUrl", "htmlUrl", "url"] {
        if let Some(value) = outline.attribute(name) {
            address::check(value, &format!("The {name} of an outline"), Some(line), sheet);
        }
    }
    if let Some(language) = outline.attribute("language") {
        plain::language(language, "The language of an outline", Some(line), sheet);
    }
}
