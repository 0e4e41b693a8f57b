//! How a page is sent.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::refusal::Failure;
use crate::app::App;
use crate::articles::CategoryKind;
use crate::feeds::{FeedPath, Format};
use crate::html::pages::{FeedLink, FeedView, Page, Site};
use crate::html::publisher::PublisherView;

/// Writes a page that may be about one reader: nobody keeps it, and no other site learns its address, which may carry
/// a token.
///
/// # Errors
/// When the template cannot be written; with file and line.
pub fn page(app: &App, status: StatusCode, page: &Page) -> Result<Response, Failure> {
    let site = Site {
        base: app.config.public_url.path().to_owned(),
        look: (*app.look).clone(),
        publisher: PublisherView::from(&app.config.publisher),
        feed: feed_view(app, "tout", CategoryKind::All, ""),
    };
    let html = page.write(&app.templates, &site)?;
    // Nothing from elsewhere, of styles and scripts only the page's own; forms lead back to us.
    let mut policy = format!(
        "default-src 'none'; style-src {}; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        app.templates.style_source(&app.look)?
    );
    if let Some(script) = page.script() {
        policy.push_str(&format!("; script-src {}", app.templates.source_of(script)?));
    }
    let headers = [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    let policy = [(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?)];
    Ok((status, headers, policy, Html(html)).into_response())
}

/// Writes a page that the sites of `[form] origins` may show in a frame.
///
/// # Errors
/// As [`page`].
pub fn framed(app: &App, status: StatusCode, page: &Page) -> Result<Response, Failure> {
    let mut response = self::page(app, status, page)?;
    let mut ancestors = "frame-ancestors 'self'".to_owned();
    for origin in &app.config.form.origins {
        ancestors.push_str(&format!(" {origin}"));
    }
    let headers = response.headers_mut();
    if let Some(policy) = headers.get(header::CONTENT_SECURITY_POLICY) {
        let policy = policy.to_str()?.replace("frame-ancestors 'none'", &ancestors);
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?);
    }
    Ok(response)
}

/// A feed as pages show it: what it is called and where it is in each format.
#[must_use]
pub fn feed_view(app: &App, slug: &str, kind: CategoryKind, name: &str) -> FeedView {
    let link = |format: Format| {
        let path = FeedPath { slug: slug.to_owned(), format };
        FeedLink {
            format: format.name().to_owned(),
            media_type: format.media_type().to_owned(),
            url: app.config.public_url.join(&path.from_root()),
        }
    };
    let title = match kind {
        CategoryKind::All => "Toutes les rubriques".to_owned(),
        CategoryKind::Rubric | CategoryKind::Feed => name.to_owned(),
    };
    FeedView {
        slug: slug.to_owned(),
        title,
        links: Format::ALL.into_iter().map(link).collect(),
        latest: None,
    }
}

/// Writes a page that says the same to everybody and may be kept for some minutes.
///
/// # Errors
/// As [`page`].
pub fn public_page(app: &App, page: &Page) -> Result<Response, Failure> {
    let mut response = self::page(app, StatusCode::OK, page)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.remove("x-robots-tag");
    Ok(response)
}
