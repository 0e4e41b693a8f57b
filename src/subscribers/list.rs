//! Readers as an operator looks at them.

use crate::clock::Timestamp;
use crate::db::{Db, Keys};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::consent::ConsentEvent;
use crate::subscribers::sql::{EVENTS_OF, FIND_SUBSCRIBER, LIST_SUBSCRIPTIONS, SUBSCRIPTIONS_OF};
use crate::subscribers::subscription::{SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::suppression::{Reason, Suppression, suppression_of};
use crate::{fetch_all, fetch_optional};

/// Which subscriptions to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this newsletter (its slug).
    pub newsletter: Option<String>,
    /// In this state.
    pub state: Option<SubscriptionState>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Listed {
    /// The subscription.
    pub id: SubscriptionId,
    /// Whose.
    pub address: String,
    /// His name, if he has one.
    pub name: Option<String>,
    /// The newsletter's slug.
    pub newsletter: String,
    /// How far it is.
    pub state: SubscriptionState,
    /// `all`, or category ids.
    pub choice: String,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Why the address is not mailed, if it must not be.
    pub suppressed: Option<Reason>,
}

/// All that is kept of an address, deliveries apart.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Reader {
    /// The address.
    pub address: String,
    /// His name, if he has one.
    pub name: Option<String>,
    /// When we first heard of him; none when only a suppression is kept.
    pub since: Option<Timestamp>,
    /// The suppression in force.
    pub suppression: Option<Suppression>,
    /// His subscriptions.
    pub subscriptions: Vec<ReaderSubscription>,
    /// What he said, oldest first.
    pub events: Vec<ConsentEvent>,
}

/// A subscription of a [`Reader`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct ReaderSubscription {
    /// Its row.
    pub id: SubscriptionId,
    /// The newsletter's slug.
    pub newsletter: String,
    /// How far it is.
    pub state: SubscriptionState,
    /// `all`, or category ids.
    pub choice: String,
    /// `normal` or `light`.
    pub layout: String,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// When it was last confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it ended.
    pub left_at: Option<Timestamp>,
}

/// The next `limit` subscriptions after `after`, in the order of their ids: a list of any length goes by pages.
///
/// # Errors
/// When the store fails.
pub async fn list(
    db: &Db,
    filter: &Filter,
    after: Option<SubscriptionId>,
    limit: i64,
) -> sqlx::Result<Vec<Listed>> {
    let after = after.unwrap_or(SubscriptionId(0));
    fetch_all!(db, LIST_SUBSCRIPTIONS, after, filter.newsletter.as_deref(), filter.state, limit)
}

/// What is kept of an address; none when nothing is.
///
/// # Errors
/// When the store fails.
pub async fn show(db: &Db, keys: &Keys, address: &Address) -> sqlx::Result<Option<Reader>> {
    let hash = AddressHash::of(keys, address);
    let mut tx = db.begin_read().await?;
    let suppression = suppression_of(&mut tx, hash).await?;
    let subscriber: Option<(SubscriberId, String, Option<String>, Timestamp)> =
        fetch_optional!(&mut tx, FIND_SUBSCRIBER, hash.as_bytes())?;
    let Some((id, address, name, since)) = subscriber else {
        return Ok(suppression.map(|suppression| Reader {
            address: address.to_string(),
            name: None,
            since: None,
            suppression: Some(suppression),
            subscriptions: Vec::new(),
            events: Vec::new(),
        }));
    };
    Ok(Some(Reader {
        address,
        name,
        since: Some(since),
        suppression,
        subscriptions: fetch_all!(&mut tx, SUBSCRIPTIONS_OF, id)?,
        events: fetch_all!(&mut tx, EVENTS_OF, id)?,
    }))
}
