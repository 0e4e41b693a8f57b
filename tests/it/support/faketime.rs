//! Another time for a process, by libfaketime. The monotonic clock stays as it is.

use std::path::PathBuf;

use kiosque::clock::{Clock, Timestamp};

/// The environment that puts a program at another time.
#[derive(Debug, Clone)]
pub struct Faketime(Vec<(&'static str, String)>);

impl Faketime {
    /// `ms` away from the machine's time; none where libfaketime is not installed.
    #[expect(clippy::print_stderr, reason = "the word about the skip")]
    pub fn shifted(ms: i64) -> Option<Self> {
        let Some(library) = find() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "libfaketime is missing");
            eprintln!("skipped: libfaketime is not here (Debian: faketime)");
            return None;
        };
        let (sign, ms) = if ms < 0 { ("-", -ms) } else { ("+", ms) };
        Some(Self(vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME", format!("{sign}{}.{:03}", ms / 1000, ms % 1000)),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]))
    }

    /// As if it were this moment now.
    pub fn at(moment: &str) -> Option<Self> {
        let moment: chrono::DateTime<chrono::Utc> = moment.parse().unwrap();
        Self::shifted(Timestamp::from(moment).millis() - Clock::System.now().millis())
    }

    /// The variables.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

fn find() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.is_file())
}
