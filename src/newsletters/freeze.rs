//! Freezing: a slot is taken and becomes an edition, or a row that says it was empty.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::fetch_one;
use crate::subscribers::Choice;

use super::declaration::Declaration;
use super::digest_articles;
use super::edition::{EditionId, Revision, write_revision};
use super::newsletter::Newsletter;
use super::seen::{Rubric, Seen};
use super::selection::{self, Selection};
use super::slot::SlotKey;
use super::slot_store::{self, SkipReason, SlotId};
use super::sql;
use super::web_name;

/// A slot that is to become an edition.
#[derive(Debug, Clone)]
pub struct SlotToFill {
    /// Its key.
    pub key: SlotKey,
    /// Its instant.
    pub at: Timestamp,
    /// When it was approved, if it is: by the configuration or by the operator who ran it.
    pub approved: Option<Timestamp>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// An edition.
    Edition(EditionId),
    /// Less than `min_articles` for a reader of everything: the slot says so.
    Empty,
    /// The same, but the slot is still ahead: what is filed until then may fill it. Nothing was written.
    NotYet,
    /// Somebody took the slot before.
    TakenBefore,
}

/// Takes the slot and freezes revision 1 of its edition, in the caller's transaction and under the newsletter's lock.
///
/// # Errors
/// When the store fails.
pub(super) async fn freeze(
    tx: &mut Tx,
    newsletter: &Newsletter,
    declaration: &Declaration,
    slot: SlotToFill,
    now: Timestamp,
) -> sqlx::Result<Frozen> {
    let rubrics = selection::rubrics_of(tx, declaration).await?;
    let selection = selection::select(tx, newsletter, declaration, &rubrics, slot.at).await?;
    let enough = is_enough(tx, declaration, &rubrics, &selection).await?;
    if !enough && slot.at > now {
        return Ok(Frozen::NotYet);
    }
    let skipped = (!enough).then_some(SkipReason::Empty);
    let Some(row) = slot_store::take(tx, newsletter.id, slot.key, slot.at, skipped, now).await? else {
        return Ok(Frozen::TakenBefore);
    };
    selection::open_and_pass(tx, newsletter.id, &selection, now).await?;
    if !enough {
        return Ok(Frozen::Empty);
    }
    let expires = slot.at.plus(declaration.grace.ms());
    let web_name = web_name::free(tx, newsletter, declaration.zone, slot.at).await?;
    let id = add_edition(tx, newsletter, row, &slot, expires, &web_name, now).await?;
    let taken = selection::take(tx, newsletter.id, id, selection.taken, now).await?;
    let words = Revision { subject: None, note: None, cause: "frozen".to_owned(), created_at: now };
    write_revision(tx, id, 1, &words, &taken).await?;
    Ok(Frozen::Edition(id))
}

async fn add_edition(
    tx: &mut Tx,
    newsletter: &Newsletter,
    row: SlotId,
    slot: &SlotToFill,
    expires: Timestamp,
    web_name: &str,
    now: Timestamp,
) -> sqlx::Result<EditionId> {
    let (id,): (EditionId,) =
        fetch_one!(tx, sql::ADD_EDITION, newsletter.id, row, slot.at, expires, slot.approved, now, web_name)?;
    Ok(id)
}

/// Whether a reader of everything would see `min_articles`.
pub(super) async fn is_enough(
    tx: &mut Tx,
    declaration: &Declaration,
    rubrics: &[Rubric],
    selection: &Selection,
) -> sqlx::Result<bool> {
    let articles = digest_articles::load(tx, &selection.taken).await?;
    let placed: Vec<_> = articles.iter().map(|article| article.placed.clone()).collect();
    let seen = Seen::of(&placed, rubrics, &Choice::All, declaration.makeup.limits);
    Ok(seen.count() >= declaration.least_articles())
}
