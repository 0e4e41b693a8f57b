//! Prometheus metrics, on a listener of their own so that they are never public by accident.
//!
//! Counters count as things happen; what the database knows better (the balance of every edition, the depths of the
//! queue) is asked when somebody looks.

use std::sync::OnceLock;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::refusal::Failure;
use crate::app::App;

/// The text format's version, which Prometheus looks at.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Starts to count, for the whole process. Before, counting costs nothing and is lost; a second call changes nothing.
///
/// # Errors
/// When something else of the process already counts.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder().context("cannot count metrics")?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// What the metrics listener answers: `GET /metrics`.
pub fn router(app: &App, handle: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state((app.clone(), handle))
}

async fn scrape(State((app, handle)): State<(App, PrometheusHandle)>) -> Result<Response, Failure> {
    gather(&app).await;
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], handle.render()).into_response())
}

/// Asks the database for what it knows. What cannot be read is missing for once, and `kiosque_database_up` says so.
async fn gather(app: &App) {
    let up = match app.db.schema_state().await {
        Ok(_) => 1.0,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "metrics without the database");
            0.0
        }
    };
    metrics::gauge!("kiosque_database_up").set(up);
}
