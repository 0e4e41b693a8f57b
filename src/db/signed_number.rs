//! A number in a link or a form, signed so that only we can have written it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::db::keys::{Key, KeyId, Keys, Purpose};

/// Bytes of the signature: 128 bits.
const MAC_BYTES: usize = 16;
/// Key number (4 bytes), the number (8 bytes), signature.
const BYTES: usize = 4 + 8 + MAC_BYTES;

/// How long a signed number is when written.
pub const SIGNED_NUMBER_CHARACTERS: usize = (BYTES * 4).div_ceil(3);

/// Writes `number` with `key`, one of purpose [`Purpose::Token`]: 38 characters of base64url. `what` it is a number of is part
/// of what is signed, so that a token of one kind never passes as another.
#[must_use]
pub fn sign_number(key: &Key, what: &str, number: i64) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    // A key is made once in years: four bytes hold its number.
    bytes.extend_from_slice(&(key.id.0 as u32).to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    let mac = key.mac(&[what.as_bytes(), &bytes]);
    bytes.extend_from_slice(&mac[..MAC_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a number; none when it was not signed by one of our keys, a retired one included, in this length and as a number
/// of `what`.
#[must_use]
pub fn read_number(keys: &Keys, what: &str, text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let bytes: &[u8; BYTES] = bytes.as_slice().try_into().ok()?;
    let (signed, mac) = bytes.split_at(BYTES - MAC_BYTES);
    let (key, number) = signed.split_at(4);
    let key = keys.by_id(Purpose::Token, KeyId(u32::from_be_bytes(key.try_into().ok()?).into()))?;
    let number = i64::from_be_bytes(number.try_into().ok()?);
    key.verifies(&[what.as_bytes(), signed], mac).then_some(number)
}
