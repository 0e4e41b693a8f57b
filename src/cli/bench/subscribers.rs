//! `kiosque bench subscribers`: what docs/benchmarks.md says of importing readers.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use tempfile::TempDir;

use super::super::Failure;
use super::digest::Neighbour;
use super::figures::percentile;
use super::newsroom::{free_address, masthead};
use super::servers::Memory;
use crate::cli::output::{Format, json, say};

/// How often the importer's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Lines of the files: 95 in 100 subscribed, 4 unsubscribed, 1 cleaned
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=20_000_000))]
    rows: u32,
    /// An empty PostgreSQL database in the place of SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    rows: u32,
    megabytes: f64,
    first: Run,
    again: Run,
}

/// One import.
#[derive(Debug, Serialize)]
struct Run {
    seconds: f64,
    peak_megabytes: f64,
    added: u64,
    /// How long another writer waited for each of its writes (ms): median, 99 of 100, the longest.
    waits: [f64; 3],
}

pub(in crate::cli) async fn run(arguments: Arguments) -> Result<(), Failure> {
    Ok(measure(arguments).await?)
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    let folder = TempDir::with_prefix("kiosque-bench-")?;
    let Arguments { rows, database, format } = arguments;
    let file = folder.path().join("kiosque.db");
    let url = database.unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let config = folder.path().join("config.toml");
    std::fs::write(&config, configuration(&url)?)?;
    let files = exports(folder.path(), rows)?;
    let mut bytes = 0;
    for file in &files {
        bytes += file.metadata()?.len();
    }
    kiosque(&config, &["migrate"])?.status()?;
    let first = import(&config, &url, &files).await?;
    let again = import(&config, &url, &files).await?;
    #[expect(clippy::cast_precision_loss, reason = "a size to be read")]
    let report = Report { rows, megabytes: bytes as f64 / 1e6, first, again };
    if format.json {
        json(&report)?;
    } else {
        say(report.table());
    }
    Ok(())
}

impl Report {
    fn table(&self) -> String {
        let mut text = format!(
            "{} lines of Mailchimp's export, {:.0} MB\n\n\
             | | seconds | lines a second | subscriptions | peak MB | another writer waits, p50 / p99 / most, ms |\n\
             |---|---|---|---|---|---|\n",
            self.rows, self.megabytes
        );
        for (name, run) in [("imported", &self.first), ("imported again", &self.again)] {
            let [p50, p99, most] = run.waits;
            text += &format!(
                "| {name} | {:.1} | {:.0} | {} | {:.0} | {p50:.1} / {p99:.1} / {most:.1} |\n",
                run.seconds,
                f64::from(self.rows) / run.seconds,
                run.added,
                run.peak_megabytes
            );
        }
        text.trim_end().to_owned()
    }
}

fn kiosque(config: &Path, arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
    command.arg("--config").arg(config).args(arguments);
    Ok(command)
}

/// One import in a process of its own, beside another writer.
async fn import(config: &Path, url: &str, files: &[PathBuf]) -> anyhow::Result<Run> {
    let neighbour = Neighbour::start(url).await?;
    let mut command = kiosque(config, &["subscriber", "import"])?;
    let arguments = [
        "--from",
        "mailchimp",
        "--newsletter",
        "matinale",
        "--map",
        "Sport=matinale:sport",
        "--consent",
        "Mesure",
        "--json",
    ];
    command.args(files).args(arguments).stdout(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().context("cannot start the import")?;
    let process = child.id().to_string();
    let mut peak = 0.0_f64;
    while child.try_wait()?.is_none() {
        // It may end between the two looks.
        peak = Memory::of(&process).map_or(peak, |memory| peak.max(memory.peak));
        tokio::time::sleep(LOOK).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let waits = neighbour.waits().await?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the import failed");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let added = summary["added"].as_u64().context("the import says nothing of what it added")?;
    let waits = [0.5, 0.99, 1.0].map(|share| percentile(&waits, share));
    Ok(Run { seconds, peak_megabytes: peak, added, waits })
}

fn configuration(database: &str) -> anyhow::Result<String> {
    let newsletter = r#"
[[relay]]
url = "maildir:outbox"
[[newsletter]]
slug = "matinale"
title = "La Matinale d’épreuve"
from = "La Matinale <matinale@epreuve.example>"
bounce_to = "retours@epreuve.example"
schedule = "0 7 * * *"
timezone = "Africa/Lome"
[[category]]
name = "Sport"
[[category]]
name = "Politique"
"#;
    Ok(masthead(free_address()?, free_address()?, database) + newsletter)
}

/// Mailchimp's files, with the columns of a real export. A tenth of the readers is in a group.
fn exports(folder: &Path, rows: u32) -> anyhow::Result<Vec<PathBuf>> {
    let before = "\"Email Address\",\"First Name\",\"Last Name\",Adresse,Rubriques,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,\
                  CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION";
    let mut files = Vec::new();
    let mut number = 0;
    for (kind, columns, values, share) in [
        ("subscribed", "LAST_CHANGED", "\"2023-05-01 08:00:00\"", 95),
        (
            "unsubscribed",
            "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER",
            "\"2024-02-03 18:30:00\",\"La Matinale\",a1b2c3d4e5,\"No longer interested\",",
            4,
        ),
        (
            "cleaned",
            "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
            "\"2023-11-11 11:11:11\",\"La Matinale\",c1d2e3f405",
            1,
        ),
    ] {
        let path = folder.join(format!("{kind}_members_export_1a2b3c4d5e.csv"));
        let mut file = BufWriter::new(File::create(&path)?);
        writeln!(file, "{before},{columns},LEID,EUID,NOTES,TAGS")?;
        for _ in 0..rows / 100 * share {
            number += 1;
            let group = if number % 10 == 0 { "\"Sport, Politique\"" } else { "" };
            writeln!(
                file,
                "lecteur-{number}@courriel-{}.example,Koffi,\"Lecteur {number}\",\"{number}, rue des Cocotiers, Lomé\",\
                 {group},2,\"2021-03-04 10:18:02\",192.0.2.10,\"2021-03-04 10:20:30\",192.0.2.10,6.1300000,1.2200000,0,0,\
                 Africa/Lome,TG,M,{values},{number},{number:010x},,\"\"\"VIP\"\"\"",
                number % 97
            )?;
        }
        file.flush()?;
        files.push(path);
    }
    Ok(files)
}
