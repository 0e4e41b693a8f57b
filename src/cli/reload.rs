//! SIGHUP: the configuration read again while serving. A bad one changes nothing and is told.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::serve::example_values;
use super::{Failure, setup};
use crate::alerts::{self, Kind};
use crate::app::App;
use crate::config::Config;
use crate::delivery::{Policy, Relay, Signing};
use crate::newsletters::letter_feeds;

/// Asks for a new configuration.
#[derive(Debug)]
pub(super) struct Reload {
    /// The file it was read from at the start.
    file: PathBuf,
    signal: Signal,
}

impl Reload {
    /// Listens for SIGHUP; `named` is the file of the command line.
    ///
    /// # Errors
    /// When there is no file, or signals cannot be listened to.
    pub(super) fn on_signals(named: Option<&Path>) -> Result<Self, Failure> {
        let file = Config::find(named)?;
        let signal = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
        Ok(Self { file, signal })
    }

    /// Returns when somebody asks.
    pub(super) async fn asked(&mut self) {
        if self.signal.recv().await.is_none() {
            std::future::pending().await
        }
    }

    /// The program with what the file says now, its declarations taken up; none when the file is refused, which is told in
    /// the log and by an alert.
    pub(super) async fn read(&self, app: &App) -> Option<App> {
        let now = app.clock.now();
        let (file, outcome) = (self.file.display().to_string(), self.renewed(app).await);
        let kept = match &outcome {
            Ok(_) => alerts::end(&app.db, Kind::ConfigurationRefused, &file, now).await,
            Err(why) => {
                tracing::error!(file, why, "the configuration is refused; the one before stays in force");
                // Values of the file may be secrets: a person looks with check-config.
                let first = why.lines().next().unwrap_or_default();
                alerts::raise(&app.db, Kind::ConfigurationRefused, &file, first, now).await
            }
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "an alarm could not be kept");
        }
        outcome.ok()
    }

    async fn renewed(&self, app: &App) -> Result<App, String> {
        let (config, _) = setup::configuration(Some(&self.file)).map_err(|failure| said(&failure))?;
        if let Some(refusal) = example_values(&config) {
            return Err(refusal);
        }
        for key in needs_restart(&app.config, &config) {
            tracing::warn!(key, "this change takes effect when serve is restarted");
        }
        let renewed = async {
            // What the loops would stumble over is looked at before anything stops.
            Relay::all(&config)?;
            Signing::of(&config)?;
            Policy::load(&config)?;
            let renewed = app.renewed(config).await?;
            renewed
                .feeds
                .refresh(&renewed.db, renewed.clock.now())
                .await
                .context("cannot build the feeds")?;
            renewed.take_up().await.context("cannot take up the declarations")?;
            letter_feeds::refresh(&renewed.desk, &renewed.feeds)
                .await
                .context("cannot build the letters' feeds")?;
            Ok(renewed)
        };
        renewed.await.map_err(|error: anyhow::Error| format!("{error:#}"))
    }
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Usage(text) => text.clone(),
        Failure::Failed(error) => format!("{error:#}"),
        Failure::Reported => String::new(),
    }
}

/// The keys whose change a running program cannot follow: what it listens on, where it keeps things, how it logs.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let listen = |config: &Config| config.metrics.as_ref().map(|metrics| metrics.listen);
    let changed = [
        ("database.url", old.database.url.read().ok() != new.database.url.read().ok()),
        ("http.listen", old.http.listen != new.http.listen),
        ("metrics.listen", listen(old) != listen(new)),
        ("log.filter", old.log.filter != new.log.filter),
        ("log.format", old.log.format != new.log.format),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}
