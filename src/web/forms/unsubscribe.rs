//! `/u/{token}`: leaving, by a mail program's one-click (RFC 8058) or by the page's button.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::clock::{MINUTE, Timestamp};
use crate::delivery;
use crate::delivery::reader_mail::{self, ReaderMail, Said};
use crate::html::pages::Page;
use crate::subscribers::{self, Leaving, Left, Newsletter, Receipt, STAY_WITHIN, Scope, wording};
use crate::web::forms::answer::{line, receipt, titles};
use crate::web::forms::came::Came;
use crate::web::forms::fields::Fields;
use crate::web::forms::preferences::quoted;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Shows the button, or what it did. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    look(&app, &token.map(|Path(token)| token).unwrap_or_default()).await
}

async fn look(app: &App, token: &str) -> Result<Response, Failure> {
    match subscribers::look_at_leaving(&app.db, &app.keys, token).await? {
        Leaving::On(newsletter) => {
            let wording = wording::left(&newsletter.title);
            page(app, StatusCode::OK, &Page::Unsubscribe { title: newsletter.title, wording })
        }
        Leaving::Off(newsletter, receipt) => unsubscribed(app, &[newsletter], &receipt),
        Leaving::Forgotten => page(app, StatusCode::OK, &Page::Forgotten {}),
        Leaving::Unknown => unknown(app),
    }
}

/// Leaves. Any POST does, for a "no" needs no form: with a field `List-Unsubscribe` it came from a mail program,
/// which is answered in a line; with `scope=all` every newsletter is left.
///
/// The answer is 200 once it is kept, and again for a link that was used before; never a redirect (RFC 8058 §3.2).
pub(super) async fn leave(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    came: Came,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let one_click = fields.has("List-Unsubscribe");
    if !one_click && let Ok(left_at) = fields.first("undo").parse() {
        return undo(&app, &token, Timestamp::from_millis(left_at)).await;
    }
    let origin = if one_click { "one-click" } else { "page" };
    let scope = if !one_click && fields.first("scope") == "all" { Scope::All } else { Scope::This };
    match subscribers::leave(&app.db, &app.keys, &token, scope, came.by(origin), app.clock.now()).await? {
        Left::Done(newsletters, said) => {
            tracing::info!(reference = %said.reference, origin, "a reader left");
            last_mail(&app, &token, &newsletters, &said).await?;
            if one_click {
                Ok(acknowledged(&newsletters, &said))
            } else {
                unsubscribed(&app, &newsletters, &said)
            }
        }
        Left::Forgotten if one_click => Ok(line("Aucun message ne vous sera envoyé.\n".to_owned())),
        Left::Forgotten => page(&app, StatusCode::OK, &Page::Forgotten {}),
        Left::Unknown => unknown(&app),
    }
}

/// Takes a leaving back, where it is not too late; then the page says how things stand.
async fn undo(app: &App, token: &str, left_at: Timestamp) -> Result<Response, Failure> {
    let now = app.clock.now();
    let mut tx = app.db.begin_durable().await?;
    let left = subscribers::left_together(&mut tx, &app.keys, token, left_at, now).await?;
    for one in &left {
        delivery::keep_before_change(&mut tx, &app.desk, &one.newsletter, one.subscription, now).await?;
    }
    match subscribers::stay(&mut tx, &left, "page", now).await? {
        Some(said) => {
            tx.commit().await?;
            tracing::info!(reference = %said.reference, "a reader took leaving back");
            let newsletters: Vec<Newsletter> = left.into_iter().map(|one| one.newsletter).collect();
            let receipt = receipt(newsletters.first(), &said);
            page(app, StatusCode::OK, &Page::Confirmed { titles: titles(&newsletters), next: None, receipt })
        }
        None => {
            drop(tx);
            look(app, token).await
        }
    }
}

/// Acknowledges by mail, where the letter is set to: the last one that the reader gets.
async fn last_mail(
    app: &App,
    token: &str,
    newsletters: &[Newsletter],
    said: &Receipt,
) -> Result<(), Failure> {
    let Some(first) = newsletters.first() else { return Ok(()) };
    // A link that is used again ended nothing now.
    let now = app.clock.now();
    if said.at < now.plus(-MINUTE) || !app.desk.declaration(&first.slug).is_some_and(|one| one.last_mail) {
        return Ok(());
    }
    let Some(reader) = subscribers::reader_of(&app.db, &app.keys, token).await? else { return Ok(()) };
    let Some(letter) = reader.letter(first) else { return Ok(()) };
    let mail = ReaderMail {
        key: &format!("left:{}", said.reference),
        subscription: letter.subscription,
        to: &reader.address,
        said: Said::Left {
            letters: quoted(&newsletters.iter().collect::<Vec<_>>()),
            moment: first.moment(said.at),
            reference: said.reference.to_string(),
        },
        newsletter: &first.slug,
    };
    let mut tx = app.db.begin().await?;
    reader_mail::enqueue(&mut tx, &app.desk, &app.keys, &mail, now).await?;
    tx.commit().await?;
    app.waker.wake();
    Ok(())
}

fn acknowledged(newsletters: &[Newsletter], said: &Receipt) -> Response {
    let receipt = receipt(newsletters.first(), said);
    line(format!(
        "Désinscription enregistrée le {}. Référence\u{a0}: {}.\n",
        receipt.moment, receipt.reference
    ))
}

fn unsubscribed(app: &App, newsletters: &[Newsletter], said: &Receipt) -> Result<Response, Failure> {
    let receipt = receipt(newsletters.first(), said);
    let undo = (app.clock.now() < said.at.plus(STAY_WITHIN)).then(|| said.at.millis().to_string());
    page(app, StatusCode::OK, &Page::Unsubscribed { titles: titles(newsletters), receipt, undo })
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: true })
}
