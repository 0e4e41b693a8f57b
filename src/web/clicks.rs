//! `/c/{edition}/{article}`: counts that an article was opened from a mail, and leads to it.
//!
//! Counts are gathered in memory and written every few seconds: after a sending thousands follow links at the same time. What
//! was counted in the last seconds before a stop is lost, which a count of openings can bear.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::refusal::Failure;
use crate::app::App;
use crate::articles::ArticleId;
use crate::clock::{MINUTE, Timestamp};
use crate::newsletters::clicks;
use crate::newsletters::edition::EditionId;

/// How long counts are gathered.
const GATHER: Duration = Duration::from_secs(2);

/// How long it is remembered where a link leads (ms).
const REMEMBERED: i64 = MINUTE;

/// So many links are remembered.
const MOST: usize = 4096;

type Link = (EditionId, ArticleId);

/// What is gathered. Cheap to clone; clones are one.
#[derive(Debug, Clone, Default)]
struct Clicks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    counted: Mutex<BTreeMap<Link, i64>>,
    /// Where links lead, and whether they count; since when that is known.
    known: Mutex<HashMap<Link, (Timestamp, String, bool)>>,
}

impl Clicks {
    /// Where the link leads and whether it counts.
    async fn target(&self, app: &App, link: Link) -> sqlx::Result<Option<(String, bool)>> {
        let now = app.clock.now();
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(&link).cloned();
        if let Some((since, url, counts)) = &known
            && since.plus(REMEMBERED) > now
        {
            return Ok(Some((url.clone(), *counts)));
        }
        let found = match clicks::target(&app.db, link.0, link.1).await {
            Ok(found) => found,
            // While the store is away links lead where they led.
            Err(error) => return known.map(|(_, url, counts)| Some((url, counts))).ok_or(error),
        };
        let Some((url, slug)) = found else { return Ok(None) };
        let counts = app.declarations.newsletter(&slug).is_some_and(|letter| letter.count_clicks);
        let mut all = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(link, (now, url.clone(), counts));
        Ok(Some((url, counts)))
    }

    fn count(&self, app: &App, link: Link) {
        let mut counted = self.0.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let first = counted.is_empty();
        *counted.entry(link).or_default() += 1;
        if first {
            let (clicks, db) = (self.clone(), app.db.clone());
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                let gathered =
                    std::mem::take(&mut *clicks.0.counted.lock().unwrap_or_else(PoisonError::into_inner));
                if let Err(error) = clicks::add(&db, &gathered).await {
                    tracing::warn!(%error, "openings of articles could not be written; they are not counted");
                }
            });
        }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/c/{edition}/{article}", get(follow)).layer(Extension(Clicks::default()))
}

async fn follow(
    State(app): State<App>,
    Extension(clicks): Extension<Clicks>,
    method: Method,
    Path((edition, article)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (Ok(edition), Ok(article)) = (edition.parse(), article.parse()) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let link = (edition, article);
    let Some((url, counts)) = clicks.target(&app, link).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    if counts && method == Method::GET {
        clicks.count(&app, link);
    }
    let fields = [
        (header::LOCATION, url.as_str()),
        (header::CACHE_CONTROL, "private, no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    Ok((StatusCode::FOUND, fields).into_response())
}
