//! Replies of a relay: whatever it says, reading it ends, is the same whole or in pieces, and gives one short line.
#![no_main]

use kiosque::delivery::smtp::{Cause, Failure, Reply, Stage, reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut from = 0;
    // As a conversation reads: one reply after another from what has come.
    while let Ok(Some((response, length))) = reply::parse(&bytes[from..]) {
        let end = from + length;
        assert_eq!(bytes[end - 1], b'\n', "a reply ends with its line");
        assert_eq!(reply::parse(&bytes[from..end - 1]), Ok(None), "without its end it is not whole");
        assert_eq!(reply::parse(&bytes[from..end]), Ok(Some((response.clone(), length))), "what follows does not matter");
        let reply = Reply::from(&response);
        assert!((200..600).contains(&reply.code));
        assert!(reply.text.len() <= 500 && !reply.text.chars().any(char::is_control));
        let refused = Failure { stage: Stage::Rcpt, cause: Cause::Refused(reply) };
        assert!(!refused.masked().contains('@'), "a log line holds no address");
        from = end;
    }
});
