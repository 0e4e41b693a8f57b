//! A reader's first name, as the form and the preferences take it.

use std::fmt;

/// Letters with single spaces, hyphens or apostrophes between them, 40 characters at most: a name, and nothing that
/// could be an address, a link, a header or an advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstName(String);

/// Why a text is no [`FirstName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FirstNameError {
    /// Longer than 40 characters.
    #[error("longer than {} characters", FirstName::LONGEST)]
    TooLong,
    /// Something else than letters, spaces, hyphens and apostrophes.
    #[error("only letters, spaces, hyphens and apostrophes make a first name")]
    Character,
}

impl FirstName {
    /// The most characters.
    pub const LONGEST: usize = 40;

    /// Reads what was typed; none when nothing was. Apostrophes become typographic ones, spaces single.
    ///
    /// # Errors
    /// [`FirstNameError`].
    pub fn parse(text: &str) -> Result<Option<Self>, FirstNameError> {
        let mut name = String::new();
        // A combining accent follows its letter: U+0300 to U+036F.
        for part in text.split_whitespace() {
            let well = |c: char| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '\u{300}'..='\u{36f}');
            if !part.chars().all(well) || !part.starts_with(char::is_alphabetic) {
                return Err(FirstNameError::Character);
            }
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&part.replace('\'', "’"));
            if name.chars().count() > Self::LONGEST {
                return Err(FirstNameError::TooLong);
            }
        }
        Ok(Some(Self(name)).filter(|name| !name.0.is_empty()))
    }

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FirstName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_name_is_letters_and_what_stands_between_them() {
        let read = |text: &str| FirstName::parse(text).map(|name| name.map(|name| name.to_string()));
        for (typed, name) in [
            (" Ama ", "Ama"),
            ("Jean-Noël", "Jean-Noël"),
            ("Yawa   Marie", "Yawa Marie"),
            ("N'Guessan", "N’Guessan"),
            ("Kɔfi", "Kɔfi"),
            ("E\u{301}lodie", "E\u{301}lodie"),
        ] {
            assert_eq!(read(typed), Ok(Some(name.to_owned())));
        }
        assert_eq!((read(""), read(" \t ")), (Ok(None), Ok(None)));
        for typed in [
            "Ama\r\nBcc: a@b.tg",
            "www.exemple.tg",
            "http://x",
            "A. Mensah",
            "Ama 2",
            "<b>",
            "Ama\u{202e}",
            "-oQ",
            "a@b.tg",
            "Ama\0",
            "Ama,",
            "\u{301}",
            "Ama\u{2028}B!",
            "🎁",
        ] {
            assert_eq!(read(typed), Err(FirstNameError::Character), "{typed:?}");
        }
        assert_eq!(read(&"a".repeat(41)), Err(FirstNameError::TooLong));
        assert_eq!(read(&"é".repeat(40)), Ok(Some("é".repeat(40))));
    }
}
