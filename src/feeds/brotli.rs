//! Brotli, off the request path: what was swapped in with gzip gets it a little later.
//!
//! One body at a time, on a thread of the blocking pool, with a rest as long as the work, so that half a core is the
//! most it takes; and only what has stood for a while, so that an import, which replaces the feeds several times a
//! second, leaves nothing to do in vain.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::brotli::enc::BrotliEncoderParams;
use ::brotli::enc::backward_references::BrotliEncoderMode;

use super::snapshot::Snapshot;
use super::store::FeedStore;

/// Feeds that were swapped more recently may well be again.
const SETTLED: Duration = Duration::from_secs(2);

/// Where feeds never settle, this long is waited.
const AT_LAST: Duration = Duration::from_secs(30);

/// Up to so many bytes the best quality, and the next best. A feed of 256 kB that gzip makes 49.2 kB becomes 45.6 kB in
/// 0.08 s by quality 9, 44.4 kB in 0.45 s by 10, 42.4 kB in 1.2 s by 11 (measured).
const BEST: (usize, i32) = (32 * 1024, 11);
const GOOD: (usize, i32) = (128 * 1024, 10);
const QUICK: i32 = 9;

/// Every reader must have room for a window of 16 MiB (RFC 7932 §9.1); no feed needs more than 4.
const MOST_WINDOW: i32 = 22;

/// Compresses whatever is ready in `store` and has no brotli yet, for as long as it is polled. Dropping it at any moment
/// is safe.
pub async fn keep_packing(store: &FeedStore) -> ! {
    loop {
        store.swapped().await;
        let settle = async { while tokio::time::timeout(SETTLED, store.swapped()).await.is_ok() {} };
        let _ = tokio::time::timeout(AT_LAST, settle).await;
        pack(store).await;
    }
}

/// Compresses whatever is ready in `store` and has no brotli yet.
pub async fn pack(store: &FeedStore) {
    // Looked up anew after each one: what was superseded meanwhile is not worth the work.
    while let Some(snapshot) = store.without_brotli() {
        let started = Instant::now();
        if let Err(error) = pack_one(snapshot).await {
            tracing::warn!(error = format!("{error:#}"), "a feed is not compressed by brotli");
            return;
        }
        tokio::time::sleep(started.elapsed()).await;
    }
}

/// The body as RFC 7932 has it.
///
/// # Errors
/// When the compressor fails.
pub fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let quality =
        [BEST, GOOD].iter().find(|(most, _)| bytes.len() <= *most).map_or(QUICK, |(_, quality)| *quality);
    let parameters = BrotliEncoderParams {
        quality,
        // A window no larger than the body: it is what encoder and reader set aside.
        lgwin: i32::try_from(bytes.len().max(1).ilog2() + 1).unwrap_or(MOST_WINDOW).clamp(16, MOST_WINDOW),
        size_hint: bytes.len(),
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        ..BrotliEncoderParams::default()
    };
    let mut body = Vec::with_capacity(bytes.len() / 4);
    ::brotli::BrotliCompress(&mut &bytes[..], &mut body, &parameters)?;
    Ok(body)
}

async fn pack_one(snapshot: Arc<Snapshot>) -> anyhow::Result<()> {
    Ok(tokio::task::spawn_blocking(move || snapshot.pack_brotli()).await??)
}
