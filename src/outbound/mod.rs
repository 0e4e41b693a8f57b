//! The one client that calls other sites: feeds of sources, `feed check`, hubs. Beside it, [`Dns`] looks up what a domain publishes.
//!
//! Whoever names an address could make this program call its own network, so the rules stand here and nowhere else: http and https
//! only, no credentials, every address checked after its name was looked up and again on every redirect, no proxy from the
//! environment, bounded redirects, bytes and time.

mod body;
mod dns;
mod error;
mod guard;
mod resolver;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use dns::{Dns, DnsError};
pub use error::OutboundError;
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};
pub use resolver::Names;
use url::{Host, Url};

use crate::config::Config;
use guard::Guard;
use resolver::GuardedResolver;

/// Largest feed taken, in bytes after decompression; the limit of a known reader (Miniflux).
pub const LARGEST_FEED: usize = 15 * 1024 * 1024;

/// Largest answer of a hub looked at, in bytes.
const LARGEST_REPLY: usize = 64 * 1024;

/// Redirects followed.
const REDIRECTS: usize = 5;

/// The time for a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// The time for a whole call: redirects and body included.
const WHOLE: Duration = Duration::from_secs(60);

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    guard: Guard,
    names: Names,
    agent: String,
    /// Made at the first call: reading the machine's certificates takes milliseconds, and most verbs call nobody.
    client: OnceLock<reqwest::Client>,
}

/// A redirect that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Who redirected.
    pub from: Url,
    /// With which status.
    pub status: StatusCode,
    /// Where to.
    pub to: Url,
}

impl Hop {
    /// Whether the address has moved for good (RFC 9110 §15.4.2, §15.4.9).
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self.status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
    }
}

/// An answer, read to its end, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Who gave it, after all redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers as they came: `Content-Encoding` is still there.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// Bytes of the body before it was decompressed.
    pub wire_bytes: usize,
    /// The redirects that led there, in their order.
    pub hops: Vec<Hop>,
}

impl Answer {
    /// The address that has taken the asked one's place for good: as far as the redirects were permanent from the first on.
    #[must_use]
    pub fn moved_to(&self) -> Option<&Url> {
        self.hops.iter().take_while(|hop| hop.is_permanent()).last().map(|hop| &hop.to)
    }

    /// A header's text; `None` when it is absent or no text.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Outbound {
    /// A client by the rules of `[outbound]`; it introduces itself with `public_url`.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self::with_names(config, Names::System)
    }

    /// The same with another place to look names up: the door for tests.
    #[must_use]
    pub fn with_names(config: &Config, names: Names) -> Self {
        let agent = format!("kiosque/{} (+{})", env!("CARGO_PKG_VERSION"), config.public_url.as_str());
        let guard = Guard::new(&config.outbound.allow);
        Self(Arc::new(Inner { guard, names, agent, client: OnceLock::new() }))
    }

    /// Asks for a feed or a page, following redirects. `headers` go with every request; unless they name an `Accept-Encoding`,
    /// gzip and brotli are asked for. The body is at most [`LARGEST_FEED`] bytes.
    ///
    /// # Errors
    /// When there is no whole answer. A status of 400 or more is an answer.
    pub async fn get(&self, url: &Url, headers: HeaderMap) -> Result<Answer, OutboundError> {
        self.send(Call { method: Method::GET, headers, body: None, limit: LARGEST_FEED }, url).await
    }

    /// Asks for the headers alone (RFC 9110 §9.3.2), following redirects as [`Outbound::get`] does.
    ///
    /// # Errors
    /// As for [`Outbound::get`].
    pub async fn head(&self, url: &Url, headers: HeaderMap) -> Result<Answer, OutboundError> {
        self.send(Call { method: Method::HEAD, headers, body: None, limit: LARGEST_FEED }, url).await
    }

    /// Posts a form, `application/x-www-form-urlencoded`. Only redirects that keep the method (307, 308) are followed.
    ///
    /// # Errors
    /// As for [`Outbound::get`]; the answer's body is at most 64 KiB.
    pub async fn post_form(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Answer, OutboundError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, form_type)]);
        let call = Call { method: Method::POST, headers, body: Some(form), limit: LARGEST_REPLY };
        self.send(call, url).await
    }

    /// Posts JSON; otherwise as [`Outbound::post_form`].
    ///
    /// # Errors
    /// As for [`Outbound::get`]; the answer's body is at most 64 KiB.
    pub async fn post_json(&self, url: &Url, body: String) -> Result<Answer, OutboundError> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        let call = Call { method: Method::POST, headers, body: Some(body), limit: LARGEST_REPLY };
        self.send(call, url).await
    }

    async fn send(&self, mut call: Call, url: &Url) -> Result<Answer, OutboundError> {
        call.headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip, br"));
        let whole = tokio::time::timeout(WHOLE, self.follow(&call, url));
        whole.await.unwrap_or(Err(OutboundError::Timeout { seconds: WHOLE.as_secs() }))
    }

    async fn follow(&self, call: &Call, url: &Url) -> Result<Answer, OutboundError> {
        let client = self.client()?;
        let mut url = without_fragment(url);
        let mut hops = Vec::new();
        loop {
            self.check(&url)?;
            let mut request = client.request(call.method.clone(), url.clone()).headers(call.headers.clone());
            if let Some(body) = &call.body {
                request = request.body(body.clone());
            }
            let failed = |error| OutboundError::of(&error, &url, CONNECT.as_secs());
            let response = request.send().await.map_err(failed)?;
            let status = response.status();
            if !call.follows(status) {
                let headers = response.headers().clone();
                let (body, wire_bytes) = body::read(response, &url, call.limit, WHOLE).await?;
                return Ok(Answer { url, status, headers, body, wire_bytes, hops });
            }
            let location = response
                .headers()
                .get(header::LOCATION)
                .and_then(|to| std::str::from_utf8(to.as_bytes()).ok());
            let to = location.and_then(|to| url.join(to.trim()).ok()).ok_or_else(|| {
                OutboundError::BadRedirect { url: url.to_string(), status: status.as_u16() }
            })?;
            let to = without_fragment(&to);
            if hops.len() == REDIRECTS {
                return Err(OutboundError::Redirects { most: REDIRECTS, last: to.to_string() });
            }
            hops.push(Hop { from: url, status, to: to.clone() });
            url = to;
        }
    }

    /// What can be told from the address alone; names are checked when they are looked up.
    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OutboundError::NotWeb(url.to_string()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Credentials);
        }
        let address = match url.host() {
            None => return Err(OutboundError::NotWeb(url.to_string())),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(v4)) => v4.into(),
            Some(Host::Ipv6(v6)) => v6.into(),
        };
        if self.0.guard.admits(address) {
            return Ok(());
        }
        Err(OutboundError::Refused { host: url.host_str().unwrap_or_default().to_owned(), address })
    }

    fn client(&self) -> Result<&reqwest::Client, OutboundError> {
        if let Some(client) = self.0.client.get() {
            return Ok(client);
        }
        // The program installs the provider first of all; a library's user, such as a test, may not have.
        let _installed_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let resolver = GuardedResolver { names: self.0.names.clone(), guard: self.0.guard.clone() };
        let client = reqwest::Client::builder()
            .user_agent(&self.0.agent)
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(CONNECT)
            .build()
            .map_err(|error| OutboundError::Client(error.to_string()))?;
        Ok(self.0.client.get_or_init(|| client))
    }
}

/// What is sent, to every address on the way.
struct Call {
    method: Method,
    headers: HeaderMap,
    /// What is posted.
    body: Option<String>,
    limit: usize,
}

impl Call {
    /// Whether an answer sends us on (RFC 9110 §15.4).
    fn follows(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                matches!(self.method, Method::GET | Method::HEAD)
            }
            _ => false,
        }
    }
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}
