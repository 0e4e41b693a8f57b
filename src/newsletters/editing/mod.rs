//! The editor's minute: what people change in an edition between its freeze and its release.
//!
//! Every change is a revision with its cause, made under the newsletter's lock, so that two editors, the scheduler and
//! corrections follow one another. Who did what stands in [`history`]. [`look`] says how an edition stands, for the page
//! and the mail that leads to it.

mod acts;
mod change;
pub mod history;
pub mod look;
mod order;
pub(super) mod own_words;
mod sql;

pub use acts::{approve, note_act, postpone, resume, stop};
pub use change::{Change, ChangeError, Changed, change};

pub(super) use sql::{ALL, END_LEFT_OUT};

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::{execute, fetch_all};

use super::edition::EditionId;

/// Ends what was left out for today: its edition is over, and the next one may take it.
pub(super) async fn end_left_out(tx: &mut Tx, edition: EditionId, now: Timestamp) -> sqlx::Result<()> {
    execute!(tx, END_LEFT_OUT, edition, now).map(drop)
}

/// What was left out of an edition, and whether for good, in the order in which that was done.
async fn left_out(tx: &mut Tx, edition: EditionId) -> sqlx::Result<Vec<(ArticleId, bool)>> {
    fetch_all!(tx, sql::LEFT_OUT, edition)
}
