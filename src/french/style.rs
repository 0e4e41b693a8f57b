//! A newsroom's own ways of setting French: the choices of `[french]` in the configuration.

use crate::config::French;
use crate::french::typography::{NARROW, NO_BREAK, Spaces, typeset};

/// How texts are set wherever readers see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether the narrow no-break space (U+202F) is used at all; else U+00A0 stands in its place everywhere.
    pub narrow_nbsp: bool,
    /// Whether journalists' titles are set too.
    pub titles: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { narrow_nbsp: true, titles: true }
    }
}

impl From<&French> for Style {
    fn from(config: &French) -> Self {
        Self { narrow_nbsp: config.narrow_nbsp, titles: config.titles }
    }
}

impl Style {
    /// The no-break spaces of pages, mails and feeds.
    #[must_use]
    pub fn spaces(self) -> Spaces {
        if self.narrow_nbsp { Spaces::Narrow } else { Spaces::Plain }
    }

    /// Words of ours, names and summaries.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        typeset(text, self.spaces())
    }

    /// A journalist's title.
    #[must_use]
    pub fn title(self, title: &str) -> String {
        if self.titles { self.text(title) } else { self.fit(title.to_owned()) }
    }

    /// A journalist's title where a list shows it (subject, preheader): with U+00A0 throughout.
    #[must_use]
    pub fn title_in_lists(self, title: &str) -> String {
        if self.titles { typeset(title, Spaces::Plain) } else { plain(title) }
    }

    /// A journalist's title between « ».
    #[must_use]
    pub fn quoted_title(self, title: &str) -> String {
        if self.titles { self.text(&format!("« {title} »")) } else { self.fit(quoted(title)) }
    }

    /// The same where a list shows it, or in plain text.
    #[must_use]
    pub fn quoted_title_in_lists(self, title: &str) -> String {
        if self.titles { typeset(&format!("« {title} »"), Spaces::Plain) } else { plain(&quoted(title)) }
    }

    /// A text that is set already, such as a number in words, with the spaces of this style.
    #[must_use]
    pub fn fit(self, text: String) -> String {
        if self.narrow_nbsp { text } else { plain(&text) }
    }
}

fn quoted(title: &str) -> String {
    format!("«{NO_BREAK}{title}{NO_BREAK}»")
}

/// The text with U+00A0 for each U+202F.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c == NARROW { NO_BREAK } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stay_as_they_were_written_when_the_newsroom_says_so() {
        let style = Style { titles: false, ..Style::default() };
        assert_eq!(style.title("L'été \"indien\" ?"), "L'été \"indien\" ?");
        assert_eq!(style.quoted_title("L'été"), "«\u{a0}L'été\u{a0}»");
        assert_eq!(Style::default().quoted_title("L'été \"indien\""), "«\u{a0}L’été “indien”\u{a0}»");
        assert_eq!(style.title_in_lists("L'été\u{202f}?"), "L'été\u{a0}?");
        assert_eq!(style.text("L'été ?"), "L’été\u{202f}?");
        assert_eq!(Style::default().title("L'été ?"), "L’été\u{202f}?");
        assert_eq!(Style::default().title_in_lists("L'été ?"), "L’été\u{a0}?");
    }

    #[test]
    fn without_narrow_spaces_there_is_none_anywhere() {
        let style = Style { narrow_nbsp: false, titles: false };
        assert_eq!(style.text("Pourquoi ? 10 000 !"), "Pourquoi\u{a0}? 10\u{a0}000\u{a0}!");
        assert_eq!(style.title("Déjà\u{202f}!"), "Déjà\u{a0}!");
        assert_eq!(style.fit(crate::french::number::grouped(10_000)), "10\u{a0}000");
    }
}
