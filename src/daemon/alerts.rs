//! The lookout: sees what is wrong, tells it, and makes the calls that are due.
//!
//! What cannot be kept because the store is away is told from memory, by the ways that need no store.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use crate::alerts::{self, Alert, AlertId, Kind};
use crate::app::App;
use crate::articles::{FeedState, feed_states};
use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::delivery::telling::bulletin::{self, Bulletin, Way};
use crate::delivery::telling::{alert_calls, report, watch as deliveries};
use crate::subscribers;

/// How often it is looked whether there is something to tell; each look writes, which shows that the store can be written.
const STEP: Duration = Duration::from_secs(15);

/// How many steps lie between two looks for what is wrong.
const LOOK_EVERY: u32 = 4;

/// A command that takes longer is ended.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);

/// The store is given this long (ms) before anybody is told.
const STORE_PATIENCE: i64 = MINUTE;

/// A feed that fails is told after so many failures, or when it was not read for this long (ms).
const FAILURES: i64 = 5;
const UNREAD: i64 = 6 * HOUR;

pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut store = StoreTrouble::default();
    let mut steps = 0;
    loop {
        let now = app.clock.now();
        match step(app, now, steps % LOOK_EVERY == 0).await {
            Ok(()) => store.well(app, now).await,
            Err(error) => store.trouble(app, &error, now).await,
        }
        steps = steps.wrapping_add(1);
        if super::rest(&mut stop, STEP).await {
            return Ok(());
        }
    }
}

/// One step: looks for what is wrong if `look`, tells what is due, makes the calls.
///
/// # Errors
/// When the store or a template fails.
pub async fn step(app: &App, now: Timestamp, look: bool) -> anyhow::Result<()> {
    if look {
        deliveries::look(&app.db, now).await?;
        sources(app, now).await?;
        held(app, now).await?;
        form(app, now).await?;
        for edition in report::report(&app.desk, &app.keys, now).await? {
            tracing::info!(%edition, "edition reported to its editors");
            app.waker.wake();
        }
    }
    if bulletin::tell(&app.desk, &app.keys, now).await? {
        app.waker.wake();
    }
    make_calls(app, now).await
}

/// Feeds that are read: raised when one is not for long, ended when it is read again or is no source any more.
async fn sources(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let configured = |state: &FeedState| {
        app.config.sources.iter().any(|s| s.feed.as_ref().is_some_and(|f| f.get_ref().as_str() == state.url))
    };
    let mut wrong = Vec::new();
    for state in feed_states(&app.db).await?.into_iter().filter(configured) {
        let unread = state.succeeded_at.is_none_or(|at| at <= now.plus(-UNREAD));
        let failing = state.failures > 0 && (unread || state.failures >= FAILURES);
        if failing || state.stopped_at.is_some() {
            let detail = state.error.as_deref().unwrap_or_default();
            alerts::raise(&app.db, Kind::SourceFailing, &state.url, detail, now).await?;
        }
        // Once raised it stands until the feed was read.
        if state.failures > 0 || state.stopped_at.is_some() {
            wrong.push(state.url);
        }
    }
    let folders = alerts::open(&app.db, Kind::SourceFailing).await?;
    wrong.extend(folders.into_iter().map(|alert| alert.subject).filter(|s| !s.starts_with("http")));
    Ok(alerts::end_all_but(&app.db, Kind::SourceFailing, &wrong, now).await?)
}

/// Sending that waits for an operator, after a restore for one.
async fn held(app: &App, now: Timestamp) -> anyhow::Result<()> {
    match app.db.sending_held().await? {
        Some(held) => alerts::raise(&app.db, Kind::SendingHeld, "", &held.reason, now).await?,
        None => alerts::end(&app.db, Kind::SendingHeld, "", now).await?,
    };
    Ok(())
}

/// A form that sends readers away.
async fn form(app: &App, now: Timestamp) -> anyhow::Result<()> {
    if subscribers::form_is_flooded(&app.db, now).await? {
        let detail = format!("more than form.per_hour = {} askings in an hour", app.config.form.per_hour);
        alerts::raise(&app.db, Kind::FormFlooded, "", &detail, now).await?;
    } else {
        alerts::end(&app.db, Kind::FormFlooded, "", now).await?;
    }
    Ok(())
}

async fn make_calls(app: &App, now: Timestamp) -> anyhow::Result<()> {
    while let Some(call) = alert_calls::claim(&app.db, now).await? {
        let outcome = make(app, call.way, &call.body).await.map_err(|error| format!("{error:#}"));
        if let Err(error) = &outcome {
            tracing::warn!(way = %call.way, error, "an alert could not be handed on");
        }
        let error = outcome.err();
        if alert_calls::settle(&app.db, &call, error.as_deref(), app.clock.now()).await? {
            tracing::error!(way = %call.way, error, "an alert was given up; check [alerts]");
        }
    }
    Ok(())
}

/// Hands JSON to a way.
async fn make(app: &App, way: Way, body: &str) -> anyhow::Result<()> {
    match way {
        Way::Webhook => {
            let Some(url) = &app.config.alerts.webhook else { return Ok(()) };
            // The address may hold a secret: errors name its host alone.
            let answer = app.outbound.post_json(url.get_ref(), body.to_owned()).await?;
            if !answer.status.is_success() {
                bail!("the webhook answers {}", answer.status);
            }
            Ok(())
        }
        Way::Command => command(app, body).await,
    }
}

async fn command(app: &App, body: &str) -> anyhow::Result<()> {
    let words: Vec<&str> = app.config.alerts.command.iter().map(|word| word.get_ref().as_str()).collect();
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let mut input = child.stdin.take();
    let whole = async {
        if let Some(input) = &mut input {
            // One that does not read what it is told is judged by its exit status alone.
            let _ = input.write_all(body.as_bytes()).await;
        }
        drop(input);
        child.wait_with_output().await
    };
    let Ok(output) = tokio::time::timeout(COMMAND_WITHIN, whole).await else {
        bail!("{program} took longer than {} s", COMMAND_WITHIN.as_secs());
    };
    let output = output.with_context(|| format!("cannot wait for {program}"))?;
    if !output.status.success() {
        let said: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(200).collect();
        bail!("{program} ended with {}: {said}", output.status);
    }
    Ok(())
}

/// What is known of a store that cannot be written, kept in memory.
#[derive(Debug, Default)]
struct StoreTrouble {
    since: Option<Timestamp>,
    told: bool,
}

impl StoreTrouble {
    async fn trouble(&mut self, app: &App, error: &anyhow::Error, now: Timestamp) {
        let error = format!("{error:#}");
        tracing::warn!(error, "cannot look for alerts");
        let since = *self.since.get_or_insert(now);
        if self.told || now < since.plus(STORE_PATIENCE) {
            return;
        }
        self.told = true;
        let alert = Alert {
            id: AlertId(0),
            kind: Kind::StoreUnwritable,
            subject: String::new(),
            detail: error,
            count: 1,
            since,
            last_seen_at: now,
            ended_at: None,
            told_at: None,
        };
        let body = Bulletin::about(&app.desk, alert, now).json(&app.config).to_string();
        for way in Way::configured(&app.config) {
            if let Err(error) = make(app, way, &body).await {
                tracing::error!(%way, error = format!("{error:#}"), "an alert could not be handed on");
            }
        }
    }

    /// The store is written again: its trouble, now over, is told by all ways.
    async fn well(&mut self, app: &App, now: Timestamp) {
        let Some(since) = self.since.take() else { return };
        if std::mem::take(&mut self.told) {
            let kept = async {
                alerts::raise(&app.db, Kind::StoreUnwritable, "", "the store could not be written", since)
                    .await?;
                alerts::end(&app.db, Kind::StoreUnwritable, "", now).await
            };
            if let Err(error) = kept.await {
                tracing::warn!(%error, "cannot keep an alert");
            }
        }
    }
}
