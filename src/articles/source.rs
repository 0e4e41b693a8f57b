//! Where articles come from: a name, and the row that stands for it.

use crate::clock::Timestamp;
use crate::db::Db;
use crate::{execute, fetch_optional, id_type};

use super::sql::{ADD_SOURCE, SOURCE_ID};

id_type! {
    /// A source's row. The ids that a newsroom's system gives are unique within one source only.
    SourceId
}

/// The source of this name, made when it is new.
pub(super) async fn ensure(db: &Db, name: &str, now: Timestamp) -> sqlx::Result<SourceId> {
    loop {
        if let Some(id) = find(db, name).await? {
            return Ok(id);
        }
        execute!(db, ADD_SOURCE, name, now)?;
    }
}

/// The source of this name. A site with `www.` and without is one: its feed may stand at one and its export say the other.
pub(super) async fn find(db: &Db, name: &str) -> sqlx::Result<Option<SourceId>> {
    let row: Option<(SourceId,)> = fetch_optional!(db, SOURCE_ID, name, twin(name))?;
    Ok(row.map(|(id,)| id))
}

/// The other name of a site: `exemple.tg` of `www.exemple.tg` and the other way round. What is no host has none but its own.
fn twin(name: &str) -> String {
    match name.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None if name.contains('.') => format!("www.{name}"),
        None => name.to_owned(),
    }
}
