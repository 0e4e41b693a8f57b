//! What an operator does with deliveries: look, hold, let go, try again; send once more, or for a trial.

mod resend;
pub(super) mod sql;
mod trial;
mod unfinished;

pub use resend::{ResendError, resend};
pub use trial::{Departure, departure, enqueue_probe, enqueue_test, what_left};
pub use unfinished::{Unfinished, unfinished};

use serde::Serialize;

use crate::clock::{DAY, Timestamp};
use crate::db::Db;
use crate::delivery::rectify;
use crate::delivery::row::{DeliveryId, Kind, State};
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all, fetch_optional, text_enum};

text_enum! {
    /// What is done with many deliveries.
    Step {
        /// Tried again, now, for a day.
        Retry = "retry",
        /// Kept from leaving.
        Hold = "hold",
        /// Let go.
        Release = "release",
    }
}

/// Rows changed in one transaction, at most: other writers get their turn (design §4).
const AT_ONCE: i64 = 200;

/// Which deliveries to show; what is none does not count.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// Of this edition.
    pub edition: Option<EditionId>,
    /// To the address with this hash ([`crate::subscribers::AddressHash`]).
    pub address_hash: Option<Vec<u8>>,
    /// In this recipient group.
    pub group: Option<String>,
    /// Only those that are held.
    pub held: bool,
    /// At most so many, the youngest first.
    pub most: i64,
}

/// A delivery as it is shown.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Listed {
    /// The row.
    pub id: DeliveryId,
    /// What it is for.
    #[serde(serialize_with = "kind_text")]
    pub kind: Kind,
    /// The edition, if it is one's.
    pub edition_id: Option<EditionId>,
    /// Where it goes.
    pub address: String,
    /// How far it has come.
    #[serde(serialize_with = "state_text")]
    pub state: State,
    /// It waits for an operator.
    pub held: bool,
    /// Why it is held, failed or cancelled.
    pub reason: Option<String>,
    /// When it is due.
    pub due_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
    /// Temporary and permanent answers about the recipient so far.
    pub attempts: i64,
    /// The relay that answered last.
    pub relay: Option<String>,
    /// To which step.
    pub reply_stage: Option<String>,
    /// With which code.
    pub reply_code: Option<i64>,
    /// And which words.
    pub reply_text: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was settled.
    pub finished_at: Option<Timestamp>,
}

fn kind_text<S: serde::Serializer>(kind: &Kind, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(kind.as_str())
}

fn state_text<S: serde::Serializer>(state: &State, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(state.as_str())
}

/// The deliveries that fit, the youngest first.
///
/// # Errors
/// When the store fails.
pub async fn list(db: &Db, filter: &Filter) -> sqlx::Result<Vec<Listed>> {
    fetch_all!(
        db,
        sql::LIST_DELIVERIES,
        filter.state,
        filter.edition,
        filter.address_hash.as_deref(),
        filter.held,
        filter.most,
        filter.group.as_deref()
    )
}

/// One delivery.
///
/// # Errors
/// When the store fails.
pub async fn show(db: &Db, id: DeliveryId) -> sqlx::Result<Option<Listed>> {
    fetch_optional!(db, sql::SHOW_DELIVERY, id)
}

/// Tries a failed delivery again, or one that waits for its hour, from now until `expires_at`. False when it is neither.
///
/// One that failed in doubt is sent with the same Message-ID and the same bytes.
///
/// # Errors
/// When the store fails.
pub async fn retry(db: &Db, id: DeliveryId, now: Timestamp, expires_at: Timestamp) -> sqlx::Result<bool> {
    let mut tx = db.begin_durable().await?;
    let rows = execute!(&mut tx, sql::RETRY_DELIVERY, id, now, expires_at)?;
    rectify::wait_again(&mut tx, id, expires_at).await?;
    tx.commit().await?;
    Ok(rows == 1)
}

/// Holds a delivery that is not settled: it is not begun again before [`release`]. False when it is settled or held.
///
/// # Errors
/// When the store fails.
pub async fn hold(db: &Db, id: DeliveryId, reason: &str) -> sqlx::Result<bool> {
    let mut tx = db.begin_durable().await?;
    let rows = execute!(&mut tx, sql::HOLD_DELIVERY, id, reason)?;
    tx.commit().await?;
    Ok(rows == 1)
}

/// Lets a held delivery go on. False when it is not held.
///
/// # Errors
/// When the store fails.
pub async fn release(db: &Db, id: DeliveryId) -> sqlx::Result<bool> {
    let mut tx = db.begin_durable().await?;
    let rows = execute!(&mut tx, sql::RELEASE_DELIVERY, id)?;
    tx.commit().await?;
    Ok(rows == 1)
}

/// How many deliveries of one state and group a step would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Matching {
    /// Their state.
    #[serde(serialize_with = "state_text")]
    pub state: State,
    /// Their group.
    pub recipient_group: String,
    /// How many.
    pub rows: i64,
}

/// Counts what fits and a step could change; [`Filter::held`] and [`Filter::most`] do not count.
///
/// # Errors
/// When the store fails.
pub async fn count(db: &Db, step: Step, filter: &Filter) -> sqlx::Result<Vec<Matching>> {
    fetch_all!(
        db,
        sql::COUNT_MATCHING,
        0_i64,
        filter.state,
        filter.edition,
        filter.address_hash.as_deref(),
        filter.group.as_deref(),
        step
    )
}

/// Does a step with everything that fits, some hundred rows at a time, and gives how many were changed; `reason` is of
/// [`Step::Hold`].
///
/// # Errors
/// When the store fails; what was done before stays done.
pub async fn all(db: &Db, step: Step, filter: &Filter, reason: &str, now: Timestamp) -> sqlx::Result<u64> {
    let (mut after, mut changed) = (DeliveryId(0), 0);
    loop {
        let mut tx = db.begin_durable().await?;
        let page: Vec<(DeliveryId,)> = fetch_all!(
            &mut tx,
            sql::MATCHING_DELIVERIES,
            after,
            filter.state,
            filter.edition,
            filter.address_hash.as_deref(),
            filter.group.as_deref(),
            step,
            AT_ONCE
        )?;
        let Some((last,)) = page.last() else { return Ok(changed) };
        after = *last;
        for (id,) in &page {
            changed += match step {
                Step::Retry => execute!(&mut tx, sql::RETRY_DELIVERY, *id, now, now.plus(DAY))?,
                Step::Hold => execute!(&mut tx, sql::HOLD_DELIVERY, *id, reason)?,
                Step::Release => execute!(&mut tx, sql::RELEASE_DELIVERY, *id)?,
            };
        }
        tx.commit().await?;
    }
}
