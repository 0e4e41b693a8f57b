//! The order of French words: letters before accents before case, as dictionaries and the Unicode collation have it
//! (UTS 10; CLDR, locale fr: accents weigh from the left, the backward order being Canada's). Letters that Ewe has
//! besides stand after the Latin letter they are made from, as in its alphabet.

use std::cmp::Ordering;

use any_ascii::any_ascii_char;

/// Which of two texts comes first in a French list.
pub fn compare(a: &str, b: &str) -> Ordering {
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

/// Sorts texts, or what they name, as a French list has them.
pub fn sort_by_name<T>(items: &mut [T], name: impl Fn(&T) -> &str) {
    items.sort_by(|a, b| compare(name(a), name(b)));
}

/// Letters, then accents, then capitals.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    letters: Vec<(u8, char, bool)>,
    accents: Vec<u32>,
    capitals: Vec<bool>,
}

fn key(text: &str) -> Key {
    let mut key = Key { letters: Vec::new(), accents: Vec::new(), capitals: Vec::new() };
    for c in text.chars() {
        if is_combining(c) {
            if let Some(accent) = key.accents.last_mut() {
                *accent = accent_of(c);
            }
            continue;
        }
        let lower = c.to_lowercase().next().unwrap_or(c);
        let ewe = matches!(lower, 'ɖ' | 'ɛ' | 'ƒ' | 'ɣ' | 'ŋ' | 'ɔ' | 'ʋ');
        let base = match lower {
            'ɣ' => "g",
            'ŋ' => "n",
            'œ' => "oe",
            'æ' => "ae",
            _ if lower.is_alphanumeric() => any_ascii_char(lower),
            _ => "",
        };
        let accent =
            if lower.is_ascii() || ewe || matches!(lower, 'œ' | 'æ') { 0 } else { accent_of(lower) };
        if base.is_empty() {
            key.letters.push((class_of(c), c, false));
            key.accents.push(0);
            key.capitals.push(false);
        }
        for letter in base.chars().map(|letter| letter.to_ascii_lowercase()) {
            key.letters.push((class_of(c), letter, ewe));
            key.accents.push(accent);
            key.capitals.push(c.is_uppercase());
        }
    }
    key
}

/// Spaces, then marks, then digits, then letters.
fn class_of(c: char) -> u8 {
    match c {
        c if c.is_whitespace() => 0,
        c if c.is_numeric() => 2,
        c if c.is_alphabetic() => 3,
        _ => 1,
    }
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// The rank of an accent, the same for a letter made with it and for the accent alone: acute, grave, circumflex,
/// diaeresis, tilde, cedilla, others (the secondary weights of DUCET, UTS 10).
fn accent_of(c: char) -> u32 {
    match c {
        'á' | 'é' | 'í' | 'ó' | 'ú' | 'ý' | '\u{301}' => 1,
        'à' | 'è' | 'ì' | 'ò' | 'ù' | '\u{300}' => 2,
        'â' | 'ê' | 'î' | 'ô' | 'û' | '\u{302}' => 3,
        'ä' | 'ë' | 'ï' | 'ö' | 'ü' | 'ÿ' | '\u{308}' => 5,
        'ã' | 'õ' | 'ñ' | '\u{303}' => 6,
        'ç' | '\u{327}' => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_one_order(mut names in proptest::collection::vec("[a-cA-CéèêçœɖƒŋɔÉ \\-'0-9]{0,6}", 0..12)) {
            let mut turned = names.clone();
            turned.reverse();
            sort_by_name(&mut names, |name| name);
            sort_by_name(&mut turned, |name| name);
            prop_assert_eq!(names, turned);
        }
    }
}
