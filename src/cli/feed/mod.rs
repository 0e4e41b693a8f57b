//! `kiosque feed`: what has to do with feeds.

mod answers;
mod check;
mod redirects;
mod report;

use std::path::Path;

use clap::Subcommand;

use super::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Say what is wrong with feeds: all of this installation's, or any others
    Check(check::Arguments),
    /// Print the rules that send a site's old feed addresses here
    Redirects(redirects::Arguments),
}

pub(super) async fn run(config: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Check(arguments) => check::run(config, arguments).await,
        Verb::Redirects(arguments) => redirects::run(config, &arguments),
    }
}
