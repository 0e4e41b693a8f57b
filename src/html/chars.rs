//! Characters: what XML forbids, what old editors left behind, what counts as blank.

use std::borrow::Cow;

/// What windows-1252 has at 0x80–0x9F, by position; `None` where it has nothing. Text that was once declared as
/// ISO-8859-1 carries these as C1 controls (the WHATWG encoding standard reads both names as windows-1252).
const CP1252: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// The character as it may stand in an XML 1.0 document: a C1 control becomes what windows-1252 means by it,
/// what XML forbids (§2.2: C0 controls other than tab, LF and CR, U+FFFE, U+FFFF), the non-characters and the
/// replacement character U+FFFD go.
fn repaired(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' => Some(c),
        '\0'..='\x1F' | '\x7F' | '\u{FFFD}' | '\u{FDD0}'..='\u{FDEF}' => None,
        '\u{80}'..='\u{9F}' => CP1252[c as usize - 0x80],
        _ if c as u32 & 0xFFFE == 0xFFFE => None,
        _ => Some(c),
    }
}

/// The text with every character that XML forbids or a feed validator complains of removed, and C1 controls repaired.
/// Borrows when there is nothing to do. Must run *after* entities were decoded: `&#0;` creates what it removes.
pub fn xml_safe(text: &str) -> Cow<'_, str> {
    let fine = |c: char| repaired(c) == Some(c);
    match text.char_indices().find(|(_, c)| !fine(*c)) {
        None => Cow::Borrowed(text),
        Some((at, _)) => {
            let mut out = String::with_capacity(text.len());
            out.push_str(&text[..at]);
            out.extend(text[at..].chars().filter_map(repaired));
            Cow::Owned(out)
        }
    }
}

/// Bytes of a saved page or text as UTF-8; bytes that are not UTF-8 are read as windows-1252, which old French sites used.
/// A byte order mark goes.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(
            bytes
                .iter()
                .filter_map(|b| match b {
                    0x80..=0x9F => CP1252[usize::from(*b) - 0x80],
                    _ => Some(char::from(*b)),
                })
                .collect(),
        ),
    }
}

/// Whether a reader sees nothing of it: white space, no-break spaces, zero-width characters, soft hyphens.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{FFFC}')
    })
}

/// The white space that HTML collapses; U+00A0 and U+202F are not among it and stay.
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0C' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// One line: every run of white space a single space, none at the ends.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Text as HTML: `&`, `<`, `>` and `"` escaped.
pub fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_goes_and_c1_controls_become_what_windows_1252_means() {
        assert_eq!(xml_safe("l\u{92}\u{c9}tat\u{85} \u{93}oui\u{94}"), "l’État… “oui”");
        assert_eq!(xml_safe("a\0b\u{b}c\u{7f}\u{fffe}\u{ffff}\u{fdd0}\u{1fffe}\u{fffd}\u{81}d"), "abcd");
        assert!(matches!(xml_safe("Tab\tet\nligne\u{a0}: « é\u{202f}! »"), Cow::Borrowed(_)));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_windows_1252() {
        assert_eq!(decode(b"\xEF\xBB\xBF\xC3\xA9t\xC3\xA9"), "été");
        assert_eq!(decode(b"l\x92\xE9t\xE9 \x9Cuvre"), "l’été œuvre");
    }

    #[test]
    fn one_line_keeps_the_spaces_that_french_needs() {
        assert_eq!(one_line("  Le\n titre\u{202f}:\u{a0}là \t "), "Le titre\u{202f}:\u{a0}là");
    }

    proptest::proptest! {
        #[test]
        fn what_comes_out_is_always_legal_xml(text in "\\PC*|[\\x00-\\x{ffff}]*") {
            for c in xml_safe(&text).chars() {
                let n = c as u32;
                proptest::prop_assert!(matches!(n, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x10000..=0x10FFFF));
                proptest::prop_assert!(!(0x7F..=0x9F).contains(&n));
            }
        }
    }
}
