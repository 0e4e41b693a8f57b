//! A relay that takes only so much: connections, messages a connection, messages a second; and greylists whom it has not seen.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use kiosque::clock::{Clock, SECOND, Timestamp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What it takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Messages over a connection.
    pub messages: usize,
    /// Messages a second.
    pub rate: usize,
    /// How long (ms, on the test's clock) an unknown sender and recipient are put off.
    pub greylist: i64,
}

/// How often it was asked for more, and what it took.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Connections too many.
    pub connections: usize,
    /// Messages too many on a connection.
    pub messages: usize,
    /// Messages too many in a second.
    pub rate: usize,
    /// Tries that came back too soon, or as another sender.
    pub greylisted: usize,
    /// Recipients, in order.
    pub taken: Vec<String>,
}

#[derive(Debug, Default)]
struct State {
    seen: Seen,
    open: usize,
    recent: VecDeque<Instant>,
    known: HashMap<String, (String, Timestamp)>,
}

/// The running relay. It stops when dropped.
pub struct Throttle {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Throttle {
    /// Starts it.
    pub async fn start(limits: Limits, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, clock) = (Arc::clone(&shared), clock.clone());
                conversations.spawn(async move {
                    let _ = serve(stream, limits, &state, &clock).await;
                });
            }
        });
        Self { address, state, task }
    }

    /// The second that passed is over.
    pub fn forget_the_second(&self) {
        self.state.lock().unwrap().recent.clear();
    }

    /// What it saw since the last look.
    pub fn look(&self) -> Seen {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }
}

/// One of the open connections, until it is dropped: before the last word, after which the client may open another one.
struct Open<'a>(&'a Mutex<State>);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().open -= 1;
    }
}

/// Counts a message of this second, if it may still be one.
fn in_time(state: &mut MutexGuard<'_, State>, limits: Limits) -> bool {
    let now = Instant::now();
    while state.recent.front().is_some_and(|at| now.duration_since(*at) > Duration::from_secs(1)) {
        state.recent.pop_front();
    }
    let fits = state.recent.len() < limits.rate;
    if fits {
        state.recent.push_back(now)
    } else {
        state.seen.rate += 1
    }
    fits
}

/// Whether this sender has waited to send to this recipient.
fn is_known(state: &mut MutexGuard<'_, State>, from: &str, to: &str, limits: Limits, now: Timestamp) -> bool {
    let first = state.known.get(to).cloned();
    match first {
        None => {
            state.known.insert(to.to_owned(), (from.to_owned(), now));
            false
        }
        Some((sender, since)) if sender == from && since.plus(limits.greylist) <= now => true,
        Some(_) => {
            state.seen.greylisted += 1;
            false
        }
    }
}

async fn serve(
    stream: TcpStream,
    limits: Limits,
    state: &Mutex<State>,
    clock: &Clock,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let open = Open(state);
    let over = {
        let mut state = state.lock().unwrap();
        state.open += 1;
        let over = state.open > limits.connections;
        state.seen.connections += usize::from(over);
        over
    };
    if over {
        return stream.write_all(b"421 4.7.0 Error: too many connections from 127.0.0.1\r\n").await;
    }
    stream.write_all(b"220 etroit.exemple.tg ESMTP\r\n").await?;
    let (mut from, mut to, mut messages) = (None, None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let verb = line.trim_end().split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-etroit.exemple.tg\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES",
            "MAIL" if messages >= limits.messages => {
                state.lock().unwrap().seen.messages += 1;
                drop(open);
                return stream.write_all(b"421 4.7.0 too many messages in this connection\r\n").await;
            }
            "MAIL" => {
                (from, to) = (None, None);
                if in_time(&mut state.lock().unwrap(), limits) {
                    messages += 1;
                    from = Some(address);
                    "250 2.1.0 ok"
                } else {
                    "450 4.7.1 Error: too much mail from 127.0.0.1"
                }
            }
            "RCPT" => match &from {
                None => "503 5.5.1 MAIL first",
                Some(from) => {
                    if is_known(&mut state.lock().unwrap(), from, &address, limits, clock.now()) {
                        to = Some(address);
                        "250 2.1.5 ok"
                    } else {
                        "450 4.2.0 Greylisted, come back later"
                    }
                }
            },
            "DATA" => match to.take() {
                None => "503 5.5.1 RCPT first",
                Some(to) => {
                    stream.write_all(b"354 go on\r\n").await?;
                    loop {
                        line.clear();
                        if stream.read_line(&mut line).await? == 0 {
                            return Ok(());
                        }
                        if line == ".\r\n" {
                            break;
                        }
                    }
                    state.lock().unwrap().seen.taken.push(to);
                    "250 2.0.0 queued"
                }
            },
            "RSET" => {
                (from, to) = (None, None);
                "250 2.0.0 forgotten"
            }
            "QUIT" => {
                drop(open);
                return stream.write_all(b"221 2.0.0 bye\r\n").await;
            }
            _ => "500 5.5.2 what?",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// Two connections, twenty messages each, fifty a second, five seconds of greylisting.
pub const NARROW: Limits = Limits { connections: 2, messages: 20, rate: 50, greylist: 5 * SECOND };
