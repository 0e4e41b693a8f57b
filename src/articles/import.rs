//! Files into the store: read and cleaned on a thread of their own, stored in short transactions as they come.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::clock::Timestamp;
use crate::config::PublicUrl;
use crate::db::{Engine, json_texts};
use crate::{execute, fetch_all};

use super::article::{DraftCategory, NewArticle};
pub use super::formats::input::Progress;
use super::formats::{Fault, Format, LeftOut, Place, feed};
use super::intake::{Intake, file};
use super::reading::{self, Sending};
use super::resolve::Resolver;
use super::source::{self, SourceId};
use super::sql::{KNOWN_ELSEWHERE, NOTE_TERM};
use super::store::{CHUNK, Filed, Outcome, REST, Writer};
use super::summary::Summary;

/// What an operator may say about an import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is in the files; told by name and content when not said.
    pub format: Option<Format>,
    /// The name the articles' source has: ids are unique within it. Without it `import`; for a WordPress export the site's host.
    pub source: Option<String>,
    /// The article's address, for a saved page or text.
    pub url: Option<Url>,
    /// The article's date, for a saved page or text.
    pub date: Option<Timestamp>,
    /// Old articles, which no digest announces. A WordPress export always is one.
    pub archive: bool,
    /// Say what would happen, write nothing.
    pub dry_run: bool,
}

/// What the reading thread hands over.
#[derive(Debug)]
pub(super) enum Message {
    /// What follows is of this source.
    Source {
        name: String,
        archive: bool,
    },
    Article(Box<NewArticle>),
    Retraction(String),
    /// What the source's site calls its categories in addresses.
    Terms(Vec<(String, DraftCategory)>),
    LeftOut(LeftOut),
    Faulty(Vec<Fault>),
}

/// Messages that may wait: reading never runs far ahead of storing, so memory stays flat.
const WAITING: usize = 64;

/// Articles are stored when they make a chunk, or when the first of them has waited this long.
const PATIENCE: Duration = Duration::from_millis(50);

impl Intake {
    /// Imports files, in their order; `-` is standard input. The parts of a WordPress export belong in one call. Whatever is
    /// wrong with a file, a line or an item stands in the summary, and the rest goes in.
    ///
    /// # Errors
    /// When the store fails; what went in before stays, and importing again is safe.
    pub async fn import(
        &self,
        files: &[PathBuf],
        options: &Options,
        progress: &Arc<Progress>,
    ) -> anyhow::Result<Summary> {
        let files = files.to_vec();
        self.store_what(options, progress, move |sending| reading::read_all(&files, sending)).await
    }

    /// Imports a feed that was fetched from `url`.
    ///
    /// # Errors
    /// When the store fails; inside, when it is no feed or one of our own: a sentence whose subject is the feed.
    pub async fn import_feed(
        &self,
        url: Url,
        body: Vec<u8>,
        public_url: &PublicUrl,
        options: &Options,
    ) -> anyhow::Result<Result<Summary, String>> {
        let place = Place { file: url.as_str().into(), line: None };
        let (at, now) = (url.clone(), self.clock.now());
        let read = tokio::task::spawn_blocking(move || feed::read(&body, Some(&at), &place, now)).await?;
        let document = match read {
            Ok(document) => document,
            Err(fault) => return Ok(Err(format!("answers, but not with a feed: {}", fault.reason))),
        };
        let own = document.own_addresses.iter().filter_map(|own| Url::parse(own).ok());
        if let Some(own) = own.into_iter().find(|own| public_url.covers(own)) {
            return Ok(Err(format!("is a feed of this kiosque itself ({own})")));
        }
        let progress = Arc::default();
        let read = move |sending: &Sending| {
            let _gone = sending.feed(document, Some(&url));
        };
        self.store_what(options, &progress, read).await.map(Ok)
    }

    /// Stores what a thread reads.
    async fn store_what(
        &self,
        options: &Options,
        progress: &Arc<Progress>,
        read: impl FnOnce(&Sending) + Send + 'static,
    ) -> anyhow::Result<Summary> {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let now = self.clock.now();
        let sending =
            Sending { channel: sender, options: options.clone(), progress: Arc::clone(progress), now };
        let reader = tokio::task::spawn_blocking(move || read(&sending));
        let resolver = Resolver::load(&self.db, &self.declared, &self.host, now, options.dry_run).await?;
        let mut storing = Storing {
            intake: self,
            resolver,
            sources: HashMap::new(),
            source: None,
            archive: false,
            waiting: Vec::with_capacity(CHUNK),
            summary: Summary { dry_run: options.dry_run, ..Summary::default() },
            progress,
        };
        let mut messages = Vec::with_capacity(CHUNK);
        let mut deadline = None;
        loop {
            let room = CHUNK - storing.waiting.len();
            let received = match deadline {
                None => receiver.recv_many(&mut messages, room).await,
                Some(at) => match timeout_at(at, receiver.recv_many(&mut messages, room)).await {
                    Ok(received) => received,
                    Err(_) => {
                        storing.flush().await?;
                        deadline = None;
                        continue;
                    }
                },
            };
            if received == 0 {
                break;
            }
            for message in messages.drain(..) {
                storing.take(message).await?;
            }
            if storing.waiting.len() >= CHUNK {
                storing.flush().await?;
            }
            deadline = match storing.waiting.is_empty() {
                true => None,
                false => deadline.or_else(|| Some(Instant::now() + PATIENCE)),
            };
        }
        storing.flush().await?;
        reader.await.context("the reading thread failed")?;
        let mut summary = storing.summary;
        summary.unlisted = storing.resolver.into_unlisted();
        Ok(summary)
    }
}

/// The storing side of an import.
struct Storing<'a> {
    intake: &'a Intake,
    resolver: Resolver,
    sources: HashMap<String, Option<SourceId>>,
    /// Of what is waiting; `None` in a dry run when the store does not know it.
    source: Option<SourceId>,
    archive: bool,
    waiting: Vec<Filed>,
    summary: Summary,
    progress: &'a Arc<Progress>,
}

impl Storing<'_> {
    async fn take(&mut self, message: Message) -> anyhow::Result<()> {
        match message {
            Message::Source { name, archive } => {
                self.flush().await?;
                self.archive = archive;
                self.source = self.source_of(name).await?;
            }
            Message::Article(article) => {
                let filed =
                    file(*article, &mut self.resolver, &self.intake.db, self.intake.clock.now()).await?;
                self.waiting.push(filed);
            }
            Message::Retraction(external_id) => {
                self.flush().await?;
                let now = self.intake.clock.now();
                let retracted = match self.writer() {
                    Some(writer) if !self.summary.dry_run => writer.retract(&external_id, now).await?,
                    Some(writer) => writer.find(&external_id).await?,
                    None => None,
                };
                self.rest().await;
                match retracted {
                    Some(id) => self.summary.retracted.push(id),
                    None => *self.summary.left_out.entry(LeftOut::UnknownRetracted).or_default() += 1,
                }
            }
            Message::Terms(terms) => {
                self.flush().await?;
                self.note_terms(&terms).await?;
            }
            Message::LeftOut(reason) => *self.summary.left_out.entry(reason).or_default() += 1,
            Message::Faulty(faults) => self.summary.reject(faults),
        }
        Ok(())
    }

    /// Stores what is waiting.
    async fn flush(&mut self) -> anyhow::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.leave_out_elsewhere().await?;
        let now = self.intake.clock.now();
        let outcomes: Vec<Outcome> = match self.writer() {
            None => vec![Outcome::New; self.waiting.len()],
            Some(writer) if self.summary.dry_run => writer.foresee(&self.waiting).await?,
            Some(writer) => writer.store(&self.waiting, now).await?.into_iter().map(|(_, o)| o).collect(),
        };
        if outcomes.iter().any(|o| *o != Outcome::Unchanged) {
            self.rest().await;
        }
        for (filed, outcome) in self.waiting.iter().zip(outcomes) {
            match outcome {
                Outcome::New => self.summary.new += 1,
                Outcome::Updated => self.summary.updated += 1,
                Outcome::Unchanged => self.summary.unchanged += 1,
            }
            if outcome != Outcome::Unchanged && filed.article.published_at > now {
                self.summary.embargoed += 1;
            }
        }
        self.progress.articles.fetch_add(self.waiting.len() as u64, Ordering::Relaxed);
        self.waiting.clear();
        Ok(())
    }

    /// Keeps what the site's old addresses mean by the categories that are known here. No more than a site has
    /// categories, so in one transaction.
    async fn note_terms(&self, terms: &[(String, DraftCategory)]) -> anyhow::Result<()> {
        let Some(source) = self.source.filter(|_| !self.summary.dry_run) else { return Ok(()) };
        let known = terms.iter().filter_map(|(term, category)| Some((term, self.resolver.known(category)?)));
        let mut tx = self.intake.db.begin().await?;
        for (term, category) in known {
            execute!(tx, NOTE_TERM, source, term.as_str(), category)?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Leaves out entries of a feed that are another source's articles.
    async fn leave_out_elsewhere(&mut self) -> sqlx::Result<()> {
        let Some(source) = self.source else { return Ok(()) };
        let guid = |filed: &Filed| filed.article.guid.clone().filter(|_| filed.is_from_feed());
        let guids: Vec<String> = self.waiting.iter().filter_map(guid).collect();
        if guids.is_empty() {
            return Ok(());
        }
        let guids = json_texts(guids.iter().map(String::as_str));
        let elsewhere: Vec<(String,)> = fetch_all!(self.intake.db, KNOWN_ELSEWHERE, source, guids)?;
        let before = self.waiting.len();
        self.waiting
            .retain(|filed| !guid(filed).is_some_and(|guid| elsewhere.iter().any(|(id,)| *id == guid)));
        let left_out = before - self.waiting.len();
        if left_out > 0 {
            *self.summary.left_out.entry(LeftOut::Elsewhere).or_default() += left_out as u64;
        }
        Ok(())
    }

    /// Leaves SQLite's write lock to others for a moment.
    async fn rest(&self) {
        if self.intake.db.engine() == Engine::Sqlite && !self.summary.dry_run {
            tokio::time::sleep(REST).await;
        }
    }

    fn writer(&self) -> Option<Writer<'_>> {
        let Intake { db, host, .. } = self.intake;
        let source = self.source?;
        Some(Writer { db, source, host, all: self.resolver.all(), archive: self.archive })
    }

    async fn source_of(&mut self, name: String) -> anyhow::Result<Option<SourceId>> {
        if let Some(known) = self.sources.get(&name) {
            return Ok(*known);
        }
        let id = if self.summary.dry_run {
            source::find(&self.intake.db, &name).await?
        } else {
            Some(source::ensure(&self.intake.db, &name, self.intake.clock.now()).await?)
        };
        self.sources.insert(name, id);
        Ok(id)
    }
}
