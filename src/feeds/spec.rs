//! Which feed: its view, its format, its path.

use std::fmt;
use std::str::FromStr;

use crate::articles::{CategoryId, CategoryKind};
use crate::clock::Timestamp;
use crate::config::{Config, Feeds};

/// The syntax of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// RSS 2.0, as the RSS Advisory Board has it.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
}

impl Format {
    /// Every format, in the order in which a page offers them.
    pub const ALL: [Self; 2] = [Self::Rss, Self::Atom];

    /// The end of a feed's path.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
        }
    }

    /// The media type, without charset: for links to a feed.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
        }
    }

    /// The media type with its charset, equal to the encoding of the XML declaration: for answers.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
        }
    }

    /// What readers call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
        }
    }
}

/// The last part of a feed's address: `politique.rss`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPath {
    /// The category's slug.
    pub slug: String,
    /// The syntax.
    pub format: Format,
}

impl FeedPath {
    /// The path from the root of the installation, beginning with a slash.
    #[must_use]
    pub fn from_root(&self) -> String {
        format!("/flux/{self}")
    }
}

impl fmt::Display for FeedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slug, self.format.extension())
    }
}

/// A path that cannot name a feed: no known extension, or nothing before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a slug and .rss or .atom")]
pub struct NotAFeedPath;

impl FromStr for FeedPath {
    type Err = NotAFeedPath;

    fn from_str(text: &str) -> Result<Self, NotAFeedPath> {
        let (slug, extension) = text.rsplit_once('.').ok_or(NotAFeedPath)?;
        let format =
            Format::ALL.into_iter().find(|format| format.extension() == extension).ok_or(NotAFeedPath)?;
        if slug.is_empty() {
            return Err(NotAFeedPath);
        }
        Ok(Self { slug: slug.to_owned(), format })
    }
}

/// Who publishes, where, and how much a feed carries: the same for every feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The publication's name.
    pub name: String,
    /// The newsroom's address.
    pub email: String,
    /// Where readers reach this installation, without a slash at its end.
    pub base: String,
    /// A feed carries this many articles, if there are as many.
    pub items: i64,
    /// And every article that appeared in it within this many ms of the newest.
    pub window: i64,
}

impl Publication {
    /// No feed carries more articles than this, whatever the window.
    pub const MOST_ITEMS: i64 = Feeds::MOST as i64;

    /// What the configuration says of it.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            name: config.publisher.name.clone(),
            email: config.publisher.email.clone(),
            base: config.public_url.as_str().to_owned(),
            items: i64::from(config.feeds.items),
            window: config.feeds.window.ms(),
        }
    }

    /// The absolute address of `path`, which begins with a slash. Never made from a request's Host.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// A category as its feeds need it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct View {
    /// Its number.
    pub id: CategoryId,
    /// Its place in an address.
    pub slug: String,
    /// Its French name.
    pub name: String,
    /// All articles, or a rubric's.
    pub kind: CategoryKind,
    /// Whether the operator declared it: only then is it named in the list of feeds and on articles.
    pub listed: bool,
    /// Whether it is gone for good.
    pub removed: bool,
    /// The feed's permanent id.
    pub feed_id: String,
    /// Counts the changes of what its feeds show.
    pub feed_version: i64,
    /// When it last changed, in whole seconds.
    pub feed_changed_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_feed_only_with_a_slug_and_a_known_format() {
        let path: FeedPath = "tech-web.atom".parse().unwrap();
        assert_eq!(path, FeedPath { slug: "tech-web".into(), format: Format::Atom });
        assert_eq!(path.from_root(), "/flux/tech-web.atom");
        for wrong in ["tech-web", "tech-web.json", ".rss", "rss", "tech-web.RSS", ""] {
            assert_eq!(wrong.parse::<FeedPath>(), Err(NotAFeedPath), "{wrong}");
        }
    }
}
