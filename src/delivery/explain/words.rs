//! Sentences around words that are not ours.

use crate::clock::Timestamp;
use crate::french::date;
use crate::french::typography::{Spaces, typeset};
use crate::newsletters::zone::Zone;
use crate::subscribers::Reason;

/// Stands for the first argument while a sentence is set; the others follow it.
const FIRST: u32 = 0xE000;

/// A sentence, set as French is printed, with each `{}` replaced by an argument that is left as it is: a relay's answer, a
/// line to type.
#[must_use]
pub fn sentence(words: &str, arguments: &[&str]) -> String {
    let places: Vec<char> = (FIRST..).take(arguments.len()).filter_map(char::from_u32).collect();
    let mut marked = words.to_owned();
    for place in &places {
        marked = marked.replacen("{}", &place.to_string(), 1);
    }
    let mut text = typeset(&marked, Spaces::Narrow);
    for (place, argument) in places.iter().zip(arguments) {
        text = text.replace(*place, argument);
    }
    text
}

/// « lundi 23 novembre 2026 à 7 h 0 min 12 s » on the newsletter's clock.
#[must_use]
pub fn moment(zone: Zone, at: Timestamp) -> String {
    date::date_at_clock_time(zone.local(at.to_utc()))
}

/// By what an address was suppressed, as part of a sentence.
#[must_use]
pub fn suppression(reason: Reason) -> &'static str {
    match reason {
        Reason::HardBounce => "l’adresse n’existe plus, d’après le relais",
        Reason::SoftBounce => {
            "ses lettres sont revenues plusieurs fois de suite, la boîte étant pleine ou ne répondant pas"
        }
        Reason::Complaint => "une lettre a été signalée comme indésirable",
        Reason::NotMe => "« ce n’était pas moi »",
        Reason::Erased => "ses données ont été effacées à sa demande",
        Reason::Imported => "son refus a été repris d’un autre système",
        Reason::Operator => "elle a été bloquée par la rédaction",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_words_are_set_and_others_are_left_alone() {
        assert_eq!(
            sentence(
                "Réponse : « {} ». Quoi ? {}",
                &["250 2.0.0 Ok: queued as 4F7", "kiosque edition show 1"]
            ),
            "Réponse\u{a0}: «\u{a0}250 2.0.0 Ok: queued as 4F7\u{a0}». Quoi\u{202f}? kiosque edition show 1"
        );
    }
}
