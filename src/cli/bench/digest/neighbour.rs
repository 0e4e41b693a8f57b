//! Somebody else who writes to the same store meanwhile, as a page or an import does, and notes how long each write waits.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::db::{Db, Node, Roles};
use crate::subscribers::Choice;

/// From one write to the next.
const EVERY: Duration = Duration::from_millis(7);

/// A writer; it ends when it is asked for what it has noted.
#[derive(Debug)]
pub(in crate::cli::bench) struct Neighbour {
    task: JoinHandle<anyhow::Result<Vec<f64>>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Neighbour {
    /// Starts writing, with connections of its own.
    pub(in crate::cli::bench) async fn start(url: &str) -> anyhow::Result<Self> {
        let db = Db::open(url).await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        Ok(Self { task: tokio::spawn(write(db, stopped)), stop })
    }

    /// How long (ms) each write waited for its turn.
    pub(in crate::cli::bench) async fn waits(self) -> anyhow::Result<Vec<f64>> {
        self.stop.send_replace(true);
        self.task.await?
    }
}

/// By turns a transaction whose beginning is timed, and two statements by themselves, timed whole.
async fn write(db: Db, stop: tokio::sync::watch::Receiver<bool>) -> anyhow::Result<Vec<f64>> {
    let now = || Clock::System.now();
    let node = Node::register(&db, "a neighbour".to_owned(), Roles::ALL, now()).await?;
    let mut waits = Vec::new();
    while !*stop.borrow() {
        let began = Instant::now();
        let mut tx = db.begin_durable().await?;
        waits.push(began.elapsed().as_secs_f64() * 1000.0);
        Choice::All.store(&mut tx).await?;
        tx.commit().await?;
        tokio::time::sleep(EVERY).await;
        let began = Instant::now();
        node.heartbeat(&db, now()).await?;
        waits.push(began.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(EVERY).await;
    }
    node.leave(&db).await?;
    db.close().await;
    Ok(waits)
}
