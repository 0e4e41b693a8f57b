//! Sorting more than memory holds: in runs on disk, merged when read.
//!
//! In the order of their hashes a million readers touch each page of the store's indexes once, and all that several files
//! say of one address lies together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _};

/// What is sorted by: an address's hash, then the order of reading.
pub(super) type Key = ([u8; 32], u64);

/// Bytes in memory before a run goes to disk.
const RUN: usize = 24 << 20;

/// Takes items in any order.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    keys: Vec<(Key, usize)>,
    bytes: Vec<u8>,
    runs: Vec<File>,
    most: usize,
    length: u64,
}

impl Sorter {
    /// Takes items in any order; what does not fit into memory goes to files that have no name.
    pub(super) fn new() -> Self {
        Self { most: RUN, ..Self::default() }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Adds an item.
    pub(super) fn push(&mut self, key: Key, item: &[u8]) -> io::Result<()> {
        self.keys.push((key, self.bytes.len()));
        self.bytes.extend_from_slice(&(item.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(item);
        self.length += 1;
        if self.bytes.len() + self.keys.len() * size_of::<(Key, usize)>() > self.most {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.keys.sort_unstable();
        let mut run = BufWriter::new(tempfile::tempfile()?);
        for ((hash, order), at) in self.keys.drain(..) {
            let length = u32::from_le_bytes([0, 1, 2, 3].map(|byte| self.bytes[at + byte])) as usize;
            run.write_all(&hash)?;
            run.write_all(&order.to_le_bytes())?;
            run.write_all(&self.bytes[at..at + 4 + length])?;
        }
        self.bytes.clear();
        let mut run = run.into_inner().map_err(io::IntoInnerError::into_error)?;
        run.seek(SeekFrom::Start(0))?;
        self.runs.push(run);
        Ok(())
    }

    /// The items in order.
    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        self.spill()?;
        self.bytes = Vec::new();
        let mut sorted =
            Sorted { runs: self.runs.into_iter().map(BufReader::new).collect(), next: BinaryHeap::new() };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }
}

/// Items in the order of their keys.
#[derive(Debug)]
pub(super) struct Sorted {
    runs: Vec<BufReader<File>>,
    next: BinaryHeap<Reverse<(Key, usize, Vec<u8>)>>,
}

impl Sorted {
    fn advance(&mut self, run: usize) -> io::Result<()> {
        let file = &mut self.runs[run];
        let mut hash = [0; 32];
        match file.read_exact(&mut hash) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let (mut order, mut length) = ([0; 8], [0; 4]);
        file.read_exact(&mut order)?;
        file.read_exact(&mut length)?;
        let mut item = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut item)?;
        self.next.push(Reverse(((hash, u64::from_le_bytes(order)), run, item)));
        Ok(())
    }

    /// The hash of the next item.
    pub(super) fn peek(&self) -> Option<&[u8; 32]> {
        self.next.peek().map(|Reverse(((hash, _), _, _))| hash)
    }

    /// The next item.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(Reverse((_, run, item))) = self.next.pop() else { return Ok(None) };
        self.advance(run)?;
        Ok(Some(item))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn items_come_in_order_however_little_memory_there_is(
            items in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..200),
            most in 1_usize..4000,
        ) {
            let mut sorter = Sorter { most, ..Sorter::default() };
            let mut expected: Vec<(Key, Vec<u8>)> = Vec::new();
            for (order, (first, item)) in items.into_iter().enumerate() {
                let key = ([first; 32], order as u64);
                sorter.push(key, &item).unwrap();
                expected.push((key, item));
            }
            prop_assert_eq!(sorter.len(), expected.len() as u64);
            expected.sort();
            let mut sorted = sorter.finish().unwrap();
            for ((hash, _), item) in expected {
                prop_assert_eq!(sorted.peek(), Some(&hash));
                prop_assert_eq!(sorted.next().unwrap(), Some(item));
            }
            prop_assert_eq!(sorted.next().unwrap(), None);
        }
    }
}
