//! Feeds: what is in them, and their ready bytes.
//!
//! A feed is a view on articles in a format. [`items`] chooses what it shows, [`document`] says it in words, [`rss`] and
//! [`atom`] in syntax; a [`snapshot`] is the finished bytes, the [`store`] holds every snapshot, and [`watch`] keeps
//! the store up with the database.

mod agreement;
pub mod announced;
mod archive;
pub mod atom;
pub mod brotli;
pub mod check;
pub mod document;
pub mod feed;
pub mod former;
mod full_text;
pub mod head;
pub mod hub;
pub mod item;
pub mod items;
pub mod json;
pub mod letter;
pub mod opml;
pub mod period;
mod picture;
mod rebuild;
pub mod rss;
pub mod snapshot;
pub mod spec;
pub mod store;
pub mod uri;
pub mod watch;

pub use feed::{Latest, Listing};
pub use hub::Topics;
pub use letter::{Letter, LetterListing};
pub use snapshot::Snapshot;
pub use spec::{FeedPath, Format, Publication};
pub use store::{FeedStore, Found};

use crate::db::Sql;

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<Sql> {
    [items::ALL, archive::ALL, store::ALL, announced::ALL].concat()
}
