//! `/editions/`: every released edition on the web, for whoever is sent a link, and each letter's archive.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use chrono::{Datelike, Month, NaiveDate};

use super::edition_view;
use super::kept::{KeptPages, Made, allow_pictures};
use super::page::public_page;
use super::refusal::Failure;
use crate::app::App;
use crate::clock::Timestamp;
use crate::french::date;
use crate::html::edition_pages::{
    EditionArchivePage, EditionIndexPage, EditionPage, LetterLine, MonthLink, OnlineExcerpts, YearView,
};
use crate::html::pages::Page;
use crate::newsletters::online::{self, OnlineEdition, OnlineNewsletter};
use crate::newsletters::rhythm::rhythm;
use crate::newsletters::web_name::WebName;

/// A letter with more editions shows these; the others are found by their months.
const LATEST: i64 = 20;

/// The longest page (bytes): a phone loads it at once.
const PAGE_BUDGET: u64 = 30_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/editions", get(async |State(app): State<App>| redirect(&app, "/editions/")))
        .route("/editions/", get(index))
        .route("/editions/{letter}", get(archive))
        .route(
            "/editions/{letter}/",
            get(async |State(app): State<App>, Path(slug): Path<String>| match path_safe(&slug) {
                true => redirect(&app, &format!("/editions/{slug}")),
                false => StatusCode::NOT_FOUND.into_response(),
            }),
        )
        .route("/editions/{letter}/{name}", get(named))
        .layer(Extension(KeptPages::default()))
}

fn redirect(app: &App, path: &str) -> Response {
    Redirect::permanent(&app.config.public_url.join(path)).into_response()
}

/// What may go into a redirect as it was asked for.
fn path_safe(part: &str) -> bool {
    part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

async fn index(
    State(app): State<App>,
    Extension(kept): Extension<KeptPages>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let make = async || {
        let mut letters = Vec::new();
        let mut changed = None;
        for declared in &app.declarations.newsletters {
            let Some(row) = OnlineNewsletter::by_slug(&app.db, declared.slug.as_str()).await? else {
                continue;
            };
            let latest = OnlineEdition::latest(&app.db, row.id, 1).await?.into_iter().next();
            changed = changed.max(Some(latest.as_ref().map_or(row.created_at, |latest| latest.released_at)));
            letters.push(LetterLine {
                slug: declared.slug.to_string(),
                title: declared.title.clone(),
                rhythm: Some(rhythm(&declared.schedule)),
                latest: latest.as_ref().map(edition_view::link),
            });
        }
        let sharing = edition_view::share_index(&app);
        let page = public_page(&app, &Page::EditionIndex(EditionIndexPage { letters, sharing }))
            .map_err(Failure::into_error)?;
        Ok(Some(Made { page, changed: changed.unwrap_or(Timestamp::from_millis(0)) }))
    };
    found(kept.answer(&app, "", &headers, make).await?)
}

async fn archive(
    State(app): State<App>,
    Extension(kept): Extension<KeptPages>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let newsletter = match newsletter(&app, &slug, "").await? {
        Ok(newsletter) => newsletter,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let make = async || archive_page(&app, &newsletter, None).await;
    found(kept.answer(&app, &slug, &headers, make).await?)
}

async fn named(
    State(app): State<App>,
    Extension(kept): Extension<KeptPages>,
    Path((slug, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let month = month(&name);
    let edition: Option<WebName> = name.parse().ok();
    if month.is_none() && edition.is_none() {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let newsletter = match newsletter(&app, &slug, &format!("/{name}")).await? {
        Ok(newsletter) => newsletter,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let make = async || match (&edition, month) {
        (Some(name), _) => edition_page(&app, &newsletter, name).await,
        (None, month) => archive_page(&app, &newsletter, month).await,
    };
    found(kept.answer(&app, &format!("{slug}/{name}"), &headers, make).await?)
}

/// What does not exist today may tomorrow.
fn found(answer: Option<Response>) -> Result<Response, Failure> {
    let unknown = || (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "public, max-age=60")]).into_response();
    Ok(answer.unwrap_or_else(unknown))
}

/// The newsletter with this slug; the answer instead, when it has another one now or there is none.
async fn newsletter(
    app: &App,
    slug: &str,
    rest: &str,
) -> Result<Result<OnlineNewsletter, Response>, Failure> {
    let known = OnlineNewsletter::by_slug(&app.db, slug).await?;
    // One that is neither declared nor ever had an edition has no page.
    let known = known.filter(|row| row.editions > 0 || app.declarations.newsletter(&row.slug).is_some());
    Ok(match known {
        Some(row) if row.slug != slug => Err(redirect(app, &format!("/editions/{}{rest}", row.slug))),
        Some(row) => Ok(row),
        None => Err(found(None)?),
    })
}

async fn edition_page(
    app: &App,
    newsletter: &OnlineNewsletter,
    name: &WebName,
) -> anyhow::Result<Option<Made>> {
    let Some(edition) = OnlineEdition::by_name(&app.db, newsletter.id, name).await? else { return Ok(None) };
    let (previous, next) = edition.neighbours(&app.db, newsletter.id).await?;
    let changed = next.as_ref().map_or(edition.released_at, |next| next.released_at.max(edition.released_at));
    let (mut view, own) = edition_view::edition(app, newsletter, &edition).await?;
    view.previous = previous.as_ref().map(edition_view::link);
    view.next = next.as_ref().map(edition_view::link);
    let noindex = view.letter.noindex;
    let origins = view.picture_origins();
    let mut page = written(app, view)?;
    allow_pictures(&mut page, &origins)?;
    Ok(Some(Made { page: marked(page, noindex), changed: changed.max(own) }))
}

/// The page with the longest beginnings of articles that fit.
fn written(app: &App, view: EditionPage) -> anyhow::Result<Response> {
    let mut view = view;
    for (at, excerpts) in OnlineExcerpts::ALL.into_iter().enumerate() {
        let page = public_page(app, &Page::Edition(Box::new(EditionPage { excerpts, ..view.clone() })))
            .map_err(Failure::into_error)?;
        let size = axum::body::HttpBody::size_hint(page.body()).exact().unwrap_or(0);
        if size <= PAGE_BUDGET || at + 1 == OnlineExcerpts::ALL.len() {
            return Ok(page);
        }
        view.excerpts = excerpts;
    }
    anyhow::bail!("an edition has no length of excerpts")
}

async fn archive_page(
    app: &App,
    newsletter: &OnlineNewsletter,
    month: Option<NaiveDate>,
) -> anyhow::Result<Option<Made>> {
    let editions = match month {
        Some(month) => {
            OnlineEdition::of_month(&app.db, newsletter.id, &month.format("%Y-%m").to_string()).await?
        }
        None => OnlineEdition::latest(&app.db, newsletter.id, LATEST).await?,
    };
    if month.is_some() && editions.is_empty() {
        return Ok(None);
    }
    let years = match month {
        None if newsletter.editions > LATEST => years(&online::months(&app.db, newsletter.id).await?),
        _ => Vec::new(),
    };
    let changed = editions.iter().map(|edition| edition.released_at).max().unwrap_or(newsletter.created_at);
    let letter = edition_view::letter(app, newsletter);
    let noindex = letter.noindex;
    let key = month.map(|month| month.format("%Y-%m").to_string());
    let month = month.map(|month| full_month(month.year(), month.month()));
    let page = EditionArchivePage {
        sharing: edition_view::share_archive(app, &letter, key.as_deref().zip(month.as_deref())),
        editions: editions.iter().map(edition_view::link).collect(),
        letter,
        month,
        years,
    };
    let page = public_page(app, &Page::EditionArchive(page)).map_err(Failure::into_error)?;
    Ok(Some(Made { page: marked(page, noindex), changed }))
}

/// Asks search engines to leave a page out, if it is to be.
fn marked(mut page: Response, noindex: bool) -> Response {
    if noindex {
        let name = HeaderName::from_static("x-robots-tag");
        page.headers_mut().insert(name, HeaderValue::from_static("noindex"));
    }
    page
}

/// The first day of a month that an address names: `2026-11`.
fn month(name: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(&format!("{name}-01"), "%Y-%m-%d").ok()?;
    (day.format("%Y-%m").to_string() == name).then_some(day)
}

fn month_name(month: u32) -> &'static str {
    u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()).map_or("", date::month)
}

fn full_month(year: i32, month: u32) -> String {
    format!("{} {year}", month_name(month))
}

/// The months by year, both the latest first.
fn years(months: &[(String, i64)]) -> Vec<YearView> {
    let mut years: Vec<YearView> = Vec::new();
    for (key, _) in months {
        let Some(day) = month(key) else { continue };
        if years.last().is_none_or(|year| year.year != day.year()) {
            years.push(YearView { year: day.year(), months: Vec::new() });
        }
        if let Some(year) = years.last_mut() {
            let (name, full) = (month_name(day.month()).to_owned(), full_month(day.year(), day.month()));
            year.months.push(MonthLink { key: key.clone(), name, full });
        }
    }
    years
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_spelling() {
        assert_eq!(month("2026-11"), NaiveDate::from_ymd_opt(2026, 11, 1));
        for text in ["", "2026", "2026-13", "2026-1", "2026-11-", "+2026-11", "2026-11-23"] {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn months_stand_under_their_year_the_latest_first() {
        let months = [("2027-01", 3), ("2026-12", 20), ("2026-08", 1)].map(|(key, n)| (key.to_owned(), n));
        let years = years(&months);
        let flat: Vec<(i32, Vec<&str>)> = years
            .iter()
            .map(|year| (year.year, year.months.iter().map(|month| &*month.full).collect()))
            .collect();
        assert_eq!(flat, [(2027, vec!["janvier 2027"]), (2026, vec!["décembre 2026", "août 2026"])]);
    }
}
