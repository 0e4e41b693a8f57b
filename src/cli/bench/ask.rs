//! A client of our own over one kept connection: nothing in it takes time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

/// Longer than any answer takes.
const WITHIN: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub(super) struct Asker(BufReader<TcpStream>);

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub etag: String,
    pub coding: String,
    pub body: Vec<u8>,
}

impl Asker {
    /// Connects.
    pub(super) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WITHIN))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks with `method` for `path`; `accept` is the `Accept-Encoding`.
    pub(super) fn ask(&mut self, method: &str, path: &str, accept: &str) -> anyhow::Result<Answer> {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {accept}\r\n\r\n");
        self.send(request.as_bytes(), method != "HEAD")
    }

    /// Posts a form to `path`.
    pub(super) fn post(&mut self, path: &str, form: &str) -> anyhow::Result<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.send(request.as_bytes(), true)
    }

    fn send(&mut self, request: &[u8], has_body: bool) -> anyhow::Result<Answer> {
        self.0.get_mut().write_all(request)?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("not an answer: {line:?}"))?;
        let mut answer = Answer { status, etag: String::new(), coding: String::new(), body: Vec::new() };
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match (name.to_ascii_lowercase().as_str(), value.trim()) {
                ("etag", value) => value.clone_into(&mut answer.etag),
                ("content-encoding", value) => value.clone_into(&mut answer.coding),
                ("content-length", value) => length = value.parse()?,
                _ => {}
            }
        }
        if has_body {
            answer.body.resize(length, 0);
            self.0.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }
}
