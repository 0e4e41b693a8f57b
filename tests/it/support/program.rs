//! The built program, run in a folder of its own.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The configuration that the repository ships.
pub const EXAMPLE: &str = include_str!("../../../config.toml");

/// A folder with a `config.toml`, in which the program runs as an operator would run it.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
}

/// What a run printed.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Place {
    /// A folder with the example configuration on a SQLite file of its own.
    pub fn new() -> Place {
        Place::with(EXAMPLE)
    }

    /// A folder with this configuration.
    pub fn with(config: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        place.write("config.toml", config);
        place
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        std::fs::write(path, text).expect("a written file");
    }

    /// A command of the program in this folder, with no configuration named by the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiosque"));
        command.args(arguments).current_dir(self.path()).env_remove("KIOSQUE_CONFIG").env_remove("RUST_LOG");
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().expect("the program runs"))
    }

    /// Runs the program to its end and gives its output; it must succeed.
    pub fn out(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, Some(0), "kiosque {arguments:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    /// The answer of a verb with `--json`.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.out(&[arguments, &["--json"]].concat())).expect("JSON")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
