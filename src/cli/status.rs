//! `kiosque status`: everything on one screen.

use std::path::Path;

use super::Failure;
use super::output::Format;

pub(super) async fn run(_named: Option<&Path>, _format: Format) -> Result<(), Failure> {
    Err(Failure::usage("kiosque: not wired yet"))
}
