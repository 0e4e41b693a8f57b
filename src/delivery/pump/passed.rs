//! How far the claims of digests have come in the order in which rows are due.
//!
//! Rows of a group that must wait, or of an edition that has not all its rows yet, are passed over; there may be hundreds
//! of thousands before the first that may go. So a claim goes on where the last one stopped, and begins at the first row
//! again once ten times as long has passed as that took: whoever may go again waits no longer, and passing over takes at
//! most a tenth of the time.

use std::time::{Duration, Instant};

use crate::delivery::row::Claimed;
use crate::delivery::store::Due;

/// So many times as long as a claim from the first row took, the next ones go on from there.
const TIMES: u32 = 10;

/// And no longer than this: a claim may have waited for somebody else's lock.
const MOST: Duration = Duration::from_secs(5);

/// Where the last claim stopped.
#[derive(Debug, Default)]
pub(super) struct Passed {
    upto: Option<Due>,
    /// When everything is looked at again.
    until: Option<Instant>,
}

impl Passed {
    /// Where a claim that begins now begins; none: at the first row.
    pub(super) fn after(&self, now: Instant) -> Option<Due> {
        self.upto.filter(|_| self.until.is_some_and(|until| now < until))
    }

    /// What a claim from [`Passed::after`] gave: `rows`, or all that there were up to `end`.
    pub(super) fn note(&mut self, began: Instant, now: Instant, rows: &[Claimed], most: usize, end: Due) {
        if self.after(began).is_none() {
            self.until = Some(now + (now.duration_since(began) * TIMES).min(MOST));
        }
        let last = rows.iter().map(|row| (row.due_at, row.id)).max();
        self.upto = last.filter(|_| rows.len() >= most).or(Some(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::delivery::row::DeliveryId;

    const END: Due = (Timestamp::from_millis(1_795_400_000_000), DeliveryId(i64::MAX));

    #[test]
    fn a_claim_goes_on_where_the_last_one_stopped_and_looks_at_everything_again_in_a_while() {
        let (mut passed, start) = (Passed::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(passed.after(at(0)), None);
        passed.note(at(0), at(20), &[], 200, END);
        assert_eq!(passed.after(at(21)), Some(END));
        // One that goes on does not put off the next whole look.
        passed.note(at(100), at(101), &[], 200, END);
        assert_eq!(passed.after(at(219)), Some(END));
        assert_eq!(passed.after(at(220)), None);
        passed.note(at(220), at(60_000), &[], 200, END);
        assert_eq!(passed.after(at(60_000 + 4_999)), Some(END));
        assert_eq!(passed.after(at(60_000 + 5_000)), None);
    }
}
