//! Secrets that stand in the database, so that nodes share them and backups contain them.
//!
//! Lost keys would kill every unsubscribe link ever mailed: old ones verify for ever, and the suppression key never
//! rotates, because the hashes it made could not be made again.

use aws_lc_rs::{constant_time, hmac, rand};

use super::{Db, Tx};
use crate::clock::Timestamp;
use crate::{execute, fetch_all, id_type, statements, text_enum};

statements! {
    LIST_KEYS = "SELECT id, purpose, secret FROM keys ORDER BY created_at, id";
    ADD_KEY_IF_NONE = "INSERT INTO keys (purpose, secret, created_at)
        SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM keys WHERE purpose = $1)";
}

id_type! {
    /// A key's number, carried by every token it made.
    KeyId
}

text_enum! {
    /// What a key is for: one key a purpose, so that a token of one kind never passes as another.
    Purpose {
        /// Links in mails: leaving, confirming.
        Token = "token",
        /// The envelope sender that bounces come back to.
        ReturnPath = "return_path",
        /// Hashes of addresses that must not be mailed.
        Suppression = "suppression",
    }
}

/// A secret of 32 random bytes and its number.
#[derive(Clone)]
pub struct Key {
    /// The number.
    pub id: KeyId,
    secret: hmac::Key,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// HMAC-SHA256 of `parts`, each preceded by its length, so that no two lists of parts give the same bytes.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    /// Whether `mac` (at least 10 bytes of it, as a token may be shortened) is what [`Key::mac`] gives for `parts`,
    /// compared in constant time.
    #[must_use]
    pub fn verifies(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        let whole = self.mac(parts);
        (10..=whole.len()).contains(&mac.len())
            && constant_time::verify_slices_are_equal(&whole[..mac.len()], mac).is_ok()
    }
}

/// All keys, read once at start.
#[derive(Debug, Clone)]
pub struct Keys {
    all: Vec<(Purpose, Key)>,
}

impl Keys {
    /// Makes the keys that are missing: part of migrating.
    ///
    /// # Errors
    /// When the store fails, or the machine gives no random bytes.
    pub async fn create_missing(tx: &mut Tx, now: Timestamp) -> anyhow::Result<()> {
        for purpose in Purpose::ALL {
            let mut secret = vec![0; 32];
            rand::fill(&mut secret).map_err(|_| anyhow::anyhow!("the machine gives no random bytes"))?;
            execute!(tx, ADD_KEY_IF_NONE, *purpose, &secret[..], now)?;
        }
        Ok(())
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// When the store fails or a purpose has no key: `kiosque migrate` makes them.
    pub async fn load(db: &Db) -> anyhow::Result<Self> {
        let rows: Vec<(KeyId, Purpose, Vec<u8>)> = fetch_all!(db, LIST_KEYS)?;
        let all: Vec<(Purpose, Key)> = rows
            .into_iter()
            .map(|(id, purpose, secret)| {
                (purpose, Key { id, secret: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
            })
            .collect();
        for purpose in Purpose::ALL {
            anyhow::ensure!(
                all.iter().any(|(of, _)| of == purpose),
                "the database has no {purpose} key; run `kiosque migrate`"
            );
        }
        Ok(Self { all })
    }

    /// The key that new tokens of this purpose are made with: the youngest, but the oldest for suppression, whose
    /// hashes must stay comparable for ever.
    ///
    /// # Panics
    /// Never: [`Keys::load`] refuses a purpose without a key.
    #[must_use]
    pub fn current(&self, purpose: Purpose) -> &Key {
        let mut of_purpose = self.all.iter().filter(|(of, _)| *of == purpose).map(|(_, key)| key);
        let key = if purpose == Purpose::Suppression { of_purpose.next() } else { of_purpose.next_back() };
        key.expect("load() checked that every purpose has a key")
    }

    /// The key with this number, if it is for this purpose; retired ones verify for ever.
    #[must_use]
    pub fn by_id(&self, purpose: Purpose, id: KeyId) -> Option<&Key> {
        self.all.iter().find(|(of, key)| *of == purpose && key.id == id).map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_tells_where_one_part_ends_and_the_next_begins() {
        let key = Key { id: KeyId(1), secret: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]) };
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert!(key.verifies(&[b"ab", b"c"], &key.mac(&[b"ab", b"c"])[..16]));
        assert!(
            !key.verifies(&[b"ab", b"c"], &key.mac(&[b"ab", b"c"])[..4]),
            "too short to be hard to guess"
        );
    }
}
