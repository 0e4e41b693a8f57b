//! A false wave of suppressions undone: a host that refused everybody for an afternoon has told us nothing of its
//! readers.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::subscribers::sql::{ADD_LIFT, COUNT_LIFT, COUNT_WAVE, LIFT_WAVE, LIST_LIFTS, LIST_SUPPRESSIONS};
use crate::subscribers::suppression::{Reason, Suppression};
use crate::{execute, fetch_all, fetch_one, id_type, text_enum};

id_type! {
    /// A lifting's number.
    LiftId
}

text_enum! {
    /// What an operator may lift or list, in the words of the command line. Each names one [`Reason`]: nothing lifts
    /// complaints or an operator's blocks that does not name them.
    WaveReason {
        /// Hard bounces.
        Bounce = "bounce",
        /// Soft bounces in a row.
        SoftBounce = "soft-bounce",
        /// Complaints.
        Complaint = "complaint",
        /// « Ce n’était pas moi ».
        NotMe = "not-me",
        /// Erasure.
        Erased = "erased",
        /// A "no" said to another system.
        Imported = "imported",
        /// An operator's blocks.
        Operator = "operator",
    }
}

impl WaveReason {
    /// The reason as it is stored.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Bounce => Reason::HardBounce,
            Self::SoftBounce => Reason::SoftBounce,
            Self::Complaint => Reason::Complaint,
            Self::NotMe => Reason::NotMe,
            Self::Erased => Reason::Erased,
            Self::Imported => Reason::Imported,
            Self::Operator => Reason::Operator,
        }
    }
}

/// Suppressions of one reason that began within a time.
#[derive(Debug, Clone)]
pub struct Wave {
    /// Why.
    pub reason: Reason,
    /// Of addresses of this domain only.
    pub domain: Option<String>,
    /// That began at this moment or later.
    pub since: Timestamp,
    /// And before this one.
    pub until: Timestamp,
}

/// Which suppressions to list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Of this reason only.
    pub reason: Option<Reason>,
    /// Of this domain only.
    pub domain: Option<String>,
    /// That began at this moment or later.
    pub since: Timestamp,
    /// And before this one.
    pub until: Timestamp,
    /// At most so many, the oldest first.
    pub most: i64,
}

/// What was lifted, when and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Lifted {
    /// Its number.
    pub id: LiftId,
    /// Suppressions of this reason.
    pub reason: Reason,
    /// Of this domain; of all without one.
    pub domain: Option<String>,
    /// That began at this moment or later.
    pub since: Timestamp,
    /// And before this one.
    pub until: Timestamp,
    /// How many.
    pub lifted: i64,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The suppressions in force that fit, the oldest first. Addresses are not kept, so that this survives erasure.
///
/// # Errors
/// When the store fails.
pub async fn list_suppressions(db: &Db, listing: &Listing) -> sqlx::Result<Vec<Suppression>> {
    let reasons = listing.reason.map(|reason| serde_json::json!([reason.as_str()]).to_string());
    let domain = listing.domain.as_deref();
    let (since, until) = (listing.since, listing.until);
    fetch_all!(db, LIST_SUPPRESSIONS, reasons.as_deref(), domain, since, until, 0_i64, listing.most)
}

/// How many suppressions a wave has.
///
/// # Errors
/// When the store fails.
pub async fn wave_size(db: &Db, wave: &Wave) -> sqlx::Result<i64> {
    let (count,): (i64,) =
        fetch_one!(db, COUNT_WAVE, wave.reason, wave.domain.as_deref(), wave.since, wave.until)?;
    Ok(count)
}

/// Lifts every suppression of a wave, and keeps who did it (`by`), when and how many: gives that record.
///
/// # Errors
/// When the store fails.
pub async fn lift_wave(db: &Db, wave: &Wave, by: &str, now: Timestamp) -> sqlx::Result<Lifted> {
    let mut tx = db.begin_durable().await?;
    let domain = wave.domain.as_deref();
    let (id,): (LiftId,) =
        fetch_one!(&mut tx, ADD_LIFT, wave.reason, domain, wave.since, wave.until, by, now)?;
    let rows = execute!(&mut tx, LIFT_WAVE, wave.reason, domain, wave.since, wave.until, now, id)?;
    let lifted = i64::try_from(rows).unwrap_or(i64::MAX);
    execute!(&mut tx, COUNT_LIFT, id, lifted)?;
    tx.commit().await?;
    Ok(Lifted {
        id,
        reason: wave.reason,
        domain: wave.domain.clone(),
        since: wave.since,
        until: wave.until,
        lifted,
        by: by.to_owned(),
        at: now,
    })
}

/// What was lifted so far, the latest first.
///
/// # Errors
/// When the store fails.
pub async fn lifts(db: &Db, most: i64) -> sqlx::Result<Vec<Lifted>> {
    fetch_all!(db, LIST_LIFTS, most)
}
