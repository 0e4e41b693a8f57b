//! `[[relay]]`: the server that takes our mail.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use url::Url;

use super::read::{Reader, Setting, Value, section};
use super::secret::Secret;

section! {
    /// `[[relay]]`.
    pub struct Relay {
        /// Where the mail goes.
        pub url: RelayUrl,
        /// The password of the user named in `url`.
        pub password: Option<Secret>,
        /// The name given in EHLO; without it the host of `public_url`.
        pub helo: Option<String>,
        /// Connections at a time.
        pub connections: u32 = 4,
        /// Messages sent over one connection before it is closed.
        pub messages_per_connection: u32 = 100,
        /// Messages a second; no bound when left out.
        pub rate: Option<u32>,
        /// Messages a day, from midnight to midnight UTC; no bound when left out.
        pub quota: Option<u32>,
        /// It signs our mail (DKIM) for our domain by itself.
        pub signs: bool = false,
        /// Rows of one connection that may be in doubt at a time, 1 or 2.
        pub in_doubt_max: u32 = 2,
    } then check
}

/// How the connection to a relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 465).
    Tls,
    /// STARTTLS, required (port 587).
    StartTls,
    /// None: to this machine only (port 25).
    Plain,
}

/// Where the mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayUrl {
    /// A Maildir on this machine, for trying things out.
    Maildir(PathBuf),
    /// An SMTP server.
    Smtp {
        /// How the connection is protected.
        security: Security,
        /// Host name or IP address.
        host: String,
        /// TCP port.
        port: u16,
        /// The user to authenticate as.
        user: Option<String>,
    },
}

/// Why a text is no relay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// None of the known kinds.
    #[error("unknown kind of relay")]
    Kind,
    /// Not a URL.
    #[error("{0}")]
    Syntax(String),
    /// A password stands in the address.
    #[error("the password belongs under its own key, such as password = \"env:RELAY_PASSWORD\"")]
    Password,
    /// A path, query or fragment.
    #[error("nothing may follow the host and port")]
    Extra,
    /// Mail and password would cross the network unprotected.
    #[error(
        "smtp:// without TLS is for this machine only (127.0.0.1, ::1, localhost); use smtps:// or smtp+starttls://"
    )]
    Unprotected,
    /// No `PATH` after `maildir:`.
    #[error("the path is missing")]
    Path,
}

impl RelayUrl {
    /// Reads `maildir:PATH`, `smtps://user@host`, `smtp+starttls://user@host` or `smtp://127.0.0.1:25`; a `@` in the
    /// user may stand as it is. Relative paths start from `folder`.
    ///
    /// # Errors
    /// When it is none of these, holds a password, or would send unprotected over a network.
    pub fn parse(text: &str, folder: &Path) -> Result<RelayUrl, RelayUrlError> {
        if let Some(path) = text.strip_prefix("maildir:") {
            return if path.is_empty() {
                Err(RelayUrlError::Path)
            } else {
                Ok(RelayUrl::Maildir(folder.join(path)))
            };
        }
        let (scheme, rest) = text.split_once("://").ok_or(RelayUrlError::Kind)?;
        let (security, default_port) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp+starttls" => (Security::StartTls, 587),
            "smtp" => (Security::Plain, 25),
            _ => return Err(RelayUrlError::Kind),
        };
        // parsed as https, because the url crate checks hosts only of the schemes it knows
        let url = Url::parse(&format!("https://{rest}"))
            .map_err(|error| RelayUrlError::Syntax(error.to_string()))?;
        if url.password().is_some() {
            return Err(RelayUrlError::Password);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(RelayUrlError::Extra);
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = if rest.ends_with(":443") { 443 } else { url.port().unwrap_or(default_port) };
        let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if security == Security::Plain && !loopback {
            return Err(RelayUrlError::Unprotected);
        }
        let user = (!url.username().is_empty()).then(|| percent_decode(url.username()));
        Ok(RelayUrl::Smtp { security, host, port, user })
    }

    /// Whether mail stays on this machine: a Maildir or a loopback address.
    pub fn is_local(&self) -> bool {
        match self {
            RelayUrl::Maildir(_) => true,
            RelayUrl::Smtp { host, .. } => {
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        }
    }
}

pub(super) fn percent_decode(text: &str) -> String {
    // a query of one key decodes percent signs; "+" would become a space, so it is encoded first
    let query = format!("u={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RelayUrl::Maildir(path) => write!(out, "maildir:{}", path.display()),
            RelayUrl::Smtp { security, host, port, .. } => {
                let scheme = match security {
                    Security::Tls => "smtps",
                    Security::StartTls => "smtp+starttls",
                    Security::Plain => "smtp",
                };
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                write!(out, "{scheme}://{host}:{port}")
            }
        }
    }
}

impl Setting for RelayUrl {
    const EXPECTED: &'static str =
        "\"smtps://user@host\", \"smtp+starttls://user@host\", \"smtp://127.0.0.1:25\" or \"maildir:PATH\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> RelayUrl {
        let text = reader.text(value, Self::EXPECTED);
        match text.map(|text| RelayUrl::parse(&text, &reader.source.folder)) {
            Some(Ok(url)) => return url,
            Some(Err(why)) => reader.wrong(value, Self::EXPECTED, Some(why.to_string())),
            None => {}
        }
        Self::stand_in()
    }

    fn stand_in() -> RelayUrl {
        RelayUrl::Maildir(PathBuf::new())
    }
}

fn check(relay: &Relay, value: &Value<'_>, reader: &mut Reader) {
    let user = matches!(&relay.url, RelayUrl::Smtp { user: Some(_), .. });
    let understood = relay.url != RelayUrl::stand_in();
    match &relay.password {
        None if user => reader.mistakes.push(
            value.at_key("url"),
            "`relay.url` names a user, but `relay.password` is missing; expected such as password = \"env:RELAY_PASSWORD\"",
        ),
        Some(_) if !user && understood => reader.mistakes.push(
            value.at_key("password"),
            "`relay.password` is given, but `relay.url` names no user; expected such as \"smtps://user@host\"",
        ),
        _ => {}
    }
    for (key, number) in
        [("connections", relay.connections), ("messages_per_connection", relay.messages_per_connection)]
    {
        if number == 0 && value.get(key).is_some() {
            reader.mistakes.push(value.at_key(key), format!("`relay.{key}`: expected at least 1"));
        }
    }
    for (key, number) in [("rate", relay.rate), ("quota", relay.quota)] {
        if number == Some(0) {
            reader.mistakes.push(value.at_key(key), format!("`relay.{key}`: expected at least 1"));
        }
    }
    if !(1..=2).contains(&relay.in_doubt_max) && value.get("in_doubt_max").is_some() {
        reader.mistakes.push(value.at_key("in_doubt_max"), "`relay.in_doubt_max`: expected 1 or 2");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RelayUrl, RelayUrlError> {
        RelayUrl::parse(text, Path::new("/srv"))
    }

    #[test]
    fn each_kind_of_relay_has_its_port_and_its_user() {
        let smtp = |security, host: &str, port, user: Option<&str>| {
            Ok(RelayUrl::Smtp { security, host: host.into(), port, user: user.map(Into::into) })
        };
        assert_eq!(parse("maildir:data/outbox"), Ok(RelayUrl::Maildir("/srv/data/outbox".into())));
        assert_eq!(
            parse("smtps://lettres@mail.example.org"),
            smtp(Security::Tls, "mail.example.org", 465, Some("lettres"))
        );
        assert_eq!(
            parse("smtp+starttls://a+b@example.org@mail.example.org:2587"),
            smtp(Security::StartTls, "mail.example.org", 2587, Some("a+b@example.org"))
        );
        assert_eq!(parse("smtp://127.0.0.1:2525"), smtp(Security::Plain, "127.0.0.1", 2525, None));
        assert_eq!(parse("smtp://[::1]"), smtp(Security::Plain, "::1", 25, None));
        assert_eq!(
            parse("smtps://relay.example.org:443"),
            smtp(Security::Tls, "relay.example.org", 443, None)
        );
    }

    #[test]
    fn mail_never_crosses_a_network_unprotected() {
        assert_eq!(parse("smtp://mail.example.org"), Err(RelayUrlError::Unprotected));
        assert_eq!(parse("smtp://192.168.1.4:25"), Err(RelayUrlError::Unprotected));
        assert_eq!(parse("smtps://u:secret@mail.example.org"), Err(RelayUrlError::Password));
        assert_eq!(parse("https://mail.example.org"), Err(RelayUrlError::Kind));
        assert_eq!(parse("smtps://mail.example.org/inbox"), Err(RelayUrlError::Extra));
        assert!(matches!(parse("smtps://"), Err(RelayUrlError::Syntax(_))));
    }
}
