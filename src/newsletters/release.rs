//! Release: every choice in use gets its variant, the readers are counted, and the edition may leave.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;

use anyhow::Context;
use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::subscribers::{Choice, ChoiceId};
use crate::{execute, fetch_all, fetch_one};

use super::corrections::{self, Correction};
use super::declaration::Declaration;
use super::desk::Desk;
use super::editing;
use super::edition::{Edition, EditionId, EditionState};
use super::parts::Parts;
use super::revise;
use super::seen::Layout;
use super::sql;
use super::variant::{self, Sheet, Variant, VariantId};

/// A choice and layout that confirmed readers have.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct InUse {
    choice_id: ChoiceId,
    categories: String,
    layout: Layout,
}

/// Which variant each choice in use gets; none: it sees too little.
type Variants = BTreeMap<(String, Layout), Option<VariantId>>;

/// Variants rendered before they are stored together: few enough that neither memory nor the write lock feels it.
const AT_ONCE: usize = 16;

/// Releases a frozen edition. Gives whether this call did it: it may be gone, changed or done by another node.
///
/// Variants are rendered and stored before the transaction, which only checks that nothing has changed since: nobody sees a
/// variant before a choice is mapped to it.
pub(super) async fn release(
    desk: &Desk,
    declaration: &Declaration,
    id: EditionId,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let mut variants = Variants::new();
    let mut telling: Vec<Correction> = Vec::new();
    for _ in 0..5 {
        let mut tx = desk.db.begin_read().await?;
        let edition = Edition::read(&mut tx, id).await?;
        if edition.state != EditionState::Frozen {
            return Ok(false);
        }
        let parts = Parts::read(&mut tx, declaration, &edition).await?;
        if parts.corrections != telling {
            telling.clone_from(&parts.corrections);
            variants.clear();
        }
        let missing: Vec<InUse> = in_use(&mut tx, &edition)
            .await?
            .into_iter()
            .filter(|choice| !variants.contains_key(&(choice.categories.clone(), choice.layout)))
            .collect();
        drop(tx);
        let mut rendering = Rendering::begin(desk, declaration, &edition, parts, missing);
        while let Some(rendered) = rendering.next().await? {
            let mut tx = desk.db.begin().await?;
            store(&mut tx, declaration, &edition, rendered, &mut variants, now).await?;
            tx.commit().await.context("cannot store the variants")?;
        }

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
        if map_choices(&mut tx, &locked, &variants).await? {
            let (eligible,): (i64,) = fetch_one!(&mut tx, sql::ELIGIBLE, id, locked.revision, now)?;
            execute!(&mut tx, sql::RELEASE_EDITION, id, locked.revision, now, eligible)?;
            corrections::told(&mut tx, id, &telling).await?;
            editing::end_left_out(&mut tx, id, now).await?;
            tx.commit().await.context("cannot release the edition")?;
            return Ok(true);
        }
    }
    anyhow::bail!("the edition or its readers' choices keep changing; trying again")
}

async fn in_use(tx: &mut Tx, edition: &Edition) -> sqlx::Result<Vec<InUse>> {
    fetch_all!(tx, sql::CHOICES_IN_USE, edition.newsletter_id)
}

/// A choice in use and what it sees, if that is enough.
type Made = (InUse, Option<Variant>);

/// Variants in the making, on all cores: a thread each renders a few choices while those before are stored.
struct Rendering {
    press: Arc<Press>,
    choices: std::vec::IntoIter<InUse>,
    under_way: JoinSet<anyhow::Result<Vec<Made>>>,
    cores: usize,
}

/// What every thread renders from.
struct Press {
    desk: Desk,
    declaration: Declaration,
    edition: Edition,
    parts: Parts,
}

impl Rendering {
    fn begin(
        desk: &Desk,
        declaration: &Declaration,
        edition: &Edition,
        parts: Parts,
        choices: Vec<InUse>,
    ) -> Self {
        let press =
            Press { desk: desk.clone(), declaration: declaration.clone(), edition: edition.clone(), parts };
        Self {
            press: Arc::new(press),
            choices: choices.into_iter(),
            under_way: JoinSet::new(),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    /// What the next thread that is done has made; nothing when all is made.
    async fn next(&mut self) -> anyhow::Result<Option<Vec<Made>>> {
        self.keep_busy();
        let Some(made) = self.under_way.join_next().await else { return Ok(None) };
        // The caller stores these; meanwhile nobody rests.
        self.keep_busy();
        made.context("a variant could not be rendered")?.map(Some)
    }

    fn keep_busy(&mut self) {
        while self.under_way.len() < self.cores {
            let few: Vec<InUse> = self.choices.by_ref().take(AT_ONCE).collect();
            if few.is_empty() {
                break;
            }
            let press = Arc::clone(&self.press);
            self.under_way.spawn_blocking(move || press.render(few));
        }
    }
}

impl Press {
    fn render(&self, choices: Vec<InUse>) -> anyhow::Result<Vec<Made>> {
        let Self { desk, declaration, edition, parts } = self;
        let sheet = Sheet::of(desk, declaration, edition, parts);
        let sheet = Sheet { edition: Some(edition.id), ..sheet };
        let variant = |choice: InUse| -> anyhow::Result<Made> {
            let variant = sheet.variant(&choice.categories.parse::<Choice>()?, choice.layout)?;
            Ok((choice, variant))
        };
        choices.into_iter().map(variant).collect()
    }
}

async fn store(
    tx: &mut Tx,
    declaration: &Declaration,
    edition: &Edition,
    rendered: Vec<Made>,
    variants: &mut Variants,
    now: Timestamp,
) -> sqlx::Result<()> {
    for (choice, variant) in rendered {
        let id = match variant {
            Some(variant) => Some(variant::store(tx, edition.id, declaration, &variant, now).await?),
            None => None,
        };
        variants.insert((choice.categories, choice.layout), id);
    }
    Ok(())
}

/// Stores which choice gets which variant. Gives false when a choice came into use that has none yet.
async fn map_choices(tx: &mut Tx, edition: &Edition, variants: &Variants) -> anyhow::Result<bool> {
    let mut mapped = Vec::new();
    for choice in in_use(tx, edition).await? {
        match variants.get(&(choice.categories, choice.layout)) {
            None => return Ok(false),
            Some(None) => {}
            Some(Some(variant)) => mapped.push((choice.choice_id, choice.layout, *variant)),
        }
    }
    let mapped = serde_json::to_string(&mapped)?;
    execute!(tx, sql::MAP_CHOICES, edition.id, edition.revision, &mapped)?;
    Ok(true)
}

/// Puts a revision made after release in force for the rows that were never in doubt; rows that were keep their
/// bytes and are held for `reason`, because those contain what was withdrawn; without a reason they go on.
pub(super) async fn carry_over(
    desk: &Desk,
    declaration: &Declaration,
    tx: &mut Tx,
    edition: &Edition,
    reason: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut variants = Variants::new();
    let choices = in_use(tx, edition).await?;
    let parts = Parts::read(tx, declaration, edition).await?;
    let mut rendering = Rendering::begin(desk, declaration, edition, parts, choices);
    while let Some(rendered) = rendering.next().await? {
        store(tx, declaration, edition, rendered, &mut variants, now).await?;
    }
    map_choices(tx, edition, &variants).await?;
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
    if let Some(reason) = reason {
        execute!(tx, sql::HOLD_DOUBTED, edition.id, edition.revision, reason)?;
    }
    Ok(())
}
