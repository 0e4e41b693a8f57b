//! `kiosque newsletter`: schedules and pauses.

use std::path::Path;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use clap::Subcommand;

use super::output::{self, Format};
use super::{Failure, runs, setup};
use crate::clock::Clock;
use crate::config::nearest;
use crate::newsletters::declaration::{Declaration, Declarations};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the newsletters, with their next run
    List(Format),
    /// Print the coming runs, in French
    Next {
        /// The newsletter's slug
        slug: String,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 5, value_name = "N")]
        number: usize,
        /// Counted from this day instead of now
        #[arg(long, value_name = "DATE")]
        after: Option<NaiveDate>,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(_) => Err(Failure::usage("kiosque: not wired yet")),
        Verb::Next { slug, number, after, format } => next(named, &slug, number, after, format),
    }
}

/// The declared newsletter with this slug; the failure names those there are.
pub(super) fn declared<'a>(declarations: &'a Declarations, slug: &str) -> Result<&'a Declaration, Failure> {
    declarations.newsletter(slug).ok_or_else(|| {
        let slugs: Vec<&str> = declarations.newsletters.iter().map(|n| n.slug.as_str()).collect();
        let advice = match nearest(slug, slugs.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if slugs.is_empty() => "none is declared".to_owned(),
            None => format!("declared are: {}", slugs.join(", ")),
        };
        Failure::usage(format!("kiosque: no newsletter is called {slug}; {advice}"))
    })
}

fn next(
    named: Option<&Path>,
    slug: &str,
    number: usize,
    after: Option<NaiveDate>,
    format: Format,
) -> Result<(), Failure> {
    let (_, declarations) = setup::configuration(named)?;
    let newsletter = declared(&declarations, slug)?;
    // a slot at midnight belongs to its day
    let midnight = after.and_then(|day| newsletter.zone.place(day.and_time(NaiveTime::MIN)));
    let after = midnight.map_or_else(|| Clock::System.now().to_utc(), |m| m.at - TimeDelta::milliseconds(1));
    let runs = runs::next_runs(newsletter, after, number);
    if format.json {
        return Ok(output::json(&runs)?);
    }
    for run in runs {
        output::say(run.sentence());
    }
    Ok(())
}
