//! A Maildir as a mailbox that is read: nothing is removed, and only what is ours is marked as seen.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::delivery::bounces::mail::BYTES;

/// A message in `new` or `cur`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The part of the file name that stays the same: before `:2,`.
    pub(super) name: String,
    path: PathBuf,
}

/// Every message, in the order of their names, which begin with the second of arrival. Blocks on the disk.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut all = Vec::new();
    for part in ["new", "cur"] {
        for entry in fs::read_dir(folder.join(part))? {
            let entry = entry?;
            let file = entry.file_name().to_string_lossy().into_owned();
            if file.starts_with('.') || entry.file_type()?.is_dir() {
                continue;
            }
            let name = file.split(":2,").next().unwrap_or_default().to_owned();
            all.push(Entry { name, path: entry.path() });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The beginning of a message; none when it has gone or moved meanwhile. Blocks on the disk.
pub(super) fn read(entry: &Entry) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(&entry.path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut raw = Vec::new();
    file.take(u64::try_from(BYTES).unwrap_or(u64::MAX)).read_to_end(&mut raw)?;
    Ok(Some(raw))
}

/// Marks messages as seen: in `cur`, with the flag `S`. What has gone meanwhile needs no mark. Blocks on the disk.
pub(super) fn mark_seen(folder: &Path, names: &HashSet<String>) -> io::Result<()> {
    for entry in list(folder)?.into_iter().filter(|entry| names.contains(&entry.name)) {
        let file = entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let flags = file.split_once(":2,").map_or("", |(_, flags)| flags);
        if entry.path.parent().is_some_and(|parent| parent.ends_with("cur")) && flags.contains('S') {
            continue;
        }
        // In the order of their letters, as the format asks for.
        let mut flags: Vec<char> = flags.chars().filter(|flag| *flag != 'S').chain(['S']).collect();
        flags.sort_unstable();
        let flags: String = flags.into_iter().collect();
        let seen = folder.join("cur").join(format!("{}:2,{flags}", entry.name));
        match fs::rename(&entry.path, &seen) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_marked_as_seen_and_keeps_its_other_flags() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        for file in ["new/1.a", "cur/2.b:2,F", "cur/3.c:2,RS", "new/4.d"] {
            fs::write(folder.path().join(file), file).unwrap();
        }
        let names = ["1.a", "2.b", "3.c", "9.z"].map(str::to_owned).into_iter().collect();
        mark_seen(folder.path(), &names).unwrap();
        for file in ["cur/1.a:2,S", "cur/2.b:2,FS", "cur/3.c:2,RS", "new/4.d"] {
            assert!(folder.path().join(file).exists(), "{file}");
        }
        let listed: Vec<String> = list(folder.path()).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(listed, ["1.a", "2.b", "3.c", "4.d"]);
    }
}
