//! One edition a slot, however many nodes start at once and whatever the clocks do: daylight saving, midnight, jumps of a day,
//! and a node whose machine is in another time.

use std::time::Duration;

use kiosque::clock::{Clock, HOUR, MINUTE};
use kiosque::db::{Db, Sql};
use kiosque::{execute, fetch_all, fetch_one};

use crate::support::faketime::Faketime;
use crate::support::newsroom::config_text;
use crate::support::node::{Node, until};
use crate::support::own_postgres::OwnPostgres;
use crate::support::program::Place;
use crate::support::smtp::SmtpServer;

const READERS: usize = 5;

kiosque::statements! {
    SLOTS = "SELECT slot_key, outcome FROM slots ORDER BY at, id";
    EDITIONS_MADE = "SELECT count(*) AS n FROM editions";
    SENT_ROWS = "SELECT count(*) AS n FROM deliveries WHERE state = 'sent'";
    NODES_SEEN = "SELECT count(*) AS n FROM nodes";
    TAKE_UP_LONG_AGO = "UPDATE newsletters SET taken_up_at = taken_up_at - 10800000";
    BEATS = "SELECT beat AS n FROM installation";
}

fn config(own: &OwnPostgres, relay: &SmtpServer, schedule: &str, zone: &str) -> String {
    let newsletter =
        format!("schedule = \"{schedule}\"\ntimezone = \"{zone}\"\nhold = \"0s\"\ngrace = \"4h\"");
    config_text(&newsletter)
        .replace("sqlite:unused.db", &own.url())
        .replace("maildir:outbox", &format!("smtp://{}", relay.address))
}

/// An article and readers; the command goes by the database's time.
async fn newsroom(config: &str, db: &Db) {
    let place = Place::with(config);
    let published = db.time().await.unwrap().plus(-2 * HOUR);
    place.write(
        "articles.jsonl",
        &format!(
            "{{\"id\": \"1\", \"url\": \"https://test.tg/1\", \"title\": \"Le port\", \"html\": \"<p>Texte.</p>\", \
             \"categories\": [\"Politique\"], \"published_at\": \"{published}\"}}\n"
        ),
    );
    let readers: String = (1..=READERS).map(|number| format!("lecteur{number}@test.tg\n")).collect();
    place.write("readers.csv", &format!("address\n{readers}"));
    place.out(&["import", "articles.jsonl"]);
    place.out(&["subscriber", "import", "readers.csv", "--newsletter", "matinale", "--consent", "en ligne"]);
}

async fn number(db: &Db, sql: Sql) -> i64 {
    let (n,): (i64,) = fetch_one!(db, sql).unwrap();
    n
}

async fn slots(db: &Db) -> Vec<(String, String)> {
    fetch_all!(db, SLOTS).unwrap()
}

/// The slot of half an hour ago, each day.
fn half_an_hour_ago() -> String {
    Clock::System.now().plus(-30 * MINUTE).to_utc().format("%-M %-H * * *").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_nodes_that_start_together_on_a_due_slot_make_one_edition() {
    let Some(own) = OwnPostgres::start() else { return };
    let db = own.migrated().await;
    let relay = SmtpServer::start().await;
    let config = config(&own, &relay, &half_an_hour_ago(), "Africa/Lome");
    newsroom(&config, &db).await;
    execute!(&db, TAKE_UP_LONG_AGO).unwrap();
    let nodes: Vec<Node> = (0..5).map(|_| Node::start(&config)).collect();
    let all: Vec<&Node> = nodes.iter().collect();
    until("five nodes and an edition sent", &all, async || {
        number(&db, NODES_SEEN).await == 5 && relay.taken().len() == READERS
    })
    .await;
    for node in nodes {
        assert!(node.end().success());
    }
    assert_eq!(number(&db, EDITIONS_MADE).await, 1);
    assert_eq!(slots(&db).await.len(), 1);
    assert_eq!(relay.taken().len(), READERS);
    db.close().await;
}

/// Lives through `moment` with two nodes, on a PostgreSQL at the same time.
async fn live_through(own: &mut OwnPostgres, config: &str, moment: &str) {
    let Some(time) = Faketime::at(moment) else { return };
    own.jump(time.clone());
    let db = Db::open(&own.url()).await.unwrap();
    let nodes = [Node::start_at(config, &time), Node::start_at(config, &time)];
    let before = number(&db, BEATS).await;
    until("two nodes at another time", &[&nodes[0], &nodes[1]], async || {
        number(&db, BEATS).await >= before + 2
    })
    .await;
    let arrived: chrono::DateTime<chrono::Utc> = moment.parse().unwrap();
    let over = kiosque::clock::Timestamp::from(arrived).plus(6_500);
    until("the moment's end and the edition", &[&nodes[0], &nodes[1]], async || {
        db.time().await.unwrap() > over && number(&db, SENT_ROWS).await >= i64::try_from(READERS).unwrap()
    })
    .await;
    for node in nodes {
        let log = node.log();
        assert!(!log.contains("nothing is scheduled"), "{log}");
        assert!(node.end().success(), "{log}");
    }
    db.close().await;
}

/// The moments, each with the slots there are afterwards.
async fn jumps(schedule: &str, begin: &str, moments: &[(&str, &[&str])]) {
    let Some(time) = Faketime::at(begin) else { return };
    let Some(mut own) = OwnPostgres::at_time(Some(time)) else { return };
    let relay = SmtpServer::start().await;
    let config = config(&own, &relay, schedule, "Europe/Paris");
    let db = own.migrated().await;
    newsroom(&config, &db).await;
    db.close().await;
    for (moment, expected) in moments {
        live_through(&mut own, &config, moment).await;
        let db = Db::open(&own.url()).await.unwrap();
        let keys: Vec<String> = slots(&db).await.into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, *expected, "after {moment}");
        assert_eq!(number(&db, EDITIONS_MADE).await, 1, "after {moment}: the one article went once");
        let sent = number(&db, SENT_ROWS).await;
        assert_eq!((sent, relay.taken().len()), (i64::try_from(READERS).unwrap(), READERS), "after {moment}");
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hour_that_comes_twice_makes_one_edition_and_days_back_and_forth_make_none_twice() {
    jumps(
        "30 2 * * *",
        "2026-10-24T23:59:00Z",
        &[
            ("2026-10-25T00:29:57Z", &["2026-10-25T02:30"]),
            // The second half past two of that night, then the day before.
            ("2026-10-25T01:29:57Z", &["2026-10-25T02:30"]),
            ("2026-10-24T00:29:57Z", &["2026-10-25T02:30"]),
            ("2026-10-26T01:29:57Z", &["2026-10-25T02:30", "2026-10-26T02:30"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a quarter of a minute more; make soak"]
async fn soak_the_hour_that_is_left_out_and_midnight_make_one_edition_each() {
    jumps(
        "30 2 * * *",
        "2026-03-29T00:30:00Z",
        &[
            ("2026-03-29T00:59:57Z", &["2026-03-29T02:30"]),
            ("2026-03-29T01:29:57Z", &["2026-03-29T02:30"]),
            ("2026-03-30T00:29:57Z", &["2026-03-29T02:30", "2026-03-30T02:30"]),
        ],
    )
    .await;
    jumps(
        "0 0 * * *",
        "2026-06-30T20:00:00Z",
        &[
            ("2026-06-30T21:59:57Z", &["2026-07-01T00:00"]),
            ("2026-06-29T21:59:57Z", &["2026-07-01T00:00"]),
            ("2026-07-01T21:59:57Z", &["2026-07-01T00:00", "2026-07-02T00:00"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_alone_in_another_time_fires_nothing_and_says_so() {
    let Some(tomorrow) = Faketime::shifted(24 * HOUR) else { return };
    let Some(own) = OwnPostgres::start() else { return };
    let db = own.migrated().await;
    let relay = SmtpServer::start().await;
    let config = config(&own, &relay, &half_an_hour_ago(), "Africa/Lome");
    newsroom(&config, &db).await;
    execute!(&db, TAKE_UP_LONG_AGO).unwrap();
    let astray = Node::start_at(&config, &tomorrow);
    until("a word about the clock", &[&astray], async || {
        let log = astray.log();
        log.contains("nothing is scheduled") && log.contains("off the database's")
    })
    .await;
    tokio::time::sleep(Duration::from_millis(2_500)).await; // two more looks of its scheduler
    assert_eq!(slots(&db).await, []);
    let right = Node::start(&config);
    until("the edition", &[&astray, &right], async || relay.taken().len() == READERS).await;
    assert_eq!(number(&db, EDITIONS_MADE).await, 1);
    assert!(astray.end().success() && right.end().success());
    db.close().await;
}
