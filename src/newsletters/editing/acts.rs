//! What editors decide about an edition as a whole, each noted with who did it.

use crate::clock::Timestamp;
use crate::db::Db;
use crate::newsletters::edition::{self, Edition, EditionError, EditionId};

use super::history::{self, Act, Entry};

fn entry<'a>(act: Act, who: &'a str, detail: Option<&'a str>) -> Entry<'a> {
    Entry { act, who, article: None, detail, revision: None }
}

/// Approves a frozen edition in the name of `who`. Doing it twice changes nothing, and is noted once.
///
/// # Errors
/// As [`edition::approve`].
pub async fn approve(db: &Db, id: EditionId, who: &str, now: Timestamp) -> Result<Edition, EditionError> {
    let mut tx = db.begin().await?;
    let before = Edition::lock(&mut tx, id).await?;
    let edition = edition::approve_in(&mut tx, id, now).await?;
    if before.approved_at.is_none() {
        history::add(&mut tx, id, entry(Act::Approve, who, None), now).await?;
    }
    tx.commit().await?;
    Ok(edition)
}

/// Moves a frozen edition's release to `to` in the name of `who`; `grace` (ms) counts from there.
///
/// # Errors
/// As [`edition::postpone`].
pub async fn postpone(
    db: &Db,
    id: EditionId,
    to: Timestamp,
    grace: i64,
    who: &str,
    now: Timestamp,
) -> Result<Edition, EditionError> {
    let mut tx = db.begin().await?;
    let before = Edition::lock(&mut tx, id).await?;
    let edition = edition::postpone_in(&mut tx, id, to, grace).await?;
    if before.due_at != to {
        let detail = to.millis().to_string();
        history::add(&mut tx, id, entry(Act::Postpone, who, Some(&detail)), now).await?;
    }
    tx.commit().await?;
    Ok(edition)
}

/// Stops an edition in the name of `who`.
///
/// # Errors
/// As [`edition::stop`].
pub async fn stop(db: &Db, id: EditionId, who: &str, now: Timestamp) -> Result<Edition, EditionError> {
    let mut tx = db.begin_durable().await?;
    let before = Edition::lock(&mut tx, id).await?;
    let edition = edition::stop_in(&mut tx, id, now).await?;
    if before.state != edition.state {
        history::add(&mut tx, id, entry(Act::Stop, who, None), now).await?;
    }
    tx.commit().await?;
    Ok(edition)
}

/// Lets an edition that was stopped after its release go on, in the name of `who`.
///
/// # Errors
/// As [`edition::resume`].
pub async fn resume(db: &Db, id: EditionId, who: &str, now: Timestamp) -> Result<Edition, EditionError> {
    let mut tx = db.begin_durable().await?;
    let before = Edition::lock(&mut tx, id).await?;
    let edition = edition::resume_in(&mut tx, id).await?;
    if before.state != edition.state {
        history::add(&mut tx, id, entry(Act::Resume, who, None), now).await?;
    }
    tx.commit().await?;
    Ok(edition)
}

/// Notes that `who` had the edition mailed for a look.
///
/// # Errors
/// When the store fails.
pub async fn note_act(db: &Db, id: EditionId, act: Act, who: &str, now: Timestamp) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    history::add(&mut tx, id, entry(act, who, None), now).await?;
    tx.commit().await
}
