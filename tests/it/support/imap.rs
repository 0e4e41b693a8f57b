//! An IMAP server with one account and one folder, as far as a reader of bounces needs one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A message of the folder.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its number.
    pub uid: u32,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Flagged as seen.
    pub seen: bool,
}

/// What the server holds and has heard.
#[derive(Debug, Default)]
pub struct Account {
    /// What the numbers count in.
    pub validity: u32,
    /// The messages.
    pub messages: Vec<Message>,
    /// Every command line, without its tag.
    pub heard: Vec<String>,
    /// Answer NO to STORE.
    pub read_only: bool,
}

/// The server.
pub struct ImapServer {
    /// Where it listens.
    pub address: SocketAddr,
    account: Arc<Mutex<Account>>,
    task: JoinHandle<()>,
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ImapServer {
    /// A server without TLS, or one that offers STARTTLS, with words put between it and the handshake.
    pub async fn start(tls: Option<(TlsAcceptor, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let account = Arc::new(Mutex::new(Account { validity: 1, ..Account::default() }));
        let shared = Arc::clone(&account);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (account, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    let _ = match tls {
                        None => serve(BufReader::new(stream), &account, true).await,
                        Some((acceptor, injected)) => start_tls(stream, &account, &acceptor, injected).await,
                    };
                });
            }
        });
        Self { address, account, task }
    }

    /// Looks at, or changes, what it holds.
    pub fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.account.lock().unwrap())
    }

    /// Adds messages, numbered on.
    pub fn deliver(&self, messages: &[Vec<u8>]) {
        self.account(|account| {
            for raw in messages {
                let uid = account.messages.last().map_or(1, |message| message.uid + 1);
                account.messages.push(Message { uid, raw: raw.clone(), seen: false });
            }
        });
    }
}

async fn start_tls(
    stream: TcpStream,
    account: &Mutex<Account>,
    acceptor: &TlsAcceptor,
    injected: &str,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    account.lock().unwrap().heard.push(line.trim_end().to_owned());
    let tag = line.split(' ').next().unwrap_or("*").to_owned();
    stream.write_all(format!("{tag} OK begin\r\n{injected}").as_bytes()).await?;
    let stream = acceptor.accept(stream.into_inner()).await?;
    serve(BufReader::new(stream), account, false).await
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    account: &Mutex<Account>,
    greet: bool,
) -> std::io::Result<()> {
    if greet {
        stream.write_all(b"* OK ready\r\n").await?;
    }
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let answer = answer(line.trim_end(), &mut account.lock().unwrap());
        stream.write_all(&answer).await?;
        stream.flush().await?;
        line.clear();
    }
    Ok(())
}

fn answer(line: &str, account: &mut Account) -> Vec<u8> {
    let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
    account.heard.push(command.to_owned());
    let words: Vec<&str> = command.split(' ').collect();
    let mut out = Vec::new();
    let mut result = "OK done";
    match words[..] {
        ["LOGIN", _, password] if password == "\"sésame\"" || password == "\"sesame\"" => {}
        ["LOGIN", ..] => result = "NO [AUTHENTICATIONFAILED] wrong",
        ["SELECT", ..] => out.extend_from_slice(
            format!(
                "* FLAGS (\\Seen \\Deleted)\r\n* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] valid\r\n",
                account.messages.len(),
                account.validity
            )
            .as_bytes(),
        ),
        ["UID", "SEARCH", "UID", range] => {
            let from: u32 = range.trim_end_matches(":*").parse().unwrap();
            let last = account.messages.last().map(|message| message.uid);
            let found = account
                .messages
                .iter()
                .filter(|message| message.uid >= from || Some(message.uid) == last)
                .map(|message| format!(" {}", message.uid));
            out.extend_from_slice(format!("* SEARCH{}\r\n", found.collect::<String>()).as_bytes());
        }
        ["UID", "FETCH", uid, ..] => {
            let uid: u32 = uid.parse().unwrap();
            assert!(command.contains("BODY.PEEK[]<0."), "reading must leave no trace: {command}");
            let at = account.messages.iter().position(|message| message.uid == uid);
            if let Some(at) = at {
                let raw = &account.messages[at].raw;
                let head = format!("* {} FETCH (UID {uid} BODY[]<0> {{{}}}\r\n", at + 1, raw.len());
                out.extend_from_slice(head.as_bytes());
                out.extend_from_slice(raw);
                out.extend_from_slice(b")\r\n");
            }
        }
        ["UID", "STORE", ..] if account.read_only => result = "NO [READ-ONLY] not here",
        ["UID", "STORE", uid, "+FLAGS.SILENT", "(\\Seen)"] => {
            let uid: u32 = uid.parse().unwrap();
            account.messages.iter_mut().filter(|m| m.uid == uid).for_each(|message| message.seen = true);
        }
        ["LOGOUT"] => out.extend_from_slice(b"* BYE\r\n"),
        _ => result = "BAD unknown",
    }
    out.extend_from_slice(format!("{tag} {result}\r\n").as_bytes());
    out
}
