//! `/logo/{name}`: the newsroom's pictures, kept for ever, since another picture has another name.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/logo/{name}", get(logo))
}

async fn logo(State(app): State<App>, Path(name): Path<String>) -> Response {
    let Some(picture) = app.look.pictures.iter().find(|picture| picture.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        // An SVG opened by itself is a document: it runs nothing.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, picture.bytes.clone()).into_response()
}
