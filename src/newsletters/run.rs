//! Editions outside the schedule: a look at what would be sent now, a test to one address, a manual run.

use anyhow::Context;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::fetch_all;
use crate::mail::Encoded;
use crate::subscribers::Choice;

use super::corrections;
use super::declaration::Declaration;
use super::desk::Desk;
use super::digest_articles;
use super::edition::{EditionId, Revision};
use super::freeze::{self, Frozen, SlotToFill};
use super::newsletter::Newsletter;
use super::online;
use super::parts::Parts;
use super::release;
use super::render::Rendered;
use super::seen::Layout;
use super::selection;
use super::slot::SlotKey;
use super::sql;
use super::variant::Sheet;

/// What a test's subject begins with.
pub const TEST_PREFIX: &str = "[Essai]";

/// What would be sent now: to readers of everything first, then one a choice in use.
#[derive(Debug, Clone)]
pub struct Preview {
    /// How many articles a reader of everything would see.
    pub articles: usize,
    /// A choice's stored text (`all`, or category ids) and its mail.
    pub mails: Vec<(String, Rendered, Encoded)>,
}

/// Why nothing can be shown or run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No newsletter has this slug.
    #[error("no newsletter has the slug `{0}`; `kiosque newsletter list` shows them")]
    Unknown(String),
    /// There is nothing to send.
    #[error(
        "there is nothing new for `{slug}`: {found} article(s), and it wants at least {wanted}; nothing was written"
    )]
    Empty {
        /// The newsletter.
        slug: String,
        /// How many articles there are.
        found: usize,
        /// `min_articles`.
        wanted: u32,
    },
    /// The store or a template failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<sqlx::Error> for RunError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Desk {
    /// The declaration and the row of a newsletter.
    ///
    /// # Errors
    /// [`RunError::Unknown`]; the store's.
    pub async fn newsletter(&self, slug: &str) -> Result<(&Declaration, Newsletter), RunError> {
        let unknown = || RunError::Unknown(slug.to_owned());
        let declaration = self.declaration(slug).ok_or_else(unknown)?;
        let row = Newsletter::by_slug(&self.db, declaration.slug.as_str()).await?;
        Ok((declaration, row.ok_or_else(unknown)?))
    }

    /// Renders what an edition made at `now` would say. Writes neither slot nor ledger.
    ///
    /// # Errors
    /// [`RunError::Empty`] when there is nothing to show.
    pub async fn preview(&self, slug: &str, now: Timestamp) -> Result<Preview, RunError> {
        self.look(slug, now, None).await
    }

    /// The mail that `edition test` sends: a preview for readers of everything, marked `[Essai]`.
    ///
    /// # Errors
    /// As [`Desk::preview`].
    pub async fn test_mail(&self, slug: &str, now: Timestamp) -> Result<(Rendered, Encoded), RunError> {
        let mut preview = self.look(slug, now, Some(TEST_PREFIX)).await?;
        let (_, rendered, message) = preview.mails.swap_remove(0);
        Ok((rendered, message))
    }

    async fn look(&self, slug: &str, now: Timestamp, prefix: Option<&str>) -> Result<Preview, RunError> {
        let (declaration, newsletter) = self.newsletter(slug).await?;
        let mut tx = self.db.begin_read().await?;
        let rubrics = selection::rubrics_of(&mut tx, declaration).await?;
        let selection = selection::select(&mut tx, &newsletter, declaration, &rubrics, now).await?;
        let articles = digest_articles::load_for(&mut tx, declaration, &selection.taken).await?;
        let parts = Parts {
            rubrics,
            articles,
            reworded: Vec::new(),
            words: Revision { subject: None, note: None, cause: String::new(), created_at: now },
            corrections: corrections::due(&mut tx, newsletter.id, None).await?,
        };
        let choices = choices(&mut tx, &newsletter).await?;
        drop(tx);
        let sheet = Sheet {
            desk: self,
            declaration,
            parts: &parts,
            edition: None,
            slot_at: now,
            // It has no page of its own yet.
            online: Some(online::archive_url(&self.config.public_url, &declaration.slug)),
            prefix,
        };
        let mut mails = Vec::new();
        for (choice, layout) in choices {
            if let Some(variant) =
                sheet.variant(&choice.parse::<Choice>().context("a choice is misspelt")?, layout)?
            {
                let name = if layout == Layout::Light { format!("{choice} light") } else { choice };
                mails.push((name, variant.rendered, variant.message));
            } else if choice == "all" {
                return Err(RunError::Empty {
                    slug: slug.to_owned(),
                    found: parts.articles.len(),
                    wanted: declaration.min_articles,
                });
            }
        }
        Ok(Preview { articles: parts.articles.len(), mails })
    }

    /// Makes an edition now and releases it at once.
    ///
    /// # Errors
    /// [`RunError::Empty`] when there is nothing to send: then nothing is written.
    pub async fn run(&self, slug: &str, now: Timestamp) -> Result<EditionId, RunError> {
        let (declaration, newsletter) = self.newsletter(slug).await?;
        let mut tx = self.db.begin().await?;
        let newsletter = Newsletter::lock(&mut tx, newsletter.id).await?;
        let slot = SlotToFill { key: SlotKey::run(uuid::Uuid::now_v7()), at: now, approved: Some(now) };
        let Frozen::Edition(id) = freeze::freeze(&mut tx, &newsletter, declaration, slot, now).await? else {
            drop(tx);
            self.preview(slug, now).await?;
            return Err(RunError::Failed(anyhow::anyhow!("the articles were taken meanwhile")));
        };
        tx.commit().await?;
        release::release(self, declaration, id, now)
            .await
            .context("the edition is frozen but not released")?;
        Ok(id)
    }
}

/// `all`, and then what else confirmed readers chose.
async fn choices(tx: &mut Tx, newsletter: &Newsletter) -> sqlx::Result<Vec<(String, Layout)>> {
    let in_use: Vec<(i64, String, Layout)> = fetch_all!(tx, sql::CHOICES_IN_USE, newsletter.id)?;
    let mut choices = vec![("all".to_owned(), Layout::Normal)];
    choices.extend(
        in_use
            .into_iter()
            .map(|(_, choice, layout)| (choice, layout))
            .filter(|choice| *choice != ("all".to_owned(), Layout::Normal)),
    );
    Ok(choices)
}
