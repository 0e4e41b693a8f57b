//! Header fields: RFC 5322 lines, folded, with RFC 2047 encoded words where the text is not plain ASCII.

use crate::mail::address::Mailbox;

/// The length a line should keep below, without its CRLF (RFC 5322 §2.1.1).
const LINE: usize = 78;

/// Appends `Name: text`, encoding what is not short printable ASCII. The caller has refused control characters.
pub(super) fn unstructured(out: &mut Vec<u8>, name: &str, text: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let plain = text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?");
    let trimmed = text.trim() == text && !text.contains("  ");
    if plain && trimmed && name.len() + 2 + text.len() <= LINE {
        out.extend_from_slice(text.as_bytes());
    } else {
        encoded_words(out, name.len() + 2, text);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends `Name: value` as it stands. For values made of our own words and checked identifiers.
pub(super) fn verbatim(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `phrase <inner>` (a mailbox, a list id) without a line end, starting at `column`; folds before the angle
/// bracket when the line would be too long.
pub(super) fn phrase_and_angle(out: &mut Vec<u8>, column: usize, phrase: &str, inner: &str) {
    let start = out.len();
    self::phrase(out, column, phrase);
    let line = match out[start..].iter().rposition(|b| *b == b'\n') {
        Some(newline) => out.len() - start - newline - 1,
        None => column + out.len() - start,
    };
    out.extend_from_slice(if line + inner.len() + 3 > LINE { b"\r\n " } else { b" " });
    out.push(b'<');
    out.extend_from_slice(inner.as_bytes());
    out.push(b'>');
}

/// Appends a mailbox without a line end, starting at `column`.
pub(super) fn mailbox(out: &mut Vec<u8>, column: usize, mailbox: &Mailbox) {
    match mailbox.name() {
        Some(name) => phrase_and_angle(out, column, name, mailbox.address().as_str()),
        None => out.extend_from_slice(mailbox.address().as_str().as_bytes()),
    }
}

/// A display name: bare words, a quoted string or encoded words (RFC 5322 §3.2.5, RFC 2047 §5 (3)).
fn phrase(out: &mut Vec<u8>, column: usize, text: &str) {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    let printable = text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if !printable || text.len() > 50 || text.contains("=?") {
        encoded_words(out, column, text);
    } else if text.split(' ').all(|part| !part.is_empty() && part.bytes().all(word)) {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.push(b'"');
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
    }
}

/// RFC 2047 §4.2: the Q encoding, whole characters in words of at most 75 bytes, one word a line.
///
/// Only letters, digits and `!*+-/` stay as they are, so that the words may stand in a phrase too.
fn encoded_words(out: &mut Vec<u8>, column: usize, text: &str) {
    const OPEN: &[u8] = b"=?utf-8?q?";
    const CLOSE: &[u8] = b"?=";
    // The first word shares its line with the field's name.
    let mut room = 75usize.min(LINE.saturating_sub(column)) - OPEN.len() - CLOSE.len();
    out.extend_from_slice(OPEN);
    for c in text.chars() {
        let plain = c.is_ascii_alphanumeric() || matches!(c, ' ' | '!' | '*' | '+' | '-' | '/');
        let width = if plain { 1 } else { 3 * c.len_utf8() };
        if width > room {
            out.extend_from_slice(b"?=\r\n =?utf-8?q?");
            room = 75 - OPEN.len() - CLOSE.len();
        }
        room -= width;
        if c == ' ' {
            out.push(b'_');
        } else if plain {
            out.push(c as u8);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.extend_from_slice(&hex(byte));
            }
        }
    }
    out.extend_from_slice(CLOSE);
}

/// A byte as `=XX`, in the capitals RFC 2045 §6.7 (1) asks for.
pub(super) fn hex(byte: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [b'=', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(name: &str, text: &str) -> String {
        let mut out = Vec::new();
        unstructured(&mut out, name, text);
        String::from_utf8(out).unwrap()
    }

    fn to(text: &str) -> String {
        let mut out = b"To: ".to_vec();
        mailbox(&mut out, 4, &Mailbox::parse(text).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stays_readable() {
        assert_eq!(field("Subject", "Le budget est vote"), "Subject: Le budget est vote\r\n");
        assert_eq!(to("Jean Dupont <jean@exemple.tg>"), "To: Jean Dupont <jean@exemple.tg>");
        assert_eq!(to("jean@exemple.tg"), "To: jean@exemple.tg");
    }

    #[test]
    fn french_text_becomes_encoded_words() {
        assert_eq!(
            field("Subject", "Élections : ce qu’il faut savoir"),
            "Subject: =?utf-8?q?=C3=89lections_=3A_ce_qu=E2=80=99il_faut_savoir?=\r\n"
        );
        assert_eq!(
            to("Koffi Ébé <koffi@exemple.tg>"),
            "To: =?utf-8?q?Koffi_=C3=89b=C3=A9?= <koffi@exemple.tg>"
        );
    }

    #[test]
    fn a_name_with_specials_is_quoted_and_a_disguised_encoded_word_is_encoded() {
        assert_eq!(to(r#""Dupont, \"JP\"" <a@exemple.tg>"#), r#"To: "Dupont, \"JP\"" <a@exemple.tg>"#);
        assert_eq!(field("Subject", "=?utf-8?q?x?="), "Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=\r\n");
    }

    proptest! {
        #[test]
        fn any_text_reads_back_and_no_line_is_long(text in "[^\\p{Cc}]{1,200}") {
            let text = crate::mail::one_line(&text);
            prop_assume!(!text.is_empty());
            let message = format!("{}\r\n", field("Subject", &text));
            for line in message.split("\r\n") {
                prop_assert!(line.len() <= LINE, "{line:?}");
            }
            let parsed = mail_parser::MessageParser::default().parse(message.as_bytes()).unwrap();
            prop_assert_eq!(parsed.subject(), Some(text.as_str()));
        }

        #[test]
        fn any_name_reads_back(name in "[^\\p{Cc}]{1,60}", domain in "[a-z]{1,60}\\.[a-z]{2,9}") {
            let name = crate::mail::one_line(&name);
            prop_assume!(!name.trim().is_empty() && name.len() <= 200);
            let address = crate::mail::Address::parse(&format!("a@{domain}")).unwrap();
            let wanted = Mailbox::new(Some(&name), address).unwrap();
            let mut message = b"To: ".to_vec();
            mailbox(&mut message, 4, &wanted);
            message.extend_from_slice(b"\r\n\r\n");
            let parsed = mail_parser::MessageParser::default().parse(&message).unwrap();
            let to = parsed.to().and_then(|to| to.first()).unwrap();
            prop_assert_eq!(to.name(), wanted.name());
            prop_assert_eq!(to.address(), Some(wanted.address().as_str()));
        }
    }
}
