//! What the store itself shows to be wrong with deliveries, looked for now and then.

use crate::alerts::{self, Kind};
use crate::clock::{DAY, Timestamp};
use crate::db::Db;
use crate::delivery::rectify::WAITS;
use crate::delivery::telling::balance;
use crate::delivery::telling::sql;
use crate::fetch_all;
use crate::newsletters::edition::{EDITION_STOPPED, EditionId};

/// How far back an edition's balance is looked at once its report is written (ms): it cannot change any more.
const BACK: i64 = 7 * DAY;

/// Raises what is wrong with balances and held rows, and ends what is right again.
///
/// # Errors
/// When the store fails.
pub async fn look(db: &Db, now: Timestamp) -> sqlx::Result<()> {
    balances(db, now).await?;
    held(db, now).await
}

/// P8: eligible = the sum of the states.
async fn balances(db: &Db, now: Timestamp) -> sqlx::Result<()> {
    let unreported: Vec<(EditionId,)> = fetch_all!(db, sql::UNREPORTED_IDS, now.plus(-BACK))?;
    let open = alerts::open(db, Kind::BalanceOff).await?;
    let suspects = open.iter().filter_map(|alert| alert.subject.parse().ok());
    let mut editions: Vec<EditionId> = unreported.into_iter().map(|(id,)| id).chain(suspects).collect();
    editions.sort();
    editions.dedup();
    for id in editions {
        check_balance(db, id, now).await?;
    }
    Ok(())
}

/// Looks at one edition's balance; to be called too when all its rows are settled.
pub(super) async fn check_balance(db: &Db, id: EditionId, now: Timestamp) -> sqlx::Result<()> {
    let subject = id.to_string();
    let balance = balance::balance(db, id).await?;
    match balance.missing() {
        0 => alerts::end(db, Kind::BalanceOff, &subject, now).await?,
        missing => {
            let detail =
                format!("{missing} of {} readers have no delivery row", balance.eligible.unwrap_or(0));
            alerts::raise(db, Kind::BalanceOff, &subject, &detail, now).await?
        }
    };
    Ok(())
}

async fn held(db: &Db, now: Timestamp) -> sqlx::Result<()> {
    let held: Vec<(EditionId, i64, Option<String>)> =
        fetch_all!(db, sql::HELD_BY_EDITION, EDITION_STOPPED, WAITS)?;
    let mut wrong = Vec::with_capacity(held.len());
    for (id, rows, reason) in held {
        let detail = format!("{rows} held: {}", reason.as_deref().unwrap_or("no reason given"));
        alerts::raise(db, Kind::DeliveriesHeld, &id.to_string(), &detail, now).await?;
        wrong.push(id.to_string());
    }
    alerts::end_all_but(db, Kind::DeliveriesHeld, &wrong, now).await
}
