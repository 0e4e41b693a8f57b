//! Addresses one slip of the finger away from one that nobody knows.

use crate::db::Db;
use crate::delivery::explain::sql;
use crate::fetch_all;
use crate::mail::Address;

/// More would help nobody.
const MOST: usize = 5;

/// Known addresses that differ from `address` by one typing mistake; for who sits at the shell alone.
///
/// # Errors
/// When the store fails.
pub async fn near(db: &Db, address: &Address) -> sqlx::Result<Vec<String>> {
    let written = address.as_str().to_lowercase();
    let (local, domain) = (address.local_part().to_lowercase(), address.domain());
    let length = i64::try_from(written.chars().count()).unwrap_or(i64::MAX);
    // A slip leaves either what is before the @ or what follows it as it was.
    let candidates: Vec<(String,)> = fetch_all!(
        db,
        sql::SIMILAR_ADDRESSES,
        format!("{local}@%"),
        format!("%@{domain}"),
        length - 1,
        length + 1
    )?;
    let near = candidates.into_iter().map(|(candidate,)| candidate);
    Ok(near.filter(|candidate| is_near(&candidate.to_lowercase(), &written)).take(MOST).collect())
}

/// Whether one letter more, less, other, or two letters exchanged make one of the other (Damerau, CACM 7.3, 1964).
#[must_use]
pub fn is_near(one: &str, other: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([], []) => false,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([x, y, a @ ..], [z, w, b @ ..]) if x == w && y == z && a == b => true,
        (longer, [..]) if longer.len() == b.len() + 1 => longer[1..] == *b,
        ([..], longer) if longer.len() == a.len() + 1 => longer[1..] == *a,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_finger_is_near_and_two_are_not() {
        for slip in ["afi@exmple.tg", "affi@exemple.tg", "afo@exemple.tg", "fai@exemple.tg", "afi@exemple.t"]
        {
            assert!(is_near(slip, "afi@exemple.tg") && is_near("afi@exemple.tg", slip), "{slip}");
        }
        for other in ["afi@exemple.tg", "kofi@exemple.tg", "af@exmple.tg", "ifa@exemple.tg", ""] {
            assert!(!is_near(other, "afi@exemple.tg"), "{other}");
        }
    }
}
