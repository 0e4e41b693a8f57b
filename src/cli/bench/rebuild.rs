//! Rebuilding: every feed, and those that one article touches.

use std::time::Instant;

use super::newsroom::{self, Newsroom};
use crate::feeds::{FeedStore, Publication};

/// Articles that are handed in.
const ARTICLES: usize = 30;

/// What rebuilding took, in ms.
#[derive(Debug)]
pub(super) struct Rebuilt {
    /// Every feed, in every format.
    pub all: f64,
    /// Those of each article handed in: three rubrics and everything.
    pub each: Vec<f64>,
}

/// Builds the newsroom's feeds in this process.
pub(super) async fn measure(newsroom: &Newsroom) -> anyhow::Result<Rebuilt> {
    let app = newsroom.open().await?;
    let feeds = FeedStore::new(Publication::of(&app.config));
    let started = Instant::now();
    let done = feeds.refresh(&app.db, app.clock.now()).await?;
    anyhow::ensure!(done.rebuilt == newsroom::RUBRICS + 1, "{} feeds were built", done.rebuilt);
    let all = started.elapsed().as_secs_f64() * 1000.0;
    let intake = newsroom.intake(&app);
    let mut each = Vec::with_capacity(ARTICLES);
    for n in 0..ARTICLES {
        let article = newsroom::news(n, app.clock.now());
        intake.accept("rebuild", &serde_json::to_vec(&article)?).await?;
        let started = Instant::now();
        let done = feeds.refresh(&app.db, app.clock.now()).await?;
        anyhow::ensure!(done.rebuilt == 4, "an article touched {} feeds", done.rebuilt);
        each.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    app.db.close().await;
    Ok(Rebuilt { all, each })
}
