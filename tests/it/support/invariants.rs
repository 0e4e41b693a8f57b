//! What must hold whatever befell: the invariants of the fault tests, judged from the relay's record.
//!
//! I1 no copy only for who failed or was cancelled; I2 no second copy of an acknowledged one beyond what kills explain;
//! I3 copies equal to the byte; I4 no Message-ID in two readers' mail; I5 nobody suppressed; I6 one recipient a
//! message; I7 a "no" holds after a second; I8 sent means taken; I9 every header that a digest must carry; I10 one
//! edition a slot; I11 every eligible reader has a row; I12 memory and files bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::time::{Duration, Instant};

use kiosque::db::Sql;

use crate::support::post::Post;
use crate::support::smtp::Taken;

/// What is known of a run besides the record.
#[derive(Debug, Default)]
pub struct Known {
    /// Second copies of acknowledged messages that kills explain, at most.
    pub unexplained: usize,
    /// Who said no, and when that was acknowledged.
    pub left: BTreeMap<String, Instant>,
    /// Who must get nothing at all.
    pub suppressed: BTreeSet<String>,
}

/// What the judge counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Counted {
    /// Copies beyond each reader's first.
    pub second: usize,
    /// Those whose earlier copy had been acknowledged.
    pub unexplained: usize,
}

const ROWS: Sql = Sql {
    name: "INVARIANTS_ROWS",
    sqlite: "SELECT address, state FROM deliveries WHERE kind = 'edition' AND NOT resend ORDER BY id",
    postgres: "SELECT address, state FROM deliveries WHERE kind = 'edition' AND NOT resend ORDER BY id",
};

const HEADERS: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "Auto-Submitted",
];

/// Judges a run that has come to its end: no row is open.
pub async fn judge(post: &Post, known: &Known) -> Counted {
    let rows: Vec<(String, String)> = kiosque::fetch_all!(&post.room.desk.db, ROWS).unwrap();
    let balance = post.balance().await;
    assert_eq!(balance.missing(), 0, "I11: {balance:?}");
    let twice = "SELECT count(*) - count(DISTINCT slot_id) FROM editions";
    assert_eq!(post.room.number(twice).await, 0, "I10: one edition a slot");
    post.relay.record(|record| {
        let copies = record.copies();
        for (address, state) in &rows {
            let taken = copies.get(address).map_or(&[][..], Vec::as_slice);
            match state.as_str() {
                "sent" => assert!(!taken.is_empty(), "I8: {address} is sent and has no copy"),
                "failed" | "cancelled" => {
                    let acknowledged = taken.iter().any(|copy| copy.acknowledged);
                    assert!(
                        known.unexplained > 0 || !acknowledged,
                        "I8: {address} is {state} and has a copy"
                    );
                }
                open => panic!("I1: {address} is {open}"),
            }
        }
        let mut ids = BTreeMap::new();
        let mut counted = Counted { second: 0, unexplained: 0 };
        for (address, copies) in &copies {
            assert!(!known.suppressed.contains(address), "I5: {address} is suppressed");
            judge_copies(address, copies, known, &mut counted);
            let id = head(&copies[0].message).remove("Message-ID").unwrap_or_default();
            assert_eq!(ids.insert(id.clone(), address.clone()), None, "I4: {id} stands in two readers' mail");
        }
        assert!(counted.unexplained <= known.unexplained, "I2: {counted:?} of {known:?}");
        counted
    })
}

fn judge_copies(address: &str, copies: &[&Taken], known: &Known, counted: &mut Counted) {
    for copy in copies {
        assert_eq!(copy.to.len(), 1, "I6: one recipient a message");
        assert_eq!(copy.message, copies[0].message, "I3: {address} got another text");
        assert_eq!(copy.from, copies[0].from, "I3: {address} got another return path");
        if let Some(left) = known.left.get(address) {
            assert!(copy.begun <= *left + Duration::from_secs(1), "I7: {address} left before");
        }
    }
    let headers = head(&copies[0].message);
    for name in HEADERS {
        assert!(headers.contains_key(name), "I9: {address} got no {name}");
    }
    counted.second += copies.len() - 1;
    // The last copy explains nothing: nothing came after it.
    counted.unexplained += copies[..copies.len() - 1].iter().filter(|copy| copy.acknowledged).count();
}

/// The headers, by name; of folded ones the first line.
fn head(message: &[u8]) -> BTreeMap<String, String> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
    let text = String::from_utf8_lossy(&message[..end]);
    let pairs = text.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    pairs
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// I12, of a child that lives: its memory stays below 200 MB, its open files below 200.
pub fn assert_bounded(child: &Child) {
    let proc = format!("/proc/{}", child.id());
    let status = std::fs::read_to_string(format!("{proc}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    let kib: usize = resident.trim().trim_end_matches(" kB").trim().parse().unwrap();
    assert!(kib < 200_000, "I12: {kib} KiB of memory");
    let files = std::fs::read_dir(format!("{proc}/fd")).map_or(0, Iterator::count);
    assert!(files < 200, "I12: {files} open files");
}
