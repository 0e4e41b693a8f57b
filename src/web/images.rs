//! `/i/{name}`: articles' pictures of our own making, for mails and pages; kept for ever by whoever asks, since another picture
//! has another name.
//!
//! Everybody who opens a fresh edition asks for the same few files at the same time: they are answered from memory.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::conditional::{Verdict, judge};
use super::refusal::Failure;
use crate::app::App;
use crate::clock::Timestamp;
use crate::images;
use crate::recent::Recent;

/// What is kept in memory, in bytes: the pictures of some dozens of editions.
const KEPT: usize = 24 * 1024 * 1024;

/// The files asked for lately. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
struct Kept(Arc<Mutex<Recent<String, Bytes>>>);

impl Kept {
    fn get(&self, name: &str) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name)
    }

    fn put(&self, name: String, bytes: &Bytes) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.put(name, bytes.clone(), bytes.len());
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/i/{name}", get(file))
        .layer(Extension(Kept(Arc::new(Mutex::new(Recent::new(KEPT))))))
}

async fn file(
    State(app): State<App>,
    Extension(kept): Extension<Kept>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let Some((hash, media_type)) = kind(&name) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let bytes = match kept.get(&name) {
        Some(bytes) => bytes,
        None => {
            let Some(content) = images::file(&app.db, &name).await? else {
                return Ok(StatusCode::NOT_FOUND.into_response());
            };
            let bytes = Bytes::from(content);
            kept.put(name.clone(), &bytes);
            bytes
        }
    };
    let tag = HeaderValue::try_from(format!("\"{hash}\""))?;
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::ETAG, tag),
    ];
    Ok(match judge(&request, hash, Timestamp::from_millis(i64::MAX / 2)) {
        Verdict::NotModified(_) => (StatusCode::NOT_MODIFIED, headers).into_response(),
        Verdict::Failed => StatusCode::PRECONDITION_FAILED.into_response(),
        Verdict::Send => {
            let kind = [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
            ];
            (headers, kind, bytes).into_response()
        }
    })
}

/// The hash that a name is, and the media type of its ending; nothing for what is no name of ours.
fn kind(name: &str) -> Option<(&str, &'static str)> {
    let (hash, ending) = name.split_once('.')?;
    let is_hash = hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match ending {
        "jpg" if is_hash => Some((hash, "image/jpeg")),
        "webp" if is_hash => Some((hash, "image/webp")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_looked_for() {
        let hash = "0123456789abcdef0123456789abcdef";
        assert_eq!(kind(&format!("{hash}.jpg")), Some((hash, "image/jpeg")));
        assert_eq!(kind(&format!("{hash}.webp")), Some((hash, "image/webp")));
        for other in ["", "a.jpg", hash, &format!("{hash}.png"), &format!("{hash}.jpg.jpg")] {
            assert_eq!(kind(other), None, "{other}");
        }
        assert_eq!(kind(&format!("{}.jpg", hash.to_uppercase())), None);
    }
}
