//! The file an operator edits, `config.toml`, as types. `docs/configuration.md` describes every key.
//!
//! This module stands at the bottom of the house: what only a feature understands (schedules, mail addresses, slugs) is
//! kept here as a string with its place, and checked by `newsletters::declaration`.

mod alerts;
mod api;
mod bounces;
mod category;
mod database;
mod dates;
mod delivery;
mod dkim;
mod example;
mod feeds;
mod form;
mod french;
mod http;
mod images;
mod log;
mod mistakes;
mod newsletter;
mod node;
mod origin;
mod outbound;
mod public_url;
mod publisher;
mod read;
mod relay;
mod secret;
mod site;
mod source;
mod span;
mod suggest;
mod values;

use std::path::{Path, PathBuf};

pub use alerts::Alerts;
pub use api::Api;
pub use bounces::{Bounces, MailboxUrl, MailboxUrlError};
pub use category::Category;
pub use database::{Database, DatabaseTarget, DatabaseUrl, DatabaseUrlError};
pub use dates::{DateRange, DateRangeError};
pub use delivery::{Delivery, RecipientGroup};
pub use dkim::Dkim;
pub use feeds::{CategoryFeed, ConfiguredFeed, FeedContent, Feeds, Language};
pub use form::Form;
pub use french::French;
pub use http::{Http, Metrics};
pub use images::{Images, ImagesInMails};
pub use log::{Log, LogFormat};
pub use mistakes::{At, Mistake, Mistakes, Source};
pub use newsletter::{AfterPause, Approval, DigestContent, Newsletter, OnDoubt, Overflow};
pub use node::{Keep, Node, Retention};
pub use origin::{Origin, OriginError};
pub use outbound::{Network, NetworkError, Outbound};
pub use public_url::{PublicUrl, PublicUrlError};
pub use publisher::{Law, Publisher};
pub use read::ExampleValue;
pub use relay::{Relay, RelayUrl, RelayUrlError, Security};
pub use secret::{Secret, SecretError};
pub use site::{Colour, NotAColour, Site};
pub use source::ArticleSource;
pub use span::{NotASpan, Span};
pub use suggest::nearest;

use read::{Reader, Setting, Value, section};

section! {
    /// The keys and tables of the file.
    pub struct Sections {
        /// Where readers reach this installation.
        pub public_url: PublicUrl,
        /// A folder whose templates replace the built-in ones, file by file.
        pub templates: Option<PathBuf>,
        /// Where articles, readers and deliveries are kept.
        pub database: Database,
        /// This machine among those that serve the database.
        pub node: Node,
        /// How long rows are kept.
        pub retention: Retention,
        /// The listener for readers and feed programs.
        pub http: Http,
        /// The listener for Prometheus; none without the section.
        pub metrics: Option<Metrics>,
        /// What goes to standard error.
        pub log: Log,
        /// The look of the public pages.
        pub site: Site,
        /// How French is set.
        pub french: French,
        /// Who publishes: the legal notice of pages and mails.
        pub publisher: Publisher,
        /// Who is told when something is wrong.
        pub alerts: Alerts,
        /// The form by which readers sign up.
        pub form: Form,
        /// The API by which a site hands in articles.
        pub api: Api,
        /// What feeds carry and say of themselves.
        pub feeds: Feeds,
        /// Whom this program may call.
        pub outbound: Outbound,
        /// Articles' pictures in mails and on pages.
        pub images: Images,
        /// Feeds of several rubrics or of an author.
        pub configured_feeds as "feed": Vec<ConfiguredFeed>,
        /// What replies mean.
        pub delivery: Delivery,
        /// Hosts that are sent to at one pace, besides the built-in ones.
        pub recipient_groups as "recipient_group": Vec<RecipientGroup>,
        /// The servers that take our mail, the first one first.
        pub relays as "relay": Vec<Relay>,
        /// The keys our mail is signed with.
        pub dkim: Vec<Dkim>,
        /// Mailboxes that bounces and complaints come back to.
        pub bounces: Vec<Bounces>,
        /// Where articles come from while serving.
        pub sources as "source": Vec<ArticleSource>,
        /// The newsroom's categories, in the order of pages and digests.
        pub categories as "category": Vec<Category>,
        /// The digests.
        pub newsletters as "newsletter": Vec<Newsletter>,
    } then check_whole
}

fn check_whole(sections: &Sections, value: &Value<'_>, reader: &mut Reader) {
    if sections.relays.is_empty() && value.get("relay").is_none() {
        reader.mistakes.push(
            None,
            "a [[relay]] is missing: expected at least one, such as url = \"maildir:data/outbox\"",
        );
    }
    for feed in sections.sources.iter().filter_map(|source| source.feed.as_ref()) {
        if sections.public_url.covers(feed.get_ref()) {
            reader.mistakes.push(
                Some(feed.span()),
                "`source.feed` leads back to kiosque itself (`public_url`): expected the feed of another site",
            );
        }
    }
}

/// A configuration without mistakes of its own.
#[derive(Debug, Clone)]
pub struct Config {
    sections: Sections,
    source: Source,
    examples: Vec<ExampleValue>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file was named and none stands at the usual places.
    #[error("no configuration: looked for {}; name one with --config FILE or $KIOSQUE_CONFIG", list(.0))]
    Nowhere(Vec<PathBuf>),
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file says something that kiosque does not understand.
    #[error("{0}")]
    Mistakes(#[from] Mistakes),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl std::ops::Deref for Config {
    type Target = Sections;

    fn deref(&self) -> &Sections {
        &self.sections
    }
}

impl Config {
    /// Looks for the file: `named` (from `--config` or `$KIOSQUE_CONFIG`), else `./config.toml`, else
    /// `/etc/kiosque/config.toml`.
    ///
    /// # Errors
    /// [`LoadError::Nowhere`] when there is none.
    pub fn find(named: Option<&Path>) -> Result<PathBuf, LoadError> {
        if let Some(path) = named {
            return Ok(path.to_owned());
        }
        let usual = [PathBuf::from("config.toml"), PathBuf::from("/etc/kiosque/config.toml")];
        usual.iter().find(|path| path.exists()).cloned().ok_or_else(|| LoadError::Nowhere(usual.to_vec()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or holds mistakes: all of them.
    pub fn load(path: &Path) -> Result<Config, LoadError> {
        let (config, mistakes) = Config::read(Config::source_of(path)?);
        mistakes.into_result()?;
        Ok(config)
    }

    /// Reads the text of a file; `folder` is where relative paths start. The door for tests.
    ///
    /// # Errors
    /// All the mistakes of the text.
    pub fn from_toml_str(text: &str, folder: &Path) -> Result<Config, Mistakes> {
        let (config, mistakes) = Config::read(Source::new("config.toml", folder, text));
        mistakes.into_result()?;
        Ok(config)
    }

    /// The text of a file, with the folder it stands in.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`].
    pub fn source_of(path: &Path) -> Result<Source, LoadError> {
        let unreadable = |reason| LoadError::Unreadable { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let absolute = std::path::absolute(path).map_err(unreadable)?;
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        Ok(Source::new(&path.display().to_string(), folder, &text))
    }

    /// Reads a text as far as it can be understood, for a check that wants to go on after mistakes. With mistakes in the
    /// list, the configuration holds stand-ins and must not be used for anything else.
    pub fn read(source: Source) -> (Config, Mistakes) {
        let mut reader = Reader::new(source.clone());
        let document = read::parse(&source.text, &mut reader);
        let sections = Sections::read(&Value::root(&document), &mut reader);
        (Config { sections, source, examples: reader.examples }, reader.mistakes)
    }

    /// The file it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Values that still stand as in the example file, with their lines.
    pub fn example_values_left(&self) -> &[ExampleValue] {
        &self.examples
    }

    /// The dotted name of every key that can be given, such as `newsletter.max_age`.
    pub fn keys() -> Vec<String> {
        let mut keys = Vec::new();
        Sections::keys("", &mut keys);
        keys
    }
}

#[cfg(test)]
mod tests;
