//! How long a feed is left alone: its own rhythm, and longer each time it fails.

use crate::clock::{DAY, HOUR, SECOND, Timestamp};

/// The longest that a failing feed waits, unless its own rhythm is slower.
const LONGEST: i64 = 6 * HOUR;

/// Milliseconds until the next look: `every` while all is well; after failures `every`, then twice, four times as long and so
/// on to six hours, each moved by up to a tenth so that not every reader of a site comes back in the same second.
pub(super) fn pause(every: i64, failures: i64, seed: u64) -> i64 {
    if failures == 0 {
        return every;
    }
    let doublings = (failures - 1).clamp(0, 20);
    let wait = every.saturating_mul(1 << doublings).min(LONGEST.max(every));
    let tenth = wait / 10;
    wait + spread(seed, failures).rem_euclid(2 * tenth + 1) - tenth
}

/// A number that differs from node to node and from failure to failure (splitmix64).
fn spread(seed: u64, failures: i64) -> i64 {
    let mut z = seed.wrapping_add(failures.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 1) as i64
}

/// What `Retry-After` asks for, in milliseconds: seconds, or a date (RFC 9110 §10.2.3). At most a day.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    let wait = match value.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * SECOND,
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?;
            let at = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
            i64::try_from(at).ok()? - now.millis()
        }
    };
    (wait > 0).then_some(wait.min(DAY))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::MINUTE;

    #[test]
    fn a_feed_that_fails_is_asked_ever_more_seldom_up_to_six_hours() {
        assert_eq!(pause(10 * MINUTE, 0, 7), 10 * MINUTE);
        let waits: Vec<i64> = (1..12).map(|failures| pause(10 * MINUTE, failures, 7) / MINUTE).collect();
        for (wait, expected) in waits.iter().zip([10, 20, 40, 80, 160, 320, 360, 360]) {
            assert!((expected * 9 / 10..=expected * 11 / 10).contains(wait), "{waits:?}");
        }
        assert_ne!(pause(HOUR, 3, 1), pause(HOUR, 3, 2));
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_never_beyond_a_day() {
        let now = Timestamp::from_millis(1_795_420_800_000); // Mon, 23 Nov 2026 08:00:00 GMT
        assert_eq!(retry_after("120", now), Some(120 * SECOND));
        assert_eq!(retry_after("Mon, 23 Nov 2026 09:00:00 GMT", now), Some(HOUR));
        assert_eq!(retry_after("Mon, 23 Nov 2026 07:00:00 GMT", now), None);
        assert_eq!(retry_after("99999999", now), Some(DAY));
        assert_eq!(retry_after("soon", now), None);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_nine_tenths_of_the_rhythm_nor_longer_than_allowed(
            every in SECOND..2 * DAY, failures in 0i64..1000, seed: u64
        ) {
            let wait = pause(every, failures, seed);
            prop_assert!(wait >= every - every / 10);
            prop_assert!(wait <= LONGEST.max(every) * 11 / 10);
        }
    }
}
