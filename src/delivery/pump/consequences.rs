//! What results mean beyond their rows: addresses that are suppressed, groups that are left alone, editions that are paused.
//!
//! All of it is written in the commit of the results themselves, so that a kill loses none and several nodes agree. Counts of
//! what went well are gathered for a moment: only what is refused must be known at once.

use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::delivery::bounces::refused;
use crate::delivery::marks::Settlement;
use crate::delivery::pump::counts::{Tally, day};
use crate::delivery::pump::lane::Rest;
use crate::delivery::pump::sql;
use crate::delivery::replies::Class;
use crate::delivery::retry;
use crate::delivery::row::State;
use crate::newsletters::edition::{self, EDITION_STOPPED, EditionError, EditionId, EditionState};
use crate::{execute, fetch_all, fetch_optional, text_enum};

text_enum! {
    /// Why a group is left alone.
    RestCause {
        /// Its hosts are away, or want us slower.
        Throttled = "throttled",
        /// Its hosts refuse us as a sender.
        Policy = "policy",
        /// They refuse so many addresses that they must be wrong.
        Refusals = "refusals",
    }
}

text_enum! {
    /// Why an edition was paused.
    BreakerCause {
        /// Too many addresses do not exist.
        Hard = "hard",
        /// Too many hosts refuse us as a sender.
        Policy = "policy",
        /// The message is refused.
        Message = "message",
    }
}

/// Above so many hard refusals, and this share of a group's results in an edition, the host is to blame (one in …).
const DISTRUST: (i64, i64) = (5, 20);

/// Among the first results of an edition so many …
const FIRST: i64 = 200;
/// … and more than one in so many hard refusals pause it; fewer than the second number never do.
const HARD: (i64, i64) = (20, 5);
/// The same for refusals of us as a sender (2 %).
const POLICY: (i64, i64) = (50, 3);
/// The same for refusals of the message; at any time, not only among the first.
const MESSAGE: (i64, i64) = (20, 2);

/// Counts of what went well are written at least this often.
const FLUSH: Duration = Duration::from_secs(2);

/// What was noted in a transaction that is not committed yet.
#[must_use]
pub(in crate::delivery) struct Noted {
    tally: Tally,
    flushed: bool,
    tripped: bool,
}

/// The memory of one writer.
#[derive(Debug)]
pub(in crate::delivery) struct Consequences {
    tally: Tally,
    flushed_at: Instant,
    /// A day's messages are counted at once, not after a moment.
    exact: bool,
    /// An edition is to be stopped.
    tripped: bool,
}

#[derive(sqlx::FromRow)]
struct GroupResults {
    results: i64,
    hard: i64,
    distrusted: bool,
}

#[derive(sqlx::FromRow)]
struct EditionResults {
    results: i64,
    hard: i64,
    policy: i64,
    message: i64,
    eligible: i64,
    tripped: bool,
}

impl Consequences {
    /// `exact`: some relay has a quota, so that each message counts at once.
    pub(in crate::delivery) fn new(exact: bool) -> Self {
        Self { tally: Tally::default(), flushed_at: Instant::now(), exact, tripped: false }
    }

    /// Writes what the results mean, in their transaction.
    pub(in crate::delivery) async fn note(
        &self,
        tx: &mut Tx,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> anyhow::Result<Noted> {
        let mut tally = Tally::of(settlements, now);
        let mut refused = Vec::new();
        for settlement in settlements {
            suppress(tx, settlement).await?;
            let meaning = &settlement.meaning;
            if let Some(rest) = &meaning.rest {
                rest_group(tx, &rest.group, rest.rest, rest.cause, &settlement.said(), now).await?;
            }
            if let Some(group) = &meaning.ends_rest {
                execute!(tx, sql::END_GROUP_REST, group.as_str())?;
            }
            let bad = matches!(
                settlement.result().3,
                Some(Class::Hard | Class::ProbableHard | Class::Sender | Class::Message)
            );
            if let Some(edition) = meaning.edition.filter(|_| bad) {
                refused.push((edition, meaning.group.as_str(), settlement));
            }
        }
        let due = self.exact || self.flushed_at.elapsed() >= FLUSH;
        if refused.is_empty() && !due {
            return Ok(Noted { tally, flushed: false, tripped: false });
        }
        tally.add(self.tally.clone());
        tally.write(tx).await?;
        let mut tripped = false;
        refused.sort_by_key(|(edition, group, _)| (edition.0, *group));
        for same in refused.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((edition, group, last)) = same.last() else { continue };
            distrust(tx, *edition, group, &last.said(), now).await?;
        }
        for same in refused.chunk_by(|a, b| a.0 == b.0) {
            let Some((edition, _, last)) = same.last() else { continue };
            tripped |= trip(tx, *edition, last, now).await?;
        }
        Ok(Noted { tally, flushed: true, tripped })
    }

    /// The transaction was committed.
    pub(in crate::delivery) fn committed(&mut self, noted: Noted) {
        if noted.flushed {
            self.tally = Tally::default();
            self.flushed_at = Instant::now();
        } else {
            self.tally.add(noted.tally);
        }
        self.tripped |= noted.tripped;
    }

    /// Stops the editions that tripped. What fails is tried again by [`stop_tripped`] when the pump looks around.
    pub(in crate::delivery) async fn follow(&mut self, db: &Db, now: Timestamp) {
        if std::mem::take(&mut self.tripped)
            && let Err(error) = stop_tripped(db, now).await
        {
            tracing::warn!(error = format!("{error:#}"), "cannot pause an edition yet; trying again");
        }
    }

    /// Writes the last counts.
    pub(in crate::delivery) async fn end(&mut self, db: &Db) {
        if self.tally.is_empty() {
            return;
        }
        let write = async {
            let mut tx = db.begin().await?;
            self.tally.write(&mut tx).await?;
            tx.commit().await
        };
        if let Err(error) = write.await {
            tracing::warn!(%error, "counts of what was sent are not written; only the breaker goes by them");
        }
        self.tally = Tally::default();
    }
}

/// An address that does not exist, or so it seems twice, or that was full for weeks, is not mailed any more. What is given
/// up when its time is over has its last answer on its row.
async fn suppress(tx: &mut Tx, settlement: &Settlement) -> sqlx::Result<()> {
    let (id, epoch, state, class, _) = settlement.result();
    let its_own = class.is_none_or(Class::blames_recipient);
    if state == State::Failed && its_own {
        refused(tx, id, epoch, &settlement.meaning.domain).await?;
    }
    Ok(())
}

async fn rest_group(
    tx: &mut Tx,
    group: &str,
    rest: Rest,
    cause: RestCause,
    detail: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    execute!(tx, sql::REST_GROUP, group, rest.until, i64::from(rest.troubles), cause, detail, now)?;
    Ok(())
}

/// Too many addresses of a group refused in one edition are its host's trouble: the group stops, its readers are not to blame.
async fn distrust(
    tx: &mut Tx,
    edition: EditionId,
    group: &str,
    detail: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let results: Option<GroupResults> = fetch_optional!(tx, sql::GROUP_RESULTS, edition, group)?;
    let Some(results) = results else { return Ok(()) };
    let many = results.hard > DISTRUST.0 && results.hard * DISTRUST.1 > results.results;
    if !many && !results.distrusted {
        return Ok(());
    }
    let known: Option<(Timestamp, i64)> = fetch_optional!(tx, sql::GROUP_REST, group)?;
    let until = match known {
        Some((until, _)) if until > now => until,
        Some((_, troubles)) => now.plus(delay(troubles + 1, edition)),
        None => now.plus(delay(1, edition)),
    };
    let troubles = known.map_or(1, |(before, troubles)| if before > now { troubles } else { troubles + 1 });
    let rest = Rest { until, troubles: u32::try_from(troubles).unwrap_or(u32::MAX) };
    rest_group(tx, group, rest, RestCause::Refusals, detail, now).await?;
    execute!(tx, sql::DISTRUST_GROUP, edition, group, now)?;
    let lifted = execute!(tx, sql::LIFT_OF_GROUP, edition, group, now)?;
    let returned = execute!(tx, sql::RETURN_OF_GROUP, edition, group, until, now)?;
    tracing::error!(%edition, group, lifted, returned, %until, "a host refuses too many addresses to be right; it is left alone");
    Ok(())
}

fn delay(troubles: i64, edition: EditionId) -> i64 {
    // Hours, not minutes: what goes wrong with so many addresses is not mended in a moment.
    let troubles = u32::try_from(troubles).unwrap_or(u32::MAX).saturating_add(5);
    retry::host_delay(troubles, edition.0.unsigned_abs() ^ u64::from(troubles))
}

/// Pauses an edition of which too much is refused. Gives whether it is to be stopped now.
async fn trip(tx: &mut Tx, id: EditionId, last: &Settlement, now: Timestamp) -> sqlx::Result<bool> {
    let results: Option<EditionResults> = fetch_optional!(tx, sql::EDITION_RESULTS, id)?;
    let Some(results) = results else { return Ok(false) };
    let first = if results.eligible > 0 { FIRST.min(results.eligible) } else { FIRST };
    let over = |count: i64, of: i64, (one_in, least): (i64, i64)| count > least && count * one_in > of;
    let early = results.results <= FIRST && !results.tripped;
    let (cause, count) = if over(results.message, results.results, MESSAGE) {
        (BreakerCause::Message, results.message)
    } else if early && over(results.hard, first, HARD) {
        (BreakerCause::Hard, results.hard)
    } else if early && over(results.policy, first, POLICY) {
        (BreakerCause::Policy, results.policy)
    } else {
        return Ok(false);
    };
    let detail = format!("{cause}: {count} of {} results; {}", results.results, last.said());
    execute!(tx, sql::TRIP_BREAKER, id, cause, detail.as_str(), now)?;
    Ok(true)
}

/// Stops the editions whose breaker has tripped; an operator lets them go on.
///
/// # Errors
/// When the store fails; what is left is found again.
pub(super) async fn stop_tripped(db: &Db, now: Timestamp) -> anyhow::Result<()> {
    let tripped: Vec<(EditionId, BreakerCause)> = fetch_all!(db, sql::UNSTOPPED_BREAKERS)?;
    for (id, cause) in tripped {
        match edition::stop(db, id, now).await {
            Ok(edition) if edition.state == EditionState::Stopped => {
                tracing::error!(edition = %id, %cause, "too much is refused: the edition is paused");
            }
            Ok(_) | Err(EditionError::State { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut tx = db.begin_durable().await?;
        if cause == BreakerCause::Message {
            execute!(&mut tx, sql::RETURN_MESSAGES, id, EDITION_STOPPED, now)?;
        }
        execute!(&mut tx, sql::BREAKER_STOPPED, id)?;
        tx.commit().await?;
    }
    Ok(())
}

/// What a relay has taken today, by all nodes.
///
/// # Errors
/// When the store fails.
pub(super) async fn taken_today(db: &Db, relay: &str, now: Timestamp) -> sqlx::Result<i64> {
    let taken: Option<(i64,)> = fetch_optional!(db, sql::RELAY_DAY, relay, day(now))?;
    Ok(taken.map_or(0, |(taken,)| taken))
}

/// A group that is left alone, or was until now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Resting {
    pub(super) recipient_group: String,
    until: Timestamp,
    troubles: i64,
    pub(super) cause: RestCause,
    pub(super) detail: String,
}

impl Resting {
    pub(super) fn rest(&self) -> Rest {
        Rest { until: self.until, troubles: u32::try_from(self.troubles).unwrap_or(u32::MAX) }
    }
}

/// Every group that is left alone.
///
/// # Errors
/// When the store fails.
pub(super) async fn resting(db: &Db) -> sqlx::Result<Vec<Resting>> {
    fetch_all!(db, sql::GROUP_RESTS)
}

/// Editions that are paused, each with what was refused.
///
/// # Errors
/// When the store fails.
pub(super) async fn paused(db: &Db) -> sqlx::Result<Vec<(EditionId, String)>> {
    fetch_all!(db, sql::PAUSED_EDITIONS)
}
