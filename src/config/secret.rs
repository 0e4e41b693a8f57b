//! Strings that stand elsewhere: `env:NAME` and `file:PATH`.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a string that stands elsewhere could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable named by `env:NAME` is missing or not UTF-8.
    #[error("{key}: the environment variable {variable} is not set (or is not UTF-8)")]
    Variable {
        /// The key of the configuration, such as `relay.password`.
        key: String,
        /// The variable it names.
        variable: String,
    },
    /// The file named by `file:PATH` cannot be read.
    #[error("{key}: cannot read the file {}: {reason}", path.display())]
    File {
        /// The key of the configuration.
        key: String,
        /// The file it names.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The variable or file holds nothing.
    #[error("{key}: {place} is empty")]
    Empty {
        /// The key of the configuration.
        key: String,
        /// `env:NAME` or `file:PATH`, as written.
        place: String,
    },
}

/// A password, token or address with a password in it. It is read when used, so that a command which does not need
/// it works without it; `Debug` never shows what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    key: String,
    written: String,
    folder: PathBuf,
}

impl Secret {
    /// `key` is the name used in errors, `written` the string in the file, `folder` where relative paths start.
    pub fn new(key: &str, written: &str, folder: &Path) -> Secret {
        Secret { key: key.to_owned(), written: written.to_owned(), folder: folder.to_owned() }
    }

    /// What the string stands for, now: the variable, the file without its last newline, or the string itself.
    ///
    /// # Errors
    /// When the variable or the file is missing or empty; the error names it and the key.
    pub fn read(&self) -> Result<String, SecretError> {
        resolve(&self.key, &self.written, &self.folder)
    }

    /// The string as the file has it.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Where relative paths start.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the string stands in the environment or in a file of its own.
    pub fn stands_elsewhere(&self) -> bool {
        stands_elsewhere(&self.written)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.stands_elsewhere() { self.written.as_str() } else { "…" };
        out.debug_tuple("Secret").field(&self.key).field(&shown).finish()
    }
}

/// Whether the string begins with `env:` or `file:`.
pub(super) fn stands_elsewhere(written: &str) -> bool {
    written.starts_with("env:") || written.starts_with("file:")
}

/// Follows `env:NAME` and `file:PATH`; any other string is returned as it is.
pub(super) fn resolve(key: &str, written: &str, folder: &Path) -> Result<String, SecretError> {
    let value = if let Some(variable) = written.strip_prefix("env:") {
        std::env::var(variable)
            .map_err(|_| SecretError::Variable { key: key.to_owned(), variable: variable.to_owned() })?
    } else if let Some(path) = written.strip_prefix("file:") {
        let path = folder.join(path);
        let text = std::fs::read_to_string(&path).map_err(|error| SecretError::File {
            key: key.to_owned(),
            path,
            reason: error.to_string(),
        })?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    } else {
        return Ok(written.to_owned());
    };
    if value.is_empty() {
        return Err(SecretError::Empty { key: key.to_owned(), place: written.to_owned() });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_place_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "sésame\n").unwrap();
        let from_file = Secret::new("relay.password", "file:password", folder.path());
        assert_eq!(from_file.read().unwrap(), "sésame");
        let written_out = Secret::new("relay.password", "sésame", folder.path());
        assert_eq!(written_out.read().unwrap(), "sésame");
        assert!(!format!("{from_file:?}{written_out:?}").contains("sésame"));
        let from_env = Secret::new("relay.password", "env:CARGO_PKG_NAME", folder.path());
        assert_eq!(from_env.read().unwrap(), "kiosque");
    }

    #[test]
    fn a_missing_secret_names_its_key_and_its_place() {
        let folder = Path::new("/nowhere");
        let error =
            Secret::new("relay.password", "env:KIOSQUE_NO_SUCH", folder).read().unwrap_err().to_string();
        assert_eq!(
            error,
            "relay.password: the environment variable KIOSQUE_NO_SUCH is not set (or is not UTF-8)"
        );
        let error = Secret::new("api.tokens", "file:token", folder).read().unwrap_err().to_string();
        assert!(error.starts_with("api.tokens: cannot read the file /nowhere/token: "), "{error}");
    }
}
