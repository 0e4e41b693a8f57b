//! `kiosque serve`: everything at once.

use std::path::Path;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) async fn run(_named: Option<&Path>, _arguments: Arguments) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
