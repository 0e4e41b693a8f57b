//! Which database this is and how far its life has come, and whether sending is held.
//!
//! Each node keeps the last beat it saw in a file. A database whose beat is behind the file is an older copy: what it holds as
//! pending may have been sent long ago, so sending is held until an operator has looked.

use super::Db;
use crate::clock::Timestamp;
use crate::{execute, fetch_one, fetch_optional, statements};

statements! {
    BEAT = "UPDATE installation SET beat = beat + 1, beat_at = $1 WHERE id = 1 RETURNING identity, beat, beat_at";
    INSTALLATION = "SELECT identity, beat, beat_at FROM installation WHERE id = 1";
    HOLD_SENDING = "INSERT INTO sending_holds (reason, since, at)
        SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT)
        WHERE NOT EXISTS (SELECT 1 FROM sending_holds WHERE ended_at IS NULL)";
    RESUME_SENDING = "UPDATE sending_holds SET ended_at = $1 WHERE ended_at IS NULL";
    // Above every beat that any node can have kept: none of them takes the database for an older copy any more.
    OUTLIVE = "UPDATE installation SET beat = CASE WHEN beat < $1 THEN $1 ELSE beat + 1 END WHERE id = 1";
    HOLDS_DATA = "SELECT EXISTS (SELECT 1 FROM subscribers) OR EXISTS (SELECT 1 FROM articles)
        OR EXISTS (SELECT 1 FROM editions) AS data";
    SENDING_HELD = "SELECT reason, since, at FROM sending_holds WHERE ended_at IS NULL ORDER BY id LIMIT 1";
}

/// How far a database's life has come.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
pub struct Installation {
    /// Drawn when the database was made; a copy has the same.
    pub identity: String,
    /// Counts up while a node serves, and leaps to the time in ms when sending is resumed.
    pub beat: i64,
    /// When it did so last.
    pub beat_at: Timestamp,
}

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct SendingHeld {
    /// In words.
    pub reason: String,
    /// The last moment that the database remembers: what was sent afterwards it does not know of.
    pub since: Timestamp,
    /// When sending was held.
    pub at: Timestamp,
}

impl Db {
    /// Counts the database's life up by one, durably.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beat(&self, now: Timestamp) -> sqlx::Result<Installation> {
        let mut tx = self.begin_durable().await?;
        let installation = fetch_one!(&mut tx, BEAT, now)?;
        tx.commit().await?;
        Ok(installation)
    }

    /// How far the database's life has come.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn installation(&self) -> sqlx::Result<Installation> {
        fetch_one!(self, INSTALLATION)
    }

    /// Holds sending for every node: no edition is made or released and no delivery is claimed until
    /// [`Db::resume_sending`]. False when it was held already, with the reason it had.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hold_sending(&self, reason: &str, since: Timestamp, now: Timestamp) -> sqlx::Result<bool> {
        let mut tx = self.begin_durable().await?;
        let rows = execute!(&mut tx, HOLD_SENDING, reason, since, now)?;
        tx.commit().await?;
        Ok(rows > 0)
    }

    /// Ends the hold. False when sending was not held.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume_sending(&self, now: Timestamp) -> sqlx::Result<bool> {
        let mut tx = self.begin_durable().await?;
        let rows = execute!(&mut tx, RESUME_SENDING, now)?;
        if rows > 0 {
            execute!(&mut tx, OUTLIVE, now)?;
        }
        tx.commit().await?;
        Ok(rows > 0)
    }

    /// Whether there are readers, articles or editions in it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn holds_data(&self) -> sqlx::Result<bool> {
        let (data,): (bool,) = fetch_one!(self, HOLDS_DATA)?;
        Ok(data)
    }

    /// Why sending is held, if it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sending_held(&self) -> sqlx::Result<Option<SendingHeld>> {
        fetch_optional!(self, SENDING_HELD)
    }
}
