//! A stub resolver for TXT records (RFC 1035): what SPF, DKIM and DMARC are published in. It asks the machine's name servers, or
//! one that is named; whether they answer recursively is their affair.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// How long one question to one server may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What fits into a datagram on every path (DNS flag day 2020); longer answers come by TCP.
const DATAGRAM: u16 = 1232;

/// Name servers, asked in their order.
#[derive(Debug, Clone)]
pub struct Dns(Vec<SocketAddr>);

/// Why a name server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DnsError {
    /// The name cannot be asked for: a label is empty or longer than 63 bytes, or it is no ASCII.
    #[error("{0} is no name that DNS knows")]
    Name(String),
    /// No server is known.
    #[error("no name server is known: /etc/resolv.conf names none")]
    NoServer,
    /// None answered as it should; what the last one did.
    #[error("the name server {server} {what}")]
    Failed {
        /// Whom we asked.
        server: SocketAddr,
        /// What it did.
        what: String,
    },
}

impl fmt::Display for Dns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&servers.join(", "))
    }
}

impl Dns {
    /// One server.
    #[must_use]
    pub fn at(server: SocketAddr) -> Self {
        Self(vec![server])
    }

    /// The servers of `/etc/resolv.conf`; none where there is none.
    #[must_use]
    pub fn of_machine() -> Self {
        Self(servers_of(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()))
    }

    /// The TXT records of a name, the strings of each put together; none where the name has none or is not there.
    ///
    /// # Errors
    /// When no server answers as it should.
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let id = random_id();
        let question = question(id, name).ok_or_else(|| DnsError::Name(name.to_owned()))?;
        let mut failed = DnsError::NoServer;
        for server in self.0.iter().chain(&self.0) {
            let answer = match tokio::time::timeout(PATIENCE, ask(*server, &question)).await {
                Ok(Ok(answer)) => read_answer(&answer, &question),
                Ok(Err(error)) => Err(format!("cannot be asked ({error})")),
                Err(_) => Err(format!("does not answer within {} s", PATIENCE.as_secs())),
            };
            match answer {
                Ok(records) => return Ok(records),
                Err(what) => failed = DnsError::Failed { server: *server, what },
            }
        }
        Err(failed)
    }
}

fn servers_of(resolv_conf: &str) -> Vec<SocketAddr> {
    let words = resolv_conf.lines().map(|line| line.split_whitespace());
    let named = words.filter_map(|mut words| (words.next() == Some("nameserver")).then(|| words.next())?);
    let addresses = named.filter_map(|text| text.split('%').next()?.parse::<IpAddr>().ok());
    addresses.map(|address| SocketAddr::new(address, 53)).collect()
}

fn random_id() -> u16 {
    let mut bytes = [0; 2];
    // Without it a spoofed answer is a little easier; the check of the question remains.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u16::from_be_bytes(bytes)
}

/// By UDP, and by TCP when the answer did not fit (RFC 7766).
async fn ask(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; usize::from(DATAGRAM)];
    loop {
        let length = socket.recv(&mut answer).await?;
        if length >= 12 && answer[..2] == question[..2] {
            answer.truncate(length);
            break;
        }
    }
    let truncated = answer[2] & 0b10 != 0;
    if !truncated {
        return Ok(answer);
    }
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

const TXT: u16 = 16;
const CLASS_IN: u16 = 1;

/// A recursive question for TXT, with EDNS (RFC 6891) so that a 2048-bit key fits into one datagram.
fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut out = id.to_be_bytes().to_vec();
    out.extend_from_slice(&[0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        if !label.is_ascii() {
            return None;
        }
        out.push(length);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out.extend_from_slice(&TXT.to_be_bytes());
    out.extend_from_slice(&CLASS_IN.to_be_bytes());
    // OPT: the root's name, type 41, our size, no flags, no data.
    out.extend_from_slice(&[0, 0, 41]);
    out.extend_from_slice(&DATAGRAM.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    (out.len() <= 12 + 255 + 4 + 11).then_some(out)
}

/// The texts of an answer. What a CNAME leads to stands in it too, under another name.
fn read_answer(answer: &[u8], question: &[u8]) -> Result<Vec<String>, String> {
    let header = answer.first_chunk::<12>().ok_or("sent a stump")?;
    if header[..2] != question[..2] || header[2] & 0x80 == 0 {
        return Err("answered something else".to_owned());
    }
    match header[3] & 0x0F {
        0 => {}
        3 => return Ok(Vec::new()), // NXDOMAIN
        2 => return Err("cannot find out (SERVFAIL)".to_owned()),
        5 => return Err("refuses to answer us (REFUSED)".to_owned()),
        code => return Err(format!("answered with error {code}")),
    }
    let count = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    texts(&answer[12..], count(4), count(6)).ok_or_else(|| "sent a damaged answer".to_owned())
}

fn texts(mut rest: &[u8], questions: usize, answers: usize) -> Option<Vec<String>> {
    for _ in 0..questions {
        rest = behind_name(rest)?.get(4..)?;
    }
    let mut found = Vec::new();
    for _ in 0..answers {
        rest = behind_name(rest)?;
        let fixed = rest.first_chunk::<10>()?;
        let length = usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
        let mut data = rest.get(10..10 + length)?;
        if fixed[..2] == TXT.to_be_bytes() {
            let mut text = Vec::new();
            while let Some((&length, after)) = data.split_first() {
                text.extend_from_slice(after.get(..usize::from(length))?);
                data = after.get(usize::from(length)..)?;
            }
            found.push(String::from_utf8_lossy(&text).into_owned());
        }
        rest = rest.get(10 + length..)?;
    }
    Some(found)
}

/// What follows a name, whose end may be a pointer to an earlier one (RFC 1035 §4.1.4).
fn behind_name(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, after) = rest.split_first()?;
        match length {
            0 => return Some(after),
            0xC0.. => return after.get(1..),
            _ => rest = after.get(usize::from(length)..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_machines_servers_are_read_from_its_file() {
        let file = "# none\nsearch lan\nnameserver 192.0.2.1\nnameserver  2001:db8::1%eth0\nnameserver x\noptions edns0\n";
        let found: Vec<String> = servers_of(file).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53"]);
        assert!(question(1, "a..b").is_none() && question(1, &"x".repeat(64)).is_none());
    }

    #[test]
    fn the_strings_of_a_record_behind_a_cname_are_put_together() {
        let question = question(7, "k._domainkey.a.tg").unwrap();
        let name_end = question.len() - 11;
        let mut answer = question[..name_end].to_vec();
        answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
        answer.extend_from_slice(&[0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, b'x', 0xC0, 12]); // CNAME x.…
        answer.extend_from_slice(&[
            0xC0, 40, 0, 16, 0, 1, 0, 0, 0, 9, 0, 7, 2, b'v', b'=', 3, b'a', b'b', b'c',
        ]);
        assert_eq!(read_answer(&answer, &question), Ok(vec!["v=abc".to_owned()]));
        answer[3] = 0x83;
        assert_eq!(read_answer(&answer, &question), Ok(vec![]), "NXDOMAIN");
        answer[3] = 0x82;
        assert!(read_answer(&answer, &question).unwrap_err().contains("SERVFAIL"));
        answer[0] ^= 1;
        assert!(read_answer(&answer, &question).is_err(), "an answer to somebody else");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), records in 0u8..3) {
            let question = question(0, "a.b").unwrap();
            let mut answer = vec![0, 0, 0x81, 0, 0, 1, 0, records, 0, 0, 0, 0];
            answer.extend_from_slice(&bytes);
            let _ = read_answer(&answer, &question);
            let _ = read_answer(&bytes, &question);
        }
    }
}
