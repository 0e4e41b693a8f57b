//! A site's feed that is polled: asked politely, taken in like any import, its state kept for every node and for `status`.

use std::time::Duration;

use anyhow::Context;
use url::Url;

use crate::clock::{Clock, SECOND, Timestamp};
use crate::config::{ArticleSource, PublicUrl, Span};
use crate::db::Db;
use crate::outbound::{Answer, HeaderMap, HeaderValue, Outbound, StatusCode, header};
use crate::{execute, fetch_all, fetch_optional};

use super::backoff::{pause, retry_after};
use super::formats::LeftOut;
use super::import::Options;
use super::intake::Intake;
use super::source;
use super::sql::{ADD_SOURCE_FEED, CLAIM_SOURCE_FEED, SET_SOURCE_FEED, SOURCE_FEED_DUE, SOURCE_FEEDS};
use super::summary::Summary;

/// A node that claimed a feed has this long before another may ask: more than a call and an import take.
const CLAIM: i64 = 120 * SECOND;

/// What readers of feeds are asked to say they take.
const ACCEPT: &str =
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5";

/// A `[[source]]` with a feed.
#[derive(Debug, Clone)]
pub struct FeedSource {
    url: Url,
    name: String,
    archive: bool,
    every: Span,
    seed: u64,
}

/// What a look at a feed brought.
#[derive(Debug)]
pub enum Polled {
    /// It is not its time, or another node is at it; the moment of the next look.
    NotDue(Timestamp),
    /// It said that it is gone for good (410): nobody asks until `serve` starts again.
    Stopped,
    /// Nothing has changed.
    Unchanged,
    /// Its entries were taken in.
    Taken(Box<Summary>),
    /// It could not be read, and why: a sentence that begins with the verb.
    Failed(String),
}

/// What the store remembers between two looks.
#[derive(Debug, sqlx::FromRow)]
struct Memory {
    moved_to: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
    succeeded_at: Option<Timestamp>,
    failures: i64,
}

/// What a look leaves behind.
#[derive(Debug, Default)]
struct Outcome {
    moved_to: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
    entries: Option<i64>,
    error: Option<String>,
    retry_after: Option<i64>,
    failed: bool,
    gone: bool,
}

impl FeedSource {
    /// The source, if it is a feed. `seed` makes this node's pauses its own.
    #[must_use]
    pub fn of(source: &ArticleSource, seed: u64) -> Option<Self> {
        let url = source.feed.as_ref()?.get_ref().clone();
        let name = source.name.clone().unwrap_or_else(|| source_name(&url));
        Some(Self { url, name, archive: source.archive, every: source.every(), seed })
    }

    /// The feed's address as configured.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Makes the feed known to the store. One that failed or was gone is asked again at once: somebody may have mended it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_up(&self, db: &Db, now: Timestamp) -> sqlx::Result<()> {
        let id = source::ensure(db, &self.name, now).await?;
        execute!(db, ADD_SOURCE_FEED, self.url.as_str(), id, now)?;
        Ok(())
    }

    /// Asks the feed if its time has come and no other node is at it, and takes in what is new. The first reading of a feed
    /// that ever succeeds takes its entries as if each had come in when it was published, so that no digest is flooded.
    ///
    /// # Errors
    /// When the store fails. A feed that fails is [`Polled::Failed`], and its next look is later each time.
    pub async fn poll(
        &self,
        intake: &Intake,
        outbound: &Outbound,
        public_url: &PublicUrl,
    ) -> anyhow::Result<Polled> {
        let (db, clock): (&Db, &Clock) = (&intake.db, &intake.clock);
        let now = clock.now();
        let Some(memory) = self.claim(db, now).await? else {
            let due: Option<(Timestamp, Option<Timestamp>)> =
                fetch_optional!(db, SOURCE_FEED_DUE, self.url.as_str())?;
            return Ok(match due {
                Some((_, Some(_))) => Polled::Stopped,
                Some((next_at, None)) => Polled::NotDue(next_at),
                None => {
                    self.take_up(db, now).await?;
                    Polled::NotDue(now)
                }
            });
        };
        let (outcome, polled) = match self.ask(outbound, &memory).await {
            Err(why) => (Outcome::failed(why.clone(), &memory), Polled::Failed(why)),
            Ok(answer) => self.take(answer, &memory, intake, public_url).await?,
        };
        self.remember(db, &outcome, &memory, clock.now()).await?;
        Ok(polled)
    }

    async fn claim(&self, db: &Db, now: Timestamp) -> sqlx::Result<Option<Memory>> {
        fetch_optional!(db, CLAIM_SOURCE_FEED, self.url.as_str(), now.plus(CLAIM), now)
    }

    async fn ask(&self, outbound: &Outbound, memory: &Memory) -> Result<Answer, String> {
        let url = memory.moved_to.as_deref().and_then(|moved| moved.parse().ok());
        let mut headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(ACCEPT))]);
        for (name, value) in
            [(header::IF_NONE_MATCH, &memory.etag), (header::IF_MODIFIED_SINCE, &memory.last_modified)]
        {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        let answer = outbound.get(url.as_ref().unwrap_or(&self.url), headers).await;
        answer.map_err(|error| format!("cannot be asked: {error}"))
    }

    async fn take(
        &self,
        answer: Answer,
        memory: &Memory,
        intake: &Intake,
        public_url: &PublicUrl,
    ) -> anyhow::Result<(Outcome, Polled)> {
        if public_url.covers(&answer.url) {
            let why = format!(
                "leads back to this kiosque ({}): the site's redirect must let kiosque's own requests through (docs/migrer-wordpress.md)",
                answer.url
            );
            return Ok((Outcome::failed(why.clone(), memory), Polled::Failed(why)));
        }
        let moved_to = answer.moved_to().map(Url::to_string).or_else(|| memory.moved_to.clone());
        let settled = has_settled(&answer);
        let validator = |name| answer.header(&name).filter(|_| settled).map(str::to_owned);
        let read = Outcome {
            moved_to,
            etag: validator(header::ETAG),
            last_modified: validator(header::LAST_MODIFIED),
            ..Outcome::default()
        };
        match answer.status {
            StatusCode::NOT_MODIFIED => {
                let kept = Outcome {
                    etag: read.etag.or_else(|| memory.etag.clone()),
                    last_modified: read.last_modified.or_else(|| memory.last_modified.clone()),
                    ..read
                };
                Ok((kept, Polled::Unchanged))
            }
            StatusCode::GONE => {
                let why = "says that it is gone for good (410); nobody asks again until serve is restarted";
                let outcome = Outcome { gone: true, ..Outcome::failed(why.into(), memory) };
                Ok((outcome, Polled::Stopped))
            }
            status if status.is_success() => self.import(answer, read, memory, intake, public_url).await,
            status => {
                let why = format!("answers {status}");
                let wait = answer.header(&header::RETRY_AFTER);
                let wait = wait.and_then(|wait| retry_after(wait, intake.clock.now()));
                let outcome = Outcome { retry_after: wait, ..Outcome::failed(why.clone(), memory) };
                Ok((outcome, Polled::Failed(why)))
            }
        }
    }

    async fn import(
        &self,
        answer: Answer,
        read: Outcome,
        memory: &Memory,
        intake: &Intake,
        public_url: &PublicUrl,
    ) -> anyhow::Result<(Outcome, Polled)> {
        let options = Options {
            source: Some(self.name.clone()),
            archive: self.archive || memory.succeeded_at.is_none(),
            ..Options::default()
        };
        let summary = intake
            .import_feed(answer.url, answer.body, public_url, &options)
            .await
            .with_context(|| format!("the entries of {} cannot be stored", self.url))?;
        let summary = match summary {
            Ok(summary) => summary,
            Err(why) => return Ok((Outcome::failed(why.clone(), memory), Polled::Failed(why))),
        };
        let entries = summary.new + summary.updated + summary.unchanged;
        let elsewhere = summary.left_out.get(&LeftOut::Elsewhere).map(|number| {
            format!("{number} of its entries are articles of another source, which is left to change them")
        });
        let fault = summary.faults.first();
        let error = fault
            .map(|fault| format!("{} of its entries cannot be taken, such as {fault}", summary.rejected))
            .or(elsewhere);
        let outcome = Outcome { entries: i64::try_from(entries).ok(), error, ..read };
        Ok((outcome, Polled::Taken(Box::new(summary))))
    }

    async fn remember(
        &self,
        db: &Db,
        outcome: &Outcome,
        memory: &Memory,
        now: Timestamp,
    ) -> sqlx::Result<()> {
        let failures = if outcome.failed { memory.failures + 1 } else { 0 };
        let wait = pause(self.every.ms(), failures, self.seed).max(outcome.retry_after.unwrap_or(0));
        execute!(
            db,
            SET_SOURCE_FEED,
            self.url.as_str(),
            outcome.moved_to.as_deref(),
            outcome.etag.as_deref(),
            outcome.last_modified.as_deref(),
            now,
            (!outcome.failed).then_some(now),
            now.plus(wait),
            failures,
            outcome.error.as_deref(),
            outcome.gone.then_some(now),
            outcome.entries
        )?;
        Ok(())
    }
}

impl Outcome {
    /// The validators stay as they were, so that the next answer may still be a 304. An address it had moved to is
    /// forgotten: the next look starts from the configured one.
    fn failed(why: String, memory: &Memory) -> Self {
        Self {
            etag: memory.etag.clone(),
            last_modified: memory.last_modified.clone(),
            error: Some(why),
            failed: true,
            ..Self::default()
        }
    }
}

/// Whether the answer's validators stand for it alone. Those of WordPress are the second of its last change: an answer of that same
/// second may be followed by another with the same validators, and what was published in between would be missed (RFC 9110
/// §8.8.2.2).
fn has_settled(answer: &Answer) -> bool {
    let moment = |name| httpdate::parse_http_date(answer.header(&name)?).ok();
    match (moment(header::LAST_MODIFIED), moment(header::DATE)) {
        (Some(changed), Some(said)) => {
            said.duration_since(changed).is_ok_and(|age| age >= Duration::from_secs(2))
        }
        _ => true,
    }
}

/// The name under which a site's articles are known when nobody gives one: its host, as for an export of WordPress.
#[must_use]
pub fn source_name(feed: &Url) -> String {
    feed.host_str().unwrap_or("feed").to_owned()
}

/// A feed as `status` shows it; times are epoch milliseconds (UTC).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct FeedState {
    /// Its address as configured.
    pub url: String,
    /// The name of its source.
    pub source: String,
    /// Where it has moved to for good, as its site says.
    pub moved_to: Option<String>,
    /// When it was asked last.
    pub checked_at: Option<Timestamp>,
    /// When it was read last, or had nothing new.
    pub succeeded_at: Option<Timestamp>,
    /// When it is asked next.
    pub next_at: Timestamp,
    /// Failures since then.
    pub failures: i64,
    /// What is wrong: a sentence whose subject is the feed.
    pub error: Option<String>,
    /// When it said that it is gone for good.
    pub stopped_at: Option<Timestamp>,
    /// Entries at the last reading.
    pub entries: Option<i64>,
}

/// What is known of every feed that was ever a source, by address.
///
/// # Errors
/// When the store fails.
pub async fn feed_states(db: &Db) -> sqlx::Result<Vec<FeedState>> {
    fetch_all!(db, SOURCE_FEEDS)
}
