//! Taking in a reader whose consent was given elsewhere: by an operator, or from a file.

use crate::clock::Timestamp;
use crate::db::{Keys, Tx};
use crate::mail::Mailbox;
use crate::subscribers::address::AddressHash;
use crate::subscribers::ask::upsert_subscriber;
use crate::subscribers::consent::{self, Event, NewEvent};
use crate::subscribers::newsletter::Newsletter;
use crate::subscribers::sql::{ADD_SUBSCRIPTION, CONFIRM_SUBSCRIPTION};
use crate::subscribers::subscription::{SubscriptionId, SubscriptionState};
use crate::subscribers::suppression::{self, Reason};
use crate::{execute, fetch_one};

/// Whose consent, for what, and where it comes from.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// Who.
    pub mailbox: &'a Mailbox,
    /// For which newsletter.
    pub newsletter: &'a Newsletter,
    /// Where the consent comes from, in the operator's words; kept as proof.
    pub consent: &'a str,
    /// `operator`, or `import FILE`.
    pub origin: &'a str,
}

/// What came of an [`Enrolment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolled {
    /// The subscription stands from now on.
    Added,
    /// It stood already.
    Already,
    /// The reader left this newsletter: only he can come back, by the form.
    HasLeft,
    /// The address must not be mailed.
    Suppressed(Reason),
}

/// Takes in a reader. No earlier "no" is undone. The transaction must be durable.
///
/// # Errors
/// When the store fails.
pub async fn enrol(tx: &mut Tx, keys: &Keys, new: &Enrolment<'_>, now: Timestamp) -> sqlx::Result<Enrolled> {
    let address = new.mailbox.address();
    let hash = AddressHash::of(keys, address);
    if let Some(suppression) = suppression::suppression_of(tx, hash).await? {
        return Ok(Enrolled::Suppressed(suppression.reason));
    }
    let subscriber = upsert_subscriber(tx, address, hash, new.mailbox.name(), now).await?;
    let (subscription, state): (SubscriptionId, SubscriptionState) =
        fetch_one!(tx, ADD_SUBSCRIPTION, subscriber, new.newsletter.id, now)?;
    match state {
        SubscriptionState::Confirmed => return Ok(Enrolled::Already),
        SubscriptionState::Left => return Ok(Enrolled::HasLeft),
        SubscriptionState::Pending => {}
    }
    execute!(tx, CONFIRM_SUBSCRIPTION, subscription, now)?;
    let event = NewEvent {
        subscriber,
        newsletter: new.newsletter.id,
        event: Event::Imported,
        wording: new.consent,
        origin: new.origin.into(),
        at: now,
    };
    consent::record(tx, &event).await?;
    Ok(Enrolled::Added)
}
