//! Every feed that a test builds is held to the rules of `kiosque feed check`.

use kiosque::clock::Timestamp;
use kiosque::feeds::FeedStore;
use kiosque::feeds::check::{self, Severity};
use kiosque::feeds::snapshot::Coding;

/// What a newsroom's own words are to blame for: titles that are about markup, guids of an import that are short numbers
/// or untidy addresses.
pub const THEIRS: [&str; 3] = ["markup-in-plain-text", "guid-small-number", "id-not-canonical"];

/// The errors and warnings of a document at its public address, but for what the newsroom is to blame for.
pub fn faults(bytes: &[u8], address: &str, now: Timestamp) -> Vec<String> {
    let report = check::check(bytes, Some(address), now);
    let ours = report.findings.iter().filter(|finding| !THEIRS.contains(&finding.rule.id));
    ours.filter(|finding| finding.rule.severity < Severity::Advice).map(ToString::to_string).collect()
}

/// Fails at the first document of the store that has an error or a warning.
pub fn must_be_clean(store: &FeedStore, now: Timestamp) {
    for (address, snapshot) in store.documents() {
        let bytes = snapshot.body(Coding::Identity);
        let faults = faults(&bytes, &address, now);
        assert!(faults.is_empty(), "{address}: {faults:#?}\n{}", String::from_utf8_lossy(&bytes));
    }
}
