//! Where a request comes from: the connection's other end or, when that is a proxy of ours, whom it speaks for.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::Network;

/// The connection's other end. The server puts it on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The client's address; none where no connection stands behind the request. Never logged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client(pub Option<IpAddr>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client(…)")
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        Ok(Self(peer.map(|Peer(peer)| client(*peer, &parts.headers, &app.config.http.trusted_proxies))))
    }
}

/// Goes back along `X-Forwarded-For` from its end, as long as those who wrote it are trusted: what stands further to the
/// left anybody can have written.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let entries = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',').map(str::trim));
    for entry in entries {
        if !is_trusted(client) {
            break;
        }
        match address(entry) {
            Some(address) => client = address.to_canonical(),
            None => break,
        }
    }
    client
}

/// An address, perhaps with a port, as proxies write it.
fn address(entry: &str) -> Option<IpAddr> {
    let bare =
        entry.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(entry, |(inside, _)| inside);
    bare.parse().ok().or_else(|| bare.split_once(':').and_then(|(host, _)| host.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_is_believed() {
        let trusted: Vec<Network> =
            ["127.0.0.0/8", "10.0.0.0/24"].iter().map(|text| text.parse().unwrap()).collect();
        let of = |peer: &str, lines: &[&str]| {
            let lines = lines.iter().map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap()));
            client(peer.parse().unwrap(), &lines.collect::<HeaderMap>(), &trusted).to_string()
        };
        assert_eq!(of("192.0.2.7", &["198.51.100.1"]), "192.0.2.7", "a stranger's word");
        assert_eq!(of("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("::ffff:127.0.0.1", &["198.51.100.1"]), "198.51.100.1", "a listener on [::]");
        assert_eq!(
            of("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.9"]),
            "198.51.100.1",
            "the first is invented"
        );
        assert_eq!(
            of("127.0.0.1", &["1.2.3.4", "198.51.100.1:4711"]),
            "198.51.100.1",
            "the last line counts"
        );
        assert_eq!(of("127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        for nothing in [&[][..], &["unknown"], &[""], &["198.51.100.1, unknown"]] {
            assert_eq!(of("127.0.0.1", nothing), "127.0.0.1", "{nothing:?}");
        }
    }
}
