//! Which category an import means by a name.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;

use crate::clock::Timestamp;
use crate::config;
use crate::db::Db;
use crate::fetch_all;
use crate::french::slug::slug;

use super::article::DraftCategory;
use super::category::{self, CategoryId, CategoryKind, RESERVED};
use super::sql::CATEGORY_ALIASES;
use super::summary::Unlisted;

/// Names by which systems say that an article is in no category.
const NO_CATEGORY: &[&str] = &[
    "non-classe",
    "non-categorise",
    "sans-categorie",
    "aucune-categorie",
    "uncategorized",
    "uncategorised",
    "unclassified",
];

/// Names and slugs to categories, as they stand when an import begins; grows by what it meets.
#[derive(Debug)]
pub(super) struct Resolver {
    /// By slug, or by the slug a name would have.
    by_key: HashMap<String, CategoryId>,
    removed: HashSet<CategoryId>,
    unlisted: BTreeMap<CategoryId, Unlisted>,
    all: CategoryId,
    /// Slugs of feeds that are no rubrics.
    feeds: HashSet<String>,
    host: String,
    /// Nothing is written: unknown categories get numbers that no row has.
    dry_run: bool,
}

impl Resolver {
    /// Reads the store's categories; declared ones that are not there yet are taken up first.
    pub(super) async fn load(
        db: &Db,
        declared: &[config::Category],
        host: &str,
        now: Timestamp,
        dry_run: bool,
    ) -> anyhow::Result<Self> {
        let slug_of = |c: &config::Category| {
            c.slug.as_ref().map(|s| s.get_ref().clone()).or_else(|| slug(c.name.get_ref()))
        };
        let mut known = category::list(db).await?;
        let complete = known.iter().any(|c| c.kind == CategoryKind::All)
            && declared
                .iter()
                .all(|d| slug_of(d).is_none_or(|s| known.iter().any(|c| c.slug == s && c.listed)));
        if !complete && !dry_run {
            category::declare(db, declared, host, now)
                .await
                .context("cannot take up the declared categories")?;
            known = category::list(db).await?;
        }
        let aliases: Vec<(String, CategoryId)> = fetch_all!(db, CATEGORY_ALIASES)?;
        let mut by_key: HashMap<String, CategoryId> = aliases.into_iter().collect();
        let rubrics = || known.iter().filter(|c| c.kind == CategoryKind::Rubric);
        by_key.extend(rubrics().map(|c| (c.slug.clone(), c.id)));
        let all = known.iter().find(|c| c.kind == CategoryKind::All).map_or(CategoryId(0), |c| c.id);
        let mut resolver = Self {
            removed: rubrics().filter(|c| c.removed).map(|c| c.id).collect(),
            unlisted: rubrics()
                .filter(|c| !c.listed)
                .map(|c| (c.id, Unlisted::new(&c.name, &c.slug)))
                .collect(),
            by_key,
            all,
            feeds: feeds(&known),
            host: host.to_owned(),
            dry_run,
        };
        for category in declared {
            let Some(own) = slug_of(category) else { continue };
            let id = match resolver.by_key.get(&own) {
                Some(id) => *id,
                None => resolver.number_of_its_own(),
            };
            let names = category.from.iter().map(|f| f.get_ref()).chain([category.name.get_ref()]);
            let keys = names.filter_map(|name| slug(name)).chain([own]);
            resolver.by_key.extend(keys.map(|key| (key, id)));
        }
        Ok(resolver)
    }

    /// The category that every article is in.
    pub(super) fn all(&self) -> CategoryId {
        self.all
    }

    /// The category meant; made, unlisted, when nothing like it is known. `None` for a removed one, and when the name says
    /// that there is none (« Non classé »).
    pub(super) async fn resolve(
        &mut self,
        db: &Db,
        named: &DraftCategory,
        now: Timestamp,
    ) -> anyhow::Result<Option<CategoryId>> {
        let keys = keys(named);
        if let Some(id) = keys.iter().find_map(|key| self.by_key.get(&self.free(key))) {
            return Ok((!self.removed.contains(id)).then_some(*id));
        }
        let Some(key) = keys.first().filter(|_| !Self::means_none(named)) else {
            return Ok(None);
        };
        let key = self.free(key);
        let id = if self.dry_run {
            self.number_of_its_own()
        } else {
            category::add_unlisted(db, &key, &named.name, &self.host, now).await?.id
        };
        self.unlisted.insert(id, Unlisted::new(&named.name, &key));
        self.by_key.insert(key, id);
        Ok(Some(id))
    }

    /// The category that is known by this name or slug, a removed one too.
    pub(super) fn known(&self, named: &DraftCategory) -> Option<CategoryId> {
        keys(named).iter().find_map(|key| self.by_key.get(&self.free(key))).copied()
    }

    /// The same, unless it was removed.
    pub(super) fn standing(&self, named: &DraftCategory) -> Option<CategoryId> {
        self.known(named).filter(|id| !self.removed.contains(id))
    }

    /// Whether the name says that there is none (« Non classé »).
    pub(super) fn means_none(named: &DraftCategory) -> bool {
        keys(named).iter().any(|key| NO_CATEGORY.contains(&key.as_str()))
    }

    /// Counts an article of this import for each unlisted category it is in.
    pub(super) fn count(&mut self, categories: &[CategoryId]) {
        for id in categories {
            if let Some(unlisted) = self.unlisted.get_mut(id) {
                unlisted.articles += 1;
            }
        }
    }

    /// The unlisted categories this import met, those with the most articles first.
    pub(super) fn into_unlisted(self) -> Vec<Unlisted> {
        let mut met: Vec<Unlisted> = self.unlisted.into_values().filter(|u| u.articles > 0).collect();
        met.sort_by(|a, b| b.articles.cmp(&a.articles).then_with(|| a.slug.cmp(&b.slug)));
        met
    }

    /// A slug that neither kiosque's own addresses nor configured feeds need.
    fn free(&self, key: &str) -> String {
        if RESERVED.contains(&key) || self.feeds.contains(key) { format!("{key}-2") } else { key.to_owned() }
    }

    fn number_of_its_own(&self) -> CategoryId {
        CategoryId(-1 - self.by_key.len() as i64)
    }
}

/// The slugs of what is no rubric: nothing that is imported may be filed there.
fn feeds(known: &[category::Category]) -> HashSet<String> {
    known.iter().filter(|c| c.kind != CategoryKind::Rubric).map(|c| c.slug.clone()).collect()
}

/// What a category may be known by: its slug, and the one its name would have.
fn keys(named: &DraftCategory) -> Vec<String> {
    [named.slug.as_deref(), Some(named.name.as_str())].into_iter().flatten().filter_map(slug).collect()
}
