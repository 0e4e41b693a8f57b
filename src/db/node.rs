//! Nodes: who serves on this database, whose clock is off, and whose newsletters are out of date.

use std::time::Instant;

use super::{Db, Route};
use crate::clock::{Clock, MINUTE, Timestamp};
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements, text_enum};

statements! {
    REGISTER_NODE = "INSERT INTO nodes (id, started_at, seen_at, declarations, roles) VALUES ($1, $2, $2, $3, $4)";
    // One that slept for days and was forgotten is back with the same id.
    SEE_NODE = "INSERT INTO nodes (id, started_at, seen_at, declarations, roles) VALUES ($1, $2, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    FORGET_NODES = "DELETE FROM nodes WHERE seen_at < $1";
    LEAVE_NODE = "DELETE FROM nodes WHERE id = $1";
    // Two nodes started in the same millisecond are told apart by id, so that exactly one is the younger.
    YOUNGER_WITH_OTHER_DECLARATIONS = "SELECT id FROM nodes
        WHERE declarations <> $2 AND seen_at > $3
          AND (started_at > (SELECT started_at FROM nodes WHERE id = $1)
               OR (started_at = (SELECT started_at FROM nodes WHERE id = $1) AND id > $1))
        ORDER BY id LIMIT 1";
    LIVING_NODES = "SELECT id, started_at, seen_at, roles FROM nodes WHERE seen_at > $1 ORDER BY started_at, id";
    DATABASE_TIME = {
        sqlite: "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now",
        postgres: "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now"
    };
}

/// A node that is further than this from the database's clock fires nothing and says so (ms).
pub const CLOCK_TOLERANCE_MS: i64 = MINUTE;

/// A node not seen for this long is gone (ms).
const SEEN_FOR: i64 = 2 * MINUTE;

text_enum! {
    /// A part of the work that a node may do.
    Role {
        /// Pages, feeds, forms and the API.
        Web = "web",
        /// Schedules and the fan-out; sources, bounces and the cleanup, each on one node at a time.
        Scheduler = "scheduler",
        /// Sending.
        Pump = "pump",
    }
}

/// What a node does: at least one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Every role: what a node does unless told otherwise.
    pub const ALL: Self = Self(0b111);

    /// Whether the role is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let roles: Vec<&str> =
            Role::ALL.iter().filter(|role| self.has(**role)).map(|role| role.as_str()).collect();
        f.write_str(&roles.join(","))
    }
}

impl std::str::FromStr for Roles {
    type Err = String;

    /// Reads `web,scheduler,pump` or a part of it.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = 0;
        for role in text.split(',') {
            roles |= 1 << role.trim().parse::<Role>()? as u8;
        }
        Ok(Self(roles))
    }
}

/// A run of the program, drawn anew at each start: the owner of its claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeId(String);

impl NodeId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    /// As it stands in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::new()
    }
}

/// A serving node's row.
#[derive(Debug, Clone)]
pub struct Node {
    /// Who it is.
    pub id: NodeId,
    declarations: String,
    roles: Roles,
}

impl Node {
    /// Registers a node with these roles that declares these newsletters (any digest of them; equal texts mean equal
    /// newsletters).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn register(db: &Db, declarations: String, roles: Roles, now: Timestamp) -> sqlx::Result<Self> {
        let node = Self { id: NodeId::new(), declarations, roles };
        let written = node.roles.to_string();
        execute!(db, REGISTER_NODE, node.id.as_str(), now, node.declarations.as_str(), written)?;
        Ok(node)
    }

    /// Says "still here" and forgets nodes long gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn heartbeat(&self, db: &Db, now: Timestamp) -> sqlx::Result<()> {
        let roles = self.roles.to_string();
        execute!(db, SEE_NODE, self.id.as_str(), now, self.declarations.as_str(), roles)?;
        execute!(db, FORGET_NODES, now.plus(-24 * 60 * MINUTE))?;
        Ok(())
    }

    /// Leaves in good order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leave(&self, db: &Db) -> sqlx::Result<()> {
        execute!(db, LEAVE_NODE, self.id.as_str()).map(|_| ())
    }

    /// Whether a younger living node declares other newsletters: then this one's file is out of date and it must
    /// not schedule.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_outdated(&self, db: &Db, now: Timestamp) -> sqlx::Result<bool> {
        let younger: Option<(String,)> = fetch_optional!(
            db,
            YOUNGER_WITH_OTHER_DECLARATIONS,
            self.id.as_str(),
            self.declarations.as_str(),
            now.plus(-SEEN_FOR)
        )?;
        Ok(younger.is_some())
    }
}

/// A node that serves, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct LivingNode {
    /// Who it is.
    pub id: String,
    /// Since when it serves.
    pub started_at: Timestamp,
    /// When it last said that it is there.
    pub seen_at: Timestamp,
    /// What it does, such as `web,pump`.
    pub roles: String,
}

/// The nodes that serve on this database, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn living_nodes(db: &Db, now: Timestamp) -> sqlx::Result<Vec<LivingNode>> {
    fetch_all!(db, LIVING_NODES, now.plus(-SEEN_FOR))
}

impl Db {
    /// The database's own clock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn time(&self) -> sqlx::Result<Timestamp> {
        let (now,): (Timestamp,) = fetch_one!(self, DATABASE_TIME)?;
        Ok(now)
    }

    /// The clock a node should go by: on PostgreSQL the database's, taken at the middle of the question's round
    /// trip and carried on by the monotonic clock; on SQLite the machine's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clock(&self) -> sqlx::Result<Clock> {
        match self.route() {
            Route::Sqlite(_) => Ok(Clock::System),
            Route::Postgres(_) => {
                let asked = Instant::now();
                let at = self.time().await?;
                let half = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(0);
                Ok(Clock::database(at.plus(half)))
            }
        }
    }

    /// Measures the database's clock again, for a node that has run long enough for the two to drift apart.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn correct(&self, clock: &Clock) -> sqlx::Result<()> {
        if let Clock::Database { .. } = clock {
            let asked = Instant::now();
            let at = self.time().await?;
            clock.correct(at.plus(i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(0)));
        }
        Ok(())
    }

    /// How far the machine's clock is ahead of the database's (ms, negative when behind).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clock_skew(&self) -> sqlx::Result<i64> {
        Ok(Clock::System.now().millis() - self.time().await?.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        assert_eq!("web,scheduler,pump".parse(), Ok(Roles::ALL));
        let two: Roles = "pump, web".parse().unwrap();
        assert_eq!((two.to_string().as_str(), two.has(Role::Scheduler)), ("web,pump", false));
        assert!("web,leader".parse::<Roles>().unwrap_err().contains("expected one of web, scheduler, pump"));
        assert!("".parse::<Roles>().is_err());
    }
}
