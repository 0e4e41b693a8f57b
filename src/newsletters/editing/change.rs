//! One change to a frozen edition: checked, written as a revision, noted.

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::digest_articles;
use crate::newsletters::edition::{Edition, EditionError, EditionId, EditionState, Revision};
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::seen::Seen;
use crate::newsletters::selection::{self, Role, Taken, Usage};
use crate::newsletters::sql::TAKE_ARTICLE;
use crate::subscribers::Choice;
use crate::{execute, fetch_optional};

use super::history::{self, Act, Entry};
use super::order::{self, Way};
use super::own_words::{self, OwnWords};
use super::{left_out, sql};

/// The longest subject an editor may write (characters). Mail programs show about 60.
pub const SUBJECT_MOST: usize = 150;
/// The longest note (characters).
pub const NOTE_MOST: usize = 2_000;
/// The longest title of an article (characters).
pub const TITLE_MOST: usize = 300;
/// The longest beginning of an article (characters).
pub const SUMMARY_MOST: usize = 1_000;

/// What an editor changes. Empty texts give back what was there before anybody edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// « Mettre en tête ».
    Lead(ArticleId),
    /// « Monter »: within its section; an announced article at the top of its list gets its summary.
    Up(ArticleId),
    /// « Descendre ».
    Down(ArticleId),
    /// « Retirer de cette édition »: the next one may take it.
    LeaveOut(ArticleId),
    /// « Ne jamais envoyer ».
    Never(ArticleId),
    /// « Ajouter »: what was published since the freeze, or what was left out.
    Add(ArticleId),
    /// Other words for an article in this edition.
    Words {
        /// Which.
        article: ArticleId,
        /// Its title.
        title: String,
        /// Its beginning.
        summary: String,
    },
    /// The note above the articles; blank lines part its paragraphs.
    Note(String),
    /// The subject.
    Subject(String),
}

/// Why a change was not made. The sentences are for the command line; the page has its own.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The edition is unknown, or stands where nothing can be changed.
    #[error(transparent)]
    Edition(#[from] EditionError),
    /// Somebody took it out meanwhile, or it was retracted.
    #[error("article {0} is not in the edition")]
    NotThere(ArticleId),
    /// It was not published since, or another edition has it.
    #[error(
        "article {0} cannot be put in: it is retracted, not of this newsletter's rubrics, too old, or was sent"
    )]
    NotToBeAdded(ArticleId),
    /// Fewer articles than the newsletter wants would be left.
    #[error("the newsletter wants at least {wanted} article(s); add another first, or stop the edition")]
    TooFew {
        /// `min_articles`, at least 1.
        wanted: u32,
    },
    /// A text is longer than it may be.
    #[error("the text is too long: at most {most} characters")]
    TooLong {
        /// How long it may be (characters).
        most: usize,
    },
    /// Somebody else changed the same text after the page was shown.
    #[error("somebody else has changed this text meanwhile")]
    Meanwhile,
    /// The store failed, or the newsletter is not declared any more.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The edition as it stands now.
    pub edition: Edition,
    /// Whether there was anything to do: doing a thing twice makes no revision.
    pub new: bool,
}

/// Changes a frozen edition in the name of `who` (an editor's address, or `operator`). `seen` is the revision that was shown
/// to who changes a text: what another changed since is not overwritten.
///
/// # Errors
/// [`ChangeError`]; nothing was written then.
pub async fn change(
    desk: &Desk,
    id: EditionId,
    change: &Change,
    who: &str,
    seen: Option<i64>,
    now: Timestamp,
) -> Result<Changed, ChangeError> {
    let mut tx = desk.db.begin().await?;
    let mut edition = Edition::lock(&mut tx, id).await?;
    if edition.state != EditionState::Frozen {
        return Err(edition.refuse("only a frozen edition can be edited").into());
    }
    let declaration = desk.declared(&edition.slug)?;
    let mut draft = Draft::read(&mut tx, declaration, edition.clone()).await?;
    if let Some(seen) = seen.filter(|seen| *seen != edition.revision) {
        draft.refuse_meanwhile(&mut tx, &edition, change, seen).await?;
    }
    let made = draft.make(&mut tx, change, now).await?;
    let Some((act, what)) = made else { return Ok(Changed { edition, new: false }) };
    let words = Revision { cause: format!("{who}: {what}"), created_at: now, ..draft.words };
    edition.revise(&mut tx, &words, &draft.articles).await?;
    if let Some(own) = &draft.own {
        own_words::set(&mut tx, id, edition.revision, own).await?;
    }
    let entry = Entry { act, who, article: change.article(), detail: None, revision: Some(edition.revision) };
    history::add(&mut tx, id, entry, now).await?;
    tx.commit().await?;
    Ok(Changed { edition, new: true })
}

impl Change {
    /// The article it is about.
    #[must_use]
    pub fn article(&self) -> Option<ArticleId> {
        match self {
            Self::Lead(article)
            | Self::Up(article)
            | Self::Down(article)
            | Self::LeaveOut(article)
            | Self::Never(article)
            | Self::Add(article)
            | Self::Words { article, .. } => Some(*article),
            Self::Note(_) | Self::Subject(_) => None,
        }
    }
}

/// The next revision, before it is written.
struct Draft<'a> {
    declaration: &'a Declaration,
    edition: Edition,
    words: Revision,
    articles: Vec<Taken>,
    /// Those of one article that change.
    own: Option<OwnWords>,
}

/// What was done, for the history and for the revision's cause; none when there was nothing to do.
type Made = Option<(Act, String)>;

impl<'a> Draft<'a> {
    async fn read(tx: &mut Tx, declaration: &'a Declaration, edition: Edition) -> sqlx::Result<Self> {
        let words = edition.words(tx).await?;
        let articles = edition.taken(tx).await?;
        Ok(Self { declaration, edition, words, articles, own: None })
    }

    /// Refuses to overwrite what another wrote after `seen`.
    async fn refuse_meanwhile(
        &self,
        tx: &mut Tx,
        edition: &Edition,
        change: &Change,
        seen: i64,
    ) -> Result<(), ChangeError> {
        let then = async |tx: &mut Tx| -> sqlx::Result<Option<Revision>> {
            fetch_optional!(tx, crate::newsletters::sql::REVISION, edition.id, seen)
        };
        let same = match change {
            Change::Note(_) => then(tx).await?.is_none_or(|then| then.note == self.words.note),
            Change::Subject(_) => then(tx).await?.is_none_or(|then| then.subject == self.words.subject),
            Change::Words { article, .. } => {
                own(tx, edition.id, seen, *article).await?
                    == own(tx, edition.id, edition.revision, *article).await?
            }
            _ => true,
        };
        if same { Ok(()) } else { Err(ChangeError::Meanwhile) }
    }

    async fn make(&mut self, tx: &mut Tx, change: &Change, now: Timestamp) -> Result<Made, ChangeError> {
        let before = self.articles.clone();
        let made = match change {
            Change::Lead(article) => {
                self.there(*article)?;
                order::put_first(&mut self.articles, *article)
                    .then(|| (Act::Lead, format!("article {article} put first")))
            }
            Change::Up(article) => self
                .step(tx, *article, Way::Up)
                .await?
                .then(|| (Act::Up, format!("article {article} moved up"))),
            Change::Down(article) => self
                .step(tx, *article, Way::Down)
                .await?
                .then(|| (Act::Down, format!("article {article} moved down"))),
            Change::LeaveOut(article) => self
                .take_out(tx, *article, false)
                .await?
                .then(|| (Act::LeaveOut, format!("article {article} left out of this edition"))),
            Change::Never(article) => self
                .take_out(tx, *article, true)
                .await?
                .then(|| (Act::Never, format!("article {article} left out for good"))),
            Change::Add(article) => {
                self.put_in(tx, *article, now).await?.then(|| (Act::Add, format!("article {article} put in")))
            }
            Change::Words { article, title, summary } => {
                self.there(*article)?;
                let (title, summary) = (line(title, TITLE_MOST)?, paragraphs(summary, SUMMARY_MOST)?);
                self.reword(tx, *article, title, summary)
                    .await?
                    .then(|| (Act::Words, format!("article {article} reworded")))
            }
            Change::Note(text) => {
                let note = Some(paragraphs(text, NOTE_MOST)?).filter(|note| !note.is_empty());
                let what = if note.is_some() { "note written" } else { "note removed" };
                let new = note != self.words.note;
                self.words.note = note;
                new.then(|| (Act::Note, what.to_owned()))
            }
            Change::Subject(text) => {
                let subject = Some(line(text, SUBJECT_MOST)?).filter(|subject| !subject.is_empty());
                let what = if subject.is_some() { "subject written" } else { "subject removed" };
                let new = subject != self.words.subject;
                self.words.subject = subject;
                new.then(|| (Act::Subject, what.to_owned()))
            }
        };
        if made.is_some() {
            order::keep_within(&mut self.articles, self.declaration.makeup.limits.articles, change.article());
        }
        for taken in &self.articles {
            let old = before.iter().find(|old| old.article == taken.article);
            if old.is_some_and(|old| old.role.usage() != taken.role.usage()) {
                self.use_as(tx, taken.article, taken.role.usage(), false).await?;
            }
        }
        Ok(made)
    }

    fn there(&self, article: ArticleId) -> Result<(), ChangeError> {
        match self.articles.iter().any(|taken| taken.article == article) {
            true => Ok(()),
            false => Err(ChangeError::NotThere(article)),
        }
    }

    async fn step(&mut self, tx: &mut Tx, article: ArticleId, way: Way) -> Result<bool, ChangeError> {
        self.there(article)?;
        let rubrics = selection::rubrics_of(tx, self.declaration).await?;
        let placed: Vec<_> = digest_articles::load(tx, &self.articles)
            .await?
            .into_iter()
            .map(|article| article.placed)
            .collect();
        let seen = Seen::of(&placed, &rubrics, &Choice::All, self.declaration.makeup.limits);
        Ok(order::step(&mut self.articles, &seen, article, way))
    }

    async fn take_out(
        &mut self,
        tx: &mut Tx,
        article: ArticleId,
        for_good: bool,
    ) -> Result<bool, ChangeError> {
        if !order::take_out(&mut self.articles, article) {
            let out = left_out(tx, self.edition.id).await?;
            let Some((_, before)) = out.iter().find(|(out, _)| *out == article) else {
                return Err(ChangeError::NotThere(article));
            };
            if *before == for_good {
                return Ok(false);
            }
        }
        if self.articles.len() < self.declaration.least_articles() {
            return Err(ChangeError::TooFew { wanted: self.declaration.min_articles.max(1) });
        }
        self.use_as(tx, article, Usage::LeftOut, for_good).await?;
        Ok(true)
    }

    async fn put_in(&mut self, tx: &mut Tx, article: ArticleId, now: Timestamp) -> Result<bool, ChangeError> {
        if self.there(article).is_ok() {
            return Ok(false);
        }
        let back = left_out(tx, self.edition.id).await?.iter().any(|(out, _)| *out == article);
        if back {
            self.use_as(tx, article, Usage::Full, false).await?;
        } else {
            let newsletter = Newsletter::lock(tx, self.edition.newsletter_id).await?;
            let until = self.edition.slot_at.max(now);
            let offered =
                selection::offered(tx, &newsletter, self.declaration, self.edition.slot_at, until).await?;
            let usage = Usage::Full;
            let edition = &self.edition;
            let taken = offered.contains(&article)
                && execute!(tx, TAKE_ARTICLE, edition.newsletter_id, article, edition.id, usage, now)? == 1;
            if !taken {
                return Err(ChangeError::NotToBeAdded(article));
            }
        }
        let one = [Taken { article, role: Role::Full, content_hash: Vec::new() }];
        let Some(loaded) = digest_articles::load(tx, &one).await?.pop() else {
            return Err(ChangeError::NotToBeAdded(article));
        };
        let content_hash = loaded.placed.content_hash;
        order::put_in(&mut self.articles, Taken { article, role: Role::Full, content_hash });
        Ok(true)
    }

    async fn reword(
        &mut self,
        tx: &mut Tx,
        article: ArticleId,
        title: String,
        summary: String,
    ) -> Result<bool, ChangeError> {
        let this: Vec<Taken> =
            self.articles.iter().filter(|taken| taken.article == article).cloned().collect();
        let Some(theirs) = digest_articles::load(tx, &this).await?.pop() else {
            return Err(ChangeError::NotThere(article));
        };
        let before = own(tx, self.edition.id, self.edition.revision, article).await?;
        let words = OwnWords {
            article_id: article,
            title: Some(title).filter(|title| !title.is_empty() && *title != theirs.title),
            summary: Some(summary).filter(|summary| *summary != theirs.summary.trim()),
        };
        let unchanged = before.as_ref().map_or((&None, &None), |before| (&before.title, &before.summary))
            == (&words.title, &words.summary);
        self.own = Some(words);
        Ok(!unchanged)
    }

    async fn use_as(
        &self,
        tx: &mut Tx,
        article: ArticleId,
        usage: Usage,
        for_good: bool,
    ) -> sqlx::Result<()> {
        execute!(tx, sql::SET_USAGE, self.edition.id, article, usage, for_good).map(drop)
    }
}

async fn own(
    tx: &mut Tx,
    edition: EditionId,
    revision: i64,
    article: ArticleId,
) -> sqlx::Result<Option<OwnWords>> {
    let all = own_words::of(tx, edition, revision).await?;
    Ok(all.into_iter().find(|words| words.article_id == article))
}

/// A text on one line.
fn line(text: &str, most: usize) -> Result<String, ChangeError> {
    bounded(&text.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// A text with its paragraphs: forms send CRLF.
fn paragraphs(text: &str, most: usize) -> Result<String, ChangeError> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    bounded(lines.join("\n").trim(), most)
}

fn bounded(text: &str, most: usize) -> Result<String, ChangeError> {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    if text.chars().count() > most { Err(ChangeError::TooLong { most }) } else { Ok(text) }
}
