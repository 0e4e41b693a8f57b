//! The sources' loop: each `[[source]]` looked at at its own pace, folders for files and feeds for entries.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::alerts::{self, Kind};
use crate::app::App;
use crate::articles::{FeedSource, Folder, Intake, Polled};
use crate::clock::{SECOND, Timestamp};

/// A trouble that stays the same is told again after this many looks.
const TELL_EVERY: u32 = 60;

/// A node looks at a feed's row at least this often: another one may have gone, or somebody set its time back.
const LOOK: i64 = 60 * SECOND;

/// And not more often than this, when another node is at the feed.
const BREATH: i64 = SECOND / 4;

/// While the store is away.
const STORE_AWAY: Duration = Duration::from_secs(5);

pub(super) async fn run(app: &App, seed: u64, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut sources = JoinSet::new();
    for source in &app.config.sources {
        let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
        if let Some(folder) = Folder::of(source) {
            sources.spawn(follow(folder, intake, app.clone(), source.every().to_std(), stop.clone()));
        } else if let Some(feed) = FeedSource::of(source, seed) {
            sources.spawn(read(feed, intake, app.clone(), stop.clone()));
        }
    }
    super::asked(stop).await;
    // An import under way goes on to its end: it commits in small steps, and a file half read is read again.
    while sources.join_next().await.is_some() {}
    Ok(())
}

async fn follow(
    mut folder: Folder,
    intake: Intake,
    app: App,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut failures: u32 = 0;
    while !super::rest(&mut stop, every).await {
        let polled = folder.poll(&intake).await;
        let (subject, now) = (folder.path().display().to_string(), app.clock.now());
        let kept = match polled {
            Ok(_) if failures == 0 => continue,
            Ok(_) => {
                failures = 0;
                alerts::end(&app.db, Kind::SourceFailing, &subject, now).await
            }
            Err(error) => {
                let error = format!("{error:#}");
                if failures.is_multiple_of(TELL_EVERY) {
                    tracing::error!(folder = subject, error, "articles are not taken in");
                }
                failures = failures.saturating_add(1);
                alerts::raise(&app.db, Kind::SourceFailing, &subject, &error, now).await
            }
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "an alarm could not be kept");
        }
    }
}

async fn read(feed: FeedSource, intake: Intake, app: App, mut stop: watch::Receiver<bool>) {
    let url = feed.url().as_str();
    let mut known = false;
    loop {
        let looked = match known {
            // A call under way is given up: what it brought so far is stored, and the next look brings the rest.
            true => tokio::select! {
                polled = feed.poll(&intake, &app.outbound, &app.config.public_url) => polled,
                () = super::asked(stop.clone()) => return,
            },
            false => feed.take_up(&app.db, app.clock.now()).await.map_err(Into::into).map(|()| {
                known = true;
                Polled::NotDue(Timestamp::default())
            }),
        };
        let wait = match looked {
            Ok(polled) => {
                tell(url, &polled);
                match polled {
                    Polled::NotDue(at) => pause_until(at, app.clock.now()),
                    Polled::Stopped => pause_until(app.clock.now().plus(LOOK), app.clock.now()),
                    _ => Duration::ZERO,
                }
            }
            Err(error) => {
                tracing::error!(feed = url, error = format!("{error:#}"), "articles are not taken in");
                STORE_AWAY
            }
        };
        if super::rest(&mut stop, wait).await {
            return;
        }
    }
}

fn pause_until(at: Timestamp, now: Timestamp) -> Duration {
    let ms = (at.millis() - now.millis()).clamp(BREATH, LOOK);
    Duration::from_millis(ms.unsigned_abs())
}

fn tell(feed: &str, polled: &Polled) {
    match polled {
        Polled::Taken(summary) => {
            let (new, updated, rejected) = (summary.new, summary.updated, summary.rejected);
            if new + updated + rejected > 0 {
                tracing::info!(feed, new, updated, rejected, "articles taken from the feed");
                for category in &summary.unlisted {
                    tracing::info!(
                        feed,
                        category = category.name,
                        "a category that config.toml does not name"
                    );
                }
            }
        }
        Polled::Failed(why) => tracing::warn!(feed, why, "the feed was not read"),
        Polled::Stopped | Polled::NotDue(_) | Polled::Unchanged => {}
    }
}
