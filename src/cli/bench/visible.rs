//! From an article handed in to its feeds, over HTTP: three rubrics and the feed of everything.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::ask::Asker;
use super::newsroom::{self, Newsroom};
use super::servers::Server;
use crate::articles::Accepted;
use crate::feeds::{FeedPath, Format};

/// An article that does not show by then is lost.
const WITHIN: Duration = Duration::from_secs(30);

/// How often the feeds are asked, all four.
const EVERY: Duration = Duration::from_millis(2);

/// Hands in `articles`, one after the other, and gives for each the ms from the beginning of that, which includes cleaning
/// it and the commit, until all four feeds show it.
pub(super) async fn measure(
    newsroom: &Newsroom,
    server: &Server,
    articles: usize,
) -> anyhow::Result<Vec<f64>> {
    let app = newsroom.open().await?;
    let intake = newsroom.intake(&app);
    let mut asker = Asker::connect(server.address)?;
    let mut times = Vec::with_capacity(articles);
    for n in 0..articles {
        // Not in step with whoever looks every so often.
        tokio::time::sleep(Duration::from_millis(400 + (n as u64 * 37) % 211)).await;
        let feeds = feeds_of(n);
        let before: Vec<String> =
            feeds.iter().map(|path| etag(&mut asker, path)).collect::<Result<_, _>>()?;
        let article = serde_json::to_vec(&newsroom::news(n, app.clock.now()))?;
        let started = Instant::now();
        let accepted = intake.accept("bench", &article).await?;
        anyhow::ensure!(matches!(accepted, Accepted::Stored(_)), "the article was refused: {accepted:?}");
        let mut waiting: Vec<_> = feeds.iter().zip(before).collect();
        while let Some((path, before)) = waiting.last() {
            if etag(&mut asker, path)? == *before {
                anyhow::ensure!(started.elapsed() < WITHIN, "{path} does not show the article");
                tokio::time::sleep(EVERY).await;
            } else {
                waiting.pop();
            }
        }
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    app.db.close().await;
    Ok(times)
}

fn feeds_of(n: usize) -> Vec<String> {
    let all = FeedPath { slug: "tout".to_owned(), format: Format::Rss }.from_root();
    let rubrics = newsroom::rubrics_of(n).map(|rubric| newsroom::feed(rubric, Format::Rss));
    rubrics.into_iter().chain([all]).collect()
}

fn etag(asker: &mut Asker, path: &str) -> anyhow::Result<String> {
    let answer = asker.ask("HEAD", path, "").with_context(|| format!("asking for {path}"))?;
    anyhow::ensure!(answer.status == 200, "{path}: {}", answer.status);
    Ok(answer.etag)
}
