//! The API, by which a site hands in articles. It speaks JSON and English.

mod articles;
mod token;

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::articles::formats::Fault;

/// What every path of the API begins with.
pub(super) const ROOT: &str = "/api/";

/// The largest body (bytes): some three thousand articles.
const BODY: usize = 10 * 1024 * 1024;

/// A request that takes longer, its body included, is given up.
const WITHIN: Duration = Duration::from_secs(120);

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/articles", post(articles::accept))
        // The handler counts the bytes itself, so that too many are answered like other mistakes.
        .layer(DefaultBodyLimit::disable())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, WITHIN))
}

/// What a refused request is told.
#[derive(Debug, Serialize)]
struct Refused {
    error: String,
    /// What is wrong with the articles, each with its place and field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

/// A refusal in a sentence.
pub(super) fn refused(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Refused { error: error.into(), faults: Vec::new() })).into_response()
}
