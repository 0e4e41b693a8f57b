//! All that the files say of one address.

use std::io;

use serde::{Deserialize, Serialize};

use super::row::Verdict;
use super::sort::Sorted;
use crate::subscribers::suppression::Reason;

/// What one line says, as it is kept while files are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) address: String,
    pub(super) name: Option<String>,
    pub(super) verdict: Verdict,
    /// Numbers of the places its groups go to.
    pub(super) places: Vec<usize>,
}

/// A refusal: why, since when (epoch milliseconds), in whose words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct No {
    pub(super) reason: Reason,
    pub(super) at: Option<i64>,
    pub(super) words: String,
}

/// Reads somewhere: since when he is known to have asked and confirmed, and the places of his groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Yes {
    pub(super) asked: Option<i64>,
    pub(super) confirmed: Option<i64>,
    pub(super) places: Vec<usize>,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) hash: [u8; 32],
    pub(super) address: String,
    pub(super) name: Option<String>,
    pub(super) yes: Option<Yes>,
    pub(super) no: Option<No>,
    pub(super) unconfirmed: bool,
    /// Lines that speak of him.
    pub(super) lines: u64,
}

impl Person {
    fn new(hash: [u8; 32], entry: &Entry) -> Self {
        let address = entry.address.clone();
        Self { hash, address, name: None, yes: None, no: None, unconfirmed: false, lines: 0 }
    }

    /// A refusal stands whatever other lines say, the gravest first; of several of one kind the latest.
    fn add(&mut self, entry: Entry) {
        self.lines += 1;
        self.name = self.name.take().or(entry.name);
        match entry.verdict {
            Verdict::Yes { asked, confirmed } => {
                let yes = self.yes.get_or_insert_default();
                let earliest = |one: Option<i64>, other: Option<i64>| one.into_iter().chain(other).min();
                yes.asked = earliest(yes.asked, asked);
                yes.confirmed = earliest(yes.confirmed, confirmed);
                yes.places.extend(entry.places);
            }
            Verdict::No { reason, at, words } => {
                let reason = reason.parse().unwrap_or(Reason::Imported);
                let gravity = |no: &No| (gravity(no.reason), no.at);
                let no = No { reason, at, words };
                if self.no.as_ref().is_none_or(|before| gravity(before) < gravity(&no)) {
                    self.no = Some(no);
                }
            }
            Verdict::Unconfirmed => self.unconfirmed = true,
            Verdict::NotOnList => {}
        }
    }

    /// The next address, in the order of their hashes.
    pub(super) fn next(sorted: &mut Sorted) -> io::Result<Option<Self>> {
        let Some(&hash) = sorted.peek() else { return Ok(None) };
        let mut person: Option<Self> = None;
        while sorted.peek() == Some(&hash)
            && let Some(item) = sorted.next()?
        {
            let entry: Entry = serde_json::from_slice(&item)?;
            person.get_or_insert_with(|| Self::new(hash, &entry)).add(entry);
        }
        Ok(person)
    }
}

const fn gravity(reason: Reason) -> u8 {
    match reason {
        Reason::Complaint | Reason::Operator => 2,
        Reason::NotMe | Reason::Erased | Reason::Imported => 1,
        Reason::HardBounce | Reason::SoftBounce => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscribers::import::sort::Sorter;

    fn entry(verdict: Verdict, places: &[usize]) -> Entry {
        Entry { address: "ama@exemple.tg".into(), name: None, verdict, places: places.to_vec() }
    }

    fn no(reason: Reason, at: i64) -> Verdict {
        Verdict::No { reason: reason.to_string(), at: Some(at), words: String::new() }
    }

    fn person(entries: &[Entry]) -> Person {
        let mut sorter = Sorter::new();
        for (order, entry) in entries.iter().enumerate() {
            sorter.push(([1; 32], order as u64), &serde_json::to_vec(entry).unwrap()).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        let person = Person::next(&mut sorted).unwrap().unwrap();
        assert_eq!(Person::next(&mut sorted).unwrap(), None);
        person
    }

    #[test]
    fn a_refusal_stands_in_whatever_order_lines_come() {
        let lines = [
            entry(Verdict::Yes { asked: Some(5), confirmed: None }, &[1]),
            entry(no(Reason::HardBounce, 9), &[]),
            entry(no(Reason::Imported, 7), &[]),
            entry(no(Reason::Imported, 8), &[]),
            entry(Verdict::Yes { asked: Some(3), confirmed: Some(6) }, &[2]),
        ];
        let expected = No { reason: Reason::Imported, at: Some(8), words: String::new() };
        for turn in 0..lines.len() {
            let mut lines = lines.clone();
            lines.rotate_left(turn);
            let person = person(&lines);
            assert_eq!(person.no.as_ref(), Some(&expected));
            let yes = person.yes.unwrap();
            assert_eq!((yes.asked, yes.confirmed, yes.places.len(), person.lines), (Some(3), Some(6), 2, 5));
        }
    }
}
