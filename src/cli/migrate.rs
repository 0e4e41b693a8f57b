//! `kiosque migrate`: the database's schema and keys.

use std::path::Path;

use super::{Failure, output, setup};
use crate::app;
use crate::clock::Clock;
use crate::db::SchemaState;

/// Brings the schema to this program's, on SQLite after copying the file, and makes missing keys.
pub(super) async fn run(named: Option<&Path>) -> Result<(), Failure> {
    let (config, _) = setup::configuration(named)?;
    if let Some(file) = setup::sqlite_file(&config)? {
        setup::refuse_other_owner(&file)?;
    }
    let db = app::open_store(&config).await?;
    let before = db.schema_state().await?;
    // serving copies a SQLite file before it touches an older schema; so does this. On PostgreSQL this verb is the one
    // that may migrate.
    let copy = match db.file() {
        Some(_) => db.prepare_to_serve(&Clock::System).await.map_err(anyhow::Error::new)?,
        None => {
            db.migrate(&Clock::System).await.map_err(anyhow::Error::new)?;
            None
        }
    };
    if let Some(copy) = copy {
        output::say(format!("kept the database as it was: {}", copy.display()));
    }
    let place = db.file().map_or_else(|| "PostgreSQL".to_owned(), |file| file.display().to_string());
    output::say(match before {
        SchemaState::Empty => format!("made the tables: {place}"),
        SchemaState::Older => format!("brought the schema forward: {place}"),
        SchemaState::Current | SchemaState::Newer => format!("nothing to do, the schema is current: {place}"),
    });
    db.close().await;
    Ok(())
}
