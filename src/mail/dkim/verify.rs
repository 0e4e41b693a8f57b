//! Verifying, for the check that what arrived is what left.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use thiserror::Error;

use crate::mail::dkim::canonical::{self, Field};
use crate::mail::dkim::record::{PublicKey, tags};
use crate::mail::dkim::sign::in_order;

/// A signature found on a message.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Who answers for it (`d=`).
    pub domain: String,
    /// Under which selector (`s=`).
    pub selector: String,
    /// What it says of the message, as far as it can be told without the key.
    pub body: Result<(), VerifyError>,
    data: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// It is not written as ours are: `relaxed/simple`, SHA-256, without `l=`.
    #[error("the signature is not written as ours are")]
    Unknown,
    /// Body bytes were changed on the way.
    #[error("the body was changed on the way")]
    Body,
    /// A signed header was changed on the way, or another key signed.
    #[error("a signed header was changed on the way, or another key signed")]
    Header,
}

impl Verdict {
    /// Whether body and signed header fields are those that the owner of `key` signed.
    ///
    /// # Errors
    /// What was changed.
    pub fn check(&self, key: &PublicKey) -> Result<(), VerifyError> {
        self.body?;
        if key.verifies(&self.data, &self.signature) { Ok(()) } else { Err(VerifyError::Header) }
    }
}

/// The signatures of a message (CRLF line ends), the top one first.
#[must_use]
pub fn signatures(message: &[u8]) -> Vec<Verdict> {
    let (fields, body) = canonical::split(message);
    let ours = |field: &&Field<'_>| canonical::lower(field.name) == b"dkim-signature";
    fields.iter().filter(ours).filter_map(|field| read(*field, &fields, body)).collect()
}

fn read(field: Field<'_>, fields: &[Field<'_>], body: &[u8]) -> Option<Verdict> {
    let text = std::str::from_utf8(field.value).ok()?;
    let tags = tags(text)?;
    let tag = |name: &str| tags.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    let decoded = |name: &str| {
        let text: String = tag(name)?.split_ascii_whitespace().collect();
        BASE64_STANDARD.decode(text).ok()
    };
    let known = tag("v") == Some("1")
        && matches!(tag("a"), Some("rsa-sha256" | "ed25519-sha256"))
        && tag("c") == Some("relaxed/simple")
        && tag("l").is_none();
    let body = match decoded("bh") {
        _ if !known => Err(VerifyError::Unknown),
        Some(hash) if hash == canonical::body_hash(body).as_ref() => Ok(()),
        _ => Err(VerifyError::Body),
    };
    let mut data = Vec::new();
    for field in in_order(fields, tag("h")?.split(':')) {
        canonical::relax(&mut data, field);
        data.extend_from_slice(b"\r\n");
    }
    let unsigned = without_signature(text);
    canonical::relax(&mut data, Field { name: field.name, value: unsigned.as_bytes() });
    Some(Verdict {
        domain: tag("d")?.to_owned(),
        selector: tag("s")?.to_owned(),
        body,
        data,
        signature: decoded("b")?,
    })
}

/// The field's value with an empty `b=` (RFC 6376 §3.7).
fn without_signature(value: &str) -> String {
    let mut parts: Vec<&str> = value.split(';').collect();
    for part in &mut parts {
        if let Some((name, _)) = part.split_once('=')
            && name.trim() == "b"
        {
            *part = &part[..=name.len()];
        }
    }
    parts.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::dkim::sign::tests::signer;
    use crate::mail::dkim::{Algorithm, sign};
    use proptest::prelude::*;

    const MESSAGE: &[u8] = b"From: La Matinale <m@exemple.tg>\r\nTo: b@c.tg\r\nSubject: =?utf-8?q?=C3=89t=C3=A9?=\r\n\
        \x20=?utf-8?q?_suite?=\r\nReply-To: r@exemple.tg\r\nContent-Type: multipart/alternative;\r\n boundary=\"x\"\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nBonjour. =C3=A9\r\n--x--\r\n";

    #[test]
    fn both_signatures_of_one_message_hold_and_a_relays_refolding_breaks_none() {
        let signers = [signer(Algorithm::Rsa, "k1"), signer(Algorithm::Ed25519, "e1")];
        let signed = String::from_utf8(sign(MESSAGE, &signers, 1_795_400_000).unwrap()).unwrap();
        let relayed = signed.replace("\r\nSubject: ", "\r\nSUBJECT:\t ");
        let relayed = format!("Received: from x\r\n by y\r\n{relayed}\r\n");
        for message in [&signed, &relayed] {
            let found = signatures(message.as_bytes());
            assert_eq!(found.len(), 2);
            for (verdict, signer) in found.iter().zip(&signers) {
                assert_eq!(verdict.domain, "exemple.tg");
                assert_eq!(verdict.selector, signer.selector.as_str());
                assert_eq!(verdict.check(&signer.key.public()), Ok(()));
            }
        }
    }

    #[test]
    fn what_is_changed_on_the_way_is_told() {
        let signers = [signer(Algorithm::Ed25519, "e1")];
        let public = signers[0].key.public();
        let signed = String::from_utf8(sign(MESSAGE, &signers, 1).unwrap()).unwrap();
        for (from, to, verdict) in [
            ("Received", "Received", Ok(())),
            ("Subject: ", "Subject:   ", Ok(())),
            ("\r\n =?utf-8?q?_suite", " =?utf-8?q?_suite", Ok(())),
            ("--x--\r\n", "--x--\r\n\r\n\r\n", Ok(())),
            ("Content-Type: multipart", "Content-Type:  Multipart", Ok(())),
            ("Bonjour. ", "Bonjour.", Err(VerifyError::Body)),
            ("--x--\r\n", "--x--\r\n<img>\r\n", Err(VerifyError::Body)),
            ("To: b@", "To: c@", Err(VerifyError::Header)),
            ("\r\nReply-To", "\r\nReply-To: x@y.z\r\nReply-To", Err(VerifyError::Header)),
            ("\r\nFrom", "\r\nFrom: x@y.z\r\nFrom", Err(VerifyError::Header)),
            ("t=1;", "t=2;", Err(VerifyError::Header)),
            ("c=relaxed/simple", "c=relaxed/relaxed", Err(VerifyError::Unknown)),
        ] {
            let changed = signed.replacen(from, to, 1);
            assert_eq!(signatures(changed.as_bytes())[0].check(&public), verdict, "{from} -> {to}");
        }
        let other = signer(Algorithm::Ed25519, "e1").key.public();
        assert_eq!(signatures(signed.as_bytes())[0].check(&other), Err(VerifyError::Header));
    }

    /// RFC 8463 §A.3: its example message and the signature there, which is `relaxed/relaxed` over a body equal in both forms.
    #[test]
    fn the_signature_of_rfc_8463_holds() {
        let message = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
            i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : \
            message-id : from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
            b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n\
            From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
            Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
            Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
            Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
        let record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let mut verdict = signatures(message.as_bytes()).remove(0);
        assert_eq!(verdict.body, Err(VerifyError::Unknown), "relaxed bodies are not ours");
        verdict.body = Ok(());
        assert_eq!(verdict.check(&PublicKey::from_record(record).unwrap()), Ok(()));
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(text in "(DKIM-Signature:|b=|h=|;|:|\r\n| |[a-z]|é){0,40}") {
            for verdict in signatures(text.as_bytes()) {
                let record = "k=ed25519; v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
                prop_assert!(verdict.check(&PublicKey::from_record(record).unwrap()).is_err());
            }
        }
    }
}
