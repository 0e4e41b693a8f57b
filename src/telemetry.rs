//! Logs without addresses or tokens, and metrics.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts the daemon's logs on standard error: as `[log]` says, except that `RUST_LOG`, when set, decides what is shown.
/// Readers' addresses are logged masked or as hashes, tokens never; that is the callers' part.
///
/// # Errors
/// When a filter cannot be read; the error names which.
pub fn start_logs(log: &Log) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()) {
        Some(filter) => EnvFilter::try_new(&filter).map_err(|error| anyhow::anyhow!("RUST_LOG: {error}"))?,
        None => EnvFilter::try_new(&log.filter).map_err(|error| anyhow::anyhow!("log.filter: {error}"))?,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // a second start, as in tests of one process, changes nothing
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Logs for a command that is not the daemon: warnings, or what `RUST_LOG` asks for.
pub fn start_command_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let _ = lines.with_ansi(io::stderr().is_terminal()).without_time().try_init();
}
