//! A newsletter's coming slots, with what will become of each; and skipping the next one.

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::fetch_all;

use super::declaration::Declaration;
use super::desk::slot_is_paused;
use super::edition::Edition;
use super::newsletter::{Newsletter, NewsletterId};
use super::slot::Slot;
use super::slot_store::{self, SkipReason, SlotOutcome};
use super::sql;

/// What will become of a coming slot, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prospect {
    /// It makes an edition, or has made one already that waits for its hour.
    Edition,
    /// It falls into a pause, declared or the operator's.
    Paused,
    /// It sends nothing, for this reason.
    Skipped(SkipReason),
}

/// A coming slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coming {
    /// Its key and its instant.
    pub slot: Slot,
    /// What will become of it.
    pub prospect: Prospect,
}

/// What came of [`skip_next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// This slot sends nothing now.
    Now(Slot),
    /// The next slot was skipped before; nothing was changed.
    Before(Slot),
    /// The schedule has no further slot.
    None,
}

/// The next `count` slots after `after`, as the declaration alone has them: for a newsletter the store does not know.
pub fn declared(declaration: &Declaration, after: Timestamp, count: usize) -> Vec<Coming> {
    let slots = declaration.schedule.slots_after(declaration.zone, after.to_utc()).take(count);
    let prospect = |slot: &Slot| {
        let day = declaration.zone.local(slot.at).date();
        let paused = declaration.pauses.iter().any(|pause| pause.contains(day));
        if paused { Prospect::Paused } else { Prospect::Edition }
    };
    slots.map(|slot| Coming { prospect: prospect(&slot), slot }).collect()
}

/// The next `count` slots after `after`, with what the store knows of them: the operator's pause, and skips.
///
/// # Errors
/// When the store fails.
pub async fn coming(
    db: &Db,
    newsletter: &Newsletter,
    declaration: &Declaration,
    after: Timestamp,
    count: usize,
) -> sqlx::Result<Vec<Coming>> {
    let rows: Vec<(String, SlotOutcome, Option<SkipReason>)> =
        fetch_all!(db, sql::SLOTS_AFTER, newsletter.id, after)?;
    let slots = declaration.schedule.slots_after(declaration.zone, after.to_utc()).take(count);
    let prospect = |slot: &Slot| {
        let key = slot.key.to_string();
        match rows.iter().find(|(known, ..)| *known == key) {
            Some((_, SlotOutcome::Skipped, Some(reason))) => Prospect::Skipped(*reason),
            _ if slot_is_paused(newsletter, declaration, slot.at.into()) => Prospect::Paused,
            _ => Prospect::Edition,
        }
    };
    Ok(slots.map(|slot| Coming { prospect: prospect(&slot), slot }).collect())
}

/// Skips the next slot after `now`: it sends nothing, and what it would have carried waits for the one after. An
/// edition frozen for it already ends, and its articles return. Doing it twice changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn skip_next(
    db: &Db,
    newsletter: NewsletterId,
    declaration: &Declaration,
    now: Timestamp,
) -> sqlx::Result<Skipped> {
    let Some(slot) = declaration.schedule.slots_after(declaration.zone, now.to_utc()).next() else {
        return Ok(Skipped::None);
    };
    let mut tx = db.begin().await?;
    let newsletter = Newsletter::lock(&mut tx, newsletter).await?;
    let skipped = skip(&mut tx, &newsletter, slot, now).await?;
    tx.commit().await?;
    Ok(if skipped { Skipped::Now(slot) } else { Skipped::Before(slot) })
}

async fn skip(tx: &mut Tx, newsletter: &Newsletter, slot: Slot, now: Timestamp) -> sqlx::Result<bool> {
    let key = slot.key.to_string();
    let frozen = Edition::frozen(tx, newsletter.id).await?;
    if let Some(mut edition) = frozen.into_iter().find(|edition| edition.slot_key == key) {
        edition.expire(tx, SkipReason::Operator, now).await?;
        return Ok(true);
    }
    let reason = Some(SkipReason::Operator);
    Ok(slot_store::take(tx, newsletter.id, slot.key, slot.at.into(), reason, now).await?.is_some())
}
