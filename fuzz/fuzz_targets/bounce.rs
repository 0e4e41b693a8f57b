//! Messages of a bounce mailbox: whatever they are, reading them ends, and what it gives is bounded.
#![no_main]

use kiosque::delivery::bounces::{Said, read};
use libfuzzer_sys::fuzz_target;

// What is caught inside is no finding; what comes out still is.
fuzz_target!(init: { std::panic::set_hook(Box::new(|_| {})); }, |raw: &[u8]| {
    let report = read(raw);
    assert_eq!(report, read(raw), "reading is pure");
    assert!(report.clues.tags.len() <= 1_000);
    if let Said::Unsubscribe(token) = &report.said {
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
    if let Said::Bounce(bounce) = &report.said {
        assert!(bounce.status.as_ref().is_none_or(|status| status.len() <= 11));
    }
});
