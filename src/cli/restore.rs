//! `kiosque restore FILE`: a copy in the database's place, with sending held.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::setup;
use super::{Failure, output};
use crate::app;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, DatabaseTarget};
use crate::db::backup::{self, beside};
use crate::db::{Db, SchemaState, living_nodes};
use crate::delivery::PumpLock;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What `kiosque backup` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace a database that holds something; on SQLite it is kept beside the new one
    #[arg(long)]
    replace: bool,
}

pub(super) async fn run(named: Option<&Path>, arguments: &Arguments) -> Result<(), Failure> {
    let (config, _) = setup::configuration(named)?;
    let file = &arguments.file;
    if !file.is_file() {
        return Err(Failure::usage(format!("kiosque: there is no file {}", file.display())));
    }
    match config.database.url.read().map_err(anyhow::Error::new)? {
        DatabaseTarget::Sqlite(database) => {
            setup::refuse_other_owner(&database)?;
            replace_file(&database, file, arguments.replace).await?;
        }
        DatabaseTarget::Postgres(url) => replace_rows(&config, &url, file, arguments.replace).await?,
    }
    output::say(
        "Sending is held. Start `kiosque serve`, look at `kiosque status`, then: kiosque resume-sending",
    );
    Ok(())
}

/// The SQLite file. All is prepared beside it and takes its name in one step.
async fn replace_file(database: &Path, file: &Path, replace: bool) -> anyhow::Result<()> {
    backup::check_sqlite(file).await?;
    let folder = database.parent().context("the database has no folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let Some(_lock) = PumpLock::beside(database)? else {
        anyhow::bail!("kiosque serves this database; stop it first. Nothing was done");
    };
    if database.exists() {
        look_at_old(database, replace).await?;
    }
    let aside = beside(database, "restoring");
    for leftover in [aside.clone(), dashed(&aside, "wal"), dashed(&aside, "shm")] {
        backup::remove_if_there(&leftover)?;
    }
    std::fs::copy(file, &aside).with_context(|| format!("cannot copy {}", file.display()))?;
    let restored = Db::open_sqlite(&aside).await?;
    let beat = hold(&restored, &Clock::System, file).await;
    restored.close().await;
    let beat = beat?;
    if database.exists() {
        let kept = keep_old(database)?;
        output::say(format!("kept what was there: {}", kept.display()));
    }
    backup::put_in_place(&aside, database)?;
    output::say(format!("{}: restored, as of {beat}", database.display()));
    Ok(())
}

/// Refuses to replace what holds something, or serves; folds its write-ahead log into it.
async fn look_at_old(database: &Path, replace: bool) -> anyhow::Result<()> {
    let looked = async {
        let old = Db::open_sqlite(database).await?;
        let looked = refuse_what_lives(&old, Clock::System.now(), replace).await;
        old.close().await;
        anyhow::Ok(looked)
    };
    match looked.await {
        Ok(looked) => looked,
        // A damaged one is what somebody wants replaced.
        Err(error) if replace => {
            output::complain(&format!("the old database cannot be read: {error:#}"));
            Ok(())
        }
        Err(error) => {
            Err(error.context("the old database cannot be read; --replace replaces it all the same"))
        }
    }
}

async fn refuse_what_lives(db: &Db, now: Timestamp, replace: bool) -> anyhow::Result<()> {
    if db.schema_state().await? != SchemaState::Current {
        // Which tables there are is not known.
        anyhow::ensure!(
            replace || db.schema_state().await? == SchemaState::Empty,
            "there is a database with another schema; to replace it: --replace"
        );
        return Ok(());
    }
    if let Some(node) = living_nodes(db, now).await?.first() {
        anyhow::bail!(
            "a node serves this database ({}, seen at {}); stop every node first, or wait two minutes after a kill. \
             Nothing was done",
            node.roles,
            node.seen_at
        );
    }
    anyhow::ensure!(
        replace || !db.holds_data().await?,
        "the database holds something; to replace it: --replace. Nothing was done"
    );
    Ok(())
}

/// Holds sending in what was restored, after bringing its schema forward. Gives the last moment it remembers.
async fn hold(db: &Db, clock: &Clock, file: &Path) -> anyhow::Result<Timestamp> {
    db.migrate(clock).await?;
    let since = db.installation().await?.beat_at;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let reason = format!("the database was restored from {name}, which ends at {since}");
    db.hold_sending(&reason, since, clock.now()).await?;
    Ok(since)
}

/// Gives the old file a name of its own beside, without a moment at which there is none.
fn keep_old(database: &Path) -> anyhow::Result<PathBuf> {
    let at = Clock::System.now().to_utc().format("replaced-%Y%m%dT%H%M%SZ");
    let kept = beside(database, &at.to_string());
    for end in ["wal", "shm"] {
        let left = dashed(database, end);
        if left.exists() {
            std::fs::rename(&left, dashed(&kept, end)).context("cannot keep the old database")?;
        }
    }
    std::fs::hard_link(database, &kept).context("cannot keep the old database")?;
    Ok(kept)
}

/// `kiosque.db-wal`.
fn dashed(file: &Path, end: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push("-");
    path.push(end);
    path.into()
}

/// The rows of a PostgreSQL database.
async fn replace_rows(config: &Config, url: &str, file: &Path, replace: bool) -> anyhow::Result<()> {
    backup::check_dump(file)?;
    let db = app::open_store(config).await?;
    let clock = db.clock().await?;
    refuse_what_lives(&db, clock.now(), replace).await?;
    db.close().await;
    backup::restore_dump(url, file)?;
    let db = app::open_store(config).await?;
    let beat = hold(&db, &clock, file).await?;
    db.close().await;
    output::say(format!("restored, as of {beat}"));
    Ok(())
}
