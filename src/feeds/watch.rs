//! Keeps the store up with the database: woken by PostgreSQL's NOTIFY, by SQLite's `data_version`, by the end of an
//! embargo, and at least every second.

use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::postgres::PgListener;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use super::brotli;
use super::store::FeedStore;
use crate::clock::{Clock, SECOND, Timestamp};
use crate::db::{Db, Route};

/// The channel on which PostgreSQL tells that a feed changed.
pub const CHANNEL: &str = "kiosque_feeds";

/// How often SQLite is asked whether somebody committed: about 20 µs each time.
const SQLITE_POLL: Duration = Duration::from_millis(25);

/// A database that takes longer may have gone without a word; thousands of feeds are built in seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// After a refresh that built something the loop rests twice as long as that took, between these bounds: an
/// import that commits fifty times a second must not keep a core busy, and its articles show within a second.
const REST: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// Refreshes `store` for as long as it is polled, and packs by brotli what has settled. Dropping it at any moment is
/// safe: it only reads.
pub async fn watch(store: &FeedStore, db: &Db, clock: &Clock) -> ! {
    tokio::select! {
        never = keep_fresh(store, db, clock) => never,
        never = brotli::keep_packing(store) => never,
    }
}

async fn keep_fresh(store: &FeedStore, db: &Db, clock: &Clock) -> ! {
    let mut commits = None;
    let mut failing = false;
    loop {
        // Listen first, then look: a commit between the two would go unseen otherwise.
        if commits.is_none() {
            commits = Commits::listen(db).await.inspect_err(log_deaf).ok();
        }
        let next_at = refresh(store, db, clock, &mut failing).await;
        let until_next = next_at.map_or(SECOND, |at| (at.millis() - clock.now().millis()).clamp(0, SECOND));
        let patience = Duration::from_millis(until_next.unsigned_abs());
        match &mut commits {
            Some(listening) => {
                if let Ok(Err(error)) = tokio::time::timeout(patience, listening.next()).await {
                    log_deaf(&error);
                    commits = None;
                }
            }
            None => tokio::time::sleep(patience).await,
        }
    }
}

/// One refresh and the rest after it; gives when the next embargo ends. A failure is logged when it begins and when it
/// ends, not every second.
async fn refresh(store: &FeedStore, db: &Db, clock: &Clock, failing: &mut bool) -> Option<Timestamp> {
    let started = Instant::now();
    let refreshed = tokio::time::timeout(ANSWER_WITHIN, store.refresh(db, clock.now())).await;
    match refreshed.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {ANSWER_WITHIN:?}"))) {
        Ok(done) => {
            if std::mem::take(failing) {
                tracing::info!("feeds are refreshed again");
            }
            if done.rebuilt > 0 {
                let took = started.elapsed();
                tracing::debug!(categories = done.rebuilt, ms = took.as_millis(), "feeds rebuilt");
                metrics::counter!("kiosque_feed_rebuilds_total").increment(done.rebuilt as u64);
                tokio::time::sleep((2 * took).clamp(REST.0, REST.1)).await;
            }
            done.next_at
        }
        Err(error) => {
            if !std::mem::replace(failing, true) {
                let error = format!("{error:#}");
                tracing::warn!(error, "feeds are not refreshed; the last good ones are served");
            }
            None
        }
    }
}

fn log_deaf(error: &anyhow::Error) {
    tracing::debug!(error = format!("{error:#}"), "not told of commits; looking every second");
}

/// Where news of other connections' commits comes from.
enum Commits {
    Sqlite { connection: SqliteConnection, version: i64 },
    Postgres(PgListener),
}

impl Commits {
    async fn listen(db: &Db) -> anyhow::Result<Self> {
        match (db.route(), db.file()) {
            (Route::Postgres(pool), _) => {
                let mut listener =
                    PgListener::connect_with(pool).await.context("cannot connect to listen")?;
                listener.listen(CHANNEL).await.context("cannot listen")?;
                Ok(Self::Postgres(listener))
            }
            (Route::Sqlite(_), Some(file)) => {
                // `data_version` tells of every connection's commits but its own, so it needs one that commits nothing.
                let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
                let version = data_version(&mut connection).await?;
                Ok(Self::Sqlite { connection, version })
            }
            (Route::Sqlite(_), None) => anyhow::bail!("a SQLite store without a file"),
        }
    }

    /// Waits for a commit. Cancel-safe.
    async fn next(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Postgres(listener) => {
                // None: the connection broke and stands again; something may have been missed.
                listener.try_recv().await.context("cannot listen")?;
                // One look is enough for however many commits.
                while listener.next_buffered().is_some() {}
                Ok(())
            }
            Self::Sqlite { connection, version } => loop {
                let now = data_version(connection).await?;
                if now != *version {
                    *version = now;
                    return Ok(());
                }
                tokio::time::sleep(SQLITE_POLL).await;
            },
        }
    }
}

async fn data_version(connection: &mut SqliteConnection) -> anyhow::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
        .context("cannot read SQLite's data_version")
}
