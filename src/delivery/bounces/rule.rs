//! Which refusals suppress an address, whether the relay answered them or a report brought them (reliability.md §1.4).

use crate::clock::{DAY, Timestamp};
use crate::db::Tx;
use crate::delivery::bounces::sql::{FIND_REFUSED, PROBABLE_BEFORE, SOFT_IN_A_ROW};
use crate::delivery::replies;
use crate::delivery::row::{DeliveryId, Kind};
use crate::subscribers::{Reason, suppress_stored};
use crate::{fetch_one, fetch_optional};

/// Editions in a row that must fail softly before the address is suppressed (reliability.md §1.4).
pub const SOFT_EDITIONS: i64 = 5;

/// And over how long a time at least, from the first of them to the last (ms).
pub const SOFT_FOR: i64 = 14 * DAY;

/// Between two probable hard refusals that count as one that is certain (ms).
const PROBABLE_APART: i64 = 3 * DAY;

/// How long after a message was handed over it may still come back (ms): relays try for 5 days.
const MAY_COME_BACK: i64 = 6 * DAY;

#[derive(sqlx::FromRow)]
struct Refused {
    kind: Kind,
    address_hash: Vec<u8>,
    created_at: Timestamp,
    finished_at: Timestamp,
    reply_class: replies::Class,
    reply: Option<String>,
}

/// What follows for the address when the relay's answer ended a delivery; `domain` is its domain. Only what was just
/// written counts: a row that another node has is left to it.
///
/// # Errors
/// When the store fails.
pub(in crate::delivery) async fn refused(
    tx: &mut Tx,
    delivery: DeliveryId,
    epoch: i64,
    domain: &str,
) -> sqlx::Result<()> {
    let found: Option<Refused> = fetch_optional!(tx, FIND_REFUSED, delivery, epoch)?;
    let Some(row) = found else { return Ok(()) };
    let (hash, at) = (row.address_hash.as_slice(), row.finished_at);
    let enough = match row.reply_class {
        replies::Class::Hard => Some(Reason::HardBounce),
        replies::Class::ProbableHard => was_refused_before(tx, hash, at).await?.then_some(Reason::HardBounce),
        _ => after_soft(tx, row.kind, hash, row.created_at, at).await?,
    };
    if let Some(reason) = enough {
        suppress_stored(tx, hash, domain, reason, row.reply.as_deref(), at).await?;
    }
    Ok(())
}

/// Whether it seemed not to exist before, long enough ago, with nothing taken since.
async fn was_refused_before(tx: &mut Tx, hash: &[u8], at: Timestamp) -> sqlx::Result<bool> {
    let (before,): (bool,) = fetch_one!(tx, PROBABLE_BEFORE, hash, at.plus(-PROBABLE_APART))?;
    Ok(before)
}

/// Whether a delivery written at `created_at`, of which it is known since `now` that it failed softly, is the last that was
/// needed. Editions after it do not count as having arrived while they may still come back.
pub(super) async fn after_soft(
    tx: &mut Tx,
    kind: Kind,
    hash: &[u8],
    created_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Option<Reason>> {
    if kind != Kind::Edition {
        return Ok(None);
    }
    let (editions, first): (i64, Timestamp) =
        fetch_one!(tx, SOFT_IN_A_ROW, hash, created_at, now.plus(-MAY_COME_BACK))?;
    let enough = editions >= SOFT_EDITIONS && created_at.millis() - first.millis() >= SOFT_FOR;
    Ok(enough.then_some(Reason::SoftBounce))
}
