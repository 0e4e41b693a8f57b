//! `POST /api/articles`: one article or an array of them, with the fields of docs/import.md.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{BODY, Refused, refused, token};
use crate::app::App;
use crate::articles::{Accepted, Intake, Stored};
use crate::web::refusal::Failure;

/// The name of the source that articles are known under when the request names none.
const SOURCE: &str = "api";

#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    /// A site's own source, so that the same id of two sites is two articles.
    source: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    articles: Vec<Stored>,
}

/// Stores all of them or none: 201 when one is new, 200 when none is, 422 with every fault, 401, 413.
pub(super) async fn accept(
    State(app): State<App>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if let Err(response) = token::require(&headers, &app.config.api.tokens) {
        return Ok(*response);
    }
    let Ok(json) = to_bytes(body, BODY).await else {
        let error = format!("the body is larger than {BODY} bytes; send the articles in several requests");
        return Ok(refused(StatusCode::PAYLOAD_TOO_LARGE, error));
    };
    let source =
        parameters.source.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(SOURCE);
    let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
    let accepted = intake.accept(source, &json).await?;
    let is_new = accepted.is_new();
    Ok(match accepted {
        Accepted::Stored(articles) => {
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            (status, Json(Answer { articles })).into_response()
        }
        Accepted::Faulty(faults) => {
            let error = "nothing was stored; see `faults`".to_owned();
            (StatusCode::UNPROCESSABLE_ENTITY, Json(Refused { error, faults })).into_response()
        }
    })
}
