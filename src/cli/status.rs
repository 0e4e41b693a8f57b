//! `kiosque status`: everything on one screen.

use std::path::Path;

use serde::Serialize;

use super::Failure;
use super::bounces;
use super::edition::list::{self, Shown};
use super::newsletter::{Run, next_edition, sentence};
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use super::{resume_sending, sources};
use crate::alerts::words::words;
use crate::alerts::{self, Alert};
use crate::app::App;
use crate::articles::FeedState;
use crate::clock::{HOUR, MINUTE, SECOND, Timestamp};
use crate::db::{Lease, LivingNode, SendingHeld, leases, living_nodes};
use crate::delivery::bounces::MailboxState;
use crate::delivery::explain::sentence as set;
use crate::delivery::{self, Depth};
use crate::french::date;
use crate::newsletters::coming::Coming;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::newsletter::Newsletter;

/// How many editions are shown.
const EDITIONS: u32 = 8;

/// What `--json` answers; times are epoch milliseconds unless they are texts.
#[derive(Debug, Serialize)]
struct Status<'a> {
    alerts: Vec<Alert>,
    version: &'static str,
    now: Timestamp,
    nodes: Vec<LivingNode>,
    leases: Vec<Lease>,
    sending_held: Option<SendingHeld>,
    newsletters: Vec<Standing<'a>>,
    editions: Vec<Shown>,
    queue: Vec<Depth>,
    relays: Vec<String>,
    feeds_read: Vec<FeedState>,
    mailboxes: Vec<MailboxState>,
}

/// A newsletter's next run and pause.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    slug: &'a str,
    title: &'a str,
    readers: i64,
    paused: bool,
    paused_until: Option<Timestamp>,
    next: Option<Run>,
    #[serde(skip)]
    declaration: &'a Declaration,
    #[serde(skip)]
    coming: Option<Coming>,
}

pub(super) async fn run(named: Option<&Path>, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let now = app.clock.now();
    let mut newsletters = Vec::new();
    for declaration in &app.declarations.newsletters {
        newsletters.push(standing(&app, declaration, now).await?);
    }
    let status = Status {
        alerts: alerts::all_open(&app.db).await?,
        version: env!("CARGO_PKG_VERSION"),
        now,
        nodes: living_nodes(&app.db, now).await?,
        leases: leases(&app.db).await?,
        sending_held: app.db.sending_held().await?,
        newsletters,
        editions: list::latest(&app, None, EDITIONS).await?,
        queue: delivery::depths(&app.db).await?,
        relays: app.config.relays.iter().map(|relay| relay.url.to_string()).collect(),
        feeds_read: sources::read(&app).await?,
        mailboxes: bounces::read(&app).await?,
    };
    if format.json {
        return Ok(output::json(&status)?);
    }
    if let Some(held) = &status.sending_held {
        resume_sending::explain(&app, held).await?;
    }
    print(&app, &status);
    Ok(())
}

async fn standing<'a>(
    app: &App,
    declaration: &'a Declaration,
    now: Timestamp,
) -> Result<Standing<'a>, Failure> {
    let row = Newsletter::by_slug(&app.db, declaration.slug.as_str()).await?;
    let coming = next_edition(app, declaration).await?;
    Ok(Standing {
        slug: declaration.slug.as_str(),
        title: &declaration.title,
        readers: match &row {
            Some(row) => row.readers(&app.db).await?,
            None => 0,
        },
        paused: row.as_ref().is_some_and(|row| row.is_paused_at(now)),
        paused_until: row.as_ref().and_then(|row| row.paused_until).filter(|until| *until > now),
        next: coming.as_ref().map(|coming| Run::of(coming, declaration)),
        declaration,
        coming,
    })
}

fn print(app: &App, status: &Status<'_>) {
    let place = app.db.file().map_or_else(|| "PostgreSQL".to_owned(), |file| file.display().to_string());
    output::say(format!("kiosque {}, {}, database {place}", status.version, status.now));
    if status.nodes.is_empty() {
        output::say("nobody serves; start it with: kiosque serve");
    }
    for node in &status.nodes {
        let ago = ago(status.now, node.seen_at);
        output::say(format!("{} since {}, seen {ago} ago (node {})", node.roles, node.started_at, node.id));
    }
    for lease in status.leases.iter().filter(|lease| lease.until > status.now) {
        let owner = lease.owner.as_deref().unwrap_or("nobody");
        output::say(format!("{}: done by node {owner}", lease.name));
    }
    if !status.alerts.is_empty() {
        output::say("\nALERTS");
        for alert in &status.alerts {
            let words = words(alert.kind, &alert.subject, &alert.subject);
            output::say(format!("  {}, {} ago", set(&words.title, &[]), ago(status.now, alert.since)));
            if !alert.detail.is_empty() {
                output::say(format!("    {}", output::shorten(&alert.detail, 160)));
            }
            for step in words.to_do {
                output::say(format!("    {}", step.line));
            }
        }
    }
    output::say("\nNEWSLETTERS");
    for standing in &status.newsletters {
        let next = standing.coming.as_ref().map_or_else(
            || "aucune édition prévue".to_owned(),
            |coming| format!("prochaine édition le {}", sentence(coming, standing.declaration)),
        );
        let pause = match (standing.paused, standing.paused_until) {
            (false, _) => String::new(),
            (true, None) => " – en pause".to_owned(),
            (true, Some(until)) => {
                let until = standing.declaration.zone.local(until.to_utc()).date();
                format!(" – en pause jusqu’au {} exclu", date::long_date(until))
            }
        };
        output::say(format!("  {}\u{a0}: {next}{pause}", standing.title));
    }
    output::say("\nEDITIONS");
    list::table(app, &status.editions).print("  none yet");
    for edition in status.editions.iter().filter(|edition| edition.missing != 0) {
        output::say(format!("  edition {}: {} readers have no delivery row", edition.id, edition.missing));
    }
    output::say("\nQUEUE");
    let mut queue = Table::new(&["state", "held", "#priority", "#messages", "oldest due"]);
    for depth in &status.queue {
        queue.row([
            depth.state.to_string(),
            if depth.held { "held".to_owned() } else { String::new() },
            depth.priority.to_string(),
            depth.rows.to_string(),
            depth.oldest.to_string(),
        ]);
    }
    queue.print("  empty");
    sources::print(app, &status.feeds_read, status.now);
    bounces::print(app, &status.mailboxes, status.now);
    output::say(format!("\nRELAYS\n  {}", status.relays.join("\n  ")));
}

/// `3 s`, `12 min`, `5 h`.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
    match (now.millis() - then.millis()).max(0) {
        ms if ms < MINUTE => format!("{} s", ms / SECOND),
        ms if ms < 2 * HOUR => format!("{} min", ms / MINUTE),
        ms => format!("{} h", ms / HOUR),
    }
}
