//! The scheduler's loop: a step of the desk each second, then the fan-out of what was released.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use crate::alerts::{self, Kind};
use crate::app::App;
use crate::db::{CLOCK_TOLERANCE_MS, Node};
use crate::delivery::telling::editors;
use crate::delivery::{fan_out, rectify};
use crate::newsletters::slot_store::SkipReason;

/// Editions leave on the second.
const STEP: Duration = Duration::from_secs(1);

/// A trouble is told again after this many steps, so that a log is not all the same line.
const TELL_EVERY: u32 = 60;

/// A step fans out a million rows in seconds; one that takes so long waits for a database that has gone without a word. What
/// it did in part, another goes on with.
const STEP_WITHIN: Duration = Duration::from_secs(600);

/// A trouble that is over after so many steps alarms nobody.
const PATIENCE: u32 = 60;

/// Why nothing is scheduled.
struct Trouble {
    /// What is raised about it, if it is not raised elsewhere.
    kind: Option<Kind>,
    why: String,
}

pub(super) async fn run(app: &App, node: &Node, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut steps = 0;
    let mut raised = Raised::default();
    let mut untold = false;
    loop {
        let trouble = match super::within(may_schedule(app, node)).await {
            Ok(None) => tokio::time::timeout(STEP_WITHIN, step(app))
                .await
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the database has not answered for {STEP_WITHIN:?}")))
                .err()
                .map(|error| Trouble { kind: Some(Kind::ScheduleStuck), why: format!("{error:#}") }),
            Ok(trouble) => trouble,
            Err(error) => Some(Trouble { kind: None, why: format!("the store is away: {error:#}") }),
        };
        match &trouble {
            None => steps = 0,
            Some(Trouble { why, .. }) => {
                if steps % TELL_EVERY == 0 {
                    tracing::error!(why, "nothing is scheduled");
                }
                steps = steps.saturating_add(1);
            }
        }
        raised.follow(app, trouble.as_ref(), steps).await;
        if trouble.is_none() {
            tell_editors(app, &mut untold).await;
        }
        if super::rest(&mut stop, STEP).await {
            return Ok(());
        }
    }
}

/// What this node has raised. An alarm that a run before raised is ended by the first step that goes well.
#[derive(Default)]
struct Raised {
    looked: bool,
    kinds: BTreeSet<Kind>,
}

impl Raised {
    async fn follow(&mut self, app: &App, trouble: Option<&Trouble>, steps: u32) {
        let now = app.clock.now();
        if let Some(Trouble { kind: Some(kind), why }) = trouble
            && (steps >= PATIENCE || *kind != Kind::ScheduleStuck)
            && steps % TELL_EVERY == 1
        {
            self.kinds.insert(*kind);
            if let Err(error) = alerts::raise(&app.db, *kind, &subject(*kind), why, now).await {
                tracing::warn!(%error, "an alarm could not be kept");
            }
        }
        if trouble.is_some() || (self.looked && self.kinds.is_empty()) {
            return;
        }
        let mine = [Kind::ScheduleStuck, Kind::ClockOff, Kind::NodeOutdated];
        let ended = if self.looked { self.kinds.iter().copied().collect() } else { mine.to_vec() };
        for kind in ended {
            match alerts::end(&app.db, kind, &subject(kind), now).await {
                Ok(_) => drop(self.kinds.remove(&kind)),
                Err(error) => return tracing::warn!(%error, "the end of an alarm could not be kept"),
            }
        }
        self.looked = true;
    }
}

/// A clock is one machine's.
fn subject(kind: Kind) -> String {
    match kind {
        Kind::ClockOff => std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned(),
        _ => String::new(),
    }
}

/// Why this node must not schedule, if so: sending is held, its clock is off, or a younger node has another configuration.
async fn may_schedule(app: &App, node: &Node) -> sqlx::Result<Option<Trouble>> {
    if let Some(held) = app.db.sending_held().await? {
        let why = format!("sending is held: {}; {}", held.reason, super::heartbeat::HOW_TO_RESUME);
        return Ok(Some(Trouble { kind: None, why }));
    }
    let skew = app.db.clock_skew().await?;
    if skew.abs() > CLOCK_TOLERANCE_MS {
        let why = format!("this machine's clock is {} s off the database's; set it right", skew / 1000);
        return Ok(Some(Trouble { kind: Some(Kind::ClockOff), why }));
    }
    if node.is_outdated(&app.db, app.clock.now()).await? {
        let why =
            "a younger node declares other newsletters; give this one the same config.toml and restart it";
        return Ok(Some(Trouble { kind: Some(Kind::NodeOutdated), why: why.into() }));
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
        let kind = match reason {
            SkipReason::Missed => Kind::SlotMissed,
            SkipReason::Unapproved => Kind::SlotUnapproved,
            _ => continue,
        };
        alerts::raise(&app.db, kind, &format!("{newsletter} {slot}"), "", app.clock.now()).await?;
    }
    for (edition, rows) in fan_out(&app.desk, &app.clock).await? {
        tracing::info!(%edition, rows, "edition fanned out");
        app.waker.wake();
    }
    if rectify::settle(&app.db, app.clock.now()).await? > 0 {
        app.waker.wake();
    }
    Ok(())
}

/// A mail to editors that cannot be made stops no edition.
async fn tell_editors(app: &App, failing: &mut bool) {
    match super::within(editors::tell(&app.desk, &app.keys, app.clock.now())).await {
        Ok(told) => {
            *failing = false;
            for (edition, what) in told {
                tracing::info!(%edition, %what, "editors told");
                app.waker.wake();
            }
        }
        Err(error) => {
            if !std::mem::replace(failing, true) {
                let error = format!("{error:#}");
                tracing::warn!(error, "editors are not told of their edition; trying on");
            }
        }
    }
}
