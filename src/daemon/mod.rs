//! The loops of a serving node, and how they stop.
//!
//! A process does what its roles say: `web` keeps the feeds and tells the hubs, `scheduler` runs the schedules with the fan-out
//! and, each on one node at a time, the sources, the bounces and the cleanup, `pump` sends. Every process
//! has a heartbeat.
//! SIGTERM or SIGINT asks all to stop; what is on the wire is finished, within a bound.

pub mod alerts;
pub mod bounces;
mod cleanup;
mod heartbeat;
mod images;
mod lease;
mod letters;
mod readers;
mod scheduler;
mod sources;
pub mod websub;

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::db::{Node, Role};
use crate::delivery::{Policy, Pump, Relay, Settings, Signing};
use crate::feeds;

pub use heartbeat::HOW_TO_RESUME;

/// How long a stop may take in all: after it the process ends, and what was on the wire counts as killed.
const STOP_WITHIN: Duration = Duration::from_secs(90);

/// What runs, by name.
type Loops = JoinSet<(&'static str, anyhow::Result<()>)>;

/// A database that has not answered by then does not answer: the link to it may be open at this end alone.
const STORE_WITHIN: Duration = Duration::from_secs(15);

/// A way to ask everything to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// What a loop watches.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// Asks when the process gets SIGTERM or SIGINT. The second signal ends the process at once.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub fn on_signals(&self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = self.clone();
        tokio::spawn(async move {
            for once in [true, false] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if once {
                    tracing::info!("asked to stop; finishing what is on the wire");
                    stop.ask();
                } else {
                    tracing::warn!("asked to stop again; ending now");
                    std::process::exit(130);
                }
            }
        });
        Ok(())
    }
}

/// Runs a serving node's loops until asked to stop. The schema must be current and the declarations taken up (see
/// [`App::take_up`]); the pages are served by whoever calls this.
///
/// # Errors
/// When a loop fails in a way that only an operator can mend; a store or relay that is away is waited for.
pub async fn run(app: &App, stop: &Stop) -> anyhow::Result<()> {
    heartbeat::first(app).await?;
    let digest = declarations_digest(app);
    let node = Node::register(&app.db, digest, app.roles, app.clock.now()).await?;
    let mut loops = Loops::new();
    if app.roles.has(Role::Pump) {
        send(app, &node, stop, &mut loops)?;
    }
    if app.roles.has(Role::Scheduler) {
        schedule(app, &node, stop, &mut loops);
    }
    if app.roles.has(Role::Web) {
        publish(app, stop, &mut loops);
    }
    let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
    loops.spawn(async move { ("heartbeat", heartbeat::run(&its, &node_of, watch).await) });
    tracing::info!(node = node.id.as_str(), roles = %app.roles, "serving");
    let outcome = join(&mut loops, stop).await;
    if let Err(error) = node.leave(&app.db).await {
        tracing::warn!(%error, "cannot sign off");
    }
    outcome
}

fn send(app: &App, node: &Node, stop: &Stop, loops: &mut Loops) -> anyhow::Result<()> {
    let pump = Pump::new(
        app.db.clone(),
        app.clock.clone(),
        app.keys.clone(),
        node.id.clone(),
        Relay::all(&app.config)?,
        Settings {
            policy: Policy::load(&app.config)?,
            ..Settings::of(&app.declarations.newsletters, seed(node))
        },
    )
    .signing_with(Signing::of(&app.config)?)
    .woken_by(app.waker.clone());
    let watch = stop.watch();
    loops.spawn(async move { ("pump", pump.run(watch).await) });
    Ok(())
}

/// Any number of nodes schedule, for the slot's row decides, and look out, for a row decides who tells. The rest is done by one at a time.
fn schedule(app: &App, node: &Node, stop: &Stop, loops: &mut Loops) {
    let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
    loops.spawn(async move { ("scheduler", scheduler::run(&its, &node_of, watch).await) });
    let (its, watch) = (app.clone(), stop.watch());
    loops.spawn(async move { ("alerts", alerts::run(&its, watch).await) });
    let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
    loops.spawn(async move {
        let work = |watch| sources::run(&its, seed(&node_of), watch);
        ("sources", lease::under(&its, &node_of, "sources", watch, work).await)
    });
    let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
    loops.spawn(async move {
        let work = |watch| images::run(&its, watch);
        ("images", lease::under(&its, &node_of, "images", watch, work).await)
    });
    if !app.config.bounces.is_empty() {
        let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
        loops.spawn(async move {
            let work = |watch| bounces::run(&its, watch);
            ("bounces", lease::under(&its, &node_of, "bounces", watch, work).await)
        });
    }
    let (its, node_of, watch) = (app.clone(), node.clone(), stop.watch());
    loops.spawn(async move {
        let work = |watch| cleanup::run(&its, watch);
        ("cleanup", lease::under(&its, &node_of, "cleanup", watch, work).await)
    });
}

fn publish(app: &App, stop: &Stop, loops: &mut Loops) {
    let (its, watch) = (app.clone(), stop.watch());
    loops.spawn(async move {
        tokio::select! {
            never = feeds::watch::watch(&its.feeds, &its.db, &its.clock) => never,
            () = asked(watch) => ("feeds", Ok(())),
        }
    });
    let (its, watch) = (app.clone(), stop.watch());
    loops.spawn(async move { ("letters' feeds", letters::run(&its, watch).await) });
    let (its, watch) = (app.clone(), stop.watch());
    loops.spawn(async move { ("websub", websub::run(&its, watch).await) });
}

/// Waits for all loops. The first that fails stops the others; after the stop is asked for, they have a bound.
async fn join(loops: &mut Loops, stop: &Stop) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    let bound = async {
        asked(stop.watch()).await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::pin!(bound);
    loop {
        let ended = tokio::select! {
            ended = loops.join_next() => ended,
            () = &mut bound => {
                tracing::error!("not everything stopped in time; ending all the same");
                loops.abort_all();
                return outcome.and(Err(anyhow::anyhow!("the stop took longer than {STOP_WITHIN:?}")));
            }
        };
        let failed = match ended {
            None => return outcome,
            Some(Ok((_, Ok(())))) => None,
            Some(Ok((name, Err(error)))) => Some(error.context(format!("the {name} loop failed"))),
            Some(Err(panic)) => Some(anyhow::Error::new(panic).context("a loop fell over")),
        };
        if let Some(error) = failed {
            tracing::error!(error = format!("{error:#}"), "stopping");
            stop.ask();
            outcome = outcome.and(Err(error));
        }
    }
}

/// Returns once a stop has been asked for.
pub async fn asked(mut watch: watch::Receiver<bool>) {
    // An error means that nobody can ask any more: then there is nothing left to serve either.
    let _ = watch.wait_for(|asked| *asked).await;
}

/// Sleeps, or returns true at once when a stop is asked for.
async fn rest(watch: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => *watch.borrow(),
        _ = watch.changed() => true,
    }
}

/// Waits for the store, but not for ever.
async fn within<T, E>(answer: impl Future<Output = Result<T, E>>) -> anyhow::Result<T>
where
    E: Into<anyhow::Error>,
{
    match tokio::time::timeout(STORE_WITHIN, answer).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(anyhow::anyhow!("the database has not answered for {STORE_WITHIN:?}")),
    }
}

/// A text that is equal for equal newsletters: what nodes compare.
fn declarations_digest(app: &App) -> String {
    let text = format!("{:?}", app.declarations.newsletters);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hex::encode(digest)
}

/// What this node's jitter depends on.
fn seed(node: &Node) -> u64 {
    node.id.as_str().bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}
