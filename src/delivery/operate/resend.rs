//! An edition once more to one reader, at the newsroom's wish: the same content, another Message-ID, apart from the balance.

use crate::clock::Timestamp;
use crate::config::Span;
use crate::db::{Db, Keys};
use crate::delivery::operate::sql;
use crate::delivery::row::State;
use crate::mail::Address;
use crate::newsletters::desk::Desk;
use crate::newsletters::edition::{EditionId, EditionState};
use crate::newsletters::variant::VariantId;
use crate::subscribers::{AddressHash, Reason, SubscriptionId, SubscriptionState, suppression_of};
use crate::{execute, fetch_optional};

/// Why an edition is not sent once more.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is none with this number.
    #[error("there is no edition {0}; `kiosque edition list` shows the latest")]
    NoEdition(EditionId),
    /// It has not left, or was stopped.
    #[error("edition {0} is {1}; only a released one is sent once more")]
    NotReleased(EditionId, EditionState),
    /// The address has no confirmed subscription to the newsletter: without consent nobody is mailed.
    #[error("this address has no confirmed subscription to {0}")]
    NotSubscribed(String),
    /// The address must not be mailed.
    #[error("this address must not be mailed ({0})")]
    Suppressed(Reason),
    /// The first message has not come to its end.
    #[error("the message of this edition is still {0}; see: kiosque explain ADDRESS --edition {1}")]
    UnderWay(State, EditionId),
    /// The reader's categories had too few articles in it.
    #[error("the reader's categories have too few articles in edition {0}")]
    NothingToSee(EditionId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct Source {
    slug: String,
    title: String,
    state: EditionState,
    subscription_id: Option<SubscriptionId>,
    subscription_state: Option<SubscriptionState>,
    /// Of the first message, if there is one, else what the reader's choice sees today.
    variant_id: Option<VariantId>,
    first_state: Option<State>,
    resends: i64,
}

/// Puts the edition in the queue once more for this reader. Wake the pump afterwards.
///
/// # Errors
/// [`ResendError`], which says what stands against it.
pub async fn resend(
    desk: &Desk,
    keys: &Keys,
    edition: EditionId,
    to: &Address,
    now: Timestamp,
) -> Result<(), ResendError> {
    let hash = AddressHash::of(keys, to);
    let db: &Db = &desk.db;
    let mut tx = db.begin_durable().await?;
    let source: Option<Source> = fetch_optional!(&mut tx, sql::RESEND_SOURCE, edition, hash.as_bytes())?;
    let source = source.ok_or(ResendError::NoEdition(edition))?;
    if source.state != EditionState::Released {
        return Err(ResendError::NotReleased(edition, source.state));
    }
    if let Some(suppression) = suppression_of(&mut tx, hash).await? {
        return Err(ResendError::Suppressed(suppression.reason));
    }
    let Some(subscription) =
        source.subscription_id.filter(|_| source.subscription_state == Some(SubscriptionState::Confirmed))
    else {
        return Err(ResendError::NotSubscribed(source.title));
    };
    if let Some(state) = source.first_state
        && matches!(state, State::Pending | State::Claimed | State::InDoubt)
    {
        return Err(ResendError::UnderWay(state, edition));
    }
    let variant = source.variant_id.ok_or(ResendError::NothingToSee(edition))?;
    let declaration = desk.declaration(&source.slug);
    let domain = declaration.map_or_else(|| desk.config.public_url.host(), |d| d.from.address().domain());
    let lifetime = declaration.map_or(Span::hours(24), |d| d.expire_after);
    let number = source.resends + 1;
    let reader = hex::encode(&hash.as_bytes()[..8]);
    execute!(
        &mut tx,
        sql::ADD_RESEND,
        format!("resend:{edition}:{subscription}:{number}"),
        edition,
        subscription,
        variant,
        format!("ed-{edition}.{reader}.r{number}@{domain}"),
        now,
        now.plus(lifetime.ms()),
        to.domain()
    )?;
    tx.commit().await?;
    Ok(())
}
