//! Categories: those the configuration declares, those an import brought, and the one that every article is in.

use serde::Serialize;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config;
use crate::db::{Db, Tx};
use crate::french::slug::slug;
use crate::{execute, fetch_all, fetch_optional, id_type, text_enum};

use super::feed_version::{bump, tell_feeds};
use super::sql::*;

id_type! {
    /// A category's row.
    CategoryId
}

text_enum! {
    /// What a category is.
    CategoryKind {
        /// One of the newsroom's.
        Rubric = "rubric",
        /// Every article is in it, so that the feed of all is chosen like the others.
        All = "all",
        /// A `[[feed]]`: the articles of several rubrics or of an author are in it, for the same reason.
        Feed = "feed",
    }
}

/// Slugs that addresses need for themselves: `/flux/tout`, `/flux/archives/…`, `/lettre/…`, `/auteur/…`. Never a rubric's.
pub const RESERVED: [&str; 4] = ["tout", "archives", "lettre", "auteur"];

/// Where categories stand that the configuration does not name; configured feeds stand right before them.
pub(super) const BEHIND_ALL: i64 = 1_000_000;

/// A category as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Category {
    /// Its row.
    pub id: CategoryId,
    /// Its place in addresses.
    pub slug: String,
    /// Its French name.
    pub name: String,
    /// One of the newsroom's, or the one that every article is in.
    pub kind: CategoryKind,
    /// Its place among the others.
    pub position: i64,
    /// Whether the configuration declares it, or did.
    pub listed: bool,
    /// Whether it is gone for good.
    pub removed: bool,
}

/// Every category, in the order of pages and digests.
///
/// # Errors
/// When the store fails.
pub async fn list(db: &Db) -> sqlx::Result<Vec<Category>> {
    fetch_all!(db, CATEGORIES)
}

/// What is to stand in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) slug: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: CategoryKind,
    pub(super) position: i64,
    pub(super) listed: bool,
    pub(super) removed: bool,
}

/// Takes up what the configuration declares: new categories are added, known ones renamed, placed, listed or removed; a slug of
/// `was` leads to the present one, and what an import once stored under a name of `was` or `from` moves over. Leaving a
/// category out changes nothing. Also makes the category that every article is in. `host` is that of `public_url`: new
/// feeds carry it in their permanent id.
///
/// # Errors
/// When the store fails, or two declared categories claim one slug.
pub async fn declare(
    db: &Db,
    declared: &[config::Category],
    host: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    add(&mut tx, &TOUT, host, now).await?;
    let mut changed = Vec::new();
    let mut moves = Vec::new();
    for (position, category) in declared.iter().enumerate() {
        let name = category.name.get_ref().as_str();
        let Some(slug) = category.slug.as_ref().map(|s| s.get_ref().clone()).or_else(|| slug(name)) else {
            anyhow::bail!("the category {name:?} has no letter a slug could be made of; give it one");
        };
        anyhow::ensure!(
            !RESERVED.contains(&slug.as_str()),
            "the slug {slug:?} is taken by kiosque's own addresses"
        );
        let rubric = Declared {
            slug: &slug,
            name,
            kind: CategoryKind::Rubric,
            position: position as i64,
            listed: true,
            removed: category.removed,
        };
        let was: Vec<&str> = category.was.iter().map(|w| w.get_ref().as_str()).collect();
        let id = take_up(&mut tx, &rubric, &was, host, now, &mut changed).await?;
        let meanings: Vec<String> =
            category.from.iter().filter_map(|f| crate::french::slug::slug(f.get_ref())).collect();
        for former in was.iter().copied().chain(meanings.iter().map(String::as_str)) {
            match by_slug(&mut tx, former).await? {
                Some(other) if other.id != id && !other.listed && other.kind == CategoryKind::Rubric => {
                    moves.push((other, id));
                }
                Some(_) => {}
                None if was.contains(&former) => {
                    execute!(tx, ADD_CATEGORY_ALIAS, former, id)?;
                }
                None => {}
            }
        }
    }
    if !changed.is_empty() {
        // Articles in other feeds name their rubrics too.
        let every: Vec<Category> = fetch_all!(tx, CATEGORIES)?;
        let mut every: Vec<CategoryId> = every.into_iter().map(|category| category.id).collect();
        every.sort_unstable();
        for id in every {
            bump(&mut tx, id, Some(now)).await?;
        }
        tell_feeds(&mut tx).await?;
    }
    tx.commit().await?;
    for (from, to) in moves {
        take_over(db, &from, to, now).await?;
    }
    Ok(())
}

/// The category that every article is in.
const TOUT: Declared<'_> = Declared {
    slug: "tout",
    name: "Tous les articles",
    kind: CategoryKind::All,
    position: -1,
    listed: true,
    removed: false,
};

/// Makes a row what is declared: the one with its slug, else the one with a slug it had before, else a new one. Its number
/// joins `changed` when that changed what is shown.
pub(super) async fn take_up(
    tx: &mut Tx,
    declared: &Declared<'_>,
    was: &[&str],
    host: &str,
    now: Timestamp,
    changed: &mut Vec<CategoryId>,
) -> anyhow::Result<CategoryId> {
    let slug = declared.slug;
    let mut known = by_slug(tx, slug).await?;
    for former in was {
        if known.is_none() {
            known = by_slug(tx, former).await?.filter(|known| known.kind == declared.kind);
        }
    }
    if known.is_none() {
        add(tx, &Declared { removed: false, ..*declared }, host, now).await?;
        known = by_slug(tx, slug).await?;
    }
    let known = known.ok_or_else(|| anyhow::anyhow!("{slug:?} cannot be added"))?;
    match (declared.kind, known.kind) {
        (CategoryKind::Feed, CategoryKind::Rubric) => anyhow::bail!(
            "the slug {slug:?} of a [[feed]] is that of the rubric {:?}, met in an import; choose another slug",
            known.name
        ),
        (CategoryKind::Rubric, CategoryKind::Feed) => anyhow::bail!(
            "the slug {slug:?} of a [[category]] was that of a [[feed]]; choose another slug, or give that feed a new \
             one with was = [{slug:?}]"
        ),
        _ => {}
    }
    let same = (known.slug.as_str(), known.name.as_str(), known.position, known.listed, known.removed)
        == (slug, declared.name, declared.position, declared.listed, declared.removed);
    if !same {
        execute!(
            tx,
            CHANGE_CATEGORY,
            known.id,
            slug,
            declared.name,
            declared.position,
            declared.listed,
            declared.removed
        )?;
        changed.push(known.id);
    }
    execute!(tx, DROP_CATEGORY_ALIAS, slug)?;
    Ok(known.id)
}

/// Adds a category that an import names and nobody declared.
pub(super) async fn add_unlisted(
    db: &Db,
    slug: &str,
    name: &str,
    host: &str,
    now: Timestamp,
) -> anyhow::Result<Category> {
    let mut tx = db.begin().await?;
    let (kind, position) = (CategoryKind::Rubric, BEHIND_ALL);
    let unlisted = Declared { slug, name, kind, position, listed: false, removed: false };
    add(&mut tx, &unlisted, host, now).await?;
    let added = by_slug(&mut tx, slug).await?;
    tx.commit().await?;
    added.ok_or_else(|| anyhow::anyhow!("the category {slug:?} cannot be added"))
}

/// The category that every article is in, if [`declare`] has made it.
pub(super) async fn all(tx: &mut Tx) -> sqlx::Result<Option<CategoryId>> {
    let found: Option<Category> = fetch_optional!(tx, CATEGORY_BY_SLUG, "tout")?;
    Ok(found.map(|c| c.id))
}

pub(super) async fn by_slug(tx: &mut Tx, slug: &str) -> sqlx::Result<Option<Category>> {
    fetch_optional!(tx, CATEGORY_BY_SLUG, slug)
}

async fn add(tx: &mut Tx, declared: &Declared<'_>, host: &str, now: Timestamp) -> sqlx::Result<()> {
    let Declared { slug, name, kind, position, listed, removed } = *declared;
    let feed_id = tag_uri(host, now);
    let made = now.whole_second();
    execute!(tx, ADD_CATEGORY, slug, name, kind, position, listed, removed, feed_id.as_str(), made)?;
    Ok(())
}

/// Moves everything of an unlisted category into another one; some articles at a time, so that nobody waits long.
async fn take_over(db: &Db, from: &Category, to: CategoryId, now: Timestamp) -> anyhow::Result<()> {
    loop {
        let mut tx = db.begin().await?;
        let some: Vec<(super::ArticleId,)> = fetch_all!(tx, SOME_FILED, from.id)?;
        for (article,) in &some {
            execute!(tx, REFILE, *article, from.id, to)?;
            execute!(tx, UNFILE_ARTICLE, *article, from.id)?;
            execute!(tx, REPRIMARY, *article, from.id, to)?;
        }
        if some.is_empty() {
            execute!(tx, MOVE_CATEGORY_ALIASES, from.id, to)?;
            execute!(tx, MOVE_TERMS, from.id, to)?;
            execute!(tx, DROP_CATEGORY, from.id)?;
            execute!(tx, ADD_CATEGORY_ALIAS, from.slug.as_str(), to)?;
        }
        let mut touched: Vec<CategoryId> = all(&mut tx).await?.into_iter().chain([to]).collect();
        touched.sort_unstable();
        for id in touched {
            bump(&mut tx, id, Some(now)).await?;
        }
        tell_feeds(&mut tx).await?;
        tx.commit().await?;
        if some.is_empty() {
            tracing::info!(from = from.slug, to = %to, "a category met in imports now belongs to a declared one");
            return Ok(());
        }
        tokio::time::sleep(super::store::REST).await;
    }
}

/// A permanent id (RFC 4151) in the name of the host that mints it, in the year it does.
pub(super) fn tag_uri(host: &str, now: Timestamp) -> String {
    format!("tag:{host},{}:{}", now.to_utc().format("%Y"), Uuid::new_v4())
}
