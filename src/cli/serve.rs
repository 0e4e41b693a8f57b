//! `kiosque serve`: everything at once, or the roles named, until SIGTERM.

use std::path::Path;

use anyhow::Context;

use super::reload::Reload;
use super::{Failure, setup};
use crate::app::{self, App};
use crate::config::Config;
use crate::daemon::{self, Stop};
use crate::db::{Role, Roles};
use crate::newsletters::letter_feeds;
use crate::telemetry;
use crate::web::front::Front;
use crate::web::live::Live;
use crate::web::{self, metrics, server};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What this node does: `web` (pages, feeds, API), `scheduler` (schedules, sources, bounces, cleanup), `pump` (sending)
    #[arg(long, value_name = "ROLES", default_value_t = Roles::ALL)]
    role: Roles,
}

pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let (config, _) = setup::configuration(named)?;
    telemetry::start_logs(&config.log)?;
    if let Some(refusal) = example_values(&config) {
        let advice = "Nothing was started; put yours in their place.";
        return Err(Failure::usage(format!("kiosque: {refusal}\n{advice}")));
    }
    if let Some(file) = setup::sqlite_file(&config)? {
        setup::refuse_other_owner(&file)?;
    }
    let app = App { roles: arguments.role, ..prepare(config).await? };
    let stop = Stop::default();
    stop.on_signals()?;
    let reload = Reload::on_signals(named)?;
    serve(app, reload, &stop).await?;
    Ok(())
}

/// Mail that leaves this machine must not carry the example's names and addresses: which of them are left, if it would.
pub(super) fn example_values(config: &Config) -> Option<String> {
    let leaves = config.relays.iter().any(|relay| !relay.url.is_local());
    let left = config.example_values_left();
    if !leaves || left.is_empty() {
        return None;
    }
    let lines: Vec<String> = left
        .iter()
        .map(|value| format!("  line {}: {} = \"{}\"", value.line, value.key, value.value))
        .collect();
    Some(format!(
        "these values still stand as in the example, and the relay is not a Maildir or this machine:\n{}",
        lines.join("\n")
    ))
}

/// Opens the store, brings a SQLite file's schema forward, and takes up what the configuration declares.
///
/// # Errors
/// When the store cannot be opened, or its schema must be migrated by hand or is newer than this program.
pub(super) async fn prepare(config: Config) -> anyhow::Result<App> {
    let db = app::open_store(&config).await?;
    let clock = db.clock().await.context("cannot read the database's clock")?;
    if let Some(copy) = db.prepare_to_serve(&clock).await? {
        tracing::info!(copy = %copy.display(), "the database was copied before its schema was brought forward");
    }
    let app = App::build(config, db, clock).await?;
    app.take_up().await.context("cannot take up the declarations")?;
    Ok(app)
}

/// Serves pages and runs the loops until `stop`, with another configuration whenever `reload` has one.
///
/// # Errors
/// When an address is busy, or a loop fails in a way that only an operator can mend.
async fn serve(app: App, reload: Reload, stop: &Stop) -> anyhow::Result<()> {
    let http = match app.roles.has(Role::Web) {
        true => Some(server::bind("http.listen", app.config.http.listen).await?),
        false => None,
    };
    listen(http, app, axum::Router::new(), Some(reload), stop).await
}

/// The same on a listener that is open already, with one configuration; `more` are routes besides the program's own.
///
/// # Errors
/// As [`serve`].
pub(super) async fn serve_on(
    http: tokio::net::TcpListener,
    app: App,
    more: axum::Router<App>,
    stop: &Stop,
) -> anyhow::Result<()> {
    listen(Some(http), app, more, None, stop).await
}

/// Without the first listener there are no pages.
async fn listen(
    http: Option<tokio::net::TcpListener>,
    app: App,
    more: axum::Router<App>,
    reload: Option<Reload>,
    stop: &Stop,
) -> anyhow::Result<()> {
    if http.is_some() {
        app.feeds.refresh(&app.db, app.clock.now()).await.context("cannot build the feeds")?;
        letter_feeds::refresh(&app.desk, &app.feeds).await.context("cannot build the letters' feeds")?;
    }
    let scrapes = match &app.config.metrics {
        Some(section) => {
            let listener = server::bind("metrics.listen", section.listen).await?;
            let handle = metrics::install()?;
            tokio::spawn(metrics::keep_small(handle.clone()));
            Some((listener, handle))
        }
        None => None,
    };
    let limits = server::Limits::default();
    let mut servers = Vec::new();
    let pages = http.map(|http| {
        if let Ok(address) = http.local_addr() {
            tracing::info!(%address, "listening");
        }
        let (pages, live) = Live::new(Front::new(&app, web::router_with(&app, more.clone())));
        servers.push(tokio::spawn(server::serve(http, live, limits, daemon::asked(stop.watch()))));
        pages
    });
    let scrapes = scrapes.map(|(listener, handle)| {
        let (scrapes, live) = Live::new(metrics::router(&app, handle.clone()).into());
        servers.push(tokio::spawn(server::serve(listener, live, limits, daemon::asked(stop.watch()))));
        (scrapes, handle)
    });
    let show = |app: &App| {
        if let Some(pages) = &pages {
            pages.send_replace(Front::new(app, web::router_with(app, more.clone())));
        }
        if let Some((scrapes, handle)) = &scrapes {
            scrapes.send_replace(metrics::router(app, handle.clone()).into());
        }
    };
    let db = app.db.clone();
    let outcome = run_loops(app, reload, stop, show).await;
    // Whatever ended the loops ends the pages too.
    stop.ask();
    for server in servers {
        let cut = server.await.unwrap_or(0);
        if cut > 0 {
            tracing::warn!(cut, "connections were cut");
        }
    }
    db.close().await;
    tracing::info!("stopped");
    outcome
}

/// Runs the loops until `stop`. A new configuration is shown at once; the loops finish what they are at, what is on the wire
/// included, and start anew with it.
async fn run_loops(
    mut app: App,
    mut reload: Option<Reload>,
    stop: &Stop,
    show: impl Fn(&App),
) -> anyhow::Result<()> {
    loop {
        let next = {
            let generation = Stop::default();
            let running = daemon::run(&app, &generation);
            tokio::pin!(running);
            let next = loop {
                tokio::select! {
                    outcome = &mut running => return outcome,
                    () = daemon::asked(stop.watch()) => {
                        generation.ask();
                        return running.await;
                    }
                    () = asked(&mut reload) => {}
                }
                if let Some(reload) = &reload
                    && let Some(next) = reload.read(&app).await
                {
                    break next;
                }
            };
            show(&next);
            tracing::info!("the configuration was read again; the loops start anew with it");
            generation.ask();
            running.await?;
            next
        };
        if *stop.watch().borrow() {
            return Ok(());
        }
        app = next;
    }
}

async fn asked(reload: &mut Option<Reload>) {
    match reload {
        Some(reload) => reload.asked().await,
        None => std::future::pending().await,
    }
}
