//! What most verbs begin with: the configuration, checked, and the store, open.

use std::path::{Path, PathBuf};

use super::{Failure, owner};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, DatabaseTarget, nearest};
use crate::db::Db;
use crate::newsletters::declaration::{Declaration, Declarations};
use crate::newsletters::declaration_reading;
use crate::newsletters::newsletter::{self, Newsletter};

/// Whether a verb reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It lists or shows.
    Read,
    /// It changes something.
    Write,
}

/// Finds and reads the configuration; all its mistakes, also those that only a feature understands, are one failure.
///
/// # Errors
/// [`Failure::Usage`].
pub fn configuration(named: Option<&Path>) -> Result<(Config, Declarations), Failure> {
    let path = Config::find(named)?;
    let (config, mut mistakes) = Config::read(Config::source_of(&path)?);
    let (declarations, others) = declaration_reading::read(&config);
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

/// Reads the configuration and opens the store. A SQLite file that is not there yet is made for a verb that writes;
/// an older or newer schema is refused.
///
/// # Errors
/// When the configuration is wrong or the store cannot be used as it is.
pub async fn open(named: Option<&Path>, access: Access) -> Result<App, Failure> {
    let (config, _) = configuration(named)?;
    let Some(file) = sqlite_file(&config)? else {
        return Ok(App::open(config).await?);
    };
    match access {
        Access::Read if !file.exists() => {
            let place = file.display();
            return Err(anyhow::anyhow!("no database at {place} yet; make it with: kiosque migrate").into());
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
    Ok(opened?)
}

/// Opens the store only if it is there and current: for verbs that say more with it than without.
///
/// # Errors
/// When it is not there, has another schema, or cannot be opened.
pub async fn open_if_there(config: Config) -> Result<App, Failure> {
    if let Some(file) = sqlite_file(&config)?
        && !file.exists()
    {
        return Err(anyhow::anyhow!("no database at {} yet", file.display()).into());
    }
    Ok(App::open(config).await?)
}

/// The declared newsletter with this slug; the failure names those there are.
///
/// # Errors
/// [`Failure::Usage`].
pub fn declared<'a>(declarations: &'a Declarations, slug: &str) -> Result<&'a Declaration, Failure> {
    declarations.newsletter(slug).ok_or_else(|| {
        let slugs: Vec<&str> = declarations.newsletters.iter().map(|n| n.slug.as_str()).collect();
        let advice = match nearest(slug, slugs.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if slugs.is_empty() => "none is declared".to_owned(),
            None => format!("declared are: {}", slugs.join(", ")),
        };
        Failure::usage(format!("kiosque: no newsletter is called {slug}; {advice}"))
    })
}

/// A declared newsletter and its row, which is made when the store does not know it yet. A changed schedule is taken up
/// by `serve` alone.
///
/// # Errors
/// When none is called so, or the store fails.
pub async fn newsletter<'a>(app: &'a App, slug: &str) -> Result<(&'a Declaration, Newsletter), Failure> {
    let declaration = declared(&app.declarations, slug)?;
    let slug = declaration.slug.as_str();
    if let Some(row) = Newsletter::by_slug(&app.db, slug).await? {
        return Ok((declaration, row));
    }
    newsletter::declare(&app.db, std::slice::from_ref(declaration), app.clock.now()).await?;
    let row = Newsletter::by_slug(&app.db, slug).await?;
    Ok((
        declaration,
        row.ok_or_else(|| anyhow::anyhow!("the newsletter {slug} went away while it was declared"))?,
    ))
}
