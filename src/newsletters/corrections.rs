//! Corrections: what was wrong in an article that went out is said in the newsletter's next edition, to the choices whose
//! variant held it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::articles::ArticleId;
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::subscribers::Choice;
use crate::{execute, fetch_all, fetch_one, id_type};

use super::digest_view::CorrectionView;
use super::edition::EditionId;
use super::makeup_sql as sql;
use super::newsletter::NewsletterId;
use super::shown::Shown;

id_type! {
    /// A correction's row.
    CorrectionId
}

/// A correction that an edition tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correction {
    pub(super) id: CorrectionId,
    pub(super) view: CorrectionView,
    /// To whom: the choices, as they are stored.
    choices: BTreeSet<String>,
}

impl Correction {
    /// What a correction of its own tells every reader.
    pub(super) fn to_everybody(title: &str, url: &str, note: &str) -> Self {
        Self {
            id: CorrectionId(0),
            view: CorrectionView { title: title.to_owned(), url: url.to_owned(), text: note.to_owned() },
            choices: BTreeSet::from([Choice::All.to_string()]),
        }
    }

    /// Whether readers of this choice had the article.
    pub(super) fn concerns(&self, choice: &Choice) -> bool {
        self.choices.contains(&choice.to_string())
    }
}

/// The longest note of a correction (characters).
pub const NOTE_MOST: usize = 600;

/// The most corrections that one edition tells: the oldest. The next one tells the others.
const TOLD_MOST: usize = 6;

/// Why a text is no note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnfitNote {
    /// It says nothing.
    Empty,
    /// It is longer than [`NOTE_MOST`]; the text as one paragraph.
    TooLong(String),
}

/// A note as it is kept: one paragraph of at most [`NOTE_MOST`] characters.
///
/// # Errors
/// When it is empty or longer.
pub fn note(text: &str) -> Result<String, UnfitNote> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.chars().count() {
        0 => Err(UnfitNote::Empty),
        1..=NOTE_MOST => Ok(text),
        _ => Err(UnfitNote::TooLong(text)),
    }
}

/// Writes down what was wrong in an article: a [`note`] in plain text. Gives the newsletters, by slug, whose next edition
/// says so; without one nothing is written, for nobody got the article.
///
/// # Errors
/// When the store fails.
pub async fn correct(db: &Db, article: ArticleId, note: &str, now: Timestamp) -> sqlx::Result<Vec<String>> {
    let mut tx = db.begin().await?;
    let sent: Vec<(String,)> = fetch_all!(&mut tx, sql::SENT_BY, article)?;
    if !sent.is_empty() {
        let (_id,): (CorrectionId,) = fetch_one!(&mut tx, sql::ADD_CORRECTION, article, note, now)?;
        tx.commit().await?;
    }
    Ok(sent.into_iter().map(|(slug,)| slug).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CorrectionId,
    article_id: ArticleId,
    note: String,
    title: String,
    url: String,
    edition_id: EditionId,
}

/// What an edition is to tell or, once it was released, has told; `edition` is none for a preview. Each article that is
/// named was in an edition before, and each choice had a variant that held it.
pub(super) async fn due(
    tx: &mut Tx,
    newsletter: NewsletterId,
    edition: Option<EditionId>,
) -> sqlx::Result<Vec<Correction>> {
    let rows: Vec<Row> = fetch_all!(tx, sql::CORRECTIONS_DUE, newsletter, edition.unwrap_or(EditionId(0)))?;
    let mut readings: BTreeMap<EditionId, Vec<(String, Shown)>> = BTreeMap::new();
    let mut due: Vec<Correction> = Vec::new();
    for row in rows {
        let read = match readings.entry(row.edition_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unread) => {
                let shown: Vec<(String, Option<String>)> = fetch_all!(tx, sql::SHOWN_TO, row.edition_id)?;
                let read =
                    |(choice, shown): (String, Option<String>)| (choice, Shown::read(shown.as_deref()));
                unread.insert(shown.into_iter().map(read).collect())
            }
        };
        let had = read.iter().filter(|(_, shown)| shown.holds(row.article_id));
        let choices: BTreeSet<String> = had.map(|(choice, _)| choice.clone()).collect();
        match due.iter_mut().find(|correction| correction.id == row.id) {
            Some(correction) => correction.choices.extend(choices),
            None => due.push(Correction {
                id: row.id,
                view: CorrectionView { title: row.title, url: row.url, text: row.note },
                choices,
            }),
        }
    }
    due.retain(|correction| !correction.choices.is_empty());
    due.truncate(TOLD_MOST);
    Ok(due)
}

/// Notes in the transaction of the release that an edition tells them.
pub(super) async fn told(tx: &mut Tx, edition: EditionId, corrections: &[Correction]) -> sqlx::Result<()> {
    for correction in corrections {
        execute!(tx, sql::CORRECTION_TOLD, correction.id, edition)?;
    }
    Ok(())
}
