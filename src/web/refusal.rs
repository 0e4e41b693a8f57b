//! What a client gets when it does not get what it asked for: a French page that says why.
//!
//! Handlers, extractors and layers answer with a bare status; `explain` puts the page to it in one place.

use std::any::Any;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{api, page};
use crate::app::App;
use crate::html::pages::Page;

/// Something of ours failed: logged with its causes, shown without them: as 503 when the store is away or takes no writes,
/// which passes, else as 500.
#[derive(Debug)]
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    /// What failed.
    pub(super) fn into_error(self) -> anyhow::Error {
        self.0
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!(error = format!("{:#}", self.0), "a request failed");
        if self.0.chain().filter_map(|cause| cause.downcast_ref::<sqlx::Error>()).any(is_away) {
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response();
        }
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Whether the database cannot be reached, is being started or stopped, or has no room.
fn is_away(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    match error {
        Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
        // PostgreSQL's classes 08, 53 and 57P; SQLite's BUSY, IOERR and FULL with their extended codes.
        Database(error) => error.code().is_some_and(|code| match code.parse::<u32>() {
            Ok(number) if code.len() < 5 => matches!(number & 0xFF, 5 | 10 | 13),
            _ => ["08", "53", "57P"].iter().any(|class| code.starts_with(class)),
        }),
        _ => false,
    }
}

/// What a panic in a handler leads to. The panic itself is on standard error, with its place.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(said, "a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Gives every refusal without words of its own a page that explains it, or JSON to who called the API. Headers such as `Allow` stay.
pub(super) async fn explain(State(app): State<App>, request: Request, next: Next) -> Response {
    let to_a_program = request.uri().path().starts_with(api::ROOT);
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || has_words(&response) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    if to_a_program {
        let error = status.canonical_reason().unwrap_or("refused").to_lowercase();
        let (json, body) = api::refused(status, error).into_parts();
        parts.headers.extend(json.headers);
        return Response::from_parts(parts, body);
    }
    match page::page(&app, status, &Page::Error { status: status.as_u16() }) {
        Ok(page) => {
            let (page, body) = page.into_parts();
            for (name, value) in &page.headers {
                // How long a refusal may be kept is its handler's to say.
                if name != header::CACHE_CONTROL || !parts.headers.contains_key(name) {
                    parts.headers.insert(name, value.clone());
                }
            }
            Response::from_parts(parts, body)
        }
        Err(error) => {
            drop(error.into_response());
            Response::from_parts(parts, Body::from("Une erreur est survenue.\n"))
        }
    }
}

/// Put into an answer whose plain text is meant: `(status, Extension(Meant), "text")`.
#[derive(Debug, Clone, Copy)]
pub struct Meant;

/// Whether the answer says something on purpose. What extractors and layers of the libraries say is plain text, in
/// English.
fn has_words(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| !kind.starts_with("text/plain")) || response.extensions().get::<Meant>().is_some()
}
