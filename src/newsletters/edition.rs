//! Editions: what one slot produced, and the steps it goes through.
//!
//! `frozen → released`, or `frozen → stopped | expired`; a released one may be stopped and resumed while rows wait.
//! Until release every change is a revision. Ending an edition before release ends its ledger rows, so that the
//! articles return (P1).

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::{execute, fetch_all, fetch_one, fetch_optional, id_type, text_enum};

use super::editing::own_words;
use super::newsletter::NewsletterId;
use super::selection::{Role, Taken};
use super::slot_store::{SkipReason, SlotId};
use super::sql;

id_type! {
    /// An edition's row.
    EditionId
}

text_enum! {
    /// Where an edition stands.
    EditionState {
        /// Chosen, waiting for its hour (and its approval).
        Frozen = "frozen",
        /// On its way to readers, or there.
        Released = "released",
        /// Stopped by an operator.
        Stopped = "stopped",
        /// Its hour passed without a release; the slot says why.
        Expired = "expired",
    }
}

/// An edition's row.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Edition {
    /// The row.
    pub id: EditionId,
    /// Of which newsletter.
    pub newsletter_id: NewsletterId,
    /// The newsletter's slug.
    pub slug: String,
    /// The slot's row.
    pub slot_id: SlotId,
    /// The slot's key: local date and time, or `run:` and a UUID.
    pub slot_key: String,
    /// Where it stands.
    pub state: EditionState,
    /// The revision in force.
    pub revision: i64,
    /// The slot's instant.
    pub slot_at: Timestamp,
    /// When it is to be released.
    pub due_at: Timestamp,
    /// Not released after this.
    pub expires_at: Timestamp,
    /// When somebody approved it.
    pub approved_at: Option<Timestamp>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// Its readers at release, counted on their own.
    pub eligible: Option<i64>,
    /// When every reader had a delivery row.
    pub fanned_out_at: Option<Timestamp>,
    /// The last part of its public address; none once it ended before its release.
    pub web_name: Option<String>,
}

/// What a revision says besides its articles.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Revision {
    /// An editor's subject, in place of the template's.
    pub subject: Option<String>,
    /// An editor's note.
    pub note: Option<String>,
    /// Who changed what.
    pub cause: String,
    /// When.
    pub created_at: Timestamp,
}

/// Why an operator's step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// There is none with this number.
    #[error("there is no edition {0}; `kiosque edition list` shows the latest")]
    Unknown(EditionId),
    /// It stands where this step leads nowhere.
    #[error("edition {id} is {state}: {why}")]
    State {
        /// Which.
        id: EditionId,
        /// Where it stands.
        state: EditionState,
        /// What the step would need.
        why: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

impl Edition {
    /// The edition with this number.
    ///
    /// # Errors
    /// [`EditionError::Unknown`]; the store's.
    pub async fn find(db: &Db, id: EditionId) -> Result<Self, EditionError> {
        let edition: Option<Self> = fetch_optional!(db, sql::EDITION, id)?;
        edition.ok_or(EditionError::Unknown(id))
    }

    /// The latest editions of a newsletter, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest(db: &Db, newsletter: NewsletterId, most: i64) -> sqlx::Result<Vec<Self>> {
        fetch_all!(db, sql::EDITIONS_OF, newsletter, most)
    }

    /// Its revisions, oldest first, by number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn history(&self, db: &Db) -> sqlx::Result<Vec<Revision>> {
        fetch_all!(db, sql::REVISIONS, self.id)
    }

    /// Its articles in the revision in force, in order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn articles(&self, db: &Db) -> sqlx::Result<Vec<(ArticleId, Role)>> {
        let rows: Vec<(ArticleId, Role, Vec<u8>)> =
            fetch_all!(db, sql::EDITION_ARTICLES, self.id, self.revision)?;
        Ok(rows.into_iter().map(|(article, role, _)| (article, role)).collect())
    }

    pub(super) async fn read(tx: &mut Tx, id: EditionId) -> Result<Self, EditionError> {
        let edition: Option<Self> = fetch_optional!(tx, sql::EDITION, id)?;
        edition.ok_or(EditionError::Unknown(id))
    }

    /// Reads the edition under its newsletter's lock: whoever changes an edition holds it.
    pub(super) async fn lock(tx: &mut Tx, id: EditionId) -> Result<Self, EditionError> {
        let edition = Self::read(tx, id).await?;
        super::newsletter::Newsletter::lock(tx, edition.newsletter_id).await?;
        Self::read(tx, id).await
    }

    pub(super) async fn frozen(tx: &mut Tx, newsletter: NewsletterId) -> sqlx::Result<Vec<Self>> {
        fetch_all!(tx, sql::FROZEN_EDITIONS, newsletter)
    }

    pub(super) async fn taken(&self, tx: &mut Tx) -> sqlx::Result<Vec<Taken>> {
        let rows: Vec<(ArticleId, Role, Vec<u8>)> =
            fetch_all!(tx, sql::EDITION_ARTICLES, self.id, self.revision)?;
        Ok(rows
            .into_iter()
            .map(|(article, role, content_hash)| Taken { article, role, content_hash })
            .collect())
    }

    pub(super) async fn words(&self, tx: &mut Tx) -> sqlx::Result<Revision> {
        fetch_one!(tx, sql::REVISION, self.id, self.revision)
    }

    pub(super) fn refuse(&self, why: &'static str) -> EditionError {
        EditionError::State { id: self.id, state: self.state, why }
    }

    /// Writes the next revision and puts it in force.
    pub(super) async fn revise(
        &mut self,
        tx: &mut Tx,
        words: &Revision,
        articles: &[Taken],
    ) -> sqlx::Result<()> {
        self.revision += 1;
        write_revision(tx, self.id, self.revision, words, articles).await?;
        own_words::carry(tx, self.id, self.revision - 1, self.revision).await?;
        execute!(tx, sql::SET_REVISION, self.id, self.revision)?;
        Ok(())
    }

    /// Ends a frozen edition: its articles return and its slot says why nothing was sent.
    pub(super) async fn expire(
        &mut self,
        tx: &mut Tx,
        reason: SkipReason,
        now: Timestamp,
    ) -> sqlx::Result<()> {
        execute!(tx, sql::MOVE_EDITION, self.id, EditionState::Frozen, EditionState::Expired)?;
        execute!(tx, sql::SKIP_SLOT, self.slot_id, reason)?;
        execute!(tx, sql::RETURN_ARTICLES, self.id, now)?;
        self.state = EditionState::Expired;
        Ok(())
    }
}

pub(super) async fn write_revision(
    tx: &mut Tx,
    edition: EditionId,
    revision: i64,
    words: &Revision,
    articles: &[Taken],
) -> sqlx::Result<()> {
    execute!(
        tx,
        sql::ADD_REVISION,
        edition,
        revision,
        words.subject.as_deref(),
        words.note.as_deref(),
        words.cause.as_str(),
        words.created_at
    )?;
    for (position, taken) in (0_i64..).zip(articles) {
        execute!(
            tx,
            sql::ADD_EDITION_ARTICLE,
            edition,
            revision,
            taken.article,
            position,
            taken.role,
            taken.content_hash.as_slice()
        )?;
    }
    Ok(())
}

/// Approves a frozen edition. Doing it twice changes nothing.
///
/// # Errors
/// [`EditionError::State`] when it is frozen no longer; the store's.
pub async fn approve(db: &Db, id: EditionId, now: Timestamp) -> Result<Edition, EditionError> {
    let mut tx = db.begin().await?;
    let edition = approve_in(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(edition)
}

pub(super) async fn approve_in(tx: &mut Tx, id: EditionId, now: Timestamp) -> Result<Edition, EditionError> {
    let edition = Edition::lock(tx, id).await?;
    if edition.state != EditionState::Frozen {
        return Err(edition.refuse("only a frozen edition can be approved"));
    }
    execute!(tx, sql::APPROVE_EDITION, id, now)?;
    Edition::read(tx, id).await
}

/// Moves a frozen edition's release to `to`; the slot keeps its key, and `grace` (ms) counts from the new time.
///
/// # Errors
/// [`EditionError::State`] when it is frozen no longer; the store's.
pub async fn postpone(db: &Db, id: EditionId, to: Timestamp, grace: i64) -> Result<Edition, EditionError> {
    let mut tx = db.begin().await?;
    let edition = postpone_in(&mut tx, id, to, grace).await?;
    tx.commit().await?;
    Ok(edition)
}

pub(super) async fn postpone_in(
    tx: &mut Tx,
    id: EditionId,
    to: Timestamp,
    grace: i64,
) -> Result<Edition, EditionError> {
    let edition = Edition::lock(tx, id).await?;
    if edition.state != EditionState::Frozen {
        return Err(edition.refuse("only a frozen edition can be postponed"));
    }
    execute!(tx, sql::POSTPONE_EDITION, id, to, to.plus(grace))?;
    Edition::read(tx, id).await
}

/// The reason a delivery is held for while its edition is stopped.
pub const EDITION_STOPPED: &str = "edition stopped";

/// Stops an edition. Before release its articles return; after it, what has not left is held.
///
/// # Errors
/// [`EditionError::State`] when it is over already; the store's.
pub async fn stop(db: &Db, id: EditionId, now: Timestamp) -> Result<Edition, EditionError> {
    let mut tx = db.begin_durable().await?;
    let edition = stop_in(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(edition)
}

pub(super) async fn stop_in(tx: &mut Tx, id: EditionId, now: Timestamp) -> Result<Edition, EditionError> {
    let edition = Edition::lock(tx, id).await?;
    match edition.state {
        EditionState::Frozen => {
            execute!(tx, sql::MOVE_EDITION, id, EditionState::Frozen, EditionState::Stopped)?;
            execute!(tx, sql::RETURN_ARTICLES, id, now)?;
        }
        EditionState::Released => {
            execute!(tx, sql::MOVE_EDITION, id, EditionState::Released, EditionState::Stopped)?;
            execute!(tx, sql::HOLD_DELIVERIES, id, EDITION_STOPPED)?;
        }
        EditionState::Stopped => {}
        EditionState::Expired => return Err(edition.refuse("there is nothing left to stop")),
    }
    Edition::read(tx, id).await
}

/// Lets a stopped edition go on. One that was stopped before its release stays ended: its articles have returned and
/// the next edition, or `edition run`, takes them.
///
/// # Errors
/// [`EditionError::State`] when it was not stopped after its release; the store's.
pub async fn resume(db: &Db, id: EditionId) -> Result<Edition, EditionError> {
    let mut tx = db.begin_durable().await?;
    let edition = resume_in(&mut tx, id).await?;
    tx.commit().await?;
    Ok(edition)
}

pub(super) async fn resume_in(tx: &mut Tx, id: EditionId) -> Result<Edition, EditionError> {
    let edition = Edition::lock(tx, id).await?;
    match (edition.state, edition.released_at) {
        (EditionState::Stopped, Some(_)) => {
            execute!(tx, sql::MOVE_EDITION, id, EditionState::Stopped, EditionState::Released)?;
            execute!(tx, sql::LET_GO_DELIVERIES, id, EDITION_STOPPED)?;
        }
        (EditionState::Stopped, None) => {
            return Err(edition.refuse(
                "it was stopped before its release and its articles have returned; \
                 `kiosque edition run SLUG` sends them now",
            ));
        }
        (EditionState::Released, _) => {}
        _ => return Err(edition.refuse("only a stopped edition can be resumed")),
    }
    Edition::read(tx, id).await
}
