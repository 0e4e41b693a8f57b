//! What most verbs begin with: the configuration, checked, and the store, open.

use std::path::{Path, PathBuf};

use super::{Failure, owner};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, DatabaseTarget};
use crate::db::Db;
use crate::newsletters::declaration::{self, Declarations};

/// Whether a verb reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It lists or shows.
    Read,
    /// It changes something.
    Write,
}

/// The checked configuration and the program's parts.
#[derive(Debug)]
pub struct Setup {
    /// Configuration, store, clock, keys.
    pub app: App,
    /// The declared categories and newsletters, checked.
    pub declarations: Declarations,
}

/// Finds and reads the configuration; all its mistakes, also those that only a feature understands, are one failure.
///
/// # Errors
/// [`Failure::Usage`].
pub fn configuration(named: Option<&Path>) -> Result<(Config, Declarations), Failure> {
    let path = Config::find(named)?;
    let (config, mut mistakes) = Config::read(Config::source_of(&path)?);
    let (declarations, others) = declaration::read(&config);
    mistakes.append(others);
    mistakes.into_result()?;
    Ok((config, declarations))
}

/// The SQLite file the configuration names, if it names one.
///
/// # Errors
/// [`Failure::Usage`] when the variable or file that holds the database's address is missing or holds none.
pub fn sqlite_file(config: &Config) -> Result<Option<PathBuf>, Failure> {
    match config.database.url.read() {
        Ok(DatabaseTarget::Sqlite(file)) => Ok(Some(file)),
        Ok(DatabaseTarget::Postgres(_)) => Ok(None),
        Err(error) => Err(Failure::usage(format!("kiosque: {error}"))),
    }
}

/// Refuses to write to another user's SQLite file.
///
/// # Errors
/// [`Failure::Usage`] with the `sudo -u` line to type.
pub fn refuse_other_owner(file: &Path) -> Result<(), Failure> {
    let Some(line) = owner::sudo_line(file) else { return Ok(()) };
    Err(Failure::usage(format!(
        "kiosque: the database {} belongs to another user, who could no longer change what this command writes.\n\
         Nothing was done. Type:\n\n  {line}",
        file.display()
    )))
}

impl Setup {
    /// Reads the configuration and opens the store. A SQLite file that is not there yet is made for a verb that writes;
    /// an older or newer schema is refused.
    ///
    /// # Errors
    /// When the configuration is wrong or the store cannot be used as it is.
    pub async fn open(named: Option<&Path>, access: Access) -> Result<Setup, Failure> {
        let (config, declarations) = configuration(named)?;
        let Some(file) = sqlite_file(&config)? else {
            return Ok(Setup { app: App::open(config).await?, declarations });
        };
        match access {
            Access::Read if !file.exists() => {
                let place = file.display();
                return Err(
                    anyhow::anyhow!("no database at {place} yet; make it with: kiosque migrate").into()
                );
            }
            Access::Read => {}
            Access::Write => {
                refuse_other_owner(&file)?;
                if !file.exists() {
                    let db = Db::open_sqlite(&file).await?;
                    db.migrate(&Clock::System).await.map_err(anyhow::Error::new)?;
                    db.close().await;
                }
            }
        }
        let opened = App::open(config).await.map_err(|error| match owner::sudo_line(&file) {
            Some(line) => error.context(format!("the database belongs to another user; try: {line}")),
            None => error,
        });
        Ok(Setup { app: opened?, declarations })
    }
}
