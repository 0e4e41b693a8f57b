//! `kiosque bench digest`: what docs/benchmarks.md says of deliveries.

mod mailroom;
mod measure;
mod neighbour;
mod report;
mod rivals;
mod step;

use clap::ValueEnum;
use tempfile::TempDir;

use self::measure::{Bench, Effort};
use self::report::Report;
use super::super::Failure;
use crate::cli::output::{Format, json, say};

pub(super) use neighbour::Neighbour;
pub(in crate::cli) use step::{StepArguments, step};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Messages of each round beside smtp-source
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=5_000_000))]
    messages: u32,
    /// How often each sender takes its turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=500))]
    sessions: u32,
    /// Readers of the edition that is fanned out, and sent to weigh the sender
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    readers: u32,
    /// Variants of the edition that is sent to weigh the sender; several numbers, separated by commas, are measured one
    /// after the other
    #[arg(long, value_name = "N", default_value = "1,50,5000", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=7000))]
    variants: Vec<u32>,
    /// Measure these alone, separated by commas
    #[arg(long, value_name = "PART", value_delimiter = ',', default_value = "rate,distance,fan-out,memory")]
    only: Vec<Part>,
    /// An empty PostgreSQL database, to be measured beside SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Messages a second, beside smtp-source
    Rate,
    /// One connection at 20 ms round trip
    Distance,
    /// Rows for every reader, and how long another writer waits meanwhile
    FanOut,
    /// What the sender keeps in memory
    Memory,
}

/// Runs the measurements and prints their tables.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    Ok(measure(arguments).await?)
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    let folder = TempDir::with_prefix("kiosque-bench-")?;
    let effort = Effort {
        messages: arguments.messages,
        rounds: arguments.rounds,
        sessions: arguments.sessions,
        readers: arguments.readers,
    };
    let loud = !arguments.format.json;
    let bench = Bench::new(folder.path(), effort, arguments.database.as_deref()).await?;
    let mut report = Report::new(effort);
    if loud {
        say(report.heading());
    }
    let tell = |report: &Report, table: fn(&Report) -> String| {
        if loud {
            say(format!("\n{}", table(report)));
        }
    };
    let wanted = |part| arguments.only.contains(&part);
    if wanted(Part::Rate) {
        report.rate = Some(bench.rate().await?);
        tell(&report, Report::rate_table);
    }
    if wanted(Part::Distance) {
        report.distance = Some(bench.distance().await?);
        tell(&report, Report::distance_table);
    }
    if wanted(Part::FanOut) {
        report.fan_out = Some(bench.fan_out().await?);
        tell(&report, Report::fan_out_table);
    }
    if wanted(Part::Memory) {
        for variants in &arguments.variants {
            report.memory.push(bench.memory(*variants).await?);
        }
        tell(&report, Report::memory_table);
    }
    if loud {
        say(format!("\n{}", Report::WHAT_TO_COMPARE));
    } else {
        json(&report)?;
    }
    Ok(())
}
