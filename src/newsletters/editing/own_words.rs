//! Other words for an article in one edition: a title or a beginning in place of the article's.

use aws_lc_rs::digest;

use crate::articles::ArticleId;
use crate::db::Tx;
use crate::newsletters::digest_articles::DigestArticle;
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all};

use super::sql;

/// What stands in place of an article's words; what is none stays the article's.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnWords {
    /// Of which article.
    pub article_id: ArticleId,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text; empty shows none.
    pub summary: Option<String>,
}

pub(in crate::newsletters) async fn of(
    tx: &mut Tx,
    edition: EditionId,
    revision: i64,
) -> sqlx::Result<Vec<OwnWords>> {
    fetch_all!(tx, sql::OWN_WORDS, edition, revision)
}

/// An article that has other words in an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::newsletters) struct Reworded {
    /// Which.
    pub(in crate::newsletters) article: ArticleId,
    /// The title that the newsroom gave it.
    pub(in crate::newsletters) newsroom_title: String,
}

/// Puts an edition's own words in place of its articles', and marks them in what variants are told apart by. Gives the
/// articles that it was done to.
pub(in crate::newsletters) async fn apply(
    tx: &mut Tx,
    edition: EditionId,
    revision: i64,
    articles: &mut [DigestArticle],
) -> sqlx::Result<Vec<Reworded>> {
    let mut reworded = Vec::new();
    for words in of(tx, edition, revision).await? {
        let own = articles.iter_mut().find(|article| article.placed.article == words.article_id);
        if let Some(article) = own {
            reworded.push(Reworded { article: words.article_id, newsroom_title: article.title.clone() });
            put(article, &words);
        }
    }
    Ok(reworded)
}

fn put(article: &mut DigestArticle, words: &OwnWords) {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [&words.title, &words.summary] {
        let bytes = part.as_deref().map(str::as_bytes);
        hash.update(&bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
        hash.update(bytes.unwrap_or_default());
    }
    article.placed.content_hash.extend_from_slice(hash.finish().as_ref());
    if let Some(title) = &words.title {
        article.title.clone_from(title);
    }
    if let Some(summary) = &words.summary {
        article.summary.clone_from(summary);
        // A beginning of one's own is what readers are to see, not the whole text behind it.
        article.body = None;
    }
}

/// Copies them to the next revision, for the articles that it still has.
pub(in crate::newsletters) async fn carry(
    tx: &mut Tx,
    edition: EditionId,
    from: i64,
    to: i64,
) -> sqlx::Result<()> {
    execute!(tx, sql::CARRY_OWN_WORDS, edition, from, to).map(drop)
}

/// Writes those of one article into a revision.
pub(super) async fn set(
    tx: &mut Tx,
    edition: EditionId,
    revision: i64,
    words: &OwnWords,
) -> sqlx::Result<()> {
    execute!(tx, sql::DROP_OWN_WORDS, edition, revision, words.article_id)?;
    if words.title.is_some() || words.summary.is_some() {
        let (title, summary) = (words.title.as_deref(), words.summary.as_deref());
        execute!(tx, sql::ADD_OWN_WORDS, edition, revision, words.article_id, title, summary)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::newsletters::seen::Placed;
    use crate::newsletters::selection::Role;

    fn article() -> DigestArticle {
        DigestArticle {
            placed: Placed {
                article: ArticleId(1),
                role: Role::Lead,
                primary: None,
                categories: Vec::new(),
                content_hash: vec![1],
            },
            title: "Titre".into(),
            summary: "Résumé".into(),
            body: None,
            url: String::new(),
            authors: Vec::new(),
            image: None,
            published_at: Timestamp::from_millis(0),
        }
    }

    fn with(title: Option<&str>, summary: Option<&str>) -> DigestArticle {
        let mut article = article();
        let words = OwnWords {
            article_id: ArticleId(1),
            title: title.map(str::to_owned),
            summary: summary.map(str::to_owned),
        };
        put(&mut article, &words);
        article
    }

    #[test]
    fn own_words_stand_in_place_of_the_articles_and_make_another_variant() {
        let titled = with(Some("Autre"), None);
        assert_eq!((&*titled.title, &*titled.summary), ("Autre", "Résumé"));
        let silent = with(None, Some(""));
        assert_eq!((&*silent.title, &*silent.summary), ("Titre", ""));
        let hashes = [article(), titled, silent, with(Some(""), None), with(Some("Autre"), Some(""))]
            .map(|article| article.placed.content_hash);
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{at}");
        }
    }
}
