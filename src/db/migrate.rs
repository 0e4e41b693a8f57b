//! The schema: two folders of migrations with the same names, and what to do with an older or a newer database.

use std::path::PathBuf;

use anyhow::Context;
use sqlx::migrate::Migrator;

use super::{Db, Keys, Route};
use crate::clock::Clock;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How a database's schema stands to the one this program was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Nothing in it yet.
    Empty,
    /// Written by an older program; `kiosque migrate` brings it forward.
    Older,
    /// The same.
    Current,
    /// Written by a newer program; this one must not touch it.
    Newer,
}

/// Why a database cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program wrote it.
    #[error(
        "the database has a newer schema than this program knows; install the newer kiosque, \
         nothing was changed"
    )]
    Newer,
    /// An older program wrote it, and on PostgreSQL an operator decides when to migrate.
    #[error("the database has an older schema; stop the other nodes and run `kiosque migrate`")]
    Older,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

impl Db {
    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite { .. } => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    /// Compares the database's schema with the program's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn schema_state(&self) -> anyhow::Result<SchemaState> {
        // The table of migrations is sqlx's own; where it is absent nothing was ever migrated.
        let applied: Result<Option<i64>, sqlx::Error> = match self.route() {
            Route::Sqlite(pool) => {
                sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
                    .fetch_one(pool)
                    .await
            }
            Route::Postgres(pool) => {
                sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
                    .fetch_one(pool)
                    .await
            }
        };
        let applied = match applied {
            Ok(version) => version,
            Err(sqlx::Error::Database(error)) if error.message().contains("_sqlx_migrations") => None,
            Err(error) => return Err(error).context("cannot read the schema's version"),
        };
        let known = self.migrator().iter().map(|migration| migration.version).max().unwrap_or(0);
        Ok(match applied {
            None => SchemaState::Empty,
            Some(version) if version < known => SchemaState::Older,
            Some(version) if version > known => SchemaState::Newer,
            Some(_) => SchemaState::Current,
        })
    }

    /// Brings the schema forward and makes the keys that are missing. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`MigrateError::Newer`] when a newer program wrote the database; the store's errors.
    pub async fn migrate(&self, clock: &Clock) -> Result<(), MigrateError> {
        if self.schema_state().await? == SchemaState::Newer {
            return Err(MigrateError::Newer);
        }
        let done = match self {
            Self::Sqlite { pool, .. } => self.migrator().run(pool).await,
            Self::Postgres(pool) => self.migrator().run(pool).await,
        };
        done.context("cannot migrate the database")?;
        let mut tx = self.begin_durable().await.context("cannot make the keys")?;
        Keys::create_missing(&mut tx, clock.now()).await?;
        Ok(tx.commit().await.context("cannot make the keys")?)
    }

    /// Makes the schema fit for serving: a SQLite file is copied beside itself and migrated, a PostgreSQL database
    /// must be current already (or empty). Gives the copy's path when one was made.
    ///
    /// # Errors
    /// [`MigrateError::Older`] on PostgreSQL, [`MigrateError::Newer`], the store's errors.
    pub async fn prepare_to_serve(&self, clock: &Clock) -> Result<Option<PathBuf>, MigrateError> {
        let state = self.schema_state().await?;
        let copy = match (state, self) {
            (SchemaState::Newer, _) => return Err(MigrateError::Newer),
            (SchemaState::Older, Self::Postgres(_)) => return Err(MigrateError::Older),
            (SchemaState::Older, Self::Sqlite { .. }) => Some(self.copy_before_migrating(clock).await?),
            _ => None,
        };
        self.migrate(clock).await?;
        Ok(copy)
    }

    async fn copy_before_migrating(&self, clock: &Clock) -> anyhow::Result<PathBuf> {
        let Self::Sqlite { pool, file, .. } = self else { anyhow::bail!("only a SQLite file is copied") };
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".before-migration-{}", clock.now().to_utc().format("%Y%m%dT%H%M%SZ")));
        let copy = file.with_file_name(name);
        sqlx::query("VACUUM INTO $1")
            .bind(copy.to_string_lossy().into_owned())
            .execute(pool)
            .await
            .with_context(|| format!("cannot copy the database to {} before migrating it", copy.display()))?;
        Ok(copy)
    }
}
