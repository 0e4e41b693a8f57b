//! Every feed from ready bytes.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::conditional::{self, Verdict};
use super::negotiation;
use crate::app::App;
use crate::feeds::{Found, Snapshot};

/// Readers may keep a feed five minutes, and longer while it is fetched anew or cannot be (RFC 5861).
const FEED_CACHE: &str = "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400";
/// An address that leads nowhere today may be a rubric's tomorrow.
const UNKNOWN_CACHE: &str = "public, max-age=60";
/// A removed or renamed rubric stays so.
const PERMANENT_CACHE: &str = "public, max-age=86400";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/flux/{feed}", get(feed))
}

async fn feed(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match app.feeds.find(&name) {
        Found::Ready(snapshot) => answer(&snapshot, &headers),
        Found::Moved(path) => {
            let to = app.config.public_url.join(&path.from_root());
            ([(header::CACHE_CONTROL, PERMANENT_CACHE)], Redirect::permanent(&to)).into_response()
        }
        Found::Gone => (StatusCode::GONE, [(header::CACHE_CONTROL, PERMANENT_CACHE)]).into_response(),
        Found::Unknown => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, UNKNOWN_CACHE)]).into_response(),
        Found::NotYet => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response(),
    }
}

/// The feed, or that the client has it. Everything but the body is the same for both (RFC 9110 §15.4.5).
fn answer(snapshot: &Snapshot, request: &HeaderMap) -> Response {
    let coding = negotiation::coding(request);
    let verdict = conditional::judge(request, snapshot.hash(), snapshot.last_modified);
    let mut headers = HeaderMap::with_capacity(9);
    let mut set =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, FEED_CACHE);
    set(header::VARY, "Accept-Encoding");
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(HeaderName::from_static("x-robots-tag"), "noindex");
    for (name, value) in [
        (header::ETAG, snapshot.etag(coding)),
        (header::LAST_MODIFIED, conditional::http_date(snapshot.last_modified)),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    match verdict {
        Verdict::NotModified => (StatusCode::NOT_MODIFIED, headers).into_response(),
        Verdict::Failed => StatusCode::PRECONDITION_FAILED.into_response(),
        Verdict::Send => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(snapshot.format.content_type()));
            if let Some(name) = coding.name() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            }
            (headers, snapshot.body(coding)).into_response()
        }
    }
}
