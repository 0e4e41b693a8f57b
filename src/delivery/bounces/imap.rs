//! An IMAP account as a mailbox that is read (RFC 9051). Mail is fetched with PEEK, so that reading leaves no trace;
//! `\Seen` is set afterwards on what is ours, and nothing is ever removed.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context, bail};
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::config::Security;
use crate::delivery::bounces::mail::BYTES;
use crate::delivery::smtp::TlsClient;

/// One step of the conversation.
const STEP: Duration = Duration::from_secs(60);

/// The longest line taken before the handshake, and how many of them.
const LINE: usize = 8 * 1024;
const LINES: usize = 20;

/// Where the account is.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) security: Security,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) folder: String,
}

/// A conversation with the folder selected.
pub(super) enum Conversation {
    Plain(Box<Open<TcpStream>>),
    Tls(Box<Open<TlsStream<TcpStream>>>),
}

pub(super) struct Open<S: AsyncRead + AsyncWrite + Unpin + Debug + Send> {
    session: Session<S>,
    validity: u32,
}

impl Conversation {
    /// Connects, protects the connection, logs in and selects the folder. Whatever came before the handshake is not
    /// believed after it.
    pub(super) async fn begin(account: &Account, tls: &TlsClient) -> anyhow::Result<Self> {
        let address = (account.host.as_str(), account.port);
        let stream = within("connecting", async { Ok(TcpStream::connect(address).await?) }).await?;
        stream.set_nodelay(true)?;
        match account.security {
            Security::Plain => {
                let mut client = Client::new(stream);
                greeting(&mut client).await?;
                Ok(Self::Plain(Box::new(Open::log_in(client, account).await?)))
            }
            Security::Tls => {
                let stream = within("the TLS handshake", tls.connect(&account.host, stream)).await?;
                let mut client = Client::new(stream);
                greeting(&mut client).await?;
                Ok(Self::Tls(Box::new(Open::log_in(client, account).await?)))
            }
            Security::StartTls => {
                let stream = within("STARTTLS", start_tls(stream)).await?;
                let stream = within("the TLS handshake", tls.connect(&account.host, stream)).await?;
                Ok(Self::Tls(Box::new(Open::log_in(Client::new(stream), account).await?)))
            }
        }
    }

    /// What the numbers of messages count in: with another value they are other messages.
    pub(super) fn validity(&self) -> u32 {
        match self {
            Self::Plain(open) => open.validity,
            Self::Tls(open) => open.validity,
        }
    }

    /// The numbers of the messages after `uid`, in order.
    pub(super) async fn after(&mut self, uid: u32) -> anyhow::Result<Vec<u32>> {
        match self {
            Self::Plain(open) => open.after(uid).await,
            Self::Tls(open) => open.after(uid).await,
        }
    }

    /// The beginning of a message; none when it has gone meanwhile.
    pub(super) async fn fetch(&mut self, uid: u32) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Plain(open) => open.fetch(uid).await,
            Self::Tls(open) => open.fetch(uid).await,
        }
    }

    /// Sets `\Seen`.
    pub(super) async fn mark_seen(&mut self, uid: u32) -> anyhow::Result<()> {
        match self {
            Self::Plain(open) => open.mark_seen(uid).await,
            Self::Tls(open) => open.mark_seen(uid).await,
        }
    }

    /// Says goodbye; a server that does not answer is left.
    pub(super) async fn end(self) {
        let bye = async {
            match self {
                Self::Plain(mut open) => open.session.logout().await.is_ok(),
                Self::Tls(mut open) => open.session.logout().await.is_ok(),
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), bye).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Debug + Send> Open<S> {
    async fn log_in(client: Client<S>, account: &Account) -> anyhow::Result<Self> {
        let mut session = within("logging in", async {
            let session = client.login(&account.user, &account.password).await;
            session.map_err(|(error, _)| anyhow::anyhow!("the server refuses the login: {error}"))
        })
        .await?;
        let mailbox = within("selecting the folder", async { Ok(session.select(&account.folder).await?) });
        let mailbox = mailbox.await.with_context(|| format!("the folder {}", account.folder))?;
        let validity = mailbox.uid_validity.context("the server gives no UIDVALIDITY")?;
        Ok(Self { session, validity })
    }

    async fn after(&mut self, uid: u32) -> anyhow::Result<Vec<u32>> {
        let query = format!("UID {}:*", uid.saturating_add(1));
        let found = within("searching", async { Ok(self.session.uid_search(&query).await?) }).await?;
        // `n:*` names the last message also when its number is below n (RFC 9051 §9, seq-range).
        let mut after: Vec<u32> = found.into_iter().filter(|found| *found > uid).collect();
        after.sort_unstable();
        Ok(after)
    }

    async fn fetch(&mut self, uid: u32) -> anyhow::Result<Option<Vec<u8>>> {
        let query = format!("(UID BODY.PEEK[]<0.{BYTES}>)");
        let fetched = within("fetching", async {
            let fetches: Vec<_> =
                self.session.uid_fetch(uid.to_string(), &query).await?.try_collect().await?;
            Ok(fetches)
        })
        .await?;
        let mine = fetched.iter().find(|fetch| fetch.uid == Some(uid));
        if let Some(body) = mine.and_then(|fetch| fetch.body()) {
            return Ok(Some(body.to_vec()));
        }
        // A server that could not read it says NO, one whose message has gone says nothing: the two look alike.
        match self.after(uid - 1).await?.first() {
            Some(first) if *first == uid => bail!("the server does not hand out message {uid}"),
            _ => Ok(None),
        }
    }

    async fn mark_seen(&mut self, uid: u32) -> anyhow::Result<()> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
        within("flagging", async { Ok(self.session.run_command_and_check_ok(&command).await?) }).await?;
        // What the server told unasked is of no interest, and must not fill up.
        while self.session.unsolicited_responses.try_recv().is_ok() {}
        Ok(())
    }
}

async fn greeting<S: AsyncRead + AsyncWrite + Unpin + Debug + Send>(
    client: &mut Client<S>,
) -> anyhow::Result<()> {
    within("the greeting", async {
        client.read_response().await?.context("the server closed the connection at once").map(|_| ())
    })
    .await
}

/// The words before the handshake, read byte by byte: what a stranger has put behind them goes into the handshake and
/// breaks it.
async fn start_tls(mut stream: TcpStream) -> anyhow::Result<TcpStream> {
    let hello = line(&mut stream).await?;
    if !hello.to_ascii_uppercase().starts_with("* OK") {
        bail!("no greeting: {hello}");
    }
    stream.write_all(b"k1 STARTTLS\r\n").await?;
    for _ in 0..LINES {
        let answer = line(&mut stream).await?.to_ascii_uppercase();
        if let Some(answer) = answer.strip_prefix("K1 ") {
            if answer.starts_with("OK") {
                return Ok(stream);
            }
            bail!("the server does not offer STARTTLS: {answer}");
        }
    }
    bail!("no answer to STARTTLS")
}

async fn line(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => break,
            byte => line.push(byte),
        }
        if line.len() > LINE {
            bail!("a line without end");
        }
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

async fn within<T>(what: &str, step: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    match tokio::time::timeout(STEP, step).await {
        Ok(done) => done.with_context(|| format!("{what} failed")),
        Err(_) => bail!("{what} took longer than {} s", STEP.as_secs()),
    }
}
