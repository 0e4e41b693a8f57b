//! Links that are mailed to a reader so that only the mailbox's owner does what they do: see what is kept, have it erased, go
//! on after years of silence. Whoever was forwarded a letter can ask for such a mail, but not read it.

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::db::{Db, Keys, Tx};
use crate::delivery::mail_token::MailToken;
use crate::delivery::own_data::mail;
use crate::delivery::own_data::sql::{
    ADD_READER_LINK, FIND_READER_LINK, HOLD_READER, LINKS_OF_LATE, MAIL_OF_READER_LINK, READER_OF,
    USE_READER_LINK, VOID_READER_LINKS,
};
use crate::mail::Address;
use crate::newsletters::desk::Desk;
use crate::subscribers::{AddressHash, Receipt, Reference, SubscriberId};
use crate::{execute, fetch_one, fetch_optional, id_type, text_enum};

id_type! {
    /// A mailed link's row.
    ReaderLinkId
}

text_enum! {
    /// What a mailed link is for.
    LinkPurpose {
        /// To see and take away what is kept.
        Export = "export",
        /// To have it erased.
        Erase = "erase",
        /// To go on, after years without a sign of life.
        Keep = "keep",
    }
}

impl LinkPurpose {
    /// How long its link holds (ms). Who is asked whether he goes on is erased a month later at the earliest.
    #[must_use]
    pub const fn holds(self) -> i64 {
        match self {
            Self::Export | Self::Erase => DAY,
            Self::Keep => 60 * DAY,
        }
    }
}

/// After its first use a link that shows what is kept works for so long (ms): the page, then the file.
pub const EXPORT_OPEN_FOR: i64 = HOUR;

/// At most one mail for each purpose in this time (ms), and so many a day.
const EVERY: i64 = 10 * MINUTE;
const A_DAY: i64 = 3;

/// What came of asking for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAsked {
    /// Its mail is in the queue, to this address.
    Mailed(Address),
    /// One was mailed just now, or three today: to this address.
    TooSoon(Address),
    /// There is no such reader any more.
    NoReader,
}

/// Makes a link for a reader and puts its mail in the queue; earlier links for the same purpose that were not used are void.
/// The transaction must be durable; wake the pump after the commit.
///
/// # Errors
/// When no newsletter is declared, the mail cannot be made, or the store fails.
pub async fn ask_link(
    tx: &mut Tx,
    desk: &Desk,
    keys: &Keys,
    subscriber: SubscriberId,
    purpose: LinkPurpose,
    now: Timestamp,
) -> anyhow::Result<LinkAsked> {
    // Two askings at once wait for each other.
    execute!(tx, HOLD_READER, subscriber)?;
    let reader: Option<(String, Vec<u8>)> = fetch_optional!(tx, READER_OF, subscriber)?;
    let Some((address, hash)) = reader else { return Ok(LinkAsked::NoReader) };
    let address = Address::parse(&address)?;
    let (latest, links): (Timestamp, i64) =
        fetch_one!(tx, LINKS_OF_LATE, subscriber, purpose, now.plus(-DAY))?;
    if links >= A_DAY || (links > 0 && now < latest.plus(EVERY)) {
        return Ok(LinkAsked::TooSoon(address));
    }
    execute!(tx, VOID_READER_LINKS, subscriber, purpose, now)?;
    let expires_at = now.plus(purpose.holds());
    let (id,): (ReaderLinkId,) = fetch_one!(tx, ADD_READER_LINK, subscriber, purpose, now, expires_at)?;
    let due = mail::LinkMail { id, purpose, subscriber, address: &address, address_hash: &hash, now };
    let dedup_key = mail::enqueue(tx, desk, keys, &due).await?;
    execute!(tx, MAIL_OF_READER_LINK, id, dedup_key)?;
    Ok(LinkAsked::Mailed(address))
}

/// How a mailed link stands.
#[derive(Debug)]
pub enum ReaderLink {
    /// It works.
    Open(OpenLink),
    /// It was used to erase: the acknowledgement.
    Erased(Receipt),
    /// It was used, or its time is over.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

/// A link that works.
#[derive(Debug, Clone)]
pub struct OpenLink {
    /// Its row.
    pub id: ReaderLinkId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose.
    pub subscriber: SubscriberId,
    /// The reader's address.
    pub address: Address,
    /// Its hash.
    pub address_hash: AddressHash,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ReaderLinkId,
    purpose: LinkPurpose,
    subscriber_id: Option<SubscriberId>,
    address: Option<String>,
    address_hash: Option<Vec<u8>>,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    reference: Option<Reference>,
}

/// How the link stands. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn look_at_link(db: &Db, keys: &Keys, token: &str, now: Timestamp) -> anyhow::Result<ReaderLink> {
    let mut tx = db.begin_read().await?;
    find(&mut tx, keys, token, now).await
}

/// The same, with the reader's row held for the rest of the transaction.
///
/// # Errors
/// When the store fails.
pub async fn hold_link(tx: &mut Tx, keys: &Keys, token: &str, now: Timestamp) -> anyhow::Result<ReaderLink> {
    match find(tx, keys, token, now).await? {
        ReaderLink::Open(open) => {
            execute!(tx, HOLD_READER, open.subscriber)?;
            find(tx, keys, token, now).await
        }
        other => Ok(other),
    }
}

async fn find(tx: &mut Tx, keys: &Keys, token: &str, now: Timestamp) -> anyhow::Result<ReaderLink> {
    let Some(MailToken { delivery }) = MailToken::read(keys, token) else { return Ok(ReaderLink::Unknown) };
    let row: Option<Row> = fetch_optional!(tx, FIND_READER_LINK, delivery)?;
    let Some(row) = row else { return Ok(ReaderLink::Unknown) };
    if let (Some(at), Some(reference)) = (row.used_at, row.reference) {
        return Ok(ReaderLink::Erased(Receipt { reference, at }));
    }
    let works = match (row.purpose, row.used_at) {
        (LinkPurpose::Export, Some(at)) => now < at.plus(EXPORT_OPEN_FOR),
        (_, Some(_)) => false,
        (_, None) => now < row.expires_at,
    };
    match (row.subscriber_id, row.address, row.address_hash) {
        (Some(subscriber), Some(address), Some(hash)) if works => Ok(ReaderLink::Open(OpenLink {
            id: row.id,
            purpose: row.purpose,
            subscriber,
            address: Address::parse(&address)?,
            address_hash: AddressHash::try_from(hash).map_err(anyhow::Error::msg)?,
        })),
        _ => Ok(ReaderLink::Gone),
    }
}

/// Notes that a link was used; `receipt` is what its page shows from now on.
///
/// # Errors
/// When the store fails.
pub async fn use_link(
    tx: &mut Tx,
    id: ReaderLinkId,
    receipt: Option<&Receipt>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let reference = receipt.map(|receipt| receipt.reference.clone());
    execute!(tx, USE_READER_LINK, id, now, reference).map(|_| ())
}
