//! What our own texts must not hold: marks set wrongly, and words of English.
//!
//! A text that is set right is one that [`typeset`] leaves as it is, so the typographer itself is the measure; what
//! it leaves alone in journalists' texts, since it may be meant (a quote that does not pair, a second space), is
//! looked for besides.

use std::fmt;

use crate::french::glyphs::{Glyph, glyphs};
use crate::french::typography::{NARROW, NO_BREAK, Spaces, typeset};

/// One thing to mend in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blemish {
    /// What is wrong.
    pub kind: BlemishKind,
    /// The words around it, on one line.
    pub near: String,
}

/// What can be wrong with a text of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlemishKind {
    /// `'` where `’` belongs.
    StraightApostrophe,
    /// `"` where « » belong.
    StraightQuote,
    /// `...` where `…` belongs.
    ThreeDots,
    /// No no-break space, or the wrong one, beside a mark or inside what belongs together.
    Space,
    /// A space before a comma or a full stop, or two in a row.
    NeedlessSpace,
    /// A word that only English has.
    English,
}

impl fmt::Display for Blemish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            BlemishKind::StraightApostrophe => "a straight apostrophe (’ is meant)",
            BlemishKind::StraightQuote => "a straight quote (« » are meant)",
            BlemishKind::ThreeDots => "three dots (… is meant)",
            BlemishKind::Space => "a missing or wrong no-break space (the filter `typeset` sets it)",
            BlemishKind::NeedlessSpace => "a needless space",
            BlemishKind::English => "a word of English",
        };
        let near = self.near.replace(NO_BREAK, "⍽").replace(NARROW, "⎵");
        write!(f, "{what} in \"{near}\"")
    }
}

/// What is to be mended in a text, line by line; nothing when it is right. `spaces` as the text was to be set by.
#[must_use]
pub fn lint(text: &str, spaces: Spaces) -> Vec<Blemish> {
    text.lines().flat_map(|line| lint_line(line.trim(), spaces)).collect()
}

fn lint_line(line: &str, spaces: Spaces) -> Vec<Blemish> {
    let set: Vec<char> = typeset(line, spaces).chars().collect();
    let glyphs = glyphs(line);
    let mut found = Vec::new();
    let mut blemish = |kind, at: usize| found.push(Blemish { kind, near: near(&glyphs, at) });
    let mut j = 0;
    for (i, glyph) in glyphs.iter().enumerate() {
        let wanted = set.get(j).copied();
        if wanted == Some(glyph.c) {
            j += 1;
            if let Some(kind) = left_alone(&glyphs, i) {
                blemish(kind, i);
            }
        } else if is_space(glyph.c) && !wanted.is_some_and(is_space) {
            // Of several spaces one was kept.
            blemish(BlemishKind::NeedlessSpace, i);
        } else if is_space(glyph.c) {
            blemish(BlemishKind::Space, i);
            j += 1;
        } else if glyph.is('"') {
            blemish(BlemishKind::StraightQuote, i);
            j = after_quote(&set, j, glyphs.get(i + 1).map(|next| next.c));
        } else if wanted.is_some_and(is_space) {
            blemish(BlemishKind::Space, i);
            j += 2;
        } else if glyph.is('.') {
            blemish(BlemishKind::ThreeDots, i);
            // Two more dots follow, which have no counterpart.
            let rest: String = glyphs[i + 3..].iter().map(|glyph| glyph.c).collect();
            found.extend(lint_line(&rest, spaces));
            break;
        } else {
            blemish(BlemishKind::StraightApostrophe, i);
            j += 1;
        }
    }
    found.extend(english(&glyphs));
    found
}

/// Where the set text goes on behind the quote at `j`, with the space that came with it.
fn after_quote(set: &[char], mut j: usize, next: Option<char>) -> usize {
    j += usize::from(set.get(j).copied().is_some_and(is_space)) + 1;
    let inside = set.get(j).copied().is_some_and(is_space) && !next.is_some_and(is_space);
    j + usize::from(inside)
}

/// What the typographer keeps because a journalist may mean it.
fn left_alone(line: &[Glyph], i: usize) -> Option<BlemishKind> {
    let (glyph, next) = (line[i], line.get(i + 1).map(|next| next.c));
    match glyph.c {
        _ if glyph.fixed => None,
        '"' if i == 0 || !line[i - 1].c.is_ascii_digit() => Some(BlemishKind::StraightQuote),
        ' ' if next == Some(' ') => Some(BlemishKind::NeedlessSpace),
        ' ' if matches!(next, Some(',' | '.')) && !line.get(i + 2).is_some_and(|c| c.c.is_alphanumeric()) => {
            Some(BlemishKind::NeedlessSpace)
        }
        _ => None,
    }
}

/// Words that French does not have and English sentences hardly do without.
#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "about", "above", "account", "address", "after", "always", "and", "any", "anyone", "april", "are",
    "august", "available", "back", "been", "before", "below", "both", "browse", "browser", "by", "can",
    "cancel", "cannot", "click", "confirm", "copyright", "daily", "december", "delivered",
    "did", "digest", "disabled", "does", "done", "download", "each", "edition", "editions", "email",
    "emails", "enabled", "error", "every", "failed", "february", "feed", "feedback", "feeds", "footer",
    "forgot", "found", "friday", "friend", "from", "got", "had", "has", "have", "header", "hello", "help",
    "her", "here", "his", "homepage", "how", "inbox", "into", "invalid", "is", "january", "join", "july",
    "june", "just", "keep", "know", "leave", "like", "link", "loading", "login", "logout", "look",
    "mailing", "make", "manage", "march", "missing", "monday", "month", "monthly", "more", "my", "never",
    "newsletter", "newsletters", "nobody", "none", "nor", "not", "nothing", "november", "now", "october",
    "of", "only", "other", "our", "password", "pending", "please", "preferences", "read", "receive",
    "received", "register", "reply", "request", "required", "resend", "reset", "said", "saturday",
    "save", "saved", "schedule", "search", "send", "sender", "sent", "september", "settings", "share",
    "she", "should", "sign", "signup", "since", "skip", "some", "soon", "still", "subscribe", "subscribed",
    "subscriber", "subscribers", "successfully", "such", "summary", "sunday", "team", "template", "than",
    "thank", "thanks", "that", "the", "their", "then", "there", "these", "they", "this", "those", "through",
    "thursday", "to", "today", "tomorrow", "too", "tuesday", "under", "unknown", "unread", "unsubscribe",
    "unsubscribed", "until", "untitled", "up", "upcoming", "update", "updated", "upon", "used", "users",
    "very", "view", "want", "warning", "was", "we", "website", "wednesday", "week", "weekly", "welcome",
    "were", "what", "when", "where", "which", "while", "who", "whose", "why", "will", "with", "without",
    "would", "year", "yes", "yesterday", "yet", "you", "your", "yours",
];

fn english(line: &[Glyph]) -> Vec<Blemish> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in line.split(|glyph| !glyph.c.is_alphanumeric() && !matches!(glyph.c, '-' | '_')) {
        let text: String = word.iter().flat_map(|glyph| glyph.c.to_lowercase()).collect();
        if !word.iter().any(|glyph| glyph.fixed) && ENGLISH.contains(&text.as_str()) {
            found.push(Blemish { kind: BlemishKind::English, near: near(line, at) });
        }
        at += word.len() + 1;
    }
    found
}

/// The words around a place.
fn near(line: &[Glyph], at: usize) -> String {
    let (from, to) = (at.saturating_sub(16), (at + 16).min(line.len()));
    line[from..to].iter().map(|glyph| glyph.c).collect()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | NO_BREAK | NARROW | '\u{2009}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<BlemishKind> {
        lint(text, Spaces::Narrow).into_iter().map(|blemish| blemish.kind).collect()
    }

    #[test]
    fn a_text_set_right_has_nothing_to_mend() {
        for text in [
            "Se désinscrire de «\u{a0}La Matinale\u{a0}»",
            "Vous l’avez demandé le 1er août à 7\u{a0}h\u{a0}30\u{202f}? Merci…",
            "Un écran de 15\" et https://exemple.tg/a?the='b'",
            "Écrivez à the.and@exemple.tg.",
            "",
        ] {
            assert_eq!(lint(text, Spaces::Narrow), [], "{text}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        use BlemishKind::{English, NeedlessSpace, Space, StraightApostrophe, StraightQuote, ThreeDots};
        for (text, expected) in [
            ("l'été", &[StraightApostrophe][..]),
            ("la lettre \"Matinale\"", &[StraightQuote, StraightQuote]),
            ("la \" seule", &[StraightQuote]),
            ("à suivre...", &[ThreeDots]),
            ("à suivre... l'an prochain", &[ThreeDots, StraightApostrophe]),
            ("Pourquoi ?", &[Space]),
            ("Pourquoi?", &[Space]),
            ("Pourquoi\u{a0}?", &[Space]),
            ("Rubrique\u{202f}: Sport", &[Space]),
            ("«Oui»", &[Space, Space]),
            ("10 000 F CFA", &[Space, Space, Space]),
            ("Lomé , Kara", &[NeedlessSpace]),
            ("Lomé  et Kara", &[NeedlessSpace]),
            ("Gérer mes preferences", &[English]),
            ("Unsubscribe", &[English]),
            ("Click here", &[English, English]),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn a_blemish_says_what_and_where() {
        let found = lint("Vraiment ?", Spaces::Narrow);
        assert_eq!(
            found[0].to_string(),
            "a missing or wrong no-break space (the filter `typeset` sets it) in \"Vraiment ?\""
        );
    }

    proptest! {
        #[test]
        fn what_the_typographer_set_has_no_fault_that_it_sets(text in "[a-zé0-9«»;:!?%'’. ]{0,40}") {
            let left: Vec<Blemish> = lint(&typeset(&text, Spaces::Narrow), Spaces::Narrow)
                .into_iter()
                .filter(|b| !matches!(b.kind, BlemishKind::NeedlessSpace | BlemishKind::English))
                .collect();
            prop_assert_eq!(left, []);
        }

        #[test]
        fn any_text_can_be_looked_at(text in any::<String>()) {
            drop(lint(&text, Spaces::Plain));
        }
    }
}
