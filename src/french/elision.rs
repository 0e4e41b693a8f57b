//! Elision: « d’Économie », but « de Politique », « de Hauts Plateaux » and « de onze ».
//!
//! Before a vowel or a mute h. Which h is aspirated, and which other words refuse it, no rule of spelling says: they are
//! listed, after the dictionary of the Académie française and the Grevisse (« disjonction »); the names of places are
//! those of the Journal officiel and of the press of the country.

use any_ascii::any_ascii_char;

/// The particle before the word that follows it, elided where French elides: `elide("de", "Économie")` is "d’Économie",
/// `elide("de", "Hauts Plateaux")` is "de Hauts Plateaux". Quotes before the word are looked through.
pub fn elide(particle: &str, next: &str) -> String {
    if elides(particle, next)
        && let Some(elided) = particle.strip_suffix(['e', 'a', 'i'])
    {
        return format!("{elided}’{next}");
    }
    format!("{particle} {next}")
}

/// Words that lose their last letter.
const ELIDED: &[&str] =
    &["le", "la", "de", "je", "me", "te", "se", "ce", "ne", "que", "jusque", "lorsque", "puisque", "quoique"];

fn elides(particle: &str, next: &str) -> bool {
    let particle = particle.to_lowercase();
    let word = first_word(next);
    match particle.as_str() {
        "si" => matches!(word.to_lowercase().as_str(), "il" | "ils"),
        // The front page: « la une ».
        "la" if word.to_lowercase() == "une" => false,
        particle => ELIDED.contains(&particle) && opens_with_a_vowel(word),
    }
}

/// The first word, without what opens a quote or a parenthesis before it.
fn first_word(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '«' | '“' | '‘' | '"' | '\'' | '(' | '[')
    });
    text.find(|c: char| !c.is_alphanumeric()).map_or(text, |end| &text[..end])
}

/// Whether a word is heard with a vowel first, so that the word before it is elided.
pub fn opens_with_a_vowel(word: &str) -> bool {
    let acronym = word.chars().count() > 1 && word.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
    let word = word.to_lowercase();
    let mut letters = word.chars().map(|c| any_ascii_char(c).chars().next().unwrap_or_default());
    match (letters.next(), letters.next()) {
        (Some('h'), _) => !acronym && !is_aspirated(&word),
        (Some('y'), Some('a' | 'e' | 'i' | 'o' | 'u')) => is_listed(&word, Y_ELIDED),
        (Some('y'), Some(_)) => true,
        (Some('a' | 'e' | 'i' | 'o' | 'u'), _) => !is_listed(&word, DISJOINED),
        _ => false,
    }
}

fn is_aspirated(word: &str) -> bool {
    !is_listed(word, MUTE_H) && is_listed(word, ASPIRATED_H)
}

/// Whether the word is in a list; an entry ending in `*` stands for every word that begins so.
fn is_listed(word: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == *entry,
    })
}

/// Vowels that nothing is elided before.
#[rustfmt::skip]
const DISJOINED: &[&str] = &[
    "onze", "onzième", "onzièmes", "oui", "ouistiti", "ouistitis", "uhlan", "uhlans", "ululement", "ululer", "unième",
    "ouolof", "ouolofs", "ouaga", "ouagadougou", "ouagalais*", "ouahigouya", "ouattara", "ouidah",
];

/// Y that sounds as the vowel it is, though a vowel follows.
const Y_ELIDED: &[&str] = &["yeux", "yeuse", "yeuses", "yeu", "yonne", "yerres", "york"];

/// Mute h in words that begin as an aspirated one does.
const MUTE_H: &[&str] = &["haïti*", "haltère*", "haltéro*", "huitre*", "hurluberlu*"];

/// Aspirated h.
#[rustfmt::skip]
const ASPIRATED_H: &[&str] = &[
    // Words.
    "hâbl*", "hache*", "haché", "hachée", "hachées", "hachés", "hachis", "hachoir*", "hachur*", "hackathon*", "hacker*", "hadj*", "haie", "haies", "haillon*",
    "haine*", "haineu*", "haïr", "haï*", "haka*", "halage*", "halal", "hâle*", "haler", "halet*", "hall", "halls",
    "halle", "halles", "hallebard*", "halo", "halos", "halte*", "hamac*", "hamburger*", "hameau*", "hammam*", "hampe*",
    "hamster*", "hanche*", "hand*", "hangar*", "hanneton*", "hant*", "haoussa*", "happ*", "harangu*", "haras*",
    "harc*", "hardi*", "hardware", "harem*", "hareng*", "hargn*", "haricot*", "harissa", "harnach*", "harnais",
    "harp*", "hasard*", "hashtag*", "hâte*", "hâti*", "hauban*", "hauss*", "haut*", "hâve*", "havre*", "hayon*",
    "hein", "hennir", "hennissement*", "hériss*", "hernie*", "héron*", "héros", "herse*", "heurt*", "hibou*", "hic",
    "hideu*", "hiérarch*", "hi", "hip", "hippie*", "hippy", "hiss*", "hit", "hits", "hobby", "hobbies", "hoch*",
    "hockey*", "hold", "holding*", "holland*", "homard*", "hongr*", "honte*", "hop", "hoquet*", "horde*",
    "hors", "hot", "hotte*", "houblon*", "houe", "houes", "houill*", "houl*", "houpp*", "hourra*", "house", "houspill*",
    "houss*", "houx", "hub", "hubs", "hublot*", "huche*", "hue", "huée*", "huer", "huguenot*", "huis", "huit*",
    "hul*", "hun", "huns", "hune*", "hunier*", "hupp*", "hurl*", "huron*", "hussard*", "hutte*", "hutu*",
    // Names.
    "hahotoé", "haho", "hambourg*", "hamas", "hanoï", "hanoukopé", "hanovre*", "harlem", "harvard", "havane*", "hawaï*",
    "haye", "hédzranawoé", "hesse*", "hezbollah", "hihéatro", "ho", "hollywood*", "honduras*", "hong", "hongkong",
    "houston", "houthi*",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_without_letters_takes_no_elision() {
        for next in ["", "11 novembre", "« »", "8 mars", "🎉"] {
            assert_eq!(elide("de", next), format!("de {next}"));
        }
    }

    #[test]
    fn every_listed_word_is_lower_case_and_listed_once() {
        for list in [DISJOINED, Y_ELIDED, MUTE_H, ASPIRATED_H] {
            for (at, word) in list.iter().enumerate() {
                assert_eq!(*word, word.to_lowercase());
                assert!(!list[..at].contains(word), "{word}");
            }
        }
    }
}
