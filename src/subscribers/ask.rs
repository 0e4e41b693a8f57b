//! Asking by the form: a pending subscription and, at most once a day, a link to confirm it.
//!
//! Known, unknown, confirmed and suppressed addresses take the same way with the same statements, so that neither
//! the page nor its timing tells who reads what. Only the mailbox learns more.

use crate::clock::{DAY, Timestamp};
use crate::db::{KeyId, Keys, Purpose, Tx};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::choice::Choice;
use crate::subscribers::consent::{self, Event, NewEvent, wording};
use crate::subscribers::first_name::FirstName;
use crate::subscribers::newsletter::{Newsletter, NewsletterId};
use crate::subscribers::origin::Origin;
use crate::subscribers::sql::{
    ADD_CONFIRMATION, ADD_SUBSCRIPTION, LINKS_SO_FAR, SET_CONFIRMATION_TOKEN, UPSERT_SUBSCRIBER,
};
use crate::subscribers::subscription::{ConfirmationId, SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::token::{CONFIRM_FOR, ConfirmToken};
use crate::{execute, fetch_one};

/// At most one link goes to an address in this time (ms).
pub const ASK_EVERY: i64 = DAY;

/// At most this many links go to an address until one is used.
pub const ASKS_UNTIL_CONFIRMED: i64 = 3;

/// What somebody typed into the form, read.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Whose address.
    pub address: &'a Address,
    /// What he wants to be called. It is taken over when the link is used.
    pub first_name: Option<&'a FirstName>,
    /// What he wants, no newsletter twice.
    pub wanted: &'a [Wanted],
    /// Where the asking came from: `form`, `frame`, `json`.
    pub origin: &'a str,
}

/// A newsletter and the rubrics wanted of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which.
    pub newsletter: Newsletter,
    /// What of it. It is taken over when the link is used.
    pub choice: Choice,
}

impl From<Newsletter> for Wanted {
    /// All of it.
    fn from(newsletter: Newsletter) -> Self {
        Self { newsletter, choice: Choice::All }
    }
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked {
    /// The link to be mailed; none when the address has had today's, or as many as it may get unanswered.
    pub confirmation: Option<ConfirmationDue>,
}

/// A confirmation whose link is to be mailed in the same transaction.
#[derive(Debug, Clone)]
pub struct ConfirmationDue {
    /// Its row.
    pub id: ConfirmationId,
    /// The subscription it is for; the first, when several newsletters were asked for at once.
    pub subscription: SubscriptionId,
    /// Where the mail goes.
    pub address: Address,
    /// The address's hash.
    pub address_hash: AddressHash,
    /// The token key, which makes the link's token again when the mail is sent.
    pub key: KeyId,
    /// When it was made: part of the token.
    pub created_at: Timestamp,
    /// When the link stops working.
    pub expires_at: Timestamp,
    /// What the link confirms.
    pub newsletters: Vec<Newsletter>,
}

/// Records what was asked for. A subscription that exists stays as it is: whoever typed the address may not be its owner.
///
/// The transaction must be durable, and the caller puts the mail into it.
///
/// # Errors
/// When the store fails.
pub async fn ask(tx: &mut Tx, keys: &Keys, asking: &Asking<'_>, now: Timestamp) -> anyhow::Result<Asked> {
    let Asking { address, first_name, wanted, origin } = *asking;
    let origin = Origin::from(origin);
    let address_hash = AddressHash::of(keys, address);
    let key = keys.current(Purpose::Token);
    // Writing the row locks it: two askings at once do not both find the day's link unsent.
    let subscriber = upsert_subscriber(tx, address, address_hash, None, now).await?;
    let (latest, unanswered): (Timestamp, i64) = fetch_one!(tx, LINKS_SO_FAR, subscriber)?;
    let may_mail = now >= latest.plus(ASK_EVERY) && unanswered < ASKS_UNTIL_CONFIRMED;

    let expires_at = now.plus(CONFIRM_FOR);
    let mut first = None;
    for Wanted { newsletter, choice } in wanted {
        let choice = choice.store(tx).await?;
        let subscription = add_subscription(tx, subscriber, newsletter.id, now).await?;
        let event = NewEvent {
            subscriber,
            newsletter: newsletter.id,
            event: Event::Asked,
            wording: &wording::asked(&newsletter.title),
            origin,
            at: now,
        };
        consent::record(tx, &event).await?;
        let (id,): (ConfirmationId,) = fetch_one!(
            tx,
            ADD_CONFIRMATION,
            subscription,
            now,
            expires_at,
            choice,
            first_name.map(FirstName::as_str)
        )?;
        first = first.or(Some((id, subscription)));
    }
    let Some((id, subscription)) = first else { return Ok(Asked { confirmation: None }) };
    let token = ConfirmToken::derive(key, id, now).hash();
    execute!(tx, SET_CONFIRMATION_TOKEN, id, may_mail.then_some(&token[..]))?;
    let confirmation = may_mail.then(|| ConfirmationDue {
        id,
        subscription,
        address: address.clone(),
        address_hash,
        key: key.id,
        created_at: now,
        expires_at,
        newsletters: wanted.iter().map(|wanted| wanted.newsletter.clone()).collect(),
    });
    Ok(Asked { confirmation })
}

/// What ties the subscriber to the newsletter, made when there is nothing yet; its state stays as it is.
pub(super) async fn add_subscription(
    tx: &mut Tx,
    subscriber: SubscriberId,
    newsletter: NewsletterId,
    now: Timestamp,
) -> sqlx::Result<SubscriptionId> {
    let (subscription, _): (SubscriptionId, SubscriptionState) =
        fetch_one!(tx, ADD_SUBSCRIPTION, subscriber, newsletter, now)?;
    Ok(subscription)
}

/// The subscriber's row, made when the address is new. While nothing is confirmed, the address is kept as it was
/// written last.
pub(super) async fn upsert_subscriber(
    tx: &mut Tx,
    address: &Address,
    hash: AddressHash,
    name: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<SubscriberId> {
    let (id,): (SubscriberId,) =
        fetch_one!(tx, UPSERT_SUBSCRIBER, address.as_str(), hash.as_bytes(), name, now)?;
    Ok(id)
}
