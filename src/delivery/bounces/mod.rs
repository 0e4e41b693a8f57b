//! What comes back: refusals, complaints and « désabonnement » by mail.
//!
//! A [`Mailbox`] hands over each message once. [`read`] says what it says, looking at nothing but its bytes; only what a
//! token of ours vouches for is believed, and [`record()`] writes it down once. Which refusals are enough to suppress an
//! address `rule` says, whether a report brought them or the relay.

mod arf;
mod dsn;
mod imap;
mod lookout;
mod mail;
mod mailbox;
mod maildir;
mod record;
mod report;
mod rule;
mod sql;
mod status;
mod take;
mod text;
mod words;

pub use lookout::{ImapAccount, Lookout};
pub use mail::BYTES;
pub use mailbox::{Mailbox, MailboxState, Polled, mailbox_states};
pub use record::{Bounce, Class, Effect, Recorded, WORDS, of_delivery, record};
pub use report::{Clues, NoEffect, Report, Said, read};
pub(super) use rule::refused;
pub use rule::{SOFT_EDITIONS, SOFT_FOR};
pub use take::{Office, REPORT_WITHIN};

/// The statements of this module, for the test that prepares every one.
pub(super) fn statements() -> Vec<crate::db::Sql> {
    sql::ALL.to_vec()
}
