//! `/flux/`: the page that lists the feeds, for people and for programs that look for them.

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;

use super::page::public_page;
use super::refusal::Failure;
use crate::app::App;
use crate::articles::CategoryKind;
use crate::feeds::{FeedPath, Format, Listing};
use crate::html::pages::{FeedLink, FeedView, Page};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/flux",
            get(async |State(app): State<App>| Redirect::permanent(&app.config.public_url.join("/flux/"))),
        )
        .route("/flux/", get(index))
}

async fn index(State(app): State<App>) -> Result<Response, Failure> {
    let feeds = app.feeds.listings().into_iter().map(|listing| view(&app, listing)).collect();
    public_page(&app, &Page::FeedIndex { feeds })
}

fn view(app: &App, listing: Listing) -> FeedView {
    let link = |format: Format| {
        let path = FeedPath { slug: listing.slug.clone(), format };
        FeedLink {
            format: format.name().to_owned(),
            media_type: format.media_type().to_owned(),
            url: app.config.public_url.join(&path.from_root()),
        }
    };
    let links = Format::ALL.into_iter().map(link).collect();
    let title = match listing.kind {
        CategoryKind::All => "Toutes les rubriques".to_owned(),
        CategoryKind::Rubric | CategoryKind::Feed => listing.name,
    };
    FeedView { title, links }
}
