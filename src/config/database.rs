//! `[database]`: which engine, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use super::read::{Reader, Setting, Value, section};
use super::secret::{Secret, SecretError};

section! {
    /// `[database]`.
    pub struct Database {
        /// `sqlite:PATH` or `postgres://…`; may hold a password, so it is read when used.
        pub url: DatabaseUrl,
    }
}

/// The address of the database as written: perhaps in the environment or a file, followed when used.
#[derive(Debug, Clone)]
pub struct DatabaseUrl {
    written: Secret,
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseTarget {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, which may hold a password.
    Postgres(String),
}

/// Why the database's address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// The variable or file that holds it cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It names neither engine. The address itself is not shown: it may hold a password.
    #[error("database.url: expected {EXPECTED}{}", match .0 { Some(place) => format!(" in {place}"), None => String::new() })]
    Kind(Option<String>),
}

const EXPECTED: &str = "\"sqlite:PATH\" or \"postgres://user@host/database\"";

impl DatabaseUrl {
    /// Follows `env:` and `file:` and says where the database is.
    ///
    /// # Errors
    /// When the variable or file is missing, or holds no address of a database.
    pub fn read(&self) -> Result<DatabaseTarget, DatabaseUrlError> {
        let text = self.written.read()?;
        let place = self.written.stands_elsewhere().then(|| self.written.written().to_owned());
        parse(&text, self.written.folder()).ok_or(DatabaseUrlError::Kind(place))
    }
}

fn parse(text: &str, folder: &Path) -> Option<DatabaseTarget> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Some(DatabaseTarget::Postgres(text.to_owned()));
    }
    let path = text.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // ":memory:" would lose everything at each start, and a query would end up in the file's name
    (!path.is_empty() && !path.starts_with(':') && !path.contains('?'))
        .then(|| DatabaseTarget::Sqlite(folder.join(path)))
}

impl Setting for DatabaseUrl {
    const EXPECTED: &'static str = EXPECTED;

    fn read(value: &Value<'_>, reader: &mut Reader) -> DatabaseUrl {
        let written = reader.secret(value, EXPECTED).unwrap_or_else(Secret::stand_in);
        let url = DatabaseUrl { written };
        if !url.written.stands_elsewhere() && !url.written.written().is_empty() && url.read().is_err() {
            reader.wrong(value, EXPECTED, None);
        }
        url
    }

    fn stand_in() -> DatabaseUrl {
        DatabaseUrl { written: Secret::stand_in() }
    }
}

impl fmt::Debug for DatabaseTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseTarget::Sqlite(path) => out.debug_tuple("Sqlite").field(path).finish(),
            DatabaseTarget::Postgres(_) => out.write_str("Postgres(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_the_engine_and_a_path_from_the_files_folder() {
        let folder = Path::new("/srv/kiosque");
        let sqlite = |path: &str| Some(DatabaseTarget::Sqlite(path.into()));
        assert_eq!(parse("sqlite:data/kiosque.db", folder), sqlite("/srv/kiosque/data/kiosque.db"));
        assert_eq!(parse("sqlite:///var/lib/kiosque.db", folder), sqlite("/var/lib/kiosque.db"));
        assert_eq!(
            parse("postgres://k@db/kiosque", folder),
            Some(DatabaseTarget::Postgres("postgres://k@db/kiosque".into()))
        );
        for wrong in ["mysql://db", "data/kiosque.db", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro"] {
            assert_eq!(parse(wrong, folder), None, "{wrong}");
        }
    }
}
