//! A conversation: opening it, one message after another, QUIT.

use std::net::IpAddr;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;

use crate::config::Security;
use crate::delivery::smtp::connection::{Cause, Connection, Failure, Stage, Stream, Timers, within};
use crate::delivery::smtp::reply::Reply;
use crate::delivery::smtp::tls::TlsClient;
use crate::mail::Address;

/// The relay to talk to.
#[derive(Debug, Clone)]
pub struct Server {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password, for AUTH.
    pub credentials: Option<Credentials>,
    /// The name we give in EHLO.
    pub helo: String,
    /// How long each stage may take.
    pub timers: Timers,
    /// Whom we trust.
    pub tls: TlsClient,
}

/// From and to, as the relay is told.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The return path.
    pub from: Address,
    /// The recipient.
    pub to: Address,
}

/// What the relay said it can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Offers {
    starttls: bool,
    pipelining: bool,
    /// The largest message, in bytes, when it tells one.
    size: Option<Option<u64>>,
    auth_plain: bool,
    auth_login: bool,
}

/// An open conversation.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    offers: Offers,
    timers: Timers,
    /// The last transaction ended before its message: the relay still remembers it.
    needs_reset: bool,
    /// A reply was missed, late or not one: whatever came next could not be told apart.
    broken: bool,
    transactions: u32,
}

impl Session {
    /// Connects, greets, protects the connection and authenticates, as the configuration asks.
    ///
    /// # Errors
    /// Any of it failing: it is the relay's trouble or ours, never a recipient's.
    pub async fn open(server: &Server) -> Result<Self, Failure> {
        let timers = &server.timers;
        let target = (server.host.as_str(), server.port);
        let stream = within(Stage::Connect, timers.connect, TcpStream::connect(target)).await?;
        // Without it the kernel holds back the end of each message for the peer's delayed ACK: 22 msg/s (perf.md §2d).
        stream.set_nodelay(true).map_err(|error| Failure::io(Stage::Connect, &error))?;
        let stream = match server.security {
            Security::Tls => server.tls.handshake(&server.host, stream, timers).await?,
            Security::StartTls | Security::Plain => Stream::Plain(stream),
        };
        let mut connection = Connection::new(stream);
        let banner = connection.reply(Stage::Banner, timers.banner).await?;
        expect(Stage::Banner, &banner, 220)?;
        let mut offers = ehlo(&mut connection, server).await?;
        if server.security == Security::StartTls {
            connection = start_tls(connection, &offers, server).await?;
            // What was offered in clear may have been put there by anybody (RFC 3207 §4.2).
            offers = ehlo(&mut connection, server).await?;
        }
        if let Some(credentials) = &server.credentials {
            authenticate(&mut connection, &offers, credentials, timers).await?;
        }
        Ok(Self {
            connection,
            offers,
            timers: timers.clone(),
            needs_reset: false,
            broken: false,
            transactions: 0,
        })
    }

    /// Whether another message may go this way.
    pub fn is_usable(&self) -> bool {
        !self.broken
    }

    /// Transactions begun on this connection, whatever became of them.
    pub fn transactions(&self) -> u32 {
        self.transactions
    }

    /// MAIL, RCPT and DATA, in one write if the relay knows PIPELINING (RFC 2920), up to the relay's 354. Not one byte
    /// of the message is written.
    ///
    /// # Errors
    /// What the relay refused, or what broke; the message has certainly not been taken.
    pub async fn begin(&mut self, envelope: &Envelope, size: u64) -> Result<(), Failure> {
        if let Some(Some(limit)) = self.offers.size
            && size > limit
            && limit > 0
        {
            return Err(Failure::new(Stage::Mail, Cause::TooLarge { size, limit }));
        }
        if !self.connection.is_quiet().await {
            self.broken = true;
            return Err(Failure::new(
                Stage::Mail,
                Cause::Lost("the relay had ended the conversation".into()),
            ));
        }
        self.transactions += 1;
        let result = self.transaction(envelope, size).await;
        if let Err(failure) = &result {
            match &failure.cause {
                Cause::Refused(reply) if reply.code != 421 => self.needs_reset = true,
                _ => self.broken = true,
            }
        } else if !self.connection.is_quiet().await {
            // The answer to the dot cannot be here before the dot.
            self.broken = true;
            return Err(Failure::new(Stage::Data, Cause::Garbage("more answers than commands".into())));
        }
        result
    }

    async fn transaction(&mut self, envelope: &Envelope, size: u64) -> Result<(), Failure> {
        let timer = self.timers.command;
        let parameters = match self.offers.size {
            Some(_) => vec![MailParameter::Size(usize::try_from(size).unwrap_or(usize::MAX))],
            None => Vec::new(),
        };
        let mail = Mail::new(Some(envelope.from.to_lettre()), parameters).to_string();
        let rcpt = Rcpt::new(envelope.to.to_lettre(), Vec::new()).to_string();
        if self.offers.pipelining {
            let reset = if self.needs_reset { Rset.to_string() } else { String::new() };
            let group = format!("{reset}{mail}{rcpt}{Data}");
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
        let reply = self.command(Stage::Data, &Data.to_string()).await?;
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
            // The relay waits for a message without a recipient; an empty one ends it (RFC 2920 §3.1).
            Ok(data) if u16::from(data.code()) == 354 => {
                self.connection.write(Stage::Data, self.timers.command, b".\r\n").await?;
                self.connection.reply(Stage::Data, self.timers.dot).await?;
            }
            Ok(data) if !data.is_positive() => {}
            Ok(_) | Err(_) => self.broken = true,
        }
        Err(refused)
    }

    /// The message and its final dot in one write, then the relay's answer. `message` ends with CRLF and has no line
    /// that begins with a dot ([`crate::mail::Encoded::splice`]). Only 250 means that the relay has taken it.
    ///
    /// # Errors
    /// A refusal says that the relay has not taken it; anything else leaves that in doubt.
    pub async fn finish(&mut self, message: Vec<u8>) -> Result<Reply, Failure> {
        // The relay may have lost patience since its 354; then nothing has been begun.
        if !self.connection.is_quiet().await {
            self.broken = true;
            return Err(Failure::new(
                Stage::Data,
                Cause::Lost("the relay had ended the conversation".into()),
            ));
        }
        let result = self.body_and_dot(message).await;
        match &result {
            Ok(_) => {}
            // A refused message ends the transaction (RFC 5321 §4.1.1.4).
            Err(Failure { cause: Cause::Refused(reply), .. }) if reply.code != 421 => {}
            Err(_) => self.broken = true,
        }
        if self.connection.has_leftover() {
            self.broken = true;
        }
        result
    }

    async fn body_and_dot(&mut self, mut message: Vec<u8>) -> Result<Reply, Failure> {
        message.extend_from_slice(b".\r\n");
        if let Err(failure) = self.connection.write(Stage::Dot, self.timers.block, &message).await {
            // A relay that refuses in the middle of a message may have said why before it hung up.
            return match self.connection.reply(Stage::Dot, self.timers.quit).await {
                Ok(response) if !response.is_positive() => {
                    self.broken = true;
                    Err(Failure::new(Stage::Dot, Cause::Refused(Reply::from(&response))))
                }
                _ => Err(failure),
            };
        }
        let response = self.connection.reply(Stage::Dot, self.timers.dot).await?;
        let reply = Reply::from(&response);
        match reply.code {
            250 => Ok(reply),
            400..=599 => Err(Failure::new(Stage::Dot, Cause::Refused(reply))),
            _ => Err(Failure::new(Stage::Dot, Cause::Garbage(reply.to_string()))),
        }
    }

    /// Says goodbye. Dropping a session without it is right where a message was begun and must not be ended.
    pub async fn quit(mut self) {
        if self.broken {
            return;
        }
        if self.connection.write(Stage::Dot, self.timers.quit, b"QUIT\r\n").await.is_ok() {
            // Whatever it answers, the conversation is over.
            let _ = self.connection.reply(Stage::Dot, self.timers.quit).await;
        }
    }

    async fn command(&mut self, stage: Stage, command: &str) -> Result<Response, Failure> {
        self.connection.write(stage, self.timers.command, command.as_bytes()).await?;
        self.reply(stage).await
    }

    async fn reply(&mut self, stage: Stage) -> Result<Response, Failure> {
        let timer = if stage == Stage::Data { self.timers.data } else { self.timers.command };
        self.connection.reply(stage, timer).await
    }
}

async fn ehlo(connection: &mut Connection, server: &Server) -> Result<Offers, Failure> {
    // An address is written as a literal (RFC 5321 §4.1.3).
    let name = match server.helo.parse() {
        Ok(IpAddr::V4(ip)) => ClientId::Ipv4(ip),
        Ok(IpAddr::V6(ip)) => ClientId::Ipv6(ip),
        Err(_) => ClientId::Domain(server.helo.clone()),
    };
    let command = Ehlo::new(name).to_string();
    connection.write(Stage::Ehlo, server.timers.command, command.as_bytes()).await?;
    let reply = connection.reply(Stage::Ehlo, server.timers.command).await?;
    expect(Stage::Ehlo, &reply, 250)?;
    Ok(offers(&reply))
}

/// Keywords are read without regard to case (RFC 5321 §2.4); the first line is the relay's name.
fn offers(reply: &Response) -> Offers {
    let mut offers = Offers::default();
    for line in reply.message().skip(1) {
        let line = line.to_ascii_uppercase();
        let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
        match words.next() {
            Some("STARTTLS") => offers.starttls = true,
            Some("PIPELINING") => offers.pipelining = true,
            Some("SIZE") => offers.size = Some(words.next().and_then(|limit| limit.parse().ok())),
            Some("AUTH") => {
                for mechanism in words {
                    offers.auth_plain |= mechanism == "PLAIN";
                    offers.auth_login |= mechanism == "LOGIN";
                }
            }
            _ => {}
        }
    }
    offers
}

async fn start_tls(
    mut connection: Connection,
    offers: &Offers,
    server: &Server,
) -> Result<Connection, Failure> {
    if !offers.starttls {
        return Err(Failure::new(Stage::Tls, Cause::NotOffered("STARTTLS")));
    }
    connection.write(Stage::Tls, server.timers.command, Starttls.to_string().as_bytes()).await?;
    let reply = connection.reply(Stage::Tls, server.timers.command).await?;
    expect(Stage::Tls, &reply, 220)?;
    if connection.has_leftover() {
        // Plaintext slipped in before the handshake would be read as said under its protection (CVE-2021-38371).
        return Err(Failure::new(Stage::Tls, Cause::Tls("data in clear after the STARTTLS answer".into())));
    }
    match connection.stream {
        Stream::Plain(stream) => {
            Ok(Connection::new(server.tls.handshake(&server.host, stream, &server.timers).await?))
        }
        Stream::Tls(_) => Ok(connection),
    }
}

async fn authenticate(
    connection: &mut Connection,
    offers: &Offers,
    credentials: &Credentials,
    timers: &Timers,
) -> Result<(), Failure> {
    let mechanism = if offers.auth_plain {
        Mechanism::Plain
    } else if offers.auth_login {
        Mechanism::Login
    } else {
        return Err(Failure::new(Stage::Auth, Cause::NotOffered("AUTH PLAIN or LOGIN")));
    };
    let odd = |error: lettre::transport::smtp::Error| {
        Failure::new(Stage::Auth, Cause::Garbage(crate::mail::one_line(&error.to_string())))
    };
    let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(odd)?;
    // LOGIN asks twice, for the name and for the password.
    for _ in 0..3 {
        connection.write(Stage::Auth, timers.command, command.to_string().as_bytes()).await?;
        let reply = connection.reply(Stage::Auth, timers.command).await?;
        match u16::from(reply.code()) {
            235 => return Ok(()),
            334 if mechanism == Mechanism::Login => {
                command = Auth::new_from_response(mechanism, credentials.clone(), &reply).map_err(odd)?;
            }
            _ => return Err(Failure::new(Stage::Auth, Cause::Refused(Reply::from(&reply)))),
        }
    }
    Err(Failure::new(Stage::Auth, Cause::Garbage("the relay goes on asking".into())))
}

fn expect(stage: Stage, response: &Response, code: u16) -> Result<(), Failure> {
    let reply = Reply::from(response);
    if reply.code == code {
        Ok(())
    } else if reply.code >= 400 {
        Err(Failure::new(stage, Cause::Refused(reply)))
    } else {
        Err(Failure::new(stage, Cause::Garbage(reply.to_string())))
    }
}

/// 250, or 251 where the relay forwards (RFC 5321 §4.3.2).
fn positive(stage: Stage, response: &Response) -> Result<(), Failure> {
    if stage == Stage::Rcpt && u16::from(response.code()) == 251 {
        Ok(())
    } else {
        expect(stage, response, 250)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_offers_is_read_without_regard_to_case() {
        let reply: Response = "250-mx.exemple.tg PIPELINING\r\n250-size 1000\r\n250-Auth=LOGIN plain\r\n\
                               250-8BITMIME\r\n250 StartTLS\r\n"
            .parse()
            .unwrap();
        let expected = Offers {
            starttls: true,
            pipelining: false,
            size: Some(Some(1000)),
            auth_plain: true,
            auth_login: true,
        };
        assert_eq!(offers(&reply), expected);
    }
}
