//! The two engines: opening, transactions, and which one a statement goes to.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Which engine a [`Db`] stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file, one pump.
    Sqlite,
    /// A server, any number of nodes.
    Postgres,
}

/// Where a statement goes: the pool or connection of one engine or the other.
#[derive(Debug)]
pub enum Route<S, P> {
    /// SQLite's.
    Sqlite(S),
    /// PostgreSQL's.
    Postgres(P),
}

/// An open store. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// SQLite in WAL mode.
    Sqlite {
        /// For whoever reads.
        pool: SqlitePool,
        /// The one connection that writes: only one could anyway, and what a connection keeps of the file is worth nothing
        /// once another one has written. Who writes in this process waits for it in turn.
        writer: SqlitePool,
        /// Another one that writes, without foreign keys ([`Db::begin_bulk`]); opened when it is needed.
        bulk: SqlitePool,
        /// The file.
        file: PathBuf,
    },
    /// PostgreSQL, where every commit is durable.
    Postgres(PgPool),
}

/// An open transaction. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// SQLite's, begun IMMEDIATE.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL's.
    Postgres(Transaction<'static, Postgres>),
}

/// A writer that finds SQLite busy waits this long before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Pages of 4 kB in the write-ahead log before they are copied into the file. The pages of a queue are written again and
/// again: the longer the log, the fewer copies, and syncs of the file that everybody waits for.
const CHECKPOINT_PAGES: &str = "4000";

/// How often a transaction that waits for the write lock looks again. SQLite's own busy handler sleeps up to 100 ms at a
/// time, and so misses the 2 ms that a bulk writer rests, again and again.
const BUSY_LOOK: Duration = Duration::from_millis(1);

/// How long a connection to PostgreSQL is believed to be alive when nobody uses it.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// How long the connection without foreign keys is kept when nobody uses it.
const BULK_IDLE: Duration = Duration::from_secs(60);

impl Db {
    /// Opens `sqlite:PATH` (made when absent, with its folder) or `postgres://…`. The schema is not touched.
    ///
    /// # Errors
    /// When the URL has another scheme, the file cannot be opened or the server does not answer.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url).context("database.url is not a PostgreSQL URL")?;
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(10))
                .after_connect(|connection, _| Box::pin(guard(connection)))
                .test_before_acquire(false)
                .before_acquire(|connection, known| Box::pin(answers(connection, known.idle_for)))
                .after_release(|connection, _| Box::pin(is_alive(connection)))
                .connect_with(options)
                .await
                .context("cannot connect to PostgreSQL; check database.url and that the server runs")?;
            return Ok(Self::Postgres(pool));
        }
        let Some(path) = url.strip_prefix("sqlite:") else {
            anyhow::bail!("database.url must begin with `sqlite:` or `postgres://`");
        };
        Self::open_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await
    }

    /// Opens the SQLite file at `file`, made when absent, with its folder.
    ///
    /// # Errors
    /// When the folder cannot be made or the file cannot be opened.
    pub async fn open_sqlite(file: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .busy_timeout(BUSY_TIMEOUT);
        // A file does not go away: no question before each use. SQLite ends a transaction by itself when the disk is full, and
        // sqlx goes on believing in it: such a connection would refuse to begin another for ever.
        let pool_of = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
                .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        };
        let context = || format!("cannot open the SQLite file {}", file.display());
        let options = options.synchronous(SqliteSynchronous::Normal);
        let pool = pool_of(8).connect_with(options.clone()).await.with_context(context)?;
        // Connecting may have to wait for another process that recovers the file; only then is waiting SQLite's.
        let writer = || {
            pool_of(1).acquire_timeout(BUSY_TIMEOUT).after_connect(|connection, _| {
                Box::pin(async { connection.execute("PRAGMA busy_timeout = 0").await.map(|_| ()) })
            })
        };
        let bulk = writer().idle_timeout(BULK_IDLE).connect_lazy_with(options.clone().foreign_keys(false));
        let writer = writer().connect_with(options).await.with_context(context)?;
        Ok(Self::Sqlite { pool, writer, bulk, file: file.to_owned() })
    }

    /// The engine behind.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The SQLite file, when there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { file, .. } => Some(file),
            Self::Postgres(_) => None,
        }
    }

    /// The pool behind, for what is no statement of ours.
    #[must_use]
    pub fn route(&self) -> Route<&SqlitePool, &PgPool> {
        match self {
            Self::Sqlite { pool, .. } => Route::Sqlite(pool),
            Self::Postgres(pool) => Route::Postgres(pool),
        }
    }

    /// Begins a transaction that survives a kill of the process.
    ///
    /// On SQLite it is IMMEDIATE: a deferred one that reads first fails with code 517 once another writer has
    /// committed, and no busy timeout helps (measured).
    ///
    /// # Errors
    /// When no connection is free in time or the store is away.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => begin_immediate(writer, NORMAL).await.map(Tx::Sqlite),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Begins a transaction like [`Db::begin`]'s for very many rows whose references are read, by the same statement, from the
    /// rows that they refer to. SQLite looks for each of them no second time: that took a sixth of a fan-out.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_bulk(&self) -> sqlx::Result<Tx> {
        match self {
            Self::Sqlite { bulk, .. } => begin_immediate(bulk, NORMAL).await.map(Tx::Sqlite),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Begins a transaction that survives a power cut too: delivery states and consent.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_durable(&self) -> sqlx::Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => begin_immediate(writer, FULL).await.map(Tx::Sqlite),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// The same for whoever gives way: waits 200 ms for rows that others hold, then fails and is made again. On PostgreSQL, who
    /// changes many rows of an edition locks them in another order than the marks of single deliveries; after 1 s it calls that
    /// a deadlock, and picks somebody.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_durable_giving_way(&self) -> sqlx::Result<Tx> {
        match self {
            Self::Sqlite { .. } => self.begin_durable().await,
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin_with(GIVING_WAY).await?)),
        }
    }

    /// Begins a transaction that only reads: all of it sees the store as it stood at the first statement, and on
    /// SQLite it waits for no writer.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_read(&self) -> sqlx::Result<Tx> {
        match self {
            Self::Sqlite { pool, .. } => Ok(Tx::Sqlite(pool.begin().await?)),
            Self::Postgres(pool) => {
                Ok(Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
            }
        }
    }

    /// Closes every connection and waits for them: a SQLite file is then whole without its WAL.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { pool, writer, bulk, .. } => {
                bulk.close().await;
                writer.close().await;
                pool.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins what is safe against a kill, and fast.
pub(super) const NORMAL: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// Begins what a power cut must not undo either: its commit waits for the disk.
const FULL: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";

/// Begins what gives way, in one question.
const GIVING_WAY: &str = "BEGIN; SET LOCAL lock_timeout = '200ms'";

/// Waits for the writing connection, then for the write lock in small steps.
pub(super) async fn begin_immediate(
    writer: &SqlitePool,
    begin: &'static str,
) -> sqlx::Result<Transaction<'static, Sqlite>> {
    let began = Instant::now();
    loop {
        match writer.begin_with(begin).await {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(BUSY_LOOK).await;
            }
            begun => return begun,
        }
    }
}

/// `SQLITE_BUSY` in any of its extended forms; the primary code is the lowest byte.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xFF == 5)
}

/// A node that vanishes must not keep its locks for the two hours that TCP takes to notice by default.
async fn guard(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT set_config('idle_in_transaction_session_timeout', '10s', FALSE),
            set_config('tcp_keepalives_idle', '15', FALSE), set_config('tcp_keepalives_interval', '5', FALSE),
            set_config('tcp_keepalives_count', '3', FALSE)",
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// A connection that has been of no use for a moment is asked before it is used: its server may have gone. Each was asked when
/// it was given back; another question before each use is a way to the server and back for each transaction.
async fn answers(connection: &mut PgConnection, idle_for: Duration) -> sqlx::Result<bool> {
    if idle_for >= ASK_AFTER {
        connection.ping().await?;
    }
    Ok(true)
}

/// A connection that was given up in the middle of a question may be open at this end alone. The pool would ask it without
/// end, and have one place less.
async fn is_alive(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match tokio::time::timeout(Duration::from_secs(5), connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

impl Tx {
    /// Makes all of it true at once.
    ///
    /// # Errors
    /// When the store cannot keep it; nothing is kept then.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}
