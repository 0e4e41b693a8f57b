//! What was used last, kept in memory within a bound of bytes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, within a number of bytes: those used longest ago go first.
#[derive(Debug)]
pub struct Recent<K, V> {
    values: HashMap<K, Kept<V>>,
    most: usize,
    bytes: usize,
    /// Counts uses, to tell which was used last.
    uses: u64,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Keeps at most this many bytes, or a single value that is larger.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { values: HashMap::new(), most, bytes: 0, uses: 0 }
    }

    /// The value, if it is kept; it counts as used.
    pub fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.uses += 1;
        let kept = self.values.get_mut(key)?;
        kept.used = self.uses;
        Some(kept.value.clone())
    }

    /// Keeps a value that weighs `bytes`, in place of those used longest ago.
    pub fn put(&mut self, key: K, value: V, bytes: usize) {
        self.uses += 1;
        self.bytes += bytes;
        let kept = Kept { value, bytes, used: self.uses };
        self.bytes -= self.values.insert(key, kept).map_or(0, |before| before.bytes);
        while self.bytes > self.most && self.values.len() > 1 {
            let oldest = self.values.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            self.bytes -= self.values.remove(&oldest).map_or(0, |gone| gone.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_was_used_last_stays() {
        let mut recent = Recent::new(16);
        for key in 0..100 {
            recent.put(key, "value", 3);
            assert!(recent.bytes <= 16);
            assert!(recent.get(&0).is_some(), "used each time");
        }
        assert!(recent.get(&99).is_some() && recent.get(&50).is_none());
        assert_eq!(recent.bytes, recent.values.values().map(|kept| kept.bytes).sum::<usize>());
    }

    #[test]
    fn a_value_larger_than_the_bound_is_kept_alone() {
        let mut recent = Recent::new(16);
        recent.put(1, (), 3);
        recent.put(2, (), 40);
        assert!(recent.get(&2).is_some() && recent.values.len() == 1);
    }

    #[test]
    fn a_value_put_again_counts_once() {
        let mut recent = Recent::new(16);
        recent.put(1, "first", 10);
        recent.put(1, "second", 12);
        assert_eq!((recent.get(&1), recent.bytes), (Some("second"), 12));
    }
}
