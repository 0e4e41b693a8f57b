//! Erasing a reader in one durable transaction: what is counted stays counted, and nothing of the reader stays but the keyed
//! hash of the address, the date and a reference.

use crate::clock::{DAY, Timestamp};
use crate::db::{Db, Keys, Tx, json_list};
use crate::delivery::fan_out::keep_before_change;
use crate::delivery::own_data::link::{LinkPurpose, ReaderLink, hold_link, use_link};
use crate::delivery::own_data::sql::{
    DROP_OWN_GROUPS, ERASE_BOUNCES, ERASE_DELIVERIES, ERASE_MOVES, FOLD_OWN_GROUPS, HOLD_FAN_OUTS_OF,
    HOLD_NEWSLETTERS_OF, HOLD_READER, IDS_OF_OWN_DELIVERIES, LOOSEN_DELIVERIES, SETTLED_SINCE_ERASURE,
    SUBSCRIPTION_TO,
};
use crate::delivery::row::DeliveryId;
use crate::newsletters::desk::Desk;
use crate::subscribers::{self, AddressHash, Newsletter, Receipt, SubscriberId, SubscriptionId};
use crate::{execute, fetch_all, fetch_optional};

/// What came of erasing by a mailed link.
#[derive(Debug)]
pub enum Erased {
    /// Nothing is kept any more; the same again for a link that has done it.
    Done(Receipt),
    /// The link was used for something else, or its time is over.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

/// Erases the reader of a mailed link. It is kept before this returns; pressing twice is as pressing once.
///
/// # Errors
/// When the store fails.
pub async fn erase_by_link(desk: &Desk, keys: &Keys, token: &str, now: Timestamp) -> anyhow::Result<Erased> {
    let mut tx = desk.db.begin_durable().await?;
    let link = match hold_link(&mut tx, keys, token, now).await? {
        ReaderLink::Open(link) if link.purpose == LinkPurpose::Erase => link,
        ReaderLink::Erased(receipt) => return Ok(Erased::Done(receipt)),
        ReaderLink::Open(_) | ReaderLink::Gone => return Ok(Erased::Gone),
        ReaderLink::Unknown => return Ok(Erased::Unknown),
    };
    let receipt = erase(&mut tx, desk, Some(link.subscriber), link.address_hash, now).await?;
    use_link(&mut tx, link.id, Some(&receipt), now).await?;
    tx.commit().await?;
    Ok(Erased::Done(receipt))
}

/// Erases what is kept of a reader, or of an address that only messages or suppressions are kept of. Messages that wait are
/// cancelled; one that is on the wire just now is settled by whoever sends it, and freed of the address by [`erase_late`].
/// The transaction must be durable.
///
/// # Errors
/// When the store fails.
pub async fn erase(
    tx: &mut Tx,
    desk: &Desk,
    subscriber: Option<SubscriberId>,
    hash: AddressHash,
    now: Timestamp,
) -> anyhow::Result<Receipt> {
    if let Some(subscriber) = subscriber {
        execute!(tx, HOLD_READER, subscriber)?;
        // Editions that counted the reader at their release and have no row yet get it, to be cancelled with the rest.
        let newsletters: Vec<Newsletter> = fetch_all!(tx, HOLD_NEWSLETTERS_OF, subscriber)?;
        let _: Vec<(i64,)> = fetch_all!(tx, HOLD_FAN_OUTS_OF, subscriber)?;
        for newsletter in &newsletters {
            let subscription: Option<(SubscriptionId,)> =
                fetch_optional!(tx, SUBSCRIPTION_TO, subscriber, newsletter.id)?;
            if let Some((subscription,)) = subscription {
                keep_before_change(tx, desk, newsletter, subscription, now).await?;
            }
        }
    }
    let of = subscriber.unwrap_or(SubscriberId(0));
    let ids: Vec<(DeliveryId,)> = fetch_all!(tx, IDS_OF_OWN_DELIVERIES, of, hash.as_bytes())?;
    erase_deliveries(tx, &ids, now).await?;
    execute!(tx, ERASE_MOVES, of)?;
    Ok(subscribers::forget(tx, subscriber, hash, now).await?)
}

async fn erase_deliveries(tx: &mut Tx, ids: &[(DeliveryId,)], now: Timestamp) -> sqlx::Result<u64> {
    let none: &[u8] = &[];
    let ids = json_list(ids.iter().map(|(id,)| id.0));
    execute!(tx, ERASE_BOUNCES, ids.as_str())?;
    execute!(tx, FOLD_OWN_GROUPS, ids.as_str())?;
    execute!(tx, DROP_OWN_GROUPS, ids.as_str())?;
    let erased = execute!(tx, ERASE_DELIVERIES, ids.as_str(), now, none)?;
    execute!(tx, LOOSEN_DELIVERIES, ids.as_str(), now)?;
    Ok(erased)
}

/// What was on the wire during an erasure can be so for minutes, not days (ms).
const LATE: i64 = 8 * DAY;

/// Frees messages that were on the wire when their reader had everything erased. Gives how many.
///
/// # Errors
/// When the store fails.
pub async fn erase_late(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    let mut tx = db.begin_durable().await?;
    let ids: Vec<(DeliveryId,)> = fetch_all!(&mut tx, SETTLED_SINCE_ERASURE, now.plus(-LATE))?;
    if ids.is_empty() {
        return Ok(0);
    }
    let erased = erase_deliveries(&mut tx, &ids, now).await?;
    tx.commit().await?;
    Ok(erased)
}
