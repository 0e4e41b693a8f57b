//! `kiosque backup FILE`: a copy of the database, also while serving.

use std::path::{Path, PathBuf};

use super::setup::{self, Access};
use super::{Failure, output};
use crate::config::DatabaseTarget;
use crate::db::backup;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to: on SQLite a database of its own, on PostgreSQL a dump for `pg_restore`
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(named: Option<&Path>, arguments: &Arguments) -> Result<(), Failure> {
    let file = std::path::absolute(&arguments.file).map_err(anyhow::Error::new)?;
    let app = setup::open(named, Access::Write).await?;
    if file.is_dir() || app.db.file() == Some(&file) {
        return Err(Failure::usage(format!("kiosque: {} must be a file of its own", file.display())));
    }
    let url = match app.config.database.url.read().map_err(anyhow::Error::new)? {
        DatabaseTarget::Sqlite(_) => None,
        DatabaseTarget::Postgres(url) => Some(url),
    };
    // So that the copy knows how old it is.
    let beat = app.db.beat(app.clock.now()).await?;
    backup::copy(&app.db, url.as_deref(), &file).await?;
    let bytes = std::fs::metadata(&file).map_err(anyhow::Error::new)?.len();
    app.db.close().await;
    output::say(format!("{}: the database as of {}, {bytes} bytes", file.display(), beat.beat_at));
    output::say(
        "It holds readers' addresses and the keys of all links mailed: keep it where only you can read it.",
    );
    Ok(())
}
