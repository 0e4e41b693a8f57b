//! Release: every choice in use gets its variant, the readers are counted, and the edition may leave.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::subscribers::{Choice, ChoiceId};
use crate::{execute, fetch_all, fetch_one};

use super::declaration::Declaration;
use super::desk::Desk;
use super::digest_articles;
use super::edition::{Edition, EditionId, EditionState};
use super::revise;
use super::seen::Layout;
use super::selection;
use super::sql;
use super::variant::{self, Sheet, Variant};

/// A choice and layout that confirmed readers have.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct InUse {
    choice_id: ChoiceId,
    categories: String,
    layout: Layout,
}

type Variants = BTreeMap<(String, Layout), Option<Variant>>;

/// Releases a frozen edition. Gives whether this call did it: it may be gone, changed or done by another node.
///
/// Variants are rendered before the transaction, which only checks that nothing has changed since.
pub(super) async fn release(
    desk: &Desk,
    declaration: &Declaration,
    id: EditionId,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let mut variants = Variants::new();
    for _ in 0..5 {
        let mut tx = desk.db.begin_read().await?;
        let edition = Edition::read(&mut tx, id).await?;
        if edition.state != EditionState::Frozen {
            return Ok(false);
        }
        let missing: Vec<InUse> = in_use(&mut tx, &edition)
            .await?
            .into_iter()
            .filter(|choice| !variants.contains_key(&(choice.categories.clone(), choice.layout)))
            .collect();
        render(desk, declaration, &mut tx, &edition, missing, &mut variants).await?;
        drop(tx);

        let mut tx = desk.db.begin_durable().await?;
        let locked = Edition::lock(&mut tx, id).await?;
        if locked.state != EditionState::Frozen {
            return Ok(false);
        }
        if locked.revision != edition.revision || revise::has_changed(&mut tx, &locked).await? {
            drop(tx);
            revise::follow_one(desk, id, now).await?;
            variants.clear();
            continue;
        }
        if map_choices(&mut tx, declaration, &locked, &variants, now).await? {
            let (eligible,): (i64,) = fetch_one!(&mut tx, sql::ELIGIBLE, id, locked.revision)?;
            execute!(&mut tx, sql::RELEASE_EDITION, id, locked.revision, now, eligible)?;
            tx.commit().await.context("cannot release the edition")?;
            return Ok(true);
        }
    }
    anyhow::bail!("the edition or its readers' choices keep changing; trying again")
}

async fn in_use(tx: &mut Tx, edition: &Edition) -> sqlx::Result<Vec<InUse>> {
    fetch_all!(tx, sql::CHOICES_IN_USE, edition.newsletter_id)
}

async fn render(
    desk: &Desk,
    declaration: &Declaration,
    tx: &mut Tx,
    edition: &Edition,
    choices: Vec<InUse>,
    variants: &mut Variants,
) -> anyhow::Result<()> {
    let rubrics = selection::rubrics_of(tx, declaration).await?;
    let taken = edition.taken(tx).await?;
    let articles = digest_articles::load(tx, &taken).await?;
    let words = edition.words(tx).await?;
    let sheet = Sheet {
        desk,
        declaration,
        rubrics: &rubrics,
        articles: &articles,
        words: &words,
        slot_at: edition.slot_at,
        prefix: None,
    };
    for choice in choices {
        let variant = sheet.variant(&choice.categories.parse::<Choice>()?, choice.layout)?;
        variants.insert((choice.categories, choice.layout), variant);
    }
    Ok(())
}

/// Stores the variants and which choice gets which. Gives false when a choice came into use that has none yet.
async fn map_choices(
    tx: &mut Tx,
    declaration: &Declaration,
    edition: &Edition,
    variants: &Variants,
    now: Timestamp,
) -> sqlx::Result<bool> {
    for choice in in_use(tx, edition).await? {
        match variants.get(&(choice.categories, choice.layout)) {
            None => return Ok(false),
            Some(None) => {}
            Some(Some(variant)) => {
                let id = variant::store(tx, edition.id, declaration, variant, now).await?;
                execute!(
                    tx,
                    sql::MAP_CHOICE,
                    edition.id,
                    edition.revision,
                    choice.choice_id,
                    choice.layout,
                    id
                )?;
            }
        }
    }
    Ok(true)
}

/// Puts a revision made after release in force for the rows that were never in doubt; rows that were keep their
/// bytes and are held, because those contain what was withdrawn.
pub(super) async fn carry_over(
    desk: &Desk,
    declaration: &Declaration,
    tx: &mut Tx,
    edition: &Edition,
    reason: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut variants = Variants::new();
    let choices = in_use(tx, edition).await?;
    render(desk, declaration, tx, edition, choices, &mut variants).await?;
    map_choices(tx, declaration, edition, &variants, now).await?;
    execute!(tx, sql::RECALL_CLAIMED, edition.id)?;
    execute!(tx, sql::CARRY_TO_REVISION, edition.id, edition.revision)?;
    execute!(
        tx,
        sql::CANCEL_UNMAPPED,
        edition.id,
        edition.revision,
        "no article left in the reader's rubrics",
        now
    )?;
    execute!(tx, sql::HOLD_DOUBTED, edition.id, edition.revision, reason)?;
    Ok(())
}
