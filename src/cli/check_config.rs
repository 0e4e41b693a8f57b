//! `kiosque check-config`: every mistake, or what is to come.

use std::path::Path;

use super::{Failure, output, runs, setup};
use crate::clock::Clock;

/// Prints every mistake of the configuration; when there is none, the next three runs of each newsletter.
pub(super) async fn run(named: Option<&Path>) -> Result<(), Failure> {
    let (config, declarations) = setup::configuration(named)?;
    output::say(format!("{}: no mistakes", config.source().name));
    let now = Clock::System.now().to_utc();
    for newsletter in &declarations.newsletters {
        output::say(format!("\n{} ({})", newsletter.title, newsletter.slug));
        for run in runs::next_runs(newsletter, now, 3) {
            output::say(format!("  {}", run.sentence()));
        }
    }
    Ok(())
}
