//! Readers, or addresses that must not be mailed, from a CSV file.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::clock::Clock;
use crate::db::{Db, Keys, Tx};
use crate::mail::Mailbox;
use crate::subscribers::address::AddressHash;
use crate::subscribers::csv::{Columns, Fault};
use crate::subscribers::enrol::{Enrolled, Enrolment, enrol};
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::suppression::{Reason, suppress};

/// A writer that goes row by row lets others write after this many rows, or this long, and rests in between.
const CHUNK_ROWS: usize = 200;
const CHUNK_TIME: Duration = Duration::from_millis(15);
const REST: Duration = Duration::from_millis(2);

/// What the file's addresses are.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Readers of a newsletter, with where their consent comes from.
    Readers {
        /// The newsletter.
        newsletter: &'a Newsletter,
        /// Kept as proof with every reader.
        consent: &'a str,
    },
    /// People who said "no" to another system.
    Suppressed,
}

/// What an import did. Importing a file again adds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportSummary {
    /// Lines with an address, good or bad.
    pub lines: u64,
    /// New subscriptions, or new suppressions.
    pub added: u64,
    /// Stood already.
    pub already: u64,
    /// Not taken in: they left this newsletter.
    pub have_left: u64,
    /// Not taken in: the address must not be mailed.
    pub suppressed: u64,
    /// What was wrong, line by line; the rest went in.
    pub mistakes: Vec<Mistake>,
}

/// A line that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line, the header being 1.
    pub line: u64,
    /// The field at fault: `address`, `name`, or `line`.
    pub field: String,
    /// Why.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file.display(), self.line, self.field, self.message)
    }
}

/// Why nothing, or not all, of a file was read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or is empty.
    #[error("cannot read {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// The first line does not name the columns.
    #[error("{0}")]
    Header(Mistake),
    /// Where the consent comes from is not said.
    #[error("the consent is empty: say where and how these readers agreed, it is kept as proof")]
    Consent,
    /// The store failed; the lines before are in, and importing the file again goes on from there.
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

/// Imports the CSV file `path`: a header `address` or `address,name`, then one reader a line, UTF-8, with commas or
/// semicolons. Readers who left and suppressed addresses are not taken in. Commits in small chunks, so that a
/// serving process is not held up; memory does not grow with the file.
///
/// # Errors
/// When the file or its header cannot be read, the consent is empty or the store fails.
pub async fn import(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    path: &Path,
    target: Target<'_>,
) -> Result<ImportSummary, ImportError> {
    if let Target::Readers { consent, .. } = target
        && consent.trim().is_empty()
    {
        return Err(ImportError::Consent);
    }
    let mut lines = Lines::open(path)?;
    let mut summary = ImportSummary::default();
    let origin = format!("import {}", path.file_name().unwrap_or_default().to_string_lossy());
    let mut at_end = false;
    while !at_end {
        // What the chunk holds is read before the write lock is taken.
        let chunk = lines.chunk(&mut summary)?;
        at_end = chunk.len() < CHUNK_ROWS;
        let mut chunk = chunk.iter();
        while !chunk.as_slice().is_empty() {
            let mut tx = db.begin_durable().await.context("cannot begin a chunk")?;
            let begun = Instant::now();
            while begun.elapsed() < CHUNK_TIME
                && let Some(mailbox) = chunk.next()
            {
                take_in(&mut tx, keys, clock, mailbox, target, &origin, &mut summary)
                    .await
                    .context("cannot keep a line")?;
            }
            tx.commit().await.context("cannot keep a chunk")?;
            tokio::time::sleep(REST).await;
        }
    }
    Ok(summary)
}

async fn take_in(
    tx: &mut Tx,
    keys: &Keys,
    clock: &Clock,
    mailbox: &Mailbox,
    target: Target<'_>,
    origin: &str,
    summary: &mut ImportSummary,
) -> sqlx::Result<()> {
    let now = clock.now();
    let counter = match target {
        Target::Suppressed => {
            let hash = AddressHash::of(keys, mailbox.address());
            match suppress(tx, hash, mailbox.address().domain(), Reason::Imported, None, now).await? {
                true => &mut summary.added,
                false => &mut summary.already,
            }
        }
        Target::Readers { newsletter, consent } => {
            match enrol(tx, keys, &Enrolment { mailbox, newsletter, consent, origin }, now).await? {
                Enrolled::Added => &mut summary.added,
                Enrolled::Already => &mut summary.already,
                Enrolled::HasLeft => &mut summary.have_left,
                Enrolled::Suppressed(_) => &mut summary.suppressed,
            }
        }
    };
    *counter += 1;
    Ok(())
}

/// The lines of a file, with their numbers.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    columns: Columns,
    number: u64,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, ImportError> {
        let error = |error| ImportError::File(path.to_owned(), error);
        let mut file = BufReader::new(File::open(path).map_err(error)?);
        let mut header = String::new();
        file.read_line(&mut header).map_err(error)?;
        let columns = Columns::read(header.trim_end()).map_err(|fault| {
            ImportError::Header(Mistake {
                file: path.to_owned(),
                line: 1,
                field: fault.field.to_owned(),
                message: fault.message,
            })
        })?;
        Ok(Self { path, file, columns, number: 1 })
    }

    /// The next readers, [`CHUNK_ROWS`] unless the file ends; mistakes go into `summary`.
    fn chunk(&mut self, summary: &mut ImportSummary) -> Result<Vec<Mailbox>, ImportError> {
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let mut line = Vec::new();
        while chunk.len() < CHUNK_ROWS {
            line.clear();
            let read = self.file.read_until(b'\n', &mut line);
            if read.map_err(|error| ImportError::File(self.path.to_owned(), error))? == 0 {
                break;
            }
            self.number += 1;
            let mailbox = match std::str::from_utf8(&line) {
                Ok(text) => self.columns.mailbox(text.trim_end_matches(['\r', '\n'])),
                Err(_) => {
                    Err(Fault { field: "line", message: "not UTF-8; save the file as UTF-8".to_owned() })
                }
            };
            match mailbox {
                Ok(None) => continue,
                Ok(Some(mailbox)) => chunk.push(mailbox),
                Err(Fault { field, message }) => summary.mistakes.push(Mistake {
                    file: self.path.to_owned(),
                    line: self.number,
                    field: field.to_owned(),
                    message,
                }),
            }
            summary.lines += 1;
        }
        Ok(chunk)
    }
}
