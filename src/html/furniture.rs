//! Lines that a theme or a plugin prints around an article and that are not part of it.

use crate::html::lists::{holds, items};

/// Whole lines, in lower case, as themes print them in French and English.
const LINES: &str = "\
    advertisement | advertisement. scroll to continue reading. | advertisements | publicité | \
    - advertisement - | - publicité - | scroll to continue reading | click to comment | \
    cliquez pour commenter | like this: | loading...";

/// The words on share and print buttons. In an article's own list they may be its subject, so they count on crawled pages only.
const BUTTONS: &str = "\
    share this: | share this | share | partager : | partager | partagez : | partagez | tweet | tweeter | \
    partager sur facebook | partager sur twitter | partager sur whatsapp | partager sur linkedin | \
    share on facebook | share on twitter | share on whatsapp | facebook | twitter | x | whatsapp | \
    linkedin | telegram | pinterest | email | e-mail | imprimer | print | pdf | j’aime ça : | \
    j'aime ça : | j’aime | j'aime | copy link | copier le lien | continue reading | read more | annonce | \
    annonces | chargement... | chargement…";

/// Beginnings of counters: what follows is a number.
const COUNTERS: &str = "\
    views: | vues: | vues | views | post views: | lectures: | hits: | affichages: | nombre de vues:";

/// Whether the whole line is such furniture: advertisement marks, view counters, a print plugin's leftovers.
pub fn is_furniture(line: &str) -> bool {
    let line = line.trim();
    if line.len() > 120 || line.is_empty() {
        return false;
    }
    let lower = line.to_lowercase().replace(['\u{a0}', '\u{202f}'], " ");
    holds(LINES, &lower) || is_counter(&lower) || is_print_buttons(line)
}

/// Whether the whole line is what stands on a share or print button.
pub fn is_button(line: &str) -> bool {
    holds(BUTTONS, &line.trim().to_lowercase().replace(['\u{a0}', '\u{202f}'], " "))
}

/// "Views: 108", "Post Views : 1 234", "108 vues".
fn is_counter(lower: &str) -> bool {
    let number = |t: &str| {
        let t = t.trim().trim_start_matches(':').trim();
        t.chars().any(|c| c.is_ascii_digit())
            && t.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | ',' | 'k' | 'm'))
    };
    let tight = lower.replace(" :", ":");
    items(COUNTERS)
        .any(|c| tight.strip_prefix(c).is_some_and(number) || tight.strip_suffix(c).is_some_and(number))
}

/// The names of a print plugin's images run together with its buttons: `image_pdfPrintimage_printPrint`.
fn is_print_buttons(line: &str) -> bool {
    if !line.contains("image_pdf") && !line.contains("image_print") {
        return false;
    }
    let mut left = line.to_owned();
    for part in ["image_pdf", "image_print", "Print", "PDF", "Imprimer", "Email", "E-mail"] {
        left = left.replace(part, "");
    }
    left.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_furniture;

    #[test]
    fn counters_advertisements_and_print_buttons_are_furniture() {
        for line in [
            "Views: 108",
            "Vues\u{a0}: 1 204",
            "108 vues",
            "Advertisement. Scroll to continue reading.",
            "Advertisement",
            "PUBLICITÉ",
            "image_pdfPrintimage_printPrint",
            "image_pdf image_print",
            "Click to comment",
        ] {
            assert!(is_furniture(line), "{line}");
        }
    }

    #[test]
    fn sentences_are_not() {
        for line in [
            "",
            "108 vues, c’est peu.",
            "Print est mort.",
            "La publicité coûte cher.",
            "Vues du port : 3 photos de plus",
        ] {
            assert!(!is_furniture(line), "{line}");
        }
    }
}
