//! Kills: a process that sends is ended in the middle, again and again. On SQLite it is `kiosque serve`; on
//! PostgreSQL, where the rows of a killed node return when their lease is over, a child with a short lease.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiosque::clock::{Clock, DAY, Timestamp};
use kiosque::db::{Db, Engine, Keys, NodeId};
use kiosque::delivery::{Pump, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::support::database::{TestDatabase, each_database};
use crate::support::newsroom::config_text;
use crate::support::post::{DAILY, Post, relay_to};
use crate::support::program::Place;

/// What the child is told: the store, the relay, and the time its clock starts at.
const CHILD: &str = "KIOSQUE_TEST_CHILD";

/// Not a test: the child of those below, which start this very program with this name.
#[tokio::test]
#[ignore = "the child process of the tests beside it"]
async fn child_that_sends() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [url, relay, at] = told.split(' ').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let db = Db::open(url).await.unwrap();
    let clock = Clock::database(Timestamp::from_millis(at.parse().unwrap()));
    let keys = Arc::new(Keys::load(&db).await.unwrap());
    // On PostgreSQL the rows of a killed node return when its lease is over: soon, here.
    let settings = Settings { batch: 100, lease: 3_000, doubt_delay: 200, ..Settings::default() };
    let relays = vec![relay_to(relay.parse::<SocketAddr>().unwrap(), 8)];
    let pump = Pump::new(db, clock, keys, NodeId::new(), relays, settings);
    let (stop, stopped) = watch::channel(false);
    let mut term = signal(SignalKind::terminate()).unwrap();
    let (result, ()) = tokio::join!(pump.run(stopped), async {
        term.recv().await;
        stop.send(true).unwrap();
    });
    result.unwrap();
}

/// Time that goes on while children come and go.
struct Time {
    start: Timestamp,
    began: Instant,
}

impl Time {
    fn of(post: &Post) -> Self {
        Self { start: post.room.now(), began: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.start.plus(i64::try_from(self.began.elapsed().as_millis()).unwrap())
    }
}

fn start(database: &TestDatabase, place: &Place, post: &Post, time: &Time) -> Child {
    let mut command = match database.engine {
        Engine::Sqlite => place.command(&["serve"]),
        Engine::Postgres => {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "delivery_kill::child_that_sends", "--ignored", "--nocapture"]);
            child.env(CHILD, format!("{} {} {}", database.url, post.relay.address, time.now().millis()));
            child
        }
    };
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// What `kiosque serve` is told.
fn place(database: &TestDatabase, post: &Post) -> Place {
    let config = config_text(DAILY)
        .replace("sqlite:unused.db", &database.url)
        .replace("maildir:outbox", &format!("smtp://{}\"\nconnections = 8 # \"", post.relay.address));
    Place::with(&config)
}

/// The served program goes by the machine's clock: its rows must not have expired long ago.
#[expect(clippy::disallowed_methods, reason = "the machine's clock is what the child goes by")]
async fn keep_until_tomorrow(post: &Post) {
    let tomorrow = chrono::Utc::now().timestamp_millis() + DAY;
    post.room.sql(&format!("UPDATE deliveries SET expires_at = {tomorrow}")).await;
}

async fn until_taken(post: &Post, rows: usize) {
    let began = Instant::now();
    while post.relay.record(|record| record.taken.len()) < rows {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", post.states().await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn until_sent(post: &Post, rows: i64) {
    let began = Instant::now();
    while post.balance().await.sent < rows {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", post.states().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_in_two_thousand_deliveries_lose_none_and_double_no_more_than_were_in_doubt() {
    each_database(async |database| {
        let db = database.open().await;
        let post = Post::to_readers(&db, 2_000).await;
        let (time, place) = (Time::of(&post), place(database, &post));
        keep_until_tomorrow(&post).await;
        // Each doubt that a kill left behind, once: the row and when it was put in doubt.
        let mut doubts = BTreeSet::new();
        for kill in 1..=10 {
            let mut child = start(database, &place, &post, &time);
            until_taken(&post, kill * 170).await;
            child.kill().unwrap();
            child.wait().unwrap();
            doubts.extend(post.doubts().await);
        }
        assert!(post.balance().await.sent < 2_000, "there must be something left for the last run");
        // The time passes for which a row in doubt is left alone.
        post.room
            .sql(
                "UPDATE deliveries SET in_doubt_at = in_doubt_at - 300000, lease_until = lease_until - 300000
                 WHERE state = 'in_doubt'",
            )
            .await;
        let mut child = start(database, &place, &post, &time);
        until_sent(&post, 2_000).await;
        child.kill().unwrap();
        child.wait().unwrap();

        let copies = post.relay.record(|record| {
            record.copies().into_iter().map(|(to, all)| (to, all.len())).collect::<Vec<_>>()
        });
        assert_eq!(copies.len(), 2_000, "nobody is lost");
        let second: usize = copies.iter().map(|(_, number)| number - 1).sum();
        eprintln!("{second} second copies of {} doubts, {:?}", doubts.len(), time.began.elapsed());
        for (reader, number) in copies {
            let doubted = doubts.iter().filter(|(address, _)| *address == reader).count();
            assert!(number - 1 <= doubted, "{reader} got {number} copies and was {doubted} times in doubt");
        }
        post.assert_copies_are_equal();
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_ends_by_sigterm_lose_none_and_double_none() {
    each_database(async |database| {
        let db = database.open().await;
        let post = Post::to_readers(&db, 600).await;
        post.relay.slow_dot(Duration::from_millis(10));
        let (time, place) = (Time::of(&post), place(database, &post));
        keep_until_tomorrow(&post).await;
        for end in 1..=10 {
            let before = post.relay.record(|record| record.taken.len());
            let mut child = start(database, &place, &post, &time);
            // It must have begun to send, or the signal would come before anybody listens for it.
            until_taken(&post, (before + 1).max(end * 50)).await;
            let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            assert!(child.wait().unwrap().success());
            let balance = post.balance().await;
            assert_eq!((balance.claimed, balance.in_doubt), (0, 0));
        }
        let mut child = start(database, &place, &post, &time);
        until_sent(&post, 600).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(post.relay.taken().len(), 600);
        post.assert_promises().await;
        db.close().await;
    })
    .await;
}
