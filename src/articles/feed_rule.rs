//! Which articles belong to a `[[feed]]`: those of some rubrics, or of an author. They are filed in it like in a rubric,
//! so that every feed is chosen alike and by the same indexes.

use crate::clock::Timestamp;
use crate::config::ConfiguredFeed;
use crate::db::{Db, Engine, Tx, json_list};
use crate::french::slug::slug;
use crate::{execute, fetch_all};

use super::article::{ArticleId, NewArticle};
use super::category::{BEHIND_ALL, CategoryId, CategoryKind, Declared, RESERVED, by_slug, take_up};
use super::feed_version::{bump, tell_feeds};
use super::sql::*;
use super::store::REST;

/// Articles filed or taken out in one transaction, when a feed is declared over what was here before.
const AT_A_TIME: i64 = 1000;

/// One feed's rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedRule {
    /// The feed.
    pub(super) feed: CategoryId,
    carries: Carries,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Carries {
    /// The slug of a name.
    Author(String),
    /// In order.
    Rubrics(Vec<CategoryId>),
}

#[derive(sqlx::FromRow)]
struct Row {
    category_id: CategoryId,
    author: Option<String>,
    rubrics: String,
    filed: bool,
}

impl FeedRule {
    /// The rules in force, in the order of their feeds.
    pub(super) async fn all(tx: &mut Tx) -> sqlx::Result<Vec<Self>> {
        let rows: Vec<Row> = fetch_all!(tx, FEED_RULES)?;
        Ok(rows.iter().map(Self::of).collect())
    }

    fn of(row: &Row) -> Self {
        let rubrics = || {
            let ids: Vec<i64> = serde_json::from_str(&row.rubrics).unwrap_or_default();
            Carries::Rubrics(ids.into_iter().map(CategoryId).collect())
        };
        Self { feed: row.category_id, carries: row.author.clone().map_or_else(rubrics, Carries::Author) }
    }

    /// Whether an article that is in `categories` belongs to the feed.
    pub(super) fn takes(&self, article: &NewArticle, categories: &[CategoryId]) -> bool {
        match &self.carries {
            Carries::Author(wanted) => is_signed_by(&article.authors, wanted),
            Carries::Rubrics(rubrics) => rubrics.iter().any(|rubric| categories.contains(rubric)),
        }
    }

    fn columns(&self) -> (Option<&str>, String) {
        match &self.carries {
            Carries::Author(author) => (Some(author), "[]".to_owned()),
            Carries::Rubrics(rubrics) => (None, json_list(rubrics.iter().map(|rubric| rubric.0))),
        }
    }
}

fn is_signed_by(authors: &[String], wanted: &str) -> bool {
    authors.iter().any(|author| slug(author).as_deref() == Some(wanted))
}

/// Takes up the configured feeds, after the categories: new ones are added and filled with the articles that are here,
/// changed ones filled anew. Leaving one out changes nothing.
///
/// # Errors
/// When the store fails, a rubric is not known, or a slug is a rubric's.
pub async fn declare_feeds(
    db: &Db,
    declared: &[ConfiguredFeed],
    host: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    let standing: Vec<Row> = fetch_all!(tx, FEED_RULES)?;
    let (mut changed, mut to_fill) = (Vec::new(), Vec::new());
    for (position, feed) in declared.iter().enumerate() {
        let slug = feed.slug.get_ref().as_str();
        anyhow::ensure!(!RESERVED.contains(&slug), "the slug {slug:?} is taken by kiosque's own addresses");
        let row = Declared {
            slug,
            name: feed.name.get_ref(),
            kind: CategoryKind::Feed,
            position: BEHIND_ALL - declared.len() as i64 + position as i64,
            listed: true,
            removed: feed.removed,
        };
        let was: Vec<&str> = feed.was.iter().map(|was| was.get_ref().as_str()).collect();
        let id = take_up(&mut tx, &row, &was, host, now, &mut changed).await?;
        for former in was {
            if by_slug(&mut tx, former).await?.is_none() {
                execute!(tx, ADD_CATEGORY_ALIAS, former, id)?;
            }
        }
        let rule = FeedRule { feed: id, carries: carries(&mut tx, feed).await? };
        let before = standing.iter().find(|row| row.category_id == id);
        if before.is_none_or(|row| FeedRule::of(row) != rule) {
            let (author, rubrics) = rule.columns();
            execute!(tx, SET_FEED_RULE, id, author, rubrics)?;
        } else if before.is_some_and(|row| row.filed) {
            continue;
        }
        to_fill.push(rule);
    }
    changed.sort_unstable();
    for id in changed {
        bump(&mut tx, id, Some(now)).await?;
        tell_feeds(&mut tx).await?;
    }
    tx.commit().await?;
    for rule in to_fill {
        fill(db, &rule, now).await?;
    }
    Ok(())
}

async fn carries(tx: &mut Tx, feed: &ConfiguredFeed) -> anyhow::Result<Carries> {
    let slug_of_feed = feed.slug.get_ref();
    if let Some(author) = &feed.author {
        let author = slug(author.get_ref())
            .ok_or_else(|| anyhow::anyhow!("the author of the [[feed]] {slug_of_feed:?} has no letter"))?;
        return Ok(Carries::Author(author));
    }
    let mut rubrics = Vec::with_capacity(feed.categories.len());
    for named in &feed.categories {
        let named = named.get_ref();
        let known = by_slug(tx, named).await?.filter(|known| known.kind == CategoryKind::Rubric);
        let known = known.ok_or_else(|| {
            anyhow::anyhow!("the [[feed]] {slug_of_feed:?} names no known rubric: {named:?}")
        })?;
        rubrics.push(known.id);
    }
    rubrics.sort_unstable();
    rubrics.dedup();
    Ok(Carries::Rubrics(rubrics))
}

/// Files the articles that are here; those of an earlier rule go first. In short transactions, and what was done twice
/// is done once: a fill that was cut off begins anew.
async fn fill(db: &Db, rule: &FeedRule, now: Timestamp) -> anyhow::Result<()> {
    loop {
        let mut tx = db.begin().await?;
        let gone = execute!(tx, EMPTY_FEED, rule.feed, AT_A_TIME)?;
        finish(tx, db, rule.feed, now).await?;
        if gone == 0 {
            break;
        }
    }
    let mut after = ArticleId(0);
    loop {
        let (page, belonging) = some_after(db, rule, after).await?;
        let Some(last) = page else { break };
        let mut tx = db.begin().await?;
        let ids = json_list(belonging.iter().map(|id| id.0));
        execute!(tx, FILE_IN_FEED, rule.feed, ids, BEHIND_ALL)?;
        finish(tx, db, rule.feed, now).await?;
        after = last;
    }
    let (author, rubrics) = rule.columns();
    execute!(db, SET_FEED_FILED, rule.feed, author, rubrics)?;
    tracing::info!(feed = %rule.feed, "the articles that were here are in the configured feed");
    Ok(())
}

async fn finish(mut tx: Tx, db: &Db, feed: CategoryId, now: Timestamp) -> sqlx::Result<()> {
    bump(&mut tx, feed, Some(now)).await?;
    tell_feeds(&mut tx).await?;
    tx.commit().await?;
    if db.engine() == Engine::Sqlite {
        tokio::time::sleep(REST).await;
    }
    Ok(())
}

/// The last of the next articles looked at, and those of them that belong to the feed; `None` at the end.
async fn some_after(
    db: &Db,
    rule: &FeedRule,
    after: ArticleId,
) -> sqlx::Result<(Option<ArticleId>, Vec<ArticleId>)> {
    match &rule.carries {
        Carries::Rubrics(rubrics) => {
            let rubrics = json_list(rubrics.iter().map(|rubric| rubric.0));
            let ids: Vec<(ArticleId,)> = fetch_all!(db, ARTICLES_OF_RUBRICS, rubrics, after, AT_A_TIME)?;
            let ids: Vec<ArticleId> = ids.into_iter().map(|(id,)| id).collect();
            Ok((ids.last().copied(), ids))
        }
        Carries::Author(wanted) => {
            let signed: Vec<(ArticleId, String)> = fetch_all!(db, SIGNED_ARTICLES, after, AT_A_TIME)?;
            let is_theirs = |authors: &str| {
                let authors: Vec<String> = serde_json::from_str(authors).unwrap_or_default();
                is_signed_by(&authors, wanted)
            };
            let theirs = signed.iter().filter(|(_, authors)| is_theirs(authors)).map(|(id, _)| *id).collect();
            Ok((signed.last().map(|(id, _)| *id), theirs))
        }
    }
}
