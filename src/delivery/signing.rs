//! Who signs which message: the keys of `[[dkim]]`, and what a row remembers of them.
//!
//! A row that was ever in doubt must be sent again with the same bytes, so what its signatures depend on is written to it by
//! the claim (`deliveries.dkim`): the second, and the selectors that signed then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::mail::dkim::{self, Name, SignError, Signer, SigningKey};

/// The signers of a node. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Signing(Arc<Vec<Key>>);

#[derive(Debug)]
struct Key {
    signer: Signer,
    /// Signs only what it has signed before.
    retired: bool,
}

/// What a row holds when nobody signs it. (A row from before there were signatures holds none at all.)
const UNSIGNED: &str = "-";

impl Signing {
    /// The keys of the configuration, read now. Where every relay signs by itself they are retired, all of them: what was
    /// signed before keeps its signature.
    ///
    /// # Errors
    /// When a key cannot be read or used; the message names its selector.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let relays_sign = config.relays.iter().all(|relay| relay.signs);
        let keys = config.dkim.iter().map(|dkim| {
            let selector = dkim.selector.get_ref();
            let read = || -> anyhow::Result<Key> {
                let signer = Signer {
                    domain: Name::domain(dkim.domain.get_ref())?,
                    selector: Name::selector(selector)?,
                    key: SigningKey::from_pem(&dkim.key.read()?)?,
                };
                Ok(Key { signer, retired: dkim.retired || relays_sign })
            };
            read().with_context(|| format!("cannot use the [[dkim]] key of selector {selector}"))
        });
        Ok(Self(Arc::new(keys.collect::<anyhow::Result<_>>()?)))
    }

    /// Those that sign new messages from this domain, in the order of the configuration: of its keys, or, where it has none
    /// of its own, of the nearest domain above it.
    pub fn signers_for<'a>(&'a self, from: &str) -> impl Iterator<Item = &'a Signer> {
        let nearest = self.nearest(from);
        self.0
            .iter()
            .filter(|key| !key.retired)
            .map(|key| &key.signer)
            .filter(move |signer| nearest.as_ref() == Some(&signer.domain))
    }

    fn nearest(&self, from: &str) -> Option<Name> {
        let able = self.0.iter().map(|key| &key.signer).filter(|signer| signer.answers_for(from));
        able.map(|signer| &signer.domain).max_by_key(|domain| domain.as_str().len()).cloned()
    }

    /// What a claim writes to its rows: `SECOND SELECTOR…`. Which of the selectors sign depends on the message's domain.
    pub(super) fn frozen(&self, now: Timestamp) -> String {
        let mut selectors: Vec<&str> = Vec::new();
        for key in self.0.iter().filter(|key| !key.retired) {
            let selector = key.signer.selector.as_str();
            if !selectors.contains(&selector) {
                selectors.push(selector);
            }
        }
        if selectors.is_empty() {
            return UNSIGNED.to_owned();
        }
        format!("{} {}", now.millis().div_euclid(1000), selectors.join(" "))
    }

    /// What a row wants done with a message from this domain.
    pub(super) fn wanted(&self, frozen: Option<&str>, from: Option<&str>) -> Wanted {
        let words = frozen.filter(|frozen| *frozen != UNSIGNED).map(|frozen| frozen.split(' '));
        let (Some(mut words), Some(nearest)) = (words, from.and_then(|from| self.nearest(from))) else {
            return Wanted { signing: self.clone(), keys: Vec::new(), at: 0 };
        };
        let at = words.next().and_then(|second| second.parse().ok()).unwrap_or(0);
        let keys = words.filter_map(|selector| {
            self.0.iter().position(|Key { signer, .. }| {
                signer.selector.as_str() == selector && signer.domain == nearest
            })
        });
        Wanted { keys: keys.collect(), at, signing: self.clone() }
    }

    /// The first selector of a row that no key has any more.
    pub(super) fn missing<'a>(&self, frozen: Option<&'a str>) -> Option<&'a str> {
        let mut selectors = frozen?.split(' ').skip(1);
        selectors.find(|selector| !self.0.iter().any(|key| key.signer.selector.as_str() == *selector))
    }
}

/// The signatures a message is to get.
#[derive(Debug)]
pub(super) struct Wanted {
    signing: Signing,
    keys: Vec<usize>,
    at: i64,
}

impl Wanted {
    /// Whether there is nothing to sign.
    pub(super) fn is_nothing(&self) -> bool {
        self.keys.is_empty()
    }

    /// The message with its signatures on top. Takes 0.3 ms an RSA key.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signers = self.keys.iter().map(|key| &self.signing.0[*key].signer);
        dkim::sign(message, signers, self.at)
    }
}

/// The domains whose messages cannot be signed, each with what was wrong the last time: remembered until one can.
#[derive(Debug, Default)]
pub(super) struct Unsigned(Mutex<BTreeMap<String, String>>);

impl Unsigned {
    /// Signing a message of this domain failed with these words, or went well.
    pub(super) fn note(&self, domain: &str, failed: Option<&String>) {
        let mut domains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            Some(why) => _ = domains.insert(domain.to_owned(), why.clone()),
            None => _ = domains.remove(domain),
        }
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<(String, String)> {
        let domains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        domains.iter().map(|(domain, why)| (domain.clone(), why.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::dkim::Algorithm;

    fn key(domain: &str, selector: &str, retired: bool) -> Key {
        let signer = Signer {
            domain: Name::domain(domain).unwrap(),
            selector: Name::selector(selector).unwrap(),
            key: SigningKey::generate(Algorithm::Ed25519).unwrap(),
        };
        Key { signer, retired }
    }

    fn signing() -> Signing {
        Signing(Arc::new(vec![
            key("exemple.tg", "rsa1", false),
            key("exemple.tg", "ed1", false),
            key("lettres.exemple.tg", "rsa1", false),
            key("exemple.tg", "rsa0", true),
        ]))
    }

    fn selectors(signing: &Signing, from: &str) -> Vec<String> {
        signing.signers_for(from).map(Signer::record_name).collect()
    }

    #[test]
    fn the_nearest_domain_signs_with_every_key_it_has() {
        let signing = signing();
        let above = ["rsa1._domainkey.exemple.tg", "ed1._domainkey.exemple.tg"];
        assert_eq!(selectors(&signing, "exemple.tg"), above);
        assert_eq!(selectors(&signing, "autres.exemple.tg"), above);
        assert_eq!(selectors(&signing, "lettres.exemple.tg"), ["rsa1._domainkey.lettres.exemple.tg"]);
        assert!(selectors(&signing, "exemple.com").is_empty());
    }

    #[test]
    fn a_row_names_its_second_and_those_who_sign_now() {
        let now = Timestamp::from_millis(1_795_400_000_999);
        assert_eq!(signing().frozen(now), "1795400000 rsa1 ed1");
        assert_eq!(Signing::default().frozen(now), "-");
    }

    #[test]
    fn a_domain_whose_messages_cannot_be_signed_is_remembered_until_one_can() {
        let (signing, unsigned) = (signing(), Unsigned::default());
        let sign = |message: &[u8]| {
            let wanted = signing.wanted(Some("1700000000 rsa1"), Some("exemple.tg"));
            let failed = wanted.sign(message).err().map(|error| error.to_string());
            unsigned.note("exemple.tg", failed.as_ref());
        };
        sign(b"To: a@exemple.tg\r\n\r\nx\r\n");
        let told = [("exemple.tg".to_owned(), "the message has no From to sign".to_owned())];
        assert_eq!(unsigned.list(), told);
        sign(b"From: a@exemple.tg\r\n\r\nx\r\n");
        assert!(unsigned.list().is_empty());
    }

    #[test]
    fn a_retired_key_signs_what_it_has_signed_before() {
        let signing = signing();
        let message = b"From: a@exemple.tg\r\n\r\nx\r\n";
        let old = signing.wanted(Some("1700000000 rsa0"), Some("exemple.tg")).sign(message).unwrap();
        let old = String::from_utf8(old).unwrap();
        assert!(
            old.contains("s=rsa0;") && old.contains("t=1700000000;") && !old.contains("s=rsa1;"),
            "{old}"
        );
        assert_eq!(signing.missing(Some("1700000000 rsa0 rsa1")), None);
        assert_eq!(signing.missing(Some("1700000000 rsa1 gone")), Some("gone"));
        for frozen in [None, Some("-"), Some("1700000000 gone")] {
            assert!(signing.wanted(frozen, Some("exemple.tg")).is_nothing(), "{frozen:?}");
        }
    }
}
