//! Numbers, plurals and lists.

use crate::french::typography::{NARROW, NO_BREAK};

/// The form of a noun that goes with `n`: French puts 0 and 1 in the singular, 2 and more in the plural.
pub fn plural<'a>(n: i64, one: &'a str, many: &'a str) -> &'a str {
    if n.unsigned_abs() < 2 { one } else { many }
}

/// A number with its noun: "0 article", "1 article", "10 000 articles"; U+202F between thousands, U+00A0 before
/// the noun.
pub fn count(n: i64, one: &str, many: &str) -> String {
    format!("{}{NO_BREAK}{}", grouped(n), plural(n, one, many))
}

/// Digits in groups of three with U+202F between them: "1 234 567", "−1 000". For quantities only: years, law
/// numbers, postcodes and telephone numbers are not grouped.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 2 + 3);
    if n < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(NARROW);
        }
        text.push(digit);
    }
    text
}

/// "1er", "1re", "2e": the abbreviations of ordinals, which are never "2ème".
pub fn ordinal(n: u32, feminine: bool) -> String {
    match (n, feminine) {
        (1, false) => "1er".to_owned(),
        (1, true) => "1re".to_owned(),
        _ => format!("{n}e"),
    }
}

/// "et un autre article", "et 7 autres articles"; empty for none.
pub fn and_others(n: i64, one: &str, many: &str) -> String {
    match n {
        ..1 => String::new(),
        1 => format!("et {one}"),
        _ => format!("et {}", count(n, one, many)),
    }
}

/// "a", "a et b", "a, b et c".
pub fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} et {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plural from 2 on: CLDR's French rule (`i = 0,1` is `one`), as printed by ICU.
    #[test]
    fn zero_and_one_are_singular() {
        for (n, expected) in [
            (0, "0\u{a0}article"),
            (1, "1\u{a0}article"),
            (2, "2\u{a0}articles"),
            (15, "15\u{a0}articles"),
            (-1, "−1\u{a0}article"),
            (-2, "−2\u{a0}articles"),
            (10_000, "10\u{202f}000\u{a0}articles"),
        ] {
            assert_eq!(count(n, "article", "articles"), expected);
        }
        assert_eq!(plural(1, "le lecteur", "les lecteurs"), "le lecteur");
    }

    #[test]
    fn thousands_are_separated_by_narrow_no_break_spaces() {
        for (n, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (18_001, "18\u{202f}001"),
            (123_456, "123\u{202f}456"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
            (-1234, "−1\u{202f}234"),
            (i64::MIN, "−9\u{202f}223\u{202f}372\u{202f}036\u{202f}854\u{202f}775\u{202f}808"),
        ] {
            assert_eq!(grouped(n), expected);
        }
    }

    #[test]
    fn lists_end_with_et() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["Politique"]), "Politique");
        assert_eq!(list(&["Politique", "Sport"]), "Politique et Sport");
        assert_eq!(list(&["Politique", "Sport", "Tech & Web"]), "Politique, Sport et Tech & Web");
    }
}
