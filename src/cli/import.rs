//! `kiosque import`: articles in, from files or standard input.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;
use url::Url;

use super::Failure;
use super::output::{self, Format as Answer};
use super::progress_bar::{Bar, style};
use super::setup::{self, Access};
use crate::app::App;
use crate::articles::formats::Format;
use crate::articles::{Intake, Options, Progress, Summary, parse_date, source_name};
use crate::clock::Timestamp;
use crate::outbound::HeaderMap;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files, in order; - is standard input. The parts of a WordPress export belong in one call. Or the address of one feed
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is in them: `jsonl`, `wxr`, `feed`, `html` or `text`; without it told by name and content
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The name the articles' source has: ids are unique within it
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The article's address on the site, for `html` and `text`
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// The article's date, for `html` and `text`: 2026-11-20 or 2026-11-20T08:15:00Z
    #[arg(long, value_name = "DATE", value_parser = |text: &str| parse_date(text))]
    date: Option<Timestamp>,
    /// Old articles, which no digest announces; always so for `wxr`
    #[arg(long)]
    archive: bool,
    /// Say what would happen, change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    answer: Answer,
}

/// Takes the files in, with a progress bar on a terminal; the exit status says whether anything was rejected.
pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { files, format, source, url, date, archive, dry_run, answer } = arguments;
    let app = setup::open(named, Access::Write).await?;
    let options = Options { format, source, url, date, archive, dry_run };
    let progress = Arc::new(Progress::default());
    let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
    let bar = bar(&progress);
    let summary = match feed_address(&files, &options)? {
        Some(url) => import_feed(&app, &intake, &url, options).await,
        None => intake.import(&files, &options, &progress).await,
    };
    bar.stop().await;
    app.db.close().await;
    let summary = summary?;
    if answer.json {
        output::json(&summary)?;
    } else {
        output::say(summary.to_string().trim_end());
    }
    if summary.is_clean() { Ok(()) } else { Err(Failure::Reported) }
}

/// The address of a feed, when that stands in the place of the files.
fn feed_address(files: &[PathBuf], options: &Options) -> anyhow::Result<Option<Url>> {
    let address = |file: &PathBuf| {
        let text = file.to_str().filter(|text| text.starts_with("http://") || text.starts_with("https://"));
        text.and_then(|text| Url::parse(text).ok())
    };
    let Some(url) = files.iter().find_map(address) else { return Ok(None) };
    anyhow::ensure!(files.len() == 1, "expected files, or the address of one feed alone");
    anyhow::ensure!(
        options.format.is_none_or(|format| format == Format::Feed),
        "only feeds are fetched; save {url} to a file first"
    );
    Ok(Some(url))
}

async fn import_feed(app: &App, intake: &Intake, url: &Url, options: Options) -> anyhow::Result<Summary> {
    let answer =
        app.outbound.get(url, HeaderMap::new()).await.with_context(|| format!("cannot read {url}"))?;
    anyhow::ensure!(answer.status.is_success(), "{url} answers {}", answer.status);
    // Where it has moved to is another address, not another source.
    let source = options.source.or_else(|| Some(source_name(url)));
    anyhow::ensure!(!app.config.public_url.covers(&answer.url), "{url} leads back to this kiosque");
    let options = Options { source, ..options };
    let summary = intake.import_feed(answer.url, answer.body, &app.config.public_url, &options).await?;
    summary.map_err(|why| anyhow::anyhow!("{url} {why}"))
}

/// Shows how far the import is; how long it takes is not known of standard input.
fn bar(progress: &Arc<Progress>) -> Bar {
    let known = style("{bar:24} {percent:>3} %  {msg}  {eta} left");
    let unknown = style("{spinner}  {bytes}  {msg}  {elapsed}");
    let progress = Arc::clone(progress);
    Bar::start(move |bar| {
        let total = progress.total.load(Ordering::Relaxed);
        bar.set_style(if total > 0 { known.clone() } else { unknown.clone() });
        bar.set_length(total);
        bar.set_position(progress.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("{} articles", progress.articles.load(Ordering::Relaxed)));
    })
}
