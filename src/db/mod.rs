//! SQLite and PostgreSQL behind one text per statement.
//!
//! Each feature keeps its SQL in one file, declared with [`statements!`](crate::statements); a test prepares every
//! statement on both engines and compares parameters and columns. A statement runs through
//! [`fetch_all!`](crate::fetch_all) and its sisters on a [`Db`] or a [`Tx`]: one Rust body, checked by the compiler
//! for each engine. sqlx's `Any` driver cannot read SQLite's BOOLEAN or PostgreSQL's NUMERIC, hence the two arms.

pub mod backup;
mod engine;
mod heartbeat;
mod id;
mod installation;
mod keys;
mod lease;
mod migrate;
mod node;
mod signed_number;
mod sql;
mod way;

pub use engine::{Db, Engine, Route, Tx};
pub use heartbeat::HeartbeatFile;
pub use id::{json_list, json_texts};
pub use installation::{Installation, SendingHeld};
pub use keys::{Key, KeyId, Keys, Purpose};
pub use lease::{Lease, give_back_lease, leases, take_lease};
pub use migrate::{MigrateError, SchemaState};
pub use node::{CLOCK_TOLERANCE_MS, LivingNode, Node, NodeId, Role, Roles, living_nodes};
pub use signed_number::{SIGNED_NUMBER_CHARACTERS, read_number, sign_number};
pub use sql::Sql;
pub use way::SqliteWay;

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<Sql> {
    [keys::ALL, node::ALL, lease::ALL, installation::ALL].concat()
}
