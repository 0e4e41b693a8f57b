//! The feeds of newsletters kept up: looked after whenever a feed of articles was swapped in, and each second.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::newsletters::letter_feeds;

/// A released edition shows this late at most.
const STEP: Duration = Duration::from_secs(1);

pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut generations = app.feeds.generations();
    let mut failing = false;
    loop {
        match super::within(letter_feeds::refresh(&app.desk, &app.feeds)).await {
            Ok(_) => failing = false,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    let error = format!("{error:#}");
                    tracing::warn!(
                        error,
                        "the letters' feeds are not refreshed; the last good ones are served"
                    );
                }
            }
        }
        tokio::select! {
            stopped = super::rest(&mut stop, STEP) => if stopped { return Ok(()) },
            _ = generations.changed() => {}
        }
    }
}
