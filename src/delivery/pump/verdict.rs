//! What each result means: for its row, for the health of the relay that gave it, and for the recipient's group.
//!
//! A worker hands over what it knows (the row, the relay, the failure, how far the message came) and goes on; what
//! becomes of the row is decided here alone.

use crate::clock::{Clock, MINUTE, Timestamp};
use crate::delivery::marks::{GroupRest, Marks, Settlement};
use crate::delivery::message::Unready;
use crate::delivery::pump::Settings;
use crate::delivery::pump::consequences::RestCause;
use crate::delivery::pump::queue::Queue;
use crate::delivery::relay::Line;
use crate::delivery::replies::{Class, Judgement};
use crate::delivery::retry;
use crate::delivery::row::{Claimed, State};
use crate::delivery::smtp::{Cause, Failure, Reply, Stage};

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
    queue: Queue,
}

impl Verdicts {
    pub(super) fn new(clock: Clock, settings: Settings, marks: Marks, queue: Queue) -> Self {
        Self { clock, settings, marks, queue }
    }

    /// The relay took the message.
    pub(super) fn sent(&self, row: &Claimed, attempt: Attempt<'_>, reply: Reply) {
        tracing::debug!(delivery = %row.id, relay = %attempt.line.relay.name, code = reply.code, "sent");
        self.taken(row, attempt, Some(reply.code), reply.text);
    }

    /// The message stands in the relay's Maildir.
    pub(super) fn stored(&self, row: &Claimed, attempt: Attempt<'_>) {
        self.taken(row, attempt, None, "in the Maildir".to_owned());
    }

    fn taken(&self, row: &Claimed, attempt: Attempt<'_>, code: Option<u16>, text: String) {
        let now = self.now();
        attempt.line.took(now);
        metrics::counter!("kiosque_delivery_results_total", "class" => "sent").increment(1);
        let mut sent = Settlement::new(row, State::Sent, now);
        if self.queue.went_well(row) {
            sent = sent.ends_rest_of(self.queue.group(row));
        }
        self.marks.tell(sent.answered(&attempt.line.relay.name, Stage::Dot, code, text));
    }

    /// No conversation with the relay could be begun: no message is concerned. Gives whether another relay should be tried
    /// at once; not where this one only wants fewer connections.
    pub(super) fn unreachable(&self, row: &Claimed, line: &Line, version: u64, failure: &Failure) -> bool {
        tracing::warn!(relay = %line.relay.name, failure = failure.masked(), "cannot talk to the relay");
        let now = self.now();
        match self.judge(row, failure).class {
            Class::Quota => line.spent(now),
            Class::Connections if line.fewer_connections(now) => return false,
            _ => line.trouble(version, now, self.seed(row), failure.masked()),
        }
        true
    }

    /// The relay's Maildir cannot be written.
    pub(super) fn unwritable(&self, row: &Claimed, line: &Line, version: u64, error: &std::io::Error) {
        tracing::warn!(relay = %line.relay.name, %error, "cannot write to the Maildir");
        line.trouble(version, self.now(), self.seed(row), error.to_string());
    }

    /// Whether the failure tells of the conversation alone, on which so many messages were sent before: then the message
    /// is tried again at once on a fresh one.
    pub(super) fn is_the_conversations(&self, line: &Line, failure: &Failure, messages: u32) -> bool {
        let its = self.settings.policy.classes.judge(failure, "").class == Class::Host;
        if its {
            line.ended_after(messages);
        }
        its
    }

    /// No 250 came for the message.
    pub(super) fn failed(&self, row: &Claimed, attempt: Attempt<'_>, failure: &Failure, reach: Reach) {
        let judgement = self.judge(row, failure);
        metrics::counter!("kiosque_delivery_results_total", "class" => judgement.class.as_str()).increment(1);
        let settlement = match judgement.class {
            Class::Doubt if reach == Reach::Begun => return self.doubt(row, attempt, failure),
            class if class.blames_recipient() => self.blame_recipient(row, attempt, class),
            Class::Throttled => self.rest(row, attempt, failure, judgement, RestCause::Throttled),
            // Before the recipient is named it is the relay that does not want us.
            Class::Sender if failure.stage >= Stage::Rcpt => {
                tracing::error!(relay = %attempt.line.relay.name, failure = failure.masked(), "we are refused as a sender");
                self.rest(row, attempt, failure, judgement, RestCause::Policy)
            }
            Class::Message => {
                tracing::error!(relay = %attempt.line.relay.name, failure = failure.masked(), "the message is refused");
                Settlement::new(row, State::Failed, self.now()).reason("the message was refused")
            }
            class => self.blame_relay(row, attempt, failure, class),
        };
        let undo = reach == Reach::Before && row.message_hash.is_none();
        let settlement = settlement.class(judgement.class).undo_doubt(undo);
        self.marks.tell(answered(settlement, attempt.line, failure));
    }

    /// The recipient cannot be served: for now, or ever.
    fn blame_recipient(&self, row: &Claimed, attempt: Attempt<'_>, class: Class) -> Settlement {
        let now = self.now();
        attempt.line.well();
        if matches!(class, Class::Hard | Class::ProbableHard) {
            return Settlement::new(row, State::Failed, now).attempt().reason("the address was refused");
        }
        let greylisted = class == Class::Greylisted;
        let delay = retry::recipient_delay(row.attempts + 1, greylisted, self.seed(row));
        Settlement::later(row, now.plus(delay), now).attempt()
    }

    /// The recipient's host wants to be left alone, or does not want us at all: his whole group waits, and nobody in it is
    /// to blame.
    fn rest(
        &self,
        row: &Claimed,
        attempt: Attempt<'_>,
        failure: &Failure,
        judgement: Judgement,
        cause: RestCause,
    ) -> Settlement {
        attempt.line.well();
        let (rest, waiting) = self.queue.rest(row, judgement.pause, self.seed(row));
        let group = self.queue.group(row).to_owned();
        tracing::warn!(group, until = %rest.until, failure = failure.masked(), "a group is left alone");
        for row in waiting {
            self.untried(&row);
        }
        let now = self.now();
        Settlement::later(row, rest.until.max(now), now).rests(GroupRest { group, rest, cause })
    }

    /// The relay has trouble, or wants less of us: the message waits, and no attempt is burnt.
    fn blame_relay(
        &self,
        row: &Claimed,
        attempt: Attempt<'_>,
        failure: &Failure,
        class: Class,
    ) -> Settlement {
        let now = self.now();
        let Attempt { line, version, .. } = attempt;
        match class {
            Class::Quota => line.spent(now),
            Class::Rate => line.slower(),
            Class::Connections if line.fewer_connections(now) => {}
            _ => {
                let closing = matches!(&failure.cause, Cause::Refused(reply) if reply.code == 421);
                if closing {
                    line.trouble(version, now, self.seed(row), failure.masked());
                } else {
                    line.stumble(version, now, self.seed(row), failure.masked());
                }
                let delay = retry::host_trouble_delay(row.created_at, now);
                return Settlement::later(row, now.plus(delay), now);
            }
        }
        Settlement::release(row, now)
    }

    /// The relay may have the message.
    fn doubt(&self, row: &Claimed, attempt: Attempt<'_>, failure: &Failure) {
        let now = self.now();
        let line = attempt.line;
        tracing::warn!(delivery = %row.id, relay = %line.relay.name, failure = failure.masked(), "a message is in doubt");
        let mut doubt = Settlement::doubt(row, now.plus(self.settings.doubt_delay), now).class(Class::Doubt);
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
            Unready::Unsigned(why) => {
                tracing::warn!(delivery = %row.id, why, "a message cannot be signed; it waits");
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

    fn judge(&self, row: &Claimed, failure: &Failure) -> Judgement {
        self.settings.policy.classes.judge(failure, self.queue.group(row))
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
