//! Pages that follow from the store alone, kept ready: equal versions, equal bytes.
//!
//! Each answer asks the store for the version, which one look into two indexes tells; what was made for another version is
//! made anew, one page at a time. While the store is away the last good page is served. A reload begins with none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use super::feeds::{self, Freshness};
use crate::app::App;
use crate::clock::Timestamp;
use crate::feeds::Format;
use crate::feeds::snapshot::{Coding, Snapshot};
use crate::newsletters::online::OnlineVersion;
use crate::recent::Recent;

/// What is kept, in bytes of what is sent.
const KEPT: usize = 8 * 1024 * 1024;

/// A page may be kept a minute: what was retracted must not stay much longer.
const CACHE: &str = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400";

/// The pages last asked for. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
pub(super) struct KeptPages(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pages: Mutex<Recent<String, Arc<Kept>>>,
    making: tokio::sync::Mutex<()>,
}

impl Default for KeptPages {
    fn default() -> Self {
        let pages = Mutex::new(Recent::new(KEPT));
        Self(Arc::new(Inner { pages, making: tokio::sync::Mutex::default() }))
    }
}

#[derive(Debug)]
struct Kept {
    version: OnlineVersion,
    snapshot: Snapshot,
    /// What the page says in its header besides what every snapshot does.
    fields: HeaderMap,
}

impl Kept {
    fn size(&self) -> usize {
        [Coding::Identity, Coding::Gzip].iter().map(|coding| self.snapshot.body(*coding).len()).sum()
    }
}

/// A page just written.
pub(super) struct Made {
    /// As [`super::page::public_page`] gives it, its policy widened where it shows pictures.
    pub(super) page: Response,
    /// The newest change that shows in it.
    pub(super) changed: Timestamp,
}

impl KeptPages {
    /// The answer to a GET or HEAD of the page at `path`, which `make` writes when it is not kept; `None` when there is no
    /// such page.
    pub(super) async fn answer(
        &self,
        app: &App,
        path: &str,
        request: &HeaderMap,
        make: impl AsyncFnOnce() -> anyhow::Result<Option<Made>>,
    ) -> anyhow::Result<Option<Response>> {
        let now = app.clock.now();
        let version = match OnlineVersion::read(&app.db).await {
            Ok(version) => version,
            Err(error) => {
                let kept = self.kept(path, None).ok_or(error)?;
                return Ok(Some(respond(&kept, request, now)));
            }
        };
        if let Some(kept) = self.kept(path, Some(&version)) {
            return Ok(Some(respond(&kept, request, now)));
        }
        let _one_at_a_time = self.0.making.lock().await;
        if let Some(kept) = self.kept(path, Some(&version)) {
            return Ok(Some(respond(&kept, request, now)));
        }
        let Some(made) = make().await? else { return Ok(None) };
        let former = self.kept(path, None);
        let kept = Arc::new(keep(made, version, former.as_deref()).await?);
        self.pages().put(path.to_owned(), Arc::clone(&kept), kept.size());
        Ok(Some(respond(&kept, request, now)))
    }

    fn pages(&self) -> MutexGuard<'_, Recent<String, Arc<Kept>>> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, path: &str, version: Option<&OnlineVersion>) -> Option<Arc<Kept>> {
        let kept = self.pages().get(path)?;
        version.is_none_or(|version| kept.version == *version).then_some(kept)
    }
}

async fn keep(made: Made, version: OnlineVersion, former: Option<&Kept>) -> anyhow::Result<Kept> {
    let (parts, body) = made.page.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.context("a page without a body")?;
    let former = former.map(|former| &former.snapshot);
    // A page has no format of a feed; its own fields say what it is.
    let snapshot = Snapshot::new(Format::Rss, bytes.to_vec(), made.changed.whole_second(), former)?;
    Ok(Kept { version, snapshot, fields: parts.headers })
}

/// The page, or that the client has it; what both say is the same.
fn respond(kept: &Kept, request: &HeaderMap, now: Timestamp) -> Response {
    let freshness = Freshness { cache_control: CACHE, age: None, now };
    let mut response = feeds::answer(&kept.snapshot, request, freshness);
    let answered = response.status().is_success();
    let headers = response.headers_mut();
    headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    headers.remove(HeaderName::from_static("x-robots-tag"));
    for (name, value) in &kept.fields {
        let of_the_body = *name == header::CONTENT_TYPE && !answered;
        if *name != header::CACHE_CONTROL && *name != header::CONTENT_LENGTH && !of_the_body {
            headers.insert(name, value.clone());
        }
    }
    response
}

/// Lets a page's policy show pictures of these origins.
///
/// # Errors
/// When an origin holds what no header may.
pub(super) fn allow_pictures(page: &mut Response, origins: &[String]) -> anyhow::Result<()> {
    let Some(policy) = page.headers().get(header::CONTENT_SECURITY_POLICY) else { return Ok(()) };
    let policy = policy.to_str().context("a policy of other characters")?;
    let sources: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    let parts = policy.split(';').map(|part| match part.trim() {
        images if images.starts_with("img-src ") => format!("{images}{sources}"),
        other => other.to_owned(),
    });
    let policy = parts.collect::<Vec<_>>().join("; ");
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy)?);
    Ok(())
}
