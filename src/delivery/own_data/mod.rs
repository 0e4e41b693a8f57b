//! Readers' own data: what is kept of one reader, for the reader to see and take away, and its erasure; who has given no sign
//! of life for years.

mod erase;
mod link;
mod mail;
mod silence;
mod sql;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::db::{Db, Keys, Sql};
use crate::delivery::own_data::sql::{OWN_BOUNCES, OWN_DELIVERIES, OWN_LINKS, OWN_MOVES};
use crate::delivery::row::{DeliveryId, Kind, State};
use crate::fetch_all;
use crate::mail::Address;
use crate::subscribers::{self, AddressHash, OwnReader, SubscriberId, moment, moment_or_none};

pub use erase::{Erased, erase, erase_by_link, erase_late};
pub use link::{
    EXPORT_OPEN_FOR, LinkAsked, LinkPurpose, OpenLink, ReaderLink, ReaderLinkId, ask_link, hold_link,
    look_at_link, use_link,
};
pub use mail::OWN_DATA_PATH;
pub use silence::{ANSWER_WITHIN, Fate, SilentReader, ask_or_erase, silent_readers};

/// All that is kept of an address (RGPD art. 15 and 20). Moments are written as RFC 3339 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct OwnData {
    /// The address it was asked for.
    pub asked_for: String,
    /// When this was put together.
    #[serde(serialize_with = "moment")]
    pub made_at: Timestamp,
    /// The reader.
    #[serde(flatten)]
    pub reader: OwnReader,
    /// Changes of the address.
    pub moves: Vec<OwnMove>,
    /// Links to own data that were mailed.
    pub links: Vec<OwnLink>,
    /// Every message, the oldest first; after a time they are removed.
    pub messages: Vec<OwnMessage>,
}

/// A change of the address.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnMove {
    /// What it was.
    pub old_address: String,
    /// What it was to be.
    pub new_address: String,
    /// When it was asked for.
    #[serde(serialize_with = "moment")]
    pub created_at: Timestamp,
    /// When it was confirmed.
    #[serde(serialize_with = "moment_or_none")]
    pub done_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(serialize_with = "moment_or_none")]
    pub undone_at: Option<Timestamp>,
}

/// A link that was mailed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnLink {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// When it was mailed.
    #[serde(serialize_with = "moment")]
    pub created_at: Timestamp,
    /// Until when it holds, or held.
    #[serde(serialize_with = "moment")]
    pub expires_at: Timestamp,
    /// When it was used.
    #[serde(serialize_with = "moment_or_none")]
    pub used_at: Option<Timestamp>,
}

/// A message to the reader.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnMessage {
    #[serde(skip)]
    id: DeliveryId,
    /// What it was for.
    pub kind: Kind,
    /// The slug of the letter whose edition it was.
    pub newsletter: Option<String>,
    /// Its name.
    pub title: Option<String>,
    /// Its zone.
    #[serde(skip)]
    pub timezone: Option<String>,
    /// The hour the edition was for.
    #[serde(serialize_with = "moment_or_none")]
    pub slot_at: Option<Timestamp>,
    /// Its subject.
    pub subject: String,
    /// Where it went.
    pub address: String,
    /// The name in it.
    pub name: Option<String>,
    /// How far it has come.
    pub state: State,
    /// Why it waits, failed or was cancelled.
    pub reason: Option<String>,
    /// When it was written.
    #[serde(serialize_with = "moment")]
    pub created_at: Timestamp,
    /// When it was settled.
    #[serde(serialize_with = "moment_or_none")]
    pub finished_at: Option<Timestamp>,
    /// Which server took it.
    pub relay: Option<String>,
    /// With which code.
    pub reply_code: Option<i64>,
    /// And which words.
    pub reply_text: Option<String>,
    /// What came back of it.
    #[sqlx(skip)]
    pub returned: Vec<OwnBounce>,
}

/// What came back of a message.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OwnBounce {
    #[serde(skip)]
    delivery_id: DeliveryId,
    /// `bounce` or `complaint`.
    pub kind: String,
    /// What it meant.
    pub class: String,
    /// RFC 3463, such as 5.1.1.
    pub status: Option<String>,
    /// The host's own words.
    pub reply: Option<String>,
    /// The host that said so.
    pub reporter: Option<String>,
    /// When.
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
}

impl OwnData {
    /// Whether nothing at all is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reader.subscriber.is_none() && self.reader.suppressions.is_empty() && self.messages.is_empty()
    }
}

/// Everything that is kept of an address, as it stands at one moment.
///
/// # Errors
/// When the store fails.
pub async fn own_data(db: &Db, keys: &Keys, address: &Address, now: Timestamp) -> anyhow::Result<OwnData> {
    let hash = AddressHash::of(keys, address);
    let mut tx = db.begin_read().await?;
    let reader = subscribers::own_reader(&mut tx, hash).await?;
    let id = reader.subscriber.unwrap_or(SubscriberId(0));
    let mut messages: Vec<OwnMessage> = fetch_all!(&mut tx, OWN_DELIVERIES, id, hash.as_bytes())?;
    let bounces: Vec<OwnBounce> = fetch_all!(&mut tx, OWN_BOUNCES, id, hash.as_bytes())?;
    for message in &mut messages {
        let own = bounces.iter().filter(|bounce| bounce.delivery_id == message.id);
        message.returned = own.cloned().collect();
    }
    let moves = fetch_all!(&mut tx, OWN_MOVES, id)?;
    let links = fetch_all!(&mut tx, OWN_LINKS, id)?;
    Ok(OwnData { asked_for: address.to_string(), made_at: now, reader, moves, links, messages })
}

/// The statements of this module, for the test that prepares every one.
pub(super) fn statements() -> Vec<Sql> {
    sql::ALL.to_vec()
}
