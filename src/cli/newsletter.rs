//! `kiosque newsletter`: schedules and pauses.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use clap::Subcommand;
use serde::Serialize;

use super::Failure;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use super::snippet;
use crate::app::App;
use crate::clock::{Clock, Timestamp};
use crate::french::date;
use crate::newsletters::announce::describe_slot;
use crate::newsletters::coming::{self, Coming, Prospect, Skipped};
use crate::newsletters::declaration::Declaration;
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::rhythm::rhythm;
use crate::newsletters::slot_store::SkipReason;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the newsletters, with their readers and their next run
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
    /// Send nothing, until resumed or until a day
    Pause {
        /// The newsletter's slug
        slug: String,
        /// The first day with an edition again
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
    },
    /// End a pause
    Resume {
        /// The newsletter's slug
        slug: String,
    },
    /// Print the form, for a page of another site
    Snippet(snippet::Arguments),
    /// Send nothing at the next run
    Skip {
        /// The newsletter's slug
        slug: String,
    },
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(format) => list(named, format).await,
        Verb::Next { slug, number, after, format } => next(named, &slug, number, after, format).await,
        Verb::Pause { slug, until } => pause(named, &slug, until).await,
        Verb::Resume { slug } => resume(named, &slug).await,
        Verb::Snippet(arguments) => snippet::run(named, &arguments),
        Verb::Skip { slug } => skip(named, &slug).await,
    }
}

/// A coming run, for programs.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    slot: String,
    at: DateTime<Utc>,
    local: NaiveDateTime,
    timezone: &'static str,
    utc_offset: String,
    /// `edition`, `paused`, or why it was skipped.
    outcome: &'static str,
}

impl Run {
    pub(super) fn of(coming: &Coming, declaration: &Declaration) -> Run {
        let zone = declaration.zone;
        Run {
            slot: coming.slot.key.to_string(),
            at: coming.slot.at,
            local: zone.local(coming.slot.at),
            timezone: zone.name(),
            utc_offset: offset(zone.utc_offset(coming.slot.at) / 60),
            outcome: match coming.prospect {
                Prospect::Edition => "edition",
                Prospect::Paused => "paused",
                Prospect::Skipped(reason) => reason.as_str(),
            },
        }
    }
}

/// `+01:00` for 60 minutes.
fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// « mardi 24 novembre 2026 à 7 h (Africa/Lome, UTC+0) – en pause ».
pub(super) fn sentence(coming: &Coming, declaration: &Declaration) -> String {
    let slot = describe_slot(coming.slot, declaration.zone);
    match coming.prospect {
        Prospect::Edition => slot,
        Prospect::Paused => format!("{slot} – en pause, pas d’édition"),
        Prospect::Skipped(SkipReason::Operator) => format!("{slot} – sautée par la rédaction"),
        Prospect::Skipped(_) => format!("{slot} – pas d’édition"),
    }
}

async fn next(
    named: Option<&Path>,
    slug: &str,
    number: usize,
    after: Option<NaiveDate>,
    format: Format,
) -> Result<(), Failure> {
    let (config, declarations) = setup::configuration(named)?;
    let declaration = setup::declared(&declarations, slug)?;
    // a slot at midnight belongs to its day
    let midnight = after.and_then(|day| declaration.zone.place(day.and_time(NaiveTime::MIN)));
    let midnight = midnight.map(|placed| Timestamp::from(placed.at - TimeDelta::milliseconds(1)));
    let after = midnight.unwrap_or_else(|| Clock::System.now());
    // without a database there is still a schedule
    let known = setup::open_if_there(config).await.ok();
    let coming = match &known {
        Some(app) => coming_of(app, declaration, after, number).await?,
        None => coming::declared(declaration, after, number),
    };
    if format.json {
        let runs: Vec<Run> = coming.iter().map(|coming| Run::of(coming, declaration)).collect();
        return Ok(output::json(&runs)?);
    }
    for coming in coming {
        output::say(sentence(&coming, declaration));
    }
    Ok(())
}

/// The next slot that makes an edition, looked for as far as a pause may reasonably reach.
pub(super) async fn next_edition(app: &App, declaration: &Declaration) -> Result<Option<Coming>, Failure> {
    let coming = coming_of(app, declaration, app.clock.now(), 400).await?;
    Ok(coming.into_iter().find(|coming| coming.prospect == Prospect::Edition))
}

/// The coming slots, with what the store knows of them if it knows the newsletter.
pub(super) async fn coming_of(
    app: &App,
    declaration: &Declaration,
    after: Timestamp,
    count: usize,
) -> Result<Vec<Coming>, Failure> {
    Ok(match Newsletter::by_slug(&app.db, declaration.slug.as_str()).await? {
        Some(row) => coming::coming(&app.db, &row, declaration, after, count).await?,
        None => coming::declared(declaration, after, count),
    })
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    slug: &'a str,
    title: &'a str,
    schedule: &'a str,
    timezone: &'static str,
    rhythm: String,
    readers: i64,
    paused: bool,
    next: Option<Run>,
}

async fn list(named: Option<&Path>, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let now = app.clock.now();
    let mut listed = Vec::new();
    for declaration in &app.declarations.newsletters {
        let row = Newsletter::by_slug(&app.db, declaration.slug.as_str()).await?;
        let next = next_edition(&app, declaration).await?;
        listed.push(Listed {
            slug: declaration.slug.as_str(),
            title: &declaration.title,
            schedule: declaration.schedule.source(),
            timezone: declaration.zone.name(),
            rhythm: rhythm(&declaration.schedule),
            readers: match &row {
                Some(row) => row.readers(&app.db).await?,
                None => 0,
            },
            paused: row.is_some_and(|row| row.is_paused_at(now)),
            next: next.map(|coming| Run::of(&coming, declaration)),
        });
    }
    if format.json {
        return Ok(output::json(&listed)?);
    }
    let mut table = Table::new(&["slug", "title", "#readers", "schedule", "next run"]);
    for newsletter in &listed {
        let next = newsletter.next.as_ref().map_or_else(
            || "none".to_owned(),
            |run| format!("{} {}", run.local.format("%Y-%m-%d %H:%M"), run.timezone),
        );
        let next = if newsletter.paused { format!("{next} (paused)") } else { next };
        table.row([
            newsletter.slug.to_owned(),
            newsletter.title.to_owned(),
            newsletter.readers.to_string(),
            newsletter.rhythm.clone(),
            next,
        ]);
    }
    table.print("no newsletter is declared");
    Ok(())
}

async fn pause(named: Option<&Path>, slug: &str, until: Option<NaiveDate>) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, row) = setup::newsletter(&app, slug).await?;
    let now = app.clock.now();
    let end = match until {
        None => None,
        Some(day) => {
            let placed = declaration.zone.place(day.and_time(NaiveTime::MIN));
            let end = placed.map(|placed| Timestamp::from(placed.at)).filter(|end| *end > now);
            Some(end.ok_or_else(|| Failure::usage(format!("kiosque: {day} is not a day to come")))?)
        }
    };
    row.pause_from(&app.db, now, end).await?;
    let title = &declaration.title;
    output::say(match until {
        Some(day) => format!("{title}\u{a0}: en pause jusqu’au {} exclu.", date::long_date(day)),
        None => format!("{title}\u{a0}: en pause, jusqu’à «\u{a0}kiosque newsletter resume {slug}\u{a0}»."),
    });
    Ok(())
}

async fn resume(named: Option<&Path>, slug: &str) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, row) = setup::newsletter(&app, slug).await?;
    let was_paused = row.resume(&app.db, app.clock.now()).await?;
    let title = &declaration.title;
    if !was_paused {
        output::say(format!("{title}\u{a0}: aucune pause n’était en cours."));
    }
    if let Some(next) = next_edition(&app, declaration).await? {
        output::say(format!("{title}\u{a0}: prochaine édition le {}.", sentence(&next, declaration)));
    }
    Ok(())
}

async fn skip(named: Option<&Path>, slug: &str) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, row) = setup::newsletter(&app, slug).await?;
    let title = &declaration.title;
    let skipped = coming::skip_next(&app.db, row.id, declaration, app.clock.now()).await?;
    output::say(match skipped {
        Skipped::Now(slot) => {
            format!("{title}\u{a0}: pas d’édition le {}.", describe_slot(slot, declaration.zone))
        }
        Skipped::Before(slot) => {
            format!(
                "{title}\u{a0}: l’édition du {} était déjà sautée ou partie.",
                describe_slot(slot, declaration.zone)
            )
        }
        Skipped::None => format!("{title}\u{a0}: aucune édition n’est prévue."),
    });
    Ok(())
}
