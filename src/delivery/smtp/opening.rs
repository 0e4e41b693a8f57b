//! Opening a conversation: greeting, EHLO, protection, authentication.

use std::net::IpAddr;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;

use crate::config::Security;
use crate::delivery::smtp::connection::{Connection, Stream, within};
use crate::delivery::smtp::reply::Reply;
use crate::delivery::smtp::stage::{Cause, Failure, Stage, Timers};
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
pub(super) struct Offers {
    starttls: bool,
    pub(super) pipelining: bool,
    /// The largest message, in bytes, when it tells one.
    pub(super) size: Option<Option<u64>>,
    pub(super) eight_bit: bool,
    auth_plain: bool,
    auth_login: bool,
}

impl std::fmt::Display for Offers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = match self.size {
            Some(Some(limit)) if limit > 0 => format!("SIZE {limit}"),
            Some(_) => "SIZE".to_owned(),
            None => String::new(),
        };
        let word = |there: bool, word: &str| if there { word.to_owned() } else { String::new() };
        let auth = self.auth_plain || self.auth_login;
        let all = [
            word(self.pipelining, "PIPELINING"),
            word(self.eight_bit, "8BITMIME"),
            size,
            word(self.starttls, "STARTTLS"),
            word(auth, "AUTH"),
        ];
        let all: Vec<String> = all.into_iter().filter(|word| !word.is_empty()).collect();
        out.write_str(&if all.is_empty() { "nothing we could use".to_owned() } else { all.join(", ") })
    }
}

/// Connects, greets, protects the connection and authenticates, as the configuration asks.
pub(super) async fn open(server: &Server) -> Result<(Connection, Offers), Failure> {
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
    Ok((connection, offers))
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
            Some("8BITMIME") => offers.eight_bit = true,
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

pub(super) fn expect(stage: Stage, response: &Response, code: u16) -> Result<(), Failure> {
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
pub(super) fn positive(stage: Stage, response: &Response) -> Result<(), Failure> {
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
            eight_bit: true,
            auth_plain: true,
            auth_login: true,
        };
        assert_eq!(offers(&reply), expected);
    }
}
