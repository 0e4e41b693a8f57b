//! What the store holds of a reader, an edition and an article: the facts of a story.

use serde::Serialize;

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Db, Keys, json_list};
use crate::delivery::bounces::{self, Recorded};
use crate::delivery::explain::sql;
use crate::delivery::row::{DeliveryId, State};
use crate::mail;
use crate::newsletters::edition::{EditionId, EditionState};
use crate::newsletters::newsletter::NewsletterId;
use crate::newsletters::selection::{Role, Usage};
use crate::newsletters::shown::Shown;
use crate::newsletters::slot_store::{SkipReason, SlotOutcome};
use crate::newsletters::zone::Zone;
use crate::subscribers::{AddressHash, Choice, Reason, SubscriptionState};
use crate::{fetch_all, fetch_one, fetch_optional};

/// A suppression, in force or lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct PastSuppression {
    /// Why.
    pub reason: Reason,
    /// What a relay or a report said.
    pub reply: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// Until when; none: in force.
    pub lifted_at: Option<Timestamp>,
}

/// An inscription to one newsletter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct SubscriptionFacts {
    /// The newsletter.
    pub newsletter_id: NewsletterId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Its zone.
    pub timezone: String,
    /// How far the inscription is.
    pub state: SubscriptionState,
    /// `all`, or category ids.
    pub choice: String,
    /// `normal` or `light`.
    pub layout: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was confirmed last.
    pub confirmed_at: Option<Timestamp>,
    /// When it ended.
    pub left_at: Option<Timestamp>,
    /// Until when the reader has suspended it.
    pub paused_until: Option<Timestamp>,
    /// When the reader last changed rubrics, layout or pause.
    pub changed_at: Option<Timestamp>,
}

impl SubscriptionFacts {
    /// The newsletter's zone; UTC when nobody knows it.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.timezone).unwrap_or_default()
    }
}

/// What is kept of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// As it is kept, or as it was asked for.
    pub address: String,
    /// Since when; none when only suppressions or deliveries are kept.
    pub since: Option<Timestamp>,
    /// The latest suppression first.
    pub suppressions: Vec<PastSuppression>,
    /// The inscriptions.
    pub subscriptions: Vec<SubscriptionFacts>,
    #[serde(skip)]
    pub(super) hash: Vec<u8>,
}

/// A slot of a newsletter and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct SlotFacts {
    /// Its key.
    pub slot_key: String,
    /// Its instant.
    pub at: Timestamp,
    /// An edition, or nothing.
    pub outcome: SlotOutcome,
    /// Why nothing.
    pub reason: Option<SkipReason>,
    /// The edition.
    pub edition_id: Option<EditionId>,
}

/// The message of an edition to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct DeliveryFacts {
    /// Its row.
    pub id: DeliveryId,
    /// It was sent again by an operator.
    pub resend: bool,
    /// How far it has come.
    pub state: State,
    /// It waits for an operator.
    pub held: bool,
    /// Why it is held, failed or cancelled.
    pub reason: Option<String>,
    /// When it is due.
    pub due_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
    /// Answers about the recipient.
    pub attempts: i64,
    /// When its body was begun last.
    pub in_doubt_at: Option<Timestamp>,
    /// Who answered last.
    pub relay: Option<String>,
    /// To which step.
    pub reply_stage: Option<String>,
    /// With which code.
    pub reply_code: Option<i64>,
    /// And which words.
    pub reply_text: Option<String>,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was settled.
    pub finished_at: Option<Timestamp>,
    /// Whole texts that were cut to their beginnings so that it fits.
    pub bodies_left_out: i64,
    /// To how many characters the beginnings of its articles were cut so that it fits; none: the usual length.
    pub excerpt_length: Option<i64>,
    /// Articles of the edition that it only announces, so that it fits.
    pub moved: i64,
    /// Announced articles that it only counts, so that it fits.
    pub counted: i64,
    /// What came back of it, by a report or by the relay's own answer.
    #[sqlx(skip)]
    pub returned: Vec<Recorded>,
}

#[derive(sqlx::FromRow)]
struct EditionRow {
    newsletter_id: NewsletterId,
    slug: String,
    title: String,
    timezone: String,
    slot_at: Timestamp,
    due_at: Timestamp,
    state: EditionState,
    reason: Option<SkipReason>,
    approved_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
    fanned_out_at: Option<Timestamp>,
    folded: bool,
    rectifies: Option<EditionId>,
}

/// An edition as it concerns one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditionFacts {
    /// Its number.
    pub id: EditionId,
    /// The newsletter.
    pub newsletter_id: NewsletterId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub title: String,
    #[serde(skip)]
    /// Its zone.
    pub zone: Zone,
    /// Its slot.
    pub slot_at: Timestamp,
    /// When it is or was to leave.
    pub due_at: Timestamp,
    /// Where it stands.
    pub state: EditionState,
    /// Why its slot sent nothing.
    pub reason: Option<SkipReason>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// When it left.
    pub released_at: Option<Timestamp>,
    /// When every reader had a row.
    pub fanned_out_at: Option<Timestamp>,
    /// Its deliveries were removed after the retention time.
    pub folded: bool,
    /// The edition whose mistake it puts right; none of a digest.
    pub rectifies: Option<EditionId>,
    /// The reader's messages, the first first.
    pub deliveries: Vec<DeliveryFacts>,
    /// Whether the reader's present choice saw enough articles of it to get one.
    pub choice_has_variant: bool,
    /// The names of the categories that the reader chose; none when he chose all.
    pub chosen: Option<Vec<String>>,
    /// What each of the reader's own copies holds; first of those that have left.
    #[serde(skip)]
    pub shown: Vec<Shown>,
}

/// An article as it concerns one newsletter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArticleFacts {
    /// Its number.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// When it was published, or will be.
    pub published_at: Timestamp,
    /// When it appeared here.
    pub appeared_at: Timestamp,
    /// When it was taken back.
    pub retracted_at: Option<Timestamp>,
    /// Its categories: id and name.
    pub categories: Vec<(i64, String)>,
    /// How the newsletter used it last.
    pub usage: Option<Usage>,
    /// When.
    pub used_at: Option<Timestamp>,
    /// Whether that use was undone: the article is free again.
    pub returned: bool,
    /// In which edition.
    pub edition: Option<EditionId>,
    /// As what, in that edition's revision in force.
    pub role: Option<Role>,
    /// The newsletter's opening.
    pub opening_at: Option<Timestamp>,
    /// Its latest released slot before now.
    pub previous_slot: Option<Timestamp>,
}

/// What is kept of an address.
///
/// # Errors
/// When the store fails.
pub async fn address(db: &Db, keys: &Keys, address: &mail::Address) -> sqlx::Result<Address> {
    let hash = AddressHash::of(keys, address).as_bytes().to_vec();
    let known: Option<(String, Timestamp)> = fetch_optional!(db, sql::READER_AT, hash.as_slice())?;
    Ok(Address {
        address: known.as_ref().map_or_else(|| address.to_string(), |(address, _)| address.clone()),
        since: known.map(|(_, since)| since),
        suppressions: fetch_all!(db, sql::SUPPRESSIONS_OF, hash.as_slice())?,
        subscriptions: fetch_all!(db, sql::INSCRIPTIONS_OF, hash.as_slice())?,
        hash,
    })
}

impl Address {
    /// Whether nothing at all is kept: neither a reader, nor a suppression, nor a message.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_unknown(&self, db: &Db) -> sqlx::Result<bool> {
        if self.since.is_some() || !self.suppressions.is_empty() {
            return Ok(false);
        }
        let (any,): (bool,) = fetch_one!(db, sql::HAS_DELIVERIES, self.hash.as_slice())?;
        Ok(!any)
    }

    /// The inscription to a newsletter.
    #[must_use]
    pub fn subscription(&self, newsletter: NewsletterId) -> Option<&SubscriptionFacts> {
        self.subscriptions.iter().find(|subscription| subscription.newsletter_id == newsletter)
    }

    /// The suppression in force at a moment.
    #[must_use]
    pub fn suppressed_at(&self, at: Timestamp) -> Option<&PastSuppression> {
        self.suppressions.iter().find(|s| s.at <= at && s.lifted_at.is_none_or(|lifted| lifted > at))
    }
}

/// A newsletter's latest slots, the newest first.
///
/// # Errors
/// When the store fails.
pub async fn latest_slots(
    db: &Db,
    newsletter: NewsletterId,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<SlotFacts>> {
    fetch_all!(db, sql::SLOTS_UNTIL, newsletter, now, most)
}

/// An edition as it concerns one reader; none when there is no such edition.
///
/// # Errors
/// When the store fails.
pub async fn edition_facts(db: &Db, id: EditionId, reader: &Address) -> sqlx::Result<Option<EditionFacts>> {
    let row: Option<EditionRow> = fetch_optional!(db, sql::EDITION_FACTS, id)?;
    let Some(row) = row else { return Ok(None) };
    let mut deliveries: Vec<DeliveryFacts> =
        fetch_all!(db, sql::DELIVERIES_OF_READER, id, reader.hash.as_slice())?;
    for delivery in &mut deliveries {
        delivery.returned = bounces::of_delivery(db, delivery.id).await?;
    }
    let shown: Vec<(Option<String>,)> = fetch_all!(db, sql::SHOWN_TO_READER, id, reader.hash.as_slice())?;
    let (mut choice_has_variant, mut chosen) = (false, None);
    if let Some(subscription) = reader.subscription(row.newsletter_id) {
        let (has,): (bool,) = fetch_one!(
            db,
            sql::CHOICE_HAS_VARIANT,
            id,
            subscription.choice.as_str(),
            subscription.layout.as_str()
        )?;
        choice_has_variant = has;
        if let Ok(Choice::Only(ids)) = subscription.choice.parse() {
            let ids = json_list(ids.iter().map(|id| id.0));
            let names: Vec<(String,)> = fetch_all!(db, sql::NAMES_OF_CATEGORIES, ids.as_str())?;
            chosen = Some(names.into_iter().map(|(name,)| name).collect());
        }
    }
    Ok(Some(EditionFacts {
        id,
        newsletter_id: row.newsletter_id,
        slug: row.slug,
        title: row.title,
        zone: Zone::parse(&row.timezone).unwrap_or_default(),
        slot_at: row.slot_at,
        due_at: row.due_at,
        state: row.state,
        reason: row.reason,
        approved_at: row.approved_at,
        released_at: row.released_at,
        fanned_out_at: row.fanned_out_at,
        folded: row.folded,
        rectifies: row.rectifies,
        deliveries,
        choice_has_variant,
        chosen,
        shown: shown.iter().map(|(shown,)| Shown::read(shown.as_deref())).collect(),
    }))
}

#[derive(sqlx::FromRow)]
struct ArticleRow {
    title: String,
    published_at: Timestamp,
    appeared_at: Timestamp,
    retracted_at: Option<Timestamp>,
}

/// How a newsletter used an article.
#[derive(sqlx::FromRow)]
struct UsageRow {
    usage: Usage,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    edition_id: Option<EditionId>,
    role: Option<Role>,
}

/// An article as it concerns a newsletter; none when there is no such article.
///
/// # Errors
/// When the store fails.
pub async fn article_facts(
    db: &Db,
    id: ArticleId,
    newsletter: NewsletterId,
    now: Timestamp,
) -> sqlx::Result<Option<ArticleFacts>> {
    let row: Option<ArticleRow> = fetch_optional!(db, sql::ARTICLE_FACTS, id)?;
    let Some(row) = row else { return Ok(None) };
    let categories = fetch_all!(db, sql::CATEGORIES_OF_ARTICLE, id)?;
    let used: Option<UsageRow> = fetch_optional!(db, sql::LAST_USE, newsletter, id)?;
    let (opening_at, previous_slot): (Option<Timestamp>, Option<Timestamp>) =
        fetch_one!(db, sql::NEWSLETTER_HORIZON, newsletter, now)?;
    Ok(Some(ArticleFacts {
        id,
        title: row.title,
        published_at: row.published_at,
        appeared_at: row.appeared_at,
        retracted_at: row.retracted_at,
        categories,
        usage: used.as_ref().map(|used| used.usage),
        used_at: used.as_ref().map(|used| used.created_at),
        returned: used.as_ref().is_some_and(|used| used.ended_at.is_some()),
        edition: used.as_ref().and_then(|used| used.edition_id),
        role: used.and_then(|used| used.role),
        opening_at,
        previous_slot,
    }))
}
