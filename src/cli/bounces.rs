//! The mailboxes of bounces on `kiosque status`.

use super::output;
use super::status::ago;
use crate::app::App;
use crate::clock::Timestamp;
use crate::delivery::bounces::{MailboxState, mailbox_states};

/// The state of the mailboxes that the configuration names, in its order.
pub(super) async fn read(app: &App) -> sqlx::Result<Vec<MailboxState>> {
    let states = mailbox_states(&app.db).await?;
    let names = app.config.bounces.iter().map(|bounces| bounces.mailbox.to_string());
    Ok(names.filter_map(|name| states.iter().find(|state| state.mailbox == name).cloned()).collect())
}

/// The section of the screen; nothing when no mailbox is read.
pub(super) fn print(app: &App, states: &[MailboxState], now: Timestamp) {
    if app.config.bounces.is_empty() {
        return;
    }
    output::say("\nBOUNCES");
    for name in app.config.bounces.iter().map(|bounces| bounces.mailbox.to_string()) {
        let sentence = states.iter().find(|state| state.mailbox == name).map_or_else(
            || "not read yet; that is done by kiosque serve".to_owned(),
            |state| sentence(state, now),
        );
        output::say(format!("  {name}: {sentence}"));
    }
}

/// What an operator wants to know at 6 in the morning.
fn sentence(state: &MailboxState, now: Timestamp) -> String {
    let last_good = match state.succeeded_at {
        Some(at) => format!("last read {} ago", ago(now, at)),
        None => "never read so far".to_owned(),
    };
    match &state.error {
        Some(error) => {
            let times = if state.failures == 1 {
                "once".into()
            } else {
                format!("{} times in a row", state.failures)
            };
            format!("{error} (failed {times}, {last_good})")
        }
        None if state.checked_at.is_none() => "not read yet".to_owned(),
        None => format!("{last_good}, {} reports, {} others left alone", state.reports, state.left_alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;

    #[test]
    fn a_mailbox_says_how_it_is_in_one_sentence() {
        let now = Timestamp::from_millis(1_795_420_800_000);
        let state = MailboxState {
            mailbox: "maildir:/srv/retours".into(),
            next_at: now.plus(2 * MINUTE),
            checked_at: Some(now.plus(-3 * MINUTE)),
            succeeded_at: Some(now.plus(-3 * MINUTE)),
            failures: 0,
            error: None,
            reports: 12,
            left_alone: 3,
        };
        assert_eq!(sentence(&state, now), "last read 3 min ago, 12 reports, 3 others left alone");
        let failing = MailboxState { failures: 2, error: Some("logging in failed".into()), ..state };
        assert_eq!(
            sentence(&failing, now),
            "logging in failed (failed 2 times in a row, last read 3 min ago)"
        );
    }
}
