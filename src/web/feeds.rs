//! Every feed from ready bytes.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::conditional::{self, Verdict};
use super::negotiation::Accepted;
use crate::app::App;
use crate::clock::{Clock, Timestamp};
use crate::feeds::snapshot::{Coding, system_time};
use crate::feeds::{FeedStore, Found, Snapshot};
use crate::feeds::{head, letter};

/// What a feed says of how long it may be kept.
const FEED_CACHE: &str = head::CACHE_CONTROL;
/// What is over changes only by a retraction, which a cache may miss for a day.
const ARCHIVE_CACHE: &str = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=604800";
/// An address that leads nowhere today may be a rubric's tomorrow.
const UNKNOWN_CACHE: &str = "public, max-age=60";
/// A removed or renamed rubric stays so.
const PERMANENT_CACHE: &str = "public, max-age=86400";

/// What a feed's path begins with.
pub(super) const ROOT: &str = "/flux/";
/// The route of every feed.
pub(super) const ROUTE: &str = "/flux/{feed}";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(ROUTE, get(feed).options(preflight))
        .route("/flux/lettre/{feed}", get(letter).options(preflight))
        .route("/flux/archives/{slug}/{name}", get(archive).options(preflight))
}

async fn feed(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = app.feeds.find(&name);
    respond(&app, &found, &headers, Freshness::of_feed(&app.feeds, &app.clock))
}

async fn letter(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = app.feeds.find(&format!("{}{name}", letter::PREFIX));
    respond(&app, &found, &headers, Freshness::of_feed(&app.feeds, &app.clock))
}

/// An archive is read from the database when it is not among those last asked for.
async fn archive(
    State(app): State<App>,
    Path((slug, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let now = app.clock.now();
    match app.feeds.archive(&app.db, &slug, &name, now).await {
        Ok(found) => {
            respond(&app, &found, &headers, Freshness { cache_control: ARCHIVE_CACHE, age: None, now })
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "an archive cannot be built");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response()
        }
    }
}

fn respond(app: &App, found: &Found, headers: &HeaderMap, freshness: Freshness) -> Response {
    match found {
        Found::Ready(snapshot) => answer(snapshot, headers, freshness),
        Found::Moved(path) => {
            let to = app.config.public_url.join(path);
            ([(header::CACHE_CONTROL, PERMANENT_CACHE)], Redirect::permanent(&to)).into_response()
        }
        Found::Gone => (StatusCode::GONE, [(header::CACHE_CONTROL, PERMANENT_CACHE)]).into_response(),
        Found::Unknown => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, UNKNOWN_CACHE)]).into_response(),
        Found::NotYet => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response(),
    }
}

/// What a script on another site may ask, with which fields of its own (the Fetch standard's CORS-preflight).
async fn preflight() -> Response {
    let headers = [
        (header::ALLOW, "GET,HEAD,OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Freshness {
    /// The `Cache-Control`.
    pub cache_control: &'static str,
    /// The `Age` (s) of bytes that may have been overtaken: the database has not answered for so long.
    pub age: Option<u64>,
    /// Now.
    pub now: Timestamp,
}

impl Freshness {
    /// That of a feed.
    pub(super) fn of_feed(store: &FeedStore, clock: &Clock) -> Self {
        let now = clock.now();
        Self { cache_control: FEED_CACHE, age: store.age(now), now }
    }
}

/// The document, or that the client has it. What both say is the same (RFC 9110 §15.4.5). For GET and HEAD.
pub(super) fn answer(snapshot: &Snapshot, request: &HeaderMap, freshness: Freshness) -> Response {
    ready(snapshot, request, freshness).map(Body::from)
}

/// The same, its body as it stands in memory.
pub(super) fn ready(
    snapshot: &Snapshot,
    request: &HeaderMap,
    freshness: Freshness,
) -> axum::http::Response<Bytes> {
    let accepted = Accepted::of(request);
    let verdict = conditional::judge(request, snapshot.hash(), snapshot.last_modified);
    let coding = match verdict {
        // A 304 names the tag that the client named, where we could send that body: a cache updates only what has the
        // same strong tag (RFC 9111 §4.3.4).
        Verdict::NotModified(Some(held)) if accepted.takes(held) && snapshot.has(held) => held,
        _ => accepted.best(snapshot.has(Coding::Brotli)),
    };
    let heads = snapshot.heads(coding);
    let (status, mut fields, body) = match verdict {
        Verdict::Send => (StatusCode::OK, heads.full.clone(), snapshot.body(coding)),
        Verdict::NotModified(_) => (StatusCode::NOT_MODIFIED, heads.unchanged.clone(), Bytes::new()),
        Verdict::Failed => (StatusCode::PRECONDITION_FAILED, HeaderMap::new(), Bytes::new()),
    };
    if status != StatusCode::PRECONDITION_FAILED {
        if freshness.cache_control != FEED_CACHE {
            fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(freshness.cache_control));
        }
        // Two changes of one second have two dates, so the second one's may lie ahead; none is told (RFC 9110 §8.8.2.1).
        if snapshot.last_modified > freshness.now
            && let Ok(now) = HeaderValue::try_from(httpdate::fmt_http_date(system_time(freshness.now)))
        {
            fields.insert(header::LAST_MODIFIED, now);
        }
        if let Some(age) = freshness.age {
            fields.insert(header::AGE, HeaderValue::from(age));
        }
    }
    let mut response = axum::http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}
