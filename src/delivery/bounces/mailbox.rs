//! A mailbox that is read: whose turn it is, which messages are new, and what was done with them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::config::{self, MailboxUrl, Secret, Security};
use crate::db::Db;
use crate::delivery::bounces::imap::{Account, Conversation};
use crate::delivery::bounces::maildir::{self, Entry};
use crate::delivery::bounces::sql::{
    ADD_MAILBOX, CLAIM_MAILBOX, FLAG_MESSAGE, FORGET_MESSAGE, FORGET_REPORTS, MAILBOX_FAILED, MAILBOX_READ,
    MAILBOX_STATES, MESSAGES_OF, MOVE_MAILBOX, NEXT_OF_MAILBOX, UNFLAGGED_MESSAGES,
};
use crate::delivery::bounces::take::{Office, Place, Taken, take};
use crate::delivery::relay::maildir::Maildir;
use crate::delivery::smtp::TlsClient;
use crate::mail::one_line;
use crate::{execute, fetch_all, fetch_optional};

/// A reading may take this long (ms); then another node may begin one.
const CLAIM: i64 = 15 * MINUTE;

/// Messages read at a time; the rest follows at once.
const BATCH: usize = 200;

/// How long it is remembered which reports were read (ms).
const REMEMBER: i64 = 400 * DAY;

/// A mailbox of the configuration.
#[derive(Debug, Clone)]
pub struct Mailbox {
    name: String,
    kind: Kind,
    every: i64,
}

#[derive(Debug, Clone)]
enum Kind {
    Maildir(PathBuf),
    Imap {
        security: Security,
        host: String,
        port: u16,
        user: String,
        folder: String,
        password: Option<Secret>,
    },
}

/// What a look at a mailbox came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// It is read again at this moment.
    NotDue(Timestamp),
    /// It was read.
    Read {
        /// Reports about our mail.
        ours: u64,
        /// Other mail.
        left_alone: u64,
        /// There is more to read at once.
        more: bool,
    },
    /// It could not be read, in words for an operator.
    Failed(String),
}

/// How a mailbox is, for `kiosque status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct MailboxState {
    /// As configured, without a password.
    pub mailbox: String,
    /// When it is read again.
    pub next_at: Timestamp,
    /// When it was tried last.
    pub checked_at: Option<Timestamp>,
    /// When it was read last.
    pub succeeded_at: Option<Timestamp>,
    /// Failures since then.
    pub failures: i64,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// Reports about our mail so far.
    pub reports: i64,
    /// Other mail so far.
    pub left_alone: i64,
}

/// How every mailbox is that was ever read.
///
/// # Errors
/// When the store fails.
pub async fn mailbox_states(db: &Db) -> sqlx::Result<Vec<MailboxState>> {
    fetch_all!(db, MAILBOX_STATES)
}

#[derive(Default)]
struct Tally {
    ours: u64,
    left_alone: u64,
    more: bool,
}

impl Tally {
    fn count(&mut self, taken: Taken) {
        match taken {
            Taken::Ours => self.ours += 1,
            Taken::LeftAlone => self.left_alone += 1,
        }
    }
}

impl Mailbox {
    /// The mailbox of a `[[bounces]]`.
    #[must_use]
    pub fn of(bounces: &config::Bounces) -> Self {
        let kind = match &bounces.mailbox {
            MailboxUrl::Maildir(folder) => Kind::Maildir(folder.clone()),
            MailboxUrl::Imap { security, host, port, user, folder } => Kind::Imap {
                security: *security,
                host: host.clone(),
                port: *port,
                user: user.clone(),
                folder: folder.clone(),
                password: bounces.password.clone(),
            },
        };
        Self { name: bounces.mailbox.to_string(), kind, every: bounces.every.ms() }
    }

    /// As it is shown, and known in the store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often it is read (ms).
    #[must_use]
    pub const fn every(&self) -> i64 {
        self.every
    }

    /// Reads what is new, if the time has come and no other node is at it. Of nodes that call this at once, one reads.
    ///
    /// # Errors
    /// When the store fails. A mailbox that cannot be read is [`Polled::Failed`], kept for `kiosque status`.
    pub async fn poll(&self, office: &Office, tls: &TlsClient) -> anyhow::Result<Polled> {
        let (db, now) = (&office.db, office.clock.now());
        execute!(db, ADD_MAILBOX, self.name.as_str(), now)?;
        let claimed: Option<(Option<i64>, Option<i64>)> =
            fetch_optional!(db, CLAIM_MAILBOX, self.name.as_str(), now.plus(CLAIM), now)?;
        let Some((validity, uid)) = claimed else {
            let next: Option<(Timestamp,)> = fetch_optional!(db, NEXT_OF_MAILBOX, self.name.as_str())?;
            return Ok(Polled::NotDue(next.map_or(now, |(at,)| at)));
        };
        let read = match &self.kind {
            Kind::Maildir(folder) => self.read_maildir(office, folder).await,
            Kind::Imap { .. } => {
                let known = validity.zip(uid).and_then(|(validity, uid)| {
                    Some((u32::try_from(validity).ok()?, u32::try_from(uid).ok()?))
                });
                self.read_imap(office, tls, known).await
            }
        };
        let now = office.clock.now();
        match read {
            Ok(Tally { ours, left_alone, more }) => {
                let next = if more { now } else { now.plus(self.every) };
                execute!(db, MAILBOX_READ, self.name.as_str(), next, now)?;
                execute!(db, FORGET_REPORTS, self.name.as_str(), now.plus(-REMEMBER))?;
                Ok(Polled::Read { ours, left_alone, more })
            }
            Err(error) if error.downcast_ref::<sqlx::Error>().is_some() => Err(error),
            Err(error) => {
                let why: String = one_line(&format!("{error:#}")).chars().take(300).collect();
                execute!(db, MAILBOX_FAILED, self.name.as_str(), now.plus(self.every), now, why.as_str())?;
                Ok(Polled::Failed(why))
            }
        }
    }

    async fn read_maildir(&self, office: &Office, folder: &Path) -> anyhow::Result<Tally> {
        let at = folder.to_owned();
        let entries = on_disk(move || Maildir::open(&at).and_then(|_| maildir::list(&at))).await;
        let entries = entries.with_context(|| format!("cannot read the Maildir {}", folder.display()))?;
        let rows: Vec<(String, bool, bool)> = fetch_all!(&office.db, MESSAGES_OF, self.name.as_str())?;
        self.forget_gone(office, &entries, &rows).await?;
        let known: HashSet<&str> = rows.iter().map(|(name, ..)| name.as_str()).collect();
        let mut new: Vec<Entry> =
            entries.into_iter().filter(|entry| !known.contains(entry.name.as_str())).collect();
        let mut tally = Tally { more: new.len() > BATCH, ..Tally::default() };
        new.truncate(BATCH);
        for entry in new {
            let place = Place::File(entry.name.clone());
            let Some(raw) = on_disk(move || maildir::read(&entry)).await.context("cannot read a message")?
            else {
                continue;
            };
            tally.count(take(office, &self.name, &place, &raw).await?);
        }
        let open: Vec<(String,)> = fetch_all!(&office.db, UNFLAGGED_MESSAGES, self.name.as_str())?;
        if !open.is_empty() {
            let names: HashSet<String> = open.iter().map(|(name,)| name.clone()).collect();
            let at = folder.to_owned();
            on_disk(move || maildir::mark_seen(&at, &names)).await.context("cannot mark messages as seen")?;
            for (name,) in open {
                execute!(&office.db, FLAG_MESSAGE, self.name.as_str(), name.as_str())?;
            }
        }
        Ok(tally)
    }

    /// Others' mail that somebody has taken away needs not be remembered.
    async fn forget_gone(
        &self,
        office: &Office,
        entries: &[Entry],
        rows: &[(String, bool, bool)],
    ) -> sqlx::Result<()> {
        let present: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let gone = rows.iter().filter(|(name, ours, _)| !ours && !present.contains(name.as_str()));
        for (name, ..) in gone.take(BATCH) {
            execute!(&office.db, FORGET_MESSAGE, self.name.as_str(), name.as_str())?;
        }
        Ok(())
    }

    async fn read_imap(
        &self,
        office: &Office,
        tls: &TlsClient,
        known: Option<(u32, u32)>,
    ) -> anyhow::Result<Tally> {
        let account = self.account()?;
        let mut conversation = Conversation::begin(&account, tls).await?;
        let validity = conversation.validity();
        // Under another UIDVALIDITY every number means another message: all are read again, and what is known by its
        // Message-ID has no effect again.
        let after = known.filter(|(counted_in, _)| *counted_in == validity).map_or(0, |(_, uid)| uid);
        self.flag_open(office, &mut conversation, validity).await?;
        let mut uids = conversation.after(after).await?;
        let mut tally = Tally { more: uids.len() > BATCH, ..Tally::default() };
        uids.truncate(BATCH);
        for uid in uids {
            let place = Place::Imap { validity, uid };
            match conversation.fetch(uid).await? {
                None => {
                    let (validity, uid) = (i64::from(validity), i64::from(uid));
                    execute!(&office.db, MOVE_MAILBOX, self.name.as_str(), validity, uid)?;
                }
                Some(raw) => tally.count(take(office, &self.name, &place, &raw).await?),
            }
        }
        self.flag_open(office, &mut conversation, validity).await?;
        conversation.end().await;
        Ok(tally)
    }

    async fn flag_open(
        &self,
        office: &Office,
        conversation: &mut Conversation,
        validity: u32,
    ) -> anyhow::Result<()> {
        let open: Vec<(String,)> = fetch_all!(&office.db, UNFLAGGED_MESSAGES, self.name.as_str())?;
        for (name,) in open {
            let uid = name.split_once('/').filter(|(counted_in, _)| *counted_in == validity.to_string());
            if let Some(uid) = uid.and_then(|(_, uid)| uid.parse().ok()) {
                conversation.mark_seen(uid).await?;
            }
            execute!(&office.db, FLAG_MESSAGE, self.name.as_str(), name.as_str())?;
        }
        Ok(())
    }

    fn account(&self) -> anyhow::Result<Account> {
        let Kind::Imap { security, host, port, user, folder, password } = &self.kind else {
            anyhow::bail!("{} is no IMAP account", self.name);
        };
        let password = password.as_ref().context("bounces.password is missing")?.read()?;
        Ok(Account {
            security: *security,
            host: host.clone(),
            port: *port,
            user: user.clone(),
            password,
            folder: folder.clone(),
        })
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
