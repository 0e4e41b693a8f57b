//! A key's DNS record: written for the operator, read back by `doctor`, used to verify.

use aws_lc_rs::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use thiserror::Error;

use crate::mail::dkim::Algorithm;

/// What a record `SELECTOR._domainkey.DOMAIN` publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// RSA: `SubjectPublicKeyInfo` in DER (RFC 6376 §3.6.1 as everybody reads it); Ed25519: the 32 bytes (RFC 8463 §4).
    bytes: Vec<u8>,
}

/// Why a TXT record is no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// `v=` is there and not `DKIM1`, or a tag has no `=`.
    #[error("it is no DKIM record")]
    NotDkim,
    /// `k=` names an algorithm that we do not know.
    #[error("its key is of the unknown kind k={0}")]
    Kind(String),
    /// `p=` is empty: the key was revoked (RFC 6376 §3.6.1).
    #[error("its key was revoked (p= is empty)")]
    Revoked,
    /// `p=` is missing or no base64.
    #[error("its p= is missing or damaged")]
    Damaged,
}

impl PublicKey {
    pub(super) fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Self {
        Self { algorithm, bytes }
    }

    /// How its signatures are made.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The text of its TXT record; a zone file takes at most 255 bytes of it in one string.
    #[must_use]
    pub fn record(&self) -> String {
        format!("v=DKIM1; k={}; p={}", self.algorithm.key_tag(), BASE64_STANDARD.encode(&self.bytes))
    }

    /// Reads a TXT record whose strings were put together (RFC 6376 §3.6.1, §3.6.2.2).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_record(text: &str) -> Result<Self, RecordError> {
        let tags = tags(text).ok_or(RecordError::NotDkim)?;
        let tag = |name: &str| tags.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        if tag("v").is_some_and(|version| version != "DKIM1") {
            return Err(RecordError::NotDkim);
        }
        let algorithm = match tag("k").unwrap_or("rsa") {
            "rsa" => Algorithm::Rsa,
            "ed25519" => Algorithm::Ed25519,
            other => return Err(RecordError::Kind(other.to_owned())),
        };
        match tag("p") {
            Some("") => Err(RecordError::Revoked),
            Some(text) => {
                let text: String = text.split_ascii_whitespace().collect();
                let bytes = BASE64_STANDARD.decode(text).map_err(|_| RecordError::Damaged)?;
                Ok(Self { algorithm, bytes })
            }
            None if tag("v").is_none() => Err(RecordError::NotDkim),
            None => Err(RecordError::Damaged),
        }
    }

    /// Whether `signature` over `data` was made with this key's private half.
    pub(super) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Rsa => {
                let key =
                    UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.bytes);
                key.verify(data, signature).is_ok()
            }
            Algorithm::Ed25519 => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
                UnparsedPublicKey::new(&ED25519, &self.bytes).verify(hash.as_ref(), signature).is_ok()
            }
        }
    }
}

/// `name=value; …` as records and signatures are written (RFC 6376 §3.2); white space around both ends is taken away.
pub(super) fn tags(text: &str) -> Option<Vec<(&str, String)>> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').map(|(name, value)| (name.trim(), value.trim().to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::dkim::SigningKey;

    /// RFC 8463 §A.2.
    const BRISBANE: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn a_record_comes_back() {
        assert_eq!(PublicKey::from_record(BRISBANE).unwrap().record(), BRISBANE);
        let rsa = SigningKey::generate(Algorithm::Rsa).unwrap().public();
        assert!((390..=420).contains(&rsa.record().len()), "{}", rsa.record().len());
        assert_eq!(PublicKey::from_record(&rsa.record()), Ok(rsa.clone()));
        let spaced = rsa.record().replace("; k=rsa", "").replace("p=M", "p=M\r\n\t ");
        assert_eq!(PublicKey::from_record(&spaced), Ok(rsa));
    }

    #[test]
    fn what_is_no_key_is_told() {
        for (text, error) in [
            ("", RecordError::NotDkim),
            ("v=spf1 -all", RecordError::NotDkim),
            ("v=DKIM1; k=rsa", RecordError::Damaged),
            ("v=DKIM1; p=é", RecordError::Damaged),
            ("v=DKIM1; p=", RecordError::Revoked),
            ("v=DKIM1; k=dsa; p=AAAA", RecordError::Kind("dsa".to_owned())),
        ] {
            assert_eq!(PublicKey::from_record(text), Err(error), "{text}");
        }
    }
}
