//! When a form was shown, signed, so that whoever posts it must have fetched it, and cannot say that it was earlier.

use crate::clock::{DAY, SECOND, Timestamp};
use crate::db::{Keys, Purpose, read_number, sign_number};

/// What is signed is a moment in milliseconds for this purpose.
const WHAT: &str = "form";

/// How long a person takes at least to fill in the form (ms): an address given by the browser and one box.
pub const FILLED_AFTER: i64 = 2 * SECOND;

/// How long a form that was shown can be posted (ms); later it is shown again, with what was typed.
pub const SHOWN_FOR: i64 = DAY;

/// How a posted form stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormTime {
    /// A person can have filled it in.
    Filled,
    /// Faster than a person.
    TooFast,
    /// Never shown by us, or too long ago: to be shown again.
    Stale,
}

impl FormTime {
    /// What a form shown at `now` carries: 38 characters of base64url.
    #[must_use]
    pub fn write(keys: &Keys, now: Timestamp) -> String {
        sign_number(keys.current(Purpose::Token), WHAT, now.millis())
    }

    /// How a form that carries `text` stands at `now`.
    #[must_use]
    pub fn read(keys: &Keys, text: &str, now: Timestamp) -> Self {
        let Some(shown) = read_number(keys, WHAT, text) else { return Self::Stale };
        match now.millis() - shown {
            // The clocks of two nodes are not quite one.
            age if !(-10 * SECOND..=SHOWN_FOR).contains(&age) => Self::Stale,
            age if age < FILLED_AFTER => Self::TooFast,
            _ => Self::Filled,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::clock::{Clock, HOUR};
    use crate::db::Db;
    use crate::subscribers::{SubscriptionId, UnsubscribeToken};

    #[tokio::test]
    async fn a_form_can_be_posted_by_whom_it_was_shown_to_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("k.db")).await.unwrap();
        db.migrate(&Clock::System).await.unwrap();
        let keys = Keys::load(&db).await.unwrap();
        let shown = Timestamp::from_millis(1_795_417_200_000);
        let text = FormTime::write(&keys, shown);
        let after = |ms| FormTime::read(&keys, &text, shown.plus(ms));
        assert_eq!(after(FILLED_AFTER - 1), FormTime::TooFast);
        assert_eq!(
            (after(FILLED_AFTER), after(23 * HOUR), after(DAY)),
            (FormTime::Filled, FormTime::Filled, FormTime::Filled)
        );
        assert_eq!((after(DAY + 1), after(-HOUR)), (FormTime::Stale, FormTime::Stale));
        let later = shown.plus(HOUR);
        let other = UnsubscribeToken::write(keys.current(Purpose::Token), SubscriptionId(shown.millis()));
        for forged in
            [String::new(), format!("{text}A"), text[1..].to_owned(), shown.millis().to_string(), other]
        {
            assert_eq!(FormTime::read(&keys, &forged, later), FormTime::Stale, "{forged}");
        }
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(FormTime::read(&keys, &changed, later), FormTime::Stale, "bit {bit}");
        }
        db.close().await;
    }
}
