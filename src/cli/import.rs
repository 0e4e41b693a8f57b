//! `kiosque import`: articles in.

use std::path::{Path, PathBuf};

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files, in order; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is in them; without it told by name and content
    #[arg(long, value_name = "FORMAT", value_parser = ["jsonl", "wxr", "html", "text"])]
    format: Option<String>,
    /// The source's name
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The article's address on the site, for html and text
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The article's date, for html and text
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Old articles, which no digest announces
    #[arg(long)]
    archive: bool,
    /// Say what would happen, change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(_named: Option<&Path>, _arguments: Arguments) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
