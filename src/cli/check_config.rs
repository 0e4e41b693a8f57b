//! `kiosque check-config`: every mistake, or what is to come.

use std::path::Path;

use anyhow::Context as _;

use super::newsletter::{coming_of, sentence};
use super::{Failure, left_out, output, serve, setup};
use crate::app::{self, App};
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, nearest};
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
    let (templates, _) =
        app::dress(&config).map_err(|error| Failure::usage(format!("kiosque: {error:#}")))?;
    output::say(format!("{}: no mistakes", config.source().name));
    for warning in config.templates.as_deref().map_or_else(Vec::new, |folder| misnamed(&templates, folder)) {
        output::say(format!("\nwarning: {warning}"));
    }
    if let Some(refusal) = serve::example_values(&config) {
        output::say(format!("\nwarning: serve will not start: {refusal}"));
    }
    warn_of_french(&templates, &config)?;
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
fn warn_of_french(templates: &Templates, config: &Config) -> Result<(), Failure> {
    if config.templates.is_none() {
        return Ok(());
    }
    let mut found = sample_pages::lint(templates).context("the page templates cannot be used")?;
    found.extend(sample_view::lint_mails(templates).context("the mail templates cannot be used")?);
    for (place, blemish) in found {
        output::say(format!("\nwarning: {place} (as tried out with invented articles): {blemish}"));
    }
    for (place, blemish) in templates.lint_sources(true) {
        output::say(format!("\nwarning: {place}: {blemish}"));
    }
    Ok(())
}

/// Files of the operator's that replace no template, but almost have the name of one.
pub(super) fn misnamed(templates: &Templates, folder: &Path) -> Vec<String> {
    let others = templates.files().filter(|(_, replaces)| !replaces);
    let warning = |(path, _): (&Path, bool)| {
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        if name.starts_with("email/digest_") {
            return None; // a template of a name of its own
        }
        let near = nearest(&name, Templates::built_in())?;
        Some(format!("{} replaces no template; did you mean {near}?", path.display()))
    };
    others.filter_map(warning).collect()
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
