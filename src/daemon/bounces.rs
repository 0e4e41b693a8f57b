//! The bounces' loop: each `[[bounces]]` mailbox read at its own pace.

use std::time::Duration;

use tokio::sync::watch;

use crate::alerts::{self, Kind};
use crate::app::App;
use crate::clock::{SECOND, Timestamp};
use crate::delivery::Policy;
use crate::delivery::bounces::{Mailbox, Office, Polled, mailbox_states};
use crate::delivery::smtp::TlsClient;

/// A node looks at a mailbox's row at least this often: another one may have gone.
const LOOK: i64 = 60 * SECOND;

/// And not more often than this.
const BREATH: i64 = SECOND / 4;

/// Failures in a row after which a person is told.
const ALARMING: i64 = 3;

/// While the store is away.
const STORE_AWAY: Duration = Duration::from_secs(5);

/// Looks at every mailbox of the configuration once and reads those whose time has come; each is claimed by its row, so
/// that of several nodes one reads. Gives when the next is due.
///
/// # Errors
/// When the store fails. A mailbox that cannot be read is told in the log and by `kiosque status`.
pub async fn poll_once(app: &App) -> anyhow::Result<Timestamp> {
    let tls = TlsClient::new(Vec::new())?;
    let office = Office {
        db: app.db.clone(),
        keys: app.keys.clone(),
        clock: app.clock.clone(),
        policy: Policy::load(&app.config)?,
    };
    let mut next = app.clock.now().plus(LOOK);
    for mailbox in app.config.bounces.iter().map(Mailbox::of) {
        let polled = mailbox.poll(&office, &tls).await?;
        let due = match &polled {
            Polled::NotDue(at) => *at,
            Polled::Read { more: true, .. } => app.clock.now(),
            Polled::Read { .. } | Polled::Failed(_) => app.clock.now().plus(mailbox.every()),
        };
        next = next.min(due);
        tell(mailbox.name(), &polled);
        let (subject, now) = (mailbox.name(), app.clock.now());
        match &polled {
            Polled::Failed(why) if is_alarming(app, subject).await? => {
                _ = alerts::raise(&app.db, Kind::MailboxUnreadable, subject, why, now).await?
            }
            Polled::Read { .. } => _ = alerts::end(&app.db, Kind::MailboxUnreadable, subject, now).await?,
            Polled::Failed(_) | Polled::NotDue(_) => {}
        }
    }
    Ok(next)
}

/// Whether it could not be read so often that it is no passing trouble.
async fn is_alarming(app: &App, mailbox: &str) -> sqlx::Result<bool> {
    let states = mailbox_states(&app.db).await?;
    Ok(states.iter().any(|state| state.mailbox == mailbox && state.failures >= ALARMING))
}

fn tell(mailbox: &str, polled: &Polled) {
    match polled {
        Polled::Read { ours, left_alone, .. } if ours + left_alone > 0 => {
            tracing::info!(mailbox, ours, left_alone, "read what came back");
        }
        Polled::Failed(why) => tracing::warn!(mailbox, why, "what came back could not be read"),
        Polled::Read { .. } | Polled::NotDue(_) => {}
    }
}

pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    loop {
        // A reading under way is given up: what was read is kept, and the rest is read next time.
        let polled = tokio::select! {
            polled = poll_once(app) => polled,
            () = super::asked(stop.clone()) => return Ok(()),
        };
        let wait = match polled {
            Ok(next) => {
                let ms = (next.millis() - app.clock.now().millis()).clamp(BREATH, LOOK);
                Duration::from_millis(ms.unsigned_abs())
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "what came back is not read");
                STORE_AWAY
            }
        };
        if super::rest(&mut stop, wait).await {
            return Ok(());
        }
    }
}
