//! Whatever stands in a link or in a form's hidden field: none of it passes that our keys did not make.
#![no_main]

use std::sync::LazyLock;

use kiosque::clock::{Clock, Timestamp};
use kiosque::db::{Db, Keys, Purpose};
use kiosque::subscribers::{ConfirmToken, FormTime, SubscriptionId, UnsubscribeToken};
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("kiosque-fuzz-{}.db", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let keys = runtime.block_on(async {
        let db = Db::open_sqlite(&file).await.expect("a store");
        db.migrate(&Clock::System).await.expect("its schema");
        let keys = Keys::load(&db).await.expect("its keys");
        db.close().await;
        keys
    });
    // Leaves with the process.
    std::fs::remove_file(&file).expect("the store's file");
    keys
});

const NOW: Timestamp = Timestamp::from_millis(1_795_417_200_000);

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let key = KEYS.current(Purpose::Token);
    // Only one spelling of a token is taken: what passes is what would be written again.
    if let Some(token) = UnsubscribeToken::read(&KEYS, &text) {
        assert_eq!(UnsubscribeToken::write(key, token.subscription), text);
    }
    if let Some(token) = ConfirmToken::read(&text) {
        assert_eq!(token.write(), text);
    }
    assert_eq!(FormTime::read(&KEYS, &text, NOW), FormTime::Stale, "nobody guesses a signature");
    // A token of ours with one byte changed, cut, or lengthened as the input says.
    let mut ours = UnsubscribeToken::write(key, SubscriptionId(4_711)).into_bytes();
    let whole = ours.clone();
    if let [place, with, rest @ ..] = bytes {
        let place = usize::from(*place) % ours.len();
        ours[place] = *with;
        ours.extend_from_slice(rest);
        ours.truncate(whole.len().max(usize::from(*with) % 64));
    }
    let ours = String::from_utf8_lossy(&ours);
    let passes = UnsubscribeToken::read(&KEYS, &ours).is_some();
    assert_eq!(passes, ours.as_bytes() == whole, "{ours}");
});
