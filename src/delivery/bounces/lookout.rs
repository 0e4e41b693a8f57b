//! A mailbox looked at for a message that is to arrive: nothing in it is marked, moved or kept.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::{MailboxUrl, Secret};
use crate::delivery::bounces::imap::{Account, Conversation};
use crate::delivery::bounces::maildir::{self, Entry};
use crate::delivery::smtp::TlsClient;

/// What is in a Maildir. One that no mail has come to may still lack its folders.
fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    match maildir::list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => Ok(Vec::new()),
        listed => listed,
    }
}

/// Looks for what arrives after it began.
#[derive(Debug)]
pub enum Lookout {
    /// In a folder; the names of what was there.
    Maildir(PathBuf, HashSet<String>),
    /// On a server; the number of the last message.
    Imap {
        /// With what to log in.
        account: ImapAccount,
        /// Whom we trust.
        tls: TlsClient,
        /// The number of the last message seen.
        last: u32,
    },
}

/// An account to log in to; `Debug` does not show the password.
pub struct ImapAccount(Account);

impl std::fmt::Debug for ImapAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("ImapAccount").field(&self.0.host).finish()
    }
}

impl Lookout {
    /// Notes what is in the mailbox.
    ///
    /// # Errors
    /// When it cannot be read, or the password is missing.
    pub async fn begin(url: &MailboxUrl, password: Option<&Secret>) -> anyhow::Result<Self> {
        match url {
            MailboxUrl::Maildir(folder) => {
                let entries =
                    list(folder).with_context(|| format!("cannot read the Maildir {}", folder.display()))?;
                let known = entries.into_iter().map(|entry| entry.name).collect();
                Ok(Self::Maildir(folder.clone(), known))
            }
            MailboxUrl::Imap { security, host, port, user, folder } => {
                let account = Account {
                    security: *security,
                    host: host.clone(),
                    port: *port,
                    user: user.clone(),
                    password: password.context("the mailbox's password is missing")?.read()?,
                    folder: folder.clone(),
                };
                let tls = TlsClient::new(Vec::new())?;
                let mut conversation = Conversation::begin(&account, &tls).await?;
                let last = conversation.after(0).await?.into_iter().max().unwrap_or(0);
                conversation.end().await;
                Ok(Self::Imap { account: ImapAccount(account), tls, last })
            }
        }
    }

    /// The messages that have arrived since the last look.
    ///
    /// # Errors
    /// When the mailbox cannot be read.
    pub async fn look(&mut self) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        match self {
            Self::Maildir(folder, known) => {
                for entry in list(folder)? {
                    if known.insert(entry.name.clone()) {
                        found.extend(maildir::read(&entry)?);
                    }
                }
            }
            Self::Imap { account, tls, last } => {
                let mut conversation = Conversation::begin(&account.0, tls).await?;
                for uid in conversation.after(*last).await? {
                    found.extend(conversation.fetch(uid).await?);
                    *last = uid.max(*last);
                }
                conversation.end().await;
            }
        }
        Ok(found)
    }
}
