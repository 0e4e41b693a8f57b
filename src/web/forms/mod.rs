//! The pages readers act on: the form, the confirmation, leaving.
//!
//! A GET changes nothing, ever: scanners open every link of a mail. What counts is the POST of a button, or of a mail
//! program's one-click. Nothing here redirects, sets a cookie or loads anything from elsewhere, and no token reaches
//! a log or a `Referer`.

mod address;
mod answer;
mod came;
mod confirm;
pub(super) mod fields;
mod json;
mod lost_link;
mod offer;
mod own_data;
mod own_data_view;
mod preferences;
mod subscribe;
mod take;
pub mod typed;
mod unsubscribe;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// The routes: `/lettres` with its frame and its JSON endpoint, `/confirmer/{token}`, `/donnees/{token}`, `/p/{token}` and its `/donnees`, `/u/{token}`.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/lettres", get(subscribe::show).post(subscribe::ask))
        .route("/lettres/cadre", get(subscribe::show_framed).post(subscribe::ask_framed))
        .route("/api/lettres", get(json::offer).post(json::ask).options(json::preflight))
        .route("/confirmer/{token}", get(confirm::show).post(confirm::confirm))
        .route("/donnees/{token}", get(own_data::look).post(own_data::act))
        .route("/p/{token}", get(preferences::show).post(preferences::save))
        .route("/p/{token}/donnees", get(own_data::show).post(own_data::ask))
        .route("/p/{token}/adresse", axum::routing::post(address::ask))
        .route("/adresse/{token}", get(address::show).post(address::act))
        .route("/preferences", get(lost_link::show).post(lost_link::ask))
        .route("/u/{token}", get(unsubscribe::show).post(unsubscribe::leave))
}
