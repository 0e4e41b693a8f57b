//! The heartbeat: "still here", the database's clock measured again, and the database's own life counted up, in it and in a
//! file of this node. A database that is behind the file is an older copy: then sending is held.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::db::{Installation, Node};
use crate::delivery::unfinished;

/// So long may it take until readiness says that the store takes no writes, and so young may an older copy be that is put
/// back unnoticed.
const BEAT: Duration = Duration::from_secs(5);

/// While the store takes no writes.
const AGAIN: Duration = Duration::from_secs(2);

/// What to type, for logs and for `kiosque status`.
pub const HOW_TO_RESUME: &str = "look at `kiosque status`, stop what has gone out already (`kiosque edition stop ID`), \
    then type: kiosque resume-sending";

/// Compares the database with the last beat that this node kept, before anything is sent. Holds sending on an older copy.
///
/// # Errors
/// When the store fails, or the file cannot be understood.
pub(super) async fn first(app: &App) -> anyhow::Result<()> {
    let (standing, kept) = (app.db.installation().await?, app.heartbeat_file().read()?);
    match kept {
        Some(kept) if standing.is_behind(&kept) => hold(app, &standing, &kept).await?,
        Some(kept) if kept.identity != standing.identity => {
            tracing::warn!(file = %app.heartbeat_file().path().display(), "this node served another database before");
        }
        _ => {}
    }
    if let Some(held) = app.db.sending_held().await? {
        tracing::error!(reason = held.reason, since = %held.at, "sending is held; {HOW_TO_RESUME}");
        for edition in unfinished(&app.db).await? {
            let (id, newsletter, open) = (edition.id, edition.slug, edition.open);
            tracing::warn!(%id, newsletter, slot = edition.slot_key, open, "an unfinished edition");
        }
        for (newsletter, slot) in app.desk.missed(app.clock.now()).await? {
            tracing::warn!(newsletter, slot, "a slot that has passed since");
        }
    }
    Ok(())
}

async fn hold(app: &App, standing: &Installation, kept: &Installation) -> anyhow::Result<()> {
    let reason = format!(
        "the database is an older copy: it ends at {}, but this node had seen it at {}",
        standing.beat_at, kept.beat_at
    );
    if app.db.hold_sending(&reason, standing.beat_at, app.clock.now()).await? {
        tracing::error!(reason, "sending is held; {HOW_TO_RESUME}");
    }
    Ok(())
}

pub(super) async fn run(app: &App, node: &Node, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let file = app.heartbeat_file();
    let mut last = None;
    let mut file_told = false;
    loop {
        let beaten = super::within(beat(app, node, last.as_ref())).await;
        app.pulse.set(beaten.is_ok());
        match beaten {
            Ok(beat) => {
                match file.write(&beat) {
                    Ok(()) => file_told = false,
                    Err(error) if !file_told => {
                        file_told = true;
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "an older copy of the database would not be noticed"
                        );
                    }
                    Err(_) => {}
                }
                last = Some(beat);
            }
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "no heartbeat; the store is away or takes no writes"
                );
            }
        }
        let stopping = *stop.borrow();
        if stopping || super::rest(&mut stop, if app.pulse.beats() { BEAT } else { AGAIN }).await {
            if let (false, Ok(beat)) = (stopping, super::within(beat(app, node, last.as_ref())).await)
                && let Err(error) = file.write(&beat)
            {
                tracing::debug!(%error, "the last beat was not kept");
            }
            return Ok(());
        }
    }
}

/// One beat. A database that is behind the last one has been put back under us.
async fn beat(app: &App, node: &Node, last: Option<&Installation>) -> anyhow::Result<Installation> {
    app.db.correct(&app.clock).await?;
    let now = app.clock.now();
    node.heartbeat(&app.db, now).await?;
    let beat = app.db.beat(now).await?;
    if let Some(last) = last.filter(|last| beat.is_behind(last)) {
        hold(app, &beat, last).await?;
    }
    Ok(beat)
}
