//! A text shortened to what fits.

use crate::html::chars::{is_space, one_line};

/// The beginning of the text on one line, at most `max_chars` characters (Unicode scalar values) with its "…".
///
/// Cut behind a word. A quotation is never left open: the cut goes before its «, or, when the quotation fills most of what
/// fits, the shortened quotation is closed.
pub fn excerpt(text: &str, max_chars: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= max_chars {
        return line;
    }
    let Some(cut) = cut_at_word(&line, max_chars.saturating_sub(1)) else { return "…".to_owned() };
    match open_quote(cut) {
        None => format!("{}…", without_tail(cut)),
        Some(at) if cut[..at].chars().count() * 2 >= max_chars => format!("{}…", without_tail(&cut[..at])),
        Some(at) => {
            match cut_at_word(&line, max_chars.saturating_sub(3)).filter(|c| c.len() > at + '«'.len_utf8()) {
                Some(cut) if !without_tail(cut).is_empty() => format!("{}…\u{a0}»", without_tail(cut)),
                _ => format!("{}…", without_tail(&cut[..at])),
            }
        }
    }
}

/// The beginning of the text as it stands under a headline: as [`excerpt`](excerpt()), but at the end of a sentence where one fills more
/// than half of what fits, and never with a word that only begins something ("la", "pour", "que").
pub fn teaser(text: &str, max_chars: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= max_chars {
        return line;
    }
    let fits = line.char_indices().nth(max_chars).map_or(line.len(), |(at, _)| at);
    if let Some(end) = sentence_end(&line, fits).filter(|end| line[..*end].chars().count() * 2 > max_chars) {
        return line[..end].to_owned();
    }
    let cut = excerpt(&line, max_chars);
    let Some(mut kept) = cut.strip_suffix('…') else { return cut };
    while let Some((before, word)) = kept.rsplit_once(is_space) {
        let word = word.to_lowercase();
        if before.is_empty() || !BEGINNERS.contains(&word.as_str()) {
            break;
        }
        kept = without_tail(before);
    }
    if open_quote(kept).is_some() { cut } else { format!("{kept}…") }
}

/// Words that nothing ends with, in lower case.
const BEGINNERS: &[&str] = &[
    "le", "la", "les", "un", "une", "des", "du", "de", "au", "aux", "à", "en", "y", "et", "ou", "où", "ni",
    "mais", "car", "que", "qui", "dont", "par", "pour", "sur", "sous", "dans", "avec", "sans", "chez",
    "vers", "entre", "contre", "depuis", "pendant", "après", "avant", "selon", "ce", "cet", "cette", "ces",
    "son", "sa", "ses", "leur", "leurs", "notre", "nos", "votre", "vos", "il", "elle", "ils", "elles", "on",
    "ne", "se", "si", "comme", "plus", "très",
];

/// The last end of a sentence within the first `fits` bytes: behind its mark, outside every quotation. A full stop behind a
/// short word may be an abbreviation's.
fn sentence_end(line: &str, fits: usize) -> Option<usize> {
    let marks = line[..fits].char_indices().rev().filter(|(_, c)| matches!(c, '.' | '!' | '?'));
    for (at, mark) in marks {
        let end = at + 1;
        let next = line[end..].strip_prefix(' ').and_then(|rest| rest.chars().next());
        if !next.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit() || c == '«')
            || open_quote(&line[..end]).is_some()
        {
            continue;
        }
        let word = line[..at].rsplit(is_space).next().unwrap_or_default();
        if mark != '.' || (word.chars().count() > 3 && !word.contains('.')) {
            return Some(end);
        }
    }
    None
}

/// The longest beginning of at most `max` characters that ends with a whole word; a first word that does not fit is cut.
fn cut_at_word(line: &str, max: usize) -> Option<&str> {
    if max == 0 {
        return None;
    }
    let end = line.char_indices().nth(max).map_or(line.len(), |(i, _)| i);
    if end == line.len() || line[end..].starts_with(|c| is_space(c) || matches!(c, ',' | ';' | '.' | '…')) {
        return Some(&line[..end]);
    }
    Some(&line[..line[..end].rfind(is_space).unwrap_or(end)])
}

/// Where the last « stands that no » follows, at any depth the outermost.
fn open_quote(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '«' => open.push(i),
            '»' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.first().copied()
}

/// Without what may not stand before the "…".
fn without_tail(text: &str) -> &str {
    text.trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ',' | ';' | ':' | '.' | '…' | '-' | '–' | '—' | '(' | '[' | '«' | '“' | '‘' | '/')
    })
}

#[cfg(test)]
mod tests {
    use super::{excerpt, teaser};

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(excerpt("Le port\nbat un record.", 40), "Le port bat un record.");
        assert_eq!(excerpt("", 10), "");
    }

    #[test]
    fn a_long_text_is_cut_behind_a_word() {
        assert_eq!(
            excerpt("Le port autonome bat un record, dit la direction.", 31),
            "Le port autonome bat un record…"
        );
        assert_eq!(excerpt("Le port autonome bat un record", 20), "Le port autonome…");
        assert_eq!(excerpt("Il coûte 10\u{202f}000\u{a0}F\u{a0}CFA, dit-on", 16), "Il coûte…");
        assert_eq!(excerpt("anticonstitutionnellement", 10), "anticonst…");
    }

    #[test]
    fn a_quotation_is_never_left_open() {
        let text =
            "Le ministre a salué hier une équipe « qui a tenu parole jusqu’au bout » et promis la suite.";
        assert_eq!(excerpt(text, 60), "Le ministre a salué hier une équipe…");
        let text = "«\u{a0}Nous irons jusqu’au bout de cette réforme, quoi qu’il en coûte aux uns et aux autres\u{a0}», dit-il.";
        assert_eq!(excerpt(text, 45), "«\u{a0}Nous irons jusqu’au bout de cette…\u{a0}»");
    }

    #[test]
    fn under_a_headline_a_text_ends_with_a_sentence_where_one_ends_late_enough() {
        let text = "Dix-neuf noms sont attendus avant le 1er décembre. Ce que dit le règlement, et ce que les partis négocient.";
        assert_eq!(teaser(text, 90), "Dix-neuf noms sont attendus avant le 1er décembre.");
        assert_eq!(teaser(text, 200), text);
        assert_eq!(
            teaser("Avec M. Gnassingbé et Mme. Adjo. Puis rien de ce qui fut annoncé hier soir", 60),
            "Avec M. Gnassingbé et Mme. Adjo."
        );
        let text =
            "« On n’enseigne pas. On tient », dit-il. Pourtant, son école de Tsévié affiche le meilleur taux";
        assert_eq!(teaser(text, 70), "« On n’enseigne pas. On tient », dit-il.");
        assert_eq!(teaser(text, 30), "« On n’enseigne pas. On…\u{a0}»");
    }

    #[test]
    fn under_a_headline_no_text_ends_with_a_word_that_begins_something() {
        let text = "La chanteuse revient après quatre ans de silence";
        assert_eq!(teaser(text, 28), "La chanteuse revient…");
        assert_eq!(
            teaser("Les coopératives réclament des magasins pour ne plus vendre dans l’urgence", 55),
            "Les coopératives réclament des magasins…"
        );
        assert_eq!(teaser("La de du des les aux", 12), "La…");
    }

    proptest::proptest! {
        #[test]
        fn a_teaser_is_a_beginning_that_fits(text in "[a-zéA-Z«» ,.!?\u{a0}]{0,120}", max in 1usize..80) {
            let cut = teaser(&text, max);
            proptest::prop_assert!(cut.chars().count() <= max.max(1), "{cut:?}");
            if cut.ends_with('…') && text.matches('«').count() == text.matches('»').count() && !text.contains('»') {
                proptest::prop_assert!(!cut.contains('«'));
            }
        }

        #[test]
        fn it_fits_and_every_quotation_is_closed(text in "[a-zé«» ,.\u{a0}\u{202f}]{0,120}", max in 1usize..80) {
            let cut = excerpt(&text, max);
            proptest::prop_assert!(cut.chars().count() <= max.max(1), "{cut:?}");
            if cut.ends_with('…') && text.matches('«').count() == text.matches('»').count() && !text.contains('»') {
                proptest::prop_assert!(!cut.contains('«'));
            }
        }
    }
}
