//! Kills and ends: a process that sends is ended in the middle, again and again (T3, T4).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::children::{Children, Manner, assert_bounded_and_kill, be_the_child, end, kill};
use crate::support::database::{TestDatabase, each_database};
use crate::support::invariants::{Known, judge};
use crate::support::post::Post;
use crate::support::smtp::{Act, Rule, Step};

/// Not a test: the child of those below, which start this very program with this name.
#[tokio::test]
#[ignore = "the child process of the tests beside it"]
async fn child_that_sends() {
    be_the_child().await;
}

/// What the relay does with two dots in a hundred each: answers get lost, with the message and without.
const AMBIGUOUS: [(Act, bool); 5] = [
    (Act::Drop, true),
    (Act::Drop, false),
    (Act::Reset, true),
    (Act::Reply("451 4.3.0 but I have it"), true),
    (Act::ReplyAndReset("250 2.0.0 ok"), true),
];

/// So many kills, each after some more messages; then a run to the end. Nobody is lost, and nobody has more copies
/// than his row was in doubt.
#[expect(
    clippy::print_stderr,
    reason = "captured, and shown when the test fails or is asked for its figures"
)]
async fn kills(database: &TestDatabase, manner: Manner, readers: i64, kills: usize, ambiguous: bool) {
    let db = database.open().await;
    let post = Post::to_readers(&db, readers).await;
    if ambiguous {
        for (number, (act, taken)) in (0..readers / 50).flat_map(|hundredth| {
            AMBIGUOUS
                .iter()
                .enumerate()
                .map(move |(kind, fault)| (hundredth * 50 + kind as i64 * 9 + 1, *fault))
        }) {
            let rule = Rule::at(Step::Dot, act).times(1).to(&format!("lecteur{number}@exemple.tg"));
            post.relay.rule(if taken { rule.but_takes() } else { rule });
        }
    }
    let children = Children::of(database, &post, manner).await;
    // Each doubt that a kill left behind, once: the row and when it was put in doubt.
    let mut doubts = BTreeSet::new();
    let share = usize::try_from(readers).unwrap() * 17 / 20 / kills;
    for number in 1..=kills {
        let child = children.start();
        children.until_taken(number * share).await;
        assert_bounded_and_kill(child);
        doubts.extend(post.doubts().await);
    }
    assert!(post.balance().await.sent < readers, "there must be something left for the last run");
    children.pass_the_doubt().await;
    let child = children.start();
    children.until_sent_at_last(readers).await;
    kill(child);

    let bound = match manner {
        Manner::Usual => doubts.len(),
        Manner::Strict if ambiguous => doubts.len(),
        Manner::Strict => kills,
    };
    let counted = judge(&post, &Known { unexplained: bound, ..Known::default() }).await;
    eprintln!("{counted:?} of {} doubts in {kills} kills", doubts.len());
    let copies = post
        .relay
        .record(|record| record.copies().into_iter().map(|(to, all)| (to, all.len())).collect::<Vec<_>>());
    assert_eq!(copies.len(), usize::try_from(readers).unwrap(), "nobody is lost");
    for (reader, number) in copies.into_iter().filter(|_| !ambiguous) {
        let doubted = doubts.iter().filter(|(address, _)| *address == reader).count();
        assert!(number - 1 <= doubted, "{reader} got {number} copies and was {doubted} times in doubt");
    }
    db.close().await;
}

/// So many ends by SIGTERM, each after some more messages; then a run to the end. Nobody is lost, nobody doubled.
async fn ends(database: &TestDatabase, readers: i64, ends: usize) {
    let db = database.open().await;
    let post = Post::to_readers(&db, readers).await;
    post.relay.slow_dot(Duration::from_millis(10));
    let children = Children::of(database, &post, Manner::Usual).await;
    let share = usize::try_from(readers).unwrap() * 17 / 20 / ends;
    for number in 1..=ends {
        let before = post.relay.record(|record| record.taken.len());
        let child = children.start();
        // It must have begun to send, or the signal would come before anybody listens for it.
        children.until_taken((before + 1).max(number * share)).await;
        end(child);
        let balance = post.balance().await;
        assert_eq!((balance.claimed, balance.in_doubt), (0, 0));
    }
    let child = children.start();
    children.until_sent_at_last(readers).await;
    kill(child);
    assert_eq!(post.relay.taken().len(), usize::try_from(readers).unwrap());
    assert_eq!(judge(&post, &Known::default()).await.second, 0);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_in_two_thousand_deliveries_lose_none_and_double_no_more_than_were_in_doubt() {
    each_database(async |database| kills(database, Manner::Usual, 2_000, 10, false).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_in_strict_mode_lose_none_and_double_one_each_at_most() {
    each_database(async |database| kills(database, Manner::Strict, 1_000, 10, false).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_ends_by_sigterm_lose_none_and_double_none() {
    each_database(async |database| ends(database, 600, 10).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak` runs it"]
async fn soak_fifty_kills_in_twenty_thousand_deliveries_with_and_without_lost_answers() {
    each_database(async |database| {
        kills(database, Manner::Usual, 20_000, 50, false).await;
    })
    .await;
    each_database(async |database| {
        kills(database, Manner::Usual, 20_000, 50, true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak` runs it"]
async fn soak_fifty_kills_in_strict_mode_double_one_each_at_most() {
    each_database(async |database| kills(database, Manner::Strict, 20_000, 50, false).await).await;
    each_database(async |database| kills(database, Manner::Strict, 20_000, 50, true).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak` runs it"]
async fn soak_fifty_ends_by_sigterm_double_none() {
    each_database(async |database| ends(database, 20_000, 50).await).await;
}
