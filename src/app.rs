//! What every face of the program is handed: built once, shared by all.

use crate::db::{self, Sql};

/// Every statement of the program, for the test that prepares each one on both engines.
#[must_use]
pub fn statements() -> Vec<Sql> {
    [db::statements()].concat()
}
