//! A stream to the relay: whole replies in, whole commands out, each under its stage's timer.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::client::TlsStream;

use crate::delivery::smtp::reply;
use crate::delivery::smtp::stage::{Cause, Failure, Stage};

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

/// How fast something must be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Until the relay has taken some more.
    pub(super) each: Duration,
    /// Until it has taken all.
    pub(super) whole: Duration,
}

impl Pace {
    /// For a command, which is one block.
    pub(super) fn of(timer: Duration) -> Self {
        Self { each: timer, whole: timer }
    }
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// How the bytes are protected, in words.
    pub(super) fn protection(&self) -> String {
        match &self.stream {
            Stream::Plain(_) => "not protected, on this machine".to_owned(),
            Stream::Tls(stream) => match stream.get_ref().1.protocol_version() {
                Some(version) => {
                    format!("{version:?}, its certificate is trusted").replace("TLSv1_", "TLS 1.")
                }
                None => "TLS".to_owned(),
            },
        }
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

    /// Writes a command under `timer`.
    pub(super) async fn write(&mut self, stage: Stage, timer: Duration, bytes: &[u8]) -> Result<(), Failure> {
        self.write_parts(stage, Pace::of(timer), &mut [IoSlice::new(bytes)]).await
    }

    /// Writes all parts as one, without putting them into one buffer first.
    pub(super) async fn write_parts(
        &mut self,
        stage: Stage,
        pace: Pace,
        parts: &mut [IoSlice<'_>],
    ) -> Result<(), Failure> {
        match &mut self.stream {
            Stream::Plain(stream) => write_all(stream, stage, pace, parts).await,
            Stream::Tls(stream) => write_all(stream, stage, pace, parts).await,
        }
    }

    /// Reads one whole reply under `timer`.
    pub(super) async fn reply(&mut self, stage: Stage, timer: Duration) -> Result<Response, Failure> {
        match timeout(timer, self.read_reply(stage)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(stage, Cause::Timeout)),
        }
    }

    async fn read_reply(&mut self, stage: Stage) -> Result<Response, Failure> {
        let mut look = true;
        loop {
            if look && !self.buffer.is_empty() {
                let parsed = reply::parse(&self.buffer);
                let parsed = parsed.map_err(|garbage| Failure::new(stage, Cause::Garbage(garbage.0)))?;
                if let Some((reply, length)) = parsed {
                    self.buffer.drain(..length);
                    return Ok(reply);
                }
            }
            let mut block = [0; 4096];
            let count = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut block).await,
                Stream::Tls(stream) => stream.read(&mut block).await,
            };
            let new = match count {
                Ok(0) => return Err(Failure::new(stage, Cause::Lost("closed by the relay".to_owned()))),
                Ok(count) => &block[..count],
                Err(error) => return Err(Failure::io(stage, &error)),
            };
            self.buffer.extend_from_slice(new);
            // Who sends byte by byte is looked at line by line; who sends no line is found out all the same.
            look = new.contains(&b'\n') || self.buffer.len() > 64 * 1024;
        }
    }
}

async fn write_all<S: AsyncWrite + Unpin>(
    stream: &mut S,
    stage: Stage,
    pace: Pace,
    mut parts: &mut [IoSlice<'_>],
) -> Result<(), Failure> {
    let end = Instant::now() + pace.whole;
    IoSlice::advance_slices(&mut parts, 0); // parts that are empty
    while !parts.is_empty() {
        let until = end.min(Instant::now() + pace.each);
        let written = within_until(stage, until, stream.write_vectored(parts)).await?;
        if written == 0 {
            return Err(Failure::io(stage, &io::ErrorKind::WriteZero.into()));
        }
        IoSlice::advance_slices(&mut parts, written);
    }
    within_until(stage, end.min(Instant::now() + pace.each), stream.flush()).await
}

async fn within_until<T>(
    stage: Stage,
    until: Instant,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    match timeout_at(until, step).await {
        Ok(result) => result.map_err(|error| Failure::io(stage, &error)),
        Err(_) => Err(Failure::new(stage, Cause::Timeout)),
    }
}

/// Runs one step under its stage's timer.
pub(super) async fn within<T>(
    stage: Stage,
    timer: Duration,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    within_until(stage, Instant::now() + timer, step).await
}
