//! Slots as rows: the unique key decides who handles one, and a slot that sends nothing says why.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::{fetch_one, fetch_optional, id_type, text_enum};

use super::newsletter::NewsletterId;
use super::slot::SlotKey;
use super::sql;

id_type! {
    /// A slot's row.
    SlotId
}

text_enum! {
    /// What a slot came to.
    SlotOutcome {
        /// It made an edition.
        Edition = "edition",
        /// It sent nothing.
        Skipped = "skipped",
    }
}

text_enum! {
    /// Why a slot sent nothing.
    SkipReason {
        /// Nothing new in its categories, or less than `min_articles`.
        Empty = "empty",
        /// The newsletter was paused.
        Paused = "paused",
        /// The program was away for longer than `grace`.
        Missed = "missed",
        /// A later slot was missed too, and was sent for both.
        Coalesced = "coalesced",
        /// Nobody approved the edition within `grace`.
        Unapproved = "unapproved",
        /// An operator skipped it.
        Operator = "operator",
    }
}

/// Takes a slot: the row's id, or nothing when it had been taken before.
pub(super) async fn take(
    tx: &mut Tx,
    newsletter: NewsletterId,
    key: SlotKey,
    at: Timestamp,
    skipped: Option<SkipReason>,
    now: Timestamp,
) -> sqlx::Result<Option<SlotId>> {
    let outcome = if skipped.is_some() { SlotOutcome::Skipped } else { SlotOutcome::Edition };
    let row: Option<(SlotId,)> = fetch_optional!(
        tx,
        sql::TAKE_SLOT,
        newsletter,
        key.to_string(),
        at,
        outcome,
        skipped.map(SkipReason::as_str),
        now
    )?;
    Ok(row.map(|(id,)| id))
}

/// The latest slot of the schedule handled at or before `until`; skips that an operator made in advance apart.
pub(super) async fn handled_until(
    tx: &mut Tx,
    newsletter: NewsletterId,
    until: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let (at,): (Option<Timestamp>,) = fetch_one!(tx, sql::HANDLED_UNTIL, newsletter, until)?;
    Ok(at)
}
