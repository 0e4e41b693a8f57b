//! `kiosque demo`: the whole program on one machine, with articles and readers of its own.
//!
//! What runs is what `kiosque serve` runs, on a configuration and a store in a folder that goes with it. Only the
//! articles, the readers and the pages in `site` are the demo's own.

mod configuration;
pub mod content;
mod load;
mod outbox;
mod queue;
mod readers;
mod site;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use tokio::net::TcpListener;

use self::outbox::Outbox;
use super::output::say;
use super::{Failure, serve};
use crate::app::App;
use crate::clock::{MINUTE, SECOND, Timestamp};
use crate::config::Config;
use crate::daemon::Stop;
use crate::images;
use crate::telemetry;

/// As many ports are tried from the usual one on.
const PORTS: u16 = 200;

/// The first edition waits so long for its pictures.
const PICTURES_WITHIN: Duration = Duration::from_secs(3);

/// Runs the demo until Ctrl-C.
///
/// # Errors
/// When no port is free, the temporary folder cannot be used, or a part of the program fails.
pub(super) async fn run() -> Result<(), Failure> {
    let folder = TempDir::with_prefix("kiosque-demo-").context("cannot make a folder for the demo")?;
    let outcome = demonstrate(folder.path()).await;
    // By hand, so that the bytes are gone when the command line is back.
    let removed = folder.close().context("cannot remove the demo's folder");
    Ok(outcome.and(removed)?)
}

async fn demonstrate(folder: &Path) -> anyhow::Result<()> {
    let http = next_free(8080).await?;
    let metrics = next_free(9090).await?;
    let file = folder.join("config.toml");
    std::fs::write(&file, configuration::text(http.local_addr()?, metrics.local_addr()?))?;
    content::write_images(&folder.join("images")).context("cannot write the demo's pictures")?;
    let config = Config::load(&file)?;
    telemetry::start_logs(&config.log)?;
    let stop = Stop::default();
    stop.on_signals()?;
    let app = serve::prepare(config).await?;
    let last = fill(&app).await?;
    say(welcome(&app, folder)?);
    let queue = tokio::spawn(queue::run(app.clone(), last, stop.watch()));
    let routes = site::routes(Outbox::new(&folder.join("outbox")));
    drop(metrics); // only now, so that nobody else took the port meanwhile
    let served = serve::serve_on(http, app, routes, &stop).await;
    stop.ask();
    queue.await.context("the queue of articles fell over")?;
    say("\nStopped, and the demo's folder is removed.");
    served
}

/// Articles, readers and the first edition; gives when the last article under embargo comes out.
async fn fill(app: &App) -> anyhow::Result<Timestamp> {
    clear_of_the_minute(app).await;
    let now = app.clock.now();
    load::load(app, &content::published(now)?).await?;
    let last = queue::load_round(app, now, 0).await?;
    readers::enrol(app).await?;
    // An edition does not wait for pictures; the one that is looked at first does, a little.
    let prepared = async {
        while images::prepare(&app.db, &app.outbound, &app.config.images, &app.clock).await?.ready > 0 {}
        anyhow::Ok(())
    };
    if let Ok(prepared) = tokio::time::timeout(PICTURES_WITHIN, prepared).await {
        prepared.context("the pictures")?;
    }
    app.desk.run(configuration::LETTER, app.clock.now()).await.context("the first edition")?;
    Ok(last)
}

/// A first edition takes what appeared since the slot before it: no minute may end between the articles and the
/// edition.
async fn clear_of_the_minute(app: &App) {
    let left = MINUTE - app.clock.now().millis().rem_euclid(MINUTE);
    if left < 8 * SECOND {
        tokio::time::sleep(Duration::from_millis(left.unsigned_abs() + 10)).await;
    }
}

/// A listener on this machine alone, on `port` or the next one that is free.
async fn next_free(port: u16) -> anyhow::Result<TcpListener> {
    for port in port..port.saturating_add(PORTS) {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context(format!("cannot listen on 127.0.0.1:{port}")),
        }
    }
    anyhow::bail!("no port is free from {port} to {}", port.saturating_add(PORTS - 1))
}

fn welcome(app: &App, folder: &Path) -> anyhow::Result<String> {
    let url = |path: &str| app.config.public_url.join(path);
    let mut text = String::new();
    writeln!(text, "kiosque is at work, on this machine only. Open:\n")?;
    for (what, path) in [
        ("the feeds", "/flux/"),
        ("one of them", "/flux/tech-web.rss"),
        ("the form", "/lettres"),
        ("the outbox", "/outbox"),
    ] {
        writeln!(text, "  {what:<13} {}", url(path))?;
    }
    if let Some(metrics) = &app.config.metrics {
        writeln!(text, "  {:<13} http://{}/metrics", "the metrics", metrics.listen)?;
    }
    writeln!(
        text,
        "\nA first digest has left, and one leaves every minute, to three readers with different rubrics. Another\n\
         article comes out of its embargo every 20 seconds, into feeds and digests. Mail goes to a folder and nowhere\n\
         else: ask for a letter by the form, and the confirmation is in the outbox.\n\n\
         Try other verbs from another terminal (config and data stand in {folder}):\n\n  \
         {program} --config {folder}/config.toml status\n\n\
         To run it for real: edit config.toml (docs/configuration.md), then kiosque check-config, kiosque serve.\n\n\
         Ctrl-C stops everything and removes the folder.",
        folder = folder.display(),
        program = program(),
    )?;
    Ok(text)
}

/// How this program was called, so that the line can be pasted.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "kiosque".to_owned(), |path| path.display().to_string())
}
