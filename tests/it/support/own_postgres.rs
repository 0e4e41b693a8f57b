//! A PostgreSQL of a test's own, to be stopped hard, started again, and run at another time.
//!
//! Commits are as durable as the operating system: a server that is killed loses none.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use kiosque::clock::{Clock, Timestamp};
use kiosque::db::Db;
use tempfile::TempDir;

use crate::support::faketime::Faketime;

/// The server. It goes with the value.
pub struct OwnPostgres {
    folder: TempDir,
    port: u16,
    bin: PathBuf,
    /// The time it lives at, if another.
    faketime: Option<Faketime>,
}

impl OwnPostgres {
    /// Starts one; none where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::at_time(None)
    }

    /// The same, at another time.
    #[expect(clippy::print_stderr, reason = "the word about the skip")]
    pub fn at_time(faketime: Option<Faketime>) -> Option<Self> {
        let Some(bin) = find() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is missing");
            eprintln!("skipped: PostgreSQL's programs are not here (Debian: postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let own = Self { folder, port, bin, faketime };
        let path = own.folder.path().display().to_string();
        if root() {
            assert!(Command::new("chown").args(["postgres", &path]).status().unwrap().success());
        }
        let data = own.data();
        own.run(
            "initdb",
            &["-D", &data, "-U", "kiosque", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
        );
        own.up();
        Some(own)
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same by way of another port.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://kiosque@127.0.0.1:{port}/postgres")
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database, migrated.
    pub async fn migrated(&self) -> Db {
        let db = Db::open(&self.url()).await.unwrap();
        db.migrate(&Clock::test(Timestamp::from_millis(0))).await.unwrap();
        db
    }

    /// Starts it, after a stop.
    pub fn up(&self) {
        let settings = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off \
             -c max_connections=200",
            self.port
        );
        let log = self.folder.path().join("server.log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-o", &settings, "-w", "-t", "60", "start"]);
    }

    /// Goes on at another time.
    pub fn jump(&mut self, faketime: Faketime) {
        self.crash();
        self.faketime = Some(faketime);
        self.up();
    }

    /// Stops it as a crash would.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut words = Vec::new();
        if root() {
            words.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
        }
        if let Some(time) = &self.faketime {
            words.push("env".to_owned());
            words.extend(time.variables().iter().map(|(name, value)| format!("{name}={value}")));
        }
        words.push(self.bin.join(program).display().to_string());
        words.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        let status = command.stderr(Stdio::null()).status().unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        assert!(status.success(), "{words:?}: {log}");
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let mut command = Command::new(if root() { "runuser" } else { "env" });
        if root() {
            command.args(["-u", "postgres", "--"]);
        }
        let stop = ["-D", &self.data(), "-m", "immediate", "-w", "stop"];
        let _ =
            command.arg(self.bin.join("pg_ctl")).args(stop).current_dir("/").stdout(Stdio::null()).status();
    }
}

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The newest version's folder of programs.
fn find() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("KIOSQUE_POSTGRES_BIN").map(PathBuf::from);
    let mut folders = named
        .into_iter()
        .chain(versions.into_iter().rev().map(|(_, bin)| bin))
        .chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}
