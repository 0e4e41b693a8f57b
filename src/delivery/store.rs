//! The queue as it stands in the store: rows in, rows claimed, rows returned.

use crate::clock::{MINUTE, Timestamp};
use crate::db::{Db, KeyId, NodeId, Tx};
use crate::delivery::groups::Groups;
use crate::delivery::row::{Claimed, DeliveryId, Kind};
use crate::delivery::sql;
use crate::mail::Address;
use crate::newsletters::variant::VariantId;
use crate::subscribers::{ConfirmationId, SubscriptionId};
use crate::{execute, fetch_all, fetch_one};

/// A message to be put in the queue.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    /// What it is for.
    pub kind: Kind,
    /// Equal for what must be sent once only.
    pub dedup_key: &'a str,
    /// Whose unsubscribe link it carries.
    pub subscription_id: Option<SubscriptionId>,
    /// Whose confirmation link it carries.
    pub confirmation_id: Option<ConfirmationId>,
    /// What is sent.
    pub variant_id: VariantId,
    /// Where to.
    pub address: &'a Address,
    /// The address's keyed hash, as suppressions hold it.
    pub address_hash: &'a [u8],
    /// The name in `To:`.
    pub name: Option<&'a str>,
    /// Without angle brackets.
    pub message_id: &'a str,
    /// The key of its token, if it is fixed already.
    pub token_key_id: Option<KeyId>,
    /// When it may leave.
    pub due_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
}

/// Puts a message in the queue, in the caller's transaction. False when one with its dedup key was there already.
///
/// # Errors
/// When the store fails.
pub async fn enqueue(tx: &mut Tx, new: &NewDelivery<'_>, now: Timestamp) -> sqlx::Result<bool> {
    let rows = execute!(
        tx,
        sql::ENQUEUE,
        new.kind,
        new.dedup_key,
        new.kind.priority(),
        new.subscription_id,
        new.confirmation_id,
        new.variant_id,
        new.address.as_str(),
        new.address_hash,
        new.name,
        Groups::shipped().group(new.address.domain()),
        new.message_id,
        new.token_key_id,
        new.due_at,
        new.expires_at,
        now
    )?;
    Ok(rows == 1)
}

/// Who claims, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) owner: &'a NodeId,
    /// The key of tokens that have none yet.
    pub(super) token_key: KeyId,
    /// Who signs, and when ([`crate::delivery::Signing`]).
    pub(super) dkim: &'a str,
    pub(super) now: Timestamp,
    /// How long the rows are ours (ms).
    pub(super) lease: i64,
    /// Groups whose rows must wait, as a JSON array.
    pub(super) not_these: &'a str,
    /// Where to begin; none: at the first.
    pub(super) after: Option<Due>,
}

/// A row's place in the order in which rows are due.
pub(super) type Due = (Timestamp, DeliveryId);

/// What waits, from a reader's look that takes no lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Work {
    /// Nothing goes but alerts.
    pub(super) sending_held: bool,
    /// Rows are due.
    pub(super) pending: bool,
    /// Rows in doubt are to be sent again.
    pub(super) doubtful: bool,
    /// Claims have outlived their lease.
    pub(super) expired: bool,
}

/// Whether there is anything to do.
pub(super) async fn work(db: &Db, now: Timestamp) -> sqlx::Result<Work> {
    fetch_one!(db, sql::WORK, now, now.plus(-DEAD_AFTER))
}

/// Whether any row waits, is being sent or is in doubt.
///
/// # Errors
/// When the store fails.
pub async fn is_at_work(db: &Db) -> sqlx::Result<bool> {
    let (busy,): (bool,) = fetch_one!(db, sql::AT_WORK)?;
    Ok(busy)
}

/// Claims at most `most` rows of one priority, in the order they are due. A claim that a power cut undoes has done
/// nothing yet: what must last is written by the marks.
pub(super) async fn claim(
    db: &Db,
    claim: Claim<'_>,
    priority: i64,
    most: usize,
) -> sqlx::Result<Vec<Claimed>> {
    let Claim { owner, token_key, dkim, now, lease, not_these, after } = claim;
    let (owner, until) = (owner.as_str(), now.plus(lease));
    let mut tx = db.begin().await?;
    let mut rows: Vec<Claimed> = Vec::new();
    if let Some((due, id)) = after {
        rows = fetch_all!(
            &mut tx,
            sql::CLAIM_AFTER,
            now,
            owner,
            until,
            token_key,
            priority,
            whole(most),
            dkim,
            not_these,
            due,
            id
        )?;
    }
    let left = most.saturating_sub(rows.len());
    if left > 0 {
        let due = after.map_or(Timestamp::from_millis(i64::MIN), |(due, _)| due);
        let more: Vec<Claimed> = fetch_all!(
            &mut tx,
            sql::CLAIM,
            now,
            owner,
            until,
            token_key,
            priority,
            whole(left),
            dkim,
            not_these,
            due
        )?;
        rows.extend(more);
    }
    tx.commit().await?;
    Ok(rows)
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Claims at most `most` rows in doubt that nobody is sending.
pub(super) async fn claim_doubtful(db: &Db, claim: Claim<'_>, most: usize) -> sqlx::Result<Vec<Claimed>> {
    let mut tx = db.begin().await?;
    let rows = fetch_all!(
        &mut tx,
        sql::CLAIM_DOUBTFUL,
        claim.now,
        claim.owner.as_str(),
        claim.now.plus(claim.lease),
        whole(most),
        claim.not_these
    )?;
    tx.commit().await?;
    Ok(rows)
}

/// A node not seen for this long (ms) has lost what it claimed. Should it live all the same, the epoch keeps it from
/// beginning anything; what it put in doubt stays its own until the lease is over.
const DEAD_AFTER: i64 = 3 * MINUTE;

/// Returns claims whose lease has passed, or whose node is gone.
pub(super) async fn return_expired(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    execute!(db, sql::RETURN_EXPIRED_CLAIMS, now, now.plus(-DEAD_AFTER))
}

/// Returns what `owner` claimed at or after the claim whose lease was until `leased_until`, without having begun it.
pub(super) async fn return_lost(db: &Db, owner: &NodeId, leased_until: Timestamp) -> sqlx::Result<u64> {
    execute!(db, sql::RETURN_LOST_CLAIMS, owner.as_str(), leased_until)
}

/// Returns at once what runs of the program that have ended had claimed; what they left in doubt is sent again
/// `doubt_delay` (ms) after it was. Only for the holder of the pump's lock on SQLite.
pub(super) async fn return_claims_of_others(
    db: &Db,
    owner: &NodeId,
    now: Timestamp,
    doubt_delay: i64,
) -> sqlx::Result<(u64, u64)> {
    let mut tx = db.begin_durable().await?;
    let claims = execute!(&mut tx, sql::RETURN_CLAIMS_OF_OTHERS, owner.as_str())?;
    let doubts = execute!(&mut tx, sql::DISOWN_DOUBTS_OF_OTHERS, owner.as_str(), now, doubt_delay)?;
    tx.commit().await?;
    Ok((claims, doubts))
}
