//! `kiosque import`: articles in, from files or standard input.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use url::Url;

use super::Failure;
use super::output::{self, Format as Answer};
use super::setup::{self, Access};
use crate::articles::formats::Format;
use crate::articles::{Intake, Options, Progress, parse_date};
use crate::clock::Timestamp;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files, in order; - is standard input. The parts of a WordPress export belong in one call
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is in them: `jsonl`, `wxr`, `html` or `text`; without it told by name and content
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
    let bar = Bar::start(&progress);
    let summary = intake.import(&files, &options, &progress).await;
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

/// The progress bar; none where standard error is no terminal.
struct Bar(Option<(ProgressBar, tokio::task::JoinHandle<()>)>);

const EVERY: Duration = Duration::from_millis(100);

impl Bar {
    fn start(progress: &Arc<Progress>) -> Bar {
        if !io::stderr().is_terminal() {
            return Bar(None);
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let known = style("{bar:24} {percent:>3} %  {msg}  {eta} left");
        let unknown = style("{spinner}  {bytes}  {msg}  {elapsed}");
        let task = tokio::spawn({
            let (bar, progress) = (bar.clone(), Arc::clone(progress));
            async move {
                let mut ticks = tokio::time::interval(EVERY);
                loop {
                    ticks.tick().await;
                    let total = progress.total.load(Ordering::Relaxed);
                    bar.set_style(if total > 0 { known.clone() } else { unknown.clone() });
                    bar.set_length(total);
                    bar.set_position(progress.bytes.load(Ordering::Relaxed));
                    bar.set_message(format!("{} articles", progress.articles.load(Ordering::Relaxed)));
                }
            }
        });
        Bar(Some((bar, task)))
    }

    /// Takes the bar away, so that the summary stands alone.
    async fn stop(self) {
        if let Some((bar, task)) = self.0 {
            task.abort();
            let _ = task.await;
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
