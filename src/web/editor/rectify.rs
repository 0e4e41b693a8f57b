//! « Envoyer un rectificatif »: an article that left with a mistake is put right, in two steps. The first says to how many
//! readers it goes, the second sends it.

use axum::http::StatusCode;

use super::Opened;
use super::act::{Said, not_now};
use crate::app::App;
use crate::articles::ArticleId;
use crate::french::number::count;
use crate::html::editor_pages::{EditorSaid, RectifyAsked};
use crate::newsletters::corrections::{self, NOTE_MOST, UnfitNote};
use crate::newsletters::edition::{EditionError, EditionState};
use crate::newsletters::rectificatif::{self, Outlook, RectifyError};
use crate::web::forms::fields::Fields;
use crate::web::refusal::Failure;

/// Asks whether to send it, or sends it.
pub(super) async fn press(
    app: &App,
    opened: &Opened,
    article: ArticleId,
    fields: &Fields,
) -> Result<Said, Failure> {
    let at = article.0;
    let note = match corrections::note(fields.first("text")) {
        Ok(note) => note,
        Err(unfit) => {
            let (said, typed) = match unfit {
                UnfitNote::Empty => {
                    ("Dites aux lecteurs ce qui était faux et ce qui est juste.".to_owned(), None)
                }
                UnfitNote::TooLong(text) => {
                    (format!("Ce texte est trop long : {NOTE_MOST} caractères au plus."), Some(text))
                }
            };
            let said = EditorSaid { at, typed, ..EditorSaid::refused(said) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, said));
        }
    };
    if fields.first("do") == "rectify" {
        return match rectificatif::outlook(&app.desk, opened.edition, article).await {
            Ok(outlook) => Ok((StatusCode::OK, asked(outlook, note, at))),
            Err(error) => refused(error, note, at),
        };
    }
    let now = app.clock.now();
    match rectificatif::correct(&app.desk, opened.edition, article, &note, &opened.who, now).await {
        Ok(done) => {
            app.waker.wake();
            tracing::info!(edition = %opened.edition, correction = %done.edition, "an editor put an article right");
            let readers = i64::try_from(done.readers).unwrap_or(i64::MAX);
            let text = match readers {
                0 => "L’édition est corrigée ; l’erreur n’était encore partie chez personne.".to_owned(),
                readers => {
                    format!("Le rectificatif part, à {}.", count(readers, "lecteur", "lecteurs"))
                }
            };
            Ok((StatusCode::OK, EditorSaid { at, ..EditorSaid::done(text) }))
        }
        Err(error) => refused(error, note, at),
    }
}

/// To how many it would go, and the button that sends it.
fn asked(outlook: Outlook, note: String, at: i64) -> EditorSaid {
    let Outlook { told, corrected } = outlook;
    let readers = |number| count(number, "lecteur", "lecteurs");
    let text = match told {
        0 => "L’erreur n’est encore partie chez personne : aucun rectificatif n’est nécessaire.".to_owned(),
        told => format!("Ce rectificatif partira à {}, qui ont pu lire l’erreur.", readers(told)),
    };
    let more = match corrected {
        0 => None,
        1 => Some("Pour un lecteur, l’édition n’est pas encore partie : il la recevra corrigée.".to_owned()),
        many => Some(format!(
            "Pour {}, l’édition n’est pas encore partie : ils la recevront corrigée.",
            readers(many)
        )),
    };
    let button = match told {
        0 => "Corriger l’édition".to_owned(),
        told => format!("Envoyer à {}", readers(told)),
    };
    EditorSaid { at, rectify: Some(RectifyAsked { note, more, button }), ..EditorSaid::done(text) }
}

fn refused(error: RectifyError, note: String, at: i64) -> Result<Said, Failure> {
    let text = match error {
        RectifyError::Edition(EditionError::State { state: EditionState::Frozen, .. }) => {
            "L’édition n’est pas encore partie : ce qui est corrigé maintenant part corrigé."
        }
        RectifyError::Edition(error) => return not_now(error),
        RectifyError::Already(_) => {
            // Pressed twice, or by two editors: it is done.
            let text = "C’est déjà fait : ce rectificatif est parti.".to_owned();
            return Ok((StatusCode::OK, EditorSaid { at, ..EditorSaid::done(text) }));
        }
        RectifyError::Unchanged(..) => {
            "L’article est tel qu’il est parti. Corrigez-le d’abord là où il est publié, puis recommencez ici quand la \
             correction y est : le rectificatif la montre."
        }
        RectifyError::NotInIt(..) => "Cet article n’est plus dans l’édition : il a été retiré entre-temps.",
        RectifyError::Undeclared(_) => "Cette lettre n’existe plus.",
        RectifyError::Failed(error) => return Err(error.into()),
    };
    Ok((StatusCode::CONFLICT, EditorSaid { at, typed: Some(note), ..EditorSaid::refused(text) }))
}
