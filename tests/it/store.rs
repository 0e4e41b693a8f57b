//! The store: one text per statement on two engines, and a schema that is the same on both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use kiosque::clock::{Clock, Timestamp};
use kiosque::db::{Db, Engine, Keys, MigrateError, Purpose, SchemaState};
use sqlx::{Column, Either, Executor, SqlSafeStr, Statement, TypeInfo};

use crate::support::database::{TestDatabase, each_database, each_engine};

#[tokio::test]
async fn every_statement_is_understood_alike_by_both_engines() {
    let lite = TestDatabase::sqlite().await;
    let Db::Sqlite { pool: lite, .. } = lite.open().await else { unreachable!("SQLite") };
    let Some(postgres) = TestDatabase::postgres().await else { return };
    let Db::Postgres(postgres) = postgres.open().await else { unreachable!("PostgreSQL") };
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for sql in kiosque::app::statements() {
        if !names.insert(sql.name) {
            wrong.push(format!("{}: two statements have this name", sql.name));
        }
        // On SQLite what writes gets a transaction of its own.
        let writes =
            ["INSERT", "UPDATE", "DELETE"].iter().any(|word| sql.sqlite.trim_start().starts_with(word));
        if writes == sql.only_reads() || (sql.only_reads() && sql.sqlite.contains("RETURNING")) {
            wrong.push(format!("{}: does it write?", sql.name));
        }
        let on_lite = lite.prepare(sql.sqlite.into_sql_str()).await;
        let on_postgres = postgres.prepare(sql.postgres.into_sql_str()).await;
        let (on_lite, on_postgres) = match (on_lite, on_postgres) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => {
                wrong.push(format!("{}: SQLite {:?}, PostgreSQL {:?}", sql.name, a.err(), b.err()));
                continue;
            }
        };
        let columns = |names: Vec<&str>| names.join(", ");
        let lite_columns = columns(on_lite.columns().iter().map(Column::name).collect());
        let postgres_columns = columns(on_postgres.columns().iter().map(Column::name).collect());
        // What both engines name differently where nothing names it: count(*).
        if lite_columns.to_lowercase().replace("(*)", "") != postgres_columns {
            wrong.push(format!("{}: columns {lite_columns} and {postgres_columns}", sql.name));
        }
        let lite_parameters = on_lite.parameters().map_or(0, |p| p.map_left(<[_]>::len).either_len());
        let postgres_parameters = on_postgres.parameters().map_or(0, |p| p.map_left(<[_]>::len).either_len());
        if lite_parameters != postgres_parameters {
            wrong.push(format!("{}: {lite_parameters} and {postgres_parameters} parameters", sql.name));
        }
        for column in on_postgres.columns() {
            let kind = column.type_info().name();
            if !["INT8", "TEXT", "BOOL", "BYTEA", "FLOAT8"].contains(&kind) {
                wrong.push(format!("{}: column {} is {kind} on PostgreSQL", sql.name, column.name()));
            }
        }
    }
    let unregistered: Vec<String> =
        declared_statements().into_iter().filter(|name| !names.contains(name.as_str())).collect();
    assert!(unregistered.is_empty(), "not in kiosque::app::statements(): {}", unregistered.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "EXPLAIN of a declared statement")]
async fn what_is_done_for_every_message_finds_its_rows_by_an_index() {
    let lite = TestDatabase::sqlite().await;
    let Db::Sqlite { pool: lite, .. } = lite.open().await else { unreachable!("SQLite") };
    for sql in kiosque::app::statements() {
        // The lists of rows, and of groups, are short; of open rows and of suppressions there may be very many.
        let wrong: &[&str] = match sql.name {
            "PUT_IN_DOUBT" | "PUT_IN_DOUBT_AND_TELL" | "WHY_NOT" | "SETTLE" | "SETTLE_SENT" => {
                &["deliveries_open", "SCAN d", "SCAN x"]
            }
            "FAN_OUT_CHUNK" => &["SCAN s", "SCAN r", "SCAN x", "SCAN ec"],
            // Asked again and again while an edition of a million rows is under way: what is sent already costs nothing.
            "WORK" | "AT_WORK" | "CLAIM" | "CLAIM_AFTER" | "CLAIM_DOUBTFUL" => &["SCAN deliveries", "SCAN d"],
            name if name.starts_with("RETURN_") || name.starts_with("DISOWN_") => &["SCAN deliveries"],
            // Once for a few readers each, of an edition that may have had a million.
            "RECTIFY_CHUNK" | "LET_GO_RECTIFIED" | "CANCEL_RECTIFIED" => &["deliveries_of_edition", "SCAN o"],
            "LIFT_OF_GROUP" => &["SCAN suppressions", "SCAN d"],
            _ => continue,
        };
        let explain = format!("EXPLAIN QUERY PLAN {}", sql.sqlite);
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(explain)).fetch_all(&lite).await.expect("a plan");
        for (.., step) in plan {
            assert!(!wrong.iter().any(|wrong| step.contains(wrong)), "{}: {step}", sql.name);
        }
    }
}

#[tokio::test]
async fn no_row_of_the_queue_is_checked_against_a_list() {
    let lite = TestDatabase::sqlite().await;
    let Db::Sqlite { pool: lite, .. } = lite.open().await else { unreachable!("SQLite") };
    let (table,): (String,) = sqlx::query_as("SELECT sql FROM sqlite_schema WHERE name = 'deliveries'")
        .fetch_one(&lite)
        .await
        .expect("the table");
    assert!(table.contains("CHECK (state = 'pending' OR ") && table.contains("CHECK (kind = 'edition' OR "));
    assert!(!table.contains("state IN (") && !table.contains("kind IN ("), "{table}");
}

/// The names that the sources declare with `statements!`, so that none escapes the check.
fn declared_statements() -> Vec<String> {
    let mut folders = vec![PathBuf::from("src")];
    let mut declared = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let Some((_, block)) = text.split_once("\nstatements! {\n") else { continue };
            let block = block.split("\n}\n").next().unwrap_or_default();
            for line in block.lines().filter_map(|line| line.strip_prefix("    ")) {
                if let Some((name, _)) = line.split_once(" = ")
                    && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                {
                    declared.push(name.to_owned());
                }
            }
        }
    }
    assert!(declared.len() >= 8, "found only {declared:?}");
    declared
}

trait EitherLen {
    fn either_len(self) -> usize;
}

impl EitherLen for Either<usize, usize> {
    fn either_len(self) -> usize {
        match self {
            Either::Left(count) | Either::Right(count) => count,
        }
    }
}

type Columns = BTreeMap<String, BTreeSet<(String, String, bool)>>;

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let lite = TestDatabase::sqlite().await;
    let Db::Sqlite { pool: lite, .. } = lite.open().await else { unreachable!("SQLite") };
    let Some(postgres) = TestDatabase::postgres().await else { return };
    let Db::Postgres(postgres) = postgres.open().await else { unreachable!("PostgreSQL") };
    let on_lite: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT m.name, c.name, upper(c.type), c.\"notnull\" <> 0 FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&lite)
    .await
    .expect("SQLite's catalogue");
    let on_postgres: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, upper(data_type::text), is_nullable = 'NO'
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'",
    )
    .fetch_all(&postgres)
    .await
    .expect("PostgreSQL's catalogue");
    let kind = |engine: Engine, kind: &str| match (engine, kind) {
        (Engine::Sqlite, "INTEGER") => "BIGINT".to_owned(),
        (Engine::Sqlite, "BLOB") => "BYTEA".to_owned(),
        (_, other) => other.to_owned(),
    };
    let columns = |engine: Engine, rows: Vec<(String, String, String, bool)>| {
        let mut tables = Columns::new();
        for (table, column, of, required) in rows {
            tables.entry(table).or_default().insert((column, kind(engine, &of), required));
        }
        tables
    };
    assert_eq!(columns(Engine::Sqlite, on_lite), columns(Engine::Postgres, on_postgres));
}

#[tokio::test]
async fn migrating_twice_changes_nothing_and_keeps_the_keys() {
    each_engine(async |db| {
        let clock = Clock::test(Timestamp::from_millis(1));
        let before = Keys::load(&db).await.unwrap().current(Purpose::Token).mac(&[b"x"]);
        db.migrate(&clock).await.unwrap();
        assert_eq!(Keys::load(&db).await.unwrap().current(Purpose::Token).mac(&[b"x"]), before);
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_is_migrated_where_that_is_safe() {
    each_database(async |database| {
        let db = database.open().await;
        let clock = Clock::test(Timestamp::from_millis(1));
        mark(&db, "UPDATE _sqlx_migrations SET version = version + 1000").await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Newer);
        assert!(matches!(db.migrate(&clock).await, Err(MigrateError::Newer)));
        assert!(matches!(db.prepare_to_serve(&clock).await, Err(MigrateError::Newer)));
        mark(&db, "UPDATE _sqlx_migrations SET version = version - 1000").await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        assert_eq!(db.prepare_to_serve(&clock).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_older_sqlite_file_is_copied_before_it_is_migrated_and_postgres_waits_for_the_operator() {
    each_database(async |database| {
        let db = database.open().await;
        let clock = Clock::test(Timestamp::from_millis(1));
        // As an older program would have left it: fewer migrations than this one knows.
        mark(&db, "UPDATE _sqlx_migrations SET version = 0 WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
            .await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Older);
        match db.engine() {
            Engine::Postgres => {
                assert!(matches!(db.prepare_to_serve(&clock).await, Err(MigrateError::Older)));
            }
            Engine::Sqlite => {
                // Migrating a schema whose tables all exist fails; the copy must be there before that.
                let folder = db.file().unwrap().parent().unwrap().to_owned();
                assert!(db.prepare_to_serve(&clock).await.is_err());
                let copies = std::fs::read_dir(folder)
                    .unwrap()
                    .filter(|entry| {
                        let name = entry.as_ref().unwrap().file_name();
                        name.to_string_lossy().contains(".before-migration-")
                    })
                    .count();
                assert_eq!(copies, 1);
            }
        }
    })
    .await;
}

async fn mark(db: &Db, statement: &'static str) {
    match db {
        Db::Sqlite { pool, .. } => sqlx::query(statement).execute(pool).await.map(|_| ()),
        Db::Postgres(pool) => sqlx::query(statement).execute(pool).await.map(|_| ()),
    }
    .expect("the mark is set");
}

#[tokio::test]
async fn a_node_on_postgres_goes_by_the_databases_clock() {
    each_engine(async |db| {
        let skew = db.clock_skew().await.unwrap();
        assert!(skew.abs() < 60_000, "{skew} ms");
        let clock = db.clock().await.unwrap();
        db.correct(&clock).await.unwrap();
        assert!((clock.now().millis() - db.time().await.unwrap().millis()).abs() < 5_000);
    })
    .await;
}
