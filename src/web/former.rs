//! Feed addresses of the system a newsroom had before: each leads for good to the feed that it means today.
//!
//! Only where nothing else answers, and at the root, whose query string WordPress and Joomla use. Nothing of the
//! address comes back in the answer.

use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::feeds::former::{self, Former, Subject};
use crate::feeds::store::OldName;
use crate::feeds::{FeedPath, Found};
use crate::french::slug::slug;

/// Whoever is sent on keeps that for a day, as long as a proxy may.
const CACHE: &str = "public, max-age=86400";

/// What answers where no route does.
pub(super) async fn fallback(State(app): State<App>, method: Method, uri: Uri) -> Response {
    let asks = method == Method::GET || method == Method::HEAD;
    let answer = if asks { answer(&app, &uri) } else { None };
    answer.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Where the address leads, if it is that of a feed of old: 301, which readers older than 308 follow too (RFC 9110
/// §15.4.2), or 410.
pub(super) fn answer(app: &App, uri: &Uri) -> Option<Response> {
    let former = former::read(uri.path(), uri.query())?;
    let response = match target(app, &former) {
        Found::Ready(_) | Found::Unknown => StatusCode::NOT_FOUND.into_response(),
        Found::Moved(path) => {
            let to = app.config.public_url.join(&path);
            (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to.as_str()), (header::CACHE_CONTROL, CACHE)])
                .into_response()
        }
        Found::Gone => (StatusCode::GONE, [(header::CACHE_CONTROL, CACHE)]).into_response(),
        Found::NotYet => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response(),
    };
    Some(response)
}

/// What became of the feed. A rubric, tag or author that has none leads to everything: its readers get the articles
/// they had, and more.
fn target(app: &App, former: &Former) -> Found {
    let everything = || known(app, former, "tout");
    match &former.of {
        Subject::Everything => everything(),
        Subject::Category(names) => {
            names.iter().map(|name| rubric(app, former, name)).find(is_known).unwrap_or_else(everything)
        }
        Subject::Numbers(numbers) => {
            let of = |number: &String| app.feeds.find_old(OldName::Number(number), former.format);
            numbers.iter().map(of).find(is_known).unwrap_or_else(everything)
        }
        Subject::Author(name) => {
            // By the name of who signs, or by the slug of a [[feed]] that took over what the site called the author.
            let feed = Some(app.feeds.find_old(OldName::Author(name), former.format)).filter(is_known);
            feed.or_else(|| Some(known(app, former, name)).filter(is_known)).unwrap_or_else(everything)
        }
        Subject::Page(name) => Some(rubric(app, former, name)).filter(is_known).unwrap_or(Found::Gone),
        Subject::Comments => Found::Gone,
    }
}

fn is_known(found: &Found) -> bool {
    !matches!(found, Found::Unknown)
}

/// The rubric that has or had this slug, here or on the former site, or that the configuration says is meant by it.
fn rubric(app: &App, former: &Former, name: &str) -> Found {
    let found = known(app, former, name);
    if is_known(&found) {
        return found;
    }
    let means = |from: &str| slug(from).is_some_and(|from| from == name);
    let meant = app.config.categories.iter().find(|c| c.from.iter().any(|from| means(from.get_ref())));
    let own =
        meant.and_then(|c| c.slug.as_ref().map(|s| s.get_ref().clone()).or_else(|| slug(c.name.get_ref())));
    match own {
        Some(own) => known(app, former, &own),
        None => app.feeds.find_old(OldName::Slug(name), former.format),
    }
}

/// What stands under a slug, as a place to be sent to.
fn known(app: &App, former: &Former, name: &str) -> Found {
    let path = FeedPath { slug: name.to_owned(), format: former.format };
    match app.feeds.find(&path.to_string()) {
        Found::Ready(_) => Found::Moved(path.from_root()),
        other => other,
    }
}
