//! `kiosque edition`: look at one, approve, stop, send.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use super::output::Format;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write what the next edition would be as files, without making it
    Preview {
        /// The newsletter's slug
        slug: String,
        /// The folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Mail what the next edition would be to one address, without making it
    Test {
        /// The newsletter's slug
        slug: String,
        /// The address
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// Make and send an edition now
    Run {
        /// The newsletter's slug
        slug: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Let an edition leave
    Approve {
        /// The edition's number
        id: i64,
    },
    /// Stop an edition; before release its articles return
    Stop {
        /// The edition's number
        id: i64,
    },
    /// Go on with a stopped edition
    Resume {
        /// The edition's number
        id: i64,
    },
    /// Send an edition later than its slot
    Postpone {
        /// The edition's number
        id: i64,
        /// When: 2026-11-24T09:30 on the newsletter's clock, or 09:30 for the same day
        #[arg(long, value_name = "TIME")]
        to: String,
    },
    /// List editions with their deliveries by state
    List {
        /// Only this newsletter
        #[arg(long, value_name = "SLUG")]
        newsletter: Option<String>,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 20, value_name = "N")]
        number: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Show one edition: articles, revisions, deliveries
    Show {
        /// The edition's number
        id: i64,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) async fn run(_named: Option<&Path>, _verb: Verb) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
