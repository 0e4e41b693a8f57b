//! An open conversation: one message after another, QUIT.
//!
//! Where the relay knows PIPELINING, MAIL, RCPT and DATA go in one write ([`Session::begin`]), and so do a message, its
//! final dot and the commands of the next one ([`Session::write`] with a next message): RFC 2920 §3.1 lets content
//! stand first in a group. Answers are read in the order of what was written: [`Session::answer`] for the message,
//! then [`Session::begun`] for the commands behind it.

use std::io::IoSlice;
use std::time::Duration;

use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::Instant;

use crate::delivery::failpoint::{self, Point};
use crate::delivery::smtp::connection::{Connection, Pace};
use crate::delivery::smtp::opening::{self, Envelope, Offers, Server, expect, positive};
use crate::delivery::smtp::reply::Reply;
use crate::delivery::smtp::stage::{Cause, Failure, Stage, Timers};

/// An open conversation.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    offers: Offers,
    timers: Timers,
    opened: Instant,
    /// The last transaction ended before its message: the relay still remembers it.
    needs_reset: bool,
    /// A reply was missed, late or not one: whatever came next could not be told apart.
    broken: bool,
    transactions: u32,
    /// A message has been written and its answer not read.
    unanswered: bool,
    /// Commands of the next message have been written and their answers not read.
    ahead: bool,
}

impl Session {
    /// Connects, greets, protects the connection and authenticates, as the configuration asks.
    ///
    /// # Errors
    /// Any of it failing: it is the relay's trouble or ours, never a recipient's.
    pub async fn open(server: &Server) -> Result<Self, Failure> {
        let opened = Instant::now();
        let (connection, offers) = opening::open(server).await?;
        Ok(Self {
            connection,
            offers,
            timers: server.timers.clone(),
            opened,
            needs_reset: false,
            broken: false,
            transactions: 0,
            unanswered: false,
            ahead: false,
        })
    }

    /// Whether another message may go this way: nothing was missed, and there is time for a whole one.
    pub fn is_usable(&self) -> bool {
        let message = self.timers.data + self.timers.block + self.timers.dot;
        !self.broken && self.opened.elapsed() + message < self.timers.session
    }

    /// What the relay said it can do, and how the connection is protected, in words.
    pub fn terms(&self) -> String {
        format!("{}; it offers {}", self.connection.protection(), self.offers)
    }

    /// Transactions begun on this connection, whatever became of them.
    pub fn transactions(&self) -> u32 {
        self.transactions
    }

    /// Whether the commands of `message` may stand behind the message before, in one write.
    pub fn takes_ahead(&self, message: &[u8]) -> bool {
        self.offers.pipelining && self.is_usable() && self.fits(message).is_ok()
    }

    fn fits(&self, message: &[u8]) -> Result<(), Failure> {
        let size = u64::try_from(message.len()).unwrap_or(u64::MAX);
        match self.offers.size {
            Some(Some(limit)) if limit > 0 && size > limit => {
                Err(Failure::new(Stage::Mail, Cause::TooLarge { size, limit }))
            }
            // Ours are of seven bits (RFC 2045 §6); whatever else is in the store must not be garbled.
            _ if !self.offers.eight_bit && !message.is_ascii() => {
                Err(Failure::new(Stage::Mail, Cause::NotOffered("8BITMIME")))
            }
            _ => Ok(()),
        }
    }

    /// MAIL, RCPT and DATA up to the relay's 354, in one write if the relay knows PIPELINING. Not one byte of
    /// `message` is written: its size and form are what the relay is told.
    ///
    /// # Errors
    /// What the relay refused, or what broke; the message has certainly not been taken.
    pub async fn begin(&mut self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        self.fits(message)?;
        if !self.connection.is_quiet().await {
            self.broken = true;
            return Err(ended(Stage::Mail));
        }
        self.transactions += 1;
        let result = self.transaction(envelope, message).await;
        self.judge_beginning(result).await
    }

    /// The answers to the commands that [`Session::write`] put behind a message whose answer has been read.
    ///
    /// # Errors
    /// As for [`Session::begin`].
    pub async fn begun(&mut self) -> Result<(), Failure> {
        if self.broken || self.unanswered || !self.ahead {
            self.broken = true;
            return Err(ended(Stage::Mail));
        }
        self.ahead = false;
        let result = self.group_replies().await;
        self.judge_beginning(result).await
    }

    async fn judge_beginning(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            // The answer to the dot cannot be here before the dot.
            Ok(()) if !self.connection.is_quiet().await => {
                self.broken = true;
                Err(Failure::new(Stage::Data, Cause::Garbage("more answers than commands".into())))
            }
            Ok(()) => Ok(()),
            Err(failure) => {
                match &failure.cause {
                    Cause::Refused(reply) if reply.code != 421 => self.needs_reset = true,
                    _ => self.broken = true,
                }
                Err(failure)
            }
        }
    }

    /// MAIL, RCPT and DATA, each with its CRLF.
    fn commands(&self, envelope: &Envelope, message: &[u8]) -> [String; 3] {
        let mut parameters = Vec::new();
        if self.offers.size.is_some() {
            parameters.push(MailParameter::Size(message.len()));
        }
        if !message.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(Some(envelope.from.to_lettre()), parameters).to_string();
        let rcpt = Rcpt::new(envelope.to.to_lettre(), Vec::new()).to_string();
        [mail, rcpt, Data.to_string()]
    }

    async fn transaction(&mut self, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
        let [mail, rcpt, data] = self.commands(envelope, message);
        if self.offers.pipelining {
            let reset = if self.needs_reset { Rset.to_string() } else { String::new() };
            let group = [reset, mail, rcpt, data].concat();
            let timer = self.left(self.timers.command);
            self.connection.write(Stage::Mail, timer, group.as_bytes()).await?;
            return self.group_replies().await;
        }
        if self.needs_reset {
            let reset = self.command(Stage::Mail, &Rset.to_string()).await?;
            positive(Stage::Mail, &reset)?;
            self.needs_reset = false;
        }
        let reply = self.command(Stage::Mail, &mail).await?;
        positive(Stage::Mail, &reply)?;
        let reply = self.command(Stage::Rcpt, &rcpt).await?;
        positive(Stage::Rcpt, &reply)?;
        let reply = self.command(Stage::Data, &data).await?;
        expect(Stage::Data, &reply, 354)
    }

    /// The answers to a group, in order. The first refusal counts, whatever follows it.
    async fn group_replies(&mut self) -> Result<(), Failure> {
        if self.needs_reset {
            let reset = self.reply(Stage::Mail).await?;
            positive(Stage::Mail, &reset)?;
            self.needs_reset = false;
        }
        let mut refused = None;
        for stage in [Stage::Mail, Stage::Rcpt] {
            let reply = match self.reply(stage).await {
                Ok(reply) => reply,
                Err(failure) => {
                    self.broken = true;
                    return Err(refused.unwrap_or(failure));
                }
            };
            let result = positive(stage, &reply);
            if u16::from(reply.code()) == 421 {
                self.broken = true;
                return refused.map_or(result, Err);
            }
            refused = refused.or(result.err());
        }
        let data = self.reply(Stage::Data).await;
        let Some(refused) = refused else { return expect(Stage::Data, &data?, 354) };
        match data {
            // The relay waits for a message without a recipient; an empty one ends it (RFC 2920 §3.1). Only where it
            // has refused in order: an odd answer may have been a yes.
            Ok(data) if u16::from(data.code()) == 354 && matches!(refused.cause, Cause::Refused(_)) => {
                let timer = self.left(self.timers.command);
                let over = match self.connection.write(Stage::Data, timer, b".\r\n").await {
                    Ok(()) => self.connection.reply(Stage::Data, self.left(self.timers.dot)).await.map(drop),
                    Err(failure) => Err(failure),
                };
                self.broken |= over.is_err();
            }
            Ok(data) if u16::from(data.code()) >= 400 => {}
            Ok(_) | Err(_) => self.broken = true,
        }
        Err(refused)
    }

    /// Writes `message` and its final dot, and behind them, in the same write, the commands of the next one, which
    /// [`Session::takes_ahead`]. `message` ends with CRLF and has no line that begins with a dot
    /// ([`crate::mail::Encoded::splice`]).
    ///
    /// # Errors
    /// At stage [`Stage::Data`] nothing was written. At stage [`Stage::Dot`] a refusal says that the relay has not taken
    /// the message; anything else leaves that in doubt. The next one has not been begun.
    pub async fn write(&mut self, message: &[u8], next: Option<(&Envelope, &[u8])>) -> Result<(), Failure> {
        // The relay may have lost patience since its 354; then nothing has been begun.
        if self.broken || self.unanswered || !self.connection.is_quiet().await {
            self.broken = true;
            return Err(ended(Stage::Data));
        }
        let group = next.map(|(envelope, next)| self.commands(envelope, next).concat()).unwrap_or_default();
        let seconds = message.len() as u64 / u64::from(self.timers.min_rate.max(1));
        let pace = Pace {
            each: self.left(self.timers.block),
            whole: self.left(self.timers.block + Duration::from_secs(seconds)),
        };
        if failpoint::is_next(Point::BeforeDot) {
            let _ = self.connection.write_parts(Stage::Dot, pace, &mut [IoSlice::new(message)]).await;
            failpoint::fall(Point::BeforeDot);
        }
        let parts = &mut [IoSlice::new(message), IoSlice::new(b".\r\n"), IoSlice::new(group.as_bytes())];
        if let Err(failure) = self.connection.write_parts(Stage::Dot, pace, parts).await {
            self.broken = true;
            // A relay that refuses in the middle of a message may have said why before it hung up.
            return match self.connection.reply(Stage::Dot, self.timers.quit).await {
                Ok(response) if u16::from(response.code()) >= 400 => {
                    Err(Failure::new(Stage::Dot, Cause::Refused(Reply::from(&response))))
                }
                _ => Err(failure),
            };
        }
        failpoint::reach(Point::AfterDot);
        self.unanswered = true;
        if next.is_some() {
            self.ahead = true;
            self.transactions += 1;
        }
        Ok(())
    }

    /// The relay's answer to the message written. Only 250 means that the relay has taken it.
    ///
    /// # Errors
    /// A refusal says that the relay has not taken it; anything else leaves that in doubt.
    pub async fn answer(&mut self) -> Result<Reply, Failure> {
        let result =
            self.connection.reply(Stage::Dot, self.left(self.timers.dot)).await.and_then(|response| {
                let reply = Reply::from(&response);
                match reply.code {
                    250 => Ok(reply),
                    400..=599 => Err(Failure::new(Stage::Dot, Cause::Refused(reply))),
                    _ => Err(Failure::new(Stage::Dot, Cause::Garbage(reply.to_string()))),
                }
            });
        self.unanswered = false;
        match &result {
            Ok(_) => {}
            // A refused message ends the transaction (RFC 5321 §4.1.1.4).
            Err(Failure { cause: Cause::Refused(reply), .. }) if reply.code != 421 => {}
            Err(_) => self.broken = true,
        }
        if !self.ahead && self.connection.has_leftover() {
            self.broken = true;
        }
        result
    }

    /// The message and its final dot, then the relay's answer.
    ///
    /// # Errors
    /// As for [`Session::write`] and [`Session::answer`].
    pub async fn finish(&mut self, message: &[u8]) -> Result<Reply, Failure> {
        self.write(message, None).await?;
        self.answer().await
    }

    /// Says goodbye. Dropping a session without it is right where a message was begun and must not be ended.
    pub async fn quit(mut self) {
        if self.broken || self.unanswered || self.ahead {
            return;
        }
        if self.connection.write(Stage::Dot, self.timers.quit, b"QUIT\r\n").await.is_ok() {
            // Whatever it answers, the conversation is over.
            let _ = self.connection.reply(Stage::Dot, self.timers.quit).await;
        }
    }

    async fn command(&mut self, stage: Stage, command: &str) -> Result<Response, Failure> {
        let timer = self.left(self.timers.command);
        self.connection.write(stage, timer, command.as_bytes()).await?;
        self.reply(stage).await
    }

    async fn reply(&mut self, stage: Stage) -> Result<Response, Failure> {
        let timer = if stage == Stage::Data { self.timers.data } else { self.timers.command };
        self.connection.reply(stage, self.left(timer)).await
    }

    /// A stage's timer, within that of the whole conversation.
    fn left(&self, timer: Duration) -> Duration {
        timer.min(self.timers.session.saturating_sub(self.opened.elapsed()))
    }
}

fn ended(stage: Stage) -> Failure {
    Failure::new(stage, Cause::Lost("the relay had ended the conversation".into()))
}
