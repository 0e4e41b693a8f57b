//! What stands behind the link of a confirmation mail: a page that changes nothing, a button that confirms, and one
//! that says « ce n’était pas moi ».

use crate::articles::CategoryId;
use crate::clock::Timestamp;
use crate::db::{Db, Keys, Purpose, Tx};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::choice::{Choice, ChoiceId};
use crate::subscribers::consent::{self, Event, NewEvent, Receipt, wording};
use crate::subscribers::form_sql::{CONFIRM_CHOICE, CONFIRM_FIRST_NAME, RUBRICS_BY_ID};
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::origin::Origin;
use crate::subscribers::sql::{
    CLOSE_CONFIRMATIONS, CONFIRM_SUBSCRIPTION, CONFIRMED_SUBSCRIPTIONS, FIND_CONFIRMATION, LOCK_SUBSCRIBER,
    OPEN_CONFIRMATIONS, VOID_CONFIRMATIONS,
};
use crate::subscribers::subscription::{ConfirmationId, SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::suppression::{self, Reason};
use crate::subscribers::token::ConfirmToken;
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// How a link stands.
#[derive(Debug)]
pub enum Link {
    /// It waits for the button.
    Open(OpenConfirmation),
    /// It was used, and what it confirmed still holds.
    Confirmed(Vec<Newsletter>, Receipt),
    /// It was used, refused, or its days are over.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

/// What the confirmation page shows.
#[derive(Debug)]
pub struct OpenConfirmation {
    /// What the button confirms: what the mail named, and what was asked for since.
    pub newsletters: Vec<Newsletter>,
    /// What the button says yes to, one sentence a newsletter: its rubrics too, unless all are wanted.
    pub wordings: Vec<String>,
    /// The first name that was asked for with them.
    pub first_name: Option<String>,
    /// The page says until when its list goes, and the button gives it back: nothing is confirmed unseen.
    pub seen: Timestamp,
}

/// What came of pressing « Confirmer ».
#[derive(Debug)]
pub enum Confirmed {
    /// The newsletters whose subscription now stands.
    Done(Vec<Newsletter>, Receipt),
    /// A complaint or an operator's block stands against the address: the reader must write to the newsroom.
    Blocked,
    /// The link was used before and its subscription has ended since, or it was refused, or its days are over.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

/// What came of pressing « Ce n’était pas moi ».
#[derive(Debug)]
pub enum Refused {
    /// The asking is void. `suppressed` is false when the reader has subscriptions, which stay.
    Done {
        /// When, and under which reference.
        receipt: Receipt,
        /// What was asked for in his name.
        newsletter: Newsletter,
        /// Whether the address gets no mail from now on.
        suppressed: bool,
    },
    /// The link was used to confirm: leaving is what is wanted now.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

#[derive(sqlx::FromRow)]
struct Row {
    subscription_id: SubscriptionId,
    subscriber_id: SubscriberId,
    state: SubscriptionState,
    address: String,
    #[sqlx(try_from = "Vec<u8>")]
    address_hash: AddressHash,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    #[sqlx(flatten)]
    newsletter: Newsletter,
}

#[derive(sqlx::FromRow)]
struct Open {
    confirmation_id: ConfirmationId,
    choice_id: Option<ChoiceId>,
    choice: Option<String>,
    first_name: Option<String>,
    subscription_id: SubscriptionId,
    #[sqlx(flatten)]
    newsletter: Newsletter,
}

/// How the link stands. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn look_at_confirmation(db: &Db, token: &str, now: Timestamp) -> anyhow::Result<Link> {
    let mut tx = db.begin_read().await?;
    let Some(row) = find(&mut tx, token).await? else { return Ok(Link::Unknown) };
    if row.used_at.is_some() {
        return Ok(match still_confirmed(&mut tx, &row).await? {
            Some(receipt) => Link::Confirmed(vec![row.newsletter], receipt),
            None => Link::Gone,
        });
    }
    if row.expires_at <= now {
        return Ok(Link::Gone);
    }
    let open = open(&mut tx, &row, now, now).await?;
    let rubrics = rubrics(&mut tx).await?;
    let wordings = open.iter().map(|open| open.wording(&rubrics)).collect();
    let first_name = first_name(&open).map(str::to_owned);
    let newsletters = open.into_iter().map(|open| open.newsletter).collect();
    Ok(Link::Open(OpenConfirmation { newsletters, wordings, first_name, seen: now }))
}

/// Confirms what the link's mail named and, with `seen` from the page, what the page listed. It is kept before this
/// returns. Pressing twice is as pressing once.
///
/// A suppression that confirming ends is lifted; with one that it does not end, nothing is confirmed.
///
/// # Errors
/// When the store fails.
pub async fn confirm(
    db: &Db,
    token: &str,
    seen: Option<Timestamp>,
    origin: impl Into<Origin<'_>>,
    now: Timestamp,
) -> anyhow::Result<Confirmed> {
    let origin = origin.into();
    let mut tx = db.begin_durable().await?;
    let Some(row) = find_locked(&mut tx, token).await? else { return Ok(Confirmed::Unknown) };
    if row.used_at.is_some() {
        return Ok(match still_confirmed(&mut tx, &row).await? {
            Some(receipt) => Confirmed::Done(vec![row.newsletter], receipt),
            None => Confirmed::Gone,
        });
    }
    if row.expires_at <= now {
        return Ok(Confirmed::Gone);
    }
    if let Some(suppression) = suppression::suppression_of(&mut tx, row.address_hash).await? {
        if !suppression.reason.ends_by_confirming() {
            return Ok(Confirmed::Blocked);
        }
        suppression::lift(&mut tx, &suppression, now).await?;
    }
    let seen = seen.map_or(row.created_at, |seen| seen.clamp(row.created_at, now.max(row.created_at)));
    let (mut newsletters, mut own) = (Vec::new(), None);
    let open = open(&mut tx, &row, now, seen).await?;
    let rubrics = rubrics(&mut tx).await?;
    if let Some(name) = first_name(&open) {
        execute!(&mut tx, CONFIRM_FIRST_NAME, row.subscriber_id, name)?;
    }
    for one in open {
        let wording = one.wording(&rubrics);
        let Open { subscription_id, newsletter, choice_id, .. } = one;
        execute!(&mut tx, CONFIRM_SUBSCRIPTION, subscription_id, now)?;
        if let Some(choice) = choice_id {
            execute!(&mut tx, CONFIRM_CHOICE, subscription_id, choice)?;
        }
        let event = row.event(&newsletter, Event::Confirmed, &wording, origin, now);
        let receipt = consent::record(&mut tx, &event).await?;
        if subscription_id == row.subscription_id {
            own = Some(receipt);
        }
        newsletters.push(newsletter);
    }
    execute!(&mut tx, CLOSE_CONFIRMATIONS, row.subscriber_id, now, seen)?;
    tx.commit().await?;
    Ok(own.map_or(Confirmed::Gone, |receipt| Confirmed::Done(newsletters, receipt)))
}

/// « Ce n’était pas moi »: every open link of the address is void, and the address is suppressed unless it has
/// subscriptions of its own. It works after the link's days are over too; pressing twice is as pressing once.
///
/// # Errors
/// When the store fails.
pub async fn refuse(
    db: &Db,
    token: &str,
    origin: impl Into<Origin<'_>>,
    now: Timestamp,
) -> anyhow::Result<Refused> {
    let origin = origin.into();
    let mut tx = db.begin_durable().await?;
    let Some(row) = find_locked(&mut tx, token).await? else { return Ok(Refused::Unknown) };
    if row.used_at.is_some() {
        return Ok(Refused::Gone);
    }
    let (confirmed,): (i64,) = fetch_one!(&mut tx, CONFIRMED_SUBSCRIPTIONS, row.subscriber_id)?;
    let suppressed = confirmed == 0;
    let said = consent::latest(&mut tx, row.subscriber_id, row.newsletter.id, Event::Refused).await?;
    if let Some(receipt) = said.filter(|receipt| receipt.at >= row.created_at) {
        return Ok(Refused::Done { receipt, newsletter: row.newsletter, suppressed });
    }
    execute!(&mut tx, VOID_CONFIRMATIONS, row.subscriber_id, now)?;
    if suppressed {
        let domain = Address::parse(&row.address)?.domain().to_owned();
        suppression::suppress(&mut tx, row.address_hash, &domain, Reason::NotMe, None, now).await?;
    }
    let wording = wording::refused(&row.newsletter.title);
    let event = row.event(&row.newsletter, Event::Refused, &wording, origin, now);
    let receipt = consent::record(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Refused::Done { receipt, newsletter: row.newsletter, suppressed })
}

/// The token of a confirmation that was made at `created_at`, to be written into its mail when it is sent; `key` is
/// [`crate::subscribers::ConfirmationDue::key`]. None when there is no such key.
#[must_use]
pub fn confirmation_token(
    keys: &Keys,
    key: crate::db::KeyId,
    id: ConfirmationId,
    created_at: Timestamp,
) -> Option<String> {
    Some(ConfirmToken::derive(keys.by_id(Purpose::Token, key)?, id, created_at).write())
}

impl Row {
    fn event<'a>(
        &self,
        newsletter: &Newsletter,
        event: Event,
        wording: &'a str,
        origin: Origin<'a>,
        at: Timestamp,
    ) -> NewEvent<'a> {
        NewEvent { subscriber: self.subscriber_id, newsletter: newsletter.id, event, wording, origin, at }
    }
}

impl Open {
    /// What its button says.
    fn wording(&self, rubrics: &[(CategoryId, String)]) -> String {
        let choice = self.choice.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Choice::All);
        let names: Vec<&str> = match &choice {
            Choice::All => Vec::new(),
            Choice::Only(_) => {
                rubrics.iter().filter(|(id, _)| choice.wants(*id)).map(|(_, name)| name.as_str()).collect()
            }
        };
        wording::confirmed_for(&self.newsletter.title, &names)
    }
}

/// The name that was given last.
fn first_name(open: &[Open]) -> Option<&str> {
    let named = open.iter().filter(|open| open.first_name.is_some());
    named.max_by_key(|open| open.confirmation_id).and_then(|open| open.first_name.as_deref())
}

async fn rubrics(tx: &mut Tx) -> sqlx::Result<Vec<(CategoryId, String)>> {
    fetch_all!(tx, RUBRICS_BY_ID)
}

async fn find(tx: &mut Tx, token: &str) -> sqlx::Result<Option<Row>> {
    let Some(token) = ConfirmToken::read(token) else { return Ok(None) };
    fetch_optional!(tx, FIND_CONFIRMATION, &token.hash()[..])
}

/// Finds the link, then holds its reader's row, then reads again what may have changed while waiting for it.
async fn find_locked(tx: &mut Tx, token: &str) -> sqlx::Result<Option<Row>> {
    let Some(row) = find(tx, token).await? else { return Ok(None) };
    execute!(tx, LOCK_SUBSCRIBER, row.subscriber_id)?;
    find(tx, token).await
}

async fn open(tx: &mut Tx, row: &Row, now: Timestamp, seen: Timestamp) -> sqlx::Result<Vec<Open>> {
    fetch_all!(tx, OPEN_CONFIRMATIONS, row.subscriber_id, now, seen)
}

async fn still_confirmed(tx: &mut Tx, row: &Row) -> sqlx::Result<Option<Receipt>> {
    if row.state != SubscriptionState::Confirmed {
        return Ok(None);
    }
    consent::latest(tx, row.subscriber_id, row.newsletter.id, Event::Confirmed).await
}
