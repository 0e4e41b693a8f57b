//! A mistake after sending: the edition's next revision has the article put right, and a short edition, « Rectificatif »,
//! tells whoever may have got it wrong.
//!
//! Rows of the edition that were never in doubt take the revision. For each reader with one that was, with the article as it
//! was wrong, the short edition has a row: `delivery::rectify` writes them and lets each go when such a copy has left. The short
//! edition takes nothing from the ledger, has no page, and stands at the slot of the edition it corrects, so that P1 does not
//! see it.

use std::collections::BTreeSet;

use anyhow::Context;
use uuid::Uuid;

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Tx, json_list};
use crate::french::date;
use crate::subscribers::Choice;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

use super::corrections::Correction;
use super::declaration::Declaration;
use super::desk::Desk;
use super::digest_articles;
use super::editing::history::{self, Act, Entry};
use super::edition::{Edition, EditionError, EditionId, Revision, write_revision};
use super::parts::Parts;
use super::release;
use super::revise;
use super::seen::Layout;
use super::selection::{self, Role, Taken};
use super::shown::Shown;
use super::slot::SlotKey;
use super::slot_store;
use super::variant::{self, Sheet, VariantId};

/// By reader; only what lists the variants differs between the engines.
macro_rules! outlook {
    ($variants:literal) => {
        concat!(
            "SELECT CAST(coalesce(sum(told), 0) AS BIGINT) AS told, ",
            "CAST(coalesce(sum(corrected), 0) AS BIGINT) AS corrected FROM (SELECT ",
            "max(CASE WHEN in_doubt_at IS NOT NULL AND state NOT IN ('failed', 'cancelled') THEN 1 ELSE 0 END) AS told, ",
            "max(CASE WHEN in_doubt_at IS NULL AND state IN ('pending', 'claimed') THEN 1 ELSE 0 END) AS corrected ",
            "FROM deliveries WHERE edition_id = $1 AND kind = 'edition' AND variant_id IN (",
            $variants,
            ") GROUP BY subscription_id) readers"
        )
    };
}

statements! {
    // Variants of an edition whose article differs from the one that stands now.
    WRONG_VARIANTS = "SELECT DISTINCT v.id, v.shown FROM edition_choices ec
        JOIN variants v ON v.id = ec.variant_id
        JOIN edition_articles ea ON ea.edition_id = ec.edition_id AND ea.revision = ec.revision
        JOIN articles a ON a.id = ea.article_id
        WHERE ec.edition_id = $1 AND ea.article_id = $2 AND ea.content_hash <> a.content_hash ORDER BY v.id";
    RECTIFIED_BEFORE = "SELECT r.edition_id FROM rectificatifs r JOIN articles a ON a.id = r.article_id
        WHERE r.of_edition_id = $1 AND r.article_id = $2 AND r.content_hash = a.content_hash";
    VARIANTS_IN_FORCE = "SELECT DISTINCT variant_id FROM edition_choices WHERE edition_id = $1 AND revision = $2";
    ADD_SHORT_EDITION = "INSERT INTO editions (newsletter_id, slot_id, state, revision, released_revision, slot_at, due_at,
            expires_at, approved_at, frozen_at, released_at)
        VALUES ($1, $2, 'released', 1, 1, $3, $4, $5, $4, $4, $4) RETURNING id";
    ADD_RECTIFICATIF = "INSERT INTO rectificatifs
            (edition_id, of_edition_id, article_id, content_hash, note, variant_id, light_variant_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_RECTIFIED_VARIANT = "INSERT INTO rectified_variants (edition_id, variant_id) VALUES ($1, $2)";
    // Its readers, by a count of its own: whoever has a copy with the mistake, of the first or a resend, that was ever in doubt.
    COUNT_RECTIFIED = "UPDATE editions SET eligible = (SELECT count(DISTINCT d.subscription_id) FROM deliveries d
            JOIN rectified_variants w ON w.edition_id = $1 AND w.variant_id = d.variant_id
            JOIN subscriptions s ON s.id = d.subscription_id
            WHERE d.edition_id = $2 AND d.kind = 'edition' AND d.in_doubt_at IS NOT NULL)
        WHERE id = $1 RETURNING eligible";
    // $2 the variants with the mistake.
    RECTIFIED_OUTLOOK = {
        sqlite: outlook!("SELECT value FROM json_each($2)"),
        postgres: outlook!("SELECT value::bigint FROM jsonb_array_elements_text($2::jsonb)")
    };
}

/// What setting it going would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Outlook {
    /// Readers of whom a copy with the mistake has left or may have: they are told once it has.
    pub told: i64,
    /// Readers whose copy has not begun to leave: they get the edition corrected.
    pub corrected: i64,
}

/// What was set going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rectified {
    /// The short edition.
    pub edition: EditionId,
    /// How many readers it concerns.
    pub readers: u64,
    /// The article's title as it stands now.
    pub title: String,
}

/// Why nothing was put right.
#[derive(Debug, thiserror::Error)]
pub enum RectifyError {
    /// The edition, or where it stands.
    #[error(transparent)]
    Edition(#[from] EditionError),
    /// Its newsletter is gone from the configuration.
    #[error("the newsletter `{0}` is not declared any more")]
    Undeclared(String),
    /// It does not hold the article.
    #[error("edition {0} does not hold article {1}; `kiosque edition show {0}` names its articles")]
    NotInIt(EditionId, ArticleId),
    /// Nothing changed in the article.
    #[error(
        "article {1} stands as edition {0} has it: correct it where it comes from first, so that whoever has not got the edition \
         gets it right"
    )]
    Unchanged(EditionId, ArticleId),
    /// This was done already.
    #[error("edition {0} says so already")]
    Already(EditionId),
    /// The store or a template failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<sqlx::Error> for RectifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What is wrong: looked at by who asks first, and again by who sets it going.
struct Mistake<'a> {
    edition: Edition,
    declaration: &'a Declaration,
    /// The variants that hold the article as it was.
    variants: BTreeSet<VariantId>,
}

impl<'a> Mistake<'a> {
    async fn find(
        desk: &'a Desk,
        tx: &mut Tx,
        edition: Edition,
        article: ArticleId,
    ) -> Result<Self, RectifyError> {
        let id = edition.id;
        if edition.released_at.is_none() {
            return Err(edition.refuse("it has not left: what is corrected now goes out corrected").into());
        }
        let declaration =
            desk.declaration(&edition.slug).ok_or_else(|| RectifyError::Undeclared(edition.slug.clone()))?;
        if !edition.taken(tx).await?.iter().any(|taken| taken.article == article) {
            return Err(RectifyError::NotInIt(id, article));
        }
        let before: Option<(EditionId,)> = fetch_optional!(tx, RECTIFIED_BEFORE, id, article)?;
        if let Some((before,)) = before {
            return Err(RectifyError::Already(before));
        }
        let stored: Vec<(VariantId, Option<String>)> = fetch_all!(tx, WRONG_VARIANTS, id, article)?;
        let holds = |shown: &Option<String>| shown.is_none() || Shown::read(shown.as_deref()).holds(article);
        let variants: BTreeSet<VariantId> =
            stored.iter().filter(|(_, shown)| holds(shown)).map(|(variant, _)| *variant).collect();
        if variants.is_empty() {
            return Err(RectifyError::Unchanged(id, article));
        }
        Ok(Self { edition, declaration, variants })
    }
}

/// To how many readers [`correct`] would go. Changes nothing.
///
/// # Errors
/// Those of [`correct`].
pub async fn outlook(desk: &Desk, id: EditionId, article: ArticleId) -> Result<Outlook, RectifyError> {
    let mut tx = desk.db.begin_read().await?;
    let edition = Edition::read(&mut tx, id).await?;
    let mistake = Mistake::find(desk, &mut tx, edition, article).await?;
    let variants = json_list(mistake.variants.iter().map(|variant| variant.0));
    Ok(fetch_one!(&mut tx, RECTIFIED_OUTLOOK, id, variants.as_str())?)
}

/// Puts an article of a released edition right in the name of `who` (an editor's address, or `operator`), and tells whoever
/// may have got it wrong what `note` says, in French, plain text. The article must have been corrected in the store.
///
/// # Errors
/// [`RectifyError`]; nothing is written then.
pub async fn correct(
    desk: &Desk,
    id: EditionId,
    article: ArticleId,
    note: &str,
    who: &str,
    now: Timestamp,
) -> Result<Rectified, RectifyError> {
    let mut tx = desk.db.begin_durable().await?;
    let edition = Edition::lock(&mut tx, id).await?;
    let Mistake { mut edition, declaration, variants: mut wrong } =
        Mistake::find(desk, &mut tx, edition, article).await?;

    revise::follow_correction(&mut tx, &mut edition, article, now).await?;
    release::carry_over(desk, declaration, &mut tx, &edition, None, now).await?;
    let in_force: Vec<(VariantId,)> = fetch_all!(&mut tx, VARIANTS_IN_FORCE, id, edition.revision)?;
    for (variant,) in in_force {
        wrong.remove(&variant);
    }
    let rectified = short_edition(desk, declaration, &mut tx, &edition, article, note, &wrong, now).await?;
    let entry = Entry {
        act: Act::Rectify,
        who,
        article: Some(article),
        detail: Some(note),
        revision: Some(edition.revision),
    };
    history::add(&mut tx, id, entry, now).await?;
    tx.commit().await?;
    Ok(rectified)
}

#[expect(clippy::too_many_arguments, reason = "what one transaction knows, handed on once")]
async fn short_edition(
    desk: &Desk,
    declaration: &Declaration,
    tx: &mut Tx,
    of: &Edition,
    article: ArticleId,
    note: &str,
    wrong: &BTreeSet<VariantId>,
    now: Timestamp,
) -> Result<Rectified, RectifyError> {
    let taken = [Taken { article, role: Role::Lead, content_hash: Vec::new() }];
    let articles = digest_articles::load(tx, &taken).await?;
    let Some(told) = articles.first() else { return Err(RectifyError::NotInIt(of.id, article)) };
    let (title, hash) = (told.title.clone(), told.placed.content_hash.clone());
    let day = date::long_date(declaration.zone.local(of.slot_at.to_utc()).date());
    let words = Revision {
        subject: Some(format!("Rectificatif : {title}")),
        note: Some(format!("Un article de notre édition du {day} contenait une erreur. Le voici corrigé.")),
        cause: format!("puts article {article} of edition {} right", of.id),
        created_at: now,
    };
    let key = SlotKey::run(Uuid::now_v7());
    let slot = slot_store::take(tx, of.newsletter_id, key, now, None, now).await?;
    let slot = slot.context("the slot of the correction was taken")?;
    let expires = now.plus(declaration.grace.ms());
    let (id,): (EditionId,) =
        fetch_one!(tx, ADD_SHORT_EDITION, of.newsletter_id, slot, of.slot_at, now, expires)?;
    let taken = [Taken { article, role: Role::Lead, content_hash: hash.clone() }];
    write_revision(tx, id, 1, &words, &taken).await?;

    // One article is enough here, whatever the newsletter wants.
    let declaration = Declaration { min_articles: 1, ..declaration.clone() };
    let corrections = vec![Correction::to_everybody(&title, &told.url, note)];
    let rubrics = selection::rubrics_of(tx, &declaration).await?;
    let parts = Parts { rubrics, articles, reworded: Vec::new(), words, corrections };
    let sheet = Sheet {
        desk,
        declaration: &declaration,
        parts: &parts,
        edition: Some(id),
        slot_at: now,
        online: None,
        prefix: None,
    };
    let mut variants = Vec::with_capacity(2);
    for layout in [Layout::Normal, Layout::Light] {
        let made = sheet.variant(&Choice::All, layout)?;
        let made = made.context("the article's rubrics are not the newsletter's any more")?;
        variants.push(variant::store(tx, id, &declaration, &made, now).await?);
    }
    execute!(tx, ADD_RECTIFICATIF, id, of.id, article, hash.as_slice(), note, variants[0], variants[1], now)?;
    for variant in wrong {
        execute!(tx, ADD_RECTIFIED_VARIANT, id, *variant)?;
    }
    let (readers,): (i64,) = fetch_one!(tx, COUNT_RECTIFIED, id, of.id)?;
    Ok(Rectified { edition: id, readers: readers.unsigned_abs(), title })
}
