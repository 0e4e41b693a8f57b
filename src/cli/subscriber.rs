//! `kiosque subscriber`: readers.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use super::output::Format;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Add a reader who has consented elsewhere
    Add {
        /// The reader's address
        address: String,
        /// The newsletter's slug
        #[arg(long, value_name = "SLUG")]
        newsletter: String,
        /// The reader's name
        #[arg(long)]
        name: Option<String>,
        /// Categories by slug, separated by commas; all when left out
        #[arg(long, value_delimiter = ',', value_name = "SLUGS")]
        categories: Option<Vec<String>>,
        /// Where the consent comes from, in words
        #[arg(long, value_name = "TEXT")]
        consent: String,
    },
    /// Show all that is kept of a reader
    Show {
        /// The reader's address
        address: String,
        #[command(flatten)]
        format: Format,
    },
    /// List readers
    List {
        /// Only this newsletter
        #[arg(long, value_name = "SLUG")]
        newsletter: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Take readers, or addresses never to mail, from a CSV file
    #[command(group(clap::ArgGroup::new("as_what").required(true).args(["newsletter", "kind"])))]
    Import {
        /// The file, with a first line that names the columns
        file: PathBuf,
        /// The newsletter's slug
        #[arg(long, value_name = "SLUG", requires = "consent")]
        newsletter: Option<String>,
        /// Where the consent comes from, in words
        #[arg(long, value_name = "TEXT", requires = "newsletter")]
        consent: Option<String>,
        /// Take the addresses as ones never to mail
        #[arg(long = "as", value_name = "suppressed", value_parser = ["suppressed"])]
        kind: Option<String>,
    },
}

pub(super) async fn run(_named: Option<&Path>, _verb: Verb) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
