//! RFC 6721: entries that are gone.

use std::collections::HashSet;

use super::atom_entry::Entry;
use super::finding::{Sheet, rules, short};
use super::namespaces::TOMBSTONES;
use super::tree::Element;
use super::{Context, address, dates};

rules! {
    TOMBSTONE_ATTRIBUTE = "tombstone-attribute", Error,
        "Readers cannot tell which entry is gone, or since when. A tombstone has the entry's id as ref, and when.",
        "RFC 6721 §3";
    TOMBSTONE_LIVE = "tombstone-of-live-entry", Error,
        "Readers that heed tombstones remove an entry that stands here. Never bury what is alive.",
        "RFC 6721 §3; kiosque: tombstones";
    TOMBSTONE_TWICE = "duplicate-tombstone", Error,
        "A feed says once that an entry is gone.",
        "RFC 6721 §3";
}

/// Judges the tombstones of a feed with these entries.
pub(super) fn check(feed: &Element, entries: &[Entry], context: &Context, sheet: &mut Sheet) {
    let mut seen = HashSet::new();
    for tombstone in feed.all(TOMBSTONES, "deleted-entry") {
        let line = tombstone.line;
        for name in ["ref", "when"] {
            if tombstone.attribute(name).is_none() {
                sheet.at(TOMBSTONE_ATTRIBUTE, line, format!("A tombstone has no {name}."));
            }
        }
        if let Some(when) = tombstone.attribute("when") {
            let place = dates::Place { name: "The when of a tombstone", line: Some(line), now: context.now };
            dates::rfc3339(when, &place, sheet);
        }
        let Some(id) = tombstone.attribute("ref") else { continue };
        address::check(id, "The ref of a tombstone", Some(line), sheet);
        if entries.iter().any(|entry| entry.id == id) {
            sheet.at(TOMBSTONE_LIVE, line, format!("The entry {} stands in the feed.", short(id)));
        }
        if !seen.insert(id) {
            sheet.at(TOMBSTONE_TWICE, line, format!("The entry {} has two tombstones.", short(id)));
        }
    }
}
