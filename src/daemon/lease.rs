//! Work that one node does at a time: taken under a lease, renewed while it is done, given back at the end.
//!
//! A lease saves double work; it is no lock. A node that slept through its lease may go on for a moment beside the next one, so
//! whatever runs under one must be safe when done twice.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::clock::{SECOND, Timestamp};
use crate::db::{Node, give_back_lease, take_lease};

/// A node that dies leaves its work alone for so long (ms).
const LENGTH: i64 = 60 * SECOND;

const RENEW_EVERY: Duration = Duration::from_secs(15);

/// How often a node looks whether a lease is free.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Does `work` whenever this node has the lease called `name`, until `stop`. `work` is handed what tells it to end: the stop, or
/// the loss of the lease; it finishes its step and returns.
///
/// # Errors
/// Those of `work`. A store that is away is waited for.
pub(super) async fn under<W>(
    app: &App,
    node: &Node,
    name: &'static str,
    mut stop: watch::Receiver<bool>,
    work: impl Fn(watch::Receiver<bool>) -> W,
) -> anyhow::Result<()>
where
    W: Future<Output = anyhow::Result<()>>,
{
    while !*stop.borrow() {
        if let Taken::Until(until) = take(app, node, name).await {
            tracing::info!(work = name, "this node does it from now on");
            let outcome = keep(app, node, name, until, stop.clone(), &work).await;
            let given_back = super::within(give_back_lease(&app.db, name, &node.id, app.clock.now())).await;
            if let Err(error) = given_back {
                tracing::warn!(%error, work = name, "cannot give a lease back; it runs out");
            }
            outcome?;
        }
        if super::rest(&mut stop, LOOK_EVERY).await {
            break;
        }
    }
    Ok(())
}

enum Taken {
    Until(Timestamp),
    ByAnother,
    StoreAway,
}

async fn take(app: &App, node: &Node, name: &str) -> Taken {
    let now = app.clock.now();
    let until = now.plus(LENGTH);
    match super::within(take_lease(&app.db, name, &node.id, until, now)).await {
        Ok(Some(_)) => Taken::Until(until),
        Ok(None) => Taken::ByAnother,
        Err(error) => {
            tracing::debug!(%error, work = name, "cannot look at a lease");
            Taken::StoreAway
        }
    }
}

/// Does the work and renews the lease beside it.
async fn keep<W>(
    app: &App,
    node: &Node,
    name: &'static str,
    mut until: Timestamp,
    stop: watch::Receiver<bool>,
    work: &impl Fn(watch::Receiver<bool>) -> W,
) -> anyhow::Result<()>
where
    W: Future<Output = anyhow::Result<()>>,
{
    let (end, ending) = watch::channel(false);
    let work = work(ending);
    tokio::pin!(work);
    let mut stopping = false;
    let mut lost = false;
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            () = super::asked(stop.clone()), if !stopping => {
                stopping = true;
                end.send_replace(true);
            }
            () = tokio::time::sleep(RENEW_EVERY), if !lost => {
                match take(app, node, name).await {
                    Taken::Until(later) => until = later,
                    Taken::StoreAway if app.clock.now() < until => {}
                    Taken::ByAnother | Taken::StoreAway => {
                        tracing::warn!(work = name, "the lease is lost; another node does it");
                        lost = true;
                        end.send_replace(true);
                    }
                }
            }
        }
    }
}
