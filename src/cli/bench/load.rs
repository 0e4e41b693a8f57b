//! Load by other people's tools: `wrk` for as much as goes, `hey` at a rate.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::servers::{find_program, on_core};

/// Clients at a time.
const CLIENTS: u32 = 32;

/// What loads a server, and what stands beside ours.
#[derive(Debug)]
pub(super) struct Tools {
    pub nginx: PathBuf,
    wrk: PathBuf,
    hey: PathBuf,
}

impl Tools {
    /// Finds them.
    ///
    /// # Errors
    /// Names what is missing and the line that gets it.
    pub(super) fn find() -> Result<Self, String> {
        let found = ["nginx", "wrk", "hey", "taskset"].map(|name| (name, find_program(name)));
        let missing: Vec<&str> =
            found.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| *name).collect();
        match found.map(|(_, path)| path) {
            [Some(nginx), Some(wrk), Some(hey), Some(_)] => Ok(Self { nginx, wrk, hey }),
            _ => {
                let packages = missing.iter().map(|name| match *name {
                    "nginx" => "nginx-light",
                    "taskset" => "util-linux",
                    other => other,
                });
                let packages = packages.collect::<Vec<_>>().join(" ");
                Err(format!("missing: {}. Debian and Ubuntu: apt-get install {packages}", missing.join(", ")))
            }
        }
    }

    /// Requests a second, as many as go, for so many seconds.
    pub(super) fn rate(
        &self,
        core: Option<usize>,
        url: &str,
        field: &str,
        seconds: u32,
    ) -> anyhow::Result<f64> {
        let clients = CLIENTS.to_string();
        let arguments = ["-t1", "-c", &clients, "-d", &format!("{seconds}s"), "-H", field, url];
        let said = run(core, &self.wrk, &arguments)?;
        anyhow::ensure!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "wrk of {url}: {said}");
        number_after(&said, "Requests/sec:").with_context(|| format!("wrk of {url} said: {said}"))
    }

    /// The 99th percentile (ms) at `rate` requests a second in all.
    pub(super) fn p99(
        &self,
        core: Option<usize>,
        url: &str,
        field: &str,
        rate: f64,
        seconds: u32,
    ) -> anyhow::Result<f64> {
        let each = (rate / f64::from(CLIENTS)).max(1.0);
        let (clients, each) = (CLIENTS.to_string(), format!("{each:.0}"));
        let time = format!("{seconds}s");
        let arguments =
            ["-z", &time, "-c", &clients, "-q", &each, "-cpus", "1", "-disable-redirects", "-H", field, url];
        let said = run(core, &self.hey, &arguments)?;
        let p99 = number_after(&said, "99% in").with_context(|| format!("hey of {url} said: {said}"))?;
        Ok(p99 * 1000.0)
    }
}

fn run(core: Option<usize>, program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let name = program.display();
    let output =
        on_core(core, program).args(arguments).output().with_context(|| format!("cannot run {name}"))?;
    anyhow::ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn number_after(text: &str, label: &str) -> Option<f64> {
    text.split_once(label)?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_figures_are_read() {
        let wrk = "  2 requests in 1.00s, 3MB read\nRequests/sec:  45161.31\nTransfer/sec:     18.12MB\n";
        assert_eq!(number_after(wrk, "Requests/sec:"), Some(45161.31));
        let hey = "  95% in 0.0011 secs\n  99% in 0.0021 secs\n";
        assert_eq!(number_after(hey, "99% in"), Some(0.0021));
        assert_eq!(number_after("nothing", "99% in"), None);
    }
}
