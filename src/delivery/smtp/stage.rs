//! How far a conversation had come, how long each stage may take, and what went wrong in it.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::delivery::smtp::reply::Reply;
use crate::text_enum;

text_enum! {
    /// How far a conversation had come.
    Stage {
        /// Resolving the name and connecting.
        Connect = "connect",
        /// Waiting for the greeting.
        Banner = "banner",
        /// EHLO.
        Ehlo = "ehlo",
        /// STARTTLS and the handshake.
        Tls = "tls",
        /// AUTH.
        Auth = "auth",
        /// MAIL.
        Mail = "mail",
        /// RCPT.
        Rcpt = "rcpt",
        /// DATA, up to its 354.
        Data = "data",
        /// The message and its final dot: from here on the relay may have it.
        Dot = "dot",
    }
}

/// How long each stage may take. The defaults are those of RFC 5321 §4.5.3.2 or shorter, where a shorter wait costs
/// nothing but a retry; the wait after the final dot is the RFC's, because giving up there makes duplicates.
#[derive(Debug, Clone)]
pub struct Timers {
    /// Name resolution and connecting.
    pub connect: Duration,
    /// The greeting.
    pub banner: Duration,
    /// EHLO, the TLS handshake, AUTH, MAIL, RCPT, RSET: each reply.
    pub command: Duration,
    /// The reply to DATA.
    pub data: Duration,
    /// Each time the relay takes some of the body.
    pub block: Duration,
    /// The reply to the final dot.
    pub dot: Duration,
    /// QUIT.
    pub quit: Duration,
    /// The slowest a relay may take a message, in bytes a second: one that takes a few bytes now and then would else
    /// hold a connection for ever.
    pub min_rate: u32,
    /// The whole conversation, whatever its messages.
    pub session: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            banner: Duration::from_secs(60),
            command: Duration::from_secs(60),
            data: Duration::from_secs(120),
            block: Duration::from_secs(180),
            dot: Duration::from_secs(600),
            quit: Duration::from_secs(5),
            min_rate: 1_000,
            session: Duration::from_secs(30 * 60),
        }
    }
}

/// What went wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub stage: Stage,
    /// What.
    pub cause: Cause,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The relay refused.
    Refused(Reply),
    /// The stage's timer ran out.
    Timeout,
    /// The connection could not be made, or was lost.
    Lost(String),
    /// What came is not SMTP, or came out of turn.
    Garbage(String),
    /// No protected connection could be made.
    Tls(String),
    /// The relay does not offer what the configuration asks for.
    NotOffered(&'static str),
    /// The message is larger than the relay says it takes, in bytes.
    TooLarge {
        /// The message's size.
        size: u64,
        /// What the relay takes.
        limit: u64,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Refused(reply) => write!(f, "{}: {reply}", self.stage),
            Cause::Timeout => write!(f, "{}: no answer in time", self.stage),
            Cause::Lost(why) => write!(f, "{}: connection lost: {why}", self.stage),
            Cause::Garbage(what) => write!(f, "{}: not an answer: {what}", self.stage),
            Cause::Tls(why) => write!(f, "{}: no protected connection: {why}", self.stage),
            Cause::NotOffered(what) => write!(f, "{}: the relay does not offer {what}", self.stage),
            Cause::TooLarge { size, limit } => {
                write!(f, "{}: {size} bytes are more than the {limit} the relay takes", self.stage)
            }
        }
    }
}

impl Failure {
    /// For logs: what a relay says often repeats an address; here each is an ellipsis.
    pub fn masked(&self) -> String {
        let text = self.to_string();
        let words = text.split(' ').map(|word| if word.contains('@') { "…" } else { word });
        words.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn new(stage: Stage, cause: Cause) -> Self {
        Self { stage, cause }
    }

    pub(super) fn io(stage: Stage, error: &io::Error) -> Self {
        Self::new(stage, Cause::Lost(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_holds_no_address() {
        let failure = Failure::new(Stage::Rcpt, Cause::Lost("<jean@exemple.tg>: unknown in a@b".to_owned()));
        assert_eq!(failure.masked(), "rcpt: connection lost: … unknown in …");
    }
}
