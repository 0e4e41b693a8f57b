//! `/api/lettres`: the form for a site that has its own. GET says what there is to ask for, POST asks.
//!
//! Browsers may call it from the sites that `[form] origins` lists (CORS, Fetch §3.2); no cookie and no secret is involved.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::offer::Offer;
use super::take::{Taken, take};
use super::typed::Typed;
use crate::app::App;
use crate::clock::DAY;
use crate::html::pages::{FormMistake, LetterView, RubricView};
use crate::subscribers::{CONFIRM_FOR, FormTime};
use crate::web::client::Client;
use crate::web::refusal::Failure;

/// What there is to ask for.
#[derive(Debug, Serialize)]
struct OnOffer {
    /// To be posted with the asking, within a day.
    form: String,
    newsletters: Vec<OneOnOffer>,
    /// What must stand beside the button, in French.
    notice: String,
    /// The page that says more.
    privacy: String,
}

/// A newsletter that one can ask for.
#[derive(Debug, Serialize)]
struct OneOnOffer {
    slug: String,
    title: String,
    description: String,
    /// "du lundi au vendredi à 7 h".
    rhythm: Option<String>,
    /// The sentence that ticking its box says.
    wording: String,
    rubrics: Vec<RubricView>,
}

/// The answer to every asking.
#[derive(Debug, Serialize)]
struct Asked {
    /// For the reader, in French.
    message: String,
    newsletters: Vec<String>,
    valid_days: i64,
}

/// Why an asking was not taken.
#[derive(Debug, Serialize)]
struct Refused {
    /// For the site's developer.
    error: String,
    /// The field to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// For the reader, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Says what there is to ask for.
pub(super) async fn offer(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    let one = |letter: LetterView| {
        let LetterView { slug, title, description, rhythm, wording, boxes: rubrics, .. } = letter;
        OneOnOffer { slug, title, description, rhythm, wording, rubrics }
    };
    let newsletters = Offer::read(&app).await?.views(&Typed::default()).into_iter().map(one).collect();
    let name = &app.config.publisher.name;
    let on_offer = OnOffer {
        form: FormTime::write(&app.keys, app.clock.now()),
        newsletters,
        notice: format!(
            "Votre adresse ne sert qu’à vous envoyer les lettres choisies\u{a0}; {name} ne la communique à personne et ne mesure \
             pas vos lectures. Vous pouvez à tout moment vous désinscrire, consulter vos données ou les faire effacer."
        )
        .replace("\u{a0};", "\u{202f};"),
        privacy: app.config.public_url.join("/confidentialite"),
    };
    Ok(answer(&app, &headers, StatusCode::OK, &on_offer))
}

/// Takes an asking: the same answer for every address that could be one.
pub(super) async fn ask(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let refused = |status, error: &str, field, message| {
        let refused = Refused { error: error.to_owned(), field, message };
        answer(&app, &headers, status, &refused)
    };
    if !is_json(&headers) {
        let error = "send application/json";
        return Ok(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, None, None));
    }
    let typed = match Typed::of_json(&body) {
        Ok(typed) => typed,
        Err(error) => {
            // What stands in the body is nobody's to repeat: an address, as a rule.
            let error = match error.classify() {
                serde_json::error::Category::Data => {
                    "expected an object with `address`, `first_name`, `newsletters` (an object: for each slug a list of \
                     rubrics), `form` and `site`"
                }
                _ => "the body is no JSON",
            };
            return Ok(refused(StatusCode::BAD_REQUEST, error, None, None));
        }
    };
    let offer = Offer::read(&app).await?;
    Ok(match take(&app, &offer, &typed, client, "json").await? {
        Taken::Asked(newsletters) => {
            let message =
                "Consultez votre messagerie\u{a0}: votre inscription ne commence qu’après confirmation.";
            let valid_days = CONFIRM_FOR / DAY;
            answer(
                &app,
                &headers,
                StatusCode::OK,
                &Asked { message: message.to_owned(), newsletters, valid_days },
            )
        }
        Taken::Again(mistake) => {
            let (error, field, message) = match mistake {
                Some(FormMistake::Address) => (
                    "no mail address",
                    "address",
                    "Cette adresse n’est pas complète\u{a0}: il manque peut-être un @ ou un point.",
                ),
                Some(FormMistake::FirstName) => (
                    "no first name",
                    "first_name",
                    "Un prénom ne comporte que des lettres, des espaces, des traits d’union et des apostrophes.",
                ),
                Some(FormMistake::Newsletter) => {
                    ("no newsletter on offer", "newsletters", "Choisissez au moins une lettre.")
                }
                None => (
                    "`form` is missing or older than a day: take a new one by GET",
                    "form",
                    "Le formulaire est resté ouvert trop longtemps. Veuillez recommencer.",
                ),
            };
            refused(StatusCode::UNPROCESSABLE_ENTITY, error, Some(field), Some(message))
        }
        Taken::Later(seconds) => {
            let message = "Trop de demandes en peu de temps. Veuillez réessayer plus tard.";
            let mut response =
                refused(StatusCode::TOO_MANY_REQUESTS, "too many askings", None, Some(message));
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    })
}

/// Answers a browser that asks whether a site may call (Fetch §4.8).
pub(super) async fn preflight(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow(&app, &headers, response.headers_mut());
    if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

fn answer(app: &App, headers: &HeaderMap, status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    allow(app, headers, response.headers_mut());
    response
}

/// Lets the browser hand the answer to a listed site.
fn allow(app: &App, request: &HeaderMap, response: &mut HeaderMap) {
    response.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(header::ORIGIN) else { return };
    if app.config.form.origins.iter().any(|listed| listed.as_str().as_bytes() == origin.as_bytes()) {
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
