//! `kiosque feed check`: the rules of feeds against this installation's, or any.

use std::io::Read as _;
use std::path::Path;

use axum::body::Bytes;
use url::Url;

use super::answers::ask;
use super::report::{Checked, summary};
use crate::app::App;
use crate::cli::Failure;
use crate::cli::output::{self, Format, say};
use crate::cli::setup::{self, Access};
use crate::clock::{Clock, Timestamp};
use crate::feeds::Found;
use crate::feeds::check::{self, Report};
use crate::feeds::snapshot::Coding;
use crate::newsletters::letter_feeds;
use crate::outbound::Outbound;

/// Without an address every feed of this installation is checked as it would be served, without a network.
///
/// The exit status is 1 when there is an error or a warning; advice alone leaves it 0.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Addresses, files, or - for standard input
    #[arg(value_name = "URL")]
    feeds: Vec<String>,
    /// Look at every document of the archives, not only the newest of each feed
    #[arg(long, conflicts_with = "feeds")]
    archives: bool,
    /// List the rules in place of checking
    #[arg(long, conflicts_with_all = ["feeds", "archives"])]
    rules: bool,
    #[command(flatten)]
    format: Format,
}

/// Checks, prints, and fails when something is wrong.
pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    if arguments.rules {
        return rules(arguments.format);
    }
    let checked = match arguments.feeds.as_slice() {
        [] => own(&setup::open(named, Access::Read).await?, arguments.archives).await?,
        feeds => {
            let mut checked = Vec::with_capacity(feeds.len());
            let mut outbound = None;
            for feed in feeds {
                checked.push(one(named, feed, &mut outbound).await?);
            }
            checked
        }
    };
    if arguments.format.json {
        output::json(&checked)?;
    } else {
        checked.iter().for_each(Checked::print);
        say(summary(&checked));
    }
    if checked.iter().all(Checked::is_clean) { Ok(()) } else { Err(Failure::Reported) }
}

fn rules(format: Format) -> Result<(), Failure> {
    if format.json {
        return Ok(output::json(&check::rules())?);
    }
    for rule in check::rules() {
        say(format!("{}  {}\n    {}\n    [{}]", rule.severity, rule.id, rule.advice, rule.source));
    }
    Ok(())
}

/// Every feed of this installation, built from the database as a serving node would.
async fn own(app: &App, all_archives: bool) -> Result<Vec<Checked>, Failure> {
    let now = app.clock.now();
    app.feeds.refresh(&app.db, now).await?;
    letter_feeds::refresh(&app.desk, &app.feeds).await?;
    let mut checked = Vec::new();
    for (address, snapshot) in app.feeds.documents() {
        let bytes = snapshot.body(Coding::Identity);
        let mut archive = check::linked(&bytes, "prev-archive");
        checked.push(judged(address, &bytes, now));
        while let Some(address) = archive {
            let Some(bytes) = archived(app, &address, now).await? else {
                let failed = Some("the archive that the feed leads to is not there".to_owned());
                checked.push(Checked { feed: address, failed, report: Report::default() });
                break;
            };
            archive = check::linked(&bytes, "prev-archive").filter(|_| all_archives);
            checked.push(judged(address, &bytes, now));
        }
    }
    Ok(checked)
}

/// The document at an archive's address.
async fn archived(app: &App, address: &str, now: Timestamp) -> anyhow::Result<Option<Bytes>> {
    let mut parts = address.rsplit('/');
    let (Some(name), Some(slug)) = (parts.next(), parts.next()) else { return Ok(None) };
    match app.feeds.archive(&app.db, slug, name, now).await? {
        Found::Ready(snapshot) => Ok(Some(snapshot.body(Coding::Identity))),
        _ => Ok(None),
    }
}

fn judged(address: String, bytes: &[u8], now: Timestamp) -> Checked {
    let report = check::check(bytes, Some(&address), now);
    Checked { feed: address, failed: None, report }
}

/// A feed that was named: asked for over HTTP, or read.
async fn one(named: Option<&Path>, feed: &str, outbound: &mut Option<Outbound>) -> Result<Checked, Failure> {
    let now = Clock::System.now();
    let done = |report| Checked { feed: feed.to_owned(), failed: None, report };
    if feed == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(anyhow::Error::new)?;
        return Ok(done(check::check(&bytes, None, now)));
    }
    if !feed.contains("://") {
        return Ok(match std::fs::read(feed) {
            Ok(bytes) => done(check::check(&bytes, None, now)),
            Err(error) => Checked { failed: Some(error.to_string()), ..done(Report::default()) },
        });
    }
    let url = Url::parse(feed).map_err(|error| Failure::usage(format!("kiosque: {feed}: {error}")))?;
    let client = match outbound {
        Some(client) => client,
        None => outbound.insert(Outbound::new(&setup::configuration(named)?.0)),
    };
    Ok(match ask(client, &url).await {
        Ok(exchange) => done(check::check_answers(&exchange, now)),
        Err(error) => Checked { failed: Some(error.to_string()), ..done(Report::default()) },
    })
}
