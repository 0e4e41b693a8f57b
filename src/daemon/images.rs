//! Articles' pictures made small, in the background: no edition waits for one.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::images;

/// An edition may be frozen and released within a minute of an article's publication.
const EVERY: Duration = Duration::from_secs(2);

/// Between two chunks of what is let go.
const REST: Duration = Duration::from_millis(20);

/// So many rounds between two looks at what retention says is over.
const ROUNDS: u32 = 1800;

pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut rounds = 0;
    loop {
        if rounds % ROUNDS == 0 {
            let_go(app, &stop).await.unwrap_or_else(|error| {
                tracing::warn!(error = format!("{error:#}"), "old pictures were not all let go");
            });
        }
        rounds = rounds.wrapping_add(1);
        if app.config.images.in_mails.are_resized() && !app.declarations.newsletters.is_empty() {
            let round = images::prepare(&app.db, &app.outbound, &app.config.images, &app.clock);
            let prepared = tokio::select! {
                prepared = round => prepared,
                () = super::asked(stop.clone()) => return Ok(()),
            };
            match prepared {
                Ok(done) if done.ready > 0 => {
                    tracing::debug!(ready = done.ready, missing = done.missing, "pictures prepared");
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "pictures could not be prepared; trying again"
                    );
                }
            }
        }
        if super::rest(&mut stop, EVERY).await {
            return Ok(());
        }
    }
}

async fn let_go(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let before = app.config.retention.images.until(app.clock.now());
    let mut pictures = 0;
    while !*stop.borrow() {
        let dropped = super::within(images::drop_old(&app.db, before)).await?;
        if dropped == 0 {
            break;
        }
        pictures += dropped;
        tokio::time::sleep(REST).await;
    }
    if pictures > 0 {
        tracing::info!(pictures, until = %before, "old pictures let go");
    }
    Ok(())
}
