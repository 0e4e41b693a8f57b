//! Which articles an edition takes: promise P1, by a ledger of ids and never by a window of dates.
//!
//! A candidate is visible at the slot, has no live ledger row of this newsletter, appeared after the newsletter's
//! opening, and was published after the previous released edition's slot minus `max_age`.

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::config::{AfterPause, Overflow};
use crate::db::{Tx, json_list};
use crate::subscribers::Choice;
use crate::{execute, fetch_all, fetch_one, text_enum};

use super::declaration::Declaration;
use super::digest_articles;
use super::edition::EditionId;
use super::makeup::{self, Candidate, LeadRule};
use super::makeup_sql::LATEST_FROZEN_SLOT;
use super::newsletter::{Newsletter, NewsletterId};
use super::pins;
use super::seen::{Placed, Rubric, rubric_of};
use super::slot_store::{SkipReason, SlotOutcome};
use super::slug::Slug;
use super::sql;

text_enum! {
    /// How a newsletter used an article.
    Usage {
        /// Sent with its summary.
        Full = "full",
        /// Counted and linked, not sent again.
        Announced = "announced",
        /// Taken out by an editor.
        LeftOut = "left_out",
        /// Appeared during a pause that ended fresh.
        Passed = "passed",
    }
}

text_enum! {
    /// What an article is in an edition.
    Role {
        /// The first one.
        Lead = "lead",
        /// With its summary.
        Full = "full",
        /// Counted and linked.
        Announced = "announced",
    }
}

impl Role {
    /// How the ledger calls it.
    #[must_use]
    pub fn usage(self) -> Usage {
        match self {
            Self::Lead | Self::Full => Usage::Full,
            Self::Announced => Usage::Announced,
        }
    }
}

/// An article taken by an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub article: ArticleId,
    /// As what.
    pub role: Role,
    /// How its content stood.
    pub content_hash: Vec<u8>,
}

/// What a slot would take, before anything is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The edition's articles: the lead, what else is pinned, then newest first.
    pub taken: Vec<Taken>,
    /// What a pause passed over.
    pub passed: Vec<ArticleId>,
    /// The newsletter's opening, set by its first selection.
    pub opening: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ArticleId,
    appeared_at: Timestamp,
    published_at: Timestamp,
    primary_category_id: Option<CategoryId>,
    content_hash: Vec<u8>,
}

/// Chooses for a slot at `slot_at`. Writes nothing.
///
/// # Errors
/// When the store fails.
pub async fn select(
    tx: &mut Tx,
    newsletter: &Newsletter,
    declaration: &Declaration,
    rubrics: &[Rubric],
    slot_at: Timestamp,
) -> sqlx::Result<Selection> {
    let candidates = candidates(tx, newsletter, declaration, rubrics, slot_at, slot_at).await?;
    let cut = match declaration.after_pause {
        AfterPause::Fresh => last_slot_of_a_long_pause(tx, newsletter.id, slot_at).await?,
        AfterPause::CatchUp => None,
    };
    let (passed, fresh): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| cut.is_some_and(|cut| candidate.appeared_at <= cut));
    let makeup = &declaration.makeup;
    let too_old = match makeup.overflow {
        Overflow::Announce => slot_at,
        Overflow::Carry => {
            let (frozen,): (Option<Timestamp>,) = fetch_one!(tx, LATEST_FROZEN_SLOT, newsletter.id)?;
            frozen.map_or(slot_at, |frozen| frozen.max(slot_at)).plus(-declaration.max_age.ms())
        }
    };
    let candidates = candidates_of(tx, fresh, &makeup.lead, rubrics, slot_at).await?;
    Ok(Selection {
        taken: makeup::arrange(candidates, makeup.limits, makeup.overflow, too_old),
        passed: passed.into_iter().map(|candidate| candidate.id).collect(),
        opening: opening(newsletter, declaration, slot_at),
    })
}

/// What could be put into the edition of a slot as an addition, newest first: what P1 would give it at `until`.
pub(super) async fn offered(
    tx: &mut Tx,
    newsletter: &Newsletter,
    declaration: &Declaration,
    slot_at: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Vec<ArticleId>> {
    let rubrics = rubrics_of(tx, declaration).await?;
    let rows = candidates(tx, newsletter, declaration, &rubrics, slot_at, until).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What the edition of a slot may take, newest first, of what was published until `until`.
async fn candidates(
    tx: &mut Tx,
    newsletter: &Newsletter,
    declaration: &Declaration,
    rubrics: &[Rubric],
    slot_at: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Vec<Row>> {
    let opening = opening(newsletter, declaration, slot_at);
    let (previous,): (Option<Timestamp>,) =
        fetch_one!(tx, sql::PREVIOUS_RELEASED_SLOT, newsletter.id, slot_at)?;
    let published_after = previous.unwrap_or(opening).plus(-declaration.max_age.ms());
    let categories = json_list(rubrics.iter().map(|rubric| rubric.id.0));
    fetch_all!(tx, sql::CANDIDATES, newsletter.id, published_after, until, opening, categories.as_str())
}

/// The rows with what their order follows from.
async fn candidates_of(
    tx: &mut Tx,
    rows: Vec<Row>,
    lead: &LeadRule,
    rubrics: &[Rubric],
    slot_at: Timestamp,
) -> sqlx::Result<Vec<Candidate>> {
    let pinned = pins::pinned(tx, rows.iter().map(|row| row.id), slot_at).await?;
    let mut categories = digest_articles::categories_of(tx, rows.iter().map(|row| row.id)).await?;
    let lead = match lead {
        LeadRule::Newest => None,
        LeadRule::Rubric(slug) => rubrics.iter().find(|rubric| rubric.slug == slug.as_str()),
    };
    let candidate = |row: Row| {
        let placed = Placed {
            article: row.id,
            role: Role::Full,
            primary: row.primary_category_id,
            categories: categories.remove(&row.id).unwrap_or_default(),
            content_hash: row.content_hash,
        };
        Candidate {
            article: row.id,
            published_at: row.published_at,
            pinned_at: pinned.get(&row.id).copied(),
            rubric: rubric_of(&placed, rubrics, &Choice::All),
            may_lead: lead.is_none_or(|lead| placed.categories.contains(&lead.id)),
            content_hash: placed.content_hash,
        }
    };
    Ok(rows.into_iter().map(candidate).collect())
}

/// The newsletter's opening; before its first edition the slot before that, or a day before where the schedule has none.
fn opening(newsletter: &Newsletter, declaration: &Declaration, slot_at: Timestamp) -> Timestamp {
    newsletter.opening_at.unwrap_or_else(|| {
        let before = slot_at.plus(-1).to_utc();
        let slot = declaration.schedule.previous_slot(declaration.zone, before);
        slot.map_or(slot_at.plus(-crate::clock::DAY), |slot| slot.at.into())
    })
}

/// The last paused slot since the edition before, when the pause covered more than one.
async fn last_slot_of_a_long_pause(
    tx: &mut Tx,
    newsletter: NewsletterId,
    slot_at: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let back: Vec<(Timestamp, SlotOutcome, Option<SkipReason>)> =
        fetch_all!(tx, sql::SLOTS_BACK, newsletter, slot_at, 1000_i64)?;
    let since_edition = back.iter().take_while(|(_, outcome, _)| *outcome == SlotOutcome::Skipped);
    let paused: Vec<Timestamp> = since_edition
        .filter(|(_, _, reason)| *reason == Some(SkipReason::Paused))
        .map(|(at, _, _)| *at)
        .collect();
    Ok(if paused.len() > 1 { paused.first().copied() } else { None })
}

/// Writes the newsletter's opening, at its first selection, and what a pause passed over.
pub(super) async fn open_and_pass(
    tx: &mut Tx,
    newsletter: NewsletterId,
    selection: &Selection,
    now: Timestamp,
) -> sqlx::Result<()> {
    execute!(tx, sql::OPEN_NEWSLETTER, newsletter, selection.opening)?;
    for article in &selection.passed {
        execute!(tx, sql::TAKE_ARTICLE, newsletter, *article, None::<EditionId>, Usage::Passed, now)?;
    }
    Ok(())
}

/// Writes the articles into the ledger. Gives what was really taken: one that another edition took meanwhile stays
/// with that one.
pub(super) async fn take(
    tx: &mut Tx,
    newsletter: NewsletterId,
    edition: EditionId,
    selected: Vec<Taken>,
    now: Timestamp,
) -> sqlx::Result<Vec<Taken>> {
    let mut really = Vec::with_capacity(selected.len());
    for taken in selected {
        let usage = taken.role.usage();
        if execute!(tx, sql::TAKE_ARTICLE, newsletter, taken.article, edition, usage, now)? == 1 {
            really.push(taken);
        }
    }
    Ok(really)
}

/// The categories that a newsletter carries: those it names, in that order, or every listed one in configured order.
///
/// # Errors
/// When the store fails.
pub async fn rubrics_of(tx: &mut Tx, declaration: &Declaration) -> sqlx::Result<Vec<Rubric>> {
    let listed: Vec<(CategoryId, String, String)> = fetch_all!(tx, sql::LISTED_RUBRICS)?;
    let rubrics = listed.into_iter().map(|(id, slug, name)| Rubric { id, slug, name }).collect();
    Ok(carried(rubrics, declaration.categories.as_deref()).0)
}

/// Parts listed rubrics into those that a newsletter carries, in the order in which it names them, and the others.
pub(super) fn carried(rubrics: Vec<Rubric>, named: Option<&[Slug]>) -> (Vec<Rubric>, Vec<Rubric>) {
    let Some(named) = named else { return (rubrics, Vec::new()) };
    let place = |rubric: &Rubric| named.iter().position(|slug| slug.as_str() == rubric.slug);
    let (mut carried, others): (Vec<_>, Vec<_>) =
        rubrics.into_iter().partition(|rubric| place(rubric).is_some());
    carried.sort_by_key(place);
    (carried, others)
}
