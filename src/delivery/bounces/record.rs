//! What a refusal or complaint does: written on its delivery once, counted, and the address suppressed where it must be.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::delivery::bounces::rule::after_soft;
use crate::delivery::bounces::sql::{BOUNCES_OF, FIND_BOUNCED, RECORD_BOUNCE};
use crate::delivery::row::{DeliveryId, Kind};
use crate::mail::one_line;
use crate::subscribers::{Reason, suppress_stored};
use crate::{execute, fetch_all, fetch_optional, text_enum};

text_enum! {
    /// Whose fault it is that a message came back (reliability.md §1.4).
    Class {
        /// There is no such recipient: suppressed at once.
        Hard = "hard",
        /// The recipient's, but it may pass: a full mailbox, or nobody says why. Many in a row suppress.
        Soft = "soft",
        /// Not the recipient's: our reputation, the message, a host.
        Other = "other",
        /// The recipient called it spam: suppressed at once.
        Complaint = "complaint",
    }
}

/// What came back of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Whose fault it is.
    pub class: Class,
    /// The enhanced status (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// The host's own words. They are kept on one line, without control characters and at most [`WORDS`] long.
    pub reply: Option<String>,
    /// The host that said so.
    pub reporter: Option<String>,
}

/// What a bounce or complaint did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The address is suppressed now.
    Suppressed,
    /// It stands on the delivery; the address is mailed on.
    Recorded,
    /// It was said of this delivery before, or the address was suppressed already: nothing more came of it.
    Repeated,
    /// There is no such delivery any more.
    Gone,
}

/// Characters kept of a host's words.
pub const WORDS: usize = 500;

#[derive(sqlx::FromRow)]
struct Bounced {
    id: DeliveryId,
    kind: Kind,
    address: String,
    address_hash: Vec<u8>,
    created_at: Timestamp,
}

/// Writes down that a delivery came back, or was called spam, and what follows: a hard bounce and a complaint suppress
/// the address everywhere; a soft one does when it is the last of enough editions in a row ([`super::SOFT_EDITIONS`]).
/// Said again of the same delivery it has no effect.
///
/// # Errors
/// When the store fails.
pub async fn record(
    tx: &mut Tx,
    delivery: DeliveryId,
    bounce: &Bounce,
    now: Timestamp,
) -> sqlx::Result<Effect> {
    let found: Option<Bounced> = fetch_optional!(tx, FIND_BOUNCED, delivery)?;
    // Of a reader who had everything erased nothing is written down any more, and the address is suppressed as it is.
    let Some(row) = found.filter(|row| !row.address_hash.is_empty()) else { return Ok(Effect::Gone) };
    let kind = if bounce.class == Class::Complaint { "complaint" } else { "bounce" };
    let (status, reply, reporter) = (
        bounce.status.as_deref().map(|text| cut(text, 20)),
        bounce.reply.as_deref().map(|text| cut(text, WORDS)),
        bounce.reporter.as_deref().map(|text| cut(text, 255)),
    );
    let new = execute!(
        tx,
        RECORD_BOUNCE,
        row.id,
        kind,
        bounce.class,
        status.as_deref(),
        reply.as_deref(),
        reporter.as_deref(),
        now
    )? == 1;
    if !new {
        return Ok(Effect::Repeated);
    }
    let reason = match bounce.class {
        Class::Hard => Reason::HardBounce,
        Class::Complaint => Reason::Complaint,
        Class::Soft => match after_soft(tx, row.kind, &row.address_hash, row.created_at, now).await? {
            Some(reason) => reason,
            None => return Ok(Effect::Recorded),
        },
        Class::Other => return Ok(Effect::Recorded),
    };
    let domain = row.address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let words = reply.as_deref().or(status.as_deref());
    let done = suppress_stored(tx, &row.address_hash, domain, reason, words, now).await?;
    Ok(if done { Effect::Suppressed } else { Effect::Repeated })
}

/// What came back of a delivery, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Recorded {
    /// Whose fault it is.
    pub class: Class,
    /// The enhanced status (RFC 3463).
    pub status: Option<String>,
    /// The host's own words, on one line.
    pub reply: Option<String>,
    /// The host that said so.
    pub reporter: Option<String>,
    /// When it was read.
    pub at: Timestamp,
}

/// What came back of a delivery: a bounce, a complaint, both or nothing.
///
/// # Errors
/// When the store fails.
pub async fn of_delivery(db: &Db, delivery: DeliveryId) -> sqlx::Result<Vec<Recorded>> {
    fetch_all!(db, BOUNCES_OF, delivery)
}

/// Words from outside as they may be kept and shown: one line, no control or text-direction characters, not too long.
pub(super) fn cut(text: &str, most: usize) -> String {
    one_line(text).chars().take(most).collect()
}
