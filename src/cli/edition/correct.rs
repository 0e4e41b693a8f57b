//! `edition correct`: what was wrong in an edition that has left is put right.

use std::path::Path;

use super::super::setup::{self, Access};
use super::super::{Failure, output};
use crate::articles;
use crate::french::number::count;
use crate::newsletters::corrections;
use crate::newsletters::edition::EditionId;
use crate::newsletters::rectificatif::{self, RectifyError};

pub(super) async fn correct(
    named: Option<&Path>,
    id: EditionId,
    wanted: &str,
    note: &str,
) -> Result<(), Failure> {
    let note = note_of(note)?;
    let app = setup::open(named, Access::Write).await?;
    let found = articles::find(&app.db, wanted).await?;
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "kiosque: there is no article {wanted}; `kiosque edition show {id}` names those of the edition"
        )));
    }
    // An address may be that of several articles, of which the edition holds one.
    let mut refused = None;
    for article in found {
        match rectificatif::correct(&app.desk, id, article.id, &note, "operator", app.clock.now()).await {
            Ok(done) => {
                let readers = count(
                    i64::try_from(done.readers).unwrap_or(i64::MAX),
                    "lecteur concerné",
                    "lecteurs concernés",
                );
                output::say(format!(
                    "Rectificatif «\u{a0}{}\u{a0}»\u{a0}: édition {}, {readers}. Ceux pour qui l’édition {id} n’est pas \
                     encore partie la recevront corrigée.",
                    done.title, done.edition
                ));
                return Ok(());
            }
            Err(RectifyError::NotInIt(..)) if refused.is_some() => {}
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.map_or(Failure::Reported, |error| Failure::Failed(error.into())))
}

/// What `--note` says of a mistake.
///
/// # Errors
/// When it is empty or too long.
pub(in crate::cli) fn note_of(text: &str) -> Result<String, Failure> {
    corrections::note(text).map_err(|_| {
        let most = corrections::NOTE_MOST;
        Failure::usage(format!(
            "kiosque: --note: expected what was wrong and what is right, in at most {most} characters"
        ))
    })
}
