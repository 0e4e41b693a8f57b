//! What a reply means (reliability.md §1.4): a table of stages, codes, enhanced statuses and words, shipped with the
//! program (`classes.toml`) and extended by the operator's own file, whose entries come first.

mod table;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::Context;

use crate::clock::Timestamp;
use crate::config::Source;
use crate::delivery::smtp::{Cause, Failure, Reply, Stage};
use crate::text_enum;
use table::Entry;

text_enum! {
    /// What a failed attempt means, and so who is to blame.
    Class {
        /// The address does not exist.
        Hard = "hard",
        /// It seems not to exist, but nothing says so: two in three days or more count as one that does.
        ProbableHard = "probable_hard",
        /// This recipient cannot be served for now.
        Soft = "soft",
        /// This recipient's mailbox is full.
        MailboxFull = "mailbox_full",
        /// The recipient's host wants to see the same sender again in some minutes.
        Greylisted = "greylisted",
        /// The recipient's host is away, or wants us slower.
        Throttled = "throttled",
        /// We are refused for what we are or seem to be.
        Sender = "sender",
        /// The message itself is refused: its size, its form.
        Message = "message",
        /// The relay has trouble, or was not reached; the message has not been taken.
        Host = "host",
        /// The relay wants fewer connections.
        Connections = "connections",
        /// The relay wants fewer messages a second.
        Rate = "rate",
        /// What the relay takes in a day is spent.
        Quota = "quota",
        /// No usable answer after the body was begun: the relay may have the message.
        Doubt = "doubt",
    }
}

impl Class {
    /// Whether the recipient himself is the reason: only then does it count against him.
    #[must_use]
    pub const fn blames_recipient(self) -> bool {
        matches!(self, Self::Hard | Self::ProbableHard | Self::Soft | Self::MailboxFull | Self::Greylisted)
    }

    /// Whether the relay, or the way to it, is the reason: another message would fare no better there.
    #[must_use]
    pub const fn blames_relay(self) -> bool {
        matches!(self, Self::Host | Self::Connections | Self::Rate | Self::Quota)
    }
}

/// What a failed attempt means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What.
    pub class: Class,
    /// How long (ms) a throttled or stopped group waits, where that is known.
    pub pause: Option<i64>,
}

impl From<Class> for Judgement {
    fn from(class: Class) -> Self {
        Self { class, pause: None }
    }
}

/// The table. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Classes {
    /// The operator's.
    own: Arc<[Entry]>,
}

/// Read once: so many regular expressions take a while.
static SHIPPED: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let read = table::read(&Source::new("classes.toml", Path::new("."), include_str!("classes.toml")));
    #[expect(clippy::expect_used, reason = "the table stands in the program, and a test reads it")]
    read.expect("the shipped table is right")
});

impl Classes {
    /// The shipped table, with the entries of the operator's file before its own.
    ///
    /// # Errors
    /// When the file cannot be read, or holds mistakes: all that can be told, with file, line and column.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut own = Vec::new();
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the reply classes {name} (delivery.reply_classes)"))?;
            let folder = path.parent().unwrap_or(Path::new("."));
            own = table::read(&Source::new(&name, folder, &text))?;
        }
        Ok(Self { own: own.into() })
    }

    /// The shipped table alone.
    #[must_use]
    pub fn shipped() -> Self {
        Self { own: Arc::new([]) }
    }

    /// What a failed attempt for a recipient of this group means.
    #[must_use]
    pub fn judge(&self, failure: &Failure, group: &str) -> Judgement {
        match (&failure.cause, failure.stage) {
            (Cause::Refused(reply), stage) => self.judge_reply(stage, reply, group),
            (Cause::TooLarge { .. }, _) => Class::Message.into(),
            (_, Stage::Dot) => Class::Doubt.into(),
            _ => Class::Host.into(),
        }
    }

    /// What a refusal means. Reports of failed delivery carry such replies too: theirs is the stage `rcpt`.
    #[must_use]
    pub fn judge_reply(&self, stage: Stage, reply: &Reply, group: &str) -> Judgement {
        // Only 4yz and 5yz are refusals.
        if !reply.is_temporary() && !reply.is_permanent() {
            return if stage == Stage::Dot { Class::Doubt } else { Class::Host }.into();
        }
        let entry = self.own.iter().chain(SHIPPED.iter()).find(|entry| entry.fits(stage, reply, group));
        entry.map_or(Class::Host.into(), |entry| Judgement { class: entry.class, pause: entry.pause })
    }
}

/// The end of the window in which the relay's quota was spent: the next midnight, UTC.
pub(super) fn next_window(now: Timestamp) -> Timestamp {
    let day = crate::clock::DAY;
    Timestamp::from_millis((now.millis().div_euclid(day) + 1) * day)
}

#[cfg(test)]
mod tests;
