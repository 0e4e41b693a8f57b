//! What proves that a mail was received: a token in a link of that mail alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::db::{Key, KeyId, Keys, Purpose};
use crate::delivery::row::DeliveryId;

/// Bytes of the signature: 128 bits.
const MAC_BYTES: usize = 16;
/// Key number (4 bytes), delivery (8 bytes), signature.
const BYTES: usize = 4 + 8 + MAC_BYTES;

/// What [`LINK_MARK`](crate::mail::LINK_MARK) becomes: whoever shows it has read the mail of this delivery, so it stands for
/// the mailbox the mail went to. What it opens, and for how long, says a row that names the delivery; the store holds no
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailToken {
    /// The mail.
    pub delivery: DeliveryId,
}

impl MailToken {
    /// Writes the token of a delivery with `key`, one of purpose [`Purpose::Token`]: 38 characters of base64url.
    #[must_use]
    pub fn write(key: &Key, delivery: DeliveryId) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&(key.id.0 as u32).to_be_bytes());
        bytes.extend_from_slice(&delivery.0.to_be_bytes());
        let mac = key.mac(&[b"mail", &bytes]);
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; none when it was not made by one of our keys, in this length and for this purpose.
    #[must_use]
    pub fn read(keys: &Keys, token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes: &[u8; BYTES] = bytes.as_slice().try_into().ok()?;
        let (signed, mac) = bytes.split_at(BYTES - MAC_BYTES);
        let (key, delivery) = signed.split_at(4);
        let key = keys.by_id(Purpose::Token, KeyId(u32::from_be_bytes(key.try_into().ok()?).into()))?;
        let delivery = DeliveryId(i64::from_be_bytes(delivery.try_into().ok()?));
        key.verifies(&[b"mail", signed], mac).then_some(Self { delivery })
    }
}
