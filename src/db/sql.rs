//! Statements as constants, and the macros that run them on either engine.

/// A statement: one text, or one text an engine where the dialects differ.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// The constant's name, for error messages.
    pub name: &'static str,
    /// What SQLite is given.
    pub sqlite: &'static str,
    /// What PostgreSQL is given.
    pub postgres: &'static str,
}

impl Sql {
    /// Whether it changes nothing.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let text = self.sqlite.trim_start();
        text.starts_with("SELECT") || text.starts_with("WITH")
    }
}

/// Declares statements as constants and lists them in `ALL`, so that a test can prepare every one on both engines.
///
/// A statement is one text, `(concat!(…))`, or `{ sqlite: "…", postgres: "…" }` where the dialects differ.
#[macro_export]
macro_rules! statements {
    (@one $(#[$doc:meta])* $name:ident $text:literal) => {
        $(#[$doc])*
        pub(crate) const $name: $crate::db::Sql =
            $crate::db::Sql { name: stringify!($name), sqlite: $text, postgres: $text };
    };
    (@one $(#[$doc:meta])* $name:ident ($text:expr)) => {
        $(#[$doc])*
        pub(crate) const $name: $crate::db::Sql =
            $crate::db::Sql { name: stringify!($name), sqlite: $text, postgres: $text };
    };
    (@one $(#[$doc:meta])* $name:ident { sqlite: $lite:expr, postgres: $pg:expr $(,)? }) => {
        $(#[$doc])*
        pub(crate) const $name: $crate::db::Sql =
            $crate::db::Sql { name: stringify!($name), sqlite: $lite, postgres: $pg };
    };
    ($($(#[$doc:meta])* $name:ident = $body:tt;)*) => {
        $($crate::statements!(@one $(#[$doc])* $name $body);)*
        pub(crate) const ALL: &[$crate::db::Sql] = &[$($name),*];
    };
}

/// Runs `query.bind(…)` on whichever engine stands behind `$on` (a `&Db` or a `&mut Tx`).
#[doc(hidden)]
#[macro_export]
macro_rules! run_sql {
    ($call:ident, $query:ident, $on:expr, $sql:expr $(, $arg:expr)*) => {
        match ($on).way(&$sql).await {
            Ok($crate::db::Route::Sqlite(mut way)) => {
                let done = sqlx::$query($sql.sqlite)$(.bind($arg))*.$call(way.connection()).await;
                way.end(done).await
            }
            Ok($crate::db::Route::Postgres(conn)) => sqlx::$query($sql.postgres)$(.bind($arg))*.$call(conn).await,
            Err(error) => Err(error),
        }
    };
}

/// All rows: `let rows: Vec<Row> = fetch_all!(db, LIST, a, b)?;`
#[macro_export]
macro_rules! fetch_all {
    ($on:expr, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::run_sql!(fetch_all, query_as, $on, $sql $(, $arg)*) };
}

/// The row if there is one: `let row: Option<(i64,)> = fetch_optional!(tx, FIND, a)?;`
#[macro_export]
macro_rules! fetch_optional {
    ($on:expr, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::run_sql!(fetch_optional, query_as, $on, $sql $(, $arg)*) };
}

/// The one row: `let (n,): (i64,) = fetch_one!(db, COUNT)?;`
#[macro_export]
macro_rules! fetch_one {
    ($on:expr, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::run_sql!(fetch_one, query_as, $on, $sql $(, $arg)*) };
}

/// Runs a statement and gives the number of rows it touched.
#[macro_export]
macro_rules! execute {
    ($on:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match ($on).way(&$sql).await {
            Ok($crate::db::Route::Sqlite(mut way)) => {
                let done = sqlx::query($sql.sqlite)$(.bind($arg))*.execute(way.connection()).await;
                way.end(done).await.map(|done| done.rows_affected())
            }
            Ok($crate::db::Route::Postgres(conn)) => {
                sqlx::query($sql.postgres)$(.bind($arg))*.execute(conn).await.map(|done| done.rows_affected())
            }
            Err(error) => Err(error),
        }
    };
}
