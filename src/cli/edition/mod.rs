//! `kiosque edition`: look at one, approve, stop, send.

mod correct;
mod edit;
pub(super) mod list;
mod preview;
mod run;
mod steps;

pub(super) use correct::note_of;
pub(super) use preview::readable;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use super::output::{self, Format};
use crate::mail::Address;
use crate::newsletters::edition::{EditionError, EditionId};
use crate::newsletters::run::RunError;

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
        to: Address,
    },
    /// Make and send an edition now
    Run {
        /// The newsletter's slug
        slug: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Change an edition before it leaves: first article, order, what is left out, note, subject
    Edit {
        /// The edition's number
        id: EditionId,
        #[command(flatten)]
        edits: edit::Edits,
    },
    /// Let an edition leave
    Approve {
        /// The edition's number
        id: EditionId,
    },
    /// Stop an edition; before release its articles return
    Stop {
        /// The edition's number
        id: EditionId,
    },
    /// Go on with a stopped edition
    Resume {
        /// The edition's number
        id: EditionId,
    },
    /// Send an edition later than its slot
    Postpone {
        /// The edition's number
        id: EditionId,
        /// When: 2026-11-24T09:30 on the newsletter's clock, or 09:30 for the same day
        #[arg(long, value_name = "TIME")]
        to: String,
    },
    /// Put an article of an edition that has left right, and tell whoever may have got it wrong
    Correct {
        /// The edition's number
        id: EditionId,
        /// The article's number, or its address on the site
        #[arg(long, value_name = "ID-OR-URL")]
        article: String,
        /// What was wrong and what is right, in French, a sentence or two
        #[arg(long, value_name = "TEXT")]
        note: String,
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
        id: EditionId,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Preview { slug, out } => preview::preview(named, &slug, &out).await,
        Verb::Test { slug, to } => preview::test(named, &slug, &to).await,
        Verb::Run { slug, yes } => run::run(named, &slug, yes).await,
        Verb::Edit { id, edits } => edit::edit(named, id, edits).await,
        Verb::Approve { id } => steps::approve(named, id).await,
        Verb::Stop { id } => steps::stop(named, id).await,
        Verb::Resume { id } => steps::resume(named, id).await,
        Verb::Postpone { id, to } => steps::postpone(named, id, &to).await,
        Verb::Correct { id, article, note } => correct::correct(named, id, &article, &note).await,
        Verb::List { newsletter, number, format } => {
            list::list(named, newsletter.as_deref(), number, format).await
        }
        Verb::Show { id, format } => list::show(named, id, format).await,
    }
}

impl From<EditionError> for Failure {
    fn from(error: EditionError) -> Failure {
        match error {
            EditionError::Store(error) => error.into(),
            other => Failure::Failed(other.into()),
        }
    }
}

/// An unknown slug is a wrong command; nothing to send is no failure of the program, but nothing was done.
impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Failed(error) => Failure::Failed(error),
            RunError::Unknown(_) => Failure::usage(format!("kiosque: {error}")),
            RunError::Empty { .. } => {
                output::complain(&format!("kiosque: {error}"));
                Failure::Reported
            }
        }
    }
}
