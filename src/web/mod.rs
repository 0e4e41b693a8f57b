//! Public pages, feeds and the API over HTTP.
//!
//! One file a page or door, each with its `routes()`. Handlers answer with a bare status where something is wrong;
//! [`refusal`] gives it the French page or the API's JSON. Addresses and tokens are never logged: what is logged and
//! counted is the route's pattern.

mod api;
mod clicks;
pub mod client;
pub mod conditional;
mod edition_view;
mod editions;
mod editor;
mod exposition;
mod feed_index;
mod feeds;
mod former;
pub mod forms;
pub mod front;
mod health;
mod home;
pub mod host;
mod images;
mod kept;
mod legal;
pub mod live;
mod logo;
pub mod metrics;
pub mod negotiation;
mod observe;
pub mod page;
pub mod refusal;
pub mod server;
mod stalled;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use axum::middleware;
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

/// The largest body of a public POST (bytes).
const PUBLIC_BODY: usize = 64 * 1024;

/// A public request that takes longer, its body included, is given up.
pub const PUBLIC_WITHIN: Duration = Duration::from_secs(30);

/// Everything that the public listener answers.
pub fn router(app: &App) -> Router {
    router_with(app, Router::new())
}

/// The same and `more`: the demo shows its outbox.
pub fn router_with(app: &App, more: Router<App>) -> Router {
    let public = Router::new()
        .merge(home::routes())
        .merge(feed_index::routes())
        .merge(feeds::routes())
        .merge(editions::routes())
        .merge(editor::routes())
        .merge(forms::routes())
        .merge(logo::routes())
        .merge(images::routes())
        .merge(clicks::routes())
        .merge(legal::routes())
        .merge(health::routes())
        .merge(more);
    let public = bounded(public, PUBLIC_WITHIN);
    under(app.config.public_url.path(), dressed(app, public.merge(api::routes())))
}

/// The routes with a bound for every request: 64 KB of body, and the time for the whole of it.
pub fn bounded(routes: Router<App>, within: Duration) -> Router<App> {
    routes
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(PUBLIC_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, within))
}

/// The routes with what holds for every answer: refusals explained, panics caught, requests counted.
pub fn dressed(app: &App, routes: Router<App>) -> Router {
    let nosniff = HeaderValue::from_static("nosniff");
    routes
        .fallback(former::fallback)
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .layer(middleware::from_fn(host::refuse))
        .layer(CatchPanicLayer::custom(refusal::after_panic))
        .layer(middleware::from_fn_with_state(app.clone(), refusal::explain))
        .layer(middleware::map_response(without_referrer))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(middleware::from_fn(observe::observe))
        .with_state(app.clone())
}

/// No answer tells another site which address it came from, which may carry a token. Feeds carry none, and have all their
/// headers already.
async fn without_referrer(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(header::ETAG) {
        headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    }
    response
}

/// Answers below `path` too, which the public URL carries: a proxy in front may take it off or leave it on.
fn under(path: &str, router: Router) -> Router {
    if path.is_empty() {
        return router;
    }
    let path = path.to_owned();
    let strip = middleware::map_request(move |mut request: Request<axum::body::Body>| {
        let stripped = stripped(request.uri(), &path);
        async move {
            if let Some(uri) = stripped {
                *request.uri_mut() = uri;
            }
            request
        }
    });
    Router::new().fallback_service(router).layer(strip)
}

fn stripped(uri: &Uri, path: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    match rest.chars().next() {
        Some('/') => rest.parse().ok(),
        None | Some('?') => format!("/{rest}").parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_segments_of_the_public_path_are_taken_off() {
        let stripped = |uri: &str| stripped(&uri.parse().unwrap(), "/lettres").map(|uri| uri.to_string());
        assert_eq!(stripped("/lettres/flux/?a=b").as_deref(), Some("/flux/?a=b"));
        assert_eq!(stripped("/lettres").as_deref(), Some("/"));
        assert_eq!(stripped("/lettres?x").as_deref(), Some("/?x"));
        assert_eq!(stripped("/lettresx/flux/"), None);
        assert_eq!(stripped("/flux/"), None);
    }
}
