//! Why a call brought nothing, in words for an operator.

use std::error::Error;
use std::net::IpAddr;

use url::Url;

use super::resolver::Inside;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Another scheme than http and https, or no host.
    #[error("{0} is not an http or https address")]
    NotWeb(String),
    /// A user name or password stands in the address.
    #[error("the address carries a user name or password; kiosque sends none")]
    Credentials,
    /// The host stands at an address of this machine or of a private network.
    #[error("{}, which is no public address; if that is right, add it to `allow` under [outbound]", standing(.host, *.address))]
    Refused {
        /// As the address names it.
        host: String,
        /// What it was found to be.
        address: IpAddr,
    },
    /// The name could not be looked up.
    #[error("the name {host} was not found: {reason}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nobody answered there, or TLS failed.
    #[error("no connection to {host}: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system or TLS said.
        reason: String,
    },
    /// The certificate is not one that this machine trusts for the host.
    #[error("the certificate of {host} is not trusted here: {reason}")]
    Untrusted {
        /// The host.
        host: String,
        /// What TLS said.
        reason: String,
    },
    /// More redirects than are followed.
    #[error("redirected more than {most} times, at last to {last}")]
    Redirects {
        /// How many are followed.
        most: usize,
        /// Where the next would have led.
        last: String,
    },
    /// A redirect without an address that can be followed.
    #[error("{url} redirects ({status}) to no address")]
    BadRedirect {
        /// Who redirects.
        url: String,
        /// Its status.
        status: u16,
    },
    /// The body is larger than the caller takes.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// Bytes, after decompression.
        limit: usize,
    },
    /// The answer was not there in time.
    #[error("no whole answer within {seconds} s")]
    Timeout {
        /// The time given, in seconds.
        seconds: u64,
    },
    /// The body is compressed in a way nobody asked for, or not as it says.
    #[error("the body cannot be decompressed: {0}")]
    Coding(String),
    /// The connection broke, or what came is no HTTP.
    #[error("the answer broke off: {0}")]
    Broken(String),
    /// This machine's certificates cannot be read.
    #[error("no client can be made: {0}")]
    Client(String),
}

fn standing(host: &str, address: IpAddr) -> String {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(literal) if address == literal => format!("the host is {address}"),
        _ => format!("{host} stands at {address}"),
    }
}

impl OutboundError {
    /// What an error of the HTTP client means.
    pub(super) fn of(error: &reqwest::Error, url: &Url, seconds: u64) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(Inside(address)) = below::<Inside>(error) {
            return Self::Refused { host, address: *address };
        }
        let reason = root(error);
        if error.is_timeout() {
            Self::Timeout { seconds }
        } else if error.is_dns() {
            Self::Unresolved { host, reason }
        } else if let Some(reason) = reason.strip_prefix("invalid peer certificate: ") {
            Self::Untrusted { host, reason: reason.to_owned() }
        } else if error.is_connect() {
            Self::Unreachable { host, reason }
        } else {
            Self::Broken(reason)
        }
    }
}

/// The error of a type among the causes.
fn below<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The last cause, which says most.
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error and what caused it, down to the first cause.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}
