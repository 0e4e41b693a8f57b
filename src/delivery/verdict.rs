//! What each result means: for its row, and for the health of the relay that gave it.
//!
//! A worker hands over what it knows (the row, the relay, the failure, how far the message came) and goes on; what
//! becomes of the row is decided here alone.

use crate::clock::{Clock, MINUTE, Timestamp};
use crate::delivery::marks::{Marks, Settlement};
use crate::delivery::message::Unready;
use crate::delivery::pump::Settings;
use crate::delivery::relay::Line;
use crate::delivery::retry;
use crate::delivery::row::{Claimed, State};
use crate::delivery::smtp::{Cause, Failure, Outcome, Reply, Stage, classify};

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not one byte of its body was written: it is as if never begun.
    Before,
    /// Its body was begun.
    Begun,
}

/// Which relay a message was given to, and what is known of the attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) line: &'a Line,
    /// [`Line::version`] when the attempt began.
    pub(super) version: u64,
    /// The slug of the message's newsletter, if it has one.
    pub(super) newsletter: Option<&'a str>,
}

/// Decides, and tells the writer.
pub(super) struct Verdicts {
    clock: Clock,
    settings: Settings,
    marks: Marks,
}

impl Verdicts {
    pub(super) fn new(clock: Clock, settings: Settings, marks: Marks) -> Self {
        Self { clock, settings, marks }
    }

    /// The relay took the message.
    pub(super) fn sent(&self, row: &Claimed, attempt: Attempt<'_>, reply: Reply) {
        let line = attempt.line;
        line.well();
        tracing::debug!(delivery = %row.id, relay = %line.relay.name, code = reply.code, "sent");
        let sent = Settlement::new(row, State::Sent, self.now());
        self.marks.tell(sent.answered(&line.relay.name, Stage::Dot, Some(reply.code), reply.text));
    }

    /// The message stands in the relay's Maildir.
    pub(super) fn stored(&self, row: &Claimed, attempt: Attempt<'_>) {
        let line = attempt.line;
        line.well();
        let sent = Settlement::new(row, State::Sent, self.now());
        self.marks.tell(sent.answered(&line.relay.name, Stage::Dot, None, "in the Maildir".to_owned()));
    }

    /// No conversation with the relay could be begun: no message is concerned.
    pub(super) fn unreachable(&self, row: &Claimed, line: &Line, version: u64, failure: &Failure) {
        tracing::warn!(relay = %line.relay.name, failure = failure.masked(), "cannot talk to the relay");
        line.trouble(version, self.now(), self.seed(row));
    }

    /// The relay's Maildir cannot be written.
    pub(super) fn unwritable(&self, row: &Claimed, line: &Line, version: u64, error: &std::io::Error) {
        tracing::warn!(relay = %line.relay.name, %error, "cannot write to the Maildir");
        line.trouble(version, self.now(), self.seed(row));
    }

    /// Whether the failure tells of the conversation alone: on a connection that has served before, the message is
    /// tried again at once on a fresh one.
    pub(super) fn is_the_conversations(failure: &Failure) -> bool {
        classify(failure) == Outcome::Host
    }

    /// No 250 came for the message.
    pub(super) fn failed(&self, row: &Claimed, attempt: Attempt<'_>, failure: &Failure, reach: Reach) {
        if reach == Reach::Begun && classify(failure) == Outcome::InDoubt {
            return self.doubt(row, attempt, failure);
        }
        let now = self.now();
        let seed = self.seed(row);
        let host_delay = retry::host_trouble_delay(row.created_at, now);
        let Attempt { line, version, .. } = attempt;
        let settlement = match classify(failure) {
            Outcome::Sent | Outcome::InDoubt | Outcome::Host => {
                if matches!(&failure.cause, Cause::Refused(reply) if reply.code == 421) {
                    line.trouble(version, now, seed);
                } else {
                    line.stumble(version, now, seed);
                }
                Settlement::later(row, now.plus(host_delay), now)
            }
            Outcome::RecipientTemporary { greylisted } => {
                line.well();
                let delay = retry::recipient_delay(row.attempts + 1, greylisted, seed);
                Settlement::later(row, now.plus(delay), now).attempt()
            }
            Outcome::RecipientPermanent => {
                line.well();
                Settlement::new(row, State::Failed, now).attempt().reason("the address was refused")
            }
            Outcome::SenderRefused => {
                tracing::error!(relay = %line.relay.name, failure = failure.masked(), "we are refused as a sender");
                Settlement::later(row, now.plus(host_delay), now)
            }
            Outcome::MessageRefused => {
                tracing::error!(relay = %line.relay.name, failure = failure.masked(), "the message is refused");
                Settlement::new(row, State::Failed, now).reason("the message was refused")
            }
        };
        let undo = reach == Reach::Before && row.message_hash.is_none();
        self.marks.tell(answered(settlement.undo_doubt(undo), line, failure));
    }

    /// The relay may have the message.
    fn doubt(&self, row: &Claimed, attempt: Attempt<'_>, failure: &Failure) {
        let now = self.now();
        let line = attempt.line;
        tracing::warn!(delivery = %row.id, relay = %line.relay.name, failure = failure.masked(), "a message is in doubt");
        let mut doubt = Settlement::doubt(row, now.plus(self.settings.doubt_delay), now);
        if self.settings.holds_doubt(attempt.newsletter) {
            doubt = doubt.held("in doubt: the relay may have it");
        }
        self.marks.tell(answered(doubt, line, failure));
    }

    /// The row could not be made a message.
    pub(super) fn unready(&self, row: &Claimed, unready: &Unready) {
        let now = self.now();
        self.marks.tell(match unready {
            Unready::Store(error) => {
                tracing::warn!(%error, "cannot read a message");
                Settlement::later(row, now.plus(MINUTE), now)
            }
            Unready::Poisoned(why) => {
                tracing::error!(delivery = %row.id, why, "a message cannot be made");
                Settlement::new(row, State::Failed, now).reason(&format!("it cannot be made: {why}"))
            }
            Unready::Differs(why) => {
                tracing::error!(delivery = %row.id, why, "a message would differ from the one the relay may have");
                Settlement::release(row, now).held(why)
            }
        });
    }

    /// The store takes longer than leave to begin a body holds: the row waits a little.
    pub(super) fn too_slow(&self, row: &Claimed) {
        let now = self.now();
        let later = Settlement::later(row, now.plus(MINUTE), now);
        self.marks.tell(later.undo_doubt(row.message_hash.is_none()));
    }

    /// Every relay is resting: the row waits for them without having been tried.
    pub(super) fn untried(&self, row: &Claimed) {
        let release = Settlement::release(row, self.now());
        self.marks.tell(release.undo_doubt(row.message_hash.is_none()));
    }

    /// The program failed while sending it: nobody knows how far it came.
    pub(super) fn fallen(&self, row: &Claimed) {
        let held = Settlement::new(row, State::InDoubt, self.now());
        self.marks.tell(held.held("the program failed while sending it; see the log"));
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn seed(&self, row: &Claimed) -> u64 {
        self.settings.seed ^ row.id.0.unsigned_abs()
    }
}

fn answered(settlement: Settlement, line: &Line, failure: &Failure) -> Settlement {
    match &failure.cause {
        Cause::Refused(reply) => {
            settlement.answered(&line.relay.name, failure.stage, Some(reply.code), reply.text.clone())
        }
        _ => settlement.answered(&line.relay.name, failure.stage, None, failure.to_string()),
    }
}
