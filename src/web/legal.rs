//! `/confidentialite` and `/mentions-legales`: what the law asks every publication to say.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::page::public_page;
use super::refusal::Failure;
use crate::app::App;
use crate::clock::DAY;
use crate::html::legal_pages::PrivacyView;
use crate::html::pages::Page;
use crate::subscribers::CONFIRM_FOR;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/confidentialite", get(privacy)).route("/mentions-legales", get(notice))
}

async fn privacy(State(app): State<App>) -> Result<Response, Failure> {
    let privacy = PrivacyView::of(&app.config, CONFIRM_FOR / DAY);
    public_page(&app, &Page::Privacy { privacy })
}

async fn notice(State(app): State<App>) -> Result<Response, Failure> {
    public_page(&app, &Page::LegalNotice {})
}
