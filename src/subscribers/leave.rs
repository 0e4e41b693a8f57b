//! Leaving: by the mail program's one-click button or the page behind the link. A "no" holds at once.

use crate::clock::{HOUR, Timestamp};
use crate::db::{Db, Keys, Tx};
use crate::subscribers::consent::{self, Event, NewEvent, Receipt, wording};
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::origin::Origin;
use crate::subscribers::preferences::{Preferences, preferences};
use crate::subscribers::preferences_sql::LEFT_TOGETHER;
use crate::subscribers::sql::{
    CONFIRM_SUBSCRIPTION, FIND_SUBSCRIPTION, LEAVE_SUBSCRIPTION, LOCK_SUBSCRIBER, OTHER_SUBSCRIPTIONS,
};
use crate::subscribers::subscription::{SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::token::UnsubscribeToken;
use crate::{execute, fetch_all, fetch_optional};

/// How much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The subscription of the link.
    This,
    /// « Toutes les lettres »: every subscription of the reader.
    All,
}

/// What the page behind an unsubscribe link shows.
#[derive(Debug)]
pub enum Leaving {
    /// The subscription is on.
    On(Newsletter),
    /// It has ended.
    Off(Newsletter, Receipt),
    /// The link is ours, but nothing is kept of the reader any more: there is nothing to leave.
    Forgotten,
    /// Not a link of ours.
    Unknown,
}

/// What came of leaving.
#[derive(Debug)]
pub enum Left {
    /// The newsletters that will not come any more, the link's first, and the acknowledgement.
    Done(Vec<Newsletter>, Receipt),
    /// The link is ours, but nothing is kept of the reader any more: no mail will come.
    Forgotten,
    /// Not a link of ours.
    Unknown,
}

#[derive(sqlx::FromRow)]
struct Row {
    subscription_id: SubscriptionId,
    subscriber_id: SubscriberId,
    state: SubscriptionState,
    #[sqlx(flatten)]
    newsletter: Newsletter,
}

/// What the link leads to. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn look_at_leaving(db: &Db, keys: &Keys, token: &str) -> anyhow::Result<Leaving> {
    let Some(UnsubscribeToken { subscription }) = UnsubscribeToken::read(keys, token) else {
        return Ok(Leaving::Unknown);
    };
    let mut tx = db.begin_read().await?;
    let Some(row) = find(&mut tx, subscription).await? else { return Ok(Leaving::Forgotten) };
    if row.state == SubscriptionState::Left {
        let left = consent::latest(&mut tx, row.subscriber_id, row.newsletter.id, Event::Left).await?;
        if let Some(receipt) = left {
            return Ok(Leaving::Off(row.newsletter, receipt));
        }
    }
    Ok(Leaving::On(row.newsletter))
}

/// Ends the link's subscription, or all of its reader's. It is kept before this returns: no message whose body starts
/// more than a second later goes out. Doing it again changes nothing and gives the first acknowledgement.
///
/// # Errors
/// When the store fails.
pub async fn leave(
    db: &Db,
    keys: &Keys,
    token: &str,
    scope: Scope,
    origin: impl Into<Origin<'_>>,
    now: Timestamp,
) -> anyhow::Result<Left> {
    let origin = origin.into();
    let Some(UnsubscribeToken { subscription }) = UnsubscribeToken::read(keys, token) else {
        return Ok(Left::Unknown);
    };
    let mut tx = db.begin_durable().await?;
    let Some(row) = find(&mut tx, subscription).await? else { return Ok(Left::Forgotten) };
    let others: Vec<Row> = match scope {
        Scope::This => Vec::new(),
        Scope::All => {
            // Two who leave all at once, by links of different letters, would wait for each other's rows.
            execute!(&mut tx, LOCK_SUBSCRIBER, row.subscriber_id)?;
            fetch_all!(&mut tx, OTHER_SUBSCRIPTIONS, row.subscriber_id, subscription)?
        }
    };
    let mut receipt = end(&mut tx, &row, origin, now).await?;
    let mut newsletters = vec![row.newsletter];
    for other in others {
        let also = end(&mut tx, &other, origin, now).await?;
        // What ended now is what is acknowledged, and what can be taken back together.
        if receipt.at < now {
            receipt = also;
        }
        newsletters.push(other.newsletter);
    }
    tx.commit().await?;
    Ok(Left::Done(newsletters, receipt))
}

/// Who reads what a link ends; none when it is not ours, or nothing is kept of the reader any more.
///
/// # Errors
/// When the store fails.
pub async fn reader_of(db: &Db, keys: &Keys, token: &str) -> anyhow::Result<Option<Preferences>> {
    let Some(UnsubscribeToken { subscription }) = UnsubscribeToken::read(keys, token) else {
        return Ok(None);
    };
    let row = find(&mut db.begin_read().await?, subscription).await?;
    match row {
        Some(row) => preferences(db, row.subscriber_id).await,
        None => Ok(None),
    }
}

/// How long a leaving can be taken back by its page (ms): a "no" must not end by a link that lies about.
pub const STAY_WITHIN: i64 = HOUR;

/// A subscription that ended, and may come back.
#[derive(Debug)]
pub struct Stayed {
    /// Its row.
    pub subscription: SubscriptionId,
    /// The letter.
    pub newsletter: Newsletter,
    subscriber: SubscriberId,
}

/// What the reader of a link left at one moment, `left_at`, the link's own letter or all; empty when that is no link of ours,
/// or longer ago than [`STAY_WITHIN`].
///
/// # Errors
/// When the store fails.
pub async fn left_together(
    tx: &mut Tx,
    keys: &Keys,
    token: &str,
    left_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Vec<Stayed>> {
    let Some(UnsubscribeToken { subscription }) = UnsubscribeToken::read(keys, token) else {
        return Ok(Vec::new());
    };
    if now >= left_at.plus(STAY_WITHIN) {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = fetch_all!(tx, LEFT_TOGETHER, subscription, left_at)?;
    let stayed = |row: Row| Stayed {
        subscription: row.subscription_id,
        newsletter: row.newsletter,
        subscriber: row.subscriber_id,
    };
    Ok(rows.into_iter().map(stayed).collect())
}

/// Takes a leaving back. In a durable transaction; where an edition of a letter lacks rows, the reader must have his row of
/// it first (`delivery::keep_before_change`). None when there was nothing to take back.
///
/// # Errors
/// When the store fails.
pub async fn stay(
    tx: &mut Tx,
    left: &[Stayed],
    origin: &str,
    now: Timestamp,
) -> sqlx::Result<Option<Receipt>> {
    let mut receipt = None;
    for one in left {
        execute!(tx, CONFIRM_SUBSCRIPTION, one.subscription, now)?;
        let event = NewEvent {
            subscriber: one.subscriber,
            newsletter: one.newsletter.id,
            event: Event::Confirmed,
            wording: &wording::stayed(&one.newsletter.title),
            origin: origin.into(),
            at: now,
        };
        let said = consent::record(tx, &event).await?;
        receipt = receipt.or(Some(said));
    }
    Ok(receipt)
}

async fn find(tx: &mut Tx, subscription: SubscriptionId) -> sqlx::Result<Option<Row>> {
    fetch_optional!(tx, FIND_SUBSCRIPTION, subscription)
}

async fn end(tx: &mut Tx, row: &Row, origin: Origin<'_>, now: Timestamp) -> sqlx::Result<Receipt> {
    let ended = execute!(tx, LEAVE_SUBSCRIPTION, row.subscription_id, now)? == 1;
    if !ended {
        let left = consent::latest(tx, row.subscriber_id, row.newsletter.id, Event::Left).await?;
        if let Some(receipt) = left {
            return Ok(receipt);
        }
    }
    let event = NewEvent {
        subscriber: row.subscriber_id,
        newsletter: row.newsletter.id,
        event: Event::Left,
        wording: &wording::left(&row.newsletter.title),
        origin,
        at: now,
    };
    consent::record(tx, &event).await
}
