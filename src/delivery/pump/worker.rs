//! A worker: takes rows, makes them messages, and sends them by the relay that is well. What a result means `verdict`
//! decides; how messages follow each other on one connection stands in `conversation`.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use crate::clock::{Clock, Timestamp};
use crate::delivery::marks::{self, Marks, Refusal};
use crate::delivery::message::{Message, Messages};
use crate::delivery::pump::conversation::Open;
use crate::delivery::pump::queue::{Next, Queue};
use crate::delivery::pump::verdict::{Attempt, Verdicts};
use crate::delivery::relay::maildir::Maildir;
use crate::delivery::relay::{Line, Relays, Way};
use crate::delivery::row::Claimed;

/// What all workers of a pump share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) relays: Arc<Relays>,
    pub(super) messages: Arc<Messages>,
    pub(super) queue: Queue,
    pub(super) marks: Marks,
    pub(super) verdicts: Verdicts,
}

/// A row and its message, ready to be sent.
pub(super) struct Outgoing {
    pub(super) row: Arc<Claimed>,
    pub(super) message: Message,
}

/// An idle conversation is ended after this.
const IDLE: Duration = Duration::from_secs(2);

/// Leave to begin a body holds this long: a "no" must hold within a second (P4).
const LEAVE_HOLDS: Duration = Duration::from_millis(500);

/// Takes rows until there are no more.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut worker = Worker { shared, open: None, reserved: None, aside: None, hands: Vec::new() };
    loop {
        worker.reserve().await;
        if let Some(outgoing) = worker.aside.take() {
            worker.take(Work::Message(outgoing)).await;
            continue;
        }
        match worker.shared.queue.next(IDLE).await {
            Next::Row(row) => worker.take(Work::Row(row)).await,
            Next::Idle => worker.hang_up().await,
            Next::Over => return worker.hang_up().await,
        }
    }
}

enum Work {
    Row(Arc<Claimed>),
    Message(Outgoing),
}

pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) open: Option<Open>,
    /// A place among a relay's connections, taken before any row: who waits for one keeps no row from the others.
    pub(super) reserved: Option<(Arc<Line>, OwnedSemaphorePermit)>,
    /// A message that was made to follow another one, and could not.
    pub(super) aside: Option<Outgoing>,
    /// The rows whose messages are being sent.
    pub(super) hands: Vec<Arc<Claimed>>,
}

impl Worker {
    /// Waits for a place among the connections of the relay in use, unless there is one already.
    async fn reserve(&mut self) {
        if self.open.is_some() || self.reserved.is_some() {
            return;
        }
        if let Some(line) = self.shared.relays.in_use(self.now()).map(Arc::clone)
            && let Ok(permit) = Arc::clone(&line.permits).acquire_owned().await
        {
            self.reserved = Some((line, permit));
        }
    }

    /// Delivers a row, and what follows it on its connection. A panic on the way holds the rows concerned, for nobody
    /// knows how far they came.
    async fn take(&mut self, work: Work) {
        let mut delivery = Box::pin(self.deliver(work));
        let whole = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| delivery.as_mut().poll(cx))) {
            Ok(poll) => poll.map(|()| true),
            Err(_) => Poll::Ready(false),
        })
        .await;
        drop(delivery);
        if !whole {
            self.open = None;
            for row in self.hands.drain(..) {
                self.shared.verdicts.fallen(&row);
            }
        }
        self.hands.clear();
    }

    async fn deliver(&mut self, work: Work) {
        let made = match work {
            Work::Message(outgoing) => Some(outgoing),
            Work::Row(row) => {
                self.hands = vec![Arc::clone(&row)];
                self.shared.make(row).await
            }
        };
        let Some(mut outgoing) = made else { return };
        while let Some(line) = self.shared.relays.pick(self.now()).map(Arc::clone) {
            self.hands = vec![Arc::clone(&outgoing.row)];
            let back = match &line.relay.way {
                Way::Maildir(maildir) => self.put(outgoing, &line, maildir).await,
                Way::Smtp(server) => self.send(outgoing, &line, server).await,
            };
            match back {
                None => return,
                Some(back) => outgoing = back,
            }
        }
        self.shared.verdicts.untried(&outgoing.row);
    }

    /// Leave that is fresh enough to begin a body, asked for again if it is not; false when the body must not be begun,
    /// and the row is settled.
    pub(super) async fn still(&self, outgoing: &Outgoing, mut leave: Result<Instant, Refusal>) -> bool {
        for _ in 0..5 {
            match leave {
                Err(_) => return false, // settled by the writer
                Ok(checked) if checked.elapsed() <= LEAVE_HOLDS => return true,
                Ok(_) => leave = self.shared.marks.ask(&outgoing.row, &outgoing.message.hash).await,
            }
        }
        // The store takes longer than leave holds.
        if leave.is_ok() {
            self.shared.verdicts.too_slow(&outgoing.row);
        }
        false
    }

    /// One try into a Maildir; gives the message back when another relay should be tried at once.
    async fn put(&mut self, outgoing: Outgoing, line: &Arc<Line>, maildir: &Maildir) -> Option<Outgoing> {
        let version = line.version();
        let Outgoing { row, message } = &outgoing;
        let leave = self.shared.marks.ask(row, &message.hash).await;
        if !self.still(&outgoing, leave).await {
            return None;
        }
        let (maildir, id, bytes) = (maildir.clone(), row.message_id.clone(), message.bytes.clone());
        let written = tokio::task::spawn_blocking(move || maildir.deliver(&id, &bytes)).await;
        match written.map_err(std::io::Error::other).and_then(|result| result) {
            Ok(()) => {
                let newsletter = message.variant.newsletter.as_deref();
                self.shared.verdicts.stored(row, Attempt { line, version, newsletter });
                None
            }
            Err(error) => {
                self.shared.verdicts.unwritable(row, line, version, &error);
                Some(outgoing)
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

impl Shared {
    /// A row's message; none when the row was settled instead.
    pub(super) async fn make(&self, row: Arc<Claimed>) -> Option<Outgoing> {
        let now = self.clock.now();
        if row.expires_at <= now {
            self.marks.tell(marks::expired(&row, now));
            return None;
        }
        match self.messages.build(&row).await {
            Ok(message) => Some(Outgoing { row, message }),
            Err(unready) => {
                self.verdicts.unready(&row, &unready);
                None
            }
        }
    }
}
