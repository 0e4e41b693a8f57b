//! The home page: the newsletters and the way to the feeds. And no icon, said once a week instead of a 404 a page.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use super::page::public_page;
use super::refusal::Failure;
use crate::app::App;
use crate::html::pages::{LetterView, Page};
use crate::newsletters::rhythm::rhythm;

pub(super) fn routes() -> Router<App> {
    let no_icon = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=604800")]);
    Router::new().route("/", get(home)).route("/favicon.ico", get(async move || no_icon))
}

async fn home(State(app): State<App>) -> Result<Response, Failure> {
    let letters = app.declarations.newsletters.iter().map(|declared| LetterView {
        slug: declared.slug.to_string(),
        title: declared.title.clone(),
        rhythm: Some(rhythm(&declared.schedule)),
        rubrics: Vec::new(),
        wording: String::new(),
    });
    public_page(&app, &Page::Home { letters: letters.collect() })
}
