//! The articles under embargo: when the last of them is out, they come again as new ones.

use std::time::Duration;

use tokio::sync::watch;

use super::content::{self, QUEUE_STEP};
use super::load::load;
use crate::app::App;
use crate::clock::Timestamp;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Loads a round whose first article comes out one [`QUEUE_STEP`] after `start`; gives when its last one does.
pub(super) async fn load_round(app: &App, start: Timestamp, round: u32) -> anyhow::Result<Timestamp> {
    let articles = content::queue(start, round)?;
    load(app, &articles).await?;
    Ok(articles.last().map_or(start.plus(QUEUE_STEP), |last| last.published_at))
}

/// Goes on after the round whose last article comes out at `last`, until asked to stop.
pub(super) async fn run(app: App, mut last: Timestamp, mut stop: watch::Receiver<bool>) {
    let mut round = 1;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => return,
        }
        let now = app.clock.now();
        if now < last {
            continue;
        }
        match load_round(&app, now.max(last), round).await {
            Ok(end) => (last, round) = (end, round + 1),
            Err(error) => tracing::error!(error = format!("{error:#}"), "the next articles are not loaded"),
        }
    }
}
