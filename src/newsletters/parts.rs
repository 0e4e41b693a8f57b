//! What the mails of an edition are made of.

use crate::db::Tx;

use super::corrections::{self, Correction};
use super::declaration::Declaration;
use super::digest_articles::{self, DigestArticle};
use super::editing::own_words::{self, Reworded};
use super::edition::{Edition, Revision};
use super::seen::Rubric;
use super::selection;

/// What one revision of an edition says, whoever reads it.
pub(super) struct Parts {
    /// Those of the newsletter, in its order.
    pub(super) rubrics: Vec<Rubric>,
    /// In the order of the edition and in its words.
    pub(super) articles: Vec<DigestArticle>,
    /// Which of them have words of this edition's own.
    pub(super) reworded: Vec<Reworded>,
    /// Subject and note.
    pub(super) words: Revision,
    /// What was wrong in earlier editions.
    pub(super) corrections: Vec<Correction>,
}

impl Parts {
    /// Those of the revision in force.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn read(
        tx: &mut Tx,
        declaration: &Declaration,
        edition: &Edition,
    ) -> sqlx::Result<Self> {
        let taken = edition.taken(tx).await?;
        let mut articles = digest_articles::load_for(tx, declaration, &taken).await?;
        let reworded = own_words::apply(tx, edition.id, edition.revision, &mut articles).await?;
        Ok(Self {
            rubrics: selection::rubrics_of(tx, declaration).await?,
            articles,
            reworded,
            words: edition.words(tx).await?,
            corrections: corrections::due(tx, edition.newsletter_id, Some(edition.id)).await?,
        })
    }
}
