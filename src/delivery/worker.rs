//! A worker: one conversation at a time, one message after another. What a result means `verdict` decides.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use crate::clock::{Clock, Timestamp};
use crate::delivery::maildir::Maildir;
use crate::delivery::marks::{self, Marks, Refusal};
use crate::delivery::message::{Message, Messages};
use crate::delivery::queue::{Next, Queue};
use crate::delivery::relay::{Line, Relays, Way};
use crate::delivery::row::Claimed;
use crate::delivery::smtp::{Cause, Failure, Server, Session, Stage};
use crate::delivery::verdict::{Attempt, Reach, Verdicts};

/// What all workers of a pump share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) relays: Arc<Relays>,
    pub(super) messages: Arc<Messages>,
    pub(super) queue: Queue,
    pub(super) marks: Marks,
    pub(super) verdicts: Verdicts,
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
            self.shared.verdicts.fallen(&row);
        }
    }

    async fn deliver(&mut self, row: &Arc<Claimed>) {
        let now = self.now();
        if row.expires_at <= now {
            return self.shared.marks.tell(marks::expired(row, now));
        }
        let message = match self.shared.messages.build(row).await {
            Ok(message) => message,
            Err(unready) => return self.shared.verdicts.unready(row, &unready),
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
        self.shared.verdicts.untried(row);
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
                self.shared.verdicts.unreachable(row, line, version, &failure);
                return false;
            }
        };
        let attempt = Attempt { line, version, newsletter: message.variant.newsletter.as_deref() };
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
                if !fresh && Verdicts::is_the_conversations(&failure) {
                    return false; // The relay ends conversations as it likes; the next one tells.
                }
                self.shared.verdicts.failed(row, attempt, &failure, Reach::Before);
                return true;
            }
        };
        match leave {
            Ok(()) => {}
            // The message must not be begun. Hanging up says so; a final dot would send an empty one.
            Err(Refused::Settled) => return true,
            Err(Refused::TooSlow) => {
                self.shared.verdicts.too_slow(row);
                return true;
            }
        }
        match open.session.finish(message.bytes.clone()).await {
            Ok(reply) => self.shared.verdicts.sent(row, attempt, reply),
            // Before the dot's answer was due the relay cannot have taken it.
            Err(failure) => {
                let reach = if failure.stage == Stage::Dot { Reach::Begun } else { Reach::Before };
                self.shared.verdicts.failed(row, attempt, &failure, reach);
            }
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
                self.shared.verdicts.too_slow(row);
                return true;
            }
        }
        let (maildir, id, bytes) = (maildir.clone(), row.message_id.clone(), message.bytes.clone());
        let written = tokio::task::spawn_blocking(move || maildir.deliver(&id, &bytes)).await;
        match written.map_err(std::io::Error::other).and_then(|result| result) {
            Ok(()) => {
                let newsletter = message.variant.newsletter.as_deref();
                self.shared.verdicts.stored(row, Attempt { line, version, newsletter });
                true
            }
            Err(error) => {
                self.shared.verdicts.unwritable(row, line, version, &error);
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

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

/// Why a body was not begun.
enum Refused {
    /// Something stands against it, and the row was settled.
    Settled,
    /// The store takes longer than leave holds.
    TooSlow,
}
