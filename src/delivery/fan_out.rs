//! Fan-out: a released edition gets its row for every reader who was eligible at release.
//!
//! In chunks, each in a transaction of its own with the cursor that says how far it came: a kill loses nothing, and
//! other writers get their turn. The pump leaves an edition alone until all its rows are there (P3).

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::clock::{Clock, Timestamp};
use crate::config::Span;
use crate::db::{Db, Engine, Tx};
use crate::delivery::failpoint::{self, Point};
use crate::delivery::groups::Groups;
use crate::delivery::rectify;
use crate::delivery::sql;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::edition::EditionId;
use crate::newsletters::newsletter::NewsletterId;
use crate::subscribers::{self, SubscriptionId};
use crate::{execute, fetch_all, fetch_one};

/// A released edition that lacks rows.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Unfinished {
    id: EditionId,
    slug: String,
}

/// Where a fan-out stands.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Standing {
    newsletter_id: NewsletterId,
    fan_out_cursor: i64,
    fanned_out_at: Option<Timestamp>,
}

/// What all rows of an edition share.
#[derive(Debug, Clone, Copy)]
struct Common<'a> {
    /// Of the Message-IDs: the sender's.
    domain: &'a str,
    expire_after: Span,
    /// Over which their hours are spread.
    spread: Span,
    groups: &'a Groups,
}

impl<'a> Common<'a> {
    fn of(declaration: &'a Declaration, groups: &'a Groups) -> Self {
        Self {
            domain: declaration.from.address().domain(),
            expire_after: declaration.expire_after,
            spread: declaration.spread,
            groups,
        }
    }
}

/// A bulk writer holds SQLite's write lock about this long, and rests this long (design §4).
const HOLD: Duration = Duration::from_millis(14);
const REST: Duration = Duration::from_millis(2);

/// Subscriptions looked at in a chunk.
const CHUNKS: (i64, i64) = (200, 20_000);

/// Fans out every released edition that lacks rows. Gives each with the number of rows written now.
///
/// # Errors
/// When the store fails, or an edition's newsletter is not declared any more; the other editions have their rows all
/// the same, and what was done of this one stays.
pub async fn fan_out(desk: &Desk, clock: &Clock) -> anyhow::Result<Vec<(EditionId, u64)>> {
    let unfinished: Vec<Unfinished> = fetch_all!(&desk.db, sql::UNFINISHED_FAN_OUTS)?;
    let mut done = Vec::with_capacity(unfinished.len());
    let mut trouble = None;
    for Unfinished { id, slug } in unfinished {
        match edition(desk, clock, id, &slug).await {
            Ok(rows) => done.push((id, rows)),
            Err(error) => trouble = Some(error.context(format!("edition {id} lacks deliveries"))),
        }
    }
    trouble.map_or(Ok(done), Err)
}

/// Gives a reader the rows of editions that are released and lack rows, before what he chose changes: he was counted as he
/// stood at their release, and a fan-out passes over who changed since. Until the transaction ends, no other edition of the
/// newsletter is released.
///
/// # Errors
/// When the store fails.
pub async fn keep_before_change(
    tx: &mut Tx,
    desk: &Desk,
    newsletter: &subscribers::Newsletter,
    subscription: SubscriptionId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let _: (i64,) = fetch_one!(tx, sql::HOLD_RELEASES, newsletter.id)?;
    // What is not declared any more is not fanned out either.
    let Some(declaration) = desk.declaration(&newsletter.slug) else { return Ok(()) };
    let lacking: Vec<(EditionId,)> = fetch_all!(tx, sql::LACKING_ROWS, newsletter.id)?;
    if lacking.is_empty() {
        return Ok(());
    }
    let groups = Groups::of(&desk.config.recipient_groups);
    let common = Common::of(declaration, &groups);
    for (id,) in lacking {
        rows(tx, id, (subscription.0 - 1, subscription.0), common, now).await?;
    }
    Ok(())
}

async fn edition(desk: &Desk, clock: &Clock, id: EditionId, slug: &str) -> anyhow::Result<u64> {
    let declaration =
        desk.declaration(slug).with_context(|| format!("no newsletter `{slug}` is declared"))?;
    let groups = Groups::of(&desk.config.recipient_groups);
    let common = Common::of(declaration, &groups);
    let mut size = CHUNKS.0 * 5;
    let mut rows = 0;
    while let Some(Chunk { written, held }) = chunk(&desk.db, clock.now(), id, common, size).await? {
        rows += written;
        let fitting = size as f64 * HOLD.as_secs_f64() / held.as_secs_f64().max(1e-4);
        // Towards what fits, by halves and doubles, so that one slow disk write does not decide.
        size = (fitting as i64).clamp(size / 2, size * 2).clamp(CHUNKS.0, CHUNKS.1);
        if desk.db.engine() == Engine::Sqlite {
            tokio::time::sleep(REST).await;
        }
    }
    Ok(rows)
}

/// What a chunk did.
struct Chunk {
    written: u64,
    /// How long it held the write lock.
    held: Duration,
}

/// One chunk; none when there is nothing left to do.
async fn chunk(
    db: &Db,
    now: Timestamp,
    id: EditionId,
    common: Common<'_>,
    size: i64,
) -> sqlx::Result<Option<Chunk>> {
    let mut tx = db.begin_bulk().await?;
    let began = Instant::now();
    let standing: Standing = fetch_one!(&mut tx, sql::LOCK_FAN_OUT, id)?;
    if standing.fanned_out_at.is_some() {
        return Ok(None); // another node was faster
    }
    let (newsletter, cursor) = (standing.newsletter_id, standing.fan_out_cursor);
    let (upto,): (Option<i64>,) = fetch_one!(&mut tx, sql::FAN_OUT_UPTO, newsletter, cursor, size)?;
    let Some(upto) = upto else {
        execute!(&mut tx, sql::END_FAN_OUT, id, now)?;
        tx.commit().await?;
        return Ok(None);
    };
    let written = rows(&mut tx, id, (cursor, upto), common, now).await?;
    execute!(&mut tx, sql::MOVE_FAN_OUT, id, upto)?;
    failpoint::reach(Point::MidFanOut);
    tx.commit().await?;
    Ok(Some(Chunk { written, held: began.elapsed() }))
}

/// The rows of an edition for the subscriptions after the first and up to the second id. Gives how many were written.
async fn rows(
    tx: &mut Tx,
    id: EditionId,
    (after, upto): (i64, i64),
    common: Common<'_>,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let rectified =
        rectify::rows(tx, id, (after, upto), common.domain, common.expire_after.ms(), now).await?;
    let written = execute!(
        tx,
        sql::FAN_OUT_CHUNK,
        id,
        after,
        upto,
        common.domain,
        common.expire_after.ms(),
        now,
        common.groups.json(),
        common.spread.ms()
    )?;
    Ok(rectified + written)
}
