//! Slugs as an operator writes them: the names of newsletters and categories in addresses.

use std::fmt;

use crate::articles::RESERVED;
use crate::french::slug::slug;

/// A name in addresses: small letters a–z, digits and single hyphens, at most 80, and none of [`RESERVED`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

/// Why a text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Other characters, or too many.
    #[error("expected small letters a-z, digits and single hyphens{}", suggestion(.0))]
    Form(Option<String>),
    /// One of [`RESERVED`].
    #[error("\"{0}\" is taken by kiosque's own addresses; choose another slug")]
    Reserved(String),
}

fn suggestion(slug: &Option<String>) -> String {
    slug.as_ref().map_or_else(String::new, |slug| format!(", such as \"{slug}\""))
}

impl Slug {
    /// Reads a slug as it is written in addresses.
    ///
    /// # Errors
    /// When it has another form, or is reserved.
    pub fn parse(text: &str) -> Result<Slug, SlugError> {
        let proper = slug(text);
        if proper.as_deref() != Some(text) {
            return Err(SlugError::Form(proper));
        }
        if RESERVED.contains(&text) {
            return Err(SlugError::Reserved(text.to_owned()));
        }
        Ok(Slug(text.to_owned()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_read_as_it_stands_in_addresses_or_not_at_all() {
        assert_eq!(Slug::parse("tech-web").map(|slug| slug.to_string()), Ok("tech-web".to_owned()));
        let other = |text: &str| Slug::parse(text).unwrap_err().to_string();
        assert!(other("Tech & Web").ends_with("such as \"tech-web\""), "{}", other("Tech & Web"));
        assert!(other("l-été").contains("such as \"l-ete\""), "{}", other("l-été"));
        assert_eq!(other("…"), "expected small letters a-z, digits and single hyphens");
        assert!(other("tout").contains("is taken"), "{}", other("tout"));
    }
}
