//! The servers that are measured, as processes of their own on a core of their own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

use super::ask::Asker;
use super::newsroom::{self, Newsroom};
use crate::feeds::Format;

/// A server that does not answer by then never will.
const START_WITHIN: Duration = Duration::from_secs(600);
/// For the end, before it is forced.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A running server; it ends with the value.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub address: SocketAddr,
}

/// What a process keeps in memory, in MB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub resident: f64,
    pub peak: f64,
}

impl Memory {
    /// Of the process with this number, or of `self`.
    pub(super) fn of(process: &str) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))
            .context("the memory of a process is read from /proc")?;
        let megabytes = |key: &str| -> Option<f64> {
            let value = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            Some(value.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1000.0 * 1.024)
        };
        let both = megabytes("VmRSS").zip(megabytes("VmHWM"));
        let (resident, peak) = both.context("/proc says nothing of the process's memory")?;
        Ok(Self { resident, peak })
    }
}

/// Two cores: one for the server, one for the client. `None` where this process may use one alone.
pub(super) fn cores() -> Option<(usize, usize)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim();
    let mut cores = list.split(',').flat_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let ends = from.parse::<usize>().ok().zip(to.parse::<usize>().ok());
        ends.map_or(0..0, |(from, to)| from..to + 1)
    });
    Some((cores.next()?, cores.next()?))
}

/// A program on one core, or on any.
pub(super) fn on_core(core: Option<usize>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

impl Server {
    /// `kiosque serve` on the newsroom; gives how long it took until the first feed came, too.
    pub(super) fn kiosque(newsroom: &Newsroom, core: Option<usize>) -> anyhow::Result<(Self, Duration)> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let started = Instant::now();
        let child = on_core(core, &program)
            .arg("--config")
            .arg(newsroom.config())
            .arg("serve")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start kiosque serve")?;
        let mut server = Self { child, address: newsroom.address };
        server.wait_for(&newsroom::feed(0, Format::Rss))?;
        Ok((server, started.elapsed()))
    }

    /// nginx with one worker over the files in `folder`/www, with the fields that our feeds carry.
    pub(super) fn nginx(program: &Path, folder: &Path, core: Option<usize>) -> anyhow::Result<Self> {
        let address = newsroom::free_address()?;
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, nginx_configuration(address))?;
        let child = on_core(core, program)
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(configuration)
            .stdin(Stdio::null())
            .stderr(File::create(folder.join("nginx.log"))?)
            .spawn()
            .context("cannot start nginx")?;
        let mut server = Self { child, address };
        server.wait_for("/feed.rss")?;
        Ok(server)
    }

    fn wait_for(&mut self, path: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_WITHIN {
            let answer = Asker::connect(self.address).and_then(|mut asker| asker.ask("HEAD", path, ""));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("a server ended before it served anything: {status}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        anyhow::bail!("http://{}{path} does not answer", self.address)
    }

    /// What it keeps in memory now, and the most it ever did.
    pub(super) fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(&self.child.id().to_string())
    }

    /// The address of `path` on it.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < STOP_WITHIN {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of the folders of programs that holds it; /usr/sbin is not on everybody's path.
pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn nginx_configuration(address: SocketAddr) -> String {
    // Root's nginx gives its workers to another user, who may not read the folder.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        r#"{user} worker_processes 1; daemon off; pid nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  types {{ application/rss+xml rss; }}
  charset utf-8; charset_types application/rss+xml;
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; gzip_static on; gzip_vary on;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {{
    listen {address}; root www;
    add_header Cache-Control "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400";
    add_header Access-Control-Allow-Origin "*";
    add_header X-Robots-Tag noindex;
    add_header X-Content-Type-Options nosniff;
  }}
}}
"#
    )
}
