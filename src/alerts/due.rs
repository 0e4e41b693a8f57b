//! What is to be told now: a pure rule.

use super::Alert;
use crate::clock::{MINUTE, SECOND, Timestamp};

/// What is new gathers for so long (ms) before it is told, and what vanishes meanwhile is not.
const GATHER: i64 = 30 * SECOND;

/// An end must hold for so long (ms).
const SETTLE: i64 = MINUTE;

/// What was over before anybody could be told is still worth telling if it lasted so long (ms).
const WORTH: i64 = 2 * MINUTE;

/// Nobody is told more often than this (ms); what comes meanwhile is told together.
pub const BETWEEN: i64 = 5 * MINUTE;

/// What becomes of the alerts now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// To be told as wrong.
    pub raised: Vec<Alert>,
    /// To be told as over.
    pub ended: Vec<Alert>,
    /// Over before anybody was told, and not worth a word.
    pub dropped: Vec<Alert>,
}

impl Due {
    /// Whether nobody is told anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.raised.is_empty() && self.ended.is_empty()
    }
}

/// What of `living` is told at `now`, when somebody was told last at `told`. Once anything is due, all that is new goes along.
#[must_use]
pub fn due(living: &[Alert], told: Timestamp, now: Timestamp) -> Due {
    let over = |alert: &&Alert| alert.ended_at.is_some_and(|at| at <= now.plus(-SETTLE));
    let mut due = Due::default();
    for alert in living.iter().filter(over) {
        let lasted = alert.ended_at.unwrap_or(now).millis() - alert.since.millis();
        match alert.told_at {
            None if lasted < WORTH => due.dropped.push(alert.clone()),
            _ => due.ended.push(alert.clone()),
        }
    }
    let new = |alert: &&Alert| alert.told_at.is_none() && alert.ended_at.is_none();
    let ripe = living.iter().filter(new).any(|alert| alert.since <= now.plus(-GATHER));
    if ripe || !due.ended.is_empty() {
        due.raised = living.iter().filter(new).cloned().collect();
    }
    if now < told.plus(BETWEEN) {
        due.raised.clear();
        due.ended.clear();
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::{AlertId, Kind};

    const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

    fn alert(id: i64, since: i64, ended: Option<i64>, told: Option<i64>) -> Alert {
        Alert {
            id: AlertId(id),
            kind: Kind::RelayTrouble,
            subject: id.to_string(),
            detail: String::new(),
            count: 1,
            since: NOW.plus(-since),
            last_seen_at: NOW.plus(-since),
            ended_at: ended.map(|ended| NOW.plus(-ended)),
            told_at: told.map(|told| NOW.plus(-told)),
        }
    }

    fn ids(alerts: &[Alert]) -> Vec<i64> {
        alerts.iter().map(|alert| alert.id.0).collect()
    }

    fn told(living: &[Alert], last: i64) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
        let due = due(living, NOW.plus(-last), NOW);
        (ids(&due.raised), ids(&due.ended), ids(&due.dropped))
    }

    #[test]
    fn what_is_new_gathers_and_goes_together() {
        assert_eq!(told(&[alert(1, 29 * SECOND, None, None)], BETWEEN), (vec![], vec![], vec![]));
        let both = [alert(1, GATHER, None, None), alert(2, SECOND, None, None)];
        assert_eq!(told(&both, BETWEEN), (vec![1, 2], vec![], vec![]));
        assert_eq!(told(&both, BETWEEN - 1), (vec![], vec![], vec![]), "not so soon after the last time");
        assert_eq!(told(&[alert(1, GATHER, None, Some(SECOND))], BETWEEN), (vec![], vec![], vec![]), "told");
    }

    #[test]
    fn an_end_is_told_once_it_holds_and_what_vanished_at_once_never() {
        let hour = 60 * MINUTE;
        assert_eq!(told(&[alert(1, hour, Some(SETTLE - 1), Some(50))], hour), (vec![], vec![], vec![]));
        assert_eq!(told(&[alert(1, hour, Some(SETTLE), Some(50))], hour), (vec![], vec![1], vec![]));
        assert_eq!(told(&[alert(1, hour, Some(SETTLE), None)], hour), (vec![], vec![1], vec![]), "it lasted");
        assert_eq!(told(&[alert(1, 2 * SETTLE, Some(SETTLE), None)], hour), (vec![], vec![], vec![1]));
    }
}
