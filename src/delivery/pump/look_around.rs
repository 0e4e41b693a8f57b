//! The pump's look around before it claims: which groups and relays are left alone, which editions are to be paused, and what
//! a person must be told of it.

use std::collections::HashMap;

use crate::alerts::{self, Kind};
use crate::clock::Timestamp;
use crate::db::Db;
use crate::delivery::message::Messages;
use crate::delivery::pump::consequences::{self, RestCause};
use crate::delivery::pump::queue::Queue;
use crate::delivery::relay::Relays;
use crate::delivery::row::Claimed;

/// Takes over what all nodes know, and raises or ends the alarms of it. Gives rows that must wait again.
///
/// # Errors
/// When the store fails.
pub(super) async fn look_around(
    db: &Db,
    queue: &Queue,
    relays: &Relays,
    messages: &Messages,
    now: Timestamp,
) -> anyhow::Result<Vec<Claimed>> {
    let resting = consequences::resting(db).await?;
    let rests: HashMap<_, _> =
        resting.iter().map(|group| (group.recipient_group.clone(), group.rest())).collect();
    let back = queue.take_rests(&rests);
    for (name, _) in relays.with_quota() {
        relays.set_taken(name, consequences::taken_today(db, name, now).await?);
    }
    consequences::stop_tripped(db, now).await?;

    let stopped = resting.into_iter().filter(|group| group.cause != RestCause::Throttled);
    let stopped = stopped.map(|group| (group.recipient_group, group.detail)).collect();
    tell(db, Kind::GroupStopped, stopped, now).await?;
    let paused = consequences::paused(db).await?;
    let paused = paused.into_iter().map(|(edition, detail)| (edition.to_string(), detail)).collect();
    tell(db, Kind::EditionPaused, paused, now).await?;
    tell(db, Kind::RelayTrouble, relays.in_trouble(), now).await?;
    tell(db, Kind::SigningFailing, messages.unsigned(), now).await?;
    Ok(back)
}

/// Raises an alarm for each that is wrong, and ends those of the others.
async fn tell(db: &Db, kind: Kind, wrong: Vec<(String, String)>, now: Timestamp) -> sqlx::Result<()> {
    for (subject, detail) in &wrong {
        alerts::raise(db, kind, subject, detail, now).await?;
    }
    let subjects: Vec<_> = wrong.into_iter().map(|(subject, _)| subject).collect();
    alerts::end_all_but(db, kind, &subjects, now).await
}
