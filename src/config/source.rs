//! `[[source]]`: where articles come from while serving.

use std::path::PathBuf;

use toml::Spanned;
use url::Url;

use super::read::{Reader, Value, section};
use super::span::Span;

section! {
    /// `[[source]]`: a folder that a site's export or a cron line drops files into, or a site's feed.
    pub struct ArticleSource {
        /// The folder; each file in it is imported, then moved to `done/`, or to `rejected/` with its report.
        pub folder: Option<PathBuf>,
        /// The address of a feed: RSS, Atom or JSON Feed.
        pub feed: Option<Spanned<Url>>,
        /// The name articles are known under; without it the folder's own, or the host of the feed.
        pub name: Option<String>,
        /// Whether the articles are old ones, which no digest announces.
        pub archive: bool = false,
        /// How often it is looked at; see [`ArticleSource::every`].
        pub every: Option<Span>,
    } then check
}

impl ArticleSource {
    /// How often it is looked at: a folder every 5 seconds, a feed every 10 minutes, unless said otherwise.
    #[must_use]
    pub fn every(&self) -> Span {
        let usual = if self.feed.is_some() { Span::minutes(10) } else { Span::seconds(5) };
        self.every.unwrap_or(usual)
    }
}

fn check(source: &ArticleSource, value: &Value<'_>, reader: &mut Reader) {
    match (&source.folder, &source.feed) {
        (Some(_), Some(_)) => reader.mistakes.push(
            value.at_key("feed"),
            "`source.feed`: a source is a folder or a feed; make two [[source]] of it",
        ),
        (None, None) if value.get("folder").is_none() && value.get("feed").is_none() => {
            let what = "`source.folder` or `source.feed` is missing: expected a path such as \"data/arrivages\", or the address of a feed";
            reader.mistakes.push(value.at(), what);
        }
        _ => {}
    }
    if source.every.is_some_and(|every| every < Span::seconds(1)) {
        reader.mistakes.push(value.at_key("every"), "`source.every`: expected 1s or longer");
    }
    if source
        .feed
        .as_ref()
        .is_some_and(|feed| !feed.get_ref().username().is_empty() || feed.get_ref().password().is_some())
    {
        let what = "`source.feed`: expected an address without user and password; kiosque sends none";
        reader.mistakes.push(value.at_key("feed"), what);
    }
}
