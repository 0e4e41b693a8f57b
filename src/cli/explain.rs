//! `kiosque explain`: one reader's story, in French.

use std::path::Path;

use serde::Serialize;

use super::Failure;
use super::output::{self, Format};
use super::setup::{self, Access};
use crate::app::App;
use crate::articles;
use crate::clock::{DAY, Timestamp};
use crate::delivery::explain::{
    self, Address as Reader, SubscriptionFacts, article, edition, moment, sentence,
};
use crate::french::style::Style;
use crate::mail::Address;
use crate::newsletters::edition::EditionId;
use crate::newsletters::selection;
use crate::newsletters::zone::Zone;
use crate::subscribers::SubscriptionState;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The reader's address
    address: Address,
    /// What became of this edition
    #[arg(long, value_name = "ID")]
    edition: Option<EditionId>,
    /// What became of this article, by its number or its page's address
    #[arg(long, value_name = "ID-OR-URL")]
    article: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The latest slots of each newsletter that are told when nothing is asked in particular.
const SLOTS: i64 = 3;

/// What is told of one thing.
#[derive(Debug, Serialize)]
struct Told {
    about: String,
    sentences: Vec<String>,
}

/// The whole story, for programs.
#[derive(Debug, Serialize)]
struct Story<'a> {
    known: bool,
    #[serde(flatten)]
    reader: &'a Reader,
    near: Vec<String>,
    told: Vec<Told>,
}

pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let reader = explain::address(&app.db, &app.keys, &arguments.address).await?;
    if reader.is_unknown(&app.db).await? {
        let near = explain::near(&app.db, &arguments.address).await?;
        if arguments.format.json {
            output::json(&Story { known: false, reader: &reader, near, told: Vec::new() })?;
        } else {
            output::complain(&unknown(&reader.address, &near));
        }
        return Err(Failure::Reported);
    }
    let now = app.clock.now();
    let told = match (&arguments.edition, &arguments.article) {
        (None, None) => latest(&app, &reader, now).await?,
        (id, article) => {
            let mut told = Vec::new();
            if let Some(id) = id {
                told.push(one(&app, *id, &reader, now).await?);
            }
            if let Some(article) = article {
                told.extend(of_article(&app, article, &reader, now).await?);
            }
            told
        }
    };
    if arguments.format.json {
        return Ok(output::json(&Story { known: true, reader: &reader, near: Vec::new(), told })?);
    }
    let style = Style::from(&app.config.french);
    for line in who(&app, &reader) {
        output::say(style.fit(line));
    }
    for Told { about, sentences } in told {
        output::say(style.fit(format!("\n{about}")));
        for sentence in sentences {
            output::say(style.fit(format!("  {sentence}")));
        }
    }
    Ok(())
}

fn unknown(address: &str, near: &[String]) -> String {
    let mut text = sentence("Rien n’est conservé de {}.", &[address]);
    if !near.is_empty() {
        text.push_str(&sentence(" À une lettre près : {}", &[&near.join(", ")]));
    }
    text
}

/// The newsroom's clock.
fn zone(app: &App) -> Zone {
    app.declarations.newsletters.first().map(|newsletter| newsletter.zone).unwrap_or_default()
}

/// Who it is: since when, whether he must not be mailed, what he asked for.
fn who(app: &App, reader: &Reader) -> Vec<String> {
    let zone = zone(app);
    let mut lines = vec![match reader.since {
        Some(since) => sentence("{}, connue depuis le {}.", &[&reader.address, &moment(zone, since)]),
        None => sentence("{} : aucun lecteur à cette adresse.", &[&reader.address]),
    }];
    lines.extend(reader.suppressions.iter().map(|past| edition::suppressed(past, zone)));
    lines.extend(reader.subscriptions.iter().map(subscription));
    if reader.since.is_some() && reader.subscriptions.is_empty() {
        lines.push(sentence("Aucune inscription.", &[]));
    }
    lines
}

fn subscription(subscription: &SubscriptionFacts) -> String {
    let at = |at: Timestamp| moment(subscription.zone(), at);
    let title = subscription.title.as_str();
    match (subscription.state, subscription.confirmed_at, subscription.left_at) {
        (SubscriptionState::Left, _, Some(left)) => {
            sentence("{} : désinscrite depuis le {}.", &[title, &at(left)])
        }
        (SubscriptionState::Confirmed, Some(since), _) => {
            sentence("{} : inscrite depuis le {}.", &[title, &at(since)])
        }
        _ => sentence(
            "{} : inscription demandée le {}, pas encore confirmée.",
            &[title, &at(subscription.created_at)],
        ),
    }
}

async fn one(app: &App, id: EditionId, reader: &Reader, now: Timestamp) -> Result<Told, Failure> {
    let facts = explain::edition_facts(&app.db, id, reader).await?;
    let facts = facts.ok_or_else(|| {
        Failure::usage(format!("kiosque: there is no edition {id}; `kiosque edition list` shows the latest"))
    })?;
    Ok(Told { about: edition::name(&facts), sentences: edition::story(&facts, reader, now) })
}

/// The latest slots of each of his newsletters.
async fn latest(app: &App, reader: &Reader, now: Timestamp) -> Result<Vec<Told>, Failure> {
    let mut told = Vec::new();
    for subscription in &reader.subscriptions {
        let until = now.plus(DAY);
        for slot in explain::latest_slots(&app.db, subscription.newsletter_id, until, SLOTS).await? {
            told.push(match slot.edition_id {
                Some(id) => one(app, id, reader, now).await?,
                None => Told {
                    about: edition::slot_name(&subscription.title, &slot, subscription.zone()),
                    sentences: vec![edition::nothing_sent(slot.reason)],
                },
            });
        }
    }
    Ok(told)
}

/// What became of an article in each of his newsletters, or in all of them when he has none.
async fn of_article(app: &App, wanted: &str, reader: &Reader, now: Timestamp) -> Result<Vec<Told>, Failure> {
    let found = articles::find(&app.db, wanted).await?;
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "kiosque: there is no article {wanted}; `kiosque article list` shows the latest"
        )));
    }
    let mut told = Vec::new();
    for declaration in &app.declarations.newsletters {
        let Some(row) =
            crate::newsletters::newsletter::Newsletter::by_slug(&app.db, declaration.slug.as_str()).await?
        else {
            continue;
        };
        let subscription = reader.subscription(row.id);
        if subscription.is_none() && !reader.subscriptions.is_empty() {
            continue;
        }
        let mut tx = app.db.begin_read().await?;
        let carried = selection::rubrics_of(&mut tx, declaration).await?;
        drop(tx);
        let rules = article::Rules {
            title: declaration.title.clone(),
            zone: declaration.zone,
            max_age: declaration.max_age.ms(),
            carried: carried.iter().map(|rubric| rubric.id.0).collect(),
        };
        for id in found.iter().map(|article| article.id) {
            let Some(facts) = explain::article_facts(&app.db, id, row.id, now).await? else { continue };
            let edition = match facts.edition {
                Some(id) => explain::edition_facts(&app.db, id, reader).await?,
                None => None,
            };
            told.push(Told {
                about: sentence("« {} », dans {}", &[&facts.title, &declaration.title]),
                sentences: article::story(&facts, &rules, reader, subscription, edition.as_ref(), now),
            });
        }
    }
    Ok(told)
}
