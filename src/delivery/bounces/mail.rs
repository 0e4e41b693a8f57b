//! A message of the mailbox, opened within bounds: what the readers of this folder share.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Message, MessageParser, MessagePart, PartType};

use crate::subscribers::UnsubscribeToken;

/// Bytes of a message that are looked at: a report carries at most one of our mails, which have about 100 KB.
pub const BYTES: usize = 1 << 20;

/// Parts, in nested messages too. Each needs this field's name, so its count bounds the depth of what is parsed.
const PARTS: usize = 100;

/// Return-path and unsubscribe tags taken from one message.
const TAGS: usize = 16;

/// Fields that name the address a message was delivered to, in the order they are believed.
const RECIPIENT_FIELDS: [&str; 12] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "X-Rcpt-To",
    "X-Forwarded-To",
    "Apparently-To",
    "To",
    "Cc",
    "Resent-To",
    "Received",
];

/// A message of the mailbox and the messages returned inside it.
pub(super) struct Mail<'x> {
    message: Message<'x>,
    returned: Vec<Message<'x>>,
}

impl<'x> Mail<'x> {
    /// Opens the first [`BYTES`] of a message. None when it is no message, or one of more parts than a report has. A
    /// message that the parser falls over (one whose parts are torn does, in a debug build) is none either: nothing that
    /// strangers send may end the reading of the others.
    pub(super) fn open(raw: &'x [u8]) -> Option<Self> {
        catch_unwind(AssertUnwindSafe(|| Self::parse(raw))).unwrap_or(None)
    }

    fn parse(raw: &'x [u8]) -> Option<Self> {
        let raw = &raw[..raw.len().min(BYTES)];
        if count(raw, b"content-type") > PARTS {
            return None;
        }
        let parser = MessageParser::default();
        let message = parser.parse(raw)?;
        if message.parts.is_empty() {
            return None;
        }
        let headers = |part: &MessagePart<'_>| -> Option<Message<'static>> {
            let kind = content_type(part)?;
            if !matches!(kind.as_str(), "text/rfc822-headers" | "message/rfc822-headers") {
                return None;
            }
            parser.parse_headers(part.contents()).map(Message::into_owned)
        };
        let returned = message
            .parts
            .iter()
            .filter_map(|part| match &part.body {
                PartType::Message(inner) => Some(inner.clone()),
                _ => headers(part),
            })
            .filter(|inner| !inner.parts.is_empty())
            .collect();
        Some(Self { message, returned })
    }

    /// The first value of a field as it stands, folded lines and all.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        fields(&self.message, name).next()
    }

    /// The type of the whole: `multipart/report`.
    pub(super) fn kind(&self) -> String {
        self.message.parts.first().and_then(content_type).unwrap_or_default()
    }

    /// The `report-type` of a `multipart/report` (RFC 6522), in lower case.
    pub(super) fn report_type(&self) -> Option<String> {
        let kind = self.message.parts.first()?.headers.iter().find_map(|field| {
            let content_type = field.value.as_content_type()?;
            field.name.as_str().eq_ignore_ascii_case("content-type").then_some(content_type)
        })?;
        kind.attribute("report-type").map(str::to_ascii_lowercase)
    }

    /// The contents of the first part of this type.
    pub(super) fn part(&self, kind: &str) -> Option<String> {
        let part = self.message.parts.iter().find(|part| content_type(part).as_deref() == Some(kind))?;
        Some(String::from_utf8_lossy(part.contents()).into_owned())
    }

    /// The text that people read.
    pub(super) fn text(&self) -> String {
        self.message.body_text(0).map(std::borrow::Cow::into_owned).unwrap_or_default()
    }

    pub(super) fn subject(&self) -> &str {
        self.message.subject().unwrap_or_default()
    }

    pub(super) fn from(&self) -> String {
        self.field("From").unwrap_or_default().to_lowercase()
    }

    /// Without angle brackets.
    pub(super) fn message_id(&self) -> Option<&str> {
        self.message.message_id()
    }

    /// The messages that this one returns, or their headers.
    pub(super) fn returned(&self) -> impl Iterator<Item = Returned<'_>> {
        self.returned.iter().map(Returned)
    }

    /// The tags of the addresses that this message was sent to: `retours+TAG@…`.
    pub(super) fn recipient_tags(&self) -> Vec<String> {
        let values = RECIPIENT_FIELDS.iter().flat_map(|name| fields(&self.message, name));
        collect_tags(values)
    }
}

/// A message of ours inside a report, or its headers.
pub(super) struct Returned<'m>(&'m Message<'m>);

impl Returned<'_> {
    /// A field as it stands.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        fields(self.0, name).next()
    }

    /// The tags of the return path it was sent with, where a host has written that down.
    pub(super) fn return_path_tags(&self) -> Vec<String> {
        let names = ["Return-Path", "X-Envelope-From", "X-Original-Mail-From", "X-HmXmrOriginalSender"];
        collect_tags(names.iter().flat_map(|name| fields(self.0, name)))
    }

    /// Without angle brackets.
    pub(super) fn message_id(&self) -> Option<&str> {
        self.0.message_id()
    }

    /// The tokens of its List-Unsubscribe.
    pub(super) fn unsubscribe_tokens(&self) -> Vec<String> {
        self.field("List-Unsubscribe").map(unsubscribe_tokens).unwrap_or_default()
    }
}

/// A field's values in the order they stand, whatever its case.
fn fields<'m>(message: &'m Message<'_>, name: &str) -> impl Iterator<Item = &'m str> {
    let raw = &message.raw_message;
    message.headers().iter().filter(move |field| field.name.as_str().eq_ignore_ascii_case(name)).filter_map(
        move |field| {
            let value = raw.get(field.offset_start as usize..field.offset_end as usize)?;
            std::str::from_utf8(value).ok().map(str::trim)
        },
    )
}

/// `message/delivery-status`, in lower case.
fn content_type(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.headers.iter().find_map(|field| field.value.as_content_type())?;
    let subtype = kind.subtype().unwrap_or_default();
    Some(format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase())
}

fn collect_tags<'t>(values: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for tag in values.flat_map(tags) {
        if found.len() < TAGS && !found.contains(&tag) {
            found.push(tag);
        }
    }
    found
}

/// What stands between `+` and `@` in a text that holds addresses.
pub(super) fn tags(text: &str) -> Vec<String> {
    let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split('+')
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c| !is_tag(c))?;
            (end > 0 && end <= 64 && rest[end..].starts_with('@')).then(|| rest[..end].to_owned())
        })
        .take(TAGS)
        .collect()
}

/// What may be unsubscribe tokens in a List-Unsubscribe: the last part of a path, or the tag of an address.
fn unsubscribe_tokens(field: &str) -> Vec<String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    // A long field is folded, perhaps within the address.
    let field: String = field.split_whitespace().collect();
    field
        .split(|c| !is_token(c))
        .filter(|word| word.len() == UnsubscribeToken::CHARACTERS)
        .take(TAGS)
        .map(str::to_owned)
        .collect()
}

/// How often a word of lower case stands in the bytes, in whatever case.
fn count(bytes: &[u8], word: &[u8]) -> usize {
    bytes.windows(word.len()).filter(|window| window.eq_ignore_ascii_case(word)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_from_addresses_however_they_are_written() {
        assert_eq!(tags("<retours+abc-D_9@exemple.tg>, x+y@z"), ["abc-D_9", "y"]);
        assert_eq!(tags("1 + 1 @ 2, +@x, a+b c@d"), Vec::<String>::new());
    }

    #[test]
    fn an_unsubscribe_token_is_found_in_either_half_of_the_field() {
        let token = "AAAAAQAAAAAAAAAqjZ1fSd4hcX8hdlWsd0XkQw";
        for field in [
            format!("<https://lettres.exemple.tg/u/{token}>"),
            format!("<https://lettres.exemple.tg/u/\r\n {token}>,\r\n <mailto:desabo+{token}@exemple.tg>"),
        ] {
            assert_eq!(unsubscribe_tokens(&field)[0], token, "{field}");
        }
    }

    /// Found by the fuzzer: it ends within parts that were never closed, and a check inside the parser fails.
    #[test]
    fn a_message_that_the_parser_falls_over_is_none() {
        let raw = include_bytes!("../../../tests/fixtures/torn-report.eml");
        assert!(Mail::open(raw).is_none_or(|mail| !mail.message.parts.is_empty()));
    }

    #[test]
    fn a_message_of_nothing_but_boxes_in_boxes_is_not_opened() {
        let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(30_000);
        assert!(Mail::open(nested.as_bytes()).is_none());
        let few = "Content-Type: message/rfc822\r\n\r\n".repeat(PARTS);
        assert!(Mail::open(few.as_bytes()).is_some());
    }
}
