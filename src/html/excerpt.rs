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
    use super::excerpt;

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

    proptest::proptest! {
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
