//! RSS 2.0: the channel.

use chrono::{DateTime, Utc};

use super::finding::{Sheet, rules, short};
use super::links::{self, Parent};
use super::namespaces::{CONTENT, DC, SLASH};
use super::tree::{Element, XML};
use super::{Context, address, dates, plain, rss_item};

rules! {
    WRONG_RSS_VERSION = "rss-version", Error,
        "Readers choose by it how to read. Write version=\"2.0\".",
        "W3C InvalidRSSVersion; RSS 2.0, rss";
    OLD_RSS = "old-rss", Advice,
        "Only RSS 2.0 and Atom have ids that readers rely on. Serve one of them.",
        "W3C ObsoleteVersion; RSS 2.0";
    MISSING = "missing-element", Error,
        "Readers refuse the feed or show it without a name.",
        "W3C MissingTitle, MissingLink, MissingDescription, MissingElement; RSS 2.0, channel; RFC 4287 §4.1";
    DUPLICATE = "duplicate-element", Error,
        "Readers take the first or the last. Leave one.",
        "W3C DuplicateElement; RFC 4287 §4.1";
    UNKNOWN = "unknown-element", Error,
        "It belongs to no format; readers skip it. Put extensions into a namespace, and mind capitals: pubDate, not pubdate.",
        "W3C UndefinedElement; RSS 2.0, extending RSS";
    UNKNOWN_ATTRIBUTE = "unknown-attribute", Error,
        "The format does not know it; readers skip it.",
        "W3C UnexpectedAttribute";
    MISPLACED_ITEM = "item-before-channel", Warning,
        "Readers that read as it comes show the items without the channel's name. Write items last.",
        "W3C MisplacedItem; RSS 2.0 profile, channel";
    TEXT_INPUT = "text-input", Warning,
        "No reader supports it. Leave it out.",
        "W3C AvoidTextInput; RSS 2.0 profile, textInput";
    IMAGE_TITLE = "image-title", Warning,
        "The image stands for the channel, so it has the channel's title.",
        "W3C ImageTitleDoesntMatch; RSS 2.0 profile, image";
    IMAGE_LINK = "image-link", Warning,
        "The image stands for the channel, so it leads where the channel leads.",
        "W3C ImageLinkDoesntMatch; RSS 2.0 profile, image";
    IMAGE_FORMAT = "image-format", Warning,
        "RSS wants GIF, JPEG or PNG here; readers show no other.",
        "W3C ImageUrlFormat; RSS 2.0, image";
    IMAGE_SIZE = "image-size", Error,
        "Readers cut it. The largest width is 144, the largest height 400 pixels.",
        "W3C InvalidWidth, InvalidHeight; RSS 2.0, image";
    INVALID_TTL = "invalid-ttl", Error,
        "Readers ignore it. Write whole minutes above 0.",
        "W3C InvalidPositiveInteger; RSS 2.0, ttl";
    INVALID_SKIP = "invalid-skip", Error,
        "Hours go from 0 to 23, days from Monday to Sunday, each once. Better leave it out: few readers heed it.",
        "W3C InvalidHour, InvalidDay, NotEnoughHoursInTheDay, EightDaysAWeek; RSS 2.0, skipHours";
    DUPLICATE_MEANING = "said-twice", Warning,
        "Two elements say the same in two vocabularies, and readers take one of them. Keep RSS's own.",
        "W3C DuplicateSemantics, DuplicateItemSemantics";
    GENERATOR_VERSION = "generator-version", Advice,
        "It tells attackers what to try, and an update changes every feed's bytes and validators at once.",
        "kiosque rule 5";
    COMMENTS_NO_DATE = "comments-without-build-date", Warning,
        "The count changes without anything that tells readers so. Add lastBuildDate, or leave slash:comments out.",
        "W3C SlashDate; RSS 2.0 profile, slash:comments";
    ORDER = "not-newest-first", Advice,
        "Readers that show a few entries show the wrong ones. Sort by publication, newest first.",
        "kiosque rule 17";
}

const ONCE: &[&str] = &[
    "title",
    "link",
    "description",
    "language",
    "copyright",
    "managingEditor",
    "webMaster",
    "pubDate",
    "lastBuildDate",
    "generator",
    "docs",
    "cloud",
    "ttl",
    "image",
    "rating",
    "textInput",
    "skipHours",
    "skipDays",
];

/// The words of RSS beside extensions' that say the same.
const TWICE: &[(&str, &str)] = &[
    ("managingEditor", "creator"),
    ("category", "subject"),
    ("pubDate", "date"),
    ("webMaster", "publisher"),
    ("language", "language"),
    ("copyright", "rights"),
];

/// Judges a document whose root is `rss`.
pub(super) fn check(root: &Element, context: &Context, sheet: &mut Sheet) {
    match root.attribute("version") {
        Some("2.0") => {}
        Some("0.90" | "0.91" | "0.92" | "0.93" | "0.94") => {
            sheet.at(OLD_RSS, root.line, "The feed is older than RSS 2.0.");
        }
        Some(other) => {
            sheet.at(WRONG_RSS_VERSION, root.line, format!("The version is “{}”.", short(other)));
        }
        None => sheet.at(WRONG_RSS_VERSION, root.line, "<rss> has no version."),
    }
    attributes(root, &["version"], sheet);
    for element in root.elements().filter(|element| element.space.is_empty() && element.name != "channel") {
        sheet.at(UNKNOWN, element.line, format!("{} stands in <rss>.", element.shown()));
    }
    match root.all("", "channel").collect::<Vec<_>>().as_slice() {
        [] => sheet.at(MISSING, root.line, "<rss> has no <channel>."),
        [channel, rest @ ..] => {
            if let Some(second) = rest.first() {
                sheet.at(DUPLICATE, second.line, "<rss> has two <channel>.");
            }
            self::channel(channel, context, sheet);
        }
    }
}

fn channel(channel: &Element, context: &Context, sheet: &mut Sheet) {
    for name in ["title", "link", "description"] {
        if !channel.has("", name) {
            sheet.at(MISSING, channel.line, format!("The channel has no <{name}>."));
        }
    }
    once(channel, "", ONCE, sheet);
    let mut seen_item = false;
    for element in channel.elements() {
        if element.space.is_empty() {
            match element.name.as_str() {
                "item" => seen_item = true,
                _ if seen_item => {
                    let sentence = format!("{} comes after an item.", element.shown());
                    sheet.at(MISPLACED_ITEM, element.line, sentence);
                }
                _ => {}
            }
            own(element, channel, context, sheet);
        }
    }
    said_twice(channel, TWICE, sheet);
    if !channel.has("", "language")
        && !channel.has(DC, "language")
        && channel.attribute_of(XML, "lang").is_none()
    {
        sheet.at(plain::NO_LANGUAGE, channel.line, "The channel does not say its language.");
    }
    links::check(channel, Parent::Feed, sheet);
    links::itself(channel, context.locations, sheet);
    links::history(channel, sheet);
    let items: Vec<&Element> = channel.all("", "item").collect();
    if !channel.has("", "lastBuildDate")
        && let Some(comments) = items.iter().find_map(|item| item.first(SLASH, "comments"))
    {
        sheet.at(
            COMMENTS_NO_DATE,
            comments.line,
            "Items count comments and the channel has no <lastBuildDate>.",
        );
    }
    let dates = rss_item::check_all(&items, context, sheet);
    order(&dates, Some(channel.line), sheet);
}

/// Judges an element of RSS's own in the channel.
fn own(element: &Element, channel: &Element, context: &Context, sheet: &mut Sheet) {
    let line = Some(element.line);
    let place = dates::Place { name: &element.shown(), line, now: context.now };
    match element.name.as_str() {
        "title" => {
            plain::not_blank(element, sheet);
            plain::check(element, true, sheet);
        }
        "description" | "copyright" | "category" => plain::check(element, true, sheet),
        "link" | "docs" => {
            address::check(&element.trimmed(), &format!("The address in {}", place.name), line, sheet);
        }
        "language" => plain::language(&element.trimmed(), place.name, line, sheet),
        "managingEditor" | "webMaster" => plain::contact(element, sheet),
        "pubDate" | "lastBuildDate" => drop(dates::rfc822(&element.text(), &place, sheet)),
        "generator" => generator(&element.trimmed(), element.line, sheet),
        "ttl" => {
            if !element.trimmed().parse::<u32>().is_ok_and(|minutes| minutes > 0) {
                let value = short(&element.text());
                sheet.at(INVALID_TTL, element.line, format!("<ttl> is “{value}”."));
            }
        }
        "image" => image(element, channel, sheet),
        "skipHours" | "skipDays" => skip(element, sheet),
        "textInput" => sheet.at(TEXT_INPUT, element.line, "The channel has a <textInput>."),
        "item" | "cloud" | "rating" => {}
        _ => sheet.at(UNKNOWN, element.line, format!("{} stands in the channel.", element.shown())),
    }
}

pub(super) fn generator(text: &str, line: u32, sheet: &mut Sheet) {
    let versioned = text
        .as_bytes()
        .windows(3)
        .any(|three| three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit());
    if versioned {
        sheet.at(GENERATOR_VERSION, line, format!("The generator is “{}”.", short(text)));
    }
}

fn image(image: &Element, channel: &Element, sheet: &mut Sheet) {
    for name in ["url", "title", "link"] {
        if !image.has("", name) {
            sheet.at(MISSING, image.line, format!("<image> has no <{name}>."));
        }
    }
    let text = |parent: &Element, name: &str| parent.first("", name).map(Element::trimmed);
    let differs = |name: &str| text(image, name).is_some_and(|value| Some(value) != text(channel, name));
    if differs("title") {
        sheet.at(IMAGE_TITLE, image.line, "The title of <image> is not the channel's.");
    }
    if differs("link") {
        sheet.at(IMAGE_LINK, image.line, "The link of <image> is not the channel's.");
    }
    if let Some(url) = text(image, "url") {
        address::check(&url, "The address of <image>", Some(image.line), sheet);
        let ending = url.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        if matches!(ending.as_str(), "webp" | "svg" | "avif" | "ico" | "bmp" | "tiff") {
            sheet.at(IMAGE_FORMAT, image.line, format!("The image of the channel is a {ending}."));
        }
    }
    for (name, most) in [("width", 144), ("height", 400)] {
        if let Some(value) = text(image, name)
            && !value.parse::<u32>().is_ok_and(|value| (1..=most).contains(&value))
        {
            sheet.at(IMAGE_SIZE, image.line, format!("The {name} of <image> is “{}”.", short(&value)));
        }
    }
}

fn skip(element: &Element, sheet: &mut Sheet) {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let mut seen: Vec<String> = Vec::new();
    for part in element.elements() {
        let value = part.trimmed();
        let proper = match part.name.as_str() {
            "hour" => value.parse::<u8>().is_ok_and(|hour| hour < 24),
            "day" => DAYS.contains(&value.as_str()),
            _ => false,
        };
        if !proper || seen.contains(&value) {
            sheet.at(INVALID_SKIP, part.line, format!("{} has “{}”.", element.shown(), short(&value)));
        }
        seen.push(value);
    }
}

/// Notes what stands more than once and may not.
pub(super) fn once(parent: &Element, space: &str, names: &[&str], sheet: &mut Sheet) {
    for name in names {
        if let Some(second) = parent.all(space, name).nth(1) {
            let sentence = format!("{} has more than one {}.", parent.shown(), second.shown());
            sheet.at(DUPLICATE, second.line, sentence);
        }
    }
}

/// Notes what RSS and Dublin Core both say.
pub(super) fn said_twice(parent: &Element, pairs: &[(&str, &str)], sheet: &mut Sheet) {
    for (core, other) in pairs {
        if parent.has("", core)
            && let Some(other) = parent.first(DC, other)
        {
            sheet.at(
                DUPLICATE_MEANING,
                other.line,
                format!("<{core}> and {} stand together.", other.shown()),
            );
        }
    }
}

/// Notes attributes without a namespace that the format does not know.
pub(super) fn attributes(element: &Element, known: &[&str], sheet: &mut Sheet) {
    for attribute in element.attributes.iter().filter(|attribute| attribute.space.is_empty()) {
        if !known.contains(&attribute.name.as_str()) {
            let sentence = format!("{} has the attribute {}.", element.shown(), short(&attribute.name));
            sheet.at(UNKNOWN_ATTRIBUTE, element.line, sentence);
        }
    }
}

/// Judges the order of the entries' dates.
pub(super) fn order(dates: &[DateTime<Utc>], line: Option<u32>, sheet: &mut Sheet) {
    if !dates.is_sorted_by(|earlier, later| earlier >= later) {
        sheet.add(ORDER, line, "The entries are not sorted by date.");
    }
}

/// Elements of extensions that an item may have once.
pub(super) const ITEM_EXTENSIONS: &[(&str, &[&str])] = &[(CONTENT, &["encoded"]), (SLASH, &["comments"])];
