//! Copies of a database: SQLite's by `VACUUM INTO`, PostgreSQL's by `pg_dump` and `pg_restore`.
//!
//! A copy holds the readers' addresses and the secrets of every link ever mailed; only its owner may read it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use url::Url;

use super::Db;

/// Copies the database into `file`, which appears whole or not at all; other processes go on writing meanwhile. `url` is the
/// PostgreSQL database's address, for `pg_dump`.
///
/// # Errors
/// When the folder cannot be written to, the copy is not sound, or `pg_dump` is missing or fails.
pub async fn copy(db: &Db, url: Option<&str>, file: &Path) -> anyhow::Result<()> {
    let aside = beside(file, "part");
    let made = match (db, url) {
        (Db::Sqlite { pool, .. }, _) => {
            remove_if_there(&aside)?;
            sqlx::query("VACUUM INTO $1")
                .bind(aside.to_string_lossy().into_owned())
                .execute(pool)
                .await
                .with_context(|| format!("cannot copy the database to {}", file.display()))?;
            keep_private(&aside)?;
            check_sqlite(&aside).await
        }
        (Db::Postgres(_), Some(url)) => {
            // Made by us first, so that nobody else may read it while it grows.
            File::create(&aside).with_context(|| format!("cannot write {}", aside.display()))?;
            keep_private(&aside)?;
            run("pg_dump", url, |command| command.arg("--format=custom").arg("--file").arg(&aside))
                .map(|_| ())
        }
        (Db::Postgres(_), None) => bail!("pg_dump needs the database's address"),
    };
    if let Err(error) = made {
        remove_if_there(&aside)?;
        return Err(error);
    }
    put_in_place(&aside, file)
}

/// Looks whether a SQLite file is sound and one of kiosque's.
///
/// # Errors
/// When it is not; the message says what SQLite found.
pub async fn check_sqlite(file: &Path) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
    let context = || format!("{} is not a sound SQLite database", file.display());
    let mut connection = options.connect().await.with_context(context)?;
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)")
        .fetch_all(&mut connection)
        .await
        .with_context(context)?;
    let ours: Result<i64, _> = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut connection)
        .await;
    connection.close().await.with_context(context)?;
    if found != ["ok"] {
        bail!("{} is damaged: {}", file.display(), found.join("; "));
    }
    ours.map(|_| ()).with_context(|| format!("{} is no database of kiosque", file.display()))
}

/// Looks whether a file is a dump of one of kiosque's PostgreSQL databases.
///
/// # Errors
/// When it is not, or `pg_restore` is missing.
pub fn check_dump(file: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program("pg_restore")?);
    let list = command.arg("--list").arg(file).output().context("cannot run pg_restore")?;
    let listed = String::from_utf8_lossy(&list.stdout);
    if !list.status.success() || !listed.contains(" TABLE DATA ") || !listed.contains(" _sqlx_migrations ") {
        let why = String::from_utf8_lossy(&list.stderr);
        bail!("{} is no dump of a database of kiosque: {}", file.display(), why.trim());
    }
    Ok(())
}

/// Puts the dump in place of what the PostgreSQL database at `url` holds, in one transaction.
///
/// # Errors
/// When `pg_restore` is missing or fails; nothing has changed then.
pub fn restore_dump(url: &str, file: &Path) -> anyhow::Result<()> {
    let options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"];
    let name = Url::parse(url).ok().map(|url| url.path().trim_start_matches('/').to_owned());
    let name = name.filter(|name| !name.is_empty()).context("the database's address names no database")?;
    run("pg_restore", url, |command| command.args(options).arg("--exit-on-error").arg(file))
        .map(|_| ())
        .with_context(|| format!("the database {name} is as it was"))
}

/// `FILE.WORD` beside the file.
#[must_use]
pub fn beside(file: &Path, word: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(word);
    path.into()
}

/// Makes what stands in `aside` durable and gives it its name.
///
/// # Errors
/// The system's.
pub fn put_in_place(aside: &Path, file: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", file.display());
    File::open(aside).and_then(|file| file.sync_all()).with_context(context)?;
    fs::rename(aside, file).with_context(context)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(context)
}

/// Removes a file, if there is one.
///
/// # Errors
/// The system's.
pub fn remove_if_there(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn keep_private(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot keep {} private", file.display()))
}

#[cfg(not(unix))]
fn keep_private(_file: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// Runs one of PostgreSQL's programs on the database; the password goes by the environment, which `ps` does not show.
fn run(
    name: &str,
    url: &str,
    arguments: impl FnOnce(&mut Command) -> &mut Command,
) -> anyhow::Result<Vec<u8>> {
    let mut url = Url::parse(url).context("database.url is not a PostgreSQL URL")?;
    let mut command = Command::new(program(name)?);
    if let Some(password) = url.password().map(percent_decoded) {
        command.env("PGPASSWORD", password);
        let _ = url.set_password(None);
    }
    arguments(&mut command).arg("--no-password").arg("--dbname").arg(url.as_str());
    let ran = command.output().with_context(|| format!("cannot run {name}"))?;
    if !ran.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&ran.stderr).trim());
    }
    Ok(ran.stdout)
}

/// `p%40ss` is `p@ss`.
fn percent_decoded(text: &str) -> String {
    let form = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, text)| text.into_owned()).unwrap_or_default()
}

/// Debian keeps PostgreSQL's programs by version, off everybody's PATH.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    // The newest first: a program may read older servers, not newer ones.
    let folders = versions.into_iter().rev().map(|(_, folder)| folder).chain(on_path);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| {
        format!("{name} is not here; it comes with PostgreSQL's client programs (Debian: postgresql-client)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_as_it_was_meant() {
        assert_eq!(percent_decoded("p%40ss+w&=rd%C3%A9"), "p@ss+w&=rd\u{e9}");
    }

    #[tokio::test]
    async fn what_is_no_database_of_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, vec![b'x'; 8192]).unwrap();
        assert!(
            check_sqlite(&file).await.unwrap_err().to_string().contains("is not a sound SQLite database")
        );
        let other = SqliteConnectOptions::new().filename(folder.path().join("o")).create_if_missing(true);
        let mut other = other.connect().await.unwrap();
        sqlx::query("CREATE TABLE t (x)").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        let refused = check_sqlite(&folder.path().join("o")).await.unwrap_err();
        assert!(refused.to_string().contains("no database of kiosque"), "{refused}");
    }
}
