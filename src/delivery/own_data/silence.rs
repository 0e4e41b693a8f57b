//! Readers without a sign of life: asked once whether they go on, erased when they stay silent.
//!
//! A sign of life comes from the reader: a confirmation, a preference, a click on the mail that asks. That a mail was opened
//! is none, and is not known here.

use crate::clock::{DAY, Timestamp};
use crate::db::{Db, Keys};
use crate::delivery::own_data::erase::erase;
use crate::delivery::own_data::link::{LinkAsked, LinkPurpose, ask_link};
use crate::delivery::own_data::sql::{HOLD_READER, IS_SILENT, SILENT_READERS};
use crate::delivery::row::State;
use crate::newsletters::desk::Desk;
use crate::subscribers::{AddressHash, SubscriberId};
use crate::{execute, fetch_all, fetch_one};

/// A reader who was asked has so long to answer, counted from when the mail left (ms).
pub const ANSWER_WITHIN: i64 = 30 * DAY;

/// What becomes of a silent reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Is asked now whether he goes on.
    Ask,
    /// Was asked, and has time.
    Wait,
    /// Is erased now: did not answer, or gets no mail that could ask.
    Erase,
}

/// A reader nothing was heard of for long.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SilentReader {
    /// Whose row.
    pub id: SubscriberId,
    /// The address.
    pub address: String,
    address_hash: Vec<u8>,
    /// Whether he gets mail.
    pub mailed: bool,
    /// When something was last heard of him.
    pub heard_at: Timestamp,
    /// When he was asked.
    pub asked_at: Option<Timestamp>,
    mail_state: Option<State>,
    mail_finished_at: Option<Timestamp>,
}

impl SilentReader {
    /// What becomes of him at `now`. Nobody is erased for a question that did not leave: it is asked again.
    #[must_use]
    pub fn fate(&self, now: Timestamp) -> Fate {
        let Some(asked_at) = self.asked_at.filter(|_| self.mailed) else {
            return if self.mailed { Fate::Ask } else { Fate::Erase };
        };
        let over = |since: Timestamp| now >= since.plus(ANSWER_WITHIN);
        match (self.mail_state, self.mail_finished_at) {
            (Some(State::Sent), Some(sent_at)) if over(sent_at) => Fate::Erase,
            (Some(State::Sent | State::Pending | State::Claimed | State::InDoubt), _) => Fate::Wait,
            (Some(State::Failed | State::Cancelled) | None, _) if over(asked_at) => Fate::Ask,
            (Some(State::Failed | State::Cancelled) | None, _) => Fate::Wait,
        }
    }
}

/// The next `most` readers after `after` nothing was heard of since `until`, in the order of their ids.
///
/// # Errors
/// When the store fails.
pub async fn silent_readers(
    db: &Db,
    until: Timestamp,
    after: Option<SubscriberId>,
    most: i64,
) -> sqlx::Result<Vec<SilentReader>> {
    fetch_all!(db, SILENT_READERS, until, after.unwrap_or(SubscriberId(0)), most)
}

/// Does what [`SilentReader::fate`] says, if nothing was heard of the reader meanwhile. Gives what was done; wake the pump
/// after [`Fate::Ask`].
///
/// # Errors
/// When the mail cannot be made or the store fails.
pub async fn ask_or_erase(
    desk: &Desk,
    keys: &Keys,
    reader: &SilentReader,
    until: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Fate> {
    let fate = reader.fate(now);
    if fate == Fate::Wait {
        return Ok(fate);
    }
    let mut tx = desk.db.begin_durable().await?;
    execute!(&mut tx, HOLD_READER, reader.id)?;
    let (silent,): (bool,) = fetch_one!(&mut tx, IS_SILENT, until, reader.id)?;
    if !silent {
        return Ok(Fate::Wait);
    }
    match fate {
        Fate::Wait => {}
        Fate::Ask => {
            let asked = ask_link(&mut tx, desk, keys, reader.id, LinkPurpose::Keep, now).await?;
            if !matches!(asked, LinkAsked::Mailed(_)) {
                return Ok(Fate::Wait);
            }
        }
        Fate::Erase => {
            let hash = AddressHash::try_from(reader.address_hash.clone()).map_err(anyhow::Error::msg)?;
            let receipt = erase(&mut tx, desk, Some(reader.id), hash, now).await?;
            tracing::info!(reference = %receipt.reference, "a reader without a sign of life was erased");
        }
    }
    tx.commit().await?;
    Ok(fate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(400 * DAY);

    fn reader(asked_days_ago: Option<i64>, state: Option<State>, sent_days_ago: Option<i64>) -> SilentReader {
        SilentReader {
            id: SubscriberId(1),
            address: "afi@exemple.tg".to_owned(),
            address_hash: vec![0; 32],
            mailed: true,
            heard_at: Timestamp::default(),
            asked_at: asked_days_ago.map(|days| NOW.plus(-days * DAY)),
            mail_state: state,
            mail_finished_at: sent_days_ago.map(|days| NOW.plus(-days * DAY)),
        }
    }

    #[test]
    fn a_silent_reader_is_asked_once_and_erased_a_month_after_the_mail_left() {
        for (silent, fate) in [
            (reader(None, None, None), Fate::Ask),
            (reader(Some(29), Some(State::Sent), Some(29)), Fate::Wait),
            (reader(Some(33), Some(State::Sent), Some(29)), Fate::Wait),
            (reader(Some(30), Some(State::Sent), Some(30)), Fate::Erase),
            (reader(Some(90), Some(State::Pending), None), Fate::Wait),
            (reader(Some(29), Some(State::Failed), Some(28)), Fate::Wait),
            (reader(Some(31), Some(State::Failed), Some(28)), Fate::Ask),
            (reader(Some(31), None, None), Fate::Ask),
        ] {
            assert_eq!(silent.fate(NOW), fate, "{silent:?}");
        }
    }

    #[test]
    fn who_gets_no_mail_is_not_asked() {
        for asked in [None, Some(3)] {
            let silent = SilentReader { mailed: false, ..reader(asked, None, None) };
            assert_eq!(silent.fate(NOW), Fate::Erase);
        }
    }
}
