//! The file in which a node keeps the last beat it saw of its database: what tells an older copy.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Installation;

/// Where the last beat is kept.
#[derive(Debug, Clone)]
pub struct HeartbeatFile {
    path: PathBuf,
}

impl HeartbeatFile {
    /// Beside a SQLite file: `kiosque.db.heartbeat`.
    #[must_use]
    pub fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push(".heartbeat");
        Self { path: path.into() }
    }

    /// In a node's data folder.
    #[must_use]
    pub fn inside(folder: &Path) -> Self {
        Self { path: folder.join("heartbeat") }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last beat kept; none when nothing was kept yet.
    ///
    /// # Errors
    /// When the file is there and cannot be read or understood.
    pub fn read(&self) -> anyhow::Result<Option<Installation>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read {}", self.path.display()))?,
        };
        let kept = serde_json::from_str(&text);
        kept.map(Some).with_context(|| format!("{} is not a heartbeat file", self.path.display()))
    }

    /// Keeps a beat, durably: after a power cut the file has it or the one before.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn write(&self, beat: &Installation) -> anyhow::Result<()> {
        let context = || format!("cannot write {}", self.path.display());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(context)?;
        // Two nodes on one machine may share the folder.
        let mut aside = self.path.as_os_str().to_owned();
        aside.push(format!(".{}", std::process::id()));
        let aside = PathBuf::from(aside);
        let mut file = File::create(&aside).with_context(context)?;
        file.write_all(serde_json::to_string(beat)?.as_bytes()).with_context(context)?;
        file.sync_all().with_context(context)?;
        fs::rename(&aside, &self.path).with_context(context)
    }
}

impl Installation {
    /// Whether this database is an older copy of the one that `kept` was written for.
    #[must_use]
    pub fn is_behind(&self, kept: &Self) -> bool {
        self.identity == kept.identity && self.beat < kept.beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn an_older_copy_is_told_from_another_database_and_from_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = HeartbeatFile::beside(&folder.path().join("data/kiosque.db"));
        assert!(file.path().ends_with("data/kiosque.db.heartbeat"));
        assert_eq!(file.read().unwrap(), None);
        let beat = |identity: &str, beat| Installation {
            identity: identity.to_owned(),
            beat,
            beat_at: Timestamp::from_millis(beat * 1000),
        };
        file.write(&beat("a", 7)).unwrap();
        file.write(&beat("a", 8)).unwrap();
        let kept = file.read().unwrap().unwrap();
        assert_eq!(kept, beat("a", 8));
        assert!(beat("a", 7).is_behind(&kept));
        assert!(!beat("a", 8).is_behind(&kept));
        assert!(!beat("b", 1).is_behind(&kept));
        std::fs::write(file.path(), "?").unwrap();
        assert!(file.read().is_err());
    }
}
