//! Who did what to an edition.

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all, text_enum};

use super::sql;

text_enum! {
    /// What an editor or operator did.
    Act {
        /// Put an article first.
        Lead = "lead",
        /// Moved an article up.
        Up = "up",
        /// Moved an article down.
        Down = "down",
        /// Took an article out of this edition.
        LeaveOut = "leave_out",
        /// Took an article out for good.
        Never = "never",
        /// Put an article in, perhaps back.
        Add = "add",
        /// Gave an article other words, or its own ones back.
        Words = "words",
        /// Wrote, changed or removed the note.
        Note = "note",
        /// Wrote or removed a subject.
        Subject = "subject",
        /// Had it mailed for a look.
        Test = "test",
        /// Approved it.
        Approve = "approve",
        /// Moved its hour; the detail is the new one, in epoch milliseconds.
        Postpone = "postpone",
        /// Stopped it.
        Stop = "stop",
        /// Let it go on.
        Resume = "resume",
        /// Had an article put right after it had left; the detail is what readers are told.
        Rectify = "rectify",
    }
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Done {
    /// What.
    pub act: Act,
    /// By whom: an editor's address, or `operator`.
    pub who: String,
    /// With which article.
    pub article_id: Option<ArticleId>,
    /// Its title today.
    pub title: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
    /// The revision that it made.
    pub revision: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// What was done to an edition, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn of(db: &Db, edition: EditionId) -> sqlx::Result<Vec<Done>> {
    fetch_all!(db, sql::ACTS, edition)
}

/// An act before it is written.
#[derive(Debug, Clone, Copy)]
pub(in crate::newsletters) struct Entry<'a> {
    pub(in crate::newsletters) act: Act,
    pub(in crate::newsletters) who: &'a str,
    pub(in crate::newsletters) article: Option<ArticleId>,
    pub(in crate::newsletters) detail: Option<&'a str>,
    pub(in crate::newsletters) revision: Option<i64>,
}

pub(in crate::newsletters) async fn add(
    tx: &mut Tx,
    edition: EditionId,
    entry: Entry<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let Entry { act, who, article, detail, revision } = entry;
    execute!(tx, sql::ADD_ACT, edition, act, who, article, detail, revision, now).map(drop)
}
