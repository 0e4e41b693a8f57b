//! `/u/{token}`: leaving, by a mail program's one-click (RFC 8058) or by the page's button.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::html::pages::Page;
use crate::subscribers::{self, Leaving, Left, Newsletter, Receipt, Scope, wording};
use crate::web::forms::answer::{line, receipt, titles};
use crate::web::forms::came::Came;
use crate::web::forms::fields::Fields;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Shows the button, or what it did. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match subscribers::look_at_leaving(&app.db, &app.keys, &token).await? {
        Leaving::On(newsletter) => {
            let wording = wording::left(&newsletter.title);
            page(&app, StatusCode::OK, &Page::Unsubscribe { title: newsletter.title, wording })
        }
        Leaving::Off(newsletter, receipt) => unsubscribed(&app, &[newsletter], &receipt),
        Leaving::Forgotten => page(&app, StatusCode::OK, &Page::Forgotten {}),
        Leaving::Unknown => unknown(&app),
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
    let origin = if one_click { "one-click" } else { "page" };
    let scope = if !one_click && fields.first("scope") == "all" { Scope::All } else { Scope::This };
    match subscribers::leave(&app.db, &app.keys, &token, scope, came.by(origin), app.clock.now()).await? {
        Left::Done(newsletters, said) => {
            tracing::info!(reference = %said.reference, origin, "a reader left");
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

fn acknowledged(newsletters: &[Newsletter], said: &Receipt) -> Response {
    let receipt = receipt(newsletters.first(), said);
    line(format!(
        "Désinscription enregistrée le {}. Référence\u{a0}: {}.\n",
        receipt.moment, receipt.reference
    ))
}

fn unsubscribed(app: &App, newsletters: &[Newsletter], said: &Receipt) -> Result<Response, Failure> {
    let receipt = receipt(newsletters.first(), said);
    page(app, StatusCode::OK, &Page::Unsubscribed { titles: titles(newsletters), receipt })
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: true })
}
