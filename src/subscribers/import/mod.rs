//! Readers, and addresses that must not be mailed, from files: spreadsheets and the exports of other systems.
//!
//! The files are read first ([`source`], [`lines`], [`columns`], [`row`]), in memory that does not grow with them, and what
//! they say is sorted by address ([`sort`]), so that all that is said of one comes together ([`person`]) and a "no" stands
//! in whatever order files come. Only then is anything written ([`apply`]): chunk by chunk, each whole or not at all.
//! Importing again adds nothing, and goes on where a broken import stopped.

mod apply;
mod columns;
mod date;
mod lines;
mod person;
mod places;
mod reject;
mod row;
mod sort;
mod source;
pub(super) mod sql;
mod summary;
mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;

pub use apply::Held;
pub use places::{Destination, Letter, PlaceError, Places};
pub use summary::{ImportSummary, Mistake};
pub use system::System;

use self::apply::{Proof, Taker};
use self::columns::Columns;
use self::lines::{Next, Records};
use self::person::{Entry, Person};
use self::reject::Rejects;
use self::row::{Fault, Verdict};
use self::sort::Sorter;
use self::source::Source;
use self::system::Field;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Keys};
use crate::mail::{Address, Mailbox};
use crate::subscribers::address::AddressHash;
use crate::subscribers::csv::Record;
use crate::subscribers::newsletter::NewsletterId;
use crate::subscribers::suppression::Reason;

/// What is to be imported, and how.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The files: CSV, or ZIPs of CSV files.
    pub files: Vec<PathBuf>,
    /// Whose export they are; none: told by their columns.
    pub system: Option<System>,
    /// What they are.
    pub kind: Kind,
    /// Fields whose columns are not called as usual.
    pub columns: Vec<Column>,
    /// Where rejected lines go.
    pub rejects: Option<PathBuf>,
    /// Count, and change nothing.
    pub dry_run: bool,
}

/// What the people in a file are.
#[derive(Debug, Clone, Default)]
pub enum Kind {
    /// Readers, unless their lines say otherwise.
    Readers {
        /// Where they go.
        places: Places,
        /// Where their consent comes from; kept as proof with every reader.
        consent: String,
    },
    /// People who said "no" to another system, all of them.
    #[default]
    Suppressed,
}

/// A field and the title of its column: `name=Contact`; an empty title for none.
#[derive(Debug, Clone)]
pub struct Column(Field, String);

impl std::str::FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, title) = text.split_once('=').ok_or("FIELD=TITLE is expected")?;
        let field = match field.trim() {
            "address" => Field::Address,
            "name" => Field::Name,
            "first-name" => Field::FirstName,
            "last-name" => Field::LastName,
            "status" => Field::Status,
            "groups" => Field::Groups,
            "asked" => Field::AskedAt,
            "confirmed" => Field::ConfirmedAt,
            "left" => Field::LeftAt,
            "reason" => Field::Reason,
            "double-opt-in" => Field::DoubleOptIn,
            other => {
                return Err(format!(
                    "`{other}` is no field; there are address, name, first-name, last-name, status, groups, asked, \
                     confirmed, left, reason, double-opt-in"
                ));
            }
        };
        Ok(Self(field, title.trim().to_owned()))
    }
}

/// How far an import is.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all files.
    pub bytes: AtomicU64,
    /// Bytes read.
    pub bytes_read: AtomicU64,
    /// Lines read.
    pub lines: AtomicU64,
    /// Lines taken in.
    pub lines_done: AtomicU64,
}

/// Why nothing, or not all, was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read, or the one for rejected lines not written.
    #[error("cannot use {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// A ZIP without CSV files.
    #[error("{0} holds no CSV file")]
    NoCsv(PathBuf),
    /// A first line that does not name the columns.
    #[error("{0}")]
    Header(Mistake),
    /// The columns are those of another system's export, where unsubscribed people would become readers.
    #[error("{0} looks like an export of {title}: say --from {1}, or --from csv to read it as a spreadsheet", title = .1.title())]
    LooksLike(PathBuf, System),
    /// Where the consent comes from is not said.
    #[error("the consent is empty: say where and how these readers agreed, it is kept as proof")]
    Consent,
    /// Nothing says where readers go.
    #[error("no newsletter is named: say --newsletter LETTER, or --map GROUP=LETTER")]
    NoPlace,
    /// What is sorted does not fit on the disk.
    #[error("cannot keep what was read in a temporary file")]
    Disk(#[source] std::io::Error),
    /// The store failed; what went in before stays, and importing the same again goes on from there.
    #[error(transparent)]
    Store(anyhow::Error),
}

/// Imports files. No earlier "no" is undone: neither a suppression nor a reader's leaving. Commits in small chunks, so that a
/// serving process is not held up; memory does not grow with the files. Gives what was done, and how long others could
/// not write.
///
/// # Errors
/// When a file or its header cannot be read, the consent is empty or the store fails.
pub async fn import(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    order: Order,
    progress: &Progress,
) -> Result<(ImportSummary, Held), ImportError> {
    let Order { files, system, kind, columns, rejects, dry_run } = order;
    let (places, consent) = match kind {
        Kind::Readers { consent, .. } if consent.trim().is_empty() => return Err(ImportError::Consent),
        Kind::Readers { places, consent } => (Some(places), consent),
        Kind::Suppressed => (None, String::new()),
    };
    let mut sources = Source::open(&files)?;
    progress.bytes.store(sources.iter().map(|source| source.size).sum(), Ordering::Relaxed);
    let named: Vec<(Field, String)> =
        columns.into_iter().map(|Column(field, title)| (field, title)).collect();
    let mut reading = Reading {
        hash: |address: &Address| AddressHash::of(keys, address).into_bytes(),
        now: clock.now(),
        places,
        system,
        named,
        rejects: Rejects::new(rejects.as_deref()),
        rejects_path: rejects.unwrap_or_default(),
        sorter: Sorter::new(),
        summary: ImportSummary::default(),
        progress,
    };
    // Whole files first: a mistake in the last one's header is found before anything is written.
    for source in &mut sources {
        reading.file(source)?;
    }
    let origin = match &sources[..] {
        [] => String::from("import"),
        [one] => format!("import {}", one.short_name()),
        [first, rest @ ..] => format!("import {} and {} more", first.short_name(), rest.len()),
    };
    drop(sources);
    let Reading { places, rejects, rejects_path, sorter, mut summary, .. } = reading;
    rejects.finish().map_err(|error| ImportError::File(rejects_path, error))?;

    let mut sorted = sorter.finish().map_err(ImportError::Disk)?;
    let places = places.unwrap_or_default();
    let proof = Proof { consent: consent.trim(), origin: &origin };
    let mut taker = Taker::new(db, clock, &places, proof, dry_run);
    while let Some(person) = Person::next(&mut sorted).map_err(ImportError::Disk)? {
        progress.lines_done.fetch_add(person.lines, Ordering::Relaxed);
        taker
            .take(person, &mut summary)
            .await
            .context("cannot keep a chunk of lines")
            .map_err(ImportError::Store)?;
    }
    let held =
        taker.finish(&mut summary).await.context("cannot keep the last lines").map_err(ImportError::Store)?;
    Ok((summary, held))
}

/// What reading `bytes` as a file called `name` gives: the lines that say something and those that are rejected, or why the
/// header is none. For the fuzzer and the tests: nothing is kept.
///
/// # Errors
/// As [`import`], but for the store.
pub fn read(name: &str, bytes: &[u8], system: Option<System>) -> Result<(u64, u64), ImportError> {
    let progress = Progress::default();
    let letter = Letter { id: NewsletterId(1), slug: "matinale".to_owned(), rubrics: BTreeMap::new() };
    let mut places = Places::new(vec![letter]);
    for map in ["Sport=matinale", "VIP=matinale"] {
        places.map(map).map_err(|_| ImportError::NoPlace)?;
    }
    let mut reading = Reading {
        hash: |address: &Address| {
            let key = address.key();
            std::array::from_fn(|place| key.as_bytes().get(place).copied().unwrap_or_default())
        },
        now: Timestamp::from_millis(i64::MAX / 2),
        places: Some(places),
        system,
        named: Vec::new(),
        rejects: Rejects::new(None),
        rejects_path: PathBuf::new(),
        sorter: Sorter::new(),
        summary: ImportSummary::default(),
        progress: &progress,
    };
    reading.file(&mut Source::of(name, bytes).map_err(ImportError::Disk)?)?;
    let summary = reading.summary;
    let mut people = 0;
    let mut sorted = reading.sorter.finish().map_err(ImportError::Disk)?;
    while let Some(person) = Person::next(&mut sorted).map_err(ImportError::Disk)? {
        people += person.lines;
    }
    debug_assert_eq!(people + summary.rejected, summary.lines, "every line is somebody's, or rejected");
    Ok((summary.lines, summary.rejected))
}

/// The first half of an import: files into the sorter.
struct Reading<'a, H> {
    hash: H,
    now: Timestamp,
    /// None when everybody in the files refuses.
    places: Option<Places>,
    system: Option<System>,
    named: Vec<(Field, String)>,
    rejects: Rejects,
    rejects_path: PathBuf,
    sorter: Sorter,
    summary: ImportSummary,
    progress: &'a Progress,
}

impl<H: Fn(&Address) -> [u8; 32]> Reading<'_, H> {
    fn file(&mut self, source: &mut Source) -> Result<(), ImportError> {
        let name = source.name.clone();
        let error = |error| ImportError::File(name.clone(), error);
        let before = self.progress.bytes_read.load(Ordering::Relaxed);
        let (short, size) = (source.short_name(), source.size);
        let (text, line_break) = source.text().map_err(error)?;
        let mut records = Records::new(text, line_break);
        let header = records.header().map_err(error)?;
        let columns = self.columns(&header, &name, &short)?;
        records.set_dialect(columns.dialect);
        self.summary.files.push((name.clone(), columns.system.to_string()));
        let mut record = Record::default();
        loop {
            let next = records.next(&mut record).map_err(error)?;
            self.progress.bytes_read.store(before + records.source().bytes_read(), Ordering::Relaxed);
            let (line, cells, read) = match next {
                Next::End => break,
                Next::Record(line) => (line, record.cells(), self.record(&columns, &record)?),
                Next::Fault(line, message, text) => {
                    self.reject(&columns, &name, line, &[text], Fault::new("line", message))?;
                    continue;
                }
            };
            match read {
                Ok(true) => self.count_line(),
                Ok(false) => {}
                Err(fault) => self.reject(&columns, &name, line, cells, fault)?,
            }
        }
        self.progress.bytes_read.store(before + size, Ordering::Relaxed);
        Ok(())
    }

    /// Reads the first line.
    fn columns(&self, header: &str, path: &Path, name: &str) -> Result<Columns, ImportError> {
        let columns = Columns::read(header, name, self.system, &self.named).map_err(|message| {
            ImportError::Header(Mistake {
                file: path.to_owned(),
                line: 1,
                field: "header".to_owned(),
                message,
            })
        })?;
        // Whoever imports a list of refusals as readers by mistake is told before it is too late.
        if self.system.is_none() && self.places.is_some() && columns.system != System::Csv {
            return Err(ImportError::LooksLike(path.to_owned(), columns.system));
        }
        if self.places.as_ref().is_some_and(Places::is_empty) && !columns.has(Field::Newsletter) {
            return Err(ImportError::NoPlace);
        }
        Ok(columns)
    }

    /// Keeps what a record says; false when it says nothing.
    fn record(&mut self, columns: &Columns, record: &Record) -> Result<Result<bool, Fault>, ImportError> {
        let (mailbox, entry) = match self.entry(columns, record) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(Ok(false)),
            Err(fault) => return Ok(Err(fault)),
        };
        let key = ((self.hash)(mailbox.address()), self.sorter.len());
        let item = serde_json::to_vec(&entry).map_err(|error| ImportError::Disk(error.into()))?;
        self.sorter.push(key, &item).map_err(ImportError::Disk)?;
        Ok(Ok(true))
    }

    fn entry(&mut self, columns: &Columns, record: &Record) -> Result<Option<(Mailbox, Entry)>, Fault> {
        let Some(mailbox) = columns.mailbox(record)? else { return Ok(None) };
        let mut numbers = Vec::new();
        let verdict = match &mut self.places {
            None => {
                columns.verdict(record, self.now).ok().filter(|verdict| matches!(verdict, Verdict::No { .. }))
            }
            Some(places) => {
                let verdict = columns.verdict(record, self.now)?;
                if matches!(verdict, Verdict::Yes { .. }) {
                    if let Some(slug) = columns.get(record, Field::Newsletter) {
                        numbers.push(places.named(slug, columns.get(record, Field::Rubrics))?);
                    }
                    if places.maps() {
                        columns.groups(record, |group, listed| match places.of_group(group) {
                            [] if listed => self.summary.unused(group),
                            found => numbers.extend_from_slice(found),
                        });
                    }
                }
                Some(verdict)
            }
        };
        let refused = || Verdict::No {
            reason: Reason::Imported.to_string(),
            at: None,
            words: format!("{}: refused", columns.system),
        };
        let entry = Entry {
            address: mailbox.address().to_string(),
            name: mailbox.name().map(str::to_owned),
            verdict: verdict.unwrap_or_else(refused),
            places: numbers,
        };
        Ok(Some((mailbox, entry)))
    }

    fn count_line(&mut self) {
        self.summary.lines += 1;
        self.progress.lines.store(self.summary.lines, Ordering::Relaxed);
    }

    fn reject(
        &mut self,
        columns: &Columns,
        file: &Path,
        line: u64,
        cells: &[String],
        Fault { field, message }: Fault,
    ) -> Result<(), ImportError> {
        self.count_line();
        let problem = format!("{field}: {message}");
        self.rejects
            .add(&columns.titles, cells, line, &problem)
            .map_err(|error| ImportError::File(self.rejects_path.clone(), error))?;
        let mistake = Mistake { file: file.to_owned(), line, field: field.to_owned(), message };
        self.summary.reject(mistake);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_file_holds_reading_it_ends_and_every_line_is_counted() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            for system in System::ALL {
                for bytes in [&bytes[..], &bytes[..bytes.len() / 2], &bytes[bytes.len() / 3..]] {
                    let _ = read(&name, bytes, Some(*system));
                }
            }
        }
        let open = [b"address\n\"\n".to_vec(), b"\"x\n".repeat(5000)].concat();
        assert_eq!(read("x.csv", &open, Some(System::Csv)).unwrap().0, 5001);
    }
}
