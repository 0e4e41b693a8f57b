//! The pump at work: who goes first, what wakes it, and how it ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kiosque::db::Db;
use kiosque::delivery::{self, Pump, Settings, confirmation};
use kiosque::mail::Address;
use kiosque::subscribers::{self, Asking, ConfirmToken, Link, look_at_confirmation};
use tokio::sync::watch;

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at};
use crate::support::smtp::{Act, Rule, Step};

/// Asks for the newsletter by the form, as the page does.
async fn ask(post: &Post, db: &Db, address: &str) {
    let now = post.room.now();
    let address = Address::parse(address).unwrap();
    let mut tx = db.begin_durable().await.unwrap();
    let newsletter = subscribers::find_newsletter(&mut tx, "matinale").await.unwrap().unwrap();
    let wanted = [newsletter.into()];
    let asking = Asking { address: &address, first_name: None, wanted: &wanted, origin: "a test" };
    let asked = subscribers::ask(&mut tx, &post.keys, &asking, now).await.unwrap();
    let due = asked.confirmation.expect("the first asking is answered");
    confirmation::enqueue(&mut tx, &post.room.desk, &due, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// Runs a pump beside a scenario, and ends it when the scenario does.
async fn beside<T>(pump: &Pump, scenario: impl Future<Output = T>) -> T {
    let (stop, stopped) = watch::channel(false);
    let (result, value) = tokio::join!(pump.run(stopped), async {
        let value = scenario.await;
        stop.send(true).unwrap();
        value
    });
    result.unwrap();
    value
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "never came: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_person_who_waits_comes_before_digests() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 20).await;
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], Settings::default());
        ask(&post, &db, "nouvelle@exemple.tg").await;
        post.drain(&pump).await;
        let taken = post.relay.taken();
        assert_eq!(taken.len(), 21);
        let mail = &taken[0];
        assert_eq!(mail.to, ["nouvelle@exemple.tg"]);
        for header in ["List-Unsubscribe", "Precedence", "List-Id"] {
            assert_eq!(mail.header(header), None, "{header}");
        }
        assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
        // Its link is one that the page knows.
        let text = String::from_utf8(mail.message.clone()).unwrap().replace("=\r\n", "");
        let link = text.split("https://lettres.test.tg/confirmer/").nth(1).unwrap();
        let token: String =
            link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        assert!(ConfirmToken::read(&token).is_some(), "{token}");
        let found = look_at_confirmation(&db, &token, post.room.now()).await.unwrap();
        assert!(matches!(found, Link::Open(_)), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn a_person_who_comes_while_digests_leave_does_not_wait_for_their_end() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        post.relay.slow_dot(Duration::from_millis(20));
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], Settings::default());
        beside(&pump, async {
            until("a first digest", async || !post.relay.taken().is_empty()).await;
            ask(&post, &db, "nouvelle@exemple.tg").await;
            pump.waker().wake();
            until("the end", async || post.relay.taken().len() == 61).await;
        })
        .await;
        let place = post.relay.taken().iter().position(|mail| mail.to == ["nouvelle@exemple.tg"]).unwrap();
        assert!(place < 40, "it came as number {place} of 61");
        assert_eq!(post.states().await, BTreeMap::from([("sent", 60)]));
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_that_was_answered_meanwhile_is_not_mailed() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 1).await;
        ask(&post, &db, "nouvelle@exemple.tg").await;
        post.room.sql("UPDATE confirmations SET used_at = 1").await;
        post.drain(&post.pump()).await;
        assert_eq!(post.value("state", "nouvelle@exemple.tg").await, "cancelled");
        assert_eq!(post.relay.taken().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_the_program_doubles_none_and_leaves_none_in_doubt() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        post.relay.slow_dot(Duration::from_millis(15));
        for round in 1..=4 {
            let pump = post.pump();
            beside(&pump, until("some mail", async || post.relay.taken().len() >= round * 12)).await;
            let balance = post.balance().await;
            assert_eq!((balance.claimed, balance.in_doubt), (0, 0), "after the end of run {round}");
            let sent = usize::try_from(balance.sent).unwrap();
            assert_eq!(sent, post.relay.taken().len(), "after the end of run {round}");
            assert!(sent < 60, "there must be something left to return");
        }
        post.relay.slow_dot(Duration::ZERO);
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 60)]));
        assert_eq!(post.relay.taken().len(), 60);
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn the_end_of_the_program_does_not_wait_for_ever() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 3).await;
        // Of three hosts: one that does not answer has one message under way.
        post.room.sql("UPDATE deliveries SET recipient_group = address").await;
        let mut relay = relay_at(&post.relay, 4);
        if let delivery::Way::Smtp(server) = &mut relay.way {
            server.timers.dot = Duration::from_secs(600);
        }
        post.relay.rule(Rule::at(Step::Dot, Act::Hang).but_takes());
        let settings = Settings { drain: Duration::from_millis(300), ..Settings::default() };
        let pump = post.pump_with(vec![relay], settings);
        let began = beside(&pump, async {
            until("all are in doubt", async || post.relay.taken().len() == 3).await;
            Instant::now()
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(post.states().await, BTreeMap::from([("in_doubt", 3)]));
        // Another run sends them again, the same to the byte.
        post.relay.clear_rules();
        post.run_out(&post.pump()).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 3)]));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn results_wait_for_a_store_that_is_busy() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 10).await;
        // Somebody holds the rows (the whole file, on SQLite) while the mail is on the wire.
        post.relay.slow_dot(Duration::from_millis(50));
        let pump = post.pump();
        beside(&pump, async {
            until("some mail", async || !post.relay.taken().is_empty()).await;
            let mut tx = db.begin().await.unwrap();
            kiosque::execute!(&mut tx, LOCK_ALL).unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
            tx.commit().await.unwrap();
            until("the end", async || post.states().await == BTreeMap::from([("sent", 10)])).await;
        })
        .await;
        assert_eq!(post.relay.taken().len(), 10);
        post.assert_promises().await;
    })
    .await;
}

const LOCK_ALL: kiosque::db::Sql = kiosque::db::Sql {
    name: "LOCK_ALL",
    sqlite: "UPDATE deliveries SET resend = resend",
    postgres: "UPDATE deliveries SET resend = resend",
};

#[tokio::test]
async fn a_second_process_waits_for_the_first_ones_lock_on_sqlite() {
    each_engine(async |db| {
        if !matches!(db, Db::Sqlite { .. }) {
            return;
        }
        let post = Post::to_readers(&db, 5).await;
        let (first, second) = (post.pump(), post.pump());
        beside(&first, async {
            until("the first has the lock", async || !post.relay.taken().is_empty()).await;
            assert!(second.step().await.is_err());
            until("the end", async || post.relay.taken().len() == 5).await;
        })
        .await;
        assert_eq!(second.step().await.unwrap(), 0);
    })
    .await;
}
