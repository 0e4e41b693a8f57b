//! `edition list` and `edition show`.

use std::path::Path;

use serde::Serialize;

use super::super::Failure;
use super::super::output::{self, Format, Table};
use super::super::setup::{self, Access};
use super::super::template::made_to_fit;
use crate::app::App;
use crate::articles::{self, ArticleId};
use crate::clock::Timestamp;
use crate::delivery::{self, Balance};
use crate::newsletters::clicks;
use crate::newsletters::editing::history;
use crate::newsletters::edition::{Edition, EditionId};
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::weight::{self, Weight};

/// An edition, for programs; times are epoch milliseconds.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Shown {
    pub(in crate::cli) id: EditionId,
    newsletter: String,
    slot: String,
    state: String,
    revision: i64,
    slot_at: Timestamp,
    due_at: Timestamp,
    approved_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
    deliveries: Balance,
    /// Readers without a row: anything but 0 is a mistake of the program.
    pub(in crate::cli) missing: i64,
}

impl Shown {
    async fn of(app: &App, edition: &Edition) -> Result<Shown, Failure> {
        let balance = delivery::balance(&app.db, edition.id).await?;
        Ok(Shown {
            id: edition.id,
            newsletter: edition.slug.clone(),
            slot: edition.slot_key.clone(),
            state: edition.state.to_string(),
            revision: edition.revision,
            slot_at: edition.slot_at,
            due_at: edition.due_at,
            approved_at: edition.approved_at,
            released_at: edition.released_at,
            missing: balance.missing(),
            deliveries: balance,
        })
    }
}

impl Shown {
    /// A row of the table; `due` on the newsletter's clock.
    fn cells(&self, app: &App) -> Vec<String> {
        let counts = &self.deliveries;
        vec![
            self.id.to_string(),
            self.newsletter.clone(),
            self.slot.split(':').next().filter(|kind| *kind == "run").unwrap_or(&self.slot).to_owned(),
            self.state.clone(),
            local(app, &self.newsletter, self.due_at),
            counts.eligible.map_or_else(String::new, |readers| readers.to_string()),
            counts.sent.to_string(),
            (counts.pending + counts.claimed).to_string(),
            counts.in_doubt.to_string(),
            counts.failed.to_string(),
            counts.cancelled.to_string(),
        ]
    }
}

/// `2026-11-24 07:00` on the newsletter's clock.
pub(in crate::cli) fn local(app: &App, slug: &str, at: Timestamp) -> String {
    match app.declarations.newsletter(slug) {
        Some(declaration) => declaration.zone.local(at.to_utc()).format("%Y-%m-%d %H:%M").to_string(),
        None => at.to_string(),
    }
}

pub(super) async fn list(
    named: Option<&Path>,
    newsletter: Option<&str>,
    number: u32,
    format: Format,
) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let shown = latest(&app, newsletter, number).await?;
    if format.json {
        return Ok(output::json(&shown)?);
    }
    table(&app, &shown).print("no editions yet");
    Ok(())
}

/// The editions as a table.
pub(in crate::cli) fn table(app: &App, editions: &[Shown]) -> Table {
    let mut table = Table::new(&[
        "#id",
        "newsletter",
        "slot",
        "state",
        "due",
        "#eligible",
        "#sent",
        "#waiting",
        "#in doubt",
        "#failed",
        "#cancelled",
    ]);
    for edition in editions {
        table.row(edition.cells(app));
    }
    table
}

/// The latest editions of one newsletter, or of all the store knows, newest first.
pub(in crate::cli) async fn latest(
    app: &App,
    newsletter: Option<&str>,
    number: u32,
) -> Result<Vec<Shown>, Failure> {
    let slugs: Vec<&str> = match newsletter {
        Some(slug) => vec![setup::declared(&app.declarations, slug)?.slug.as_str()],
        None => app.declarations.newsletters.iter().map(|declaration| declaration.slug.as_str()).collect(),
    };
    let mut editions = Vec::new();
    for slug in slugs {
        if let Some(row) = Newsletter::by_slug(&app.db, slug).await? {
            editions.extend(Edition::latest(&app.db, row.id, number.into()).await?);
        }
    }
    editions.sort_by_key(|edition| std::cmp::Reverse((edition.slot_at, edition.id)));
    editions.truncate(number as usize);
    let mut shown = Vec::new();
    for edition in &editions {
        shown.push(Shown::of(app, edition).await?);
    }
    Ok(shown)
}

/// An article of an edition, for programs.
#[derive(Debug, Serialize)]
struct ShownArticle {
    id: ArticleId,
    role: String,
    title: String,
    /// How often it was opened from a mail; none where the newsletter does not count that.
    clicks: Option<i64>,
}

/// A revision, for programs.
#[derive(Debug, Serialize)]
struct ShownRevision {
    revision: usize,
    at: Timestamp,
    cause: String,
    subject: Option<String>,
    note: Option<String>,
}

/// Something that editors or operators did, for programs.
#[derive(Debug, Serialize)]
struct ShownAct {
    at: Timestamp,
    who: String,
    act: String,
    article: Option<ArticleId>,
    detail: Option<String>,
    revision: Option<i64>,
}

/// All about one edition.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    edition: Shown,
    revisions: Vec<ShownRevision>,
    articles: Vec<ShownArticle>,
    acts: Vec<ShownAct>,
    /// The mails of its present revision.
    mails: Weight,
}

pub(super) async fn show(named: Option<&Path>, id: EditionId, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let edition = Edition::find(&app.db, id).await?;
    let opened = clicks::of_edition(&app.db, edition.id).await?;
    let counts = !opened.is_empty()
        || app.declarations.newsletter(&edition.slug).is_some_and(|letter| letter.count_clicks);
    let mut articles = Vec::new();
    for (id, role) in edition.articles(&app.db).await? {
        let title = articles::get(&app.db, id).await?.map_or_else(String::new, |article| article.title);
        articles.push(ShownArticle {
            id,
            role: role.to_string(),
            title,
            clicks: counts.then(|| opened.get(&id).copied().unwrap_or(0)),
        });
    }
    let revisions = edition.history(&app.db).await?.into_iter().zip(1..);
    let acts = history::of(&app.db, id).await?.into_iter().map(|done| ShownAct {
        at: done.at,
        who: done.who,
        act: done.act.to_string(),
        article: done.article_id,
        detail: done.detail,
        revision: done.revision,
    });
    let whole = Whole {
        acts: acts.collect(),
        edition: Shown::of(&app, &edition).await?,
        revisions: revisions
            .map(|(words, revision)| ShownRevision {
                revision,
                at: words.created_at,
                cause: words.cause,
                subject: words.subject,
                note: words.note,
            })
            .collect(),
        articles,
        mails: weight::weight(&app.db, id).await?,
    };
    if format.json {
        return Ok(output::json(&whole)?);
    }
    print(&app, &whole);
    Ok(())
}

/// "5 variants, HTML of 36 KB at most; 2 made to fit: excerpts of 60 characters"; nothing before release.
fn mails(mails: &Weight) -> Option<String> {
    let Weight { variants, html_bytes, trimmed, .. } = mails;
    let fitted = made_to_fit(mails.at_most())
        .map_or_else(String::new, |done| format!("; {trimmed} made to fit, at most: {done}"));
    (*variants > 0).then(|| format!("{variants} variants, HTML of {} KiB at most{fitted}", html_bytes / 1024))
}

fn print(app: &App, whole: &Whole) {
    let edition = &whole.edition;
    let time = |at: Timestamp| local(app, &edition.newsletter, at);
    output::say(format!(
        "edition {} of {}, slot {}: {}",
        edition.id, edition.newsletter, edition.slot, edition.state
    ));
    let mut lines = Table::new(&["", ""]);
    lines.row(["due".into(), time(edition.due_at)]);
    let not_yet = || "not yet".to_owned();
    lines.row(["approved".into(), edition.approved_at.map_or_else(not_yet, time)]);
    lines.row(["released".into(), edition.released_at.map_or_else(not_yet, time)]);
    let counts = &edition.deliveries;
    for (what, number) in [
        ("eligible", counts.eligible.unwrap_or_default()),
        ("sent", counts.sent),
        ("pending", counts.pending),
        ("claimed", counts.claimed),
        ("in doubt", counts.in_doubt),
        ("failed", counts.failed),
        ("cancelled", counts.cancelled),
        ("held", counts.held),
        ("missing", edition.missing),
    ] {
        lines.row([what.to_owned(), number.to_string()]);
    }
    if let Some(mails) = mails(&whole.mails) {
        lines.row(["mails".to_owned(), mails]);
    }
    output::say(lines.render().trim_start());
    for revision in &whole.revisions {
        let subject =
            revision.subject.as_ref().map_or_else(String::new, |subject| format!(", subject: {subject}"));
        output::say(format!(
            "revision {} ({}): {}{subject}",
            revision.revision,
            time(revision.at),
            revision.cause
        ));
    }
    // What made a revision stands there.
    for act in whole.acts.iter().filter(|act| act.revision.is_none()) {
        let to = act.detail.as_deref().and_then(|to| to.parse().ok()).map(Timestamp::from_millis);
        let to = to.map_or_else(String::new, |to| format!(" to {}", time(to)));
        output::say(format!("{} ({}): {}{to}", act.act, time(act.at), act.who));
    }
    let mut articles = Table::new(&["#article", "role", "#opened", "title"]);
    for article in &whole.articles {
        let opened = article.clicks.map_or_else(String::new, |clicks| clicks.to_string());
        articles.row([
            article.id.to_string(),
            article.role.clone(),
            opened,
            output::shorten(&article.title, 80),
        ]);
    }
    articles.print("no articles");
}
