//! Messages of a bounce mailbox: whatever they are, reading them ends, and what it gives is bounded.
#![no_main]

use std::sync::LazyLock;

use kiosque::delivery::Policy;
use kiosque::delivery::bounces::{Said, read};
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

// What is caught inside is no finding; what comes out still is.
fuzz_target!(init: { std::panic::set_hook(Box::new(|_| {})); }, |raw: &[u8]| {
    let report = read(raw, &POLICY);
    assert_eq!(report, read(raw, &POLICY), "reading is pure");
    assert!(report.clues.tags.len() <= 1_000);
    if let Said::Unsubscribe(token) = &report.said {
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
    if let Said::Bounce(bounce) = &report.said {
        assert!(bounce.status.as_ref().is_none_or(|status| status.len() <= 11));
    }
});
