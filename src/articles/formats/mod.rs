//! What articles come in as: JSON Lines, WordPress exports, feeds, saved pages, crawled text.
//!
//! Each format reads a stream into [`Record`]s: drafts, what is left out on purpose, and faults with their place. None of them
//! cleans anything; that is [`pipeline`](super::pipeline)'s.

pub mod detect;
pub mod feed;
mod feed_json;
mod feed_xml;
pub mod html_page;
pub mod input;
pub mod json;
pub mod jsonl;
pub mod text_page;
pub mod wxr;
mod wxr_item;
mod wxr_xml;

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::text_enum;

use super::article::Draft;

text_enum! {
    /// What is in a file.
    Format {
        /// One JSON object a line.
        Jsonl = "jsonl",
        /// A WordPress export, perhaps in several parts.
        Wxr = "wxr",
        /// A saved article page.
        Html = "html",
        /// A feed of another system: RSS, Atom or JSON Feed.
        Feed = "feed",
        /// An article page as a crawler saved it: plain text.
        Text = "text",
    }
}

/// Where something stands: `export.jsonl:12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name as it was given; `-` for standard input.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// What is wrong with a line, an item or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// The field at fault; `None` when it is the whole.
    pub field: Option<String>,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl Fault {
    /// A fault of one field.
    pub fn field(place: &Place, field: &str, reason: impl Into<String>) -> Self {
        Self { place: place.clone(), field: Some(field.to_owned()), reason: reason.into() }
    }

    /// A fault of the whole.
    pub fn whole(place: &Place, reason: impl Into<String>) -> Self {
        Self { place: place.clone(), field: None, reason: reason.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.reason)
    }
}

text_enum! {
    /// Why something was left out though nothing is wrong with it.
    LeftOut {
        /// A post nobody has finished.
        Draft = "draft",
        /// A post that waits for approval.
        Pending = "pending",
        /// A post for the newsroom only.
        Private = "private",
        /// A post in the bin.
        Trashed = "trashed",
        /// A post planned in WordPress; it comes with the export after it appeared.
        Future = "future",
        /// A post behind a password.
        Protected = "password-protected",
        /// A post in another state that its plugin knows.
        OtherState = "in another state",
        /// Pages, attachments, menus.
        OtherType = "not a post",
        /// An entry of a feed that has the id of another source's article: our own, come back through somebody else.
        Elsewhere = "known from another source",
        /// The retraction of an article that was never here.
        UnknownRetracted = "retracted and not here",
    }
}

/// What a format reads next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An article.
    Draft(Box<Draft>),
    /// The newsroom takes an article back.
    Retraction {
        /// Its id within the source.
        external_id: String,
    },
    /// Left out on purpose.
    LeftOut(LeftOut),
    /// Not readable, or wrong: everything that is wrong with one line or item.
    Faulty(Vec<Fault>),
}

/// Plain text as a draft's title or name, where entities are decoded once more.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Longest id kept, in bytes; an index of PostgreSQL holds 2,704.
pub const LONGEST_ID: usize = 1000;
