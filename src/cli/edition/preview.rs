//! `edition preview` and `edition test`: what would be sent now, seen before anybody else sees it.

use std::path::Path;

use anyhow::Context;

use super::super::setup::{self, Access};
use super::super::template::made_to_fit;
use super::super::{Failure, output};
use super::run::who_sends;
use crate::app::App;
use crate::delivery;
use crate::mail::{Address, LINK_MARK, PREFERENCES_MARK, Personal, TOKEN_MARK, greeted};

/// Stands where a reader's token would.
const NO_TOKEN: &str = "apercu";

/// Writes each variant as HTML, text and a whole message.
pub(super) async fn preview(named: Option<&Path>, slug: &str, out: &Path) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, _) = setup::newsletter(&app, slug).await?;
    let now = app.clock.now();
    let preview = app.desk.preview(declaration.slug.as_str(), now).await?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    let domain = declaration.from.address().domain();
    for (choice, rendered, message) in &preview.mails {
        let name = file_name(choice);
        let id = format!("apercu-{name}@{domain}");
        let personal = Personal::new(declaration.from.clone(), id, now.to_utc(), NO_TOKEN.to_owned());
        let personal = personal
            .and_then(|one| one.with(NO_TOKEN.to_owned(), NO_TOKEN.to_owned()))
            .context("cannot make a message of the preview")?;
        for (ending, bytes) in [
            ("html", readable(&rendered.html, None).into_bytes()),
            ("txt", readable(&rendered.text, None).into_bytes()),
            ("eml", message.splice(&personal)),
        ] {
            let path = out.join(format!("{name}.{ending}"));
            std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let file = out.join(format!("{name}.html"));
        let fitted =
            made_to_fit(rendered.trimmed).map_or_else(String::new, |done| format!(" (to fit: {done})"));
        output::say(format!("{}: {}{fitted}", file.display(), rendered.subject));
    }
    Ok(())
}

/// A part of a mail with something in the places of a reader's tokens, for a reader with this first name or without one.
pub(in crate::cli) fn readable(text: &str, first_name: Option<&str>) -> String {
    [TOKEN_MARK, PREFERENCES_MARK, LINK_MARK]
        .iter()
        .fold(greeted(text, first_name), |text, mark| text.replace(mark, NO_TOKEN))
}

/// `all`, `choice-3-5`, `choice-3-5-light`.
fn file_name(choice: &str) -> String {
    let plain = choice.replace([',', ' '], "-");
    if plain.starts_with("all") { plain } else { format!("choice-{plain}") }
}

/// Puts a test message in the queue; whoever serves sends it before any digest.
pub(super) async fn test(named: Option<&Path>, slug: &str, to: &Address) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, _) = setup::newsletter(&app, slug).await?;
    let slug = declaration.slug.as_str();
    let subject = delivery::enqueue_test(&app.desk, &app.keys, slug, to, app.clock.now()).await?;
    output::say(format!("queued for {to} by {}: {subject}", relay(&app)));
    output::say(who_sends(&app).await?);
    Ok(())
}

/// The relay that takes the mail, as it is shown: without its password.
pub(super) fn relay(app: &App) -> String {
    app.config.relays.first().map_or_else(|| "no relay".to_owned(), |relay| relay.url.to_string())
}
