//! E-mail addresses and display names, each with one parsing door.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An address we are ready to write to a relay and into a header.
///
/// Stricter than RFC 5321: what it refuses is either not deliverable from here or a known way to smuggle something
/// past a program behind us (`"a b"@x`, `a@[127.0.0.1]`, `-oQ@x`). The domain is kept in its ASCII form, lower case;
/// the local part as written. `Debug` masks the local part, so that logs do not hold addresses in clear.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(lettre::Address);

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not of the form `local@domain` of RFC 5321.
    #[error("not an e-mail address")]
    Syntax,
    /// The part before the `@` is quoted, begins with a hyphen or is not ASCII.
    #[error("the part before the @ is of a kind that cannot be used here")]
    LocalPart,
    /// The domain is an IP address, has no dot, or is not a host name.
    #[error("the domain is not a host name with a dot")]
    Domain,
    /// Longer than 64 bytes before the `@` or 254 in all (RFC 5321 §4.5.3.1, RFC 3696 erratum 1690).
    #[error("the address is too long")]
    TooLong,
}

impl Address {
    /// Parses an address; spaces around it are ignored. A domain in another script becomes its ASCII form.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.len() > 254 {
            return Err(AddressError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Syntax)?;
        if local.len() > 64 {
            return Err(AddressError::TooLong);
        }
        if local.starts_with(['-', '"']) || !local.is_ascii() {
            return Err(AddressError::LocalPart);
        }
        // `url` percent-decodes a host; nothing of that kind belongs into an address.
        if domain.contains(['%', '[', '/', '\\']) {
            return Err(AddressError::Domain);
        }
        let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
            return Err(AddressError::Domain);
        };
        if !is_host_name(&domain) {
            return Err(AddressError::Domain);
        }
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        let address = lettre::Address::new(local, domain).map_err(|_| AddressError::Syntax)?;
        Ok(Self(address))
    }

    /// The whole address, as it is written in an envelope.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part before the `@`, as written.
    pub fn local_part(&self) -> &str {
        self.0.user()
    }

    /// The domain: ASCII, lower case.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// What two spellings of one mailbox share: all in lower case. For comparing and hashing, never for sending
    /// (RFC 5321 §2.4 leaves the case of a local part to its host).
    pub fn key(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    /// For logs: the first character and the domain, `j…@exemple.tg`.
    pub fn masked(&self) -> String {
        format!("{}…@{}", &self.local_part()[..1], self.domain())
    }

    /// The same address with `+tag` at the end of its local part (a return path with its token).
    pub fn with_tag(&self, tag: &str) -> Result<Self, AddressError> {
        Self::parse(&format!("{}+{tag}@{}", self.local_part(), self.domain()))
    }

    /// lettre's type, for its SMTP commands.
    pub fn to_lettre(&self) -> lettre::Address {
        self.0.clone()
    }
}

/// Letters, digits and hyphens in at least two labels, the last not a number (RFC 1123 §2.1).
fn is_host_name(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.')
        && domain.split('.').all(label)
        && domain.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A display name, perhaps, and an address: what `From:` and `To:` hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

/// Why a text is not a [`Mailbox`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// The address is not one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The name holds a control character, a line break or a character that reverses the direction of text.
    #[error("the name holds a control or text-direction character")]
    Character,
    /// The name is longer than 200 bytes.
    #[error("the name is longer than 200 bytes")]
    TooLong,
}

impl Mailbox {
    /// An address with a name; an empty name is none.
    pub fn new(name: Option<&str>, address: Address) -> Result<Self, NameError> {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = name {
            if name.len() > 200 {
                return Err(NameError::TooLong);
            }
            if name.chars().any(is_forbidden) {
                return Err(NameError::Character);
            }
        }
        Ok(Self { name: name.map(str::to_owned), address })
    }

    /// Parses `Name <address>`, `"Name, with a comma" <address>` or a bare address.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let Some((name, address)) = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) else {
            return Self::new(None, Address::parse(text)?);
        };
        let name = name.trim();
        let name = match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(quoted) => unescape(quoted),
            None => name.to_owned(),
        };
        Self::new(Some(&name), Address::parse(address)?)
    }

    /// The name as people read it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl From<Address> for Mailbox {
    fn from(address: Address) -> Self {
        Self { name: None, address }
    }
}

impl FromStr for Mailbox {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Mailbox {
    /// For people; the header's form is made by [`crate::mail::compose()`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if name.contains([',', '<', '>', '"', '\\', '@', ';', ':']) => {
                write!(f, "\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), self.address)
            }
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

fn unescape(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

/// Characters that must not stand in a header: C0, DEL, C1, the line breaks of Unicode, and everything that changes
/// the direction of text (a name that reads backwards is a known disguise).
pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// A text as it may stand in a header: control, line-break and text-direction characters become one space, as do
/// runs of plain white space; nothing else changes. For titles that were written by others.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_forbidden(c) || c == ' ' {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_taken() {
        for text in [
            "jean@exemple.tg",
            " Jean.Dupont+lettre@lettres.exemple.tg ",
            "o'brien@exemple.fr",
            "a@b.co",
            "x_y-z@xn--caf-dma.fr",
        ] {
            assert_eq!(Address::parse(text).map(|a| a.as_str().len()), Ok(text.trim().len()), "{text}");
        }
    }

    #[test]
    fn the_domain_is_ascii_and_lower_case_and_the_local_part_stays_as_written() {
        assert_eq!(Address::parse("Jean@Café.FR").unwrap().as_str(), "Jean@xn--caf-dma.fr");
        assert_eq!(Address::parse("Jean@Exemple.TG").unwrap().key(), "jean@exemple.tg");
    }

    #[test]
    fn addresses_that_smuggle_something_are_refused() {
        for text in [
            "",
            "jean",
            "jean@",
            "@exemple.tg",
            "\"a b\"@exemple.tg",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@1.2.3",
            "-oQ@exemple.tg",
            "a@-exemple.tg",
            "a@exemple..tg",
            "a@exemple.tg.",
            "a@ex%41mple.tg",
            "a@[IPv6:::1]",
            "a b@exemple.tg",
            "a\r\nRCPT TO:<b@c.tg>@exemple.tg",
            "a\0@exemple.tg",
            "a@exemple.tg\r\nBcc: b@c.tg",
            "a@b@exemple.tg",
            "a,b@exemple.tg",
            "a@exemple.tg,b@exemple.tg",
            "<a@exemple.tg>",
            "jean@exem\u{202E}ple.tg",
            "é@exemple.tg",
            "a..b@exemple.tg",
            ".a@exemple.tg",
            "a.@exemple.tg",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?} was taken");
        }
        assert_eq!(Address::parse(&format!("{}@exemple.tg", "a".repeat(65))), Err(AddressError::TooLong));
        assert!(Address::parse(&format!("a@{}tg", "exemple.".repeat(40))).is_err());
    }

    #[test]
    fn an_address_is_masked_in_debug_output() {
        assert_eq!(format!("{:?}", Address::parse("jean@exemple.tg").unwrap()), "j…@exemple.tg");
    }

    #[test]
    fn a_tag_goes_before_the_at_sign() {
        let bounce = Address::parse("retours@exemple.tg").unwrap();
        assert_eq!(bounce.with_tag("Ab-9").unwrap().as_str(), "retours+Ab-9@exemple.tg");
        assert_eq!(bounce.with_tag(&"x".repeat(60)), Err(AddressError::TooLong));
    }

    #[test]
    fn mailboxes_are_read_with_and_without_a_name() {
        let both = Mailbox::parse("La Matinale – l’édition <matinale@exemple.tg>").unwrap();
        assert_eq!(both.name(), Some("La Matinale – l’édition"));
        let quoted = Mailbox::parse(r#""Le Journal, \"matin\"" <matinale@exemple.tg>"#).unwrap();
        assert_eq!(quoted.name(), Some(r#"Le Journal, "matin""#));
        assert_eq!(Mailbox::parse(&quoted.to_string()).unwrap(), quoted);
        assert_eq!(Mailbox::parse("a@exemple.tg").unwrap().name(), None);
        assert_eq!(Mailbox::parse("<a@exemple.tg>").unwrap().name(), None);
    }

    #[test]
    fn a_name_cannot_carry_a_line_break_or_turn_the_text_around() {
        let address = || Address::parse("a@exemple.tg").unwrap();
        for name in ["x\r\nBcc: y@z.tg", "x\ny", "x\0", "x\u{202E}y", "x\u{2028}y", "x\u{7F}", "x\u{85}y"] {
            assert_eq!(Mailbox::new(Some(name), address()), Err(NameError::Character), "{name:?}");
        }
        assert_eq!(Mailbox::new(Some("  "), address()).unwrap().name(), None);
    }

    #[test]
    fn a_title_becomes_one_line() {
        assert_eq!(one_line(" Le budget\r\n\tvoté\u{202E} hier "), "Le budget voté hier");
        assert_eq!(one_line("10\u{A0}000 « F »"), "10\u{A0}000 « F »");
    }
}
