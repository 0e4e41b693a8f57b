//! A fresh, migrated database for each test, on each engine.
//!
//! The schema is migrated once a process and engine, then copied: a file on SQLite, `CREATE DATABASE … TEMPLATE` on
//! PostgreSQL. `KIOSQUE_TEST_POSTGRES` names a server (`make test` starts one, `scripts/postgres` gives one to a
//! shell); without it the PostgreSQL half of a test is skipped with a word, and with `CI=true` it fails.

use std::sync::atomic::{AtomicU32, Ordering};

use kiosque::clock::{Clock, Timestamp};
use kiosque::db::{Db, Engine};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use url::Url;

/// Runs the scenario on SQLite, then on PostgreSQL, each time with a store of its own.
///
/// ```ignore
/// each_engine(async |db| assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current)).await;
/// ```
pub async fn each_engine(scenario: impl AsyncFn(Db)) {
    each_database(async |database| {
        let db = database.open().await;
        scenario(db.clone()).await;
        db.close().await;
    })
    .await;
}

/// The same for scenarios that open the store themselves: twice, or from a process of its own.
#[expect(clippy::print_stderr, reason = "captured, and shown when the test fails")]
pub async fn each_database(scenario: impl AsyncFn(&TestDatabase)) {
    for database in [Some(TestDatabase::sqlite().await), TestDatabase::postgres().await].into_iter().flatten()
    {
        eprintln!("on {:?}: {}", database.engine, database.url);
        scenario(&database).await;
        database.remove().await;
    }
}

/// A migrated database that one test has for itself.
#[derive(Debug)]
pub struct TestDatabase {
    /// Which engine it stands on.
    pub engine: Engine,
    /// What `database.url` would say.
    pub url: String,
    folder: Option<TempDir>,
}

impl TestDatabase {
    /// A file in a folder that goes with the value.
    pub async fn sqlite() -> Self {
        static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let bytes = MIGRATED
            .get_or_init(|| async {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let file = folder.path().join("template.db");
                migrate(&format!("sqlite:{}", file.display())).await;
                std::fs::read(file).expect("the migrated file")
            })
            .await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("kiosque.db");
        std::fs::write(&file, bytes).expect("a copy of the migrated file");
        Self { engine: Engine::Sqlite, url: format!("sqlite:{}", file.display()), folder: Some(folder) }
    }

    /// A database on the tests' server; `None` where there is none.
    #[expect(clippy::print_stderr, reason = "the word about the skipped half")]
    pub async fn postgres() -> Option<Self> {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let Some(server) = server() else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "KIOSQUE_TEST_POSTGRES is not set, and with CI=true nothing may be skipped"
            );
            eprintln!("skipped on PostgreSQL: KIOSQUE_TEST_POSTGRES is not set (see scripts/postgres)");
            return None;
        };
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = format!("kiosque_test_{}_template", std::process::id());
                execute(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                execute(&server, format!("CREATE DATABASE {name}")).await;
                migrate(url_of(&server, &name).as_str()).await;
                name
            })
            .await;
        let name = format!("kiosque_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        execute(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Some(Self { engine: Engine::Postgres, url: url_of(&server, &name).into(), folder: None })
    }

    /// Opens it. Every call gives pools of their own, as another process would have.
    pub async fn open(&self) -> Db {
        Db::open(&self.url).await.expect("the test's database opens")
    }

    /// Removes it. A failed test on PostgreSQL leaves its database to be looked at, until the server goes.
    pub async fn remove(self) {
        if self.folder.is_none() {
            let server = server().expect("the server it was made on");
            let name = Url::parse(&self.url).expect("a URL").path().trim_start_matches('/').to_owned();
            execute(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn server() -> Option<Url> {
    let text = std::env::var("KIOSQUE_TEST_POSTGRES").ok().filter(|text| !text.is_empty())?;
    Some(text.parse().expect("KIOSQUE_TEST_POSTGRES is a URL"))
}

fn url_of(server: &Url, database: &str) -> Url {
    let mut url = server.clone();
    url.set_path(database);
    url
}

async fn migrate(url: &str) {
    let db = Db::open(url).await.expect("an empty database opens");
    // Older than any moment that a test plays in.
    db.migrate(&Clock::test(Timestamp::from_millis(0))).await.expect("an empty database migrates");
    db.close().await;
}

/// Runs a statement that PostgreSQL wants outside a transaction and with its names spelled out.
#[expect(clippy::disallowed_methods, reason = "a database's name cannot be bound")]
async fn execute(server: &Url, statement: String) {
    let mut connection =
        PgConnection::connect(server.as_str()).await.expect("the server of KIOSQUE_TEST_POSTGRES");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("the server obeys");
    connection.close().await.expect("the connection closes");
}

mod tests {
    use kiosque::db::SchemaState;

    use super::*;

    #[tokio::test]
    async fn each_test_has_a_migrated_database_of_its_own_on_each_engine() {
        each_database(async |database| {
            let other = match database.engine {
                Engine::Sqlite => TestDatabase::sqlite().await,
                Engine::Postgres => TestDatabase::postgres().await.expect("the first one was made there"),
            };
            assert_ne!(database.url, other.url);
            let db = other.open().await;
            assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
            db.close().await;
            other.remove().await;
        })
        .await;
    }

    #[tokio::test]
    async fn a_database_is_copied_while_other_tests_copy_theirs() {
        let scenario =
            || each_engine(async |db| assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current));
        tokio::join!(scenario(), scenario(), scenario(), scenario());
    }
}
