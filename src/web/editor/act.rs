//! What the buttons of an edition's page do.

use axum::http::StatusCode;
use chrono::NaiveDateTime;

use super::{Opened, rectify};
use crate::app::App;
use crate::articles::{self, ArticleId};
use crate::clock::{DAY, Timestamp};
use crate::delivery::enqueue_probe;
use crate::french::date::date_at_hour;
use crate::html::editor_pages::EditorSaid;
use crate::mail::Address;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::editing::history::Act;
use crate::newsletters::editing::{self, Change, ChangeError, look};
use crate::newsletters::edition::{Edition, EditionError, EditionState};
use crate::newsletters::run::TEST_PREFIX;
use crate::web::forms::fields::Fields;
use crate::web::refusal::Failure;

/// An edition is put off by so much at most (ms).
pub(super) const POSTPONED_MOST: i64 = 7 * DAY;

/// What is said after a button, with the answer's status.
pub(super) type Said = (StatusCode, EditorSaid);

/// Does it; none when no button of ours sends this.
pub(super) async fn act(app: &App, opened: &Opened, fields: &Fields) -> Result<Option<Said>, Failure> {
    let name = fields.first("do");
    let article: Option<ArticleId> = fields.first("article").parse().ok();
    let text = || fields.first("text").to_owned();
    let change = match (name, article) {
        ("lead", Some(article)) => Change::Lead(article),
        ("up", Some(article)) => Change::Up(article),
        ("down", Some(article)) => Change::Down(article),
        ("leave", Some(article)) => Change::LeaveOut(article),
        ("never", Some(article)) => Change::Never(article),
        ("add", Some(article)) => Change::Add(article),
        ("words", Some(article)) => Change::Words {
            article,
            title: fields.first("title").to_owned(),
            summary: fields.first("summary").to_owned(),
        },
        ("note", _) => Change::Note(text()),
        ("subject", _) => Change::Subject(text()),
        ("approve" | "postpone" | "stop" | "resume" | "test", _) => {
            return whole(app, opened, name, fields).await.map(Some);
        }
        ("rectify" | "rectify-send", Some(article)) => {
            return rectify::press(app, opened, article, fields).await.map(Some);
        }
        _ => return Ok(None),
    };
    let seen = fields.first("seen").parse().ok();
    let done = editing::change(&app.desk, opened.edition, &change, &opened.who, seen, app.clock.now()).await;
    let new = match done {
        Ok(changed) => changed.new,
        Err(error) => return refused(error, &change, fields).map(Some),
    };
    tracing::info!(edition = %opened.edition, act = name, "an editor changed the edition");
    let title = match article {
        Some(article) => articles::get(&app.db, article).await?.map(|article| article.title),
        None => None,
    };
    let title = title.unwrap_or_default();
    let said = match change {
        _ if !new => "C’est déjà ainsi : il n’y avait rien à changer.".to_owned(),
        Change::Lead(_) => "Cet article ouvre maintenant la lettre.".to_owned(),
        Change::Up(_) | Change::Down(_) => "Déplacé.".to_owned(),
        Change::LeaveOut(_) => format!("Retiré : « {title} ». L’édition suivante pourra le prendre."),
        Change::Never(_) => format!("Écarté : « {title} » ne sera jamais envoyé."),
        Change::Add(_) => "Ajouté à l’édition.".to_owned(),
        Change::Words { .. } => "Enregistré pour cette édition.".to_owned(),
        Change::Note(_) => "La note est enregistrée.".to_owned(),
        Change::Subject(_) => "L’objet est enregistré.".to_owned(),
    };
    Ok(Some((StatusCode::OK, EditorSaid { at: place(&change, fields), ..EditorSaid::done(said) })))
}

/// Where it is said: beside the article, or beside the one before it when the article is gone from there.
fn place(change: &Change, fields: &Fields) -> i64 {
    match change {
        Change::LeaveOut(_) | Change::Never(_) => fields.first("before").parse().unwrap_or(0),
        other => other.article().map_or(0, |article| article.0),
    }
}

fn refused(error: ChangeError, change: &Change, fields: &Fields) -> Result<Said, Failure> {
    let (status, text) = match error {
        ChangeError::Edition(error) => return not_now(error),
        ChangeError::NotThere(_) => {
            (StatusCode::CONFLICT, "Cet article n’est plus dans l’édition : il a été retiré entre-temps.".to_owned())
        }
        ChangeError::NotToBeAdded(_) => {
            (StatusCode::CONFLICT, "Cet article ne peut pas être ajouté : une autre édition l’a pris.".to_owned())
        }
        ChangeError::TooFew { wanted: 1 } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "C’est le dernier article. Ajoutez-en un autre d’abord, ou n’envoyez pas cette édition.".to_owned(),
        ),
        ChangeError::TooFew { wanted } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "Cette lettre veut au moins {wanted} articles. Ajoutez-en un autre d’abord, ou n’envoyez pas cette édition."
            ),
        ),
        ChangeError::TooLong { most } => {
            (StatusCode::UNPROCESSABLE_ENTITY, format!("Ce texte est trop long : {most} caractères au plus."))
        }
        ChangeError::Meanwhile => (
            StatusCode::CONFLICT,
            "Quelqu’un a changé ce texte entre-temps ; voici le sien. Enregistrez de nouveau pour garder le vôtre."
                .to_owned(),
        ),
        ChangeError::Failed(error) => return Err(error.into()),
    };
    let typed = match change {
        Change::Note(text) | Change::Subject(text) => Some(text.clone()),
        Change::Words { title, summary, .. } => Some(format!("{title} – {summary}")),
        _ => None,
    };
    // One that is not there any more has no place either.
    let missing = status == StatusCode::CONFLICT && typed.is_none();
    let at = if missing { 0 } else { change.article().map_or_else(|| place(change, fields), |id| id.0) };
    Ok((status, EditorSaid { at, typed, ..EditorSaid::refused(text) }))
}

/// What concerns the edition as a whole.
async fn whole(app: &App, opened: &Opened, name: &str, fields: &Fields) -> Result<Said, Failure> {
    let (id, who, now) = (opened.edition, opened.who.as_str(), app.clock.now());
    let edition = Edition::find(&app.db, id).await.map_err(anyhow::Error::from)?;
    let declaration = app.desk.declared(&edition.slug)?;
    let done = match name {
        "approve" => editing::approve(&app.db, id, who, now).await,
        "stop" => editing::stop(&app.db, id, who, now).await,
        "resume" => editing::resume(&app.db, id, who, now).await,
        "postpone" => {
            let Some(to) = hour(fields.first("to"), declaration, now) else {
                return Ok(mistake("Indiquez une heure à venir, dans la semaine qui vient."));
            };
            editing::postpone(&app.db, id, to, declaration.grace.ms(), who, now).await
        }
        _ => return test(app, opened, &edition, declaration).await,
    };
    let edition = match done {
        Ok(edition) => edition,
        Err(error) => return not_now(error),
    };
    app.waker.wake();
    tracing::info!(edition = %id, act = name, "an editor decided on the edition");
    let leaves = date_at_hour(declaration.zone.local(edition.due_at.to_utc()));
    let text = match (name, edition.state) {
        ("approve", _) if edition.due_at <= now => "C’est approuvé : elle part dans un instant.".to_owned(),
        ("approve", _) => format!("C’est approuvé : elle part le {leaves}."),
        ("postpone", _) if edition.approved_at.is_none() => {
            format!("C’est reporté : elle part le {leaves}, une fois approuvée.")
        }
        ("postpone", _) => format!("C’est reporté : elle part le {leaves}."),
        ("stop", _) if edition.released_at.is_none() => "L’édition ne partira pas.".to_owned(),
        ("stop", _) => "L’envoi est arrêté.".to_owned(),
        _ => "L’envoi reprend.".to_owned(),
    };
    Ok((StatusCode::OK, EditorSaid::done(text)))
}

/// Mails it to the editor as it stands.
async fn test(
    app: &App,
    opened: &Opened,
    edition: &Edition,
    declaration: &Declaration,
) -> Result<Said, Failure> {
    if edition.state != EditionState::Frozen {
        return Ok(mistake("Un essai ne s’envoie qu’avant le départ."));
    }
    let now = app.clock.now();
    let to = Address::parse(&opened.who)?;
    let (rendered, message) = look::mail(&app.desk, edition.id, Some(TEST_PREFIX)).await?;
    enqueue_probe(&app.db, &app.keys, declaration, (&rendered.subject, &message), &to, now).await?;
    editing::note_act(&app.db, edition.id, Act::Test, &opened.who, now).await?;
    app.waker.wake();
    Ok((StatusCode::OK, EditorSaid::done(format!("Un essai part à {}.", opened.who))))
}

/// The hour of a form, on the newsletter's clock: to come, and within a week.
fn hour(text: &str, declaration: &Declaration, now: Timestamp) -> Option<Timestamp> {
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    let at: Timestamp = declaration.zone.place(local)?.at.into();
    (now < at && at <= now.plus(POSTPONED_MOST)).then_some(at)
}

fn mistake(text: &str) -> Said {
    (StatusCode::UNPROCESSABLE_ENTITY, EditorSaid::refused(text))
}

/// The edition has gone on meanwhile: the page says how it stands.
pub(super) fn not_now(error: EditionError) -> Result<Said, Failure> {
    let text = match error {
        EditionError::State { state: EditionState::Released, .. } => {
            "L’édition est déjà partie : rien n’a été changé."
        }
        EditionError::State { state: EditionState::Stopped, .. } => {
            "L’édition a été arrêtée : rien n’a été changé."
        }
        EditionError::State { .. } => "L’édition a été abandonnée : rien n’a été changé.",
        other => return Err(anyhow::Error::from(other).into()),
    };
    Ok((StatusCode::CONFLICT, EditorSaid::refused(text)))
}
