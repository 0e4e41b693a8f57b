//! `/confirmer/{token}`: what the link of a confirmation mail opens.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::clock::Timestamp;
use crate::delivery::welcome;
use crate::html::pages::Page;
use crate::subscribers::{self, Confirmed, Link, Newsletter, Receipt, Refused};
use crate::web::forms::answer::{receipt, titles};
use crate::web::forms::came::Came;
use crate::web::forms::fields::Fields;
use crate::web::page::page;
use crate::web::refusal::Failure;

/// Shows both buttons. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match subscribers::look_at_confirmation(&app.db, &token, app.clock.now()).await? {
        Link::Open(open) => {
            let titles = titles(&open.newsletters);
            let seen = open.seen.millis().to_string();
            let (wordings, first_name) = (open.wordings, open.first_name);
            page(&app, StatusCode::OK, &Page::Confirm { titles, wordings, first_name, seen })
        }
        Link::Confirmed(newsletters, receipt) => confirmed(&app, &newsletters, &receipt),
        Link::Gone => page(&app, StatusCode::GONE, &Page::LinkGone {}),
        Link::Unknown => unknown(&app),
    }
}

/// Confirms; with `choice=refuse`, « ce n’était pas moi », it refuses.
pub(super) async fn confirm(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    came: Came,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    if fields.first("choice") == "refuse" {
        return refuse(&app, &token, &came).await;
    }
    let seen = fields.first("seen").parse().ok().map(Timestamp::from_millis);
    match subscribers::confirm(&app.db, &token, seen, came.by("page"), app.clock.now()).await? {
        Confirmed::Done(newsletters, receipt) => {
            tracing::info!(reference = %receipt.reference, "a reader confirmed");
            if welcome(&app.desk, &app.keys, &token, &newsletters, app.clock.now()).await? {
                app.waker.wake();
            }
            confirmed(&app, &newsletters, &receipt)
        }
        Confirmed::Blocked => page(&app, StatusCode::FORBIDDEN, &Page::Blocked {}),
        Confirmed::Gone => page(&app, StatusCode::GONE, &Page::LinkGone {}),
        Confirmed::Unknown => unknown(&app),
    }
}

async fn refuse(app: &App, token: &str, came: &Came) -> Result<Response, Failure> {
    match subscribers::refuse(&app.db, token, came.by("page"), app.clock.now()).await? {
        Refused::Done { receipt: said, newsletter, suppressed } => {
            tracing::info!(reference = %said.reference, suppressed, "a reader refused");
            let receipt = receipt(Some(&newsletter), &said);
            page(app, StatusCode::OK, &Page::Refused { receipt, suppressed })
        }
        Refused::Gone => page(app, StatusCode::GONE, &Page::LinkGone {}),
        Refused::Unknown => unknown(app),
    }
}

fn confirmed(app: &App, newsletters: &[Newsletter], said: &Receipt) -> Result<Response, Failure> {
    let receipt = receipt(newsletters.first(), said);
    page(app, StatusCode::OK, &Page::Confirmed { titles: titles(newsletters), next: None, receipt })
}

fn unknown(app: &App) -> Result<Response, Failure> {
    page(app, StatusCode::NOT_FOUND, &Page::LinkUnknown { leaves: false })
}
