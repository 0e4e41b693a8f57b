//! The link to a reader's preferences, in every mail.

use crate::db::{Key, Keys, read_number, sign_number};
use crate::subscribers::subscription::SubscriberId;

/// Under the public address: the page of a reader's preferences. The token follows, and behind it what else belongs to
/// the reader alone (`/donnees`).
pub const PREFERENCES_PATH: &str = "/p/";

/// What is signed is a subscriber's number for this purpose.
const WHAT: &str = "preferences";

/// What the link to a reader's preferences ends with: 38 characters of base64url. It never expires, for mails are kept for
/// years and a retired key still verifies. Mails are forwarded: whoever holds it may choose, but sees the address masked,
/// and what would take a subscription away is told to the address it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreferencesToken {
    /// Whose preferences it opens.
    pub subscriber: SubscriberId,
}

impl PreferencesToken {
    /// Writes the token for `subscriber` with `key`, one of purpose [`Purpose::Token`](crate::db::Purpose::Token).
    #[must_use]
    pub fn write(key: &Key, subscriber: SubscriberId) -> String {
        sign_number(key, WHAT, subscriber.0)
    }

    /// Reads a token; none when it was not made by one of our keys, in this length and for this purpose.
    #[must_use]
    pub fn read(keys: &Keys, token: &str) -> Option<Self> {
        Some(Self { subscriber: SubscriberId(read_number(keys, WHAT, token)?) })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::clock::Clock;
    use crate::db::{Db, Purpose};
    use crate::subscribers::{SubscriptionId, UnsubscribeToken};

    async fn keys() -> Keys {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("k.db")).await.unwrap();
        db.migrate(&Clock::System).await.unwrap();
        let keys = Keys::load(&db).await.unwrap();
        db.close().await;
        keys
    }

    #[tokio::test]
    async fn a_preferences_token_reads_back_and_no_other_passes_for_it() {
        let keys = keys().await;
        let key = keys.current(Purpose::Token);
        for id in [1, 4_711, i64::MAX] {
            let token = PreferencesToken::write(key, SubscriberId(id));
            assert_eq!(token.len(), 38);
            let read = PreferencesToken::read(&keys, &token);
            assert_eq!(read, Some(PreferencesToken { subscriber: SubscriberId(id) }));
            assert_eq!(UnsubscribeToken::read(&keys, &token), None, "it does not leave");
            let leaving = UnsubscribeToken::write(key, SubscriptionId(id));
            assert_eq!(PreferencesToken::read(&keys, &leaving), None, "leaving does not open preferences");
        }
        for purpose in [Purpose::ReturnPath, Purpose::Suppression] {
            let token = PreferencesToken::write(keys.current(purpose), SubscriberId(42));
            assert_eq!(PreferencesToken::read(&keys, &token), None);
        }
    }

    #[tokio::test]
    async fn a_preferences_token_with_any_bit_changed_or_any_end_missing_is_refused() {
        let keys = keys().await;
        let token = PreferencesToken::write(keys.current(Purpose::Token), SubscriberId(42));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(PreferencesToken::read(&keys, &URL_SAFE_NO_PAD.encode(changed)), None, "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(PreferencesToken::read(&keys, &URL_SAFE_NO_PAD.encode(&bytes[..end])), None);
        }
    }
}
