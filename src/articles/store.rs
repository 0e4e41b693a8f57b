//! Articles into the store. A feed's version moves in the transaction that changes what it shows.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::db::{Db, Engine, Tx, json_list, json_texts};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

use super::article::{ArticleId, NewArticle};
use super::category::{CategoryId, tag_uri};
use super::feed_rule::FeedRule;
use super::feed_version::Touched;
use super::known::{self, Known, KnownArticles};
use super::moment;
use super::rendition;
use super::retract::retract;
use super::source::SourceId;
use super::sql::*;
use super::stored::{AsStored, FiledIn, Picture};

/// Articles written in one transaction, at most.
pub(super) const CHUNK: usize = 50;

/// On SQLite a transaction begins to end after this. The house allows 20 ms; but who waits looks again after 1, 3, 8, 18 ms, so
/// short turns with pauses between them are what keeps the others' waits short.
const SLICE: Duration = Duration::from_millis(4);

/// And this long the lock is left to others.
pub(super) const REST: Duration = Duration::from_millis(3);

/// A transaction that lost against another one is tried again, this often.
const ATTEMPTS: usize = 8;

/// What became of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there before.
    New,
    /// It changed.
    Updated,
    /// It stood there already as it is.
    Unchanged,
}

/// An article with its categories found.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    pub(super) article: NewArticle,
    pub(super) categories: Vec<CategoryId>,
    pub(super) primary: Option<CategoryId>,
    pub(super) hash: Vec<u8>,
    /// The body is what a feed calls a description.
    pub(super) excerpt: bool,
}

impl Filed {
    pub(super) fn new(article: NewArticle, categories: Vec<CategoryId>, primary: Option<CategoryId>) -> Self {
        let hash = article.content_hash(&categories, primary);
        let excerpt = article.from_feed.as_ref().is_some_and(|feed| feed.excerpt);
        Self { article, categories, primary, hash, excerpt }
    }

    /// Whether it came by a feed, not by an export or the site's own system.
    pub(super) fn is_from_feed(&self) -> bool {
        self.article.from_feed.is_some()
    }
}

/// Writes the articles of one source.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) db: &'a Db,
    pub(super) source: SourceId,
    pub(super) host: &'a str,
    /// The category that every article is in.
    pub(super) all: CategoryId,
    pub(super) archive: bool,
}

impl Writer<'_> {
    /// Stores articles in their order, in as many short transactions as it takes; gives for each its row and what became of it.
    pub(super) async fn store(
        &self,
        articles: &[Filed],
        now: Timestamp,
    ) -> anyhow::Result<Vec<(ArticleId, Outcome)>> {
        let mut done = Vec::with_capacity(articles.len());
        while done.len() < articles.len() {
            let rest = &articles[done.len()..];
            let rest = &rest[..rest.len().min(CHUNK)];
            // What stands there unchanged needs no lock.
            let known = self.known(On::Db(self.db), rest).await?;
            if let Some(same) = rest
                .iter()
                .map(|f| known.get(&f.article).filter(|k| k.is_unchanged(f)).map(|k| k.id))
                .collect::<Option<Vec<_>>>()
            {
                done.extend(same.into_iter().map(|id| (id, Outcome::Unchanged)));
                continue;
            }
            let stored = self.attempts(rest, now).await?;
            done.extend(stored);
            if self.db.engine() == Engine::Sqlite && done.len() < articles.len() {
                tokio::time::sleep(REST).await;
            }
        }
        Ok(done)
    }

    /// What a retraction line asks for; the article's row when there is one.
    pub(super) async fn retract(
        &self,
        external_id: &str,
        now: Timestamp,
    ) -> anyhow::Result<Option<ArticleId>> {
        let Some(id) = self.find(external_id).await? else { return Ok(None) };
        retract(self.db, id, now).await?;
        Ok(Some(id))
    }

    /// The article with this id in the source.
    pub(super) async fn find(&self, external_id: &str) -> sqlx::Result<Option<ArticleId>> {
        let known: Vec<Known> =
            fetch_all!(self.db, KNOWN_ARTICLES, self.source, json_texts([external_id]), json_texts([]))?;
        Ok(known.first().map(|k| k.id))
    }

    /// What storing would do, without doing it.
    pub(super) async fn foresee(&self, articles: &[Filed]) -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(articles.len());
        for some in articles.chunks(CHUNK) {
            let known = self.known(On::Db(self.db), some).await?;
            outcomes.extend(some.iter().map(|f| match known.get(&f.article) {
                None => Outcome::New,
                Some(k) if k.is_unchanged(f) => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
            }));
        }
        Ok(outcomes)
    }

    async fn attempts(
        &self,
        articles: &[Filed],
        now: Timestamp,
    ) -> anyhow::Result<Vec<(ArticleId, Outcome)>> {
        for _ in 1..ATTEMPTS {
            match self.transaction(articles, now).await {
                Err(error) if lost_against_another(&error) => {
                    tracing::debug!(error = format!("{error:#}"), "import transaction tried again");
                    tokio::time::sleep(REST).await;
                }
                other => return Ok(other?),
            }
        }
        Ok(self.transaction(articles, now).await?)
    }

    /// One transaction: as many of the articles, in their order, as fit into a slice; at least one.
    async fn transaction(
        &self,
        articles: &[Filed],
        now: Timestamp,
    ) -> sqlx::Result<Vec<(ArticleId, Outcome)>> {
        let mut tx = self.db.begin().await?;
        let began = Instant::now();
        let mut known = self.known(On::Tx(&mut tx), articles).await?;
        let rules = FeedRule::all(&mut tx).await?;
        let guids = articles.iter().filter_map(|f| f.article.guid.as_deref());
        let taken: Vec<(String,)> = fetch_all!(tx, TAKEN_ENTRY_IDS, json_texts(guids))?;
        let mut taken: HashSet<String> = taken.into_iter().map(|(id,)| id).collect();
        let mut touched = Touched::default();
        let sqlite = self.db.engine() == Engine::Sqlite;
        let mut order: Vec<(usize, &Filed)> = articles.iter().enumerate().collect();
        if !sqlite {
            // Two importers of the same articles lock them in one order, or each would wait for the other.
            order.sort_by(|(_, a), (_, b)| a.article.external_id.cmp(&b.article.external_id));
        }
        let mut done = Vec::with_capacity(articles.len());
        for (place, filed) in order {
            let outcome = match known.get(&filed.article).cloned() {
                Some(k) if k.is_unchanged(filed) => (k.id, Outcome::Unchanged),
                Some(k) => {
                    let outcome = self.update(&mut tx, k.id, filed, &rules, now, &mut touched).await?;
                    let id = k.id;
                    known.insert(k.after(filed));
                    (id, outcome)
                }
                None => {
                    let entry_id = match &filed.article.guid {
                        Some(guid) if taken.insert(guid.clone()) => guid.clone(),
                        _ => tag_uri(self.host, now),
                    };
                    let id = self.insert(&mut tx, filed, &entry_id, &rules, now, &mut touched).await?;
                    known.insert(Known::new(filed, id, entry_id));
                    (id, Outcome::New)
                }
            };
            done.push((place, outcome));
            if sqlite && began.elapsed() >= SLICE {
                break;
            }
        }
        touched.bump(&mut tx, now).await?;
        tx.commit().await?;
        done.sort_unstable_by_key(|(place, _)| *place);
        Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
    }

    async fn known(&self, on: On<'_>, articles: &[Filed]) -> sqlx::Result<KnownArticles> {
        let (ids, guids) = known::keys(articles.iter().map(|f| &f.article));
        let rows: Vec<Known> = match on {
            On::Db(db) => fetch_all!(db, KNOWN_ARTICLES, self.source, ids, guids)?,
            On::Tx(tx) => fetch_all!(tx, KNOWN_ARTICLES, self.source, ids, guids)?,
        };
        Ok(rows.into_iter().collect())
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        filed: &Filed,
        entry_id: &str,
        rules: &[FeedRule],
        now: Timestamp,
        touched: &mut Touched,
    ) -> sqlx::Result<ArticleId> {
        let article = &filed.article;
        let appeared_at = appearance(article.published_at, now, self.archive);
        let picture = Picture::of(article.image.as_ref());
        let changed_at = changed_at(article, now).unwrap_or(article.published_at);
        // What is older came to be known to readers now.
        let mut updated_at =
            Some(changed_at).filter(|at| *at >= moment::FIRST_PLAUSIBLE).unwrap_or(now).whole_second();
        let id = loop {
            let added: Option<(ArticleId,)> = fetch_optional!(
                tx,
                ADD_ARTICLE,
                self.source,
                article.external_id.as_str(),
                entry_id,
                article.origin_id.as_deref(),
                article.url.as_str(),
                article.title.as_str(),
                article.summary.as_str(),
                article.body.as_str(),
                json_texts(article.authors.iter().map(String::as_str)),
                json_texts(article.tags.iter().map(String::as_str)),
                picture.url,
                picture.alt,
                picture.width,
                picture.height,
                picture.bytes,
                filed.primary,
                article.published_at,
                updated_at,
                now,
                appeared_at,
                self.archive,
                &filed.hash[..],
                filed.is_from_feed().then_some(&filed.hash[..]),
                filed.excerpt
            )?;
            match added {
                Some((id,)) => break id,
                None => updated_at = moment::free(tx, updated_at, &filed.hash).await?,
            }
        };
        let categories = self.all_of(filed, rules);
        let list = json_list(categories.iter().map(|c| c.0));
        execute!(tx, FILE_ARTICLE, id, list.as_str(), article.published_at, appeared_at)?;
        touched.add(&categories, article.published_at <= now);
        Ok(id)
    }

    async fn update(
        &self,
        tx: &mut Tx,
        id: ArticleId,
        filed: &Filed,
        rules: &[FeedRule],
        now: Timestamp,
        touched: &mut Touched,
    ) -> sqlx::Result<Outcome> {
        let old: AsStored = fetch_one!(tx, ARTICLE_AS_STORED, id)?;
        let filed_in: Vec<FiledIn> = fetch_all!(tx, ARTICLE_FILED_IN, id)?;
        let said = old.said.and(filed);
        let overruling = said.clone().overruling(filed);
        let both = old.said.by_other_door(filed);
        let is_rubric = |id: &CategoryId| *id != self.all && !rules.iter().any(|rule| rule.feed == *id);
        let rubrics =
            |filed_in: &[FiledIn]| filed_in.iter().map(|f| f.category_id).filter(is_rubric).collect();
        let reconciled = (both || filed.is_from_feed())
            .then(|| rendition::reconcile(&old.standing(rubrics(&filed_in)), filed, both));
        let filed = reconciled.as_ref().unwrap_or(filed);
        let article = &filed.article;
        let categories = self.all_of(filed, rules);
        let retracted_at = old.retracted_at.filter(|_| !article.restore);
        let authors = json_texts(article.authors.iter().map(String::as_str));
        let tags = json_texts(article.tags.iter().map(String::as_str));
        let picture = Picture::of(article.image.as_ref());
        let same_text = (&*old.url, &*old.title, &*old.summary, &*old.body)
            == (&*article.url, &*article.title, &*article.summary, &*article.body)
            && (&old.authors, &old.tags) == (&authors, &tags)
            && old.picture() == picture
            && old.published_at == article.published_at;
        let same_place = filed_in.iter().map(|f| f.category_id).eq(categories.iter().copied())
            && old.retracted_at == retracted_at;
        if same_text
            && same_place
            && (old.primary_category_id, &old.origin_id) == (filed.primary, &article.origin_id)
        {
            // The categories were merged, or an older version wrote the hash: nothing a person could see.
            let (own_said, feed_said) = said.columns();
            execute!(tx, SET_CONTENT_HASH, id, &filed.hash[..], own_said, feed_said)?;
            return Ok(Outcome::Unchanged);
        }
        let (own_said, feed_said) = overruling.columns();
        // Only the newsroom says that a change is one that readers should hear of (RFC 4287 §4.2.15).
        let said = changed_at(article, now).filter(|_| !same_text).unwrap_or(article.published_at);
        let updated_at = match said.whole_second() {
            later if later > old.updated_at => moment::free(tx, later, &filed.hash).await?,
            // An embargo that was shortened: nobody saw the moment that lies ahead.
            sooner if old.updated_at > now && old.published_at > article.published_at => {
                moment::free(tx, sooner, &filed.hash).await?
            }
            _ => old.updated_at,
        };
        // How it first came in decides for ever whether it counts as old.
        let appeared_at = appearance(article.published_at, old.first_seen_at, old.archive);
        execute!(
            tx,
            CHANGE_ARTICLE,
            id,
            article.origin_id.as_deref(),
            article.url.as_str(),
            article.title.as_str(),
            article.summary.as_str(),
            article.body.as_str(),
            authors,
            tags,
            picture.url,
            picture.alt,
            picture.width,
            picture.height,
            picture.bytes,
            filed.primary,
            article.published_at,
            updated_at,
            appeared_at,
            &filed.hash[..],
            retracted_at,
            own_said,
            feed_said,
            filed.excerpt
        )?;
        for gone in filed_in.iter().filter(|f| !categories.contains(&f.category_id)) {
            execute!(tx, UNFILE_ARTICLE, id, gone.category_id)?;
        }
        let shown =
            |published: Timestamp, retracted: Option<Timestamp>| retracted.is_none() && published <= now;
        let (was_shown, is_shown) =
            (shown(old.published_at, old.retracted_at), shown(article.published_at, retracted_at));
        let is_old = self.archive || old.archive;
        for (position, category) in categories.iter().enumerate() {
            let entered = match filed_in.iter().find(|f| f.category_id == *category) {
                Some(before) if before.appeared_at == old.appeared_at => appeared_at,
                Some(before) => before.appeared_at.max(appeared_at),
                None if is_old => appeared_at,
                None => appeared_at.max(now),
            };
            // Back from a retraction, or out of an embargo early: who polls must find it among what is new.
            let entered = if is_shown && !was_shown && !is_old { entered.max(now) } else { entered };
            execute!(tx, FILE_ARTICLE_IN, id, *category, position as i64, article.published_at, entered)?;
        }
        if !(same_text && same_place) {
            let stays_away = old.retracted_at.is_some() && retracted_at.is_some();
            // Where a tombstone stands, and whether there is one, follows from its places and its date.
            let tombstone_moves = stays_away && (!same_place || old.published_at != article.published_at);
            let visibly = was_shown || is_shown || tombstone_moves;
            if !stays_away || tombstone_moves {
                let before: Vec<CategoryId> = filed_in.iter().map(|f| f.category_id).collect();
                touched.add(&before, visibly);
                touched.add(&categories, visibly);
            }
        }
        Ok(Outcome::Updated)
    }

    /// Its own categories in their order, then the one that every article is in, then the configured feeds it belongs to.
    fn all_of(&self, filed: &Filed, rules: &[FeedRule]) -> Vec<CategoryId> {
        let feeds = rules.iter().filter(|rule| rule.takes(&filed.article, &filed.categories));
        filed.categories.iter().copied().chain([self.all]).chain(feeds.map(|rule| rule.feed)).collect()
    }
}

enum On<'a> {
    Db(&'a Db),
    Tx(&'a mut Tx),
}

/// P1's appearance: the later of published and first seen; of an archive import, published.
fn appearance(published_at: Timestamp, first_seen_at: Timestamp, archive: bool) -> Timestamp {
    if archive { published_at } else { published_at.max(first_seen_at) }
}

/// The moment of the last change that the newsroom names, not ahead of now.
fn changed_at(article: &NewArticle, now: Timestamp) -> Option<Timestamp> {
    article.updated_at.map(|at| at.min(now).max(article.published_at))
}

/// Whether another transaction was in the way (a deadlock, a row that both made, a busy file): trying again helps.
fn lost_against_another(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    error.is_unique_violation()
        || error.code().is_some_and(|code| matches!(&*code, "40P01" | "40001" | "5" | "517"))
}
