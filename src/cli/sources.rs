//! The sources on `kiosque status`: which feeds are read, and what is wrong with those that are not.

use super::output;
use super::status::ago;
use crate::app::App;
use crate::articles::{FeedState, feed_states};
use crate::clock::Timestamp;

/// The state of the feeds that the configuration names, in its order.
pub(super) async fn read(app: &App) -> sqlx::Result<Vec<FeedState>> {
    let states = feed_states(&app.db).await?;
    let configured = app.config.sources.iter().filter_map(|source| source.feed.as_ref());
    Ok(configured
        .filter_map(|feed| states.iter().find(|state| state.url == feed.get_ref().as_str()).cloned())
        .collect())
}

/// The section of the screen; nothing when no feed is a source.
pub(super) fn print(app: &App, states: &[FeedState], now: Timestamp) {
    let feeds = || app.config.sources.iter().filter_map(|source| source.feed.as_ref().map(|f| f.get_ref()));
    if feeds().next().is_none() {
        return;
    }
    output::say("\nSOURCES");
    for feed in feeds() {
        match states.iter().find(|state| state.url == feed.as_str()) {
            None => output::say(format!("  {feed}: not asked yet; that is done by kiosque serve")),
            Some(state) => output::say(format!("  {feed}: {}", sentence(state, now))),
        }
    }
}

/// What an operator wants to know at 6 in the morning.
fn sentence(state: &FeedState, now: Timestamp) -> String {
    let last_good = match state.succeeded_at {
        Some(at) => format!("last read {} ago", ago(now, at)),
        None => "never read so far".to_owned(),
    };
    let error = state.error.as_deref().unwrap_or_default();
    if state.stopped_at.is_some() {
        return format!("{error}; {last_good}");
    }
    if state.failures > 0 {
        let times =
            if state.failures == 1 { "once".into() } else { format!("{} times in a row", state.failures) };
        let next = if state.next_at > now { ago(state.next_at, now) } else { "a moment".into() };
        return format!("{error} (failed {times}, {last_good}, asked again in {next})");
    }
    if state.checked_at.is_none() {
        return "not asked yet".into();
    }
    let entries = state.entries.map_or_else(String::new, |n| format!(", {n} entries"));
    let moved = state.moved_to.as_ref().map_or_else(String::new, |to| {
        format!(
            "; it has moved to {to} for good: write that under feed in config.toml, and name = \"{}\"",
            state.source
        )
    });
    let faults = if error.is_empty() { String::new() } else { format!("; {error}") };
    format!("{last_good}{entries}{moved}{faults}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;

    const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

    fn state() -> FeedState {
        FeedState {
            url: "https://www.exemple.tg/feed/".into(),
            source: "www.exemple.tg".into(),
            moved_to: None,
            checked_at: Some(NOW.plus(-3 * MINUTE)),
            succeeded_at: Some(NOW.plus(-3 * MINUTE)),
            next_at: NOW.plus(7 * MINUTE),
            failures: 0,
            error: None,
            stopped_at: None,
            entries: Some(10),
        }
    }

    #[test]
    fn a_feed_says_how_it_is_in_one_sentence() {
        assert_eq!(sentence(&state(), NOW), "last read 3 min ago, 10 entries");
        let failing =
            FeedState { failures: 4, error: Some("answers 503 Service Unavailable".into()), ..state() };
        assert_eq!(
            sentence(&failing, NOW),
            "answers 503 Service Unavailable (failed 4 times in a row, last read 3 min ago, asked again in 7 min)"
        );
        let gone = FeedState {
            stopped_at: Some(NOW),
            succeeded_at: None,
            error: Some("says that it is gone".into()),
            ..state()
        };
        assert_eq!(sentence(&gone, NOW), "says that it is gone; never read so far");
        let moved = FeedState { moved_to: Some("https://exemple.tg/feed/".into()), ..state() };
        assert!(sentence(&moved, NOW).contains("name = \"www.exemple.tg\""));
    }
}
