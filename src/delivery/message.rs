//! The bytes of one delivery: a pure function of its variant and its row.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::Semaphore;

use crate::db::{Db, Key, Keys, Purpose};
use crate::delivery::mail_token::MailToken;
use crate::delivery::return_path;
use crate::delivery::row::{Claimed, Kind};
use crate::delivery::signing::{Signing, Unsigned, Wanted};
use crate::delivery::smtp::Envelope;
use crate::delivery::sql::VARIANT_MESSAGE;
use crate::fetch_one;
use crate::mail::{Address, Encoded, Mailbox, Personal};
use crate::newsletters::variant::VariantId;
use crate::recent::Recent;
use crate::subscribers::{ConfirmToken, FirstName, PreferencesToken, UnsubscribeToken};

/// A variant as it is kept in memory.
#[derive(Debug)]
pub(super) struct Variant {
    envelope_from: Address,
    message: Encoded,
    /// Who signs goes by it.
    from_domain: Option<String>,
    /// Of which newsletter; none for other mail.
    pub(super) newsletter: Option<String>,
}

impl Variant {
    pub(super) fn of(envelope_from: Address, message: Encoded, newsletter: Option<String>) -> Self {
        let from_domain = message.from_domain();
        Self { envelope_from, message, from_domain, newsletter }
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.message.len()
    }
}

/// A message ready to be sent.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) variant: Arc<Variant>,
}

/// Why there is no message.
#[derive(Debug)]
pub(super) enum Unready {
    /// The store is away: the row waits.
    Store(anyhow::Error),
    /// The row can never become a message.
    Poisoned(String),
    /// It cannot be signed: the row waits.
    Unsigned(String),
    /// Its bytes would differ from those the relay may have, for this reason.
    Differs(&'static str),
}

/// Bytes of variants kept at a time. An edition of a few dozen variants of 35 kB fits many times; of one with thousands some
/// are read again, which takes less than sending one message.
const KEPT: usize = 16 << 20;

/// Builds messages; keeps the variants in use.
#[derive(Debug)]
pub(super) struct Messages {
    db: Db,
    keys: Arc<Keys>,
    signing: Signing,
    variants: Mutex<Recent<VariantId, Arc<Variant>>>,
    /// Who signs at a time: one a core. More would only take the cores from those who send and write.
    signers: Semaphore,
    unsigned: Unsigned,
}

impl Messages {
    pub(super) fn new(db: Db, keys: Arc<Keys>, signing: Signing) -> Self {
        let signers = Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get));
        let variants = Mutex::new(Recent::new(KEPT));
        Self { db, keys, signing, variants, signers, unsigned: Unsigned::default() }
    }

    /// The message of a row. What is wrong with one row, a panic too, stays with that row.
    pub(super) async fn build(&self, row: &Claimed) -> Result<Message, Unready> {
        let variant = match self.variant(row.variant_id).await {
            Ok(variant) => variant,
            Err(error) if error.downcast_ref::<sqlx::Error>().is_some() => return Err(Unready::Store(error)),
            Err(error) => return Err(Unready::Poisoned(format!("{error:#}"))),
        };
        let wanted = self.signing.wanted(row.dkim.as_deref(), variant.from_domain.as_deref());
        let assembled = catch_unwind(AssertUnwindSafe(|| self.assemble(row, variant)))
            .unwrap_or_else(|_| Err(anyhow::anyhow!("assembling it panicked")));
        let message = assembled.map_err(|error| Unready::Poisoned(format!("{error:#}")))?;
        let message = match wanted.is_nothing() {
            true => message.hashed(),
            false => self.signed(message, wanted).await?,
        };
        match &row.message_hash {
            Some(before) if *before != message.hash => Err(Unready::Differs(self.why(row))),
            _ => Ok(message),
        }
    }

    /// The message with its signatures. Whether that went well is remembered by domain, so that a person can be told.
    async fn signed(&self, message: Message, wanted: Wanted) -> Result<Message, Unready> {
        let variant = Arc::clone(&message.variant);
        // The semaphore is never closed.
        let _place = self.signers.acquire().await;
        let signed = sign(message, wanted).await.map_err(|error| format!("{error:#}"));
        self.unsigned.note(variant.from_domain.as_deref().unwrap_or_default(), signed.as_ref().err());
        signed.map_err(Unready::Unsigned)
    }

    /// The domains whose messages cannot be signed, each with what was wrong the last time.
    pub(super) fn unsigned(&self) -> Vec<(String, String)> {
        self.unsigned.list()
    }

    fn assemble(&self, row: &Claimed, variant: Arc<Variant>) -> anyhow::Result<Message> {
        let address = Address::parse(&row.address).context("the address")?;
        let to = Mailbox::new(row.name.as_deref(), address.clone())
            .or_else(|_| Mailbox::new(None, address.clone()))
            .context("the name")?;
        let key = row.token_key_id.context("the row has no token key")?;
        let key = self.keys.by_id(Purpose::Token, key).context("the row's token key is unknown")?;
        let preferences = row.subscriber_id.map(|subscriber| PreferencesToken::write(key, subscriber));
        let personal = Personal::new(to, row.message_id.clone(), row.created_at.to_utc(), token(row, key)?)?
            .with(preferences.unwrap_or_else(no_token), MailToken::write(key, row.id))?
            .greeting(first_name(row));
        let bytes = variant.message.splice(&personal);
        let from = return_path::write(&self.keys, &variant.envelope_from, row.id);
        Ok(Message { envelope: Envelope { from, to: address }, bytes, hash: Vec::new(), variant })
    }

    fn why(&self, row: &Claimed) -> &'static str {
        match self.signing.missing(row.dkim.as_deref()) {
            Some(selector) => {
                tracing::error!(delivery = %row.id, selector, "the key that signed it is no longer among [[dkim]]");
                "its bytes would differ from those sent before: a key that signed it is no longer among [[dkim]] (retired = true keeps one)"
            }
            None => "its bytes would differ from those sent before",
        }
    }

    async fn variant(&self, id: VariantId) -> anyhow::Result<Arc<Variant>> {
        if let Some(variant) = self.kept().get(&id) {
            return Ok(variant);
        }
        let (envelope_from, message, newsletter): (String, Vec<u8>, Option<String>) =
            fetch_one!(&self.db, VARIANT_MESSAGE, id)?;
        let envelope_from = Address::parse(&envelope_from).context("the variant's return path")?;
        let message = Encoded::from_bytes(&message).context("the variant's message")?;
        let variant = Arc::new(Variant::of(envelope_from, message, newsletter));
        self.kept().put(id, Arc::clone(&variant), variant.bytes());
        Ok(variant)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Recent<VariantId, Arc<Variant>>> {
        self.variants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By what the reader is greeted: his first name, where what is kept is one. Imported names may be anything.
fn first_name(row: &Claimed) -> Option<String> {
    let name = FirstName::parse(row.name.as_deref()?).ok().flatten()?;
    Some(name.to_string())
}

/// The token of the row's link; what has no link of its own carries a word that opens none.
fn token(row: &Claimed, key: &Key) -> anyhow::Result<String> {
    Ok(match (row.kind, row.subscription_id, row.confirmation_id, row.confirmation_at) {
        (Kind::Confirmation, _, Some(confirmation), Some(at)) => {
            ConfirmToken::derive(key, confirmation, at).write()
        }
        (Kind::Confirmation, _, Some(_), None) => anyhow::bail!("the confirmation is gone"),
        (_, Some(subscription), ..) => UnsubscribeToken::write(key, subscription),
        _ => no_token(),
    })
}

fn no_token() -> String {
    "essai".to_owned()
}

impl Message {
    fn hashed(mut self) -> Self {
        self.hash = digest(&SHA256, &self.bytes).as_ref().to_vec();
        self
    }
}

/// The message with its signatures and its hash. Signing takes longer than all the rest: it is done on a thread where no
/// conversation waits for it.
async fn sign(mut message: Message, wanted: Wanted) -> anyhow::Result<Message> {
    let signing = tokio::task::spawn_blocking(move || {
        message.bytes = wanted.sign(&message.bytes)?;
        Ok(message.hashed())
    });
    signing.await.context("signing it panicked")?
}
