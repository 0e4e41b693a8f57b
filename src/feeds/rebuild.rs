//! Building several feeds at a time, off the tasks that answer readers.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::feed::Feed;

/// However many cores there are: each feed in the making takes several times its bytes.
const MOST: usize = 4;

/// As many as there are cores, so that an article of three rubrics shows in half the time on two.
pub(super) struct Builders(Arc<Semaphore>);

/// One that has nothing to do.
pub(super) struct Builder {
    _permit: OwnedSemaphorePermit,
}

/// A feed as a refresh finds it.
pub(super) enum Rebuild {
    /// It shows what it should.
    Fresh(Arc<Feed>),
    /// It is being built.
    Begun(JoinHandle<anyhow::Result<Feed>>),
}

impl Default for Builders {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores.min(MOST))))
    }
}

impl Builders {
    /// Waits for one.
    pub(super) async fn free(&self) -> anyhow::Result<Builder> {
        Ok(Builder { _permit: Arc::clone(&self.0).acquire_owned().await? })
    }
}

impl Builder {
    /// Builds a feed on a thread of the blocking pool.
    pub(super) fn begin(self, build: impl FnOnce() -> anyhow::Result<Feed> + Send + 'static) -> Rebuild {
        Rebuild::Begun(tokio::task::spawn_blocking(move || {
            let _until_built = self;
            build()
        }))
    }
}

/// Every feed, in the same order, once all are built.
///
/// # Errors
/// When one cannot be written.
pub(super) async fn all(rebuilds: Vec<Rebuild>) -> anyhow::Result<Vec<Arc<Feed>>> {
    let mut feeds = Vec::with_capacity(rebuilds.len());
    for rebuild in rebuilds {
        feeds.push(match rebuild {
            Rebuild::Fresh(feed) => feed,
            Rebuild::Begun(feed) => Arc::new(feed.await.context("building a feed panicked")??),
        });
    }
    Ok(feeds)
}
