//! Private keys: made, read, used.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::encoding::{Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

use crate::mail::dkim::record::PublicKey;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256` (RFC 6376 §3.3.1): what every receiver verifies.
    Rsa,
    /// `ed25519-sha256` (RFC 8463): short, and thirty times quicker; not every receiver knows it.
    Ed25519,
}

impl Algorithm {
    /// The `a=` of a signature.
    #[must_use]
    pub const fn signature_tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }

    /// The `k=` of a key's record.
    #[must_use]
    pub const fn key_tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// Why a text is no private key to sign with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No PEM, or none of a private key.
    #[error(
        "no private key in PEM (\"-----BEGIN PRIVATE KEY-----\") stands there; `kiosque dkim keygen` makes one"
    )]
    Pem,
    /// Neither RSA of at least 2048 bits nor Ed25519.
    #[error("neither an RSA key of 2048 to 8192 bits nor an Ed25519 key ({0})")]
    Kind(String),
    /// The crypto library failed.
    #[error("the key cannot be made or used")]
    Crypto,
}

/// A private key; `Debug` does not show it.
pub struct SigningKey(Inner);

enum Inner {
    Rsa(Box<RsaKeyPair>, Vec<u8>),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("SigningKey").field(&self.algorithm()).finish()
    }
}

impl SigningKey {
    /// Reads PEM: PKCS#8 of either kind, or PKCS#1 of RSA as `opendkim-genkey` once wrote it. The algorithm is the key's.
    ///
    /// # Errors
    /// [`KeyError::Pem`] and [`KeyError::Kind`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs8(der)) => Self::from_pkcs8(der.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(der)) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .map_err(|rejected| KeyError::Kind(rejected.to_string()))
                .and_then(Self::rsa),
            _ => Err(KeyError::Pem),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self(Inner::Ed25519(pair)));
        }
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|rejected| KeyError::Kind(rejected.to_string()))?;
        Self::rsa(pair)
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Crypto)?;
        let public = public.as_ref().to_vec();
        Ok(Self(Inner::Rsa(Box::new(pair), public)))
    }

    /// Makes a key: RSA of 2048 bits (RFC 8301 §3.2; longer ones do not fit every name server's answer) or Ed25519. Takes
    /// up to a second for RSA.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Rsa => {
                RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto).and_then(Self::rsa)
            }
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Crypto)?;
                Ok(Self(Inner::Ed25519(pair)))
            }
        }
    }

    /// The key as PKCS#8 in PEM (RFC 7468 §10).
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der: Pkcs8V1Der<'_> = match &self.0 {
            Inner::Rsa(pair, _) => pair.as_der(),
            Inner::Ed25519(pair) => pair.as_der(),
        }
        .map_err(|_| KeyError::Crypto)?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let text = BASE64_STANDARD.encode(der.as_ref());
        let (mut line, mut rest) = text.split_at(text.len().min(64));
        while !line.is_empty() {
            pem.push_str(line);
            pem.push('\n');
            (line, rest) = rest.split_at(rest.len().min(64));
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(pem)
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Inner::Rsa(..) => Algorithm::Rsa,
            Inner::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// What the DNS record of this key holds.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Inner::Rsa(_, public) => PublicKey::new(Algorithm::Rsa, public.clone()),
            Inner::Ed25519(pair) => PublicKey::new(Algorithm::Ed25519, pair.public_key().as_ref().to_vec()),
        }
    }

    /// Signs `data`, the same each time: RSASSA-PKCS1-v1_5, or `PureEdDSA` of its SHA-256 (RFC 8463 §3). RSA takes 0.3 ms,
    /// Ed25519 0.01 ms (perf.md §2e).
    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Inner::Rsa(pair, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .map_err(|_| KeyError::Crypto)?;
                Ok(signature)
            }
            Inner::Ed25519(pair) => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
                let signature = pair.try_sign(hash.as_ref()).map_err(|_| KeyError::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file_and_signs_the_same_each_time() {
        for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
            assert_eq!((again.algorithm(), again.public()), (algorithm, key.public()));
            assert_eq!(key.sign(b"x").unwrap(), again.sign(b"x").unwrap());
            let other = SigningKey::generate(algorithm).unwrap();
            assert_ne!(other.sign(b"x").unwrap(), again.sign(b"x").unwrap());
            assert!(!format!("{key:?}").contains("PRIVATE"));
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_a_key_of_another_kind() {
        assert_eq!(SigningKey::from_pem("").unwrap_err(), KeyError::Pem);
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
        assert_eq!(SigningKey::from_pem(public).unwrap_err(), KeyError::Pem);
        let strange = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(SigningKey::from_pem(strange), Err(KeyError::Kind(_))));
    }
}
