//! The intake that articles come in over: what every door shares, and the API's door.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::clock::{Clock, Timestamp};
use crate::config::{self, Config};
use crate::db::Db;

use super::article::{ArticleId, DraftCategory, NewArticle};
use super::category::CategoryId;
use super::formats::{Fault, Place, Record, json, jsonl};
use super::lookup::get;
use super::pipeline::prepare;
use super::resolve::Resolver;
use super::retract;
use super::source;
use super::store::{Filed, Outcome, Writer};

/// Takes articles in. Cheap to clone; build a new one when the configuration was reloaded.
#[derive(Debug, Clone)]
pub struct Intake {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) declared: Arc<Vec<config::Category>>,
    /// The host of `public_url`: new entries carry it in their permanent id.
    pub(super) host: Arc<str>,
}

/// What became of an article that the API was handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Its number here.
    pub number: ArticleId,
    /// Its id in every feed, for ever.
    pub entry_id: String,
    /// Its id within the source, as it was handed in.
    pub id: String,
    /// `new`, `updated`, `unchanged` or `retracted`.
    pub result: &'static str,
    /// When feeds and digests may show it (ms, UTC).
    pub published_at: Timestamp,
}

/// What the API was handed, taken or refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Everything is stored, in the order given. An article retracted that was never here is left out.
    Stored(Vec<Stored>),
    /// Something is wrong, and nothing was stored. A fault's place is `article`, or `articles[3]` in an array.
    Faulty(Vec<Fault>),
}

impl Accepted {
    /// Whether an article came in that was not there before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Stored(stored) if stored.iter().any(|s| s.result == "new"))
    }
}

impl Intake {
    /// A intake on this store.
    #[must_use]
    pub fn new(db: Db, clock: Clock, config: &Config) -> Self {
        Self {
            db,
            clock,
            declared: Arc::new(config.categories.clone()),
            host: config.public_url.host().into(),
        }
    }

    /// Takes one article or an array of articles as JSON, with the fields of JSON Lines; all of them or none. `source` is the
    /// name they are known under.
    ///
    /// # Errors
    /// When the store fails. What is wrong with the articles is [`Accepted::Faulty`].
    pub async fn accept(&self, source: &str, json: &[u8]) -> anyhow::Result<Accepted> {
        let records = match records(json) {
            Ok(records) => records,
            Err(fault) => return Ok(Accepted::Faulty(vec![fault])),
        };
        let prepared = tokio::task::spawn_blocking(move || prepare_all(records)).await?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(faults) => return Ok(Accepted::Faulty(faults)),
        };
        let now = self.clock.now();
        let mut resolver = Resolver::load(&self.db, &self.declared, &self.host, now, false).await?;
        let source = source::ensure(&self.db, source, now).await?;
        let writer = Writer { db: &self.db, source, host: &self.host, all: resolver.all(), archive: false };
        let mut stored = Vec::with_capacity(prepared.len());
        for item in prepared {
            let (id, result) = match item {
                Prepared::Article(article) => {
                    let filed = file(*article, &mut resolver, &self.db, now).await?;
                    let outcomes = writer.store(&[filed], now).await?;
                    let Some((id, outcome)) = outcomes.first().copied() else { continue };
                    (id, outcome.as_str())
                }
                Prepared::Retraction(external_id) => match writer.retract(&external_id, now).await? {
                    Some(id) => (id, "retracted"),
                    None => continue,
                },
            };
            if let Some(article) = get(&self.db, id).await? {
                let (entry_id, id, published_at) =
                    (article.entry_id, article.external_id, article.published_at);
                stored.push(Stored { number: article.id, entry_id, id, result, published_at });
            }
        }
        Ok(Accepted::Stored(stored))
    }

    /// Takes an article out of feeds and coming editions; `false` when it was retracted already or is not there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn retract(&self, id: ArticleId) -> sqlx::Result<bool> {
        retract::retract(&self.db, id, self.clock.now()).await
    }
}

impl Outcome {
    /// As it stands in summaries and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// An article with the categories it means.
pub(super) async fn file(
    mut article: NewArticle,
    resolver: &mut Resolver,
    db: &Db,
    now: Timestamp,
) -> anyhow::Result<Filed> {
    let mut categories: Vec<CategoryId> = Vec::with_capacity(article.categories.len());
    let mut primary = None;
    for (i, named) in article.categories.iter().enumerate() {
        let Some(id) = resolver.resolve(db, named, now).await? else { continue };
        if article.primary == Some(i) {
            primary = Some(id);
        }
        if !categories.contains(&id) {
            categories.push(id);
        }
    }
    let terms = article.from_feed.as_mut().map(|feed| std::mem::take(&mut feed.terms)).unwrap_or_default();
    for (i, name) in terms.into_iter().enumerate() {
        let named = DraftCategory { name, slug: None };
        // WordPress writes rubrics before keywords, and elsewhere too the first name is the main one.
        let id = match resolver.standing(&named) {
            None if i == 0 => resolver.resolve(db, &named, now).await?,
            known => known,
        };
        match id {
            Some(id) if !categories.contains(&id) => categories.push(id),
            None if !Resolver::means_none(&named) && !article.tags.contains(&named.name) => {
                article.tags.push(named.name);
            }
            _ => {}
        }
    }
    resolver.count(&categories);
    Ok(Filed::new(article, categories, primary))
}

enum Prepared {
    Article(Box<NewArticle>),
    Retraction(String),
}

fn prepare_all(records: Vec<Record>) -> Result<Vec<Prepared>, Vec<Fault>> {
    let mut prepared = Vec::with_capacity(records.len());
    let mut faults = Vec::new();
    for record in records {
        match record {
            Record::Draft(draft) => match prepare(*draft) {
                Ok(article) => prepared.push(Prepared::Article(Box::new(article))),
                Err(fault) => faults.push(fault),
            },
            Record::Retraction { external_id } => prepared.push(Prepared::Retraction(external_id)),
            Record::Faulty(more) => faults.extend(more),
            Record::LeftOut(_) => {}
        }
    }
    if faults.is_empty() { Ok(prepared) } else { Err(faults) }
}

fn records(body: &[u8]) -> Result<Vec<Record>, Fault> {
    let place = |file: String| Place { file: file.into(), line: None };
    let whole = place("article".to_owned());
    let not_an_article =
        |place: &Place| Fault::whole(place, "expected a JSON object with the fields of an article");
    match json::value(body) {
        Ok(Value::Object(fields)) => Ok(vec![jsonl::record(fields, &whole)]),
        Ok(Value::Array(items)) => {
            let each = items.into_iter().enumerate().map(|(i, item)| {
                let place = place(format!("articles[{i}]"));
                match item {
                    Value::Object(fields) => jsonl::record(fields, &place),
                    _ => Record::Faulty(vec![not_an_article(&place)]),
                }
            });
            Ok(each.collect())
        }
        Ok(_) => Err(not_an_article(&whole)),
        Err(error) => Err(Fault::whole(&whole, format!("not JSON: {error}"))),
    }
}
