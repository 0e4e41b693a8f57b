//! JSON Feed 1.1.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::finding::{Rule, Sheet, rules, short};
use super::rss::order;
use super::rss_item::{DUPLICATE_GUID, NO_DATE};
use super::{Context, address, characters, dates, links, markup, plain};

rules! {
    BAD_JSON = "json-syntax", Error,
        "Readers refuse the whole document at this place. Let a library write the JSON.",
        "RFC 8259; JSON Feed 1.1";
    JSON_VERSION = "json-feed-version", Error,
        "Readers take the document for something else. Write https://jsonfeed.org/version/1.1.",
        "JSON Feed 1.1, version";
    OLD_JSON = "old-json-feed", Advice,
        "Version 1.1 has several authors and the language. Write https://jsonfeed.org/version/1.1.",
        "JSON Feed 1.1, version";
    JSON_MISSING = "json-missing-key", Error,
        "Readers refuse the feed or skip the item.",
        "JSON Feed 1.1, top-level, items";
    JSON_TYPE = "json-wrong-type", Error,
        "Readers with typed parsers refuse the whole feed. Write what the format names; ids are strings.",
        "JSON Feed 1.1";
    JSON_NULL = "json-null", Advice,
        "Typed parsers stumble over null. Leave out what there is not.",
        "kiosque: JSON Feed";
    JSON_AUTHOR = "json-author", Warning,
        "author is of version 1.0; since 1.1 readers look at authors, a list.",
        "JSON Feed 1.1, authors";
    JSON_CONTENT = "json-item-without-content", Error,
        "Readers have nothing to show. An item has content_html or content_text.",
        "JSON Feed 1.1, items";
    JSON_ATTACHMENT = "json-attachment", Error,
        "An attachment has url and mime_type.",
        "JSON Feed 1.1, attachments";
    JSON_HUB = "json-hub", Error,
        "A hub has type and url.",
        "JSON Feed 1.1, hubs";
    JSON_SELF = "json-without-feed-url", Advice,
        "A saved feed no longer tells where it came from. Write feed_url with the address that people subscribe to.",
        "JSON Feed 1.1, feed_url; kiosque rule 9";
    JSON_EXTENSION = "json-unknown-key", Advice,
        "Keys of your own begin with an underscore.",
        "JSON Feed 1.1, extensions";
}

const TOP: &[&str] = &[
    "version",
    "title",
    "home_page_url",
    "feed_url",
    "description",
    "user_comment",
    "next_url",
    "icon",
    "favicon",
    "authors",
    "author",
    "language",
    "expired",
    "hubs",
    "items",
];
const ITEM: &[&str] = &[
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "image",
    "banner_image",
    "date_published",
    "date_modified",
    "authors",
    "author",
    "tags",
    "language",
    "attachments",
];

/// Judges a document that begins like JSON.
pub(super) fn check(text: &str, context: &Context, sheet: &mut Sheet) {
    // serde_json bounds the depth of documents to 128 by itself.
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
            return sheet.at(BAD_JSON, line, format!("The JSON breaks off: {}.", short(&error.to_string())));
        }
    };
    let Value::Object(feed) = document else {
        return sheet.note(JSON_TYPE, "The document is no object.");
    };
    match feed.get("version").and_then(Value::as_str) {
        Some("https://jsonfeed.org/version/1.1") => {}
        Some("https://jsonfeed.org/version/1" | "https://jsonfeed.org/version/1.0") => {
            sheet.note(OLD_JSON, "The feed is JSON Feed 1.0.");
        }
        other => sheet.note(JSON_VERSION, format!("The version is “{}”.", short(other.unwrap_or_default()))),
    }
    text_key(&feed, "title", "The feed", true, sheet);
    keys(&feed, TOP, "The feed", sheet);
    people(&feed, "The feed", sheet);
    for key in ["home_page_url", "feed_url", "next_url", "icon", "favicon"] {
        address_key(&feed, key, sheet);
    }
    match feed.get("feed_url").and_then(Value::as_str) {
        None => sheet.note(JSON_SELF, "The feed does not say where it is."),
        Some(itself) => links::elsewhere(itself, context.locations, None, sheet),
    }
    match text_key(&feed, "language", "The feed", false, sheet) {
        Some(language) => plain::language(language, "language", None, sheet),
        None => sheet.note(plain::NO_LANGUAGE, "The feed does not say its language."),
    }
    for hub in list(&feed, "hubs", "The feed", sheet) {
        both(hub, ["type", "url"], JSON_HUB, "A hub", sheet);
    }
    if !feed.contains_key("items") {
        sheet.note(JSON_MISSING, "The feed has no items.");
    }
    items(list(&feed, "items", "The feed", sheet), context, sheet);
}

fn items(items: &[Value], context: &Context, sheet: &mut Sheet) {
    let mut ids: HashMap<String, usize> = HashMap::new();
    let mut moments = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            sheet.note(JSON_TYPE, format!("Item {} is no object.", number + 1));
            continue;
        };
        let words = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        sheet.enter(Some(match words("title") {
            "" => words("id"),
            title => title,
        }));
        match item.get("id") {
            None => sheet.note(JSON_MISSING, "The item has no id."),
            Some(Value::String(id)) if !id.is_empty() => {
                if let Some(first) = ids.insert(id.clone(), number) {
                    let sentence = format!("The id “{}” is item {}’s too.", short(id), first + 1);
                    sheet.note(DUPLICATE_GUID, sentence);
                }
            }
            Some(_) => sheet.note(JSON_TYPE, "The id of the item is no string, or empty."),
        }
        moments.extend(self::item(item, context, sheet));
        sheet.enter(None);
    }
    order(&moments, None, sheet);
}

fn item(
    item: &Map<String, Value>,
    context: &Context,
    sheet: &mut Sheet,
) -> Option<chrono::DateTime<chrono::Utc>> {
    keys(item, ITEM, "The item", sheet);
    people(item, "The item", sheet);
    for key in ["url", "external_url", "image", "banner_image"] {
        address_key(item, key, sheet);
    }
    if let Some(title) = text_key(item, "title", "The item", false, sheet)
        && let Some(found) = plain::markup(title)
    {
        let sentence = format!("The title shows “{found}”: “{}”.", short(title));
        sheet.note(plain::LOOKS_LIKE_MARKUP, sentence);
    }
    let html = text_key(item, "content_html", "The item", false, sheet);
    let text = text_key(item, "content_text", "The item", false, sheet);
    if let Some(html) = html {
        markup::check(html, &markup::Place { name: "content_html", line: None, based: false }, sheet);
    }
    if html.is_none() && text.is_none() {
        sheet.note(JSON_CONTENT, "The item has neither content_html nor content_text.");
    }
    for value in item.values().filter_map(Value::as_str) {
        if let Some(c) = value.chars().find(|c| characters::Kind::of(*c) != characters::Kind::Fine) {
            characters::bad(c, None, sheet);
        }
    }
    text_key(item, "summary", "The item", false, sheet);
    if let Some(language) = text_key(item, "language", "The item", false, sheet) {
        plain::language(language, "language", None, sheet);
    }
    for tag in list(item, "tags", "The item", sheet) {
        if !tag.is_string() {
            sheet.note(JSON_TYPE, "A tag is no string.");
        }
    }
    for attachment in list(item, "attachments", "The item", sheet) {
        both(attachment, ["url", "mime_type"], JSON_ATTACHMENT, "An attachment", sheet);
    }
    let mut date = |key: &'static str| {
        let value = text_key(item, key, "The item", false, sheet)?;
        dates::rfc3339(value, &dates::Place { name: key, line: None, now: context.now }, sheet)
    };
    let (published, _) = (date("date_published"), date("date_modified"));
    if !item.contains_key("date_published") {
        sheet.note(NO_DATE, "The item has no date_published.");
    }
    published
}

/// The text of a key; notes when it is something else, or missing where it must not be.
fn text_key<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    whose: &str,
    needed: bool,
    sheet: &mut Sheet,
) -> Option<&'a str> {
    match object.get(key) {
        Some(Value::String(text)) => Some(text),
        Some(Value::Null) => None,
        Some(_) => {
            sheet.note(JSON_TYPE, format!("{whose} has a {key} that is no string."));
            None
        }
        None => {
            if needed {
                sheet.note(JSON_MISSING, format!("{whose} has no {key}."));
            }
            None
        }
    }
}

fn address_key(object: &Map<String, Value>, key: &str, sheet: &mut Sheet) {
    if let Some(value) = text_key(object, key, "The object", false, sheet) {
        address::check(value, key, None, sheet);
    }
}

fn list<'a>(object: &'a Map<String, Value>, key: &str, whose: &str, sheet: &mut Sheet) -> &'a [Value] {
    match object.get(key) {
        Some(Value::Array(list)) => list,
        None | Some(Value::Null) => &[],
        Some(_) => {
            sheet.note(JSON_TYPE, format!("{whose} has {key} that are no list."));
            &[]
        }
    }
}

fn people(object: &Map<String, Value>, whose: &str, sheet: &mut Sheet) {
    if object.contains_key("author") && !object.contains_key("authors") {
        sheet.note(JSON_AUTHOR, format!("{whose} has author in place of authors."));
    }
    for author in list(object, "authors", whose, sheet) {
        let named = ["name", "url", "avatar"].iter().any(|key| author.get(key).is_some_and(Value::is_string));
        if !named {
            sheet.note(JSON_MISSING, format!("{whose} has an author without name, url and avatar."));
        }
    }
}

fn both(value: &Value, names: [&str; 2], rule: &'static Rule, what: &str, sheet: &mut Sheet) {
    for name in names {
        match value.get(name).and_then(Value::as_str) {
            None => sheet.note(rule, format!("{what} has no {name}.")),
            Some(url) if name == "url" => drop(address::check(url, &format!("{what}’s url"), None, sheet)),
            Some(_) => {}
        }
    }
}

/// Notes nulls and keys that the format does not know.
fn keys(object: &Map<String, Value>, known: &[&str], whose: &str, sheet: &mut Sheet) {
    for (key, value) in object {
        if value.is_null() {
            sheet.note(JSON_NULL, format!("{whose} has {} of null.", short(key)));
        } else if !key.starts_with('_') && !known.contains(&key.as_str()) {
            sheet.note(JSON_EXTENSION, format!("{whose} has the key {}.", short(key)));
        }
    }
}
