//! `edition run`: an edition now, outside the schedule.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context;

use super::super::setup::{self, Access};
use super::super::{Failure, output};
use super::preview::relay;
use crate::app::App;
use crate::db::living_nodes;
use crate::french::number::count;

/// Says to how many, by which relay, with which subject; asks for the slug unless `yes`; makes and releases it.
pub(super) async fn run(named: Option<&Path>, slug: &str, yes: bool) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let (declaration, row) = setup::newsletter(&app, slug).await?;
    let slug = declaration.slug.as_str();
    let preview = app.desk.preview(slug, app.clock.now()).await?;
    let subject = preview.mails.first().map_or("", |(_, rendered, _)| rendered.subject.as_str());
    let readers = count(row.readers(&app.db).await?, "lecteur inscrit", "lecteurs inscrits");
    let articles = count(i64::try_from(preview.articles).unwrap_or(i64::MAX), "article", "articles");
    output::say(format!("{}\u{a0}: {articles}, {readers}, par {}", declaration.title, relay(&app)));
    output::say(format!("Objet\u{a0}: {subject}"));
    if !yes && !confirmed(slug)? {
        output::complain("Rien n’a été envoyé.");
        return Err(Failure::Reported);
    }
    let id = app.desk.run(slug, app.clock.now()).await?;
    output::say(format!("edition {id} is released; {}", who_sends(&app).await?));
    output::say(format!("follow it with: kiosque edition show {id}"));
    Ok(())
}

/// Who takes what was put in the queue.
pub(super) async fn who_sends(app: &App) -> Result<&'static str, Failure> {
    let nodes = living_nodes(&app.db, app.clock.now()).await?;
    Ok(match nodes.is_empty() {
        true => "nobody serves, so it waits; start it with: kiosque serve",
        false => "kiosque serve is running and sends it now",
    })
}

/// Asks for the slug on standard input, so that a habit of typing "y" sends nothing.
fn confirmed(slug: &str) -> Result<bool, Failure> {
    let asked = format!("Pour envoyer, tapez «\u{a0}{slug}\u{a0}»\u{a0}: ");
    if io::stdin().is_terminal() {
        let _ = write!(io::stdout(), "{asked}").and_then(|()| io::stdout().flush());
    } else {
        output::say(asked.trim_end());
    }
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(answer.trim() == slug)
}
