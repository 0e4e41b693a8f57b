//! Addresses that must not be mailed, and why.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::subscribers::address::AddressHash;
use crate::subscribers::sql::{ADD_SUPPRESSION, FIND_SUPPRESSION, LIFT_SUPPRESSION};
use crate::{execute, fetch_optional, text_enum};

text_enum! {
    /// Why an address must not be mailed.
    Reason {
        /// The mailbox does not exist.
        HardBounce = "hard_bounce",
        /// One edition after another came back: a full mailbox, or a host that would not say why.
        SoftBounce = "soft_bounce",
        /// Reported as spam.
        Complaint = "complaint",
        /// « Ce n’était pas moi » on the confirmation page.
        NotMe = "not_me",
        /// The reader had everything erased.
        Erased = "erased",
        /// A "no" said to another system.
        Imported = "imported",
        /// Blocked by an operator.
        Operator = "operator",
    }
}

impl Reason {
    /// Whether the reader's own confirmation ends it. A complaint or an operator's block needs the operator.
    #[must_use]
    pub const fn ends_by_confirming(self) -> bool {
        match self {
            Self::HardBounce | Self::SoftBounce | Self::NotMe | Self::Erased | Self::Imported => true,
            Self::Complaint | Self::Operator => false,
        }
    }
}

/// A suppression in force.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Suppression {
    #[serde(skip)]
    pub(super) id: i64,
    /// Why.
    pub reason: Reason,
    /// The address's domain.
    pub domain: String,
    /// What the relay said, for a bounce or complaint.
    pub reply: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

/// The suppression in force for an address.
///
/// # Errors
/// When the store fails.
pub async fn suppression_of(tx: &mut Tx, hash: AddressHash) -> sqlx::Result<Option<Suppression>> {
    in_force(tx, hash.as_bytes()).await
}

async fn in_force(tx: &mut Tx, hash: &[u8]) -> sqlx::Result<Option<Suppression>> {
    fetch_optional!(tx, FIND_SUPPRESSION, hash)
}

/// Suppresses an address; `domain` is its domain, `reply` the relay's words where there are any. One already
/// suppressed stays so for its first reason, unless the new one is graver: a complaint takes the place of a bounce.
/// Gives whether anything changed.
///
/// # Errors
/// When the store fails.
pub async fn suppress(
    tx: &mut Tx,
    hash: AddressHash,
    domain: &str,
    reason: Reason,
    reply: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    suppress_stored(tx, hash.as_bytes(), domain, reason, reply, now).await
}

/// The same for a hash as a delivery's row holds it.
///
/// # Errors
/// When the store fails.
pub async fn suppress_stored(
    tx: &mut Tx,
    hash: &[u8],
    domain: &str,
    reason: Reason,
    reply: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    // A message whose reader had everything erased has no hash any more.
    if hash.is_empty() {
        return Ok(false);
    }
    if let Some(old) = in_force(tx, hash).await? {
        if reason.ends_by_confirming() || !old.reason.ends_by_confirming() {
            return Ok(false);
        }
        lift(tx, &old, now).await?;
    }
    Ok(execute!(tx, ADD_SUPPRESSION, hash, domain, reason, reply, now)? == 1)
}

/// Ends a suppression; its row stays.
pub(super) async fn lift(tx: &mut Tx, suppression: &Suppression, now: Timestamp) -> sqlx::Result<()> {
    execute!(tx, LIFT_SUPPRESSION, suppression.id, now).map(|_| ())
}
