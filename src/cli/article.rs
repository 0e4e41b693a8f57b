//! `kiosque article`: the articles in the store.

use std::path::Path;

use chrono::NaiveDate;
use clap::Subcommand;

use super::Failure;
use super::edition::note_of;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use crate::app::App;
use crate::articles::{self, Article, ArticleId};
use crate::clock::Timestamp;
use crate::config::nearest;
use crate::newsletters::{corrections, pins};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the newest articles, embargoed and retracted ones included
    List {
        /// Only of this category
        #[arg(long, value_name = "SLUG")]
        category: Option<String>,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 20, value_name = "N")]
        number: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Show one article
    Show {
        /// Its number
        id: ArticleId,
        #[command(flatten)]
        format: Format,
    },
    /// Take an article out of feeds and coming editions
    Retract {
        /// Its number, or its address on the site
        #[arg(value_name = "ID-OR-URL")]
        article: String,
    },
    /// Put an article on top of the next edition that takes it
    Pin {
        /// Its number, or its address on the site
        #[arg(value_name = "ID-OR-URL")]
        article: String,
        /// Only of editions before this day (UTC)
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
    },
    /// Take a pin away
    Unpin {
        /// Its number, or its address on the site
        #[arg(value_name = "ID-OR-URL")]
        article: String,
    },
    /// Have the next edition say what was wrong in an article, to whoever got it
    Correct {
        /// Its number, or its address on the site
        #[arg(value_name = "ID-OR-URL")]
        article: String,
        /// What was wrong and what is right, in French, a sentence or two
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { category, number, format } => list(named, category.as_deref(), number, format).await,
        Verb::Show { id, format } => show(named, id, format).await,
        Verb::Retract { article } => retract(named, &article).await,
        Verb::Pin { article, until } => pin(named, &article, until).await,
        Verb::Unpin { article } => unpin(named, &article).await,
        Verb::Correct { article, note } => correct(named, &article, &note).await,
    }
}

async fn list(
    named: Option<&Path>,
    category: Option<&str>,
    number: u32,
    format: Format,
) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let found = match articles::list(&app.db, category, number).await {
        Err(sqlx::Error::RowNotFound) => return Err(no_category(&app, category.unwrap_or_default()).await?),
        found => found?,
    };
    if format.json {
        return Ok(output::json(&found)?);
    }
    let now = app.clock.now();
    let pinned = pins::in_force(&app.db, now).await?;
    let mut table = Table::new(&["#id", "published", "state", "categories", "title"]);
    for article in found {
        let state = match article.retracted_at {
            Some(_) => "retracted",
            None if pinned.contains(&article.id) => "pinned",
            None if article.published_at > now => "embargo",
            None if article.archive => "archive",
            None => "",
        };
        table.row([
            article.id.to_string(),
            article.published_at.to_string(),
            state.to_owned(),
            article.categories.join(","),
            output::shorten(&article.title, 80),
        ]);
    }
    table.print("no articles");
    Ok(())
}

async fn no_category(app: &App, slug: &str) -> Result<Failure, Failure> {
    let known = articles::categories(&app.db).await?;
    let advice = nearest(slug, known.iter().map(|category| category.slug.as_str()));
    let advice = advice.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Ok(Failure::usage(format!("kiosque: no category has the slug {slug}{advice}")))
}

async fn show(named: Option<&Path>, id: ArticleId, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let Some(article) = articles::get(&app.db, id).await? else {
        return Err(anyhow::anyhow!("there is no article {id}; kiosque article list shows the newest").into());
    };
    if format.json {
        return Ok(output::json(&article)?);
    }
    print(&article);
    Ok(())
}

fn print(article: &Article) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let image = article.image.as_ref().map_or_else(String::new, |image| image.url.clone());
    let retracted = article.retracted_at.map_or_else(String::new, |at| at.to_string());
    output::say(&article.title);
    for (what, value) in [
        ("id", article.id.to_string()),
        ("url", article.url.clone()),
        ("source", format!("{}, {}", article.source, article.external_id)),
        ("entry id", article.entry_id.clone()),
        ("number there", text(&article.origin_id)),
        ("published", article.published_at.to_string()),
        ("updated", article.updated_at.to_string()),
        ("first seen", article.first_seen_at.to_string()),
        ("appeared", article.appeared_at.to_string()),
        ("archive", if article.archive { "yes".to_owned() } else { String::new() }),
        ("retracted", retracted),
        ("authors", article.authors.join(", ")),
        ("categories", article.categories.join(", ")),
        ("tags", article.tags.join(", ")),
        ("image", image),
    ] {
        if !value.is_empty() {
            output::say(format!("  {what:<12}  {value}"));
        }
    }
    output::say(format!("\n{}\n\n{}", article.summary, article.body));
}

async fn retract(named: Option<&Path>, article: &str) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    for article in find(&app, article).await? {
        let (id, title) = (article.id, &article.title);
        if articles::retract(&app.db, id, app.clock.now()).await? {
            output::say(format!("article {id} is retracted: {title}"));
        } else {
            output::say(format!("article {id} was retracted before: {title}"));
        }
    }
    Ok(())
}

/// The articles meant, at least one.
async fn find(app: &App, article: &str) -> Result<Vec<Article>, Failure> {
    let found = articles::find(&app.db, article).await?;
    if found.is_empty() {
        return Err(anyhow::anyhow!(
            "there is no article {article}; give its number or its address on the site"
        )
        .into());
    }
    Ok(found)
}

async fn pin(named: Option<&Path>, article: &str, until: Option<NaiveDate>) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let end = until.map(|day| Timestamp::from(day.and_time(chrono::NaiveTime::MIN).and_utc()));
    if end.is_some_and(|end| end <= app.clock.now()) {
        return Err(Failure::usage("kiosque: --until lies in the past".to_owned()));
    }
    for article in find(&app, article).await? {
        let (id, title) = (article.id, &article.title);
        pins::pin(&app.db, id, app.clock.now(), end).await?;
        let until = until.map_or_else(String::new, |day| format!(" before {day}"));
        output::say(format!("article {id} leads the next edition{until} that takes it: {title}"));
        let used = pins::used_by(&app.db, id).await?;
        if !used.is_empty() {
            let used = used.join(", ");
            output::say(format!("  not of {used}: an edition has it already, and none takes it twice"));
        }
    }
    Ok(())
}

async fn unpin(named: Option<&Path>, article: &str) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    for article in find(&app, article).await? {
        let (id, title) = (article.id, &article.title);
        let was = if pins::unpin(&app.db, id).await? { "is not pinned any more" } else { "was not pinned" };
        output::say(format!("article {id} {was}: {title}"));
    }
    Ok(())
}

async fn correct(named: Option<&Path>, article: &str, note: &str) -> Result<(), Failure> {
    let note = note_of(note)?;
    let app = setup::open(named, Access::Write).await?;
    for article in find(&app, article).await? {
        let (id, title) = (article.id, &article.title);
        let sent = corrections::correct(&app.db, id, &note, app.clock.now()).await?;
        if sent.is_empty() {
            output::say(format!(
                "article {id} was in no edition that left, so nothing is to be put right: {title}"
            ));
        } else {
            let sent = sent.join(", ");
            output::say(format!("the next edition of {sent} tells whoever got article {id}: {title}"));
        }
    }
    Ok(())
}
