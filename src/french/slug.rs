//! Slugs: the part of an address made from a name.

use any_ascii::any_ascii_char;

/// The longest slug, in characters (all ASCII, so also in bytes).
pub const MAX_LENGTH: usize = 80;

/// Lower-case ASCII words joined by `-`: "Tech & Web" gives `tech-web`, "L'Afrique de l'Ouest"
/// `l-afrique-de-l-ouest`. Letters and digits of any script are romanised, everything else separates words.
/// Longer than [`MAX_LENGTH`] is cut after the last whole word. `None` when no letter or digit remains.
///
/// Called once, when a name is first seen: slugs are stored, never recomputed.
pub fn slug(name: &str) -> Option<String> {
    let mut words = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            // Ordinal signs count as letters, but "N°1" must not become `ndeg1`, nor "Nº 1" `no-1`.
            'º' | 'ª' => words.push(' '),
            c if c.is_alphanumeric() => words.push_str(any_ascii_char(c)),
            c if belongs_to_the_word(c) => {}
            _ => words.push(' '),
        }
    }
    let mut slug = String::with_capacity(words.len().min(MAX_LENGTH));
    for word in words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.is_empty() {
            slug.push_str(&word[..word.len().min(MAX_LENGTH)]);
        } else if slug.len() + 1 + word.len() <= MAX_LENGTH {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    slug.make_ascii_lowercase();
    (!slug.is_empty()).then_some(slug)
}

/// Combining accents, soft hyphens and zero-width joiners stand inside words without being letters.
fn belongs_to_the_word(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_ascii_words_joined_by_hyphens() {
        for (name, expected) in [
            ("Tech & Web", "tech-web"),
            ("L'Afrique de l'Ouest", "l-afrique-de-l-ouest"),
            ("L’Afrique de l’Ouest", "l-afrique-de-l-ouest"),
            ("Œuvres & cœur", "oeuvres-coeur"),
            ("Économie", "economie"),
            ("E\u{301}conomie", "economie"),
            ("Coopération", "cooperation"),
            ("Santé/Bien-être", "sante-bien-etre"),
            ("À la une !", "a-la-une"),
            ("Sport\u{a0}: football", "sport-football"),
            ("N°1", "n-1"),
            ("Nº 1", "n-1"),
            ("1ª série", "1-serie"),
            ("Loi n° 2020-001", "loi-n-2020-001"),
            ("Ça & là", "ca-la"),
            ("Noël", "noel"),
            ("Ex æquo", "ex-aequo"),
            ("Eʋegbe", "evegbe"),
            ("Aɖaŋu", "adangu"),
            ("Ŋkeke ɖeka", "ngkeke-deka"),
            ("ƒomevi kple ɣleti", "fomevi-kple-gleti"),
            ("nɔ\u{301}vi", "novi"),
            ("agbe\u{ad}le", "agbele"),
            ("« Guillemets »", "guillemets"),
            ("  --déjà--vu--  ", "deja-vu"),
            ("10 000 m²", "10-000-m2"),
            ("Новости", "novosti"),
        ] {
            assert_eq!(slug(name).as_deref(), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn nothing_to_spell_gives_no_slug() {
        for name in ["", " ", "!?", "« »", "---", "°", "\u{301}"] {
            assert_eq!(slug(name), None, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_after_a_whole_word() {
        let name = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize";
        let cut = slug(name).unwrap();
        assert_eq!(cut, "un-deux-trois-quatre-cinq-six-sept-huit-neuf-dix-onze-douze-treize-quatorze");
        assert_eq!(slug(&"a".repeat(200)).unwrap().len(), MAX_LENGTH);
        assert_eq!(slug(&format!("{} b", "a".repeat(78))).unwrap().len(), MAX_LENGTH);
        assert_eq!(slug(&format!("{} b", "a".repeat(79))).unwrap().len(), 79);
    }

    proptest! {
        #[test]
        fn a_slug_is_short_plain_and_its_own_slug(name in any::<String>()) {
            if let Some(made) = slug(&name) {
                prop_assert!(made.len() <= MAX_LENGTH);
                prop_assert!(made.split('-').all(|word| !word.is_empty()
                    && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
                prop_assert_eq!(slug(&made), Some(made.clone()));
            }
        }
    }
}
