//! The program falls at each place where a kill matters (T11): in strict mode the copies that follow are known exactly.

use std::os::unix::process::ExitStatusExt;

use crate::support::children::{Children, Manner, kill};
use crate::support::database::{TestDatabase, each_database};
use crate::support::invariants::{Counted, Known, judge};
use crate::support::post::Post;

/// SIGABRT.
const ABORTED: i32 = 6;

/// One fall and one run to the end. `doubtful` rows are in doubt after the fall, `second` copies come of it.
async fn fall(database: &TestDatabase, point: &str, doubtful: i64, second: usize) {
    let readers = if point == "mid_fan_out" { 1_200 } else { 40 };
    let pass = if point == "mid_fan_out" { 2 } else { 12 };
    let db = database.open().await;
    let post = match point {
        "mid_fan_out" => Post::before_fan_out(&db, readers, "").await,
        _ => Post::to_readers(&db, readers).await,
    };
    let children = Children::of(database, &post, Manner::Strict).await;
    let mut child = children.start_to_fall(point, pass);
    assert_eq!(child.wait().unwrap().signal(), Some(ABORTED), "{point}");
    let balance = post.balance().await;
    assert_eq!(balance.in_doubt, doubtful, "{point}: {balance:?}");
    if point == "mid_fan_out" {
        let rows = post.room.number("SELECT count(*) FROM deliveries").await;
        assert!(0 < rows && rows < readers, "{rows} rows were written before the fall");
        assert_eq!(post.relay.taken(), [], "nobody is mailed before everybody has his row");
    } else {
        assert_eq!(balance.sent, i64::try_from(pass).unwrap() - 1, "{point}: {balance:?}");
    }
    children.pass_the_doubt().await;
    // Where nothing was sent before the fall, what comes after need not be slow.
    let manner = if point == "mid_fan_out" { Manner::Usual } else { Manner::Strict };
    let children = Children::of(database, &post, manner).await;
    let child = if point == "mid_fan_out" { children.serve() } else { children.start() };
    children.until_sent_at_last(readers).await;
    kill(child);
    let counted = judge(&post, &Known { unexplained: second, ..Known::default() }).await;
    assert_eq!(counted, Counted { second, unexplained: second }, "{point}");
    assert_eq!(post.relay.taken().len(), usize::try_from(readers).unwrap() + second, "{point}");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_in_the_middle_of_a_fan_out_loses_nobody_and_doubles_nobody() {
    each_database(async |database| fall(database, "mid_fan_out", 0, 0).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_before_the_final_dot_doubles_nobody() {
    each_database(async |database| {
        fall(database, "after_in_doubt", 1, 0).await;
    })
    .await;
    each_database(async |database| {
        fall(database, "before_dot", 1, 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_after_the_final_dot_doubles_that_one_message() {
    each_database(async |database| {
        fall(database, "after_dot", 1, 1).await;
    })
    .await;
    each_database(async |database| {
        fall(database, "after_250", 1, 1).await;
    })
    .await;
}
