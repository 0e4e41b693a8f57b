//! The moment that Atom calls `updated`: a whole second that no other article of the newsroom has.
//!
//! Readers and validators take two entries of one `updated` for a fault (W3C: `DuplicateUpdated`), and imports bring
//! thousands of one second: a site's move dates every post alike.

use crate::clock::{SECOND, Timestamp};
use crate::db::{Tx, json_list};
use crate::fetch_one;

use super::sql::FREE_MOMENT;

/// 1990-01-01. What feeds call older is taken for a slip: by the W3C's validator (`ImplausibleDate`), and newsboat
/// shows an article of 1901 as one of 2038.
pub const FIRST_PLAUSIBLE: Timestamp = Timestamp::from_millis(631_152_000_000);

/// The seconds right after the one wanted are tried first.
const NEAR: i64 = 8;

/// Then one of each stretch twice as long, up to 2^26 seconds (two years): a free one is found in few tries however many
/// articles share a second.
const DOUBLINGS: u32 = 26;

/// The whole second at or after `wanted` that no article has. `seed` decides where it goes on beyond the first few.
///
/// # Errors
/// When the store fails; with [`sqlx::Error::RowNotFound`] when every try is taken.
pub(super) async fn free(tx: &mut Tx, wanted: Timestamp, seed: &[u8]) -> sqlx::Result<Timestamp> {
    let tries = tries(wanted, seed).into_iter().map(Timestamp::millis);
    let (at,): (Timestamp,) = fetch_one!(tx, FREE_MOMENT, json_list(tries))?;
    Ok(at)
}

fn tries(wanted: Timestamp, seed: &[u8]) -> Vec<Timestamp> {
    let first = wanted.whole_second();
    let mut spread =
        seed.iter().fold(0_i64, |spread, byte| (spread << 7) ^ (spread >> 50) ^ i64::from(*byte));
    let near = 0..NEAR;
    let far = (NEAR.ilog2()..=DOUBLINGS).map(|doubling| {
        let stretch = 1_i64 << doubling;
        spread = spread.rotate_left(11) ^ 0x5bd1_e995;
        stretch + spread.rem_euclid(stretch)
    });
    near.chain(far).map(|seconds| first.plus(seconds * SECOND)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_second_itself_comes_first_and_all_tries_are_later_whole_seconds() {
        let wanted = Timestamp::from_millis(1_795_420_800_750);
        let tries = tries(wanted, b"seed");
        assert_eq!(tries[0], Timestamp::from_millis(1_795_420_800_000));
        assert!(tries.is_sorted() && tries.iter().all(|at| *at == at.whole_second()));
        assert_eq!(tries.iter().collect::<HashSet<_>>().len(), tries.len());
    }

    #[test]
    fn fifty_thousand_articles_of_one_second_all_find_one_within_some_days() {
        let wanted = Timestamp::from_millis(0);
        let mut taken = HashSet::new();
        for n in 0..50_000_u32 {
            let seed = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &n.to_be_bytes());
            let free = tries(wanted, seed.as_ref()).into_iter().find(|at| !taken.contains(at));
            assert!(taken.insert(free.expect("a free second")));
        }
        let last = taken.iter().max().map(|at| at.millis());
        assert!(last < Some(4 * crate::clock::DAY), "{last:?}");
    }
}
