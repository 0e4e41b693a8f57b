//! The header fields that go with a snapshot: made once for each coding, when somebody first asks for it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::snapshot::{Coding, Snapshot};

/// Readers may keep a feed five minutes, and longer while it is fetched anew or cannot be (RFC 5861).
pub const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400";

/// The fields of the two answers that a snapshot gives.
#[derive(Debug, Clone)]
pub struct Heads {
    /// Those of a 200.
    pub full: HeaderMap,
    /// Those of a 304: what tells a cache about the 200, and nothing of its body (RFC 9110 §15.4.5).
    pub unchanged: HeaderMap,
}

impl Heads {
    /// Those of the body in a coding. `Link` stands on a 200 alone: hubs are looked for without conditions.
    pub(super) fn new(snapshot: &Snapshot, coding: Coding) -> Self {
        let mut fields = HeaderMap::with_capacity(12);
        let mut set = |name: HeaderName, value: HeaderValue| drop(fields.insert(name, value));
        set(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
        set(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        set(header::ETAG, snapshot.etag(coding).clone());
        set(header::LAST_MODIFIED, snapshot.modified().clone());
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        set(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
        let unchanged = fields.clone();
        let mut set = |name: HeaderName, value: HeaderValue| drop(fields.insert(name, value));
        set(header::CONTENT_TYPE, HeaderValue::from_static(snapshot.format.content_type()));
        if let Some(name) = coding.name() {
            set(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        if let Some(link) = snapshot.link() {
            set(header::LINK, link.clone());
        }
        Self { full: fields, unchanged }
    }
}
