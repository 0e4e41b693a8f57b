//! What is known of articles before they come in again: which row is meant, and whether anything new was said.
//!
//! An article may come in by two doors: its site's own export (or API, or files), and its site's feed. The two know it by
//! different ids, and say it differently: a feed has WordPress' typography and rendered blocks. So an article is found by its
//! source and its id there, or by its source and its guid; and each door's last words are remembered apart.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::db::json_texts;

use super::article::{ArticleId, NewArticle};
use super::store::Filed;

/// What each door said last, as hashes of the articles it brought.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Said {
    /// Of the article as it stands.
    content_hash: Vec<u8>,
    own_hash: Option<Vec<u8>>,
    feed_hash: Option<Vec<u8>>,
}

impl Said {
    /// Of an article that comes in for the first time.
    pub(super) fn first(filed: &Filed) -> Self {
        let feed_hash = filed.is_from_feed().then(|| filed.hash.clone());
        Self { content_hash: filed.hash.clone(), own_hash: None, feed_hash }
    }

    /// What the same door said last.
    fn before(&self, filed: &Filed) -> Option<&[u8]> {
        if filed.is_from_feed() { self.feed_hash.as_deref() } else { self.own() }
    }

    /// Until a feed speaks, what stands is what the site's own door said.
    fn own(&self) -> Option<&[u8]> {
        self.own_hash.as_deref().or(self.feed_hash.is_none().then_some(&self.content_hash))
    }

    /// Whether the other door has brought this article too.
    pub(super) fn by_other_door(&self, filed: &Filed) -> bool {
        if filed.is_from_feed() { self.own().is_some() } else { self.feed_hash.is_some() }
    }

    /// With what this door says now.
    #[must_use]
    pub(super) fn and(&self, filed: &Filed) -> Self {
        let hash = filed.hash.clone();
        let (own_hash, feed_hash) = match (filed.is_from_feed(), &self.feed_hash) {
            (true, _) => (self.own().map(<[u8]>::to_vec), Some(hash)),
            (false, Some(feed)) => (Some(hash), Some(feed.clone())),
            (false, None) => (None, None),
        };
        Self { content_hash: filed.hash.clone(), own_hash, feed_hash }
    }

    /// The same when what the site's own door says now has changed the article. A feed is live and an export may be old, so
    /// the feed's next words count even if they are its last ones again: they are compared with the article anew.
    #[must_use]
    pub(super) fn overruling(self, filed: &Filed) -> Self {
        let feed_hash = match filed.is_from_feed() {
            true => self.feed_hash,
            false => self.feed_hash.map(|_| Vec::new()),
        };
        Self { feed_hash, ..self }
    }

    /// The columns `own_hash` and `feed_hash`.
    pub(super) fn columns(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        (self.own_hash.as_deref(), self.feed_hash.as_deref())
    }
}

/// What is known of an article that is there already.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Known {
    pub(super) id: ArticleId,
    pub(super) external_id: String,
    pub(super) entry_id: String,
    pub(super) origin_id: Option<String>,
    #[sqlx(flatten)]
    pub(super) said: Said,
    pub(super) retracted_at: Option<Timestamp>,
}

impl Known {
    /// An article that came in for the first time.
    pub(super) fn new(filed: &Filed, id: ArticleId, entry_id: String) -> Self {
        Self {
            id,
            external_id: filed.article.external_id.clone(),
            entry_id,
            origin_id: filed.article.origin_id.clone(),
            said: Said::first(filed),
            retracted_at: None,
        }
    }

    /// The same once this came in.
    pub(super) fn after(self, filed: &Filed) -> Self {
        let origin_id = filed.article.origin_id.clone().or(self.origin_id);
        let retracted_at = self.retracted_at.filter(|_| !filed.article.restore);
        Self { said: self.said.and(filed), origin_id, retracted_at, ..self }
    }

    pub(super) fn is_unchanged(&self, filed: &Filed) -> bool {
        self.said.before(filed) == Some(&*filed.hash)
            && !(filed.article.restore && self.retracted_at.is_some())
    }

    /// Whether the two numbers that the site's own system gave, where known, are one.
    fn may_be(&self, article: &NewArticle) -> bool {
        self.origin_id.is_none() || article.origin_id.is_none() || self.origin_id == article.origin_id
    }
}

/// The articles of one source that a chunk of an import means.
#[derive(Debug, Default)]
pub(super) struct KnownArticles {
    by_id: HashMap<String, Known>,
    /// External ids by ids in feeds.
    by_entry: HashMap<String, String>,
}

impl KnownArticles {
    /// The article meant: of this id; else, when one of the two came by a feed, of this guid. Two posts of an export that
    /// share a guid, as copies do, stay two.
    pub(super) fn get(&self, article: &NewArticle) -> Option<&Known> {
        let by_guid = || {
            let guid = article.guid.as_deref()?;
            let external_id = match article.from_feed {
                Some(_) => self.by_entry.get(guid)?,
                None => guid,
            };
            self.by_id.get(external_id).filter(|known| known.may_be(article))
        };
        self.by_id.get(&article.external_id).or_else(by_guid)
    }

    pub(super) fn insert(&mut self, known: Known) {
        self.by_entry.insert(known.entry_id.clone(), known.external_id.clone());
        self.by_id.insert(known.external_id.clone(), known);
    }
}

impl FromIterator<Known> for KnownArticles {
    fn from_iter<I: IntoIterator<Item = Known>>(rows: I) -> Self {
        let mut known = Self::default();
        rows.into_iter().for_each(|row| known.insert(row));
        known
    }
}

/// What these articles may be known by: external ids, and ids in feeds, as JSON arrays. What came by a feed has its guid for
/// its external id.
pub(super) fn keys<'a>(articles: impl Iterator<Item = &'a NewArticle> + Clone) -> (String, String) {
    let own_guids = articles.clone().filter(|a| a.from_feed.is_none()).filter_map(|a| a.guid.as_deref());
    let ids = articles.clone().map(|a| a.external_id.as_str()).chain(own_guids);
    let feed_guids = articles.filter(|a| a.from_feed.is_some()).filter_map(|a| a.guid.as_deref());
    (json_texts(ids), json_texts(feed_guids))
}
