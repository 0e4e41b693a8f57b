//! Postfix's two test programs: what takes the mail, and what is measured beside.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::super::newsroom::free_address;
use super::super::servers::{find_program, on_core};

/// A sink that does not answer by then never will.
const START_WITHIN: Duration = Duration::from_secs(10);

/// Bytes of header that smtp-source puts before what it is told to send.
const SOURCE_HEADER: usize = 250;

/// Where they are.
#[derive(Debug)]
pub(super) struct Rivals {
    source: PathBuf,
    sink: PathBuf,
}

impl Rivals {
    /// Finds them.
    ///
    /// # Errors
    /// Names the line that gets them.
    pub(super) fn find() -> anyhow::Result<Self> {
        let found = |name| find_program(name).with_context(|| missing(name));
        let _ = found("taskset")?;
        Ok(Self { source: found("smtp-source")?, sink: found("smtp-sink")? })
    }

    /// Starts `smtp-sink`, which takes all mail and keeps none.
    pub(super) fn sink(&self, core: Option<usize>) -> anyhow::Result<Sink> {
        let address = free_address()?;
        let mut command = on_core(core, &self.sink);
        // As root it wants to be told who to be.
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .arg(format!("{}:{}", Ipv4Addr::LOCALHOST, address.port()))
            .arg("1024")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start smtp-sink")?;
        let mut sink = Sink { child, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = sink.child.try_wait()? {
                anyhow::bail!("smtp-sink ended at once: {status}");
            }
            anyhow::ensure!(started.elapsed() < START_WITHIN, "smtp-sink does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(sink)
    }

    /// Messages a second of `smtp-source -d`: so many of `size` bytes over so many kept connections.
    pub(super) fn rate(
        &self,
        core: Option<usize>,
        to: SocketAddr,
        messages: u32,
        size: usize,
        sessions: u32,
    ) -> anyhow::Result<f64> {
        let started = Instant::now();
        let output = on_core(core, &self.source)
            .args(["-d", "-s", &sessions.to_string(), "-m", &messages.to_string()])
            .args(["-l", &size.saturating_sub(SOURCE_HEADER).to_string()])
            .args(["-f", "retours@epreuve.example", "-t", "lecteur@courriel.example"])
            .arg(to.to_string())
            .stdin(Stdio::null())
            .output()
            .context("cannot run smtp-source")?;
        let seconds = started.elapsed().as_secs_f64();
        anyhow::ensure!(output.status.success(), "smtp-source: {}", String::from_utf8_lossy(&output.stderr));
        Ok(f64::from(messages) / seconds)
    }
}

fn missing(name: &str) -> String {
    let package = if name == "taskset" { "util-linux" } else { "postfix" };
    format!("{name} is missing. Debian and Ubuntu: apt-get install {package}")
}

/// A running sink; it ends with the value.
#[derive(Debug)]
pub(super) struct Sink {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
