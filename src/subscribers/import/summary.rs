//! What an import did, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// How many mistakes, and how many names of groups, a summary holds.
const NAMED: usize = 100;

/// What an import did, or would do. Importing the same again adds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportSummary {
    /// The files, and the system each was read as the export of.
    pub files: Vec<(PathBuf, String)>,
    /// Lines that say something, good or bad.
    pub lines: u64,
    /// Lines about an address that an earlier line is about.
    pub repeated: u64,
    /// New subscriptions.
    pub added: u64,
    /// Subscriptions that stood already.
    pub already: u64,
    /// Not taken in: they left this newsletter here.
    pub have_left: u64,
    /// Not taken in: the address must not be mailed.
    pub suppressed: u64,
    /// Not taken in: never confirmed in the other system.
    pub unconfirmed: u64,
    /// Not taken in: known there, and not on the list.
    pub not_on_list: u64,
    /// Not taken in: their groups lead to no newsletter.
    pub no_letter: u64,
    /// New suppressions by reason.
    pub refused: BTreeMap<String, u64>,
    /// Refusals that were known.
    pub refused_already: u64,
    /// Refusals older than the reader's own confirmation here.
    pub came_back: u64,
    /// Lines that were not taken in because something is wrong with them.
    pub rejected: u64,
    /// What was wrong with the first hundred of them.
    pub mistakes: Vec<Mistake>,
    /// Groups that nothing was said of, with the lines that name them; the first hundred.
    pub groups_unused: BTreeMap<String, u64>,
}

impl ImportSummary {
    pub(super) fn reject(&mut self, mistake: Mistake) {
        self.rejected += 1;
        if self.mistakes.len() < NAMED {
            self.mistakes.push(mistake);
        }
    }

    pub(super) fn unused(&mut self, group: &str) {
        if let Some(count) = self.groups_unused.get_mut(group) {
            *count += 1;
        } else if self.groups_unused.len() < NAMED {
            self.groups_unused.insert(group.to_owned(), 1);
        }
    }
}

/// A line that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line, the header being 1.
    pub line: u64,
    /// The field at fault: `address`, `name`, `status`, or `line`.
    pub field: String,
    /// Why.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file.display(), self.line, self.field, self.message)
    }
}
