//! `edition approve`, `stop`, `resume`, `postpone`: what an editor decides.

use std::path::Path;

use chrono::{NaiveDateTime, NaiveTime};

use super::super::setup::{self, Access};
use super::super::{Failure, output};
use crate::app::App;
use crate::clock::Timestamp;
use crate::french::date;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::editing;
use crate::newsletters::edition::{Edition, EditionId, EditionState};

use super::edit::OPERATOR;

/// Lets an edition leave at its hour, or now when that has passed.
pub(super) async fn approve(named: Option<&Path>, id: EditionId) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let edition = editing::approve(&app.db, id, OPERATOR, app.clock.now()).await?;
    output::say(format!(
        "{}\u{a0}: approuvée, part le {}.",
        name(&app, &edition),
        when(&app, &edition, edition.due_at)
    ));
    Ok(())
}

/// Stops an edition: before release its articles return, after it what has not left is held.
pub(super) async fn stop(named: Option<&Path>, id: EditionId) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let edition = editing::stop(&app.db, id, OPERATOR, app.clock.now()).await?;
    let effect = match edition.released_at {
        None => "ses articles reviennent pour l’édition suivante".to_owned(),
        Some(_) => format!("ce qui n’est pas parti attend «\u{a0}kiosque edition resume {id}\u{a0}»"),
    };
    output::say(format!("{}\u{a0}: arrêtée, {effect}.", name(&app, &edition)));
    Ok(())
}

/// Lets a stopped edition go on.
pub(super) async fn resume(named: Option<&Path>, id: EditionId) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let edition = editing::resume(&app.db, id, OPERATOR, app.clock.now()).await?;
    output::say(format!("{}\u{a0}: repart.", name(&app, &edition)));
    Ok(())
}

/// Moves an edition's release; `to` is told on the newsletter's clock.
pub(super) async fn postpone(named: Option<&Path>, id: EditionId, to: &str) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let edition = Edition::find(&app.db, id).await?;
    let declaration = setup::declared(&app.declarations, &edition.slug)?;
    let to = moment(to, declaration, edition.slot_at)?;
    let now = app.clock.now();
    if to <= now {
        let shown = date::date_at_hour(declaration.zone.local(to.to_utc()));
        return Err(Failure::usage(format!(
            "kiosque: --to: le {shown} est passé; expected a moment to come"
        )));
    }
    let edition = editing::postpone(&app.db, id, to, declaration.grace.ms(), OPERATOR, now).await?;
    let approval = match (edition.state, edition.approved_at) {
        (EditionState::Frozen, None) => ", une fois approuvée",
        _ => "",
    };
    let leaves = when(&app, &edition, edition.due_at);
    output::say(format!("{}\u{a0}: reportée, part le {leaves}{approval}.", name(&app, &edition)));
    Ok(())
}

/// `2026-11-24T09:30`, `2026-11-24 09:30`, or `09:30` on the day of the slot.
fn moment(text: &str, declaration: &Declaration, slot_at: Timestamp) -> Result<Timestamp, Failure> {
    let whole = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let whole = whole.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let hour = NaiveTime::parse_from_str(text, "%H:%M").ok();
    let day = declaration.zone.local(slot_at.to_utc()).date();
    let placed =
        whole.or(hour.map(|hour| day.and_time(hour))).and_then(|local| declaration.zone.place(local));
    placed.map(|placed| placed.at.into()).ok_or_else(|| {
        Failure::usage(format!(
            "kiosque: --to {text}: expected a time such as 2026-11-24T09:30, or 09:30 for the same day"
        ))
    })
}

/// « La Matinale, édition 12 ».
fn name(app: &App, edition: &Edition) -> String {
    let declared = app.declarations.newsletter(&edition.slug);
    let title = declared.map_or(edition.slug.as_str(), |declaration| declaration.title.as_str());
    format!("{title}, édition {}", edition.id)
}

fn when(app: &App, edition: &Edition, at: Timestamp) -> String {
    match app.declarations.newsletter(&edition.slug) {
        Some(declaration) => {
            format!("{} ({})", date::date_at_hour(declaration.zone.local(at.to_utc())), declaration.zone)
        }
        None => at.to_string(),
    }
}
