//! A worker: one conversation at a time, one message after another, and what each result means for its row.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use crate::clock::{Clock, MINUTE, Timestamp};
use crate::delivery::maildir::Maildir;
use crate::delivery::marks::{self, Marks, Refusal, Settlement};
use crate::delivery::message::{Message, Messages, Unready};
use crate::delivery::pump::Settings;
use crate::delivery::queue::{Next, Queue};
use crate::delivery::relay::{Line, Relays, Way};
use crate::delivery::retry;
use crate::delivery::row::{Claimed, State};
use crate::delivery::smtp::{Cause, Failure, Outcome, Server, Session, Stage, classify};

/// What all workers of a pump share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) relays: Arc<Relays>,
    pub(super) messages: Arc<Messages>,
    pub(super) queue: Queue,
    pub(super) marks: Marks,
}

/// An idle conversation is ended after this.
const IDLE: Duration = Duration::from_secs(2);

/// Leave to begin a body holds this long: a "no" must hold within a second (P4).
const LEAVE_HOLDS: Duration = Duration::from_millis(500);

/// An open conversation and its place among the relay's connections.
struct Open {
    line: Arc<Line>,
    session: Session,
    _permit: OwnedSemaphorePermit,
}

/// Takes rows until there are no more.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut worker = Worker { shared, open: None };
    loop {
        match worker.shared.queue.next(IDLE).await {
            Next::Row(row) => worker.take(row).await,
            Next::Idle => worker.hang_up().await,
            Next::Over => return worker.hang_up().await,
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    open: Option<Open>,
}

impl Worker {
    /// Delivers a row. A panic on the way holds that one row, for nobody knows how far it came.
    async fn take(&mut self, row: Arc<Claimed>) {
        let mut delivery = Box::pin(self.deliver(&row));
        let whole = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| delivery.as_mut().poll(cx))) {
            Ok(poll) => poll.map(|()| true),
            Err(_) => std::task::Poll::Ready(false),
        })
        .await;
        drop(delivery);
        if !whole {
            self.open = None;
            let held = Settlement::new(&row, State::InDoubt, self.now());
            self.shared.marks.tell(held.held("the program failed while sending it; see the log"));
        }
    }

    async fn deliver(&mut self, row: &Arc<Claimed>) {
        let now = self.now();
        if row.expires_at <= now {
            return self.shared.marks.tell(marks::expired(row, now));
        }
        let message = match self.shared.messages.build(row).await {
            Ok(message) => message,
            Err(unready) => return self.shared.marks.tell(unready_row(row, &unready, now)),
        };
        while let Some(line) = self.shared.relays.pick(self.now()).map(Arc::clone) {
            let done = match &line.relay.way {
                Way::Maildir(maildir) => self.put(row, &message, &line, maildir).await,
                Way::Smtp(server) => self.send(row, &message, &line, server).await,
            };
            if done {
                return;
            }
        }
        // Every relay is resting: the row waits for them without having been tried.
        self.shared.marks.tell(Settlement::release(row, self.now()).undo_doubt(row.message_hash.is_none()));
    }

    /// One try by SMTP; false when another relay or a fresh connection should be tried at once.
    async fn send(
        &mut self,
        row: &Arc<Claimed>,
        message: &Message,
        line: &Arc<Line>,
        server: &Server,
    ) -> bool {
        let version = line.version();
        let mut open = match self.connection(line, server).await {
            Ok(open) => open,
            Err(failure) => {
                tracing::warn!(relay = %line.relay.name, failure = failure.masked(), "cannot talk to the relay");
                line.trouble(version, self.now(), self.seed(row));
                return false;
            }
        };
        let fresh = open.session.transactions() == 0;
        let size = u64::try_from(message.bytes.len()).unwrap_or(u64::MAX);
        let marks = &self.shared.marks;
        let (begun, leave) =
            tokio::join!(open.session.begin(&message.envelope, size), marks.ask(row, &message.hash));
        let leave = match begun {
            Ok(()) => self.still(row, message, leave).await,
            Err(failure) => {
                self.keep(open);
                // The writer has settled a row it refused.
                if leave.is_err() {
                    return true;
                }
                if !fresh && classify(&failure) == Outcome::Host {
                    return false; // The relay ends conversations as it likes; the next one tells.
                }
                self.failed(row, line, version, &failure, false);
                return true;
            }
        };
        match leave {
            Ok(()) => {}
            // The message must not be begun. Hanging up says so; a final dot would send an empty one.
            Err(Refused::Settled) => return true,
            Err(Refused::TooSlow) => {
                let later = Settlement::later(row, self.now().plus(MINUTE), self.now());
                self.shared.marks.tell(later.undo_doubt(row.message_hash.is_none()));
                return true;
            }
        }
        match open.session.finish(message.bytes.clone()).await {
            Ok(reply) => {
                line.well();
                tracing::debug!(delivery = %row.id, relay = %line.relay.name, code = reply.code, "sent");
                let sent = Settlement::new(row, State::Sent, self.now());
                let answered = sent.answered(&line.relay.name, Stage::Dot, Some(reply.code), reply.text);
                self.shared.marks.tell(answered);
            }
            Err(failure) => self.after_body(row, message, line, version, &failure),
        }
        self.keep(open);
        true
    }

    /// Leave that is fresh enough to begin a body, asked for again if it is not.
    async fn still(
        &self,
        row: &Arc<Claimed>,
        message: &Message,
        mut leave: Result<Instant, Refusal>,
    ) -> Result<(), Refused> {
        for _ in 0..5 {
            match leave {
                Err(_) => return Err(Refused::Settled),
                Ok(checked) if checked.elapsed() <= LEAVE_HOLDS => return Ok(()),
                Ok(_) => leave = self.shared.marks.ask(row, &message.hash).await,
            }
        }
        Err(Refused::TooSlow)
    }

    /// One try into a Maildir; false when another relay should be tried at once.
    async fn put(
        &mut self,
        row: &Arc<Claimed>,
        message: &Message,
        line: &Arc<Line>,
        maildir: &Maildir,
    ) -> bool {
        let version = line.version();
        let leave = self.shared.marks.ask(row, &message.hash).await;
        match self.still(row, message, leave).await {
            Ok(()) => {}
            Err(Refused::Settled) => return true,
            Err(Refused::TooSlow) => {
                let later = Settlement::later(row, self.now().plus(MINUTE), self.now());
                self.shared.marks.tell(later.undo_doubt(row.message_hash.is_none()));
                return true;
            }
        }
        let (maildir, id, bytes) = (maildir.clone(), row.message_id.clone(), message.bytes.clone());
        let written = tokio::task::spawn_blocking(move || maildir.deliver(&id, &bytes)).await;
        match written.map_err(std::io::Error::other).and_then(|result| result) {
            Ok(()) => {
                line.well();
                let sent = Settlement::new(row, State::Sent, self.now());
                let text = "in the Maildir".to_owned();
                self.shared.marks.tell(sent.answered(&line.relay.name, Stage::Dot, None, text));
                true
            }
            Err(error) => {
                tracing::warn!(relay = %line.relay.name, %error, "cannot write to the Maildir");
                line.trouble(version, self.now(), self.seed(row));
                false
            }
        }
    }

    /// The open conversation, if it may go on, or a new one.
    async fn connection(&mut self, line: &Arc<Line>, server: &Server) -> Result<Open, Failure> {
        if let Some(open) = self.open.take() {
            let same = Arc::ptr_eq(&open.line, line);
            if same
                && open.session.is_usable()
                && open.session.transactions() < line.relay.messages_per_connection
            {
                return Ok(open);
            }
            open.session.quit().await;
        }
        let permit = Arc::clone(&line.permits).acquire_owned().await;
        let permit = permit
            .map_err(|closed| Failure { stage: Stage::Connect, cause: Cause::Lost(closed.to_string()) })?;
        let session = Session::open(server).await?;
        Ok(Open { line: Arc::clone(line), session, _permit: permit })
    }

    fn keep(&mut self, open: Open) {
        if open.session.is_usable() {
            self.open = Some(open);
        }
    }

    async fn hang_up(&mut self) {
        if let Some(open) = self.open.take() {
            open.session.quit().await;
        }
    }

    /// No 250 came.
    fn after_body(&self, row: &Claimed, message: &Message, line: &Line, version: u64, failure: &Failure) {
        if classify(failure) != Outcome::InDoubt {
            return self.failed(row, line, version, failure, failure.stage == Stage::Dot);
        }
        let now = self.now();
        tracing::warn!(delivery = %row.id, relay = %line.relay.name, failure = failure.masked(), "a message is in doubt");
        let again = now.plus(self.shared.settings.doubt_delay);
        let mut doubt = Settlement::doubt(row, again, now);
        if self.shared.settings.holds_doubt(message.variant.newsletter.as_deref()) {
            doubt = doubt.held("in doubt: the relay may have it");
        }
        self.shared.marks.tell(answered(doubt, line, failure));
    }

    /// The message was certainly not taken.
    fn failed(&self, row: &Claimed, line: &Line, version: u64, failure: &Failure, begun: bool) {
        let now = self.now();
        let seed = self.seed(row);
        let host_delay = retry::host_trouble_delay(row.created_at, now);
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
        let undo = !begun && row.message_hash.is_none();
        self.shared.marks.tell(answered(settlement.undo_doubt(undo), line, failure));
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn seed(&self, row: &Claimed) -> u64 {
        self.shared.settings.seed ^ row.id.0.unsigned_abs()
    }
}

/// Why a body was not begun.
enum Refused {
    /// Something stands against it, and the row was settled.
    Settled,
    /// The store takes longer than leave holds.
    TooSlow,
}

fn unready_row(row: &Claimed, unready: &Unready, now: Timestamp) -> Settlement {
    match unready {
        Unready::Store(error) => {
            tracing::warn!(%error, "cannot read a message");
            Settlement::later(row, now.plus(MINUTE), now)
        }
        Unready::Poisoned(why) => {
            tracing::error!(delivery = %row.id, why, "a message cannot be made");
            Settlement::new(row, State::Failed, now).reason(&format!("it cannot be made: {why}"))
        }
        Unready::Differs => {
            tracing::error!(delivery = %row.id, "a message would differ from the one the relay may have");
            Settlement::release(row, now).held("its bytes would differ from those sent before")
        }
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
