//! Going on: what a reader says who was asked after years without a sign of life.

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::fetch_all;
use crate::subscribers::consent::{self, Event, NewEvent, Receipt, wording};
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::origin::Origin;
use crate::subscribers::own_sql::CONFIRMED_LETTERS;
use crate::subscribers::subscription::SubscriberId;

/// The letters that a reader gets.
///
/// # Errors
/// When the store fails.
pub async fn letters_of(tx: &mut Tx, subscriber: SubscriberId) -> sqlx::Result<Vec<Newsletter>> {
    fetch_all!(tx, CONFIRMED_LETTERS, subscriber)
}

/// Records that a reader wants to go on with the letters he gets. Gives them with the acknowledgement; none when he gets
/// none. The transaction must be durable.
///
/// # Errors
/// When the store fails.
pub async fn go_on(
    tx: &mut Tx,
    subscriber: SubscriberId,
    origin: impl Into<Origin<'_>>,
    now: Timestamp,
) -> sqlx::Result<Option<(Vec<Newsletter>, Receipt)>> {
    let origin = origin.into();
    let letters = letters_of(tx, subscriber).await?;
    let titles: Vec<String> = letters.iter().map(|letter| letter.title.clone()).collect();
    let wording = wording::kept(&titles);
    let mut first = None;
    for letter in &letters {
        let event = NewEvent {
            subscriber,
            newsletter: letter.id,
            event: Event::Kept,
            wording: &wording,
            origin,
            at: now,
        };
        let receipt = consent::record(tx, &event).await?;
        first = first.or(Some(receipt));
    }
    Ok(first.map(|receipt| (letters, receipt)))
}
