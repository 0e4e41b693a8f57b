//! A Maildir as a relay: for trying things out, and for tests that read what would have been mailed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder with `tmp`, `new` and `cur`.
#[derive(Debug, Clone)]
pub struct Maildir {
    folder: PathBuf,
}

impl Maildir {
    /// Opens the Maildir at `folder`, made when absent.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(folder.join(part))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Puts a message in, whole and durable: written to `tmp`, synced, renamed. Its file name comes from its
    /// Message-ID, so that the same message again replaces the first copy, also one that was read already.
    ///
    /// Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails; no part of the message can then be seen.
    pub fn deliver(&self, message_id: &str, message: &[u8]) -> io::Result<()> {
        let name = file_name(message_id);
        let tmp = self.folder.join("tmp").join(&name);
        let mut file = File::create(&tmp)?;
        file.write_all(message)?;
        file.sync_all()?;
        let new = self.folder.join("new");
        let target = match self.read_copy(&name)? {
            Some(read) => read,
            None => new.join(&name),
        };
        fs::rename(&tmp, &target)?;
        File::open(target.parent().unwrap_or(&new))?.sync_all()
    }

    /// The copy a mail reader has moved to `cur`, where a name may carry flags after a colon.
    fn read_copy(&self, name: &str) -> io::Result<Option<PathBuf>> {
        for entry in fs::read_dir(self.folder.join("cur"))? {
            let entry = entry?;
            let found = entry.file_name();
            let found = found.to_string_lossy();
            if found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')) {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    }
}

/// A Message-ID as a file name: different ids give different names, and none leaves the folder.
fn file_name(message_id: &str) -> String {
    let mut name = String::with_capacity(message_id.len());
    for (at, byte) in message_id.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"@-_".contains(&byte) || byte == b'.' && at > 0;
        if plain {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("={byte:02X}"));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_again_replaces_the_first_copy() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(&folder.path().join("outbox")).unwrap();
        for text in ["eins", "zwei"] {
            maildir.deliver("ed-1.2@exemple.tg", text.as_bytes()).unwrap();
        }
        maildir.deliver("ed-1.3@exemple.tg", b"drei").unwrap();
        let new = folder.path().join("outbox/new");
        assert_eq!(fs::read(new.join("ed-1.2@exemple.tg")).unwrap(), b"zwei");
        assert_eq!(fs::read_dir(&new).unwrap().count(), 2);
        assert_eq!(fs::read_dir(folder.path().join("outbox/tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_copy_that_was_read_is_replaced_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path()).unwrap();
        maildir.deliver("a@b", b"1").unwrap();
        fs::rename(folder.path().join("new/a@b"), folder.path().join("cur/a@b:2,S")).unwrap();
        maildir.deliver("a@b", b"2").unwrap();
        assert_eq!(fs::read(folder.path().join("cur/a@b:2,S")).unwrap(), b"2");
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
    }

    #[test]
    fn a_message_id_cannot_leave_the_folder() {
        assert_eq!(file_name("../../etc/passwd@x"), "=2E.=2F..=2Fetc=2Fpasswd@x");
        assert_ne!(file_name("a/b@x"), file_name("a=2Fb@x"));
    }
}
