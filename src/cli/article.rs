//! `kiosque article`: the articles in the store.

use std::path::Path;

use clap::Subcommand;

use super::Failure;
use super::output::Format;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the newest articles
    List {
        /// Only this category
        #[arg(long, value_name = "SLUG")]
        category: Option<String>,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 20, value_name = "N")]
        number: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Show one article
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        format: Format,
    },
    /// Take an article out of feeds and editions
    Retract {
        /// Its number, or its address on the site
        #[arg(value_name = "ID-OR-URL")]
        article: String,
    },
}

pub(super) async fn run(_named: Option<&Path>, _verb: Verb) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
