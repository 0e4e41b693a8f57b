//! What a reader chose: which letters, of each which rubrics, with or without images, and from when again.

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::ask::{ASK_EVERY, add_subscription};
use crate::subscribers::choice::Choice;
use crate::subscribers::consent::{self, Event, NewEvent, wording};
use crate::subscribers::move_sql::HOLDER_OF_ADDRESS;
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::origin::Origin;
use crate::subscribers::preferences_sql::{
    CHOSEN_LETTERS, MAIL_LINK, NAME_SUBSCRIBER, PREFERENCES_OF, SET_PREFERENCES,
};
use crate::subscribers::sql::{CONFIRM_SUBSCRIPTION, LEAVE_SUBSCRIPTION, LOCK_SUBSCRIBER};
use crate::subscribers::subscription::{SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::suppression::{self, Suppression};
use crate::{execute, fetch_all, fetch_optional};

/// Characters of the longest first name.
pub const NAME_MAX: usize = 60;

/// A reader's preferences as they stand.
#[derive(Debug, Clone)]
pub struct Preferences {
    /// Whose they are.
    pub subscriber: SubscriberId,
    /// Where the letters go; shown masked only.
    pub address: Address,
    /// The first name.
    pub name: Option<String>,
    /// Why nothing is sent, if so.
    pub suppression: Option<Suppression>,
    /// Every letter that was ever asked for.
    pub letters: Vec<ChosenLetter>,
}

/// What a reader chose of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenLetter {
    /// What ties the reader to it.
    pub subscription: SubscriptionId,
    /// The letter.
    pub newsletter: Newsletter,
    /// Whether it comes.
    pub on: bool,
    /// Whether it was ever confirmed: what was only asked for by the form may be somebody else's doing.
    pub confirmed: bool,
    /// Of which rubrics.
    pub choice: Choice,
    /// Without images.
    pub light: bool,
    /// Nothing comes before.
    pub paused_until: Option<Timestamp>,
}

/// What a reader wants of one letter from now on.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The letter.
    pub newsletter: Newsletter,
    /// Whether it is to come; without it the rest stays as it is.
    pub on: bool,
    /// Of which rubrics.
    pub choice: Choice,
    /// The rubrics in words, for the consent's record: « toutes les rubriques, y compris les nouvelles ».
    pub rubrics: String,
    /// Without images.
    pub light: bool,
    /// Nothing is to come before, and the day in words.
    pub pause: Option<(Timestamp, String)>,
}

/// What saving changed of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It comes now.
    On(Newsletter),
    /// It does not come any more.
    Off(Newsletter),
    /// Other rubrics, with or without images.
    Chosen(Newsletter),
    /// It is suspended.
    Paused(Newsletter),
    /// It is not suspended any more.
    Resumed(Newsletter),
}

#[derive(sqlx::FromRow)]
struct Reader {
    id: SubscriberId,
    address: String,
    address_hash: Vec<u8>,
    name: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Letter {
    subscription_id: SubscriptionId,
    state: SubscriptionState,
    confirmed_at: Option<Timestamp>,
    categories: String,
    light: bool,
    paused_until: Option<Timestamp>,
    #[sqlx(flatten)]
    newsletter: Newsletter,
}

impl Preferences {
    /// What was chosen of a letter.
    #[must_use]
    pub fn letter(&self, newsletter: &Newsletter) -> Option<&ChosenLetter> {
        self.letters.iter().find(|letter| letter.newsletter.id == newsletter.id)
    }

    /// Whether any letter comes.
    #[must_use]
    pub fn any_on(&self) -> bool {
        self.letters.iter().any(|letter| letter.on)
    }
}

/// A reader's preferences; none when nothing is kept of the reader any more. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn preferences(db: &Db, subscriber: SubscriberId) -> anyhow::Result<Option<Preferences>> {
    let mut tx = db.begin_read().await?;
    read(&mut tx, subscriber).await
}

/// The same with the reader's row locked until the transaction ends: who saves twice at once does so one after the other.
///
/// # Errors
/// When the store fails.
pub async fn lock_preferences(tx: &mut Tx, subscriber: SubscriberId) -> anyhow::Result<Option<Preferences>> {
    execute!(tx, LOCK_SUBSCRIBER, subscriber)?;
    read(tx, subscriber).await
}

/// The same of whoever has an address; none when nobody has it.
///
/// # Errors
/// When the store fails.
pub async fn preferences_of_address(tx: &mut Tx, hash: AddressHash) -> anyhow::Result<Option<Preferences>> {
    let row: Option<(SubscriberId,)> = fetch_optional!(tx, HOLDER_OF_ADDRESS, hash.as_bytes())?;
    match row {
        Some((id,)) => lock_preferences(tx, id).await,
        None => Ok(None),
    }
}

/// Whether a mail with the link to the preferences may go to a reader because somebody did something in his name: once a
/// day. It counts as gone.
///
/// # Errors
/// When the store fails.
pub async fn may_mail_link(tx: &mut Tx, subscriber: SubscriberId, now: Timestamp) -> sqlx::Result<bool> {
    Ok(execute!(tx, MAIL_LINK, subscriber, now, now.plus(-ASK_EVERY))? == 1)
}

async fn read(tx: &mut Tx, subscriber: SubscriberId) -> anyhow::Result<Option<Preferences>> {
    let reader: Option<Reader> = fetch_optional!(tx, PREFERENCES_OF, subscriber)?;
    let Some(reader) = reader else { return Ok(None) };
    // An address that was erased is no address any more.
    let Ok(address) = Address::parse(&reader.address) else { return Ok(None) };
    let hash = AddressHash::try_from(reader.address_hash).map_err(anyhow::Error::msg)?;
    let suppression = suppression::suppression_of(tx, hash).await?;
    let rows: Vec<Letter> = fetch_all!(tx, CHOSEN_LETTERS, subscriber)?;
    let letter = |row: Letter| -> anyhow::Result<ChosenLetter> {
        Ok(ChosenLetter {
            subscription: row.subscription_id,
            on: row.state == SubscriptionState::Confirmed,
            confirmed: row.confirmed_at.is_some(),
            choice: row.categories.parse()?,
            light: row.light,
            paused_until: row.paused_until,
            newsletter: row.newsletter,
        })
    };
    let letters = rows.into_iter().map(letter).collect::<Result<_, _>>()?;
    Ok(Some(Preferences { subscriber: reader.id, address, name: reader.name, suppression, letters }))
}

/// Gives the reader another first name, or none.
///
/// # Errors
/// When the store fails.
pub async fn rename(tx: &mut Tx, subscriber: SubscriberId, name: Option<&str>) -> sqlx::Result<()> {
    execute!(tx, NAME_SUBSCRIBER, subscriber, name)?;
    Ok(())
}

/// Makes one letter what the reader wishes, and keeps the proof. `before` is what [`lock_preferences`] gave in the same
/// transaction, which must be durable. Where an edition of the letter lacks rows, the reader must have his row of it first
/// (`delivery::keep_before_change`).
///
/// Nothing that is suppressed is switched on: confirming by mail lifts that, not a page.
///
/// # Errors
/// When the store fails.
pub async fn choose_letter(
    tx: &mut Tx,
    before: &Preferences,
    wish: &Wish,
    origin: impl Into<Origin<'_>>,
    now: Timestamp,
) -> anyhow::Result<Vec<Change>> {
    let origin = origin.into();
    let old = before.letter(&wish.newsletter);
    let was_on = old.is_some_and(|old| old.on);
    let title = wish.newsletter.title.as_str();
    let mut changes = Vec::new();
    let event = async |tx: &mut Tx, event: Event, wording: String| -> sqlx::Result<()> {
        let new = NewEvent {
            subscriber: before.subscriber,
            newsletter: wish.newsletter.id,
            event,
            wording: &wording,
            origin,
            at: now,
        };
        consent::record(tx, &new).await.map(drop)
    };
    if !wish.on {
        if let Some(old) = old.filter(|old| old.on) {
            execute!(tx, LEAVE_SUBSCRIPTION, old.subscription, now)?;
            event(tx, Event::Left, wording::left(title)).await?;
            changes.push(Change::Off(wish.newsletter.clone()));
        }
        return Ok(changes);
    }
    if !was_on && before.suppression.is_some() {
        return Ok(changes);
    }
    let subscription = match old {
        Some(old) => old.subscription,
        None => add_subscription(tx, before.subscriber, wish.newsletter.id, now).await?,
    };
    let pause = wish.pause.as_ref().map(|(until, _)| *until);
    let as_before = old.filter(|old| old.choice == wish.choice && old.light == wish.light);
    let pause_before = old.and_then(|old| old.paused_until);
    if !was_on || as_before.is_none() || pause_before != pause {
        let choice = wish.choice.store(tx).await?;
        execute!(tx, SET_PREFERENCES, subscription, choice, wish.light, pause, now)?;
    }
    if !was_on {
        execute!(tx, CONFIRM_SUBSCRIPTION, subscription, now)?;
        event(tx, Event::Confirmed, wording::asked(title)).await?;
        changes.push(Change::On(wish.newsletter.clone()));
    }
    let plain = wish.choice == Choice::All && !wish.light;
    if as_before.is_none() && !(old.is_none() && plain) {
        event(tx, Event::Chosen, wording::chosen(title, &wish.rubrics, wish.light)).await?;
        if was_on {
            changes.push(Change::Chosen(wish.newsletter.clone()));
        }
    }
    if pause_before.filter(|until| *until > now) != pause {
        match &wish.pause {
            Some((_, day)) => {
                event(tx, Event::Paused, wording::paused(title, day)).await?;
                changes.push(Change::Paused(wish.newsletter.clone()));
            }
            None => {
                event(tx, Event::Resumed, wording::resumed(title)).await?;
                changes.push(Change::Resumed(wish.newsletter.clone()));
            }
        }
    }
    Ok(changes)
}
