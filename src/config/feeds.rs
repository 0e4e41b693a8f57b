//! `[feeds]`, `[category.feed]` and `[[feed]]`: how much feeds carry, and what they say of themselves.

use std::str::FromStr;

use toml::Spanned;
use url::Url;

use super::read::{Reader, Value, choice, section};
use super::span::Span;
use super::values::parsed;

choice! {
    /// How much of an article a feed carries.
    pub enum FeedContent {
        /// The whole text.
        Full = "full",
        /// The summary alone.
        Summary = "summary",
    } expected "\"full\" or \"summary\""
}

/// A language tag (RFC 5646) as feeds write it: `fr`, `fr-TG`, `ee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a language in small letters, then perhaps a hyphen and a region in capitals")]
pub struct NotALanguage;

impl FromStr for Language {
    type Err = NotALanguage;

    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let (language, region) = text.split_once('-').map_or((text, None), |(l, r)| (l, Some(r)));
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
        let is_region = region.is_none_or(|r| r.len() == 2 && r.bytes().all(|b| b.is_ascii_uppercase()));
        if is_language && is_region { Ok(Self(text.to_owned())) } else { Err(NotALanguage) }
    }
}

parsed!(Language, "a language such as \"fr\" or \"fr-TG\"", Language("fr".to_owned()));

section! {
    /// `[feeds]`: what holds for every feed that says nothing else, and what the feed of all articles says of itself.
    pub struct Feeds {
        /// Articles in a feed at least, if there are as many.
        pub items: u32 = 30,
        /// Whoever polls at least this often misses none.
        pub window: Span = Span::hours(48),
        /// How much of each article.
        pub content: FeedContent = FeedContent::Full,
        /// The articles' language.
        pub language: Language = Language("fr".to_owned()),
        /// The picture of every feed.
        pub image: Option<Url>,
        /// The page that a feed's title leads to; without it the list of feeds.
        pub link: Option<Url>,
        /// The title of the feed of all articles; without it the publication's name.
        pub title: Option<String>,
        /// A sentence on the feed of all articles.
        pub description: Option<String>,
        /// `WebSub` hubs that are told when a feed has new bytes, and that feeds name to their readers.
        pub hubs: Vec<Url>,
    } then check
}

section! {
    /// `[category.feed]`: what a rubric's feed does otherwise than `[feeds]` says.
    pub struct CategoryFeed {
        /// Articles in the feed at least.
        pub items: Option<u32>,
        /// Whoever polls at least this often misses none.
        pub window: Option<Span>,
        /// How much of each article.
        pub content: Option<FeedContent>,
        /// The articles' language.
        pub language: Option<Language>,
        /// The feed's picture.
        pub image: Option<Url>,
        /// The page that the feed's title leads to: the rubric's own on the site.
        pub link: Option<Url>,
        /// The feed's title; without it the publication's name and the rubric's.
        pub title: Option<String>,
        /// A sentence on the feed.
        pub description: Option<String>,
    } then check_category
}

section! {
    /// `[[feed]]`: a feed of several rubrics, or of one author.
    pub struct ConfiguredFeed {
        /// Its place in addresses, `/flux/SLUG.rss`; no rubric may have it.
        pub slug: Spanned<String>,
        /// Its French name, after the publication's in the feed's title.
        pub name: Spanned<String>,
        /// The slugs of its rubrics.
        pub categories: Vec<Spanned<String>>,
        /// Or the author whose articles it carries, as articles are signed.
        pub author: Option<Spanned<String>>,
        /// Slugs it had before; their addresses lead to the present one.
        pub was: Vec<Spanned<String>>,
        /// Whether it is gone for good; its addresses then answer 410.
        pub removed: bool = false,
        /// Articles in the feed at least.
        pub items: Option<u32>,
        /// Whoever polls at least this often misses none.
        pub window: Option<Span>,
        /// How much of each article.
        pub content: Option<FeedContent>,
        /// The articles' language.
        pub language: Option<Language>,
        /// The feed's picture.
        pub image: Option<Url>,
        /// The page that the feed's title leads to.
        pub link: Option<Url>,
        /// The feed's title; without it the publication's name and this feed's.
        pub title: Option<String>,
        /// A sentence on the feed.
        pub description: Option<String>,
    } then check_configured
}

impl Feeds {
    /// No feed carries more articles than this, whatever the window.
    pub const MOST: u32 = 300;
}

fn check(feeds: &Feeds, value: &Value<'_>, reader: &mut Reader) {
    check_items(Some(feeds.items), "feeds", value, reader);
}

fn check_category(feed: &CategoryFeed, value: &Value<'_>, reader: &mut Reader) {
    check_items(feed.items, "category.feed", value, reader);
}

fn check_configured(feed: &ConfiguredFeed, value: &Value<'_>, reader: &mut Reader) {
    check_items(feed.items, "feed", value, reader);
    if feed.categories.is_empty() == feed.author.is_none() {
        let message = "a [[feed]] carries `categories` or an `author`: expected one of the two";
        reader.mistakes.push(value.at_key("slug"), message);
    }
}

fn check_items(items: Option<u32>, section: &str, value: &Value<'_>, reader: &mut Reader) {
    if value.get("items").is_some() && items.is_some_and(|items| !(1..=Feeds::MOST).contains(&items)) {
        let message = format!("`{section}.items`: expected 1 to {}", Feeds::MOST);
        reader.mistakes.push(value.at_key("items"), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_written_with_a_hyphen_and_a_region_in_capitals() {
        for tag in ["fr", "fr-TG", "ee", "kab"] {
            assert_eq!(tag.parse::<Language>().map(|l| l.0), Ok(tag.to_owned()));
        }
        for wrong in ["fr_TG", "FR", "français", "fr-tg", "fr-", "f", ""] {
            assert_eq!(wrong.parse::<Language>(), Err(NotALanguage), "{wrong}");
        }
    }
}
