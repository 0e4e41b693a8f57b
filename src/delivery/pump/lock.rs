//! One pump at a time on a SQLite file: an operating system's lock, which ends with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::db::Db;

/// The right to send what stands in a store.
#[derive(Debug)]
pub struct PumpLock {
    /// None on PostgreSQL, where leases do.
    file: Option<File>,
}

impl Drop for PumpLock {
    fn drop(&mut self) {
        // Closing alone is not enough: a child that is just being started has a copy of the open file.
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

impl PumpLock {
    /// Takes the lock; none while another process has it.
    ///
    /// # Errors
    /// When the lock's file, which stands beside the database's, cannot be made.
    pub(super) fn take(db: &Db) -> anyhow::Result<Option<Self>> {
        db.file().map_or(Ok(Some(Self { file: None })), Self::beside)
    }

    /// Takes the lock of the SQLite file `database`, which need not be there; none while another process has it.
    ///
    /// # Errors
    /// As for the lock of an open store.
    pub fn beside(database: &Path) -> anyhow::Result<Option<Self>> {
        let mut path = database.as_os_str().to_owned();
        path.push(".pump");
        let path = PathBuf::from(path);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot make the lock {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}
