//! `[[bounces]]`: a mailbox that bounces, complaints and « désabonnement » come back to.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use toml::Spanned;
use url::Url;

use super::read::{Reader, Setting, Value, section};
use super::relay::{Security, percent_decode};
use super::secret::Secret;
use super::span::Span;

section! {
    /// `[[bounces]]`.
    pub struct Bounces {
        /// Where the mail is read.
        pub mailbox: MailboxUrl,
        /// The password of the user named in `mailbox`.
        pub password: Option<Secret>,
        /// How often it is read.
        pub every: Span = Span::minutes(5),
        /// An address whose mail comes into this mailbox, tags included: with it, mails offer unsubscribing by mail. It is
        /// checked by `newsletters::declaration`.
        pub unsubscribe: Option<Spanned<String>>,
    } then check
}

/// Where the mail is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxUrl {
    /// A Maildir on this machine.
    Maildir(PathBuf),
    /// An IMAP server.
    Imap {
        /// How the connection is protected.
        security: Security,
        /// Host name or IP address.
        host: String,
        /// TCP port.
        port: u16,
        /// The user to log in as.
        user: String,
        /// The folder, as the server writes it.
        folder: String,
    },
}

/// Why a text is no mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxUrlError {
    /// None of the known kinds.
    #[error("unknown kind of mailbox")]
    Kind,
    /// Not a URL.
    #[error("{0}")]
    Syntax(String),
    /// A password stands in the address.
    #[error("the password belongs under its own key, such as password = \"env:BOUNCES_PASSWORD\"")]
    Password,
    /// No user.
    #[error("the user is missing, such as imaps://retours@mail.example.org")]
    User,
    /// A query or fragment, or a folder that cannot be named to a server.
    #[error("only a folder of plain letters may follow the host and port")]
    Extra,
    /// Mail and password would cross the network unprotected.
    #[error(
        "imap:// without TLS is for this machine only (127.0.0.1, ::1, localhost); use imaps:// or imap+starttls://"
    )]
    Unprotected,
    /// No `PATH` after `maildir:`.
    #[error("the path is missing")]
    Path,
}

impl MailboxUrl {
    /// Reads `maildir:PATH`, `imaps://user@host`, `imap+starttls://user@host` or `imap://user@127.0.0.1:143`, each with
    /// a folder behind a slash if it is not INBOX; a `@` in the user may stand as it is. Relative paths start from
    /// `folder`.
    ///
    /// # Errors
    /// When it is none of these, holds a password, or would send one unprotected over a network.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, MailboxUrlError> {
        if let Some(path) = text.strip_prefix("maildir:") {
            return if path.is_empty() {
                Err(MailboxUrlError::Path)
            } else {
                Ok(Self::Maildir(folder.join(path)))
            };
        }
        let (scheme, rest) = text.split_once("://").ok_or(MailboxUrlError::Kind)?;
        let (security, default_port) = match scheme {
            "imaps" => (Security::Tls, 993),
            "imap+starttls" => (Security::StartTls, 143),
            "imap" => (Security::Plain, 143),
            _ => return Err(MailboxUrlError::Kind),
        };
        // Parsed as ws, because the url crate checks hosts only of the schemes it knows; nobody reads mail on port 80.
        let url = Url::parse(&format!("ws://{rest}"))
            .map_err(|error| MailboxUrlError::Syntax(error.to_string()))?;
        if url.password().is_some() {
            return Err(MailboxUrlError::Password);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(MailboxUrlError::Extra);
        }
        let mailbox = percent_decode(url.path().trim_matches('/'));
        if !mailbox.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\%*&".contains(&b) || b == b' ') {
            return Err(MailboxUrlError::Extra);
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if security == Security::Plain && !is_loopback(&host) {
            return Err(MailboxUrlError::Unprotected);
        }
        if url.username().is_empty() {
            return Err(MailboxUrlError::User);
        }
        Ok(Self::Imap {
            security,
            host,
            port: url.port().unwrap_or(default_port),
            user: percent_decode(url.username()),
            folder: if mailbox.is_empty() { "INBOX".to_owned() } else { mailbox },
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for MailboxUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maildir(path) => write!(out, "maildir:{}", path.display()),
            Self::Imap { security, host, port, user, folder } => {
                let scheme = match security {
                    Security::Tls => "imaps",
                    Security::StartTls => "imap+starttls",
                    Security::Plain => "imap",
                };
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                write!(out, "{scheme}://{user}@{host}:{port}/{folder}")
            }
        }
    }
}

impl Setting for MailboxUrl {
    const EXPECTED: &'static str =
        "\"imaps://user@host\", \"imap+starttls://user@host\", \"imap://user@127.0.0.1\" or \"maildir:PATH\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Self {
        let text = reader.text(value, Self::EXPECTED);
        match text.map(|text| Self::parse(&text, &reader.source.folder)) {
            Some(Ok(url)) => return url,
            Some(Err(why)) => reader.wrong(value, Self::EXPECTED, Some(why.to_string())),
            None => {}
        }
        Self::stand_in()
    }

    fn stand_in() -> Self {
        Self::Maildir(PathBuf::new())
    }
}

fn check(bounces: &Bounces, value: &Value<'_>, reader: &mut Reader) {
    let imap = matches!(bounces.mailbox, MailboxUrl::Imap { .. });
    let understood = bounces.mailbox != MailboxUrl::stand_in();
    match &bounces.password {
        None if imap => reader.mistakes.push(
            value.at_key("mailbox"),
            "`bounces.mailbox` is on a server, but `bounces.password` is missing; expected such as password = \"env:BOUNCES_PASSWORD\"",
        ),
        Some(_) if !imap && understood => reader.mistakes.push(
            value.at_key("password"),
            "`bounces.password` is given, but a Maildir has none",
        ),
        _ => {}
    }
    if bounces.every < Span::seconds(1) && value.get("every").is_some() {
        reader.mistakes.push(value.at_key("every"), "`bounces.every`: expected 1s or longer");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MailboxUrl, MailboxUrlError> {
        MailboxUrl::parse(text, Path::new("/srv"))
    }

    fn imap(
        security: Security,
        host: &str,
        port: u16,
        user: &str,
        folder: &str,
    ) -> Result<MailboxUrl, MailboxUrlError> {
        let [host, user, folder] = [host, user, folder].map(str::to_owned);
        Ok(MailboxUrl::Imap { security, host, port, user, folder })
    }

    #[test]
    fn each_kind_of_mailbox_has_its_port_its_user_and_its_folder() {
        assert_eq!(parse("maildir:data/retours"), Ok(MailboxUrl::Maildir("/srv/data/retours".into())));
        assert_eq!(
            parse("imaps://retours@mail.example.org"),
            imap(Security::Tls, "mail.example.org", 993, "retours", "INBOX")
        );
        assert_eq!(
            parse("imap+starttls://a+b@example.org@mail.example.org:1143/INBOX/Bounces"),
            imap(Security::StartTls, "mail.example.org", 1143, "a+b@example.org", "INBOX/Bounces")
        );
        assert_eq!(
            parse("imap://retours@[::1]:1143"),
            imap(Security::Plain, "::1", 1143, "retours", "INBOX")
        );
        let shown = parse("imaps://retours@mail.example.org").unwrap().to_string();
        assert_eq!(shown, "imaps://retours@mail.example.org:993/INBOX");
    }

    #[test]
    fn a_password_never_crosses_a_network_unprotected() {
        assert_eq!(parse("imap://a@mail.example.org"), Err(MailboxUrlError::Unprotected));
        assert_eq!(parse("imaps://a:secret@mail.example.org"), Err(MailboxUrlError::Password));
        assert_eq!(parse("imaps://mail.example.org"), Err(MailboxUrlError::User));
        assert_eq!(parse("pop3://a@mail.example.org"), Err(MailboxUrlError::Kind));
        assert_eq!(parse("imaps://a@mail.example.org/x%22y"), Err(MailboxUrlError::Extra));
        assert_eq!(parse("imaps://a@mail.example.org/x%0D%0Ay"), Err(MailboxUrlError::Extra));
        assert_eq!(parse("maildir:"), Err(MailboxUrlError::Path));
    }
}
