//! What proves that a mail was received: a token in a link of that mail alone.

use crate::db::{Key, Keys, read_number, sign_number};
use crate::delivery::row::DeliveryId;

/// What is signed is a delivery's number for this purpose.
const WHAT: &str = "mail";

/// What [`LINK_MARK`](crate::mail::LINK_MARK) becomes: whoever shows it has read the mail of this delivery, so it stands for
/// the mailbox the mail went to. What it opens, and for how long, says a row that names the delivery; the store holds no
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailToken {
    /// The mail.
    pub delivery: DeliveryId,
}

impl MailToken {
    /// Writes the token of a delivery with `key`, one of purpose [`Purpose::Token`](crate::db::Purpose::Token): 38 characters of base64url.
    #[must_use]
    pub fn write(key: &Key, delivery: DeliveryId) -> String {
        sign_number(key, WHAT, delivery.0)
    }

    /// Reads a token; none when it was not made by one of our keys, in this length and for this purpose.
    #[must_use]
    pub fn read(keys: &Keys, token: &str) -> Option<Self> {
        Some(Self { delivery: DeliveryId(read_number(keys, WHAT, token)?) })
    }
}
