//! Articles, their categories and the doors they come in by.
//!
//! [`formats`] read files into [`Draft`]s, [`pipeline`] makes [`NewArticle`]s of them, [`Intake`] stores those:
//! [`Intake::import`] for files, [`Intake::accept`] for the API, [`Folder`] for a folder that is polled.

mod article;
mod backoff;
mod category;
mod copies;
mod date;
mod feed_rule;
mod feed_source;
mod feed_version;
mod folder;
pub mod formats;
mod import;
mod intake;
mod known;
mod lookup;
mod moment;
pub mod pipeline;
mod reading;
mod rendition;
mod resolve;
mod retract;
mod source;
mod sql;
mod store;
mod stored;
mod summary;

pub use article::{Article, ArticleId, Draft, DraftBody, DraftCategory, FromFeed, Image, NewArticle};
pub use category::{Category, CategoryId, CategoryKind, RESERVED, declare, list as categories};
pub use copies::copy_until;
pub use date::{NotADate, parse as parse_date};
pub use feed_rule::declare_feeds;
pub use feed_source::{FeedSource, FeedState, Polled, feed_states, source_name};
pub use folder::{Folder, Taken};
pub use import::{Options, Progress};
pub use intake::{Accepted, Intake, Stored};
pub use lookup::{find, get, list};
pub use moment::FIRST_PLAUSIBLE;
pub use retract::{retract, retract_in};
pub use source::SourceId;
pub use store::Outcome;
pub use summary::{Summary, Unlisted};

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<crate::db::Sql> {
    [sql::ALL, copies::ALL].concat()
}
