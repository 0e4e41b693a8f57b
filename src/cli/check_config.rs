//! `kiosque check-config`: every mistake, or what is to come.

use std::path::Path;

use anyhow::Context as _;

use super::newsletter::{coming_of, sentence};
use super::{Failure, left_out, output, serve, setup};
use crate::app::App;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::delivery::Policy;
use crate::html::sample_pages;
use crate::html::templates::Templates;
use crate::newsletters::announce::describe_change;
use crate::newsletters::coming;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::rhythm::rhythm;
use crate::newsletters::sample_view;
use crate::newsletters::schedule::Schedule;
use crate::newsletters::zone::Zone;

/// Prints every mistake of the configuration; when there is none, the next three runs of each newsletter and, where the
/// database knows another schedule, what the change does.
pub(super) async fn run(named: Option<&Path>) -> Result<(), Failure> {
    let (config, declarations) = setup::configuration(named)?;
    Policy::load(&config)?;
    output::say(format!("{}: no mistakes", config.source().name));
    if let Some(refusal) = serve::example_values(&config) {
        output::say(format!("\nwarning: serve will not start: {refusal}"));
    }
    warn_of_french(&config)?;
    let now = Clock::System.now();
    let known = setup::open_if_there(config).await;
    for declaration in &declarations.newsletters {
        let rhythm = rhythm(&declaration.schedule);
        output::say(format!("\n{} ({}), {rhythm}", declaration.title, declaration.slug));
        let coming = match &known {
            Ok(app) => {
                if let Some(change) = change(app, declaration, now).await? {
                    output::say(format!("  {change}"));
                }
                coming_of(app, declaration, now, 3).await?
            }
            Err(_) => coming::declared(declaration, now, 3),
        };
        for coming in coming {
            output::say(format!("  {}", sentence(&coming, declaration)));
        }
    }
    match known {
        Ok(app) => left_out::warn(&app).await,
        Err(Failure::Failed(error)) => {
            output::say(format!("\nnot compared with the database: {error}"));
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// Says what in the French of the operator's own templates is to be mended; the built-in ones are held to it by tests.
fn warn_of_french(config: &Config) -> Result<(), Failure> {
    let Some(folder) = &config.templates else { return Ok(()) };
    let templates = Templates::load(Some(folder)).context("the templates cannot be used")?;
    let mut found = sample_pages::lint(&templates).context("the page templates cannot be used")?;
    found.extend(sample_view::lint_mails(&templates).context("the mail templates cannot be used")?);
    for (place, blemish) in found {
        output::say(format!("\nwarning: {place} (as tried out with invented articles): {blemish}"));
    }
    Ok(())
}

/// What taking up the declared schedule changes, in one sentence; nothing where it is in force already.
async fn change(app: &App, declaration: &Declaration, now: Timestamp) -> Result<Option<String>, Failure> {
    let mut row = Newsletter::by_slug(&app.db, declaration.slug.as_str()).await?;
    for was in &declaration.was {
        if row.is_none() {
            row = Newsletter::by_slug(&app.db, was.as_str()).await?;
        }
    }
    let Some(row) = row else {
        return Ok(Some("Nouvelle lettre, prise en compte au prochain démarrage.".to_owned()));
    };
    let (Ok(schedule), Ok(zone)) = (Schedule::parse(&row.schedule), Zone::parse(&row.timezone)) else {
        return Ok(None);
    };
    if schedule == declaration.schedule && zone == declaration.zone {
        return Ok(None);
    }
    let effect = describe_change((&schedule, zone), (&declaration.schedule, declaration.zone), now.to_utc());
    Ok(Some(format!("Nouvel horaire. {effect}")))
}
