//! `kiosque delivery`: messages on their way.

use std::path::Path;

use clap::Subcommand;

use super::Failure;
use super::output::Format;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List deliveries, the newest first
    List {
        /// Only in this state
        #[arg(long)]
        state: Option<String>,
        /// Only of this edition
        #[arg(long, value_name = "ID")]
        edition: Option<i64>,
        /// Only to this address
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 50, value_name = "N")]
        number: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Try a failed or waiting delivery again, now
    Retry {
        /// The delivery's number
        id: i64,
    },
    /// Keep a delivery from leaving
    Hold {
        /// The delivery's number
        id: i64,
    },
    /// Let a held delivery leave
    Release {
        /// The delivery's number
        id: i64,
    },
}

pub(super) async fn run(_named: Option<&Path>, _verb: Verb) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
