//! Prometheus metrics, on a listener of their own so that they are never public by accident.
//!
//! Counters count as things happen; what the database knows better (the balance of every edition, the depths of the
//! queue) is asked when somebody looks.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::exposition::Exposition;
use crate::alerts;
use crate::app::App;
use crate::articles::{FeedState, feed_states};
use crate::clock::DAY;
use crate::delivery::{Balance, Depth, Kind, balances, depths};
use crate::newsletters::edition::EditionId;

/// The text format's version, which Prometheus looks at.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the times that requests take.
const SECONDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Upper bounds of the times that a commit of delivery states takes: 50 ms is what bulk writers must leave it.
const WRITE_SECONDS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// A database that has not answered by then does not answer.
const DATABASE_WITHIN: Duration = Duration::from_secs(5);

/// At a hundred thousand requests a second these are 4 MB.
const UPKEEP: Duration = Duration::from_secs(5);

/// The balance of editions released longer ago (ms) is history, for `kiosque edition list`.
const EDITIONS_SHOWN: i64 = 7 * DAY;

/// Starts to count, for the whole process. Before, counting costs nothing and is lost; a second call changes nothing.
///
/// # Errors
/// When something else of the process already counts.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let writes = Matcher::Full("kiosque_delivery_write_seconds".to_owned());
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(writes, &WRITE_SECONDS))
        .context("cannot count metrics")?;
    let handle = builder.install_recorder().context("cannot count metrics")?;
    metrics::describe_counter!("kiosque_http_requests_total", "Requests by route, method and status.");
    metrics::describe_histogram!("kiosque_http_request_seconds", "Time to answer, by route.");
    metrics::describe_histogram!("kiosque_delivery_write_seconds", "Time to commit delivery states.");
    metrics::describe_counter!("kiosque_feed_rebuilds_total", "Categories whose feeds were built anew.");
    metrics::describe_counter!(
        "kiosque_hub_pings_total",
        "News of feeds sent to WebSub hubs, by hub and outcome."
    );
    metrics::describe_counter!(
        "kiosque_doubts_resent_total",
        "Messages in doubt that were taken up again: at most so many second copies."
    );
    metrics::describe_counter!("kiosque_delivery_results_total", "Results of attempts by class.");
    metrics::describe_counter!("kiosque_reports_total", "What came back, by kind.");
    metrics::describe_counter!("kiosque_form_robots_total", "Askings at the form that only a robot makes.");
    metrics::describe_counter!(
        "kiosque_form_refused_total",
        "Askings at the form that were asked to come back later."
    );
    metrics::describe_gauge!("kiosque_hub_failures", "Failures since a WebSub hub last took news, by hub.");
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Takes what was measured out of the recorder's way, for as long as it is polled: it keeps every single time until
/// somebody looks, and nobody may ever look.
pub async fn keep_small(handle: PrometheusHandle) -> ! {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

/// What the metrics listener answers: `GET /metrics`, and `/healthz` and `/readyz`, which nodes without pages have nowhere else.
pub fn router(app: &App, handle: PrometheusHandle) -> Router {
    let scrape = Router::new().route("/metrics", get(scrape)).with_state((app.clone(), handle));
    scrape.merge(super::health::routes().with_state(app.clone()))
}

async fn scrape(State((app, handle)): State<(App, PrometheusHandle)>) -> Response {
    handle.run_upkeep();
    let mut text = handle.render();
    text.push_str(&gathered(&app).await);
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response()
}

/// What the database knows. What cannot be read is missing for once, and `kiosque_database_up` says so.
async fn gathered(app: &App) -> String {
    let mut out = Exposition::default();
    let read = tokio::time::timeout(DATABASE_WITHIN, deliveries(app, &mut out)).await;
    let up = match read {
        Ok(Ok(())) => 1.0,
        Ok(Err(error)) => {
            tracing::warn!(%error, "metrics without the database");
            0.0
        }
        Err(_) => 0.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floats alone")]
    let stale = app.feeds.age(app.clock.now()).unwrap_or(0) as f64;
    out.gauge(
        "kiosque_feeds_stale_seconds",
        "For how long the feeds have been served without word from the database.",
        [(String::new(), stale)],
    );
    out.gauge("kiosque_database_up", "Whether the database answered.", [(String::new(), up)]);
    out.into_text()
}

/// The feeds that are read, for an alarm when one has not been for too long.
async fn sources(app: &App, out: &mut Exposition) -> sqlx::Result<()> {
    let states = feed_states(&app.db).await?;
    let configured = |state: &&FeedState| {
        app.config.sources.iter().any(|s| s.feed.as_ref().is_some_and(|f| f.get_ref().as_str() == state.url))
    };
    let of = |state: &FeedState| format!("feed=\"{}\"", state.url);
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floats alone")]
    let number = |n: i64| n as f64;
    out.gauge(
        "kiosque_source_failures",
        "How often a feed that is a source failed since it was read last.",
        states.iter().filter(configured).map(|state| (of(state), number(state.failures))),
    );
    let read = |state: &FeedState| Some((of(state), number(state.succeeded_at?.millis()) / 1000.0));
    out.gauge(
        "kiosque_source_read_timestamp_seconds",
        "When a feed that is a source was read last, or had nothing new.",
        states.iter().filter(configured).filter_map(read),
    );
    Ok(())
}

async fn deliveries(app: &App, out: &mut Exposition) -> sqlx::Result<()> {
    sources(app, out).await?;
    let balances = balances(&app.db, app.clock.now().plus(-EDITIONS_SHOWN)).await?;
    let of = |edition: EditionId| format!("edition=\"{edition}\"");
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floats alone")]
    let number = |n: i64| n as f64;
    out.gauge(
        "kiosque_edition_eligible",
        "Readers of an edition, counted at its release.",
        balances.iter().filter_map(|b| Some((of(b.edition_id), number(b.eligible?)))),
    );
    let states = |b: &Balance| {
        [
            ("pending", b.pending),
            ("claimed", b.claimed),
            ("in_doubt", b.in_doubt),
            ("sent", b.sent),
            ("failed", b.failed),
            ("cancelled", b.cancelled),
        ]
        .map(|(state, rows)| (format!("{},state=\"{state}\"", of(b.edition_id)), number(rows)))
    };
    out.gauge(
        "kiosque_edition_deliveries",
        "Deliveries of an edition by state, resends apart.",
        balances.iter().flat_map(states),
    );
    out.gauge(
        "kiosque_edition_missing",
        "Eligible readers without a delivery row once all are written. Anything but 0 is an alarm.",
        balances.iter().map(|b| (of(b.edition_id), number(b.missing()))),
    );
    out.gauge(
        "kiosque_edition_held",
        "Deliveries of an edition that wait for an operator.",
        balances.iter().map(|b| (of(b.edition_id), number(b.held))),
    );
    let open = alerts::all_open(&app.db).await?;
    let rows = |kind: &alerts::Kind| open.iter().filter(|alert| alert.kind == *kind).count() as f64;
    out.gauge(
        "kiosque_alerts_open",
        "What is wrong now, by kind.",
        alerts::Kind::ALL.iter().map(|kind| (format!("kind=\"{kind}\""), rows(kind))),
    );
    let depths = depths(&app.db).await?;
    let now = app.clock.now();
    let labels = |d: &Depth| {
        let kind = Kind::of_priority(d.priority).map_or("", Kind::as_str);
        format!("state=\"{}\",kind=\"{kind}\",priority=\"{}\",held=\"{}\"", d.state, d.priority, d.held)
    };
    out.gauge(
        "kiosque_queue_deliveries",
        "Deliveries that are not finished.",
        depths.iter().map(|d| (labels(d), number(d.rows))),
    );
    out.gauge(
        "kiosque_queue_oldest_seconds",
        "For how long the first of them has been due.",
        depths.iter().map(|d| (labels(d), number((now.millis() - d.oldest.millis()).max(0)) / 1000.0)),
    );
    Ok(())
}
