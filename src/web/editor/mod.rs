//! `/relire/{token}`: an edition before its editors, at the link in a mail of [`crate::delivery::telling::editors`].
//!
//! As on readers' pages a GET changes nothing and nothing redirects: a POST of a button answers with the page as it then
//! stands. Who opens the page is logged by edition, what is done is noted in the edition's history with the editor's address.

mod act;
mod rectify;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::delivery::telling::editors::{self, EditorLink};
use crate::html::editor_pages::EditorPage;
use crate::html::pages::Page;
use crate::mail::{PREFERENCES_MARK, TOKEN_MARK, greeted};
use crate::newsletters::editing::look;
use crate::newsletters::edition::EditionId;
use crate::web::forms::fields::Fields;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Stands in an edition's look where a reader's token would.
const NO_TOKEN: &str = "apercu";

/// The routes: `/relire/{token}` and its `/apercu`.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/relire/{token}", get(show).post(press))
        .route("/relire/{token}/apercu", get(preview))
}

/// An open link.
struct Opened {
    token: String,
    edition: EditionId,
    /// The editor's address.
    who: String,
}

type Token = Result<Path<String>, PathRejection>;

async fn open(app: &App, token: Token) -> Result<Result<Opened, Response>, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let mut tx = app.db.begin_read().await?;
    let link = editors::look_at_editor_link(&mut tx, &app.keys, &token, app.clock.now()).await?;
    let gone = |status, ours| page(app, status, &Page::Editor(EditorPage::Gone { ours }));
    Ok(match link {
        EditorLink::Open(edition, who) => Ok(Opened { token, edition, who }),
        EditorLink::Gone => Err(gone(StatusCode::GONE, true)?),
        EditorLink::Unknown => Err(gone(StatusCode::NOT_FOUND, false)?),
    })
}

/// Shows the edition. Changes nothing.
async fn show(State(app): State<App>, token: Token) -> Result<Response, Failure> {
    let opened = match open(&app, token).await? {
        Ok(opened) => opened,
        Err(response) => return Ok(response),
    };
    tracing::info!(edition = %opened.edition, "an editor looks at the edition");
    answer(&app, &opened, StatusCode::OK, None).await
}

/// Does what the button says, and shows the edition as it then stands.
async fn press(State(app): State<App>, token: Token, fields: Fields) -> Result<Response, Failure> {
    let opened = match open(&app, token).await? {
        Ok(opened) => opened,
        Err(response) => return Ok(response),
    };
    let Some((status, said)) = act::act(&app, &opened, &fields).await? else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    };
    answer(&app, &opened, status, Some(said)).await
}

async fn answer(
    app: &App,
    opened: &Opened,
    status: StatusCode,
    said: Option<crate::html::editor_pages::EditorSaid>,
) -> Result<Response, Failure> {
    let view = view::view(app, opened, said).await?;
    page(app, status, &Page::Editor(EditorPage::Edition(Box::new(view))))
}

/// The digest's HTML as a reader of everything would get it now; links of a reader's own lead nowhere.
async fn preview(State(app): State<App>, token: Token) -> Result<Response, Failure> {
    let opened = match open(&app, token).await? {
        Ok(opened) => opened,
        Err(response) => return Ok(response),
    };
    let (rendered, _) = look::mail(&app.desk, opened.edition, None).await?;
    let html =
        greeted(&rendered.html, None).replace(TOKEN_MARK, NO_TOKEN).replace(PREFERENCES_MARK, NO_TOKEN);
    // The mail loads its articles' pictures, as it will in a mail program, and nothing else.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https:; base-uri 'none'; \
                  frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, Html(html)).into_response())
}
