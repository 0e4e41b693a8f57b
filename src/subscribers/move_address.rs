//! A change of address: asked for on the preferences page, confirmed by the new mailbox, told to the old one, which may
//! take it back for seven days.
//!
//! Mails are forwarded, and with them the link to the preferences. So nothing moves before the new mailbox has confirmed, and
//! the old one always learns of it with a link of its own that puts everything back, whatever has happened since.

use crate::clock::{DAY, Timestamp};
use crate::db::{Db, Keys, Tx};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::ask::add_subscription;
use crate::subscribers::consent::{self, Event, NewEvent, Receipt, wording};
use crate::subscribers::move_sql::{
    ADD_ADDRESS_CHANGE, ADDRESS_CHANGE_ASKED, ADDRESS_CHANGE_TOLD, ADDRESS_CHANGES_SINCE, CARRY_SUBSCRIPTION,
    END_ADDRESS_CHANGE, FORGET_ADDRESS_CHANGES, MOVED_LETTERS, SET_ADDRESS, SET_ASKED_BY, SET_TOLD_BY,
    UNDO_ADDRESS_CHANGE,
};
use crate::subscribers::newsletter::{Newsletter, NewsletterId};
use crate::subscribers::preferences::{self, Preferences};
use crate::subscribers::sql::{CONFIRM_SUBSCRIPTION, LEAVE_SUBSCRIPTION};
use crate::subscribers::subscription::{SubscriberId, SubscriptionId};
use crate::subscribers::suppression;
use crate::{execute, fetch_all, fetch_one, fetch_optional, id_type};

id_type! {
    /// A change of address.
    AddressChangeId
}

/// How long the link to the new address confirms (ms).
pub const CONFIRM_ADDRESS_FOR: i64 = 7 * DAY;

/// How long the old address may take the change back (ms).
pub const UNDO_ADDRESS_FOR: i64 = 7 * DAY;

/// How long nothing moves after a change was taken back (ms): whoever holds a forwarded mail does not try again at once.
const STAY_FOR: i64 = 7 * DAY;

/// How long a change is remembered (ms): longer than any of its links holds.
const REMEMBER_FOR: i64 = 30 * DAY;

/// Changes that one reader may ask for in a day.
const ASKED_A_DAY: i64 = 3;

/// A change of address as it was asked for.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AddressChange {
    /// Its row.
    pub id: AddressChangeId,
    subscriber_id: SubscriberId,
    old_address: String,
    new_address: String,
    holder_id: Option<SubscriberId>,
    expires_at: Timestamp,
    done_at: Option<Timestamp>,
    undone_at: Option<Timestamp>,
}

/// What a link of a change of address leads to.
#[derive(Debug)]
pub enum AddressLink {
    /// The new mailbox: may be confirmed.
    ToConfirm(AddressChange),
    /// The new mailbox: was confirmed.
    Confirmed(AddressChange),
    /// The old mailbox: may be taken back.
    ToUndo(AddressChange),
    /// The old mailbox: was taken back.
    Undone(AddressChange),
    /// Its days are over.
    Gone,
    /// Not a link of ours.
    Unknown,
}

/// What came of confirming.
#[derive(Debug)]
pub enum Moved {
    /// The letters go to the new address: those that moved, the subscription whose preferences are theirs, what was kept.
    Done {
        /// The letters.
        letters: Vec<Newsletter>,
        /// One of the subscriptions that moved.
        subscription: SubscriptionId,
        /// The acknowledgement.
        receipt: Receipt,
    },
    /// The new address has letters of its own, or must not be mailed: nothing moved.
    Taken,
    /// Nothing is left to move.
    Nothing,
}

impl AddressChange {
    /// Where the letters went before, masked.
    #[must_use]
    pub fn old_masked(&self) -> String {
        masked(&self.old_address)
    }

    /// Where they go after, masked.
    #[must_use]
    pub fn new_masked(&self) -> String {
        masked(&self.new_address)
    }

    /// Where they went before.
    ///
    /// # Errors
    /// When the store holds no address.
    pub fn old_address(&self) -> anyhow::Result<Address> {
        Ok(Address::parse(&self.old_address)?)
    }
}

fn masked(address: &str) -> String {
    Address::parse(address).map(|address| address.masked()).unwrap_or_default()
}

/// Forgets changes that were asked for so long ago that none of their links holds. Gives how many.
///
/// # Errors
/// When the store fails.
pub async fn forget_address_changes(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    execute!(db, FORGET_ADDRESS_CHANGES, now.plus(-REMEMBER_FOR))
}

/// Records that a reader wants another address. None when he asked too often today, or already has it; the page must not
/// tell. The caller mails the new address and notes the mail by [`note_asked`].
///
/// # Errors
/// When the store fails.
pub async fn ask_to_move(
    tx: &mut Tx,
    before: &Preferences,
    to: &Address,
    now: Timestamp,
) -> sqlx::Result<Option<AddressChangeId>> {
    let (asked, same): (i64, i64) = fetch_one!(
        tx,
        ADDRESS_CHANGES_SINCE,
        before.subscriber,
        now.plus(-DAY),
        to.as_str(),
        now.plus(-STAY_FOR)
    )?;
    if asked >= ASKED_A_DAY || same > 0 || to.key() == before.address.key() {
        return Ok(None);
    }
    let (id,): (AddressChangeId,) = fetch_one!(
        tx,
        ADD_ADDRESS_CHANGE,
        before.subscriber,
        before.address.as_str(),
        to.as_str(),
        now,
        now.plus(CONFIRM_ADDRESS_FOR)
    )?;
    Ok(Some(id))
}

/// Notes which mail asks the new address.
///
/// # Errors
/// When the store fails.
pub async fn note_asked(tx: &mut Tx, id: AddressChangeId, mail: i64) -> sqlx::Result<()> {
    execute!(tx, SET_ASKED_BY, id, mail).map(drop)
}

/// Notes which mail told the old address.
///
/// # Errors
/// When the store fails.
pub async fn note_told(tx: &mut Tx, id: AddressChangeId, mail: i64) -> sqlx::Result<()> {
    execute!(tx, SET_TOLD_BY, id, mail).map(drop)
}

/// What the link in this mail leads to. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn look_at_move(tx: &mut Tx, mail: i64, now: Timestamp) -> sqlx::Result<AddressLink> {
    let asked: Option<AddressChange> = fetch_optional!(tx, ADDRESS_CHANGE_ASKED, mail)?;
    if let Some(change) = asked {
        return Ok(match change.done_at {
            _ if change.undone_at.is_some() => AddressLink::Gone,
            Some(_) => AddressLink::Confirmed(change),
            None if change.expires_at <= now => AddressLink::Gone,
            None => AddressLink::ToConfirm(change),
        });
    }
    let told: Option<AddressChange> = fetch_optional!(tx, ADDRESS_CHANGE_TOLD, mail)?;
    let Some(change) = told else { return Ok(AddressLink::Unknown) };
    Ok(match change.done_at {
        _ if change.undone_at.is_some() => AddressLink::Undone(change),
        Some(done) if now < done.plus(UNDO_ADDRESS_FOR) => AddressLink::ToUndo(change),
        _ => AddressLink::Gone,
    })
}

/// Moves the letters to the new address, which has confirmed. In a durable transaction, in which the caller tells the old
/// address.
///
/// # Errors
/// When the store fails.
pub async fn confirm_move(
    tx: &mut Tx,
    keys: &Keys,
    change: &AddressChange,
    now: Timestamp,
) -> anyhow::Result<Moved> {
    let Some(reader) = preferences::lock_preferences(tx, change.subscriber_id).await? else {
        return Ok(Moved::Nothing);
    };
    let to = Address::parse(&change.new_address)?;
    // Asked for twice, the second change begins where the first has led.
    if reader.address.as_str() != change.old_address || !reader.any_on() {
        return Ok(Moved::Nothing);
    }
    let hash = AddressHash::of(keys, &to);
    let suppressed = suppression::suppression_of(tx, hash).await?.is_some();
    if suppressed
        || preferences::preferences_of_address(tx, hash).await?.is_some_and(|holder| holder.any_on())
    {
        return Ok(Moved::Taken);
    }
    let (letters, subscription, holder, receipt) = carry(tx, hash, reader, &to, Event::Moved, now).await?;
    execute!(tx, END_ADDRESS_CHANGE, change.id, now, holder)?;
    Ok(Moved::Done { letters, subscription, receipt })
}

/// Puts the letters back to the old address, wherever they have gone since. In a durable transaction.
///
/// # Errors
/// When the store fails.
pub async fn undo_move(
    tx: &mut Tx,
    keys: &Keys,
    change: &AddressChange,
    now: Timestamp,
) -> anyhow::Result<Moved> {
    let holder_id = change.holder_id.unwrap_or(change.subscriber_id);
    let Some(mut reader) = preferences::lock_preferences(tx, holder_id).await? else {
        return Ok(Moved::Nothing);
    };
    let to = change.old_address()?;
    let hash = AddressHash::of(keys, &to);
    let moved: Vec<(NewsletterId,)> = fetch_all!(tx, MOVED_LETTERS, holder_id, change.done_at)?;
    for letter in &mut reader.letters {
        if !letter.on && moved.contains(&(letter.newsletter.id,)) {
            execute!(tx, CONFIRM_SUBSCRIPTION, letter.subscription, now)?;
            letter.on = true;
        }
    }
    if !reader.any_on() {
        return Ok(Moved::Nothing);
    }
    let (letters, subscription, _, receipt) = carry(tx, hash, reader, &to, Event::Restored, now).await?;
    // What was asked for in between comes to nothing: neither confirming nor taking back leads away again.
    execute!(tx, UNDO_ADDRESS_CHANGE, change.id, change.subscriber_id, holder_id, now)?;
    Ok(Moved::Done { letters, subscription, receipt })
}

/// The reader's letters at another address: the reader's own row takes the address, or, where that has a row, its
/// subscriptions take over what comes.
async fn carry(
    tx: &mut Tx,
    hash: AddressHash,
    reader: Preferences,
    to: &Address,
    event: Event,
    now: Timestamp,
) -> anyhow::Result<(Vec<Newsletter>, SubscriptionId, SubscriberId, Receipt)> {
    let other = preferences::preferences_of_address(tx, hash)
        .await?
        .filter(|other| other.subscriber != reader.subscriber);
    let holder = other.as_ref().map_or(reader.subscriber, |other| other.subscriber);
    if other.is_none() {
        execute!(tx, SET_ADDRESS, reader.subscriber, to.as_str(), hash.as_bytes())?;
    }
    let (mut letters, mut first) = (Vec::new(), None);
    for letter in reader.letters.iter().filter(|letter| letter.on) {
        let mut subscription = letter.subscription;
        if other.is_some() {
            subscription = add_subscription(tx, holder, letter.newsletter.id, now).await?;
            execute!(tx, CARRY_SUBSCRIPTION, subscription, letter.subscription, now)?;
            execute!(tx, LEAVE_SUBSCRIPTION, letter.subscription, now)?;
        }
        let new = NewEvent {
            subscriber: holder,
            newsletter: letter.newsletter.id,
            event,
            wording: &wording::moved(&letter.newsletter.title, event == Event::Restored),
            origin: "page".into(),
            at: now,
        };
        let receipt = consent::record(tx, &new).await?;
        first = first.or(Some((subscription, receipt)));
        letters.push(letter.newsletter.clone());
    }
    let (subscription, receipt) = first.ok_or_else(|| anyhow::anyhow!("nothing was left to move"))?;
    Ok((letters, subscription, holder, receipt))
}
