//! Signing a finished message.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use thiserror::Error;

use crate::mail::dkim::canonical::{self, Field};
use crate::mail::dkim::{KeyError, SigningKey};

/// The fields that are signed where a message has them, in this order (reliability.md §1.2). RFC 8058 §4 wants both of
/// `List-Unsubscribe`; `Content-Type` belongs to the body, whose every byte is signed.
const SIGNED: [&str; 11] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "reply-to",
];

/// The fields named once more than the message has them, so that none can be added (RFC 6376 §8.15).
const SEALED: [&str; 2] = ["from", "reply-to"];

/// The domain or the selector of a key: letters, digits, hyphens and, in a selector, underscores between dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("letters, digits and hyphens, with dots between (a domain has at least one)")]
pub struct NameError;

impl Name {
    /// A domain as DNS knows it, in small letters; one with accents in its `xn--` form.
    ///
    /// # Errors
    /// When it is none.
    pub fn domain(text: &str) -> Result<Self, NameError> {
        if !text.contains('.') || text.contains('_') { Err(NameError) } else { Self::selector(text) }
    }

    /// A selector (RFC 6376 §3.1), in small letters.
    ///
    /// # Errors
    /// When it is none.
    pub fn selector(text: &str) -> Result<Self, NameError> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if text.len() <= 200 && text.split('.').all(label) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NameError)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::selector(text)
    }
}

/// Who signs: a key under its name.
#[derive(Debug)]
pub struct Signer {
    /// For which domain it answers (`d=`).
    pub domain: Name,
    /// Where its record stands: `SELECTOR._domainkey.DOMAIN` (`s=`).
    pub selector: Name,
    /// The private key.
    pub key: SigningKey,
}

impl Signer {
    /// Where its record stands.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Whether it may answer for mail from this domain: its own, or one below it (RFC 7489 §3.1.1, relaxed alignment).
    #[must_use]
    pub fn answers_for(&self, from: &str) -> bool {
        let from = from.to_ascii_lowercase();
        from.strip_suffix(self.domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// Why a message cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// RFC 6376 §5.4: `From` must be signed.
    #[error("the message has no From to sign")]
    NoFrom,
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// `message` with a `DKIM-Signature` of each signer on top, the first one first. The signing second is `at` (epoch
/// seconds): equal arguments give equal bytes. Takes 0.3 ms for an RSA key: call it off the I/O tasks.
///
/// # Errors
/// When the message has no `From`, or a key fails.
pub fn sign<'a>(
    message: &[u8],
    signers: impl IntoIterator<Item = &'a Signer>,
    at: i64,
) -> Result<Vec<u8>, SignError> {
    let (fields, body) = canonical::split(message);
    let names = signed_names(&fields)?;
    let body_hash = BASE64_STANDARD.encode(canonical::body_hash(body));
    let mut data = Vec::with_capacity(2048);
    for field in in_order(&fields, names.split(':')) {
        canonical::relax(&mut data, field);
        data.extend_from_slice(b"\r\n");
    }
    let above = data.len();
    let mut out = Vec::with_capacity(message.len() + 2048);
    for signer in signers {
        data.truncate(above);
        let unsigned = unsigned_field(signer, at, &names, &body_hash);
        canonical::relax(&mut data, Field { name: b"dkim-signature", value: unsigned.as_bytes() });
        let signature = BASE64_STANDARD.encode(signer.key.sign(&data)?);
        out.extend_from_slice(b"DKIM-Signature:");
        out.extend_from_slice(unsigned.as_bytes());
        fold(&mut out, &signature);
    }
    out.extend_from_slice(message);
    Ok(out)
}

/// Everything behind `DKIM-Signature:` up to the signature, folded below 78 columns.
fn unsigned_field(signer: &Signer, at: i64, names: &str, body_hash: &str) -> String {
    let algorithm = signer.key.algorithm().signature_tag();
    let (domain, selector) = (&signer.domain, &signer.selector);
    let mut text =
        format!(" v=1; a={algorithm}; c=relaxed/simple; t={at};\r\n d={domain};\r\n s={selector};\r\n h=");
    let mut column = 3;
    for (number, name) in names.split(':').enumerate() {
        if number > 0 {
            text.push(':');
            column += 1;
        }
        if column + name.len() > 74 {
            text.push_str("\r\n  ");
            column = 2;
        }
        text.push_str(name);
        column += name.len();
    }
    text.push_str(";\r\n bh=");
    text.push_str(body_hash);
    text.push_str(";\r\n b=");
    text
}

/// Appends a signature in lines, and the field's end.
fn fold(out: &mut Vec<u8>, signature: &str) {
    let (mut line, mut rest) = signature.split_at(signature.len().min(72));
    loop {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
        if rest.is_empty() {
            return;
        }
        out.extend_from_slice(b"  ");
        (line, rest) = rest.split_at(rest.len().min(72));
    }
}

/// The `h=` of a message: what it has of [`SIGNED`], each as often as it stands there, and [`SEALED`] once more.
fn signed_names(fields: &[Field<'_>]) -> Result<String, SignError> {
    let mut names = Vec::new();
    for name in SIGNED {
        let there = fields.iter().filter(|field| canonical::lower(field.name) == name.as_bytes()).count();
        if name == "from" && there == 0 {
            return Err(SignError::NoFrom);
        }
        let more = usize::from(SEALED.contains(&name));
        names.extend(std::iter::repeat_n(name, there + more));
    }
    Ok(names.join(":"))
}

/// The fields that the names of an `h=` mean: of several with one name the lowest first (RFC 6376 §5.4.2); a name beyond
/// those there means nothing.
pub(super) fn in_order<'a, 'n>(fields: &[Field<'a>], names: impl Iterator<Item = &'n str>) -> Vec<Field<'a>> {
    let mut left: Vec<Option<Field<'a>>> = fields.iter().copied().map(Some).collect();
    let mut found = Vec::new();
    for name in names {
        let name = name.trim().to_ascii_lowercase();
        let at = left
            .iter()
            .rposition(|field| field.is_some_and(|field| canonical::lower(field.name) == name.as_bytes()));
        found.extend(at.and_then(|at| left[at].take()));
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::mail::dkim::Algorithm;

    pub(in crate::mail::dkim) fn signer(algorithm: Algorithm, selector: &str) -> Signer {
        Signer {
            domain: Name::domain("exemple.tg").unwrap(),
            selector: Name::selector(selector).unwrap(),
            key: SigningKey::generate(algorithm).unwrap(),
        }
    }

    #[test]
    fn a_field_that_is_there_is_signed_and_none_can_be_added_to_from_and_reply_to() {
        let (fields, _) = canonical::split(b"From: a\r\nTo: b\r\nX: y\r\nSubject: c\r\n\r\n");
        assert_eq!(signed_names(&fields).unwrap(), "from:from:to:subject:reply-to");
        let (fields, _) = canonical::split(b"FROM: a\r\nReply-To: b\r\n\r\n");
        assert_eq!(signed_names(&fields).unwrap(), "from:from:reply-to:reply-to");
        let (fields, _) = canonical::split(b"To: b\r\n\r\n");
        assert_eq!(signed_names(&fields), Err(SignError::NoFrom));
    }

    #[test]
    fn lines_stay_short_and_the_message_stays_as_it_is() {
        let message = b"From: a@exemple.tg\r\nTo: b@c.tg\r\nSubject: x\r\nDate: y\r\nMessage-ID: <z@c>\r\n\
            MIME-Version: 1.0\r\nList-Id: l\r\nList-Unsubscribe: u\r\nList-Unsubscribe-Post: p\r\nFeedback-ID: f\r\n\
            Reply-To: r\r\n\r\nBonjour.\r\n";
        let signers = [signer(Algorithm::Rsa, "k1"), signer(Algorithm::Ed25519, "e1")];
        let signed = sign(message, &signers, 1_795_400_000).unwrap();
        assert_eq!(signed, sign(message, &signers, 1_795_400_000).unwrap());
        assert_ne!(signed, sign(message, &signers, 1_795_400_001).unwrap());
        let text = String::from_utf8(signed).unwrap();
        assert!(text.ends_with(std::str::from_utf8(message).unwrap()));
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        assert_eq!(text.matches("DKIM-Signature: v=1; a=").count(), 2);
        assert!(text.find("a=rsa-sha256").unwrap() < text.find("a=ed25519-sha256").unwrap());
    }

    #[test]
    fn a_key_answers_for_its_domain_and_those_below() {
        let signer = signer(Algorithm::Ed25519, "e1");
        for from in ["exemple.tg", "lettres.exemple.tg", "Lettres.Exemple.TG"] {
            assert!(signer.answers_for(from), "{from}");
        }
        for from in ["autre-exemple.tg", "exemple.com", "tg", ""] {
            assert!(!signer.answers_for(from), "{from}");
        }
        assert_eq!(signer.record_name(), "e1._domainkey.exemple.tg");
    }

    #[test]
    fn a_name_that_would_break_the_field_is_refused() {
        for text in ["", "a b", "a;b", "-a", "a..b", "é", "a\r\nb"] {
            assert_eq!(Name::selector(text), Err(NameError), "{text:?}");
        }
        assert_eq!(Name::domain("localhost"), Err(NameError));
        assert_eq!(Name::selector("K_2026.tg").unwrap().as_str(), "k_2026.tg");
    }
}
