//! The sources' loop: each folder polled for files.

use tokio::sync::watch;

use crate::app::App;

pub(super) async fn run(_app: &App, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    super::asked(stop).await;
    Ok(())
}
