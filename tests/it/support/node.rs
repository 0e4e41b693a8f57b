//! `kiosque serve` as a process in a test's hands.

use std::fs::File;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::support::faketime::Faketime;
use crate::support::patience::Patience;
use crate::support::program::Place;

/// A node, killed when it is forgotten.
pub struct Node {
    /// Its folder.
    pub place: Place,
    process: Child,
}

impl Node {
    /// Starts one with this configuration.
    pub fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// Starts one at another time.
    pub fn start_at(config: &str, time: &Faketime) -> Self {
        Self::start_with(config, time.variables())
    }

    fn start_with(config: &str, variables: &[(&'static str, String)]) -> Self {
        let place = Place::with(config);
        let log = File::create(place.path().join("log.txt")).unwrap();
        let mut command = place.command(&["serve"]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::null()).stderr(log).env("RUST_LOG", "info");
        let process = command.spawn().unwrap();
        Self { place, process }
    }

    /// The process.
    pub fn process(&self) -> &Child {
        &self.process
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("log.txt")).unwrap_or_default()
    }

    /// Its id in the database, once it serves.
    pub async fn id(&self) -> String {
        let mut id = String::new();
        until("a node that serves", &[self], async || {
            let log = self.log();
            let found = log.split("serving node=\"").nth(1).or_else(|| log.split("node=\"").nth(1));
            id = found.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
            !id.is_empty()
        })
        .await;
        id
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and waits for that.
    pub fn end(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.process.wait().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Looks again and again.
pub async fn until(what: &str, nodes: &[&Node], mut holds: impl AsyncFnMut() -> bool) {
    until_count(what, nodes, 1, async || i64::from(holds().await)).await;
}

/// Looks again and again until the count is reached, as long as it grows.
pub async fn until_count(what: &str, nodes: &[&Node], wanted: i64, mut count: impl AsyncFnMut() -> i64) {
    let mut patience = Patience::with_naps_of(Duration::from_millis(20));
    loop {
        let count = count().await;
        if count >= wanted {
            return;
        }
        let logs = || nodes.iter().map(|node| node.log()).collect::<Vec<_>>().join("\n---\n");
        patience
            .nap(count, async || format!("{what} did not happen, {count} of {wanted}:\n{}", logs()))
            .await;
    }
}
