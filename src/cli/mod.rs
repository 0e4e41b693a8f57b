//! The command line: one file a verb. It speaks English; sentences about schedules and readers are French.
//!
//! Exit status: 0 done, 1 failed, 2 the command or the configuration is wrong.

mod article;
mod audit;
mod backup;
mod bench;
mod bounces;
mod check_config;
mod delivery;
pub mod demo;
mod dkim;
mod doctor;
mod edition;
mod explain;
mod failure;
mod feed;
mod import;
mod left_out;
mod migrate;
mod newsletter;
mod output;
mod own_data;
mod owner;
mod progress_bar;
mod reload;
mod restore;
mod resume_sending;
mod serve;
mod setup;
mod snippet;
mod sources;
mod status;
mod subscriber;
mod subscriber_import;
mod suppression;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use failure::Failure;

use crate::telemetry;

/// Keeps a newsroom's articles, serves them as feeds and mails scheduled digests in French.
#[derive(Debug, Parser)]
#[command(name = "kiosque", version, max_term_width = 100, propagate_version = true)]
struct Arguments {
    /// The configuration; without it ./config.toml, then /etc/kiosque/config.toml
    #[arg(long, global = true, env = "KIOSQUE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show everything at work on this machine, with articles and readers of its own
    Demo,
    /// Run everything: pages, feeds, schedules, sending
    Serve(serve::Arguments),
    /// Bring the database's schema to this program's
    Migrate,
    /// Say what is wrong with the configuration, or when the next editions are due
    CheckConfig,
    /// Show next slots, last editions, the queue, relays and pauses on one screen
    Status(output::Format),
    /// Check what a first sending needs: relay, DNS, clock, addresses; and, given a mailbox, what arrives
    Doctor(doctor::Arguments),
    /// Take articles in, from files or standard input
    Import(import::Arguments),
    /// Articles
    #[command(subcommand)]
    Article(article::Verb),
    /// Feeds
    #[command(subcommand)]
    Feed(feed::Verb),
    /// Newsletters and their schedules
    #[command(subcommand)]
    Newsletter(newsletter::Verb),
    /// Editions: look at one, approve, stop, send
    #[command(subcommand)]
    Edition(edition::Verb),
    /// Templates of mails and pages
    #[command(subcommand)]
    Template(template::Verb),
    /// Readers
    #[command(subcommand)]
    Subscriber(subscriber::Verb),
    /// Copy the database to a file, also while serving
    Backup(backup::Arguments),
    /// Put a copy made by `backup` in the database's place, with sending held
    Restore(restore::Arguments),
    /// Let sending go on that a restored or older database holds
    ResumeSending(resume_sending::Arguments),
    /// Addresses that are not mailed, and why
    #[command(subcommand)]
    Suppression(suppression::Verb),
    /// Messages on their way
    #[command(subcommand)]
    Delivery(delivery::Verb),
    /// The keys our mail is signed with
    #[command(subcommand)]
    Dkim(dkim::Verb),
    /// Print who did what when with readers' data, as JSON Lines: the register of proof and of breaches
    Audit(audit::Arguments),
    /// Tell one reader's story: what became of an edition or an article, and why
    Explain(explain::Arguments),
    /// Measure this program on this machine
    #[command(subcommand)]
    Bench(bench::Verb),
}

/// Runs the program: parses the arguments, runs the verb, prints what failed, gives the exit status.
pub fn main() -> ExitCode {
    // Before anything opens a connection: with no provider installed rustls panics at its first handshake.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(anyhow::Error::new(error).context("cannot start")).report(),
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(Arguments { config, verb }: Arguments) -> Result<(), Failure> {
    let config = config.as_deref();
    if !matches!(verb, Verb::Serve(_) | Verb::Demo) {
        telemetry::start_command_logs(); // serve and demo start theirs as configured
    }
    match verb {
        Verb::Demo => demo::run().await,
        Verb::Serve(arguments) => serve::run(config, arguments).await,
        Verb::Migrate => migrate::run(config).await,
        Verb::CheckConfig => check_config::run(config).await,
        Verb::Status(format) => status::run(config, format).await,
        Verb::Doctor(arguments) => doctor::run(config, arguments).await,
        Verb::Import(arguments) => import::run(config, arguments).await,
        Verb::Article(verb) => article::run(config, verb).await,
        Verb::Feed(verb) => feed::run(config, verb).await,
        Verb::Newsletter(verb) => newsletter::run(config, verb).await,
        Verb::Edition(verb) => edition::run(config, verb).await,
        Verb::Template(verb) => template::run(verb),
        Verb::Subscriber(verb) => subscriber::run(config, verb).await,
        Verb::Backup(arguments) => backup::run(config, &arguments).await,
        Verb::Restore(arguments) => restore::run(config, &arguments).await,
        Verb::ResumeSending(arguments) => resume_sending::run(config, &arguments).await,
        Verb::Suppression(verb) => suppression::run(config, verb).await,
        Verb::Delivery(verb) => delivery::run(config, verb).await,
        Verb::Dkim(verb) => dkim::run(verb),
        Verb::Audit(arguments) => audit::run(config, arguments).await,
        Verb::Explain(arguments) => explain::run(config, arguments).await,
        Verb::Bench(verb) => bench::run(verb).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_that_lists_or_shows_can_answer_in_json() {
        let command = Arguments::command();
        for verb in command.get_subcommands().flat_map(|verb| verb.get_subcommands()) {
            let lists = matches!(verb.get_name(), "list" | "show" | "next");
            let json = verb.get_arguments().any(|argument| argument.get_id() == "json");
            assert!(!lists || json, "{}", verb.get_name());
        }
    }
}
