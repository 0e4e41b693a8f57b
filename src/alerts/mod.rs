//! What is wrong, or was: raised once, seen again, ended, and told to a person (P8).
//!
//! Whoever notices something calls [`raise`] and, when it is over, [`end`]. Nothing else is needed: telling
//! (`delivery/telling/bulletin.rs`), grouping and the words are done elsewhere, from the rows.
//!
//! ```ignore
//! alerts::raise(&db, Kind::GroupStopped, "orange.fr", "550 5.7.1 … blocked", clock.now()).await?;
//! alerts::end(&db, Kind::GroupStopped, "orange.fr", clock.now()).await?;
//! ```
//!
//! - Call both when a state changes, or at every look at it (a look a second is cheap: a read by index, and a write only
//!   when something is new). Do not call them for every message.
//! - The subject is what two alarms of one kind are told apart by: the relay, the group, the edition's number. The words of
//!   [`Kind`] say which; the same text must be given to `end`.
//! - The detail is for who repairs it: an error, a reply. No reader's address.
//! - What has no end ([`Kind::is_event`]), such as a slot that was missed, is raised and told once.
//! - What cannot be kept because the store is away is the daemon's to tell: it looks by itself.

mod due;
mod sql;
mod store;
pub mod words;

pub use due::{BETWEEN, Due, due};
pub use store::{Alert, AlertId, all_open, end, end_all_but, living, mark, open, raise, take_turn};

use crate::db::Sql;
use crate::text_enum;

text_enum! {
    /// What can be wrong. Each says what its subject is.
    Kind {
        /// A relay cannot be reached or wants to be left alone. Subject: the relay as it is shown.
        RelayTrouble = "relay_trouble",
        /// A group of recipient domains refuses us. Subject: the group.
        GroupStopped = "group_stopped",
        /// An edition was paused by the breaker, or because its message is refused. Subject: the edition's number.
        EditionPaused = "edition_paused",
        /// An edition's rows are not as many as its readers. Subject: the edition's number.
        BalanceOff = "balance_off",
        /// Deliveries are held and wait for an operator. Subject: the edition's number.
        DeliveriesHeld = "deliveries_held",
        /// Deliveries of an edition were not taken in time. An event. Subject: the edition's number.
        DeliveriesExpired = "deliveries_expired",
        /// A slot was missed. An event. Subject: the newsletter's slug, a space, the slot's key.
        SlotMissed = "slot_missed",
        /// Nobody approved an edition in time. An event. Subject: as for a slot that was missed.
        SlotUnapproved = "slot_unapproved",
        /// Editions are not made or released: a template, the configuration, the store. Subject: empty.
        ScheduleStuck = "schedule_stuck",
        /// A source of articles cannot be read. Subject: its address or folder.
        SourceFailing = "source_failing",
        /// The mailbox of returned mail cannot be read. Subject: the mailbox as it is shown.
        MailboxUnreadable = "mailbox_unreadable",
        /// Messages cannot be signed. Subject: the domain.
        SigningFailing = "signing_failing",
        /// Nothing is sent until an operator says so, such as after a restore. Subject: empty.
        SendingHeld = "sending_held",
        /// The store cannot be written: a full disk, for one. Subject: empty.
        StoreUnwritable = "store_unwritable",
        /// The form is asked more often than the operator allows, and sends readers away. Subject: empty.
        FormFlooded = "form_flooded",
        /// A machine's clock is off. Subject: the machine's host name, or empty.
        ClockOff = "clock_off",
        /// A node has another configuration than a younger one, and does not schedule. Subject: empty.
        NodeOutdated = "node_outdated",
        /// A changed configuration was refused; the one before stays in force. Subject: the file.
        ConfigurationRefused = "configuration_refused",
    }
}

impl Kind {
    /// Whether it has no end of its own: told once, it is over.
    #[must_use]
    pub const fn is_event(self) -> bool {
        matches!(self, Self::DeliveriesExpired | Self::SlotMissed | Self::SlotUnapproved)
    }
}

/// The statements of this module, for the test that prepares every one.
pub fn statements() -> Vec<Sql> {
    sql::ALL.to_vec()
}
