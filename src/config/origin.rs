//! A web site as browsers name it.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::values::parsed;

/// An origin (RFC 6454): scheme, host and port, such as `https://www.exemple.tg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is no [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not an absolute address.
    #[error("{0}")]
    Syntax(String),
    /// Another scheme than http and https.
    #[error("the scheme is {0}, not https or http")]
    Scheme(String),
    /// More than scheme, host and port.
    #[error("an origin ends with its host or port: no user, path, `?` or `#`")]
    Extra,
}

impl Origin {
    /// As browsers write it in `Origin:` and as `frame-ancestors` wants it: no default port, no slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text.trim()).map_err(|error| OriginError::Syntax(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OriginError::Scheme(url.scheme().to_owned()));
        }
        let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(OriginError::Extra);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

parsed!(Origin, "the origin of a site such as \"https://www.exemple.tg\"", Origin(String::new()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, origin) in [
            ("https://www.exemple.tg", "https://www.exemple.tg"),
            ("https://WWW.exemple.tg:443/", "https://www.exemple.tg"),
            ("http://localhost:8000", "http://localhost:8000"),
        ] {
            assert_eq!(text.parse::<Origin>().map(|it| it.to_string()), Ok(origin.to_owned()));
        }
        for text in
            ["*", "www.exemple.tg", "https://a.tg/x", "https://a.tg?x", "https://u@a.tg", "file:///a", ""]
        {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
