//! The lines that were not taken in, as a file to mend and to import again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::subscribers::csv;

/// Writes rejected lines. A file is made when there is something to reject; one for each header, since the files of one
/// import need not have the same columns.
#[derive(Debug)]
pub(super) struct Rejects {
    path: Option<PathBuf>,
    open: Option<(Vec<String>, BufWriter<File>)>,
    made: u32,
}

impl Rejects {
    /// Rejected lines go to `path`; nowhere when there is none.
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), open: None, made: 0 }
    }

    /// Adds a line: its cells as they were, then its number and what is wrong with it.
    pub(super) fn add(
        &mut self,
        titles: &[String],
        cells: &[String],
        line: u64,
        problem: &str,
    ) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.open.as_ref().is_none_or(|(before, _)| before != titles) {
            if let Some((_, mut before)) = self.open.take() {
                before.flush()?;
            }
            self.made += 1;
            let mut file = BufWriter::new(create(&numbered(path, self.made))?);
            let mut header = String::from('\u{feff}');
            let own = ["line", "problem"].into_iter();
            csv::write(&mut header, b';', titles.iter().map(String::as_str).chain(own));
            file.write_all(header.as_bytes())?;
            self.open = Some((titles.to_vec(), file));
        }
        let line = line.to_string();
        let empty = std::iter::repeat_n("", titles.len().saturating_sub(cells.len()));
        let kept = cells.iter().take(titles.len()).map(|cell| csv::plain(cell));
        let mut text = String::new();
        csv::write(&mut text, b';', kept.chain(empty).chain([line.as_str(), problem]));
        match &mut self.open {
            Some((_, file)) => file.write_all(text.as_bytes()),
            None => Ok(()),
        }
    }

    /// Writes what is still in memory.
    pub(super) fn finish(self) -> io::Result<()> {
        self.open.map_or(Ok(()), |(_, mut file)| file.flush())
    }
}

/// `rejets.csv`, then `rejets.2.csv`, …
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let end = path.extension().map_or_else(String::new, |end| format!(".{}", end.to_string_lossy()));
    path.with_extension(format!("{number}{end}"))
}

/// It holds addresses: for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
