//! `kiosque feed`: what has to do with feeds.

mod redirects;

use std::path::Path;

use clap::Subcommand;

use super::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print the rules that send a site's old feed addresses here
    Redirects(redirects::Arguments),
}

pub(super) async fn run(config: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Redirects(arguments) => redirects::run(config, &arguments),
    }
}
