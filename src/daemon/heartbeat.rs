//! The heartbeat: "still here", and the database's clock measured again.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::db::Node;

const BEAT: Duration = Duration::from_secs(20);

pub(super) async fn run(app: &App, node: &Node, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    while !super::rest(&mut stop, BEAT).await {
        let beat = async {
            app.db.correct(&app.clock).await?;
            node.heartbeat(&app.db, app.clock.now()).await
        };
        if let Err(error) = beat.await {
            tracing::warn!(%error, "no heartbeat; the store is away");
        }
    }
    Ok(())
}
