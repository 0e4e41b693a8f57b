//! Words that stay on one line.

use crate::french::glyphs::Glyph;
use crate::french::typography::{NARROW, NO_BREAK};

/// What follows a number without a break.
const UNITS: &[&str] = &[
    "€",
    "%",
    "‰",
    "$",
    "£",
    "F",
    "FCFA",
    "CFA",
    "XOF",
    "k€",
    "M€",
    "Md€",
    "million",
    "millions",
    "milliard",
    "milliards",
    "°",
    "°C",
    "h",
    "heure",
    "heures",
    "minute",
    "minutes",
    "min",
    "s",
    "mm",
    "cm",
    "m",
    "km",
    "km/h",
    "m²",
    "km²",
    "m³",
    "ha",
    "l",
    "L",
    "g",
    "kg",
    "t",
    "kW",
    "MW",
    "GW",
    "kWh",
    "MWh",
    "Ko",
    "Mo",
    "Go",
    "To",
];

/// What a number follows without a break.
const BEFORE_NUMBER: &[&str] =
    &["n°", "N°", "nº", "Nº", "p.", "pp.", "art.", "Art.", "chap.", "vol.", "fig.", "§"];

/// What a name follows without a break.
const BEFORE_NAME: &[&str] = &["M.", "MM.", "Mme", "Mmes", "Mlle", "Mlles", "Me", "Mes", "Dr", "Pr", "Mgr"];

/// Puts the no-break space where none was typed: "n°12", "30°C", "10€". (`%` has its own among the marks.)
pub(crate) fn part(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out: Vec<Glyph> = Vec::with_capacity(glyphs.len() + 4);
    for (i, glyph) in glyphs.iter().enumerate() {
        let before = out.last().map(|before| before.c);
        let earlier = out.len().checked_sub(2).map(|at| out[at].c);
        let next = glyphs.get(i + 1).map(|next| next.c);
        let digit_before = before.is_some_and(|c| c.is_ascii_digit());
        let number = glyph.c.is_ascii_digit()
            && matches!(before, Some('°' | 'º'))
            && matches!(earlier, Some('n' | 'N'))
            && !out.iter().rev().nth(2).is_some_and(|g| g.c.is_alphanumeric());
        let unit = match glyph.c {
            '€' => digit_before && !next.is_some_and(char::is_alphanumeric),
            '‰' => digit_before,
            '°' => digit_before && matches!(next, Some('C' | 'F')) && ends_there(glyphs.get(i + 2)),
            _ => false,
        };
        if (number || unit) && !glyph.fixed {
            out.push(Glyph::free(NO_BREAK));
        }
        out.push(*glyph);
    }
    out
}

fn ends_there(glyph: Option<&Glyph>) -> bool {
    glyph.is_none_or(|glyph| !glyph.c.is_alphanumeric())
}

/// Replaces the ordinary space between two words that belong together.
pub(crate) fn bind(glyphs: &mut [Glyph]) {
    let chars: Vec<char> = glyphs.iter().map(|glyph| glyph.c).collect();
    for (i, glyph) in glyphs.iter_mut().enumerate() {
        if glyph.c == ' '
            && let Some(space) = space_between(&chars[..i], &chars[i + 1..])
        {
            glyph.c = space;
        }
    }
}

/// The space that holds the word before and the word after together, if they belong together.
fn space_between(before: &[char], after: &[char]) -> Option<char> {
    let left = before.rsplit(|c| c.is_whitespace()).next().filter(|word| !word.is_empty())?;
    let right = after.split(|c| c.is_whitespace()).next().filter(|word| !word.is_empty())?;
    if thousands(left, right) && !is_a_code(before, after) {
        return Some(NARROW);
    }
    let earlier = &before[..before.len() - left.len()];
    let after_number = earlier.iter().rev().find(|c| !c.is_whitespace()).is_some_and(char::is_ascii_digit);
    let word = bare_start(left);
    let number_next = right[0].is_ascii_digit();
    let together = (left.last().is_some_and(char::is_ascii_digit) && is_one_of(bare_end(right), UNITS))
        || (matches!(word.as_str(), "F" | "francs") && is_one_of(bare_end(right), &["CFA"]))
        || (matches!(word.as_str(), "h" | "min" | "m") && after_number && number_next)
        || (BEFORE_NUMBER.contains(&word.as_str()) && number_next)
        || (BEFORE_NAME.contains(&word.as_str()) && right[0].is_uppercase())
        || (is_roman_ordinal(&word) && is_one_of(bare_end(right), &["siècle", "siècles", "millénaire"]))
        || (is_name(&word) && is_reign(bare_end(right)));
    together.then_some(NO_BREAK)
}

/// "10 000": up to three digits, then exactly three. Not after `+` or a leading zero (telephone numbers), nor
/// after four digits (a year).
fn thousands(left: &[char], right: &[char]) -> bool {
    let head = left.iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let group = right.iter().take_while(|c| c.is_ascii_digit()).count();
    let first = left[left.len() - head..].first();
    group == 3
        && (1..=3).contains(&head)
        && (head == 3 || first != Some(&'0'))
        && !left[..left.len() - head].last().is_some_and(|c| matches!(c, '+' | ',' | '.' | '/' | ':' | '-'))
        && !right.get(3).is_some_and(|c| c.is_alphabetic())
}

/// Whether the groups of digits around a space are a telephone number, an account or a postal box rather than a
/// quantity: the first group says so by its `+`, its zero or its length, the word before it by what it is, a later
/// group by not having three digits.
fn is_a_code(before: &[char], after: &[char]) -> bool {
    let digits = |word: &[char]| word.iter().all(char::is_ascii_digit);
    let mut earlier: Vec<&[char]> = words(before).collect();
    let mut groups = Vec::new();
    while let Some(word) = earlier.pop() {
        groups.insert(0, word);
        if !digits(word) || earlier.last().is_none_or(|next| !next.last().is_some_and(char::is_ascii_digit)) {
            break;
        }
    }
    let mut later = Vec::new();
    for word in words(after) {
        let bare = bare_end(word);
        if bare.is_empty() || !digits(bare) {
            break;
        }
        later.push(bare);
        if bare.len() < word.len() {
            break;
        }
    }
    let first = groups.first().copied().unwrap_or_default();
    let opened = first.iter().skip_while(|c| matches!(c, '(' | '[' | '«' | '“' | '"')).copied();
    let first: Vec<char> = opened.collect();
    let uneven = groups.iter().skip(1).chain(&later).any(|group| group.len() != 3);
    first.first().is_some_and(|c| matches!(c, '+' | '0'))
        || first.len() > 3 && digits(&first)
        || uneven
        || earlier.last().is_some_and(|word| is_one_of(word, BEFORE_CODE))
}

/// What is followed by a number that counts nothing.
const BEFORE_CODE: &[&str] =
    &["BP", "B.P.", "CP", "Tél.", "tél.", "Tél", "tél", "Tel", "RCCM", "NIF", "SIRET", "IBAN"];

fn words(text: &[char]) -> impl Iterator<Item = &[char]> {
    text.split(|c| c.is_whitespace()).filter(|word| !word.is_empty())
}

/// A word without what opens a sentence, a quote or an elision before it.
fn bare_start(word: &[char]) -> String {
    let elided = word.iter().rposition(|c| matches!(c, '’' | '\'')).map_or(0, |i| i + 1);
    word[elided..].iter().skip_while(|c| matches!(c, '(' | '[' | '«' | '“' | '"')).collect()
}

/// A word without what closes a sentence or a quote after it.
fn bare_end(word: &[char]) -> &[char] {
    let closing =
        |c: &&char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '»' | '”' | '"' | '…');
    &word[..word.len() - word.iter().rev().take_while(closing).count()]
}

fn is_one_of(word: &[char], words: &[&str]) -> bool {
    words.iter().any(|known| known.chars().eq(word.iter().copied()))
}

/// A given name or a title that a number follows: "Louis".
fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}

/// `II`, `XIV`, `Ier`; not `I` or `C`, which may be anything.
fn is_reign(word: &[char]) -> bool {
    word == ['I', 'e', 'r'] || word.len() > 1 && word.iter().all(|c| matches!(c, 'I' | 'V' | 'X'))
}

/// `XXIe`, `Ier`.
fn is_roman_ordinal(word: &str) -> bool {
    let number = word.trim_end_matches(['e', 'r', 'ᵉ', 'ʳ']);
    number.len() < word.len()
        && !number.is_empty()
        && number.bytes().all(|b| matches!(b, b'I' | b'V' | b'X' | b'L' | b'C' | b'M'))
}
