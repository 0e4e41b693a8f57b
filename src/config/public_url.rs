//! The address readers see.

use url::Url;

/// Where readers reach this installation, such as `https://lettres.exemple.tg` or `https://www.exemple.tg/lettres`:
/// http or https, perhaps a path, nothing else. Every absolute link is made from it, never from a request's Host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    text: String,
}

/// Why an address cannot be the public one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// Not an absolute address at all.
    #[error("{0}")]
    Syntax(String),
    /// Another scheme than http and https.
    #[error("the scheme is {0}, not https or http")]
    Scheme(String),
    /// A user name, query or fragment.
    #[error("it may carry a path, but no user, `?` or `#`")]
    Extra,
}

impl PublicUrl {
    /// Reads an address; a slash at its end means nothing.
    ///
    /// # Errors
    /// When it is not absolute, not http(s), or carries a user, query or fragment.
    pub fn parse(text: &str) -> Result<PublicUrl, PublicUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| PublicUrlError::Syntax(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PublicUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(PublicUrlError::Extra);
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(PublicUrl { url, text })
    }

    /// An address of no meaning, for a configuration that is refused in the end.
    pub(super) fn stand_in() -> PublicUrl {
        PublicUrl::parse("http://stand-in.invalid").expect("a constant address")
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The absolute address of a page of ours; `path` begins with a slash and is already encoded.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host, without port.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The path in front of all of ours: empty, or `/lettres` without a slash at its end.
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether readers come by https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether an address is one of ours: the same host, and a path under ours. http and https are one site, other ports are
    /// others.
    pub fn covers(&self, url: &Url) -> bool {
        let port = |url: &Url| url.port_or_known_default().filter(|port| !matches!(port, 80 | 443));
        let rest = url.path().strip_prefix(self.path());
        let under = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        under && url.host_str() == self.url.host_str() && port(url) == port(&self.url)
    }

    /// The address as a URL.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_under_the_path_with_one_slash() {
        let bare = PublicUrl::parse("https://lettres.exemple.tg/").unwrap();
        assert_eq!(bare.join("/flux/tout.rss"), "https://lettres.exemple.tg/flux/tout.rss");
        assert_eq!((bare.path(), bare.host()), ("", "lettres.exemple.tg"));
        let under = PublicUrl::parse("http://127.0.0.1:8080/lettres/").unwrap();
        assert_eq!(under.join("/flux/"), "http://127.0.0.1:8080/lettres/flux/");
        assert_eq!((under.path(), under.host()), ("/lettres", "127.0.0.1"));
    }

    #[test]
    fn addresses_of_ours_are_told_from_those_of_the_site_around_them() {
        let covers = |own: &str, other: &str| PublicUrl::parse(own).unwrap().covers(&other.parse().unwrap());
        assert!(covers("https://lettres.exemple.tg", "http://lettres.exemple.tg/flux/tout.rss?x"));
        assert!(!covers("https://lettres.exemple.tg", "https://www.exemple.tg/feed/"));
        assert!(!covers("http://127.0.0.1:8080", "http://127.0.0.1:8081/feed/"));
        assert!(covers("https://exemple.tg/lettres", "https://exemple.tg/lettres/flux/tout.rss"));
        assert!(!covers("https://exemple.tg/lettres", "https://exemple.tg/feed/"));
        assert!(!covers("https://exemple.tg/lettres", "https://exemple.tg/lettres-ouvertes/feed/"));
    }

    #[test]
    fn only_plain_web_addresses_are_public() {
        for wrong in [
            "lettres.exemple.tg",
            "ftp://exemple.tg",
            "https://a:b@exemple.tg",
            "https://exemple.tg/?x",
            "/a",
        ] {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
