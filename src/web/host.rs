//! Which requests are for us, and of which size: looked at before anything else is done with them.
//!
//! No link of ours is made from a request's `Host`, so a forged one could mislead only a cache between us and a reader;
//! such a request is sent away all the same (RFC 9110 §7.4).

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::Config;

/// The largest request line and headers (bytes).
pub const HEADER_BYTES: usize = 16 * 1024;

/// The names that this installation answers to.
#[derive(Debug)]
pub struct Hosts {
    names: Vec<String>,
}

/// Put into a request that is not for us, or too large: the routes answer it with this status and its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub StatusCode);

impl Hosts {
    /// The public address's name and those of `[http] hosts`.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let own = std::iter::once(config.public_url.host());
        let others = config.http.hosts.iter().map(String::as_str);
        Self { names: own.chain(others).map(str::to_ascii_lowercase).collect() }
    }

    /// Why a request is not let in: 431 for too many bytes of headers, 400 for no or several hosts (RFC 9112 §3.2), 421 for
    /// a host that is not ours.
    #[must_use]
    pub fn refusal<B>(&self, request: &axum::http::Request<B>) -> Option<Refusal> {
        let headers = request.headers();
        let refused = if size(request.uri(), headers) > HEADER_BYTES {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        } else {
            let mut hosts = headers.get_all(header::HOST).iter();
            let host = match (request.uri().authority(), hosts.next(), hosts.next()) {
                (Some(authority), ..) => Some(authority.host().to_owned()),
                (None, Some(host), None) => host_of(host.as_bytes()),
                (None, None, _) if request.version() < Version::HTTP_11 => return None,
                (None, ..) => None,
            };
            match host {
                None => StatusCode::BAD_REQUEST,
                Some(host) if self.knows(&host) => return None,
                Some(_) => StatusCode::MISDIRECTED_REQUEST,
            }
        };
        Some(Refusal(refused))
    }

    /// Whether a host, without its port, is one of ours. A probe or a proxy in front may name this machine as it sees it: by
    /// `localhost`, or by an address of its own network.
    fn knows(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        if self.names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
            return true;
        }
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
            Ok(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// The host of a `Host` field.
fn host_of(value: &[u8]) -> Option<String> {
    let authority = Authority::try_from(value).ok()?;
    (!authority.as_str().contains('@')).then(|| authority.host().to_owned())
}

/// About the bytes of the request line and the headers on the wire.
fn size(uri: &Uri, headers: &HeaderMap) -> usize {
    let target = uri.path_and_query().map_or(1, |target| target.as_str().len());
    headers.iter().fold(target, |sum, (name, value)| sum + name.as_str().len() + value.len() + 4)
}

/// Answers what was refused before the routes.
pub(super) async fn refuse(request: Request, next: Next) -> Response {
    match request.extensions().get::<Refusal>() {
        Some(Refusal(status)) => status.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(version: Version, uri: &str, hosts: &[&str]) -> Option<u16> {
        let ours = Hosts { names: vec!["lettres.exemple.tg".into(), "kiosque".into()] };
        let mut request = axum::http::Request::get(uri).version(version);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        ours.refusal(&request.body(()).unwrap()).map(|refusal| refusal.0.as_u16())
    }

    #[test]
    fn only_requests_under_our_own_names_are_let_in() {
        for host in [
            "lettres.exemple.tg",
            "LETTRES.exemple.tg:443",
            "lettres.exemple.tg.",
            "kiosque:8080",
            "localhost:8080",
            "127.0.0.1:8080",
            "10.1.2.3",
            "192.168.0.4:80",
            "[::1]:8080",
            "[fd00::1]",
        ] {
            assert_eq!(asked(Version::HTTP_11, "/", &[host]), None, "{host}");
        }
        for host in [
            "exemple.tg",
            "lettres.exemple.tg.mechant.example",
            "mechant.example:8080",
            "8.8.8.8",
            "[2001:db8::1]",
            "localhost.mechant.example",
        ] {
            assert_eq!(asked(Version::HTTP_11, "/", &[host]), Some(421), "{host}");
        }
        for wrong in ["", "a b", "lettres.exemple.tg@mechant.example", "lettres.exemple.tg/x"] {
            assert_eq!(asked(Version::HTTP_11, "/", &[wrong]), Some(400), "{wrong:?}");
        }
    }

    #[test]
    fn one_host_is_asked_for_and_the_target_wins_over_the_field() {
        assert_eq!(asked(Version::HTTP_11, "/", &[]), Some(400));
        assert_eq!(asked(Version::HTTP_10, "/", &[]), None);
        let twice = ["lettres.exemple.tg", "mechant.example"];
        assert_eq!(asked(Version::HTTP_11, "/", &twice), Some(400));
        assert_eq!(asked(Version::HTTP_11, "http://mechant.example/", &twice[..1]), Some(421));
        assert_eq!(asked(Version::HTTP_11, "http://lettres.exemple.tg/", &twice[..1]), None);
    }

    #[test]
    fn headers_of_16_kilobytes_are_let_in_and_more_are_not() {
        let path = |length: usize| format!("/{}", "x".repeat(length));
        let host = ["lettres.exemple.tg"];
        assert_eq!(asked(Version::HTTP_11, &path(HEADER_BYTES - 100), &host), None);
        assert_eq!(asked(Version::HTTP_11, &path(HEADER_BYTES), &host), Some(431));
    }
}
