//! What is counted and logged of a request: its route's pattern, never its path, which may carry a token.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Counts the request by route, method and status, and logs it.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let method = known(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let (status, took) = (response.status(), started.elapsed());
    metrics::counter!("kiosque_http_requests_total",
        "route" => route.to_owned(), "method" => method, "status" => status.as_u16().to_string())
    .increment(1);
    metrics::histogram!("kiosque_http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
    tracing::debug!(route, method, status = status.as_u16(), ms = took.as_millis(), "answered");
    response
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
