//! Pictures and recordings: Media RSS, and the enclosures of RSS.

use super::address;
use super::finding::{Sheet, rules, short};
use super::links::{INVALID_LENGTH, INVALID_TYPE, is_media_type};
use super::namespaces::MEDIA;
use super::tree::{Element, Node};

rules! {
    ENCLOSURE_ATTRIBUTE = "enclosure-attribute", Error,
        "Readers download nothing without url, length and type. Write all three; 0 for an unknown length.",
        "W3C MissingAttribute; RSS 2.0, enclosure";
    MANY_ENCLOSURES = "many-enclosures", Warning,
        "Readers take the first or the last. Put one enclosure into an item, further media into media:content.",
        "W3C DuplicateEnclosure; RSS 2.0 profile, enclosure";
    ENCLOSURE_ADDRESS = "enclosure-address", Error,
        "Readers download by http and https alone.",
        "W3C InvalidURLAttribute; RSS 2.0, enclosure";
    INVALID_MEDIUM = "invalid-medium", Error,
        "Readers choose by it what to show. Write image, audio, video, document or executable.",
        "W3C InvalidMediaMedium; Media RSS, media:content";
    INVALID_SIZE = "invalid-size", Error,
        "Readers lay out the entry by it. Write a whole number above 0, or leave it out.",
        "W3C InvalidPositiveInteger; Media RSS, media:content";
    NO_MEDIA_ADDRESS = "media-without-url", Error,
        "There is nothing to show.",
        "W3C MissingAttribute; Media RSS, media:thumbnail";
    LONELY_GROUP = "media-group-of-one", Error,
        "A group holds versions of one thing. Put a single media:content into the item itself.",
        "W3C MediaGroupWithoutAlternatives; Media RSS, media:group";
}

/// Judges every element of Media RSS in an item or entry.
pub(super) fn check(item: &Element, sheet: &mut Sheet) {
    for node in &item.children {
        let Node::Element(element) = node else { continue };
        if &*element.space != MEDIA {
            continue;
        }
        match element.name.as_str() {
            "group" => {
                if element.all(MEDIA, "content").count() < 2 {
                    sheet.at(LONELY_GROUP, element.line, "<media:group> holds fewer than two versions.");
                }
                check(element, sheet);
            }
            "content" => {
                content(element, sheet);
                check(element, sheet);
            }
            "thumbnail" => {
                if element.attribute("url").unwrap_or_default().is_empty() {
                    sheet.at(NO_MEDIA_ADDRESS, element.line, "<media:thumbnail> has no url.");
                } else {
                    sized(element, sheet);
                }
            }
            _ => {}
        }
    }
}

fn content(element: &Element, sheet: &mut Sheet) {
    sized(element, sheet);
    if let Some(medium) = element.attribute("medium")
        && !matches!(medium, "image" | "audio" | "video" | "document" | "executable")
    {
        sheet.at(INVALID_MEDIUM, element.line, format!("The medium is “{}”.", short(medium)));
    }
    if let Some(kind) = element.attribute("type")
        && !is_media_type(kind)
    {
        sheet.at(INVALID_TYPE, element.line, format!("The type of <media:content> is “{}”.", short(kind)));
    }
}

fn sized(element: &Element, sheet: &mut Sheet) {
    let name = element.shown();
    if let Some(url) = element.attribute("url").filter(|url| !url.is_empty()) {
        address::check(url, &format!("The address of {name}"), Some(element.line), sheet);
    }
    for size in ["width", "height", "fileSize"] {
        if let Some(value) = element.attribute(size)
            && !value.parse::<u64>().is_ok_and(|value| value > 0)
        {
            sheet.at(INVALID_SIZE, element.line, format!("The {size} of {name} is “{}”.", short(value)));
        }
    }
}

/// Judges the enclosures of an item of RSS.
pub(super) fn enclosures(item: &Element, sheet: &mut Sheet) {
    for (number, enclosure) in item.all("", "enclosure").enumerate() {
        if number == 1 {
            sheet.at(MANY_ENCLOSURES, enclosure.line, "The item has more than one enclosure.");
        }
        for name in ["url", "length", "type"] {
            if enclosure.attribute(name).is_none() {
                sheet.at(ENCLOSURE_ATTRIBUTE, enclosure.line, format!("The enclosure has no {name}."));
            }
        }
        if let Some(length) = enclosure.attribute("length")
            && length.parse::<u64>().is_err()
        {
            sheet.at(
                INVALID_LENGTH,
                enclosure.line,
                format!("The length of the enclosure is “{}”.", short(length)),
            );
        }
        if let Some(kind) = enclosure.attribute("type")
            && !is_media_type(kind)
        {
            sheet.at(
                INVALID_TYPE,
                enclosure.line,
                format!("The type of the enclosure is “{}”.", short(kind)),
            );
        }
        if let Some(url) = enclosure.attribute("url")
            && (!(url.starts_with("http://") || url.starts_with("https://")) || address::judge(url).is_some())
        {
            sheet.at(ENCLOSURE_ADDRESS, enclosure.line, format!("The enclosure is at “{}”.", short(url)));
        }
    }
}
