//! A stream to the relay: whole replies in, whole commands out, each under its stage's timer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

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
    /// Each block of the body the relay takes.
    pub block: Duration,
    /// The reply to the final dot.
    pub dot: Duration,
    /// QUIT.
    pub quit: Duration,
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

/// The longest reply taken, in bytes: EHLO answers of large hosts have about 500.
const REPLY_MAX: usize = 64 * 1024;

/// Written at a time under one timer, in bytes.
const BLOCK: usize = 64 * 1024;

/// The bytes below the conversation.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream and what was read from it and not yet used.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Whether nothing unasked has come: an answer that nobody waits for would be taken for the next one's.
    pub(super) async fn is_quiet(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return false;
        }
        let mut byte = [0; 1];
        let mut read = ReadBuf::new(&mut byte);
        let nothing = poll_fn(|cx| {
            let poll = match &mut self.stream {
                Stream::Plain(stream) => Pin::new(stream).poll_read(cx, &mut read),
                Stream::Tls(stream) => Pin::new(stream).poll_read(cx, &mut read),
            };
            Poll::Ready(poll.is_pending())
        });
        nothing.await
    }

    /// Whether the buffer holds something beyond the replies taken so far.
    pub(super) fn has_leftover(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Writes all of `bytes`, each block under `timer`.
    pub(super) async fn write(&mut self, stage: Stage, timer: Duration, bytes: &[u8]) -> Result<(), Failure> {
        for block in bytes.chunks(BLOCK) {
            within(stage, timer, self.write_block(block)).await?;
        }
        Ok(())
    }

    async fn write_block(&mut self, block: &[u8]) -> io::Result<()> {
        async fn all<S: AsyncWrite + Unpin>(stream: &mut S, block: &[u8]) -> io::Result<()> {
            stream.write_all(block).await?;
            stream.flush().await
        }
        match &mut self.stream {
            Stream::Plain(stream) => all(stream, block).await,
            Stream::Tls(stream) => all(stream, block).await,
        }
    }

    /// Reads one whole reply under `timer`.
    pub(super) async fn reply(&mut self, stage: Stage, timer: Duration) -> Result<Response, Failure> {
        match tokio::time::timeout(timer, self.read_reply(stage)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(stage, Cause::Timeout)),
        }
    }

    async fn read_reply(&mut self, stage: Stage) -> Result<Response, Failure> {
        let mut from = 0;
        let mut text = String::new();
        loop {
            while let Some(length) = self.buffer[from..].iter().position(|b| *b == b'\n') {
                let line = &self.buffer[from..from + length];
                from += length + 1;
                let last = append_line(&mut text, line)
                    .ok_or_else(|| garbage(stage, String::from_utf8_lossy(line).as_ref()))?;
                if last {
                    let reply = text.parse().map_err(|_| garbage(stage, &text));
                    self.buffer.drain(..from);
                    return reply;
                }
            }
            if self.buffer.len() > REPLY_MAX {
                return Err(garbage(stage, "a reply without end"));
            }
            let mut block = [0; 4096];
            let count = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut block).await,
                Stream::Tls(stream) => stream.read(&mut block).await,
            };
            match count {
                Ok(0) => return Err(Failure::new(stage, Cause::Lost("closed by the relay".to_owned()))),
                Ok(count) => self.buffer.extend_from_slice(&block[..count]),
                Err(error) => return Err(Failure::io(stage, &error)),
            }
        }
    }
}

/// Adds a line without its LF to a reply in lettre's strict form; tells whether it is the last. A code alone is
/// taken too (RFC 5321 §4.2: clients should).
fn append_line(text: &mut String, line: &[u8]) -> Option<bool> {
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    let code = line.as_bytes().first_chunk::<3>()?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.push_str(&line);
    let last = match line.as_bytes().get(3) {
        None => {
            text.push(' ');
            true
        }
        Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    text.push_str("\r\n");
    Some(last)
}

fn garbage(stage: Stage, text: &str) -> Failure {
    let line: String = crate::mail::one_line(text).chars().take(120).collect();
    Failure::new(stage, Cause::Garbage(line))
}

/// Runs one step under its stage's timer.
pub(super) async fn within<T>(
    stage: Stage,
    timer: Duration,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(timer, step).await {
        Ok(result) => result.map_err(|error| Failure::io(stage, &error)),
        Err(_) => Err(Failure::new(stage, Cause::Timeout)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(all: &[&str]) -> Option<String> {
        let mut text = String::new();
        for line in all {
            append_line(&mut text, line.as_bytes())?;
        }
        Some(text)
    }

    #[test]
    fn a_log_line_holds_no_address() {
        let failure = Failure::new(Stage::Rcpt, Cause::Lost("<jean@exemple.tg>: unknown in a@b".to_owned()));
        assert_eq!(failure.masked(), "rcpt: connection lost: … unknown in …");
    }

    #[test]
    fn replies_are_brought_into_one_form() {
        assert_eq!(lines(&["250-a\r", "250 b\r"]).as_deref(), Some("250-a\r\n250 b\r\n"));
        assert_eq!(lines(&["250\r"]).as_deref(), Some("250 \r\n"));
        assert_eq!(lines(&["250 b"]).as_deref(), Some("250 b\r\n"), "a lone LF ends a line");
        for garbage in ["", "25", "abc def", "250x", "HTTP/1.1 400 Bad Request"] {
            assert_eq!(lines(&[garbage]), None, "{garbage}");
        }
    }
}
