//! The newsroom's desk: what every step on editions is made with, and the step that the scheduler takes each second.

use std::sync::Arc;

use anyhow::Context;

use crate::clock::Timestamp;
use crate::config::{Approval, Config};
use crate::db::{Db, Tx};
use crate::html::templates::Templates;

use super::declaration::{self, Declaration};
use super::edition::{Edition, EditionId};
use super::freeze;
use super::newsletter::Newsletter;
use super::slot_plan::{SlotMemory, SlotRules, SlotVerdict, due_slots, is_paused};
use super::slot_store::{self, SkipReason};
use super::{release, revise};

/// What steps on editions are made with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub db: Db,
    /// The configuration.
    pub config: Arc<Config>,
    /// The newsletters it declares, checked.
    pub newsletters: Arc<Vec<Declaration>>,
    /// The templates of mails and pages.
    pub templates: Arc<Templates>,
}

/// What a step of the scheduler did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Editions chosen and frozen.
    pub frozen: Vec<EditionId>,
    /// Editions released.
    pub released: Vec<EditionId>,
    /// Slots that send nothing, by newsletter and key.
    pub skipped: Vec<(String, String, SkipReason)>,
    /// Editions that got a new revision.
    pub revised: Vec<EditionId>,
}

impl Desk {
    /// The declaration with this slug, present or former.
    #[must_use]
    pub fn declaration(&self, slug: &str) -> Option<&Declaration> {
        declaration::find(&self.newsletters, slug)
    }

    /// The declaration with this slug, of an edition that cannot be worked on without one.
    ///
    /// # Errors
    /// When there is none.
    pub fn declared(&self, slug: &str) -> anyhow::Result<&Declaration> {
        self.declaration(slug).with_context(|| format!("the newsletter `{slug}` is not declared any more"))
    }

    /// One step: due slots are taken, what changed under open editions makes revisions, what is due is released.
    /// Any number of nodes may do it at the same time.
    ///
    /// # Errors
    /// When the store or a template fails; what was done before stays done, and the next step goes on.
    pub async fn tick(&self, now: Timestamp) -> anyhow::Result<Ticked> {
        let mut ticked = Ticked::default();
        for declaration in self.newsletters.iter() {
            let slug = declaration.slug.as_str();
            self.tick_one(declaration, now, &mut ticked)
                .await
                .with_context(|| format!("newsletter {slug}"))?;
        }
        Ok(ticked)
    }

    async fn tick_one(
        &self,
        declaration: &Declaration,
        now: Timestamp,
        ticked: &mut Ticked,
    ) -> anyhow::Result<()> {
        let Some(newsletter) = Newsletter::by_slug(&self.db, declaration.slug.as_str()).await? else {
            anyhow::bail!("it is not in the database; declare it first");
        };
        // Nearly always nothing is due: ask without the lock first.
        if !self.due(&newsletter, declaration, now).await?.is_empty() {
            let mut tx = self.db.begin().await?;
            self.take_due_slots(&mut tx, &newsletter, declaration, now, ticked).await?;
            tx.commit().await?;
        }
        revise::follow_articles(self, &newsletter, declaration, now, &mut ticked.revised).await?;
        self.release_due(&newsletter, declaration, now, ticked).await
    }

    /// The slots that have passed and were not handled, as the newsletter's slug and the slot's key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn missed(&self, now: Timestamp) -> sqlx::Result<Vec<(String, String)>> {
        let mut missed = Vec::new();
        for declaration in self.newsletters.iter() {
            let slug = declaration.slug.as_str();
            let Some(newsletter) = Newsletter::by_slug(&self.db, slug).await? else { continue };
            let due = self.due(&newsletter, declaration, now).await?;
            let passed = due.into_iter().filter(|(slot, _)| slot.at <= now.to_utc());
            missed.extend(passed.map(|(slot, _)| (newsletter.slug.clone(), slot.key.to_string())));
        }
        Ok(missed)
    }

    /// Notes every slot that has passed as missed, however late it might still be sent. Gives what [`Desk::missed`] would
    /// have.
    ///
    /// # Errors
    /// When the store fails; newsletters before the one that failed are done.
    pub async fn skip_missed(&self, now: Timestamp) -> sqlx::Result<Vec<(String, String)>> {
        let mut missed = Vec::new();
        for declaration in self.newsletters.iter() {
            let slug = declaration.slug.as_str();
            let Some(newsletter) = Newsletter::by_slug(&self.db, slug).await? else { continue };
            let mut tx = self.db.begin().await?;
            let newsletter = Newsletter::lock(&mut tx, newsletter.id).await?;
            let memory = memory(&mut tx, &newsletter, declaration, now).await?;
            for (slot, _) in due_slots(&rules(declaration), &memory, now) {
                let at = Timestamp::from(slot.at);
                let reason = Some(SkipReason::Missed);
                if at <= now
                    && slot_store::take(&mut tx, newsletter.id, slot.key, at, reason, now).await?.is_some()
                {
                    missed.push((newsletter.slug.clone(), slot.key.to_string()));
                }
            }
            tx.commit().await?;
        }
        Ok(missed)
    }

    async fn due(
        &self,
        newsletter: &Newsletter,
        declaration: &Declaration,
        now: Timestamp,
    ) -> sqlx::Result<Vec<(super::slot::Slot, SlotVerdict)>> {
        let mut tx = self.db.begin_read().await?;
        let memory = memory(&mut tx, newsletter, declaration, now).await?;
        Ok(due_slots(&rules(declaration), &memory, now))
    }

    async fn take_due_slots(
        &self,
        tx: &mut Tx,
        newsletter: &Newsletter,
        declaration: &Declaration,
        now: Timestamp,
        ticked: &mut Ticked,
    ) -> anyhow::Result<()> {
        let newsletter = Newsletter::lock(tx, newsletter.id).await?;
        let memory = memory(tx, &newsletter, declaration, now).await?;
        let due = due_slots(&rules(declaration), &memory, now);
        let another_is_late =
            due.iter().any(|(slot, verdict)| *verdict == SlotVerdict::Edition && slot.at <= now.to_utc());
        if another_is_late {
            self.coalesce_frozen(tx, &newsletter, now, ticked).await?;
        }
        for (slot, verdict) in due {
            let at = Timestamp::from(slot.at);
            let skipped = match verdict {
                SlotVerdict::Skip(reason) => {
                    slot_store::take(tx, newsletter.id, slot.key, at, Some(reason), now)
                        .await?
                        .map(|_| reason)
                }
                SlotVerdict::Edition => {
                    let approved = (declaration.approval == Approval::Automatic).then_some(now);
                    let slot = freeze::SlotToFill { key: slot.key, at, approved };
                    match freeze::freeze(tx, &newsletter, declaration, slot, now).await? {
                        freeze::Frozen::Edition(id) => {
                            ticked.frozen.push(id);
                            None
                        }
                        freeze::Frozen::Empty => Some(SkipReason::Empty),
                        freeze::Frozen::TakenBefore | freeze::Frozen::NotYet => None,
                    }
                }
            };
            if let Some(reason) = skipped {
                ticked.skipped.push((newsletter.slug.clone(), slot.key.to_string(), reason));
            }
        }
        Ok(())
    }

    /// Downtime between freeze and release, and a later slot missed too: the frozen one gives its articles to the
    /// later, unless an editor has worked on it.
    async fn coalesce_frozen(
        &self,
        tx: &mut Tx,
        newsletter: &Newsletter,
        now: Timestamp,
        ticked: &mut Ticked,
    ) -> sqlx::Result<()> {
        for mut edition in Edition::frozen(tx, newsletter.id).await? {
            let untouched = edition.approved_at.is_some()
                && edition.revision == 1
                && edition.due_at == edition.slot_at
                && edition.slot_at <= now;
            if untouched {
                edition.expire(tx, SkipReason::Coalesced, now).await?;
                ticked.skipped.push((newsletter.slug.clone(), edition.slot_key, SkipReason::Coalesced));
            }
        }
        Ok(())
    }

    async fn release_due(
        &self,
        newsletter: &Newsletter,
        declaration: &Declaration,
        now: Timestamp,
        ticked: &mut Ticked,
    ) -> anyhow::Result<()> {
        let mut tx = self.db.begin_read().await?;
        let frozen = Edition::frozen(&mut tx, newsletter.id).await?;
        drop(tx);
        for edition in frozen {
            let over = if newsletter.is_paused_at(edition.slot_at) && edition.due_at <= now {
                Some(SkipReason::Paused)
            } else if edition.expires_at < now {
                Some(if edition.approved_at.is_none() { SkipReason::Unapproved } else { SkipReason::Missed })
            } else {
                None
            };
            if let Some(reason) = over {
                let mut tx = self.db.begin().await?;
                let mut edition = Edition::lock(&mut tx, edition.id).await?;
                if edition.state == super::edition::EditionState::Frozen {
                    edition.expire(&mut tx, reason, now).await?;
                    tx.commit().await?;
                    ticked.skipped.push((newsletter.slug.clone(), edition.slot_key, reason));
                }
            } else if edition.due_at <= now && edition.approved_at.is_some() {
                let released = release::release(self, declaration, edition.id, now).await;
                if released.with_context(|| format!("edition {}", edition.id))? {
                    ticked.released.push(edition.id);
                }
            }
        }
        Ok(())
    }
}

/// What the declaration says about slots.
pub(super) fn rules(declaration: &Declaration) -> SlotRules<'_> {
    SlotRules {
        schedule: &declaration.schedule,
        zone: declaration.zone,
        pauses: &declaration.pauses,
        grace: declaration.grace.ms(),
        hold: declaration.hold.ms(),
    }
}

async fn memory(
    tx: &mut Tx,
    newsletter: &Newsletter,
    declaration: &Declaration,
    now: Timestamp,
) -> sqlx::Result<SlotMemory> {
    let horizon = now.plus(declaration.hold.ms());
    Ok(SlotMemory {
        taken_up_at: newsletter.taken_up_at,
        handled_until: slot_store::handled_until(tx, newsletter.id, horizon).await?,
        pause: newsletter.pause(),
    })
}

/// Whether a slot at `at` falls into a pause, the operator's or a declared one.
#[must_use]
pub fn slot_is_paused(newsletter: &Newsletter, declaration: &Declaration, at: Timestamp) -> bool {
    let memory = SlotMemory { pause: newsletter.pause(), ..SlotMemory::default() };
    is_paused(&rules(declaration), &memory, at)
}
