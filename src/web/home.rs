//! The home page: the newsletters and the way to the feeds, and the feeds of WordPress that are asked for here. And no icon, said once a week instead of a 404 a page.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;

use super::former;
use super::page::public_page;
use super::refusal::Failure;
use crate::app::App;
use crate::html::pages::{LetterView, Page};
use crate::newsletters::rhythm::rhythm;

pub(super) fn routes() -> Router<App> {
    let no_icon = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=604800")]);
    Router::new().route("/", get(home)).route("/favicon.ico", get(async move || no_icon))
}

async fn home(State(app): State<App>, uri: Uri) -> Result<Response, Failure> {
    if let Some(answer) = former::answer(&app, &uri) {
        return Ok(answer);
    }
    let letters = app.declarations.newsletters.iter().map(|declared| LetterView {
        slug: declared.slug.to_string(),
        title: declared.title.clone(),
        rhythm: Some(rhythm(&declared.schedule)),
        description: declared.description.clone(),
        rubrics: Vec::new(),
        boxes: Vec::new(),
        any_chosen: false,
        wording: String::new(),
    });
    public_page(&app, &Page::Home { letters: letters.collect() })
}
