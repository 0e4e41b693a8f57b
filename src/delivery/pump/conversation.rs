//! Messages following each other on one connection.
//!
//! While the relay's answers to one message are awaited, leave is asked for the next one and the one after that is
//! made. So a connection carries a message a round trip, and up to two rows of it are in doubt: the one whose answer is
//! awaited or not yet written down, and the one that was given leave. With `in_doubt_max = 1` each message ends, and is
//! written down, before leave is asked for the next.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::delivery::failpoint::{self, Point};
use crate::delivery::pump::verdict::{Attempt, Reach};
use crate::delivery::pump::worker::{Outgoing, Shared, Worker};
use crate::delivery::relay::Line;
use crate::delivery::row::Claimed;
use crate::delivery::smtp::{Cause, Failure, Reply, Server, Session, Stage};

/// An open conversation and its place among the relay's connections.
pub(super) struct Open {
    line: Arc<Line>,
    session: Session,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn may_carry_another(&self) -> bool {
        self.session.is_usable() && self.session.transactions() < self.line.messages_per_connection()
    }

    /// Whether a message may follow the one before in the same write.
    fn takes_ahead(&self, next: &Outgoing) -> bool {
        self.line.relay.in_doubt_max > 1
            && self.may_carry_another()
            && self.session.takes_ahead(&next.message.bytes)
    }
}

impl Worker {
    /// Sends a message by SMTP, and behind it what else is ready for this relay. Gives back a message that was not
    /// begun when another relay or a fresh connection should be tried at once.
    pub(super) async fn send(
        &mut self,
        mut current: Outgoing,
        line: &Arc<Line>,
        server: &Server,
    ) -> Option<Outgoing> {
        let mut version = line.version();
        let mut open = match self.connection(line, server).await {
            Ok(open) => open,
            Err(failure) => {
                if self.shared.verdicts.unreachable(&current.row, line, version, &failure) {
                    return Some(current);
                }
                // There are fewer connections than workers now: this one waits for a place without a row.
                self.shared.verdicts.untried(&current.row);
                return None;
            }
        };
        let shared = Arc::clone(&self.shared);
        let _talking = shared.marks.talk();
        let mut fresh = open.session.transactions() == 0;
        let aside = self.aside.take();
        let (mut begun, mut leave, mut next) = tokio::join!(
            open.session.begin(&current.message.envelope, &current.message.bytes),
            shared.marks.ask(&current.row, &current.message.hash),
            async {
                match aside {
                    Some(aside) => Some(aside),
                    None => shared.one_more(line, &current.row).await,
                }
            }
        );
        loop {
            let attempt =
                Attempt { line, version, newsletter: current.message.variant.newsletter.as_deref() };
            if let Err(failure) = begun {
                self.aside = next;
                let carried = open.session.transactions().saturating_sub(1);
                self.keep(open);
                if leave.is_err() {
                    return None; // settled by the writer
                }
                // The relay ends conversations as it likes; the next one tells.
                if self.open.is_none()
                    && !fresh
                    && shared.verdicts.is_the_conversations(line, &failure, carried)
                {
                    return Some(current);
                }
                shared.verdicts.failed(&current.row, attempt, &failure, Reach::Before);
                return None;
            }
            if next.is_none() && open.may_carry_another() {
                next = shared.one_more(line, &current.row).await;
            }
            if !self.still(&current, leave).await {
                // Hanging up says that the message will not come; a final dot would send an empty one.
                self.aside = next;
                return None;
            }
            failpoint::reach(Point::AfterInDoubt);
            let ahead = next.take_if(|next| open.takes_ahead(next));
            self.aside = next;
            let behind =
                ahead.as_ref().map(|ahead| (&ahead.message.envelope, ahead.message.bytes.as_slice()));
            if let Err(failure) = open.session.write(&current.message.bytes, behind).await {
                let reach = if failure.stage == Stage::Dot { Reach::Begun } else { Reach::Before };
                if ahead.is_some() {
                    self.aside = ahead;
                }
                if reach == Reach::Before && !fresh {
                    return Some(current);
                }
                shared.verdicts.failed(&current.row, attempt, &failure, reach);
                return None;
            }
            let Some(ahead) = ahead else {
                shared.settle(&current, attempt, open.session.answer().await);
                if line.relay.in_doubt_max == 1 {
                    shared.marks.written().await;
                }
                self.keep(open);
                return None;
            };
            self.hands = vec![Arc::clone(&current.row), Arc::clone(&ahead.row)];
            let answers = async {
                shared.settle(&current, attempt, open.session.answer().await);
                open.session.begun().await
            };
            (begun, leave, next) = tokio::join!(
                answers,
                shared.marks.ask(&ahead.row, &ahead.message.hash),
                shared.one_more(line, &ahead.row)
            );
            self.hands = vec![Arc::clone(&ahead.row)];
            (current, fresh, version) = (ahead, false, line.version());
        }
    }

    /// The open conversation, if it may go on, or a new one.
    async fn connection(&mut self, line: &Arc<Line>, server: &Server) -> Result<Open, Failure> {
        if let Some(open) = self.open.take() {
            if Arc::ptr_eq(&open.line, line) && open.may_carry_another() {
                return Ok(open);
            }
            open.session.quit().await;
        }
        let permit = match self.reserved.take() {
            Some((reserved, permit)) if Arc::ptr_eq(&reserved, line) => permit,
            _ => Arc::clone(&line.permits).acquire_owned().await.map_err(|closed| Failure {
                stage: Stage::Connect,
                cause: Cause::Lost(closed.to_string()),
            })?,
        };
        let session = Session::open(server).await?;
        Ok(Open { line: Arc::clone(line), session, _permit: permit })
    }

    fn keep(&mut self, open: Open) {
        if open.session.is_usable() {
            self.open = Some(open);
        }
    }

    /// Ends the open conversation.
    pub(super) async fn hang_up(&mut self) {
        self.reserved = None;
        if let Some(open) = self.open.take() {
            open.session.quit().await;
        }
    }
}

impl Shared {
    /// The message that may follow `before` on a connection of `line`, if one is ready now.
    async fn one_more(&self, line: &Arc<Line>, before: &Claimed) -> Option<Outgoing> {
        if line.relay.in_doubt_max == 1 {
            return None;
        }
        while self.relays.pick(self.clock.now()).is_some_and(|picked| Arc::ptr_eq(picked, line)) {
            if let Some(outgoing) = self.make(self.queue.ready(before)?).await {
                return Some(outgoing);
            }
        }
        None
    }

    fn settle(&self, outgoing: &Outgoing, attempt: Attempt<'_>, answer: Result<Reply, Failure>) {
        match answer {
            Ok(reply) => {
                failpoint::reach(Point::After250);
                self.verdicts.sent(&outgoing.row, attempt, reply);
            }
            Err(failure) => self.verdicts.failed(&outgoing.row, attempt, &failure, Reach::Begun),
        }
    }
}
