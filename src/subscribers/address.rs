//! What an address is known by: a keyed hash, the same in subscribers, deliveries and suppressions.

use std::fmt;

use crate::db::{Keys, Purpose};
use crate::mail::Address;

/// HMAC-SHA256 of an address in lower case. It survives erasure, and without the key nobody can tell by trying
/// addresses whose it is. Upper and lower case give the same hash: two spellings of one mailbox are one reader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressHash([u8; 32]);

impl AddressHash {
    /// The hash of `address`, by the suppression key, which never rotates.
    #[must_use]
    pub fn of(keys: &Keys, address: &Address) -> Self {
        Self(keys.current(Purpose::Suppression).mac(&[b"address", address.key().as_bytes()]))
    }

    /// Its 32 bytes.
    pub(super) fn into_bytes(self) -> [u8; 32] {
        self.0
    }

    /// As it stands in the database: 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AddressHash {
    /// The first four bytes: enough to follow one reader through a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}…")
    }
}

impl TryFrom<Vec<u8>> for AddressHash {
    type Error = String;

    fn try_from(bytes: Vec<u8>) -> Result<Self, String> {
        <[u8; 32]>::try_from(bytes)
            .map(Self)
            .map_err(|bytes| format!("an address hash has 32 bytes, not {}", bytes.len()))
    }
}
