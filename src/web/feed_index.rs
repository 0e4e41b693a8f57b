//! `/flux/`, the page that lists the feeds, and `/flux.opml`, the list for programs.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::edition_view::letter_feed;
use super::feeds::{self, Freshness};
use super::page::{feed_view, public_page};
use super::refusal::Failure;
use crate::app::App;
use crate::feeds::{Listing, opml};
use crate::html::pages::{FeedView, LatestView, Page};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/flux",
            get(async |State(app): State<App>| Redirect::permanent(&app.config.public_url.join("/flux/"))),
        )
        .route("/flux/", get(index))
        .route(opml::PATH, get(list))
}

async fn index(State(app): State<App>) -> Result<Response, Failure> {
    let feeds = app.feeds.listings().iter().map(|listing| view(&app, listing)).collect();
    let opml_url = app.config.public_url.join(opml::PATH);
    let letters = app.feeds.letters();
    let letters = letters.iter().map(|letter| letter_feed(&app, &letter.slug, &letter.title)).collect();
    public_page(&app, &Page::FeedIndex { feeds, opml_url, letters })
}

async fn list(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(list) = app.feeds.opml() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response();
    };
    let freshness = Freshness::of_feed(&app.feeds, &app.clock);
    let mut answer = feeds::answer(&list, &headers, freshness);
    // It is kept like a feed and is none.
    if let Some(kind) = answer.headers_mut().get_mut(header::CONTENT_TYPE) {
        *kind = HeaderValue::from_static(opml::CONTENT_TYPE);
    }
    answer
}

fn view(app: &App, listing: &Listing) -> FeedView {
    // The newsroom's time is that of its newsletters.
    let zone = app.declarations.newsletters.first().map(|newsletter| newsletter.zone);
    let latest = listing.latest.as_ref().map(|latest| {
        let at = latest.published_at.to_utc();
        let date = zone.map_or_else(|| at.naive_utc(), |zone| zone.local(at));
        LatestView { title: latest.title.clone(), url: latest.url.clone(), date }
    });
    FeedView { latest, ..feed_view(app, &listing.slug, listing.kind, &listing.name) }
}
