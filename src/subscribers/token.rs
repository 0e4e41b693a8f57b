//! The two links in our mails: leaving and confirming. They are made by the token key, each with a purpose of its
//! own in what is signed, so that a token of one kind never passes as the other.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::{DAY, Timestamp};
use crate::db::{Key, Keys, SIGNED_NUMBER_CHARACTERS, read_number, sign_number};
use crate::subscribers::subscription::{ConfirmationId, SubscriptionId};

/// How long a confirmation's link holds (ms).
pub const CONFIRM_FOR: i64 = 7 * DAY;

/// What is signed in an unsubscribe token is a subscription's number for this purpose.
const UNSUBSCRIBE: &str = "unsubscribe";

/// What the unsubscribe link of one subscription ends with: 38 characters of base64url. It never expires, for mails
/// are kept for years and a retired key still verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsubscribeToken {
    /// What it ends.
    pub subscription: SubscriptionId,
}

impl UnsubscribeToken {
    /// How long a written token is.
    pub const CHARACTERS: usize = SIGNED_NUMBER_CHARACTERS;

    /// Writes the token for `subscription` with `key`, one of purpose [`Purpose::Token`](crate::db::Purpose::Token).
    #[must_use]
    pub fn write(key: &Key, subscription: SubscriptionId) -> String {
        sign_number(key, UNSUBSCRIBE, subscription.0)
    }

    /// Reads a token; none when it was not made by one of our keys, in this length and for this purpose.
    #[must_use]
    pub fn read(keys: &Keys, token: &str) -> Option<Self> {
        Some(Self { subscription: SubscriptionId(read_number(keys, UNSUBSCRIBE, token)?) })
    }
}

/// What the link of a confirmation ends with: 256 bits, 43 characters of base64url. The database holds only its
/// SHA-256; the mail's bytes are made when it is sent, from the key and the confirmation's row.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfirmToken([u8; 32]);

impl ConfirmToken {
    /// The token of the confirmation `id` that was made at `created_at`, by `key`, one of purpose
    /// [`Purpose::Token`](crate::db::Purpose::Token). The same three give the same token.
    #[must_use]
    pub fn derive(key: &Key, id: ConfirmationId, created_at: Timestamp) -> Self {
        Self(key.mac(&[b"confirm", &id.0.to_be_bytes(), &created_at.millis().to_be_bytes()]))
    }

    /// Reads what stood in a link; none when it cannot be a token.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?))
    }

    /// As it stands in a link.
    #[must_use]
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the database holds of it: SHA-256, 32 bytes.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        digest(&SHA256, &self.0).as_ref().to_vec()
    }
}

impl std::fmt::Debug for ConfirmToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConfirmToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::db::{Db, Purpose};

    async fn keys() -> Keys {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("k.db")).await.unwrap();
        db.migrate(&Clock::System).await.unwrap();
        let keys = Keys::load(&db).await.unwrap();
        db.close().await;
        keys
    }

    #[tokio::test]
    async fn an_unsubscribe_token_reads_back_and_is_short() {
        let keys = keys().await;
        for id in [1, 4_711, i64::MAX] {
            let token = UnsubscribeToken::write(keys.current(Purpose::Token), SubscriptionId(id));
            assert_eq!((token.len(), UnsubscribeToken::CHARACTERS), (38, 38));
            let read = UnsubscribeToken::read(&keys, &token);
            assert_eq!(read, Some(UnsubscribeToken { subscription: SubscriptionId(id) }));
        }
    }

    #[tokio::test]
    async fn a_token_with_any_bit_changed_or_any_end_missing_is_refused() {
        let keys = keys().await;
        let token = UnsubscribeToken::write(keys.current(Purpose::Token), SubscriptionId(42));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(UnsubscribeToken::read(&keys, &URL_SAFE_NO_PAD.encode(changed)), None, "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(UnsubscribeToken::read(&keys, &URL_SAFE_NO_PAD.encode(&bytes[..end])), None);
        }
        for other in [format!("{token}A"), format!("{token}="), format!("A{token}"), token.to_lowercase()] {
            assert_eq!(UnsubscribeToken::read(&keys, &other), None, "{other}");
        }
        // The last of 38 characters carries two unused bits: only one spelling of them is taken.
        let last = token.chars().next_back().unwrap();
        let twins = ('a'..='z').chain('A'..='Z').chain('0'..='9').filter(|c| *c != last);
        for twin in twins {
            assert_eq!(UnsubscribeToken::read(&keys, &format!("{}{twin}", &token[..37])), None, "{twin}");
        }
    }

    #[tokio::test]
    async fn a_key_of_another_purpose_makes_no_token() {
        let keys = keys().await;
        for purpose in [Purpose::ReturnPath, Purpose::Suppression] {
            let token = UnsubscribeToken::write(keys.current(purpose), SubscriptionId(42));
            assert_eq!(UnsubscribeToken::read(&keys, &token), None);
        }
    }

    #[tokio::test]
    async fn a_confirmation_has_its_own_token_which_can_be_made_again() {
        let keys = keys().await;
        let key = keys.current(Purpose::Token);
        let at = Timestamp::from_millis(1_700_000_000_000);
        let token = ConfirmToken::derive(key, ConfirmationId(1), at);
        assert_eq!(token, ConfirmToken::derive(key, ConfirmationId(1), at));
        assert_eq!(ConfirmToken::read(&token.write()), Some(token.clone()));
        assert_ne!(token, ConfirmToken::derive(key, ConfirmationId(2), at));
        assert_ne!(token, ConfirmToken::derive(key, ConfirmationId(1), at.plus(1)));
        assert_eq!(token.write().len(), 43);
        assert_eq!(ConfirmToken::read(&token.write()[1..]), None);
        assert!(!format!("{token:?}").contains(&token.write()), "a token must not reach a log");
    }
}
