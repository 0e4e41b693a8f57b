//! Where articles come from: a name, and the row that stands for it.

use crate::clock::Timestamp;
use crate::db::Db;
use crate::{execute, fetch_one, id_type};

use super::sql::{ADD_SOURCE, SOURCE_ID};

id_type! {
    /// A source's row. The ids that a newsroom's system gives are unique within one source only.
    SourceId
}

/// The source of this name, made when it is new.
pub(super) async fn ensure(db: &Db, name: &str, now: Timestamp) -> sqlx::Result<SourceId> {
    execute!(db, ADD_SOURCE, name, now)?;
    let (id,): (SourceId,) = fetch_one!(db, SOURCE_ID, name)?;
    Ok(id)
}
