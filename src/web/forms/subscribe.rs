//! `/lettres`, the form by which a reader asks for newsletters, and `/lettres/cadre`, the same for a frame in another site.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fields::Fields;
use super::offer::Offer;
use super::take::{Taken, take};
use super::typed::Typed;
use crate::app::App;
use crate::clock::DAY;
use crate::html::pages::{FormMistake, FormView, Page};
use crate::subscribers::{CONFIRM_FOR, FormTime};
use crate::web::client::Client;
use crate::web::page::{framed, page};
use crate::web::refusal::Failure;

/// Where the form stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Frame,
}

/// Shows the form.
pub(super) async fn show(State(app): State<App>) -> Result<Response, Failure> {
    form(&app, Place::Page, StatusCode::OK, &Offer::read(&app).await?, &Typed::default(), None, false)
}

/// Shows the form for a frame.
pub(super) async fn show_framed(State(app): State<App>) -> Result<Response, Failure> {
    form(&app, Place::Frame, StatusCode::OK, &Offer::read(&app).await?, &Typed::default(), None, false)
}

/// Takes the form. The answer is the same, and takes as long, for every address that could be one.
pub(super) async fn ask(State(app): State<App>, client: Client, fields: Fields) -> Result<Response, Failure> {
    answer(&app, Place::Page, client, &fields).await
}

/// The same in a frame.
pub(super) async fn ask_framed(
    State(app): State<App>,
    client: Client,
    fields: Fields,
) -> Result<Response, Failure> {
    answer(&app, Place::Frame, client, &fields).await
}

async fn answer(app: &App, place: Place, client: Client, fields: &Fields) -> Result<Response, Failure> {
    let typed = Typed::of_fields(fields);
    let offer = Offer::read(app).await?;
    let origin = if place == Place::Frame { "frame" } else { "form" };
    match take(app, &offer, &typed, client, origin).await? {
        Taken::Asked(titles) => {
            let valid_days = CONFIRM_FOR / DAY;
            match place {
                Place::Page => page(app, StatusCode::OK, &Page::CheckMail { titles, valid_days }),
                Place::Frame => framed(app, StatusCode::OK, &Page::CheckMailFrame { titles, valid_days }),
            }
        }
        Taken::Again(mistake) => {
            let status = if mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            form(app, place, status, &offer, &typed, mistake, mistake.is_none())
        }
        Taken::Later(seconds) => {
            let retry_after = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
            let status = StatusCode::TOO_MANY_REQUESTS;
            match place {
                Place::Page => Ok((retry_after, status).into_response()),
                Place::Frame => {
                    let page = framed(app, status, &Page::LaterFrame {})?;
                    Ok((retry_after, page).into_response())
                }
            }
        }
    }
}

fn form(
    app: &App,
    place: Place,
    status: StatusCode,
    offer: &Offer,
    typed: &Typed,
    mistake: Option<FormMistake>,
    again: bool,
) -> Result<Response, Failure> {
    let form = FormView {
        letters: offer.views(typed),
        address: typed.address.clone(),
        first_name: typed.first_name.clone(),
        chosen: typed.ticked(),
        mistake,
        again,
        shown: FormTime::write(&app.keys, app.clock.now()),
    };
    match place {
        Place::Page => page(app, status, &Page::Letters { form }),
        Place::Frame => framed(app, status, &Page::LettersFrame { form }),
    }
}
