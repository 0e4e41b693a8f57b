//! Which articles an edition takes: promise P1, by a ledger of ids and never by a window of dates.
//!
//! A candidate is visible at the slot, has no live ledger row of this newsletter, appeared after the newsletter's
//! opening, and was published after the previous released edition's slot minus `max_age`.

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::config::AfterPause;
use crate::db::{Tx, json_list};
use crate::{execute, fetch_all, fetch_one, text_enum};

use super::declaration::Declaration;
use super::edition::EditionId;
use super::newsletter::{Newsletter, NewsletterId};
use super::seen::Rubric;
use super::slot_store::{SkipReason, SlotOutcome};
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
    /// The edition's articles, newest first.
    pub taken: Vec<Taken>,
    /// What a pause passed over.
    pub passed: Vec<ArticleId>,
    /// The newsletter's opening, set by its first selection.
    pub opening: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Candidate {
    id: ArticleId,
    appeared_at: Timestamp,
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
    let opening = newsletter.opening_at.unwrap_or_else(|| opening_before(declaration, slot_at));
    let (previous,): (Option<Timestamp>,) =
        fetch_one!(tx, sql::PREVIOUS_RELEASED_SLOT, newsletter.id, slot_at)?;
    let published_after = previous.unwrap_or(opening).plus(-declaration.max_age.ms());
    let categories = json_list(rubrics.iter().map(|rubric| rubric.id.0));
    let candidates: Vec<Candidate> = fetch_all!(
        tx,
        sql::CANDIDATES,
        newsletter.id,
        published_after,
        slot_at,
        opening,
        categories.as_str()
    )?;
    let cut = match declaration.after_pause {
        AfterPause::Fresh => last_slot_of_a_long_pause(tx, newsletter.id, slot_at).await?,
        AfterPause::CatchUp => None,
    };
    let (passed, fresh): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| cut.is_some_and(|cut| candidate.appeared_at <= cut));
    let most = usize::try_from(declaration.max_articles).unwrap_or(usize::MAX);
    let taken = fresh.into_iter().enumerate().map(|(index, candidate)| Taken {
        article: candidate.id,
        role: match index {
            0 => Role::Lead,
            _ if index < most => Role::Full,
            _ => Role::Announced,
        },
        content_hash: candidate.content_hash,
    });
    Ok(Selection {
        taken: taken.collect(),
        passed: passed.into_iter().map(|candidate| candidate.id).collect(),
        opening,
    })
}

/// The slot before a newsletter's first edition; for a schedule without an earlier one, a day before.
fn opening_before(declaration: &Declaration, slot_at: Timestamp) -> Timestamp {
    let before = slot_at.plus(-1).to_utc();
    declaration
        .schedule
        .previous_slot(declaration.zone, before)
        .map_or(slot_at.plus(-crate::clock::DAY), |slot| slot.at.into())
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

/// The categories that a newsletter carries, in configured order: those it names, or every listed one.
///
/// # Errors
/// When the store fails.
pub async fn rubrics_of(tx: &mut Tx, declaration: &Declaration) -> sqlx::Result<Vec<Rubric>> {
    let listed: Vec<(CategoryId, String, String)> = fetch_all!(tx, sql::LISTED_RUBRICS)?;
    let carried = |slug: &str| {
        declaration.categories.as_ref().is_none_or(|named| named.iter().any(|n| n.as_str() == slug))
    };
    Ok(listed
        .into_iter()
        .filter(|(_, slug, _)| carried(slug))
        .map(|(id, slug, name)| Rubric { id, slug, name })
        .collect())
}
