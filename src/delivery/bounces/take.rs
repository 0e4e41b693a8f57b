//! From what a message says to what it does: whose delivery it is about, whether it counts, and the effect.

use aws_lc_rs::digest::{SHA256, digest};

use crate::clock::{Clock, DAY, Timestamp};
use crate::db::{Db, Keys, Tx};
use crate::delivery::bounces::record::{self, Class, Effect};
use crate::delivery::bounces::report::{Clues, NoEffect, Report, Said, read};
use crate::delivery::bounces::sql::{
    ADD_MESSAGE, COUNT_READ, KNOWN_REPORT, LATEST_OF_SUBSCRIPTION, MOVE_MAILBOX, REPORTED_DELIVERY,
    REPORTED_MESSAGE,
};
use crate::delivery::policy::Policy;
use crate::delivery::return_path;
use crate::delivery::row::DeliveryId;
use crate::subscribers::{self, Left, Scope, SubscriptionId, UnsubscribeToken};
use crate::{execute, fetch_optional};

/// After this long (ms) a report of a delivery has no effect: nobody keeps a mail for a month and then returns it.
pub const REPORT_WITHIN: i64 = 30 * DAY;

/// What reports are judged with.
#[derive(Debug, Clone)]
pub struct Office {
    /// The store.
    pub db: Db,
    /// The secrets that tokens were made with.
    pub keys: std::sync::Arc<Keys>,
    /// The time.
    pub clock: Clock,
    /// What refusals mean.
    pub policy: Policy,
}

/// Where a message lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A Maildir's file, by its name without flags.
    File(String),
    /// An IMAP message.
    Imap { validity: u32, uid: u32 },
}

impl Place {
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(name) => name.clone(),
            Self::Imap { validity, uid } => format!("{validity}/{uid}"),
        }
    }
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was about one of our mails, whatever came of it: it may be flagged as read.
    Ours,
    /// It was not, or nobody can tell: it stays as it is.
    LeftAlone,
}

/// Reads one message and does what it asks for, once. When this returns, the store remembers it.
pub(super) async fn take(office: &Office, mailbox: &str, place: &Place, raw: &[u8]) -> anyhow::Result<Taken> {
    let report = read(raw, &office.policy);
    let now = office.clock.now();
    let subject = subject(office, &report).await?;
    let Some(subject) = subject else {
        remember(office, mailbox, place, None, now).await?;
        return Ok(Taken::LeftAlone);
    };
    let fingerprint = fingerprint(&subject, &report.clues, raw);
    let known: Option<(Timestamp,)> = fetch_optional!(&office.db, KNOWN_REPORT, fingerprint.as_slice())?;
    if known.is_none()
        && let Subject::Subscription(token) = &subject
    {
        // In a transaction of its own: doing it again changes nothing, so a kill between the two does no harm.
        leave(office, token, now).await?;
    }
    let mut tx = office.db.begin_durable().await?;
    match (&report.said, &subject) {
        (Said::Bounce(bounce), Subject::Delivery { id, sent_at }) if known.is_none() => {
            let effect = match sent_at.plus(REPORT_WITHIN) > now {
                true => record::record(&mut tx, *id, bounce, now).await?,
                false => Effect::Repeated,
            };
            tell(*id, bounce.class, effect);
        }
        _ => {}
    }
    note(&mut tx, mailbox, place, Some(&fingerprint), now).await?;
    tx.commit().await?;
    Ok(Taken::Ours)
}

/// What a report is about, its token verified.
enum Subject {
    Delivery { id: DeliveryId, sent_at: Timestamp },
    Subscription(String),
}

/// None where no token of ours vouches for the report, or where it is none.
async fn subject(office: &Office, report: &Report) -> anyhow::Result<Option<Subject>> {
    let clues = &report.clues;
    Ok(match &report.said {
        Said::Unsubscribe(token) => {
            UnsubscribeToken::read(&office.keys, token).map(|_| Subject::Subscription(token.clone()))
        }
        Said::Bounce(bounce) if bounce.class == Class::Complaint => {
            match by_return_path(office, clues).await? {
                Some(delivery) => Some(delivery),
                None => by_returned_message(office, clues).await?,
            }
        }
        Said::Bounce(_) | Said::Nothing(NoEffect::Delayed | NoEffect::Arrived | NoEffect::NotUnderstood) => {
            by_return_path(office, clues).await?
        }
        Said::Nothing(NoEffect::AutomaticAnswer | NoEffect::OtherFeedback | NoEffect::Unknown) => None,
    })
}

type Found = Option<(DeliveryId, Timestamp)>;

async fn by_return_path(office: &Office, clues: &Clues) -> anyhow::Result<Option<Subject>> {
    for id in clues.tags.iter().filter_map(|tag| return_path::read(&office.keys, tag)) {
        let found: Found = fetch_optional!(&office.db, REPORTED_DELIVERY, id)?;
        if let Some((id, sent_at)) = found {
            return Ok(Some(Subject::Delivery { id, sent_at }));
        }
    }
    Ok(None)
}

/// What a complaint returns names its delivery by its Message-ID, which holds 64 bits of a keyed hash, or the
/// subscription by the signed token of its List-Unsubscribe.
async fn by_returned_message(office: &Office, clues: &Clues) -> anyhow::Result<Option<Subject>> {
    for message_id in &clues.message_ids {
        let Some(from) = hash_of(message_id) else { continue };
        let to = [from.as_slice(), &[0xFF; 24]].concat();
        let found: Found = fetch_optional!(
            &office.db,
            REPORTED_MESSAGE,
            from.as_slice(),
            to.as_slice(),
            message_id.as_str()
        )?;
        if let Some((id, sent_at)) = found {
            return Ok(Some(Subject::Delivery { id, sent_at }));
        }
    }
    let tokens = clues.unsubscribe_tokens.iter();
    for token in tokens.filter_map(|token| UnsubscribeToken::read(&office.keys, token)) {
        let subscription: SubscriptionId = token.subscription;
        let found: Found = fetch_optional!(&office.db, LATEST_OF_SUBSCRIPTION, subscription)?;
        if let Some((id, sent_at)) = found {
            return Ok(Some(Subject::Delivery { id, sent_at }));
        }
    }
    Ok(None)
}

/// The 8 bytes of hash in `ed-12.0011223344556677@lettres.exemple.tg`.
fn hash_of(message_id: &str) -> Option<Vec<u8>> {
    let hex = message_id.strip_prefix("ed-")?.split_once('@')?.0.split_once('.')?.1;
    if hex.len() != 16 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..8).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect()
}

/// The same for the same report of the same thing, in whatever mailbox and under whatever number it lies.
fn fingerprint(subject: &Subject, clues: &Clues, raw: &[u8]) -> Vec<u8> {
    let about = match subject {
        Subject::Delivery { id, .. } => format!("delivery {id}"),
        Subject::Subscription(token) => format!("subscription {token}"),
    };
    let own = clues.own_id.as_ref().map_or(raw, |id| id.as_bytes());
    digest(&SHA256, &[about.as_bytes(), b"\0", own].concat()).as_ref().to_vec()
}

async fn leave(office: &Office, token: &str, now: Timestamp) -> anyhow::Result<()> {
    let left = subscribers::leave(&office.db, &office.keys, token, Scope::This, "mailto", now).await?;
    if let Left::Done(..) = left {
        metrics::counter!("kiosque_reports_total", "kind" => "unsubscribe").increment(1);
        tracing::info!("a reader has unsubscribed by mail");
    }
    Ok(())
}

fn tell(delivery: DeliveryId, class: Class, effect: Effect) {
    let suppressed = effect == Effect::Suppressed;
    if matches!(effect, Effect::Suppressed | Effect::Recorded) {
        metrics::counter!("kiosque_reports_total", "kind" => class.as_str()).increment(1);
        tracing::info!(%delivery, class = class.as_str(), suppressed, "a message came back");
    }
}

async fn remember(
    office: &Office,
    mailbox: &str,
    place: &Place,
    fingerprint: Option<&[u8]>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = office.db.begin().await?;
    note(&mut tx, mailbox, place, fingerprint, now).await?;
    Ok(tx.commit().await?)
}

/// Writes down that a message was read. Of IMAP the number of the last says it for others' mail.
async fn note(
    tx: &mut Tx,
    mailbox: &str,
    place: &Place,
    fingerprint: Option<&[u8]>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let ours = fingerprint.is_some();
    if ours || matches!(place, Place::File(_)) {
        execute!(tx, ADD_MESSAGE, mailbox, place.name(), fingerprint, !ours, now)?;
    }
    if let Place::Imap { validity, uid } = place {
        execute!(tx, MOVE_MAILBOX, mailbox, i64::from(*validity), i64::from(*uid))?;
    }
    execute!(tx, COUNT_READ, mailbox, i64::from(ours), i64::from(!ours)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_in_a_message_id_is_read_and_nothing_else() {
        assert_eq!(
            hash_of("ed-12.00112233445566ff@a.tg"),
            Some(vec![0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0xFF])
        );
        for other in ["co-12.5@a.tg", "ed-12.0011@a.tg", "ed-12.00112233445566ff", "ed-1.é0112233445566f@a"]
        {
            assert_eq!(hash_of(other), None, "{other}");
        }
    }
}
