//! An encoded message with gaps, its stored form, and the filling of the gaps.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Utc};
use thiserror::Error;

use crate::mail::address::{Mailbox, is_forbidden};
use crate::mail::header;
use crate::mail::quoted_printable::Encoder;

/// Stands in a text, an HTML page or a URL where the reader's token goes: two private-use characters.
///
/// Text that comes from elsewhere must be freed of them first ([`without_mark`]), or a link in an article could ask
/// for the reader's token.
pub const TOKEN_MARK: &str = "\u{E1F0}\u{E1F1}";

/// The same for the token that leads to the reader's preferences.
pub const PREFERENCES_MARK: &str = "\u{E1F0}\u{E1F2}";

/// The same for a token that proves that this very mail was received.
pub const LINK_MARK: &str = "\u{E1F0}\u{E1F3}";

/// Stands before a greeting: from here to [`GREETING_END`] a mail to a reader whose first name is not known has nothing.
pub const GREETING_BEGIN: &str = "\u{E1F0}\u{E1F4}";

/// Stands in a greeting where the reader's first name goes.
pub const FIRST_NAME_MARK: &str = "\u{E1F0}\u{E1F5}";

/// Stands behind a greeting.
pub const GREETING_END: &str = "\u{E1F0}\u{E1F6}";

/// The marks and what they wait for: as they are, and those that stand in links after a URL library has percent-encoded
/// them.
pub(super) const MARKS: [(&str, Gap); 9] = [
    (TOKEN_MARK, Gap::Token),
    ("%EE%87%B0%EE%87%B1", Gap::Token),
    (PREFERENCES_MARK, Gap::Preferences),
    ("%EE%87%B0%EE%87%B2", Gap::Preferences),
    (LINK_MARK, Gap::Link),
    ("%EE%87%B0%EE%87%B3", Gap::Link),
    (GREETING_BEGIN, Gap::Greeting),
    (FIRST_NAME_MARK, Gap::FirstName),
    (GREETING_END, Gap::GreetingEnd),
];

/// The longest token a gap holds, in bytes.
pub const TOKEN_MAX: usize = 60;

/// The longest first name that is greeted, in characters.
const FIRST_NAME_MAX: usize = 40;

/// A part of a mail as a reader with this first name gets it, or one without, before it is encoded; tokens apart.
#[must_use]
pub fn greeted(part: &str, first_name: Option<&str>) -> String {
    let mut out = part.to_owned();
    if first_name.is_none() {
        while let Some((begin, length)) = out
            .find(GREETING_BEGIN)
            .and_then(|begin| Some((begin, out[begin..].find(GREETING_END)? + GREETING_END.len())))
        {
            out.replace_range(begin..begin + length, "");
        }
    }
    for (mark, with) in
        [(GREETING_BEGIN, ""), (GREETING_END, ""), (FIRST_NAME_MARK, first_name.unwrap_or_default())]
    {
        out = out.replace(mark, with);
    }
    out
}

/// A foreign text without the characters of the marks, in either form.
pub fn without_mark(text: &str) -> Cow<'_, str> {
    let marked = |c: char| matches!(c, '\u{E1F0}'..='\u{E1F6}');
    if !text.contains(marked) && !text.contains("%EE%87%B") && !text.contains("%ee%87%b") {
        return Cow::Borrowed(text);
    }
    let mut out = text.replace(marked, "");
    // Taking one out can make another one whole.
    while let Some(at) = out.to_ascii_uppercase().find("%EE%87%B") {
        out.replace_range(at..at + "%EE%87%B".len(), "");
    }
    Cow::Owned(out)
}

/// What a gap waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    To = 1,
    MessageId = 2,
    Date = 3,
    Token = 4,
    Preferences = 5,
    Link = 6,
    /// From here on there is something only for who has a first name; at a line's start, like the two that follow.
    Greeting = 7,
    FirstName = 8,
    FirstNameInHtml = 9,
    GreetingEnd = 10,
}

impl Gap {
    fn from_tag(tag: u8) -> Option<Self> {
        let all = [
            Self::To,
            Self::MessageId,
            Self::Date,
            Self::Token,
            Self::Preferences,
            Self::Link,
            Self::Greeting,
            Self::FirstName,
            Self::FirstNameInHtml,
            Self::GreetingEnd,
        ];
        all.into_iter().find(|gap| *gap as u8 == tag)
    }

    /// The most bytes that fill it in a body.
    pub(super) fn longest(self) -> usize {
        match self {
            Self::Greeting | Self::GreetingEnd => 0,
            // Four bytes a letter, three times as long in quoted-printable, with the breaks of its lines.
            Self::FirstName | Self::FirstNameInHtml => FIRST_NAME_MAX * 12 + 30,
            _ => TOKEN_MAX,
        }
    }
}

/// A message encoded once: everything but what is one reader's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// Places in `bytes`, ascending.
    pub(super) gaps: Vec<(usize, Gap)>,
    pub(super) html_len: usize,
}

/// What fills the gaps of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    to: Mailbox,
    message_id: String,
    date: DateTime<Utc>,
    token: String,
    preferences: String,
    link: String,
    first_name: Option<String>,
}

/// Why something cannot be spliced into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PersonalError {
    /// Not `left@right` in the characters of a dot-atom, or longer than 200 bytes (RFC 5322 §3.6.4).
    #[error("not a message id")]
    MessageId,
    /// Not base64url, or longer than [`TOKEN_MAX`] bytes.
    #[error("not a token: base64url of at most {TOKEN_MAX} characters is expected")]
    Token,
    /// A year that a mail cannot carry.
    #[error("the date is out of range")]
    Date,
}

impl Personal {
    /// `message_id` without its angle brackets; `token` in base64url, empty for a message without a token's gap;
    /// `date` is used by messages whose draft had none.
    pub fn new(
        to: Mailbox,
        message_id: String,
        date: DateTime<Utc>,
        token: String,
    ) -> Result<Self, PersonalError> {
        let atom = |text: &str| {
            !text.is_empty()
                && !text.starts_with('.')
                && !text.ends_with('.')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
        };
        if message_id.len() > 200
            || !message_id.split_once('@').is_some_and(|(left, right)| atom(left) && atom(right))
        {
            return Err(PersonalError::MessageId);
        }
        check_token(&token)?;
        if !(1970..=9999).contains(&date.year()) {
            return Err(PersonalError::Date);
        }
        let (preferences, link) = Default::default();
        Ok(Self { to, message_id, date, token, preferences, link, first_name: None })
    }

    /// With the first name by which the reader is greeted; what is too long or no name greets nobody.
    #[must_use]
    pub fn greeting(self, first_name: Option<String>) -> Self {
        let fits = |name: &String| {
            let length = name.chars().count();
            (1..=FIRST_NAME_MAX).contains(&length) && !name.chars().any(is_forbidden)
        };
        Self { first_name: first_name.filter(fits), ..self }
    }

    /// With the tokens for [`PREFERENCES_MARK`] and [`LINK_MARK`], in base64url.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn with(self, preferences: String, link: String) -> Result<Self, PersonalError> {
        check_token(&preferences)?;
        check_token(&link)?;
        Ok(Self { preferences, link, ..self })
    }
}

fn check_token(token: &str) -> Result<(), PersonalError> {
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let fits = token.len() <= TOKEN_MAX && token.bytes().all(base64url);
    if fits { Ok(()) } else { Err(PersonalError::Token) }
}

/// Why stored bytes are not an [`Encoded`] message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Written by a version this program does not know.
    #[error("stored message of unknown version {0}")]
    Version(u8),
    /// Cut short, or not what [`Encoded::to_bytes`] writes.
    #[error("stored message is damaged")]
    Damaged,
}

/// The stored form: version, HTML length, number of gaps, (place, kind) each, then the bytes. Numbers are u32,
/// big-endian.
const VERSION: u8 = 1;

impl Encoded {
    /// The stored form, read back by [`Encoded::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
        let mut out = Vec::with_capacity(9 + 5 * self.gaps.len() + self.bytes.len());
        out.push(VERSION);
        out.extend_from_slice(&number(self.html_len));
        out.extend_from_slice(&number(self.gaps.len()));
        for (at, gap) in &self.gaps {
            out.extend_from_slice(&number(*at));
            out.push(*gap as u8);
        }
        out.extend_from_slice(&self.bytes);
        out
    }

    /// Reads the stored form.
    pub fn from_bytes(stored: &[u8]) -> Result<Self, DecodeError> {
        let (&version, mut rest) = stored.split_first().ok_or(DecodeError::Damaged)?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let html_len = number(&mut rest)?;
        let count = number(&mut rest)?;
        let mut gaps = Vec::with_capacity(count.min(rest.len() / 5));
        for _ in 0..count {
            let at = number(&mut rest)?;
            let (&tag, after) = rest.split_first().ok_or(DecodeError::Damaged)?;
            rest = after;
            gaps.push((at, Gap::from_tag(tag).ok_or(DecodeError::Damaged)?));
        }
        let ascending = gaps.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        let inside = gaps.last().is_none_or(|(at, _)| *at <= rest.len());
        if !ascending || !inside {
            return Err(DecodeError::Damaged);
        }
        Ok(Self { bytes: rest.to_vec(), gaps, html_len })
    }

    /// The message for one reader: RFC 5322 bytes with CRLF line ends, no line beginning with a dot.
    pub fn splice(&self, personal: &Personal) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 256 + self.gaps.len() * TOKEN_MAX);
        let mut from = 0;
        let mut left_out = false;
        for (at, gap) in &self.gaps {
            if !left_out {
                out.extend_from_slice(&self.bytes[from..*at]);
            }
            from = *at;
            match gap {
                Gap::Greeting => left_out = personal.first_name.is_none(),
                Gap::GreetingEnd => left_out = false,
                _ if left_out => {}
                Gap::FirstName => name(&mut out, personal.first_name.as_deref().unwrap_or_default()),
                Gap::FirstNameInHtml => {
                    let plain = personal.first_name.as_deref().unwrap_or_default();
                    name(&mut out, &plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
                }
                Gap::To => header::mailbox(&mut out, "To: ".len(), &personal.to),
                Gap::MessageId => out.extend_from_slice(personal.message_id.as_bytes()),
                Gap::Date => out.extend_from_slice(date(personal.date).as_bytes()),
                Gap::Token => out.extend_from_slice(personal.token.as_bytes()),
                Gap::Preferences => out.extend_from_slice(personal.preferences.as_bytes()),
                Gap::Link => out.extend_from_slice(personal.link.as_bytes()),
            }
        }
        if !left_out {
            out.extend_from_slice(&self.bytes[from..]);
        }
        out
    }

    /// The domain of `From`, which is the first field of every message. None where it is damaged.
    pub fn from_domain(&self) -> Option<String> {
        let fields = self.bytes.strip_prefix(b"From:")?;
        let end = fields.windows(3).position(|three| three[..2] == *b"\r\n" && three[2] != b' ')?;
        let from = std::str::from_utf8(&fields[..end]).ok()?;
        let (_, domain) = from.trim_end().trim_end_matches('>').rsplit_once('@')?;
        Some(domain.to_ascii_lowercase())
    }

    /// The length without what is one reader's own, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a message has a header at least")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The length of the HTML part as it travels, in bytes, tokens apart. Gmail hides what follows the first 102,400
    /// before that encoding, which is less.
    pub fn html_len(&self) -> usize {
        self.html_len
    }
}

/// A first name in quoted-printable, from a line's start to a line's start.
fn name(out: &mut Vec<u8>, name: &str) {
    Encoder::new(out).text(name);
    out.extend_from_slice(b"=\r\n");
}

fn number(rest: &mut &[u8]) -> Result<usize, DecodeError> {
    let (bytes, after) = rest.split_first_chunk::<4>().ok_or(DecodeError::Damaged)?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*bytes)).map_err(|_| DecodeError::Damaged)
}

/// RFC 5322 §3.3, always in UTC. The year has four digits: both doors check it.
pub(super) fn date(at: DateTime<Utc>) -> String {
    at.to_rfc2822()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Address;
    use proptest::prelude::*;

    fn personal(message_id: &str, token: &str) -> Result<Personal, PersonalError> {
        let to = Mailbox::from(Address::parse("jean@exemple.tg").unwrap());
        Personal::new(to, message_id.to_owned(), DateTime::UNIX_EPOCH, token.to_owned())
    }

    #[test]
    fn what_would_break_a_line_cannot_be_spliced() {
        assert!(personal("ed-1.x@lettres.exemple.tg", "aZ09-_").is_ok());
        for id in ["", "x", "@x", "x@", "a b@x", "<a@x>", "a@x\r\nBcc: y", "é@x", "a@b@c"] {
            assert_eq!(personal(id, ""), Err(PersonalError::MessageId), "{id:?}");
        }
        for token in ["a.b", "a=b", "é", "a\n", "a b", &"x".repeat(61)] {
            assert_eq!(personal("a@b", token), Err(PersonalError::Token), "{token:?}");
        }
    }

    #[test]
    fn a_foreign_text_cannot_ask_for_the_token() {
        assert!(matches!(without_mark("https://exemple.tg/été"), Cow::Borrowed(_)));
        let tricks = [
            format!("a{TOKEN_MARK}b"),
            format!("a{PREFERENCES_MARK}b"),
            format!("a{LINK_MARK}b"),
            format!("a{GREETING_BEGIN}b{FIRST_NAME_MARK}c{GREETING_END}"),
            "a%EE%87%B0%EE%87%B1b".to_owned(),
            "a%ee%87%b0%ee%87%b2b".to_owned(),
            "%EE%87%%EE%87%BB0%EE%87%B1".to_owned(),
        ];
        for text in tricks {
            let clean = without_mark(&text).into_owned();
            assert!(
                MARKS.iter().all(|(mark, _)| !clean.contains(mark))
                    && !clean.to_uppercase().contains("%EE%87%B"),
                "{clean}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_stored_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), head in 0u8..3) {
            let mut stored = vec![1, 0, 0, 0, 0, 0, 0, 0, head];
            stored.extend_from_slice(&bytes);
            for bytes in [&bytes[..], &stored[..]] {
                if let Ok(encoded) = Encoded::from_bytes(bytes) {
                    encoded.splice(&personal("a@b", "t").unwrap());
                    prop_assert_eq!(encoded.to_bytes(), bytes);
                }
            }
        }
    }
}
