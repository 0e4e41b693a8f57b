//! What is counted and logged of a request: its route's pattern, never its path, which may carry a token.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::Counter;

use super::feeds;

/// Counts the request by route, method and status, and logs it.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let method = known(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let (status, took) = (response.status(), started.elapsed());
    counter(route, method, status).increment(1);
    metrics::histogram!("kiosque_http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
    log(route, method, status, took);
    response
}

/// The counters of what feeds are answered with, found once and not for each request.
#[derive(Debug)]
pub(super) struct FeedCounts {
    ok: [Counter; 2],
    not_modified: [Counter; 2],
}

impl FeedCounts {
    /// Finds them. Before that something must have begun to count, or they count for nobody.
    pub(super) fn new() -> Self {
        let methods = |status| ["GET", "HEAD"].map(|method| counter(feeds::ROUTE, method, status));
        Self { ok: methods(StatusCode::OK), not_modified: methods(StatusCode::NOT_MODIFIED) }
    }

    /// Counts and logs a GET or HEAD that a feed answered. Its time is not taken: some microseconds, of which looking
    /// at the clock would be a part that shows.
    pub(super) fn count(&self, method: &Method, status: StatusCode) {
        let [get, head] = if status == StatusCode::NOT_MODIFIED { &self.not_modified } else { &self.ok };
        if method == Method::HEAD { head } else { get }.increment(1);
        log(feeds::ROUTE, known(method), status, Duration::ZERO);
    }
}

fn counter(route: &str, method: &'static str, status: StatusCode) -> Counter {
    metrics::counter!("kiosque_http_requests_total",
        "route" => route.to_owned(), "method" => method, "status" => status.as_u16().to_string())
}

fn log(route: &str, method: &str, status: StatusCode, took: Duration) {
    tracing::debug!(route, method, status = status.as_u16(), ms = took.as_millis(), "answered");
}

/// The method's name; whatever a client invents is one label.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
