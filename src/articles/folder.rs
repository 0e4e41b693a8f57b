//! A folder that a site's export or a cron line drops files into.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;

use crate::config;

use super::formats::{Format, detect};
use super::import::{Options, Progress};
use super::intake::Intake;
use super::summary::Summary;

/// A file's size and the time of its last change: equal twice, nobody is writing it any more.
type Stamp = (u64, Option<SystemTime>);

/// A polled folder, and what was seen in it last time.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    source: String,
    archive: bool,
    seen: HashMap<PathBuf, Stamp>,
    /// Imported, but could not be moved away.
    stuck: HashMap<PathBuf, Stamp>,
}

/// A file taken from the folder.
#[derive(Debug)]
pub struct Taken {
    /// Where it stood.
    pub file: PathBuf,
    /// Where it is now: in `done/` or `rejected/`.
    pub moved_to: PathBuf,
    /// What came of it; of all parts together for a WordPress export in several.
    pub summary: Arc<Summary>,
}

impl Folder {
    /// The folder of a `[[source]]`, if it is one.
    #[must_use]
    pub fn of(source: &config::ArticleSource) -> Option<Self> {
        let path = source.folder.clone()?;
        let own_name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = source.name.clone().or(own_name).unwrap_or_else(|| "arrivages".to_owned());
        Some(Self {
            path,
            source: name,
            archive: source.archive,
            seen: HashMap::new(),
            stuck: HashMap::new(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One look at the folder, which is made when absent: each file that has not changed since the look before is imported, then
    /// moved to `done/`, or, if anything in it was wrong, to `rejected/` with a report beside it. Names that begin with a dot
    /// or end in `.part`, `.tmp`, `.filepart`, `.crdownload` or `~` are left alone. Parts of a WordPress export that lie there
    /// together are imported together.
    ///
    /// # Errors
    /// When the folder cannot be read or the store fails: the files stay, and the next look tries again. When a file cannot be
    /// moved away; it is then not imported again until it changes.
    pub async fn poll(&mut self, intake: &Intake) -> anyhow::Result<Vec<Taken>> {
        let ready = self.ready()?;
        let (exports, others): (Vec<PathBuf>, Vec<PathBuf>) =
            ready.into_iter().partition(|path| is_export(path));
        let mut groups: Vec<Vec<PathBuf>> = others.into_iter().map(|path| vec![path]).collect();
        if !exports.is_empty() {
            groups.push(exports);
        }
        let options =
            Options { source: Some(self.source.clone()), archive: self.archive, ..Options::default() };
        let mut taken = Vec::new();
        for group in groups {
            let summary = Arc::new(intake.import(&group, &options, &Arc::<Progress>::default()).await?);
            for file in group {
                let name = file.display().to_string();
                let at_fault = summary.faults.iter().any(|f| *f.place.file == *name);
                let moved_to = self.put_away(&file, at_fault.then_some(&*summary))?;
                tracing::info!(
                    file = name,
                    new = summary.new,
                    updated = summary.updated,
                    unchanged = summary.unchanged,
                    rejected = summary.rejected,
                    "articles taken from the folder"
                );
                taken.push(Taken { file, moved_to, summary: Arc::clone(&summary) });
            }
        }
        Ok(taken)
    }

    /// The files that look as they did last time, in the order of their names.
    fn ready(&mut self) -> anyhow::Result<Vec<PathBuf>> {
        let context = || format!("cannot read the folder {}", self.path.display());
        fs::create_dir_all(&self.path).with_context(context)?;
        let mut now_seen = HashMap::new();
        for entry in fs::read_dir(&self.path).with_context(context)? {
            let entry = entry.with_context(context)?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let unfinished =
                [".part", ".tmp", ".filepart", ".crdownload", "~"].iter().any(|end| name.ends_with(end));
            // Gone again since it was listed: not ours any more.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() && !name.starts_with('.') && !unfinished {
                now_seen.insert(entry.path(), (metadata.len(), metadata.modified().ok()));
            }
        }
        self.stuck.retain(|path, stamp| now_seen.get(path) == Some(stamp));
        let still = now_seen
            .iter()
            .filter(|(path, stamp)| self.seen.get(*path) == Some(stamp) && !self.stuck.contains_key(*path));
        let mut ready: Vec<PathBuf> = still.map(|(path, _)| path.clone()).collect();
        ready.sort_unstable();
        self.seen = now_seen;
        Ok(ready)
    }

    /// Moves a file out of the way, with a report beside it when it was at fault.
    fn put_away(&mut self, file: &Path, at_fault: Option<&Summary>) -> anyhow::Result<PathBuf> {
        let folder = self.path.join(if at_fault.is_some() { "rejected" } else { "done" });
        let moved = move_into(file, &folder).with_context(|| {
            format!("imported {}, but cannot move it to {}", file.display(), folder.display())
        });
        let stamp = self.seen.remove(file);
        let moved = match moved {
            Ok(moved) => moved,
            Err(error) => {
                self.stuck.extend(stamp.map(|stamp| (file.to_owned(), stamp)));
                return Err(error);
            }
        };
        if let Some(summary) = at_fault {
            let mut report = moved.clone().into_os_string();
            report.push(".report.txt");
            fs::write(&report, summary.to_string())
                .with_context(|| format!("cannot write {}", Path::new(&report).display()))?;
        }
        Ok(moved)
    }
}

/// Whether a file is a WordPress export, as far as its beginning tells.
fn is_export(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|f| f.take(detect::ENOUGH as u64).read_to_end(&mut head));
    read.is_ok() && detect::detect(path, &head) == Ok(Format::Wxr)
}

/// Moves a file into a folder under its own name, or one with a number when that is taken.
fn move_into(file: &Path, folder: &Path) -> std::io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let name = Path::new(file.file_name().unwrap_or_default());
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let extension = name.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    let mut target = folder.join(name);
    let mut number = 2;
    while target.exists() {
        target = folder.join(format!("{stem}-{number}{extension}"));
        number += 1;
    }
    fs::rename(file, &target)?;
    Ok(target)
}
