//! Corrections and retractions under an open edition: each makes a new revision.

use crate::articles::ArticleId;
use crate::clock::{DAY, Timestamp};
use crate::db::Tx;
use crate::{execute, fetch_all};

use super::declaration::Declaration;
use super::desk::Desk;
use super::digest_articles;
use super::edition::{Edition, EditionId, EditionState, Revision};
use super::newsletter::Newsletter;
use super::release;
use super::selection::{Role, Taken};
use super::slot_store::SkipReason;
use super::sql;

/// A retraction reaches the rows of editions released this long ago at most (ms): older ones have expired.
const UNDER_WAY: i64 = 3 * DAY;

/// Looks under the newsletter's open editions and follows what changed there.
pub(super) async fn follow_articles(
    desk: &Desk,
    newsletter: &Newsletter,
    declaration: &Declaration,
    now: Timestamp,
    revised: &mut Vec<EditionId>,
) -> anyhow::Result<()> {
    let mut tx = desk.db.begin_read().await?;
    let frozen = Edition::frozen(&mut tx, newsletter.id).await?;
    let retracted: Vec<(EditionId,)> =
        fetch_all!(&mut tx, sql::RETRACTED_UNDER_WAY, newsletter.id, now.plus(-UNDER_WAY))?;
    let mut changed = Vec::new();
    for edition in frozen {
        if has_changed(&mut tx, &edition).await? {
            changed.push(edition.id);
        }
    }
    drop(tx);
    for id in changed {
        if follow_one(desk, id, now).await? {
            revised.push(id);
        }
    }
    for (id,) in retracted {
        withdraw(desk, declaration, id, now).await?;
        revised.push(id);
    }
    Ok(())
}

/// Whether an article of the revision in force was corrected or retracted since.
pub(super) async fn has_changed(tx: &mut Tx, edition: &Edition) -> sqlx::Result<bool> {
    Ok(!changes(tx, edition).await?.is_empty())
}

async fn changes(tx: &mut Tx, edition: &Edition) -> sqlx::Result<Vec<(ArticleId, bool)>> {
    fetch_all!(tx, sql::CHANGED_ARTICLES, edition.id, edition.revision)
}

/// Follows what changed under one frozen edition; without an article left it expires.
pub(super) async fn follow_one(desk: &Desk, id: EditionId, now: Timestamp) -> anyhow::Result<bool> {
    let mut tx = desk.db.begin().await?;
    let mut edition = Edition::lock(&mut tx, id).await?;
    let changed = changes(&mut tx, &edition).await?;
    if edition.state != EditionState::Frozen || changed.is_empty() {
        return Ok(false);
    }
    if next_revision(&mut tx, &mut edition, &changed, now).await? == 0 {
        edition.expire(&mut tx, SkipReason::Empty, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Takes retracted articles out of a released edition.
async fn withdraw(
    desk: &Desk,
    declaration: &Declaration,
    id: EditionId,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = desk.db.begin_durable().await?;
    let mut edition = Edition::lock(&mut tx, id).await?;
    let changed: Vec<_> = changes(&mut tx, &edition).await?.into_iter().filter(|change| change.1).collect();
    if !changed.is_empty() {
        next_revision(&mut tx, &mut edition, &changed, now).await?;
        let named: Vec<String> = changed.iter().map(|(article, _)| article.to_string()).collect();
        let reason = format!("contains retracted article {}", named.join(", "));
        release::carry_over(desk, declaration, &mut tx, &edition, Some(&reason), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes the revision of a released edition with an article as it stands now.
pub(super) async fn follow_correction(
    tx: &mut Tx,
    edition: &mut Edition,
    article: ArticleId,
    now: Timestamp,
) -> sqlx::Result<()> {
    next_revision(tx, edition, &[(article, false)], now).await.map(drop)
}

/// Writes the revision without the retracted articles and with the corrected ones. Gives how many are left.
async fn next_revision(
    tx: &mut Tx,
    edition: &mut Edition,
    changed: &[(ArticleId, bool)],
    now: Timestamp,
) -> sqlx::Result<usize> {
    let retracted = |article: ArticleId| changed.contains(&(article, true));
    let mut kept: Vec<Taken> = Vec::new();
    for taken in edition.taken(tx).await? {
        if retracted(taken.article) {
            execute!(tx, sql::RETURN_ARTICLE, edition.id, taken.article, now)?;
        } else {
            kept.push(taken);
        }
    }
    for article in digest_articles::load(tx, &kept).await? {
        let placed = article.placed;
        if let Some(taken) = kept.iter_mut().find(|taken| taken.article == placed.article) {
            taken.content_hash = placed.content_hash;
        }
    }
    if let Some(first) = kept.first_mut().filter(|first| first.role == Role::Full) {
        first.role = Role::Lead;
    }
    let what = |(article, retracted): &(ArticleId, bool)| {
        format!("article {article} {}", if *retracted { "retracted" } else { "corrected" })
    };
    let cause = changed.iter().map(what).collect::<Vec<_>>().join(", ");
    let words = Revision { cause, created_at: now, ..edition.words(tx).await? };
    edition.revise(tx, &words, &kept).await?;
    Ok(kept.len())
}
