//! What is kept of readers, for as long as it is allowed: part of the cleanup.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::delivery::own_data::{self, Fate};
use crate::subscribers::{SubscriberId, forget_address_changes, truncate_origins};

/// Between two steps, so that others get their turn at SQLite's write lock.
const REST: Duration = Duration::from_millis(20);

/// Readers looked at in a step.
const PAGE: i64 = 200;

/// Questions in a run, once an hour: a list that was taken over years ago falls silent on one day, and its senders' good name
/// is not to suffer for it.
const QUESTIONS: usize = 500;

/// Consent events lose their origins, changes of address are forgotten once their links are over, silent readers are asked or erased, and what an erasure had to leave on the wire is
/// freed.
///
/// # Errors
/// When a mail cannot be made or the store fails; the rest is done next time.
pub(super) async fn clean_up(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let before = app.config.retention.origin.until(app.clock.now());
    let mut truncated = 0;
    while !*stop.borrow() {
        let some = super::within(truncate_origins(&app.db, before)).await?;
        if some == 0 {
            break;
        }
        truncated += some;
        tokio::time::sleep(REST).await;
    }
    let moves = super::within(forget_address_changes(&app.db, app.clock.now())).await?;
    let late = super::within(own_data::erase_late(&app.db, app.clock.now())).await?;
    let (asked, erased) = silent(app, stop).await?;
    if truncated > 0 || moves > 0 || late > 0 || asked > 0 || erased > 0 {
        tracing::info!(truncated, moves, late, asked, erased, "what is kept of readers was cut back");
    }
    Ok(())
}

async fn silent(app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<(usize, usize)> {
    let (mut asked, mut erased) = (0, 0);
    let mut after: Option<SubscriberId> = None;
    while !*stop.borrow() {
        let now = app.clock.now();
        let until = app.config.retention.readers.until(now);
        let page = super::within(own_data::silent_readers(&app.db, until, after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for reader in &page {
            if *stop.borrow() || (reader.fate(now) == Fate::Ask && asked >= QUESTIONS) {
                continue;
            }
            let done = own_data::ask_or_erase(&app.desk, &app.keys, reader, until, now);
            match super::within(done).await? {
                Fate::Ask => asked += 1,
                Fate::Erase => erased += 1,
                Fate::Wait => continue,
            }
            tokio::time::sleep(REST).await;
        }
    }
    if asked > 0 {
        app.waker.wake();
    }
    Ok((asked, erased))
}
