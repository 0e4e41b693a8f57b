//! What the scripted SMTP server is told to do, and what it records.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Where in a conversation a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Before the greeting.
    Banner,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// In the middle of the body, after about 100 bytes.
    Body,
    /// After the final dot.
    Dot,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

/// Every step after the greeting at which a plain server can fail, in order.
pub const STEPS: [Step; 7] =
    [Step::Banner, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::Body, Step::Dot];

/// What the server does there instead of going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Answers this, without the CRLF.
    Reply(&'static str),
    /// Answers this and closes.
    ReplyAndClose(&'static str),
    /// Closes.
    Drop,
    /// Closes with a RST.
    Reset,
    /// Never answers again.
    Hang,
    /// Answers and says one thing more than asked.
    ReplyTwice(&'static str),
    /// Answers and closes with a RST.
    ReplyAndReset(&'static str),
    /// Goes on, but after this time.
    Slow(Duration),
    /// Takes the body from here on a little at a time, each after this time.
    Sip(Duration),
}

/// A rule of the script.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) step: Step,
    pub(super) act: Act,
    pub(super) recipient: Option<String>,
    pub(super) times: usize,
    pub(super) takes: bool,
}

impl Rule {
    /// Does `act` at `step`, always.
    pub fn at(step: Step, act: Act) -> Self {
        Self { step, act, recipient: None, times: usize::MAX, takes: false }
    }

    /// Only that many times.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Only for this recipient. Steps before RCPT know none.
    pub fn to(mut self, recipient: &str) -> Self {
        self.recipient = Some(recipient.to_owned());
        self
    }

    /// At the dot: the message is taken all the same.
    pub fn but_takes(mut self) -> Self {
        self.takes = true;
        self
    }
}

/// A message the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO.
    pub to: Vec<String>,
    /// The bytes before the final dot, dots unstuffed.
    pub message: Vec<u8>,
    /// Whether the sender got 250 for it.
    pub acknowledged: bool,
    /// When the first byte of the body came.
    pub begun: Instant,
}

impl Taken {
    /// The value of a header, by name.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.message).into_owned();
        let head = text.split("\r\n\r\n").next()?;
        head.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    }
}

/// What the server was told, took and did.
#[derive(Debug, Default)]
pub struct Record {
    /// Messages taken, in order.
    pub taken: Vec<Taken>,
    /// Connections made.
    pub connections: usize,
    /// Connections open now.
    pub open: usize,
    /// Most connections open at a time.
    pub most_open: usize,
    /// Commands in clear, in order, of all connections.
    pub clear: Vec<String>,
    /// Commands under TLS.
    pub protected: Vec<String>,
    /// Final dots behind which more had come before they were answered.
    pub ahead: usize,
}

impl Record {
    /// How many copies of each recipient's were answered with 250.
    pub fn acknowledged(&self) -> HashMap<String, usize> {
        let mut copies = HashMap::new();
        for taken in self.taken.iter().filter(|taken| taken.acknowledged) {
            for to in &taken.to {
                *copies.entry(to.clone()).or_default() += 1;
            }
        }
        copies
    }

    /// How many copies each recipient got.
    pub fn copies(&self) -> HashMap<String, Vec<&Taken>> {
        let mut copies: HashMap<String, Vec<&Taken>> = HashMap::new();
        for taken in &self.taken {
            for to in &taken.to {
                copies.entry(to.clone()).or_default().push(taken);
            }
        }
        copies
    }
}
