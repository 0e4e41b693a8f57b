//! The sources' loop: each `[[source]]` folder looked at for files, at its own pace.

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::articles::{Folder, Intake};

/// A trouble that stays the same is told again after this many looks.
const TELL_EVERY: u32 = 60;

pub(super) async fn run(app: &App, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut folders = JoinSet::new();
    for source in &app.config.sources {
        let (folder, every) = (Folder::new(source), source.every.to_std());
        let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
        folders.spawn(follow(folder, intake, every, stop.clone()));
    }
    super::asked(stop).await;
    // An import under way goes on to its end: it commits in small steps, and a file half read is read again.
    while folders.join_next().await.is_some() {}
    Ok(())
}

async fn follow(
    mut folder: Folder,
    intake: Intake,
    every: std::time::Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut silent = 0;
    while !super::rest(&mut stop, every).await {
        match folder.poll(&intake).await {
            Ok(_) => silent = 0,
            Err(error) => {
                if silent == 0 {
                    let folder = folder.path().display().to_string();
                    tracing::error!(folder, error = format!("{error:#}"), "articles are not taken in");
                }
                silent = (silent + 1) % TELL_EVERY;
            }
        }
    }
}
