//! Erasing a reader (RGPD art. 17): nothing stays but the keyed hash of the address, the date, and a reference.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::execute;
use crate::subscribers::address::AddressHash;
use crate::subscribers::consent::{Receipt, Reference};
use crate::subscribers::own_sql::{
    BLANK_SUPPRESSION, FORGET_CONFIRMATIONS, FORGET_SUBSCRIBER, FORGET_SUBSCRIPTIONS, FORGET_SUPPRESSIONS,
};
use crate::subscribers::subscription::SubscriberId;
use crate::subscribers::suppression::{self, Reason};

/// Removes a reader with all that refers to him, and suppresses the address; of earlier suppressions only a complaint or an
/// operator's block in force stays, without its words. Gives the acknowledgement.
///
/// What deliveries hold of him must be gone before (`delivery::own_data::erase`), in the same durable transaction.
///
/// # Errors
/// When the store fails.
pub async fn forget(
    tx: &mut Tx,
    subscriber: Option<SubscriberId>,
    hash: AddressHash,
    now: Timestamp,
) -> sqlx::Result<Receipt> {
    if let Some(subscriber) = subscriber {
        execute!(tx, FORGET_CONFIRMATIONS, subscriber)?;
        execute!(tx, FORGET_SUBSCRIPTIONS, subscriber)?;
        execute!(tx, FORGET_SUBSCRIBER, subscriber)?;
    }
    execute!(tx, FORGET_SUPPRESSIONS, hash.as_bytes())?;
    let receipt = Receipt { reference: Reference::with('E'), at: now };
    suppression::suppress(tx, hash, "", Reason::Erased, None, now).await?;
    execute!(tx, BLANK_SUPPRESSION, hash.as_bytes(), receipt.reference.clone())?;
    Ok(receipt)
}
