//! Which feed: its view, its format, its path.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::period::Period;
use crate::articles::{CategoryId, CategoryKind};
use crate::clock::{HOUR, Timestamp};
use crate::config::{Config, FeedContent, Feeds};
use crate::french::slug::slug;
use crate::french::style::Style;

/// The syntax of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// RSS 2.0, as the RSS Advisory Board has it.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
    /// JSON Feed 1.1, <https://www.jsonfeed.org/version/1.1/>.
    Json,
}

impl Format {
    /// Every format, in the order in which a page offers them.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The end of a feed's path.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }

    /// The media type, without charset: for links to a feed.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The media type for answers: with the charset that the XML declaration names too. JSON has no such parameter
    /// (RFC 8259 §11).
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    /// What readers call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }
}

/// Where an archive of a feed stands: `/flux/archives/politique/2026-10.atom`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArchivePath {
    /// The category's slug.
    pub slug: String,
    /// What it covers.
    pub period: Period,
    /// The syntax. There are none in JSON: its specification knows no archives.
    pub format: Format,
}

impl ArchivePath {
    /// The archive of a category at the last part of an address, such as `2026-10.atom`.
    #[must_use]
    pub fn parse(slug: &str, name: &str) -> Option<Self> {
        let FeedPath { slug: period, format } = name.parse().ok()?;
        let period = period.parse().ok().filter(|_| format != Format::Json)?;
        Some(Self { slug: slug.to_owned(), period, format })
    }

    /// The path from the root of the installation, beginning with a slash.
    #[must_use]
    pub fn from_root(&self) -> String {
        format!("/flux/archives/{}/{}.{}", self.slug, self.period, self.format.extension())
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
#[error("expected a slug and .rss, .atom or .json")]
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

/// How much one feed carries, and what the operator has it say of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// It carries this many articles, if there are as many.
    pub items: i64,
    /// And every article that appeared in it within this many ms of the newest.
    pub window: i64,
    /// How much of each.
    pub content: FeedContent,
    /// Their language, RFC 5646.
    pub language: String,
    /// Its picture.
    pub image: Option<String>,
    /// The page that its title leads to; `None`: the list of feeds.
    pub link: Option<String>,
    /// Its title; `None`: made of the names.
    pub title: Option<String>,
    /// What it is; `None`: a sentence made of the names.
    pub description: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            items: 30,
            window: 48 * HOUR,
            content: FeedContent::Full,
            language: "fr".to_owned(),
            image: None,
            link: None,
            title: None,
            description: None,
        }
    }
}

/// Who publishes, where, and what the operator says of each feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The publication's name.
    pub name: String,
    /// The newsroom's address.
    pub email: String,
    /// Where readers reach this installation, without a slash at its end.
    pub base: String,
    /// The `WebSub` hubs that every feed names.
    pub hubs: Vec<String>,
    /// How French is set.
    pub style: Style,
    /// Of a feed that [`Publication::views`] does not name.
    pub options: Options,
    /// Of single feeds, by slug.
    pub views: BTreeMap<String, Options>,
}

/// What a part of the configuration says otherwise than `[feeds]`.
macro_rules! otherwise {
    ($options:expr, $said:expr) => {{
        let (options, said) = ($options, $said);
        Options {
            items: said.items.map_or(options.items, i64::from),
            window: said.window.map_or(options.window, |window| window.ms()),
            content: said.content.unwrap_or(options.content),
            language: said
                .language
                .as_ref()
                .map_or_else(|| options.language.clone(), |l| l.as_str().to_owned()),
            image: said.image.as_ref().map(ToString::to_string).or_else(|| options.image.clone()),
            link: said.link.as_ref().map(ToString::to_string).or_else(|| options.link.clone()),
            title: said.title.clone(),
            description: said.description.clone(),
        }
    }};
}

impl Publication {
    /// No feed carries more articles than this, whatever the window.
    pub const MOST_ITEMS: i64 = Feeds::MOST as i64;

    /// What the configuration says of it.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let feeds = &config.feeds;
        let options = Options {
            items: i64::from(feeds.items),
            window: feeds.window.ms(),
            content: feeds.content,
            language: feeds.language.as_str().to_owned(),
            image: feeds.image.as_ref().map(ToString::to_string),
            link: feeds.link.as_ref().map(ToString::to_string),
            title: None,
            description: None,
        };
        let (title, description) = (feeds.title.clone(), feeds.description.clone());
        let mut views =
            BTreeMap::from([("tout".to_owned(), Options { title, description, ..options.clone() })]);
        for category in &config.categories {
            let named = category.slug.as_ref().map(|slug| slug.get_ref().clone());
            let own = named.or_else(|| slug(category.name.get_ref()));
            if let Some((own, said)) = own.zip(category.feed.as_ref()) {
                views.insert(own, otherwise!(&options, said));
            }
        }
        for feed in &config.configured_feeds {
            views.insert(feed.slug.get_ref().clone(), otherwise!(&options, feed));
        }
        Self {
            name: config.publisher.name.clone(),
            email: config.publisher.email.clone(),
            base: config.public_url.as_str().to_owned(),
            hubs: feeds.hubs.iter().map(ToString::to_string).collect(),
            style: Style::from(&config.french),
            options,
            views,
        }
    }

    /// How much the feed with this slug carries, and what it says of itself.
    #[must_use]
    pub fn options(&self, slug: &str) -> &Options {
        self.views.get(slug).unwrap_or(&self.options)
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
        for wrong in ["tech-web", "tech-web.xml", ".rss", "rss", "tech-web.RSS", ""] {
            assert_eq!(wrong.parse::<FeedPath>(), Err(NotAFeedPath), "{wrong}");
        }
    }
}
