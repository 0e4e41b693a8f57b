//! What is kept of a reader, whole: what he may ask for (RGPD art. 15 and 20). Deliveries are added above.

use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::db::{Tx, json_list};
use crate::subscribers::address::AddressHash;
use crate::subscribers::choice::Choice;
use crate::subscribers::consent::{Event, Reference};
use crate::subscribers::own_sql::{
    OWN_CATEGORIES, OWN_CONFIRMATIONS, OWN_EVENTS, OWN_SUBSCRIBER, OWN_SUBSCRIPTIONS, OWN_SUPPRESSIONS,
};
use crate::subscribers::subscription::{SubscriberId, SubscriptionId, SubscriptionState};
use crate::subscribers::suppression::Reason;
use crate::{fetch_all, fetch_optional};

/// All that is kept of an address, deliveries apart. Moments are written as RFC 3339 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct OwnReader {
    /// The address; none when only suppressions are kept, by its hash.
    pub address: Option<String>,
    /// His name, if he gave one.
    pub name: Option<String>,
    /// When we first heard of him.
    #[serde(serialize_with = "moment_or_none")]
    pub since: Option<Timestamp>,
    /// When the link to his preferences was last mailed because somebody asked for it.
    #[serde(serialize_with = "moment_or_none")]
    pub link_mailed_at: Option<Timestamp>,
    /// His inscriptions.
    pub subscriptions: Vec<OwnSubscription>,
    /// What he said, in which words, oldest first.
    pub consent: Vec<OwnEvent>,
    /// Confirmations he was asked for.
    pub confirmations: Vec<OwnConfirmation>,
    /// Why the address is not mailed, or was not.
    pub suppressions: Vec<OwnSuppression>,
    /// His row, if he has one.
    #[serde(skip)]
    pub subscriber: Option<SubscriberId>,
}

/// An inscription.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnSubscription {
    /// Its row.
    pub id: SubscriptionId,
    /// The letter's slug.
    pub newsletter: String,
    /// Its name.
    pub title: String,
    /// How far it is.
    pub state: SubscriptionState,
    /// As it is stored: `all`, or numbers of rubrics.
    #[serde(skip)]
    pub choice: String,
    /// The rubrics he chose; none: all.
    #[sqlx(skip)]
    pub rubrics: Option<Vec<String>>,
    /// `normal` or `light`.
    pub layout: String,
    /// Nothing comes before.
    #[serde(serialize_with = "moment_or_none")]
    pub paused_until: Option<Timestamp>,
    /// When rubrics, layout or pause last changed.
    #[serde(serialize_with = "moment_or_none")]
    pub changed_at: Option<Timestamp>,
    /// When it was asked for.
    #[serde(serialize_with = "moment")]
    pub created_at: Timestamp,
    /// When it was confirmed last.
    #[serde(serialize_with = "moment_or_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When it ended.
    #[serde(serialize_with = "moment_or_none")]
    pub left_at: Option<Timestamp>,
}

/// A proof of consent.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnEvent {
    /// The letter's slug; none when it concerned the address alone.
    pub newsletter: Option<String>,
    /// Its name.
    pub title: Option<String>,
    /// What happened.
    pub event: Event,
    /// What he was shown of it.
    pub reference: Reference,
    /// The words that stood before him.
    pub wording: String,
    /// Their version.
    pub wording_version: Option<String>,
    /// By which way: `form`, `page`, `one-click`, `operator`, `import FILE`.
    pub origin: Option<String>,
    /// Whose request it was; after a time only its network.
    pub network_address: Option<String>,
    /// What the browser called itself.
    pub user_agent: Option<String>,
    /// When.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
}

/// A confirmation that was asked for.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnConfirmation {
    /// The letter's slug.
    pub newsletter: String,
    /// The first name that was typed with it.
    pub first_name: Option<String>,
    /// As it is stored; none: as the inscription has it.
    #[serde(skip)]
    pub choice: Option<String>,
    /// The rubrics that were ticked with it; none: all, or as the inscription has it.
    #[sqlx(skip)]
    pub rubrics: Option<Vec<String>>,
    /// When it was asked for.
    #[serde(serialize_with = "moment")]
    pub created_at: Timestamp,
    /// Until when it holds, or held.
    #[serde(serialize_with = "moment")]
    pub expires_at: Timestamp,
    /// When it was given.
    #[serde(serialize_with = "moment_or_none")]
    pub used_at: Option<Timestamp>,
}

/// Why an address is not mailed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnSuppression {
    /// Why.
    pub reason: Reason,
    /// The address's domain.
    pub domain: String,
    /// What a relay said.
    pub reply: Option<String>,
    /// What he was shown of an erasure.
    pub reference: Option<Reference>,
    /// Since when.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    /// Until when.
    #[serde(serialize_with = "moment_or_none")]
    pub lifted_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: SubscriberId,
    address: String,
    name: Option<String>,
    created_at: Timestamp,
    link_mailed_at: Option<Timestamp>,
}

/// What is kept of the address with this hash, deliveries apart.
///
/// # Errors
/// When the store fails.
pub async fn own_reader(tx: &mut Tx, hash: AddressHash) -> sqlx::Result<OwnReader> {
    let suppressions = fetch_all!(tx, OWN_SUPPRESSIONS, hash.as_bytes())?;
    let row: Option<Row> = fetch_optional!(tx, OWN_SUBSCRIBER, hash.as_bytes())?;
    let mut reader = OwnReader {
        address: None,
        name: None,
        since: None,
        link_mailed_at: None,
        subscriptions: Vec::new(),
        consent: Vec::new(),
        confirmations: Vec::new(),
        suppressions,
        subscriber: None,
    };
    let Some(Row { id, address, name, created_at, link_mailed_at }) = row else { return Ok(reader) };
    let mut subscriptions: Vec<OwnSubscription> = fetch_all!(tx, OWN_SUBSCRIPTIONS, id)?;
    for subscription in &mut subscriptions {
        subscription.rubrics = rubrics(tx, &subscription.choice).await?;
    }
    let mut confirmations: Vec<OwnConfirmation> = fetch_all!(tx, OWN_CONFIRMATIONS, id)?;
    for confirmation in &mut confirmations {
        if let Some(choice) = &confirmation.choice {
            confirmation.rubrics = rubrics(tx, choice).await?;
        }
    }
    reader.subscriptions = subscriptions;
    reader.consent = fetch_all!(tx, OWN_EVENTS, id)?;
    reader.confirmations = confirmations;
    reader.link_mailed_at = link_mailed_at;
    (reader.address, reader.name, reader.since) = (Some(address), name, Some(created_at));
    reader.subscriber = Some(id);
    Ok(reader)
}

/// The names of the rubrics of a stored choice; none: all.
async fn rubrics(tx: &mut Tx, choice: &str) -> sqlx::Result<Option<Vec<String>>> {
    let Ok(Choice::Only(ids)) = choice.parse() else { return Ok(None) };
    let names: Vec<(String,)> = fetch_all!(tx, OWN_CATEGORIES, json_list(ids.iter().map(|id| id.0)))?;
    Ok(Some(names.into_iter().map(|(name,)| name).collect()))
}

/// A moment as programs elsewhere read it (RFC 3339, UTC).
///
/// # Errors
/// Those of the serializer.
pub fn moment<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(at)
}

/// The same where there may be none.
///
/// # Errors
/// Those of the serializer.
pub fn moment_or_none<S: Serializer>(at: &Option<Timestamp>, out: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, out),
        None => out.serialize_none(),
    }
}
