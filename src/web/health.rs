//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::refusal::Meant;
use crate::app::App;
use crate::db::{Role, SchemaState};

/// A database that has not answered by then does not answer.
const DATABASE_WITHIN: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// 200 when the database answers with our schema and takes writes, and the feeds were read once where they are served; else
/// 503 with the reason.
async fn ready(State(app): State<App>) -> Response {
    let reason = match tokio::time::timeout(DATABASE_WITHIN, app.db.schema_state()).await {
        Err(_) => "the database does not answer\n",
        Ok(Err(error)) => {
            tracing::warn!(error = format!("{error:#}"), "not ready");
            "the database does not answer\n"
        }
        Ok(Ok(SchemaState::Empty | SchemaState::Older)) => "the database has an older schema\n",
        Ok(Ok(SchemaState::Newer)) => "the database has a newer schema\n",
        Ok(Ok(SchemaState::Current)) if !app.pulse.beats() => "the database takes no writes\n",
        Ok(Ok(SchemaState::Current)) if app.roles.has(Role::Web) && !app.feeds.is_ready() => {
            "the feeds are not read yet\n"
        }
        Ok(Ok(SchemaState::Current)) => return "ready\n".into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Extension(Meant), reason).into_response()
}
