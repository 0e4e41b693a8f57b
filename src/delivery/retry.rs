//! When to try again: policies that give a list of delays.

use crate::clock::{HOUR, MINUTE, Timestamp};

/// After this many temporary answers the delay stays the same.
const RECIPIENT: [i64; 5] = [5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR];

/// How long (ms) to wait after the `attempts`-th temporary answer about a recipient, counted from 1.
///
/// A greylisting host wants to see the same client again after five minutes or so: the first retry comes after five
/// to seven, spread by `seed` so that a whole domain does not come back at once.
pub fn recipient_delay(attempts: i64, greylisted: bool, seed: u64) -> i64 {
    if attempts <= 1 && greylisted {
        return 5 * MINUTE + below(2 * MINUTE, seed);
    }
    let index = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX);
    RECIPIENT[index.min(RECIPIENT.len() - 1)]
}

/// When every retry of a recipient who always answers "later" falls, for a message first tried at `first`. The last
/// one stands at `expires_at`, where the delivery fails.
pub fn recipient_schedule(
    first: Timestamp,
    expires_at: Timestamp,
    greylisted: bool,
    seed: u64,
) -> Vec<Timestamp> {
    let mut at = first;
    let mut schedule = Vec::new();
    for attempts in 1.. {
        at = at.plus(recipient_delay(attempts, greylisted, seed)).min(expires_at);
        schedule.push(at);
        if at == expires_at {
            break;
        }
    }
    schedule
}

/// The shortest and the longest pause after a host's trouble (ms).
const HOST: (i64, i64) = (MINUTE, 4 * HOUR);

/// How long (ms) to leave a host alone after its `failures`-th trouble in a row, counted from 1: doubled each time,
/// and spread by `seed` over the upper half so that nodes do not come back together.
pub fn host_delay(failures: u32, seed: u64) -> i64 {
    let doubled =
        HOST.0.saturating_mul(1_i64.checked_shl(failures.saturating_sub(1).min(30)).unwrap_or(i64::MAX));
    let whole = doubled.min(HOST.1);
    whole / 2 + below(whole / 2 + 1, seed)
}

/// How long (ms) to leave a message alone after a host's trouble with it that is no attempt: as long as it has waited
/// already, within the bounds of [`host_delay`].
pub fn host_trouble_delay(created_at: Timestamp, now: Timestamp) -> i64 {
    (now.millis() - created_at.millis()).clamp(HOST.0, HOST.1)
}

/// A number in `0..limit` that depends on the seed alone (the finaliser of `SplitMix64`).
fn below(limit: i64, seed: u64) -> i64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    i64::try_from(x % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_795_400_000_000);

    fn minutes(schedule: &[Timestamp]) -> Vec<i64> {
        schedule.iter().map(|at| (at.millis() - START.millis()) / MINUTE).collect()
    }

    #[test]
    fn a_recipient_is_tried_again_after_5_15_60_180_minutes_then_every_six_hours_until_the_end() {
        let schedule = recipient_schedule(START, START.plus(24 * HOUR), false, 7);
        assert_eq!(minutes(&schedule), [5, 20, 80, 260, 620, 980, 1340, 1440]);
    }

    #[test]
    fn a_greylisted_recipient_is_tried_again_after_five_to_seven_minutes() {
        for seed in 0..500 {
            let delay = recipient_delay(1, true, seed);
            assert!((5 * MINUTE..7 * MINUTE).contains(&delay), "{delay}");
        }
        assert_ne!(recipient_delay(1, true, 1), recipient_delay(1, true, 2));
        assert_eq!(recipient_delay(2, true, 1), 15 * MINUTE);
    }

    #[test]
    fn a_host_is_left_alone_for_one_minute_doubled_up_to_four_hours() {
        for seed in 0..200 {
            for (failures, minutes) in [(1, 1), (2, 2), (3, 4), (5, 16), (8, 128), (9, 240), (60, 240)] {
                let delay = host_delay(failures, seed);
                assert!((minutes * MINUTE / 2..=minutes * MINUTE).contains(&delay), "{failures}: {delay}");
            }
        }
        assert_eq!(host_delay(4, 9), host_delay(4, 9));
    }

    #[test]
    fn a_message_that_troubles_its_host_waits_as_long_as_it_is_old() {
        assert_eq!(host_trouble_delay(START, START), MINUTE);
        assert_eq!(host_trouble_delay(START, START.plus(HOUR)), HOUR);
        assert_eq!(host_trouble_delay(START, START.plus(20 * HOUR)), 4 * HOUR);
    }
}
