//! `kiosque bench feeds`: what docs/benchmarks.md says of feeds.

use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ValueEnum;
use tempfile::TempDir;

use super::ask::Asker;
use super::figures::{percentile, spread};
use super::load::Tools;
use super::newsroom::{self, Newsroom};
use super::servers::{Memory, Server, cores};
use super::serving::{self, Compared, Effort, Sizes};
use super::{rebuild, visible};
use crate::cli::Failure;
use crate::cli::output::{Table, say};
use crate::feeds::Format;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// How many articles the newsroom has; several numbers, separated by commas, are measured one after the other
    #[arg(long, value_name = "N", default_value = "10000", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1000..=5_000_000))]
    articles: Vec<u32>,
    /// How often each server is loaded in turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// For how many seconds each time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How many articles are handed in to see when they show
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=9999))]
    news: u32,
    /// Measure these alone, separated by commas
    #[arg(
        long,
        value_name = "PART",
        value_delimiter = ',',
        default_value = "rebuild,visible,serving,memory"
    )]
    only: Vec<Part>,
    /// An empty PostgreSQL database in place of a SQLite file
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Requests a second and their times, beside nginx
    Serving,
    /// From an article handed in to its feeds
    Visible,
    /// Rebuilding feeds
    Rebuild,
    /// What a serving process keeps in memory
    Memory,
}

/// Brotli takes its time over some hundred feeds; memory is measured when it is done.
const PACKED_WITHIN: Duration = Duration::from_secs(300);

/// Runs the measurements and prints their tables.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.database.is_some() && arguments.articles.len() > 1 {
        return Err(Failure::usage(
            "kiosque: --database takes one number of --articles: the database must be empty",
        ));
    }
    say(format!(
        "{} rubrics, feeds of {} articles of {} bytes in {} formats; kiosque {}",
        newsroom::RUBRICS,
        newsroom::ITEMS,
        newsroom::BODY,
        Format::ALL.len(),
        env!("CARGO_PKG_VERSION"),
    ));
    if cfg!(debug_assertions) {
        say("This is a debug build: its figures mean nothing. cargo build --release");
    }
    let mut serving = arguments.only.contains(&Part::Serving);
    for (articles, is_last) in with_last(&arguments.articles) {
        // Serving does not depend on the number of articles; once is enough.
        measure(*articles, serving && is_last, &arguments).await?;
        serving &= !is_last;
    }
    Ok(())
}

async fn measure(articles: u32, serving: bool, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = TempDir::with_prefix("kiosque-bench-").context("cannot make a folder")?;
    let started = Instant::now();
    let newsroom = Newsroom::make(folder.path(), i64::from(articles), arguments.database.as_deref()).await?;
    say(format!("\n{} articles (made in {:.1} s)\n", newsroom.articles, started.elapsed().as_secs_f64()));

    if arguments.only.contains(&Part::Rebuild) {
        let rebuilt = rebuild::measure(&newsroom).await?;
        let mut table = Table::new(&["rebuilding", "#ms"]);
        table.row([format!("all {} feeds", newsroom::RUBRICS + 1), format!("{:.0}", rebuilt.all)]);
        table.row(["the 4 feeds of an article, median".into(), spread(&rebuilt.each, 1)]);
        say(table.render());
    }
    if arguments.only.contains(&Part::Visible) {
        let (server, _) = Server::kiosque(&newsroom, None)?;
        let news = usize::try_from(arguments.news)?;
        say(visible_table(&visible::measure(&newsroom, &server, news).await?));
    }
    if !serving && !arguments.only.contains(&Part::Memory) {
        return Ok(());
    }
    let core = cores().map(|(server, _)| server);
    let (server, started) = Server::kiosque(&newsroom, core)?;
    let fresh = server.memory()?;
    wait_for_brotli(&server)?;
    let packed = server.memory()?;
    if serving {
        match Tools::find() {
            Err(missing) => say(format!("\nNot measured beside nginx. {missing}")),
            Ok(tools) => {
                let effort = Effort { rounds: arguments.rounds, seconds: arguments.seconds };
                let (sizes, rates, latencies) = serving::compare(&tools, &server, folder.path(), effort)?;
                say(serving_tables(sizes, &rates, &latencies));
            }
        }
    }
    if arguments.only.contains(&Part::Memory) {
        say(memory_table(started, fresh, packed, server.memory()?));
    }
    Ok(())
}

/// Waits until the last feed has brotli.
fn wait_for_brotli(server: &Server) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut asker = Asker::connect(server.address)?;
    for rubric in 0..newsroom::RUBRICS {
        for format in Format::ALL {
            let path = newsroom::feed(rubric, format);
            while asker.ask("HEAD", &path, "br")?.coding != "br" {
                anyhow::ensure!(started.elapsed() < PACKED_WITHIN, "{path} does not get brotli");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
    Ok(())
}

fn visible_table(times: &[f64]) -> String {
    let mut table = Table::new(&["from an article handed in to its 4 feeds", "#ms", "aim"]);
    table.row(["p50".into(), format!("{:.0}", percentile(times, 0.5)), String::new()]);
    table.row(["p99".into(), format!("{:.0}", percentile(times, 0.99)), "≤ 250".into()]);
    format!("\n{}", table.render())
}

fn serving_tables(sizes: Sizes, rates: &[Compared], latencies: &[Compared]) -> String {
    let what = |what: &str| match what {
        "plain" => format!("plain, {} kB", sizes.plain / 1000),
        "gzip" => format!("gzip, {} kB", sizes.gzip / 1000),
        other => other.to_owned(),
    };
    let mut table = Table::new(&["requests a second, one core", "#nginx", "#kiosque", "#ratio", "aim"]);
    for compared in rates {
        let aim = if compared.what == "plain" { "≥ 0.80" } else { "≥ 1.00" };
        let (theirs, ours) = (spread(&compared.nginx, 0), spread(&compared.kiosque, 0));
        table.row([what(compared.what), theirs, ours, format!("{:.2}", compared.ratio()), aim.into()]);
    }
    let mut times =
        Table::new(&["p99 (ms) at a third of nginx’s rate", "#nginx", "#kiosque", "#ratio", "aim"]);
    for compared in latencies {
        let (theirs, ours) = (spread(&compared.nginx, 1), spread(&compared.kiosque, 1));
        times.row([what(compared.what), theirs, ours, format!("{:.2}", compared.ratio()), "≤ 1.50".into()]);
    }
    format!("\n{}\n\n{}", table.render(), times.render())
}

fn memory_table(started: Duration, fresh: Memory, packed: Memory, end: Memory) -> String {
    let mut table = Table::new(&["kiosque serve", "#", "aim"]);
    table.row([
        "until the first feed came (s)".into(),
        format!("{:.1}", started.as_secs_f64()),
        String::new(),
    ]);
    table.row(["resident then (MB)".into(), format!("{:.0}", fresh.resident), String::new()]);
    table.row(["resident with brotli (MB)".into(), format!("{:.0}", packed.resident), "≤ 120".into()]);
    table.row(["resident at the end (MB)".into(), format!("{:.0}", end.resident), "≤ 120".into()]);
    table.row(["the most it ever was (MB)".into(), format!("{:.0}", end.peak), String::new()]);
    format!("\n{}", table.render())
}

fn with_last<T>(values: &[T]) -> impl Iterator<Item = (&T, bool)> {
    values.iter().enumerate().map(|(n, value)| (value, n + 1 == values.len()))
}
