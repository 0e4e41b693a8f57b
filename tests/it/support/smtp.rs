//! A scripted SMTP server: it can answer anything, drop, reset or hang at each stage, and records what it took.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use crate::support::smtp_script::{Act, Record, Rule, STEPS, Step, Taken};

#[derive(Debug, Default)]
struct State {
    record: Record,
    rules: Vec<Rule>,
    delay_dot: Duration,
    delay_command: Duration,
    wait_ahead: Duration,
}

/// What kind of server it is.
#[derive(Clone, Default)]
pub struct Kind {
    /// Lines after the first of the EHLO answer.
    pub offers: Vec<&'static str>,
    /// For STARTTLS, or for TLS from the first byte.
    pub tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub implicit: bool,
    /// Said in clear right behind the answer to STARTTLS.
    pub injected: Option<&'static str>,
    /// Answers 354 to DATA even where no recipient was taken, as RFC 2920 §3.1 allows.
    pub lenient: bool,
}

/// The running server. It stops when dropped.
pub struct SmtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpServer {
    /// A server on loopback that knows PIPELINING and SIZE.
    pub async fn start() -> Self {
        Self::of_kind(Kind { offers: vec!["PIPELINING", "SIZE 10000000", "8BITMIME"], ..Kind::default() })
            .await
    }

    /// A server of another kind.
    pub async fn of_kind(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Conversations end with the server.
            let mut conversations = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (state, kind) = (Arc::clone(&shared), kind.clone());
                {
                    let record = &mut state.lock().unwrap().record;
                    record.connections += 1;
                    record.open += 1;
                    record.most_open = record.most_open.max(record.open);
                }
                conversations.spawn(async move {
                    let _ = serve(stream, &kind, &state).await;
                    state.lock().unwrap().record.open -= 1;
                });
            }
        });
        Self { address, state, task }
    }

    /// Adds a rule; the first that fits is used.
    pub fn rule(&self, rule: Rule) -> &Self {
        self.state.lock().unwrap().rules.push(rule);
        self
    }

    /// Forgets the rules: from now on all goes well.
    pub fn clear_rules(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// Waits this long before it answers a final dot.
    pub fn slow_dot(&self, delay: Duration) {
        self.state.lock().unwrap().delay_dot = delay;
    }

    /// Waits this long before it answers MAIL, and again before it answers RCPT.
    pub fn slow_commands(&self, delay: Duration) {
        self.state.lock().unwrap().delay_command = delay;
    }

    /// Waits this long for what a client may send behind a final dot before it answers the dot.
    pub fn wait_for_more(&self, patience: Duration) {
        self.state.lock().unwrap().wait_ahead = patience;
    }

    /// Looks at the record.
    pub fn record<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.state.lock().unwrap().record)
    }

    /// The messages taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.record(|record| record.taken.clone())
    }
}

/// Why a conversation ended.
struct Over;

type Go<T> = Result<T, Over>;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Over
    }
}

async fn serve(stream: TcpStream, kind: &Kind, state: &Mutex<State>) -> Go<()> {
    stream.set_nodelay(true)?;
    if kind.implicit {
        let acceptor = kind.tls.clone().expect("implicit TLS needs an acceptor");
        let mut stream = BufReader::new(acceptor.accept(stream).await?);
        converse(&mut stream, kind, state, true, true).await?;
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    if converse(&mut stream, kind, state, true, false).await? {
        let acceptor = kind.tls.clone().expect("STARTTLS needs an acceptor");
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
        converse(&mut stream, kind, state, false, true).await?;
    }
    Ok(())
}

/// A stream that can be closed hard.
trait Resettable {
    fn reset(&self);
}

impl Resettable for TcpStream {
    fn reset(&self) {
        let _ = self.set_zero_linger();
    }
}

impl<S> Resettable for tokio_rustls::server::TlsStream<S> {
    fn reset(&self) {}
}

impl<S: AsyncRead + Resettable> Resettable for BufReader<S> {
    fn reset(&self) {
        self.get_ref().reset();
    }
}

/// Until QUIT; true when the client asked for STARTTLS and may have it.
async fn converse<S>(
    stream: &mut BufReader<S>,
    kind: &Kind,
    state: &Mutex<State>,
    greet: bool,
    protected: bool,
) -> Go<bool>
where
    S: AsyncRead + AsyncWrite + Unpin + Resettable,
{
    if greet {
        answer(stream, state, Step::Banner, None, "220 epreuve.exemple.tg ESMTP").await?;
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut in_transaction = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let line = line.trim_end();
        {
            let record = &mut state.lock().unwrap().record;
            let commands = if protected { &mut record.protected } else { &mut record.clear };
            commands.push(line.to_owned());
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let mut text = "250-epreuve.exemple.tg".to_owned();
                for offer in &kind.offers {
                    if !(protected && *offer == "STARTTLS") {
                        text.push_str(&format!("\r\n250-{offer}"));
                    }
                }
                let last = text.rfind("250-").unwrap() + 3;
                text.replace_range(last..=last, " ");
                answer(stream, state, Step::Ehlo, None, &text).await?;
            }
            "STARTTLS" => {
                let mut text = "220 go ahead".to_owned();
                if let Some(injected) = kind.injected {
                    text.push_str("\r\n");
                    text.push_str(injected);
                }
                if answer(stream, state, Step::StartTls, None, &text).await? {
                    return Ok(true);
                }
            }
            "AUTH" => {
                if line.contains("LOGIN") {
                    for prompt in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                        say(stream, prompt).await?;
                        let mut answer = String::new();
                        stream.read_line(&mut answer).await?;
                        state.lock().unwrap().record.protected.push(answer.trim_end().to_owned());
                    }
                }
                answer(stream, state, Step::Auth, None, "235 2.7.0 welcome").await?;
            }
            "MAIL" if in_transaction => say(stream, "503 5.5.1 nested MAIL").await?,
            "MAIL" => {
                hesitate(state).await;
                from = between(line);
                to.clear();
                in_transaction = answer(stream, state, Step::Mail, None, "250 2.1.0 ok").await?;
            }
            "RCPT" if !in_transaction => say(stream, "503 5.5.1 MAIL first").await?,
            "RCPT" => {
                hesitate(state).await;
                let recipient = between(line);
                if answer(stream, state, Step::Rcpt, Some(&recipient), "250 2.1.5 ok").await? {
                    to.push(recipient);
                }
            }
            "DATA" if to.is_empty() && !kind.lenient => say(stream, "554 5.5.1 no valid recipients").await?,
            "DATA" => {
                let recipient = to.first().cloned();
                if answer(stream, state, Step::Data, recipient.as_deref(), "354 go on").await? {
                    let envelope = (std::mem::take(&mut from), std::mem::take(&mut to));
                    in_transaction = false;
                    take(stream, state, envelope).await?;
                }
            }
            "RSET" => {
                in_transaction = false;
                to.clear();
                answer(stream, state, Step::Rset, None, "250 2.0.0 forgotten").await?;
            }
            "QUIT" => {
                answer(stream, state, Step::Quit, None, "221 2.0.0 bye").await?;
                return Ok(false);
            }
            _ => say(stream, "500 5.5.2 what?").await?,
        }
    }
}

async fn hesitate(state: &Mutex<State>) {
    let delay = state.lock().unwrap().delay_command;
    tokio::time::sleep(delay).await;
}

/// The address between the angle brackets.
fn between(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(a, _)| a.to_owned())
}

async fn take<S>(stream: &mut BufReader<S>, state: &Mutex<State>, envelope: (String, Vec<String>)) -> Go<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Resettable,
{
    let recipient = envelope.1.first().cloned();
    let mut message = Vec::new();
    let mut begun = None;
    let mut middle = rule(state, Step::Body, recipient.as_deref());
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(Over);
        }
        begun.get_or_insert_with(Instant::now);
        if line == b".\r\n" {
            break;
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if message.len() > 100
            && let Some(rule) = middle.take()
        {
            act(stream, rule.act).await?;
        }
    }
    let (patience, delay) = {
        let state = state.lock().unwrap();
        (state.wait_ahead, state.delay_dot)
    };
    if tokio::time::timeout(patience, stream.fill_buf())
        .await
        .is_ok_and(|more| more.is_ok_and(|more| !more.is_empty()))
    {
        state.lock().unwrap().record.ahead += 1;
    }
    tokio::time::sleep(delay).await;
    if envelope.1.is_empty() {
        return say(stream, "554 5.5.1 no valid recipients").await;
    }
    let rule = rule(state, Step::Dot, recipient.as_deref());
    let good = match &rule {
        None => true,
        Some(rule) => {
            matches!(rule.act, Act::Slow(_))
                || matches!(rule.act, Act::Reply(text) | Act::ReplyTwice(text) | Act::ReplyAndClose(text) if text.starts_with("250"))
        }
    };
    if good || rule.as_ref().is_some_and(|rule| rule.takes) {
        let (from, to) = envelope;
        let begun = begun.unwrap_or_else(Instant::now);
        let taken = Taken { from, to, message, acknowledged: good, begun };
        state.lock().unwrap().record.taken.push(taken);
    }
    match rule {
        Some(Rule { act: Act::Slow(delay), .. }) => tokio::time::sleep(delay).await,
        Some(rule) => return act(stream, rule.act).await,
        None => {}
    }
    say(stream, "250 2.0.0 queued as 42").await
}

/// Says what goes well, or does what a rule asks; true when the client may go on from here.
async fn answer<S>(
    stream: &mut BufReader<S>,
    state: &Mutex<State>,
    step: Step,
    recipient: Option<&str>,
    well: &str,
) -> Go<bool>
where
    S: AsyncRead + AsyncWrite + Unpin + Resettable,
{
    match rule(state, step, recipient) {
        None => {
            say(stream, well).await?;
            Ok(true)
        }
        Some(Rule { act: Act::Slow(delay), .. }) => {
            tokio::time::sleep(delay).await;
            say(stream, well).await?;
            Ok(true)
        }
        Some(rule) => {
            act(stream, rule.act).await?;
            Ok(matches!(rule.act, Act::Reply(text) | Act::ReplyTwice(text) if text.starts_with(['2', '3'])))
        }
    }
}

async fn act<S>(stream: &mut BufReader<S>, act: Act) -> Go<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Resettable,
{
    match act {
        Act::Reply(text) => say(stream, text).await,
        Act::ReplyTwice(text) => say(stream, &format!("{text}\r\n{text}")).await,
        Act::ReplyAndClose(text) => {
            say(stream, text).await?;
            Err(Over)
        }
        Act::ReplyAndReset(text) => {
            say(stream, text).await?;
            stream.reset();
            Err(Over)
        }
        Act::Slow(delay) => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
        Act::Sip(pause) => {
            let mut sip = [0; 4096];
            while stream.read(&mut sip).await? > 0 {
                tokio::time::sleep(pause).await;
            }
            Err(Over)
        }
        Act::Drop => Err(Over),
        Act::Reset => {
            stream.reset();
            Err(Over)
        }
        Act::Hang => {
            // Until the client gives up.
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink).await;
            Err(Over)
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut BufReader<S>, text: &str) -> Go<()>
where
    BufReader<S>: AsyncWrite,
{
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await?;
    Ok(())
}

fn rule(state: &Mutex<State>, step: Step, recipient: Option<&str>) -> Option<Rule> {
    let mut state = state.lock().unwrap();
    let rule = state.rules.iter_mut().find(|rule| {
        rule.step == step
            && rule.times > 0
            && rule.recipient.as_deref().is_none_or(|wanted| Some(wanted) == recipient)
    })?;
    rule.times -= 1;
    Some(rule.clone())
}

/// TLS for the server's side: a certificate for `127.0.0.1`.
pub fn tls_acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The authority that signed it, for clients that are to trust it.
pub fn tls_authority() -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap()]
}
