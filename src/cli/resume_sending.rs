//! `kiosque resume-sending`: the end of a hold that a restored or older database began.

use std::path::Path;

use super::setup::{self, Access};
use super::{Failure, output};
use crate::app::App;
use crate::db::SendingHeld;
use crate::delivery::unfinished;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Send nothing for the slots that have passed since: they are noted as missed
    #[arg(long)]
    skip_missed: bool,
}

pub(super) async fn run(named: Option<&Path>, arguments: &Arguments) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    if app.db.sending_held().await?.is_none() {
        output::say("sending is not held");
        return Ok(());
    }
    let now = app.clock.now();
    if arguments.skip_missed {
        for (newsletter, slot) in app.desk.skip_missed(now).await? {
            output::say(format!("{newsletter} {slot}: missed"));
        }
    }
    let editions = unfinished(&app.db).await?;
    app.db.resume_sending(now).await?;
    for edition in editions {
        output::say(format!("edition {} ({}, {}) goes on", edition.id, edition.slug, edition.slot_key));
    }
    output::say("sending goes on");
    Ok(())
}

/// Says why sending is held, what would go out when it goes on, and what to type.
pub(super) async fn explain(app: &App, held: &SendingHeld) -> Result<(), Failure> {
    output::say(format!("\nSENDING IS HELD since {}: {}.", held.at, held.reason));
    output::say(format!(
        "No node fires or sends anything. What was sent after {} is not known here, and would be sent again:",
        held.since
    ));
    let editions = unfinished(&app.db).await?;
    let slots = app.desk.missed(app.clock.now()).await?;
    if editions.is_empty() && slots.is_empty() {
        output::say("  no edition is unfinished and no slot has passed since");
    }
    for edition in editions {
        output::say(format!(
            "  edition {} of {}, slot {}, {}: {} deliveries open. If it went out: kiosque edition stop {}",
            edition.id, edition.slug, edition.slot_key, edition.state, edition.open, edition.id
        ));
    }
    for (newsletter, slot) in &slots {
        output::say(format!("  slot {slot} of {newsletter} has passed"));
    }
    let skip = if slots.is_empty() { "" } else { " (with --skip-missed when these slots were sent)" };
    output::say(format!("Then type: kiosque resume-sending{skip}"));
    Ok(())
}
