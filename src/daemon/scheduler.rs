//! The scheduler's loop: a step of the desk each second, then the fan-out of what was released.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::db::{CLOCK_TOLERANCE_MS, Node};
use crate::delivery::fan_out;

/// Editions leave on the second.
const STEP: Duration = Duration::from_secs(1);

/// A trouble is told again after this many steps, so that a log is not all the same line.
const TELL_EVERY: u32 = 60;

pub(super) async fn run(app: &App, node: &Node, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut silent = 0;
    loop {
        let trouble = match super::within(may_schedule(app, node)).await {
            Ok(None) => step(app).await.err().map(|error| format!("{error:#}")),
            Ok(Some(why)) => Some(why),
            Err(error) => Some(format!("the store is away: {error:#}")),
        };
        match trouble {
            None => silent = 0,
            Some(why) => {
                if silent == 0 {
                    tracing::error!(why, "nothing is scheduled");
                }
                silent = (silent + 1) % TELL_EVERY;
            }
        }
        if super::rest(&mut stop, STEP).await {
            return Ok(());
        }
    }
}

/// Why this node must not schedule, if so: sending is held, its clock is off, or a younger node has another configuration.
async fn may_schedule(app: &App, node: &Node) -> sqlx::Result<Option<String>> {
    if let Some(held) = app.db.sending_held().await? {
        return Ok(Some(format!("sending is held: {}; {}", held.reason, super::heartbeat::HOW_TO_RESUME)));
    }
    let skew = app.db.clock_skew().await?;
    if skew.abs() > CLOCK_TOLERANCE_MS {
        return Ok(Some(format!(
            "this machine's clock is {} s off the database's; set it right",
            skew / 1000
        )));
    }
    if node.is_outdated(&app.db, app.clock.now()).await? {
        return Ok(Some(
            "a younger node declares other newsletters; give this one the same config.toml and restart it"
                .into(),
        ));
    }
    Ok(None)
}

async fn step(app: &App) -> anyhow::Result<()> {
    let ticked = app.desk.tick(app.clock.now()).await?;
    for edition in &ticked.frozen {
        tracing::info!(%edition, "edition frozen");
    }
    for edition in &ticked.revised {
        tracing::info!(%edition, "edition revised");
    }
    for edition in &ticked.released {
        tracing::info!(%edition, "edition released");
    }
    for (newsletter, slot, reason) in &ticked.skipped {
        tracing::info!(newsletter, slot, %reason, "slot sends nothing");
    }
    for (edition, rows) in fan_out(&app.desk, &app.clock).await? {
        tracing::info!(%edition, rows, "edition fanned out");
        app.waker.wake();
    }
    Ok(())
}
