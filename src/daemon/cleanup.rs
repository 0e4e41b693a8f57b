//! The cleanup's loop: what retention says is over is removed, a little at a time.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::delivery::{Folding, drop_unconfirmed};
use crate::subscribers;

/// Retention counts in months: an hour more or less is nothing.
const EVERY: Duration = Duration::from_secs(3600);

/// Between two chunks, so that others get their turn at SQLite's write lock.
const REST: Duration = Duration::from_millis(20);

pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        if let Err(error) = once(app, &stop).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the cleanup did not come to its end; it goes on later"
            );
        }
        if let Err(error) = super::readers::clean_up(app, &stop).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "what is kept of readers was not all cut back; it goes on later"
            );
        }
        if super::rest(&mut stop, EVERY).await {
            return Ok(());
        }
    }
}

async fn once(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    deliveries(app, stop).await?;
    form(app, stop).await
}

/// What was asked for and never confirmed, and networks whose askings are long over.
async fn form(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let before = app.clock.now().plus(-app.config.retention.unconfirmed.ms());
    let mut rows = 0;
    while !*stop.borrow() {
        let dropped = super::within(drop_unconfirmed(&app.db, before)).await?;
        if dropped == 0 {
            break;
        }
        rows += dropped;
        tokio::time::sleep(REST).await;
    }
    if rows > 0 {
        tracing::info!(rows, until = %before, "askings that nobody confirmed removed");
    }
    super::within(subscribers::forget_networks(&app.db, app.clock.now())).await?;
    Ok(())
}

async fn deliveries(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let before = app.config.retention.deliveries.until(app.clock.now());
    let mut folding = Folding::new(before);
    let mut rows = 0;
    while !*stop.borrow() {
        let folded = super::within(folding.step(&app.db, app.clock.now())).await?;
        if folded.rows == 0 {
            break;
        }
        rows += folded.rows;
        tokio::time::sleep(REST).await;
    }
    if rows > 0 {
        let variants = super::within(folding.empty_variants(&app.db)).await?;
        tracing::info!(rows, variants, until = %before, "finished deliveries folded into counts");
    }
    Ok(())
}
