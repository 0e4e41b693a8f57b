//! The pages that only the demo has: the outbox, the articles' own pages, their pictures.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::content;
use super::outbox::{Mail, Outbox};
use crate::app::App;
use crate::articles::{self, Article, CategoryKind};
use crate::html::pages::{ArticleView, Page};
use crate::web::page::{feed_view, page};
use crate::web::refusal::{Failure, Meant};

/// The demo's routes: `/outbox`, `/articles`, `/images`.
pub(super) fn routes(outbox: Outbox) -> Router<App> {
    Router::new()
        .route("/outbox", get(list))
        .route("/outbox/{id}", get(message))
        .route("/outbox/{id}/html", get(html_part))
        .route("/outbox/{id}/source", get(source))
        .layer(Extension(outbox))
        .route("/articles/{rubric}/{name}", get(article))
        .route("/images/{name}", get(image))
}

async fn list(State(app): State<App>, Extension(outbox): Extension<Outbox>) -> Result<Response, Failure> {
    let messages = tokio::task::spawn_blocking(move || outbox.latest()).await??;
    page(&app, StatusCode::OK, &Page::Outbox { messages })
}

async fn message(
    State(app): State<App>,
    Extension(outbox): Extension<Outbox>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(mail) = read(outbox, id).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let html_url = match &mail.html {
        Some(_) => app.config.public_url.join(&format!("/outbox/{}/html", encoded(&mail.view.id))),
        None => String::new(),
    };
    let Mail { view, headers, text, .. } = mail;
    let mut response =
        page(&app, StatusCode::OK, &Page::OutboxMessage { message: view, headers, html_url, text })?;
    allow_own_frame(response.headers_mut())?;
    Ok(response)
}

/// The page shows the mail in a frame; no other page of ours has one.
fn allow_own_frame(headers: &mut HeaderMap) -> Result<(), Failure> {
    if let Some(policy) = headers.get(header::CONTENT_SECURITY_POLICY) {
        let policy = format!("{}; frame-src 'self'", policy.to_str()?);
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?);
    }
    Ok(())
}

/// The mail's HTML as it is, but that its links open beside it. It may load our pictures, and nothing else.
async fn html_part(
    State(app): State<App>,
    Extension(outbox): Extension<Outbox>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let html = read(outbox, id).await?.and_then(|mail| mail.html);
    let Some(html) = html else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let html = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src {}; frame-ancestors 'self'; \
         sandbox allow-popups allow-popups-to-escape-sandbox",
        app.config.public_url.url().origin().ascii_serialization()
    );
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?);
    Ok(([policy], not_kept(), Html(html)).into_response())
}

async fn source(Extension(outbox): Extension<Outbox>, Path(id): Path<String>) -> Result<Response, Failure> {
    let Some(mail) = read(outbox, id).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(([kind], not_kept(), Extension(Meant), mail.source).into_response())
}

/// Mails carry readers' tokens, also in a demo.
fn not_kept() -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

async fn read(outbox: Outbox, id: String) -> anyhow::Result<Option<Mail>> {
    Ok(tokio::task::spawn_blocking(move || outbox.read(&id)).await??)
}

/// A file name as one segment of an address.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

async fn article(
    State(app): State<App>,
    Path((rubric, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let url = app.config.public_url.join(&format!("/articles/{}/{}", encoded(&rubric), encoded(&name)));
    let now = app.clock.now();
    let found = articles::find(&app.db, &url).await?;
    let public = |article: &Article| article.published_at <= now && article.retracted_at.is_none();
    let Some(article) = found.into_iter().find(public) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let rubric = app.declarations.categories.iter().find(|declared| {
        article.categories.first().is_some_and(|first| first.as_str() == declared.slug.as_str())
    });
    let feed = rubric.map(|rubric| feed_view(&app, rubric.slug.as_str(), CategoryKind::Rubric, &rubric.name));
    let (image_url, image_alt) = article.image.map(|image| (image.url, image.alt)).unwrap_or_default();
    let article = ArticleView {
        title: article.title,
        summary: article.summary,
        rubric: rubric.map(|rubric| rubric.name.clone()).unwrap_or_default(),
        feed,
        authors: article.authors,
        date: article.published_at.to_utc().naive_utc(),
        image_url,
        image_alt,
        body: article.body,
    };
    page(&app, StatusCode::OK, &Page::Article { article })
}

async fn image(Path(name): Path<String>) -> Response {
    let Some(bytes) = content::image(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
    ];
    (headers, bytes).into_response()
}
