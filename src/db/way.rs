//! The way of a single statement to SQLite.
//!
//! Only one connection can write, and SQLite's own busy handler sleeps up to 100 ms at a time: it misses the 2 ms that a bulk
//! writer rests again and again (233 ms, measured). So a statement that writes gets a transaction, whose beginning waits in
//! steps of a millisecond.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Sqlite, SqliteConnection, Transaction};

use super::engine::{NORMAL, begin_immediate};
use super::{Db, Route, Sql, Tx};

/// Where one statement goes on SQLite.
#[derive(Debug)]
pub enum SqliteWay<'a> {
    /// To a connection that only reads.
    Look(PoolConnection<Sqlite>),
    /// To a transaction of its own.
    Alone(Transaction<'static, Sqlite>),
    /// To the transaction that it is a part of.
    Within(&'a mut SqliteConnection),
}

impl SqliteWay<'_> {
    /// The connection.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Look(connection) => connection,
            Self::Alone(tx) => tx,
            Self::Within(connection) => connection,
        }
    }

    /// Ends the statement that gave `done`, and makes what it did true if it was alone.
    ///
    /// # Errors
    /// The statement's, or when the store cannot keep it.
    pub async fn end<T>(self, done: sqlx::Result<T>) -> sqlx::Result<T> {
        match self {
            Self::Alone(tx) if done.is_ok() => tx.commit().await.and(done),
            _ => done,
        }
    }
}

impl Db {
    /// Where a statement outside a transaction goes.
    ///
    /// # Errors
    /// When no connection is free in time or the store is away.
    pub async fn way(&self, sql: &Sql) -> sqlx::Result<Route<SqliteWay<'static>, &PgPool>> {
        Ok(match self {
            Self::Sqlite { pool, .. } if sql.only_reads() => {
                Route::Sqlite(SqliteWay::Look(pool.acquire().await?))
            }
            Self::Sqlite { writer, .. } => {
                Route::Sqlite(SqliteWay::Alone(begin_immediate(writer, NORMAL).await?))
            }
            Self::Postgres(pool) => Route::Postgres(pool),
        })
    }
}

impl Tx {
    /// Where a statement inside this transaction goes.
    ///
    /// # Errors
    /// None: it is as [`Db::way`].
    pub async fn way(&mut self, _sql: &Sql) -> sqlx::Result<Route<SqliteWay<'_>, &mut PgConnection>> {
        Ok(match self {
            Self::Sqlite(tx) => Route::Sqlite(SqliteWay::Within(tx)),
            Self::Postgres(tx) => Route::Postgres(tx),
        })
    }
}
