//! From bytes to characters: the encoding, and the characters that XML forbids or that are rubbish.

use std::borrow::Cow;

use super::finding::{Sheet, rules};
use crate::html::text::decode;

rules! {
    EMPTY = "empty-document", Error,
        "A reader shows an error. Serve a valid feed without entries, or 410 when it is gone for good.",
        "XML 1.0 §2.1";
    TOO_LARGE = "too-large", Error,
        "The W3C validator reads no more than 5,000,000 bytes, and readers stop too. Carry fewer or shorter entries.",
        "W3C ValidatorLimit";
    LARGE = "large", Advice,
        "Every poll that is no 304 costs readers this much. Keep a feed below 512 kB: shorten long articles before \
         dropping entries.",
        "kiosque rule 17";
    BYTE_ORDER_MARK = "byte-order-mark", Advice,
        "UTF-8 needs none, and some parsers take it for content before the declaration. Write none.",
        "kiosque rule 1; RFC 3629 §6";
    UNKNOWN_ENCODING = "unknown-encoding", Error,
        "Readers cannot tell which characters the bytes are. Write UTF-8 and say so.",
        "W3C UnknownEncoding; XML 1.0 §4.3.3";
    LEGACY_ENCODING = "legacy-encoding", Advice,
        "Parsers need read no encoding but UTF-8 and UTF-16. Write UTF-8.",
        "W3C ObscureEncoding; XML 1.0 §4.3.3";
    WRONG_BYTES = "bytes-not-in-encoding", Error,
        "Parsers must refuse the document. Somewhere text of another encoding was pasted in: convert it to UTF-8.",
        "W3C UnicodeError; XML 1.0 §4.3.3";
    FORBIDDEN_CHARACTER = "forbidden-character", Error,
        "Parsers must refuse the whole document, so every reader loses every entry. Remove such characters from the text \
         when it is stored.",
        "W3C SAXError; XML 1.0 §2.2";
    BAD_CHARACTER = "bad-character", Warning,
        "Readers show a box or nothing. C1 controls are usually windows-1252 quotes read as ISO-8859-1: map them to the \
         real characters.",
        "W3C BadCharacters; XML 1.0 §2.2";
}

/// What the W3C validator reads at most, in bytes.
const MOST_BYTES: usize = 5_000_000;

/// What a feed should stay below, in bytes.
const AIM_BYTES: usize = 512 * 1024;

/// The text of a document, and which encoding it names itself (in lower case).
#[derive(Debug)]
pub(super) struct Characters<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) declared: Option<String>,
}

/// Decodes a document. `charset` is what the answer's content type says, which wins over the declaration (RFC 7303 §3).
/// Of `whole` only `bytes`, its beginning, is looked at.
pub(super) fn read<'a>(
    whole: &[u8],
    bytes: &'a [u8],
    charset: Option<&str>,
    sheet: &mut Sheet,
) -> Characters<'a> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        sheet.note(EMPTY, "The document is empty.");
    }
    if whole.len() > MOST_BYTES {
        sheet.note(TOO_LARGE, format!("The document has {} bytes.", whole.len()));
    } else if whole.len() > AIM_BYTES {
        sheet.note(LARGE, format!("The document has {} kB.", whole.len() / 1024));
    }
    let declared = declared(bytes);
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            sheet.at(BYTE_ORDER_MARK, 1, "The document begins with a byte order mark.");
            utf8(rest, sheet)
        }
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes, sheet),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes, sheet),
        _ => in_encoding(bytes, charset.or(declared.as_deref()).unwrap_or("utf-8"), sheet),
    };
    characters(&text, sheet);
    Characters { text, declared }
}

fn in_encoding<'a>(bytes: &'a [u8], encoding: &str, sheet: &mut Sheet) -> Cow<'a, str> {
    match encoding.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" => utf8(bytes, sheet),
        "iso-8859-1" | "latin1" => {
            sheet.at(LEGACY_ENCODING, 1, "The document is in ISO-8859-1.");
            Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        "windows-1252" | "cp1252" => {
            sheet.at(LEGACY_ENCODING, 1, "The document is in windows-1252.");
            decode(bytes)
        }
        "utf-16" | "utf-16be" => utf16(bytes, u16::from_be_bytes, sheet),
        "utf-16le" => utf16(bytes, u16::from_le_bytes, sheet),
        other => {
            let other = super::finding::short(other);
            sheet.at(UNKNOWN_ENCODING, 1, format!("The encoding is said to be “{other}”."));
            decode(bytes)
        }
    }
}

fn utf8<'a>(bytes: &'a [u8], sheet: &mut Sheet) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            sheet.at(WRONG_BYTES, line_after(before), format!("The byte 0x{byte:02X} is not UTF-8 here."));
            decode(bytes)
        }
    }
}

fn utf16<'a>(bytes: &'a [u8], unit: fn([u8; 2]) -> u16, sheet: &mut Sheet) -> Cow<'a, str> {
    sheet.at(LEGACY_ENCODING, 1, "The document is in UTF-16.");
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut wrong = !rest.is_empty();
    let text = char::decode_utf16(units)
        .map(|c| {
            c.unwrap_or_else(|_| {
                wrong = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    if wrong {
        sheet.note(WRONG_BYTES, "Some of the bytes are not UTF-16.");
    }
    Cow::Owned(text)
}

/// The encoding that the XML declaration names, in lower case.
fn declared(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head: String = bytes.iter().take(200).map(|byte| char::from(*byte)).collect();
    let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value[1..].split(quote).next()?;
    Some(name.to_ascii_lowercase()).filter(|name| !name.is_empty())
}

fn characters(text: &str, sheet: &mut Sheet) {
    let mut line = 1;
    for c in text.chars() {
        match Kind::of(c) {
            Kind::Forbidden => {
                sheet.at(FORBIDDEN_CHARACTER, line, format!("U+{:04X} may not stand in XML.", u32::from(c)));
            }
            Kind::Bad => bad(c, Some(line), sheet),
            Kind::Fine if c == '\n' => line += 1,
            Kind::Fine => {}
        }
    }
}

/// Notes a character that is rubbish wherever it comes from.
pub(super) fn bad(c: char, line: Option<u32>, sheet: &mut Sheet) {
    let sentence = format!("U+{:04X} is no character that means anything to a reader.", u32::from(c));
    sheet.add(BAD_CHARACTER, line, sentence);
}

/// What a character is to XML 1.0 and to the W3C validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Fine,
    /// C1 controls, U+FFFD and the non-characters.
    Bad,
    Forbidden,
}

impl Kind {
    pub(super) fn of(c: char) -> Self {
        match c {
            '\t' | '\n' | '\r' => Self::Fine,
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => Self::Forbidden,
            '\u{80}'..='\u{9F}' | '\u{FFFD}' | '\u{FDD0}'..='\u{FDEF}' => Self::Bad,
            _ if u32::from(c) & 0xFFFE == 0xFFFE => Self::Bad,
            _ => Self::Fine,
        }
    }
}

/// The line of what follows `before`, from 1.
pub(super) fn line_after(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}
