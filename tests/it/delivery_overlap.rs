//! Messages that follow each other on one connection while answers are awaited: what is written when, how many rows
//! are in doubt meanwhile, and that every answer is read as that of its own message.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kiosque::config::Security;
use kiosque::delivery::smtp::{Cause, Envelope, Server, Session, Stage, Timers, TlsClient};
use kiosque::delivery::{Pump, Relay, Settings, Way};
use kiosque::mail::Address;
use tokio::sync::watch;

use crate::support::database::each_engine;
use crate::support::invariants::{Counted, Known, judge};
use crate::support::post::{Post, relay_at, short_timers};
use crate::support::smtp::{Act, Kind, Rule, SmtpServer, Step};

fn all(state: &'static str, rows: i64) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([(state, rows)])
}

fn patient(post: &Post, in_doubt_max: u32) -> Relay {
    let mut relay = relay_at(&post.relay, 1);
    relay.in_doubt_max = in_doubt_max;
    if let Way::Smtp(server) = &mut relay.way {
        server.timers = Timers::default();
    }
    relay
}

/// Runs the pump and gives the most rows that were seen in doubt at a time.
async fn most_in_doubt(post: &Post, pump: &Pump) -> i64 {
    let (stop, stopped) = watch::channel(false);
    let (result, most) = tokio::join!(pump.run(stopped), async {
        let (mut most, began) = (0, Instant::now());
        loop {
            let balance = post.balance().await;
            most = most.max(balance.in_doubt);
            if balance.sent == balance.eligible.unwrap_or(0) {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{balance:?}");
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        most
    });
    result.unwrap();
    most
}

#[tokio::test]
async fn the_commands_of_the_next_message_come_behind_the_dot_and_two_rows_at_most_are_in_doubt() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 30).await;
        // It answers a dot only when more has come behind it: who waits for the answer waits a second each.
        post.relay.wait_for_more(Duration::from_secs(1));
        post.relay.slow_dot(Duration::from_millis(5));
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        let most = most_in_doubt(&post, &pump).await;
        assert_eq!(most, 2, "the one whose answer is awaited, and the next");
        let (ahead, connections) = post.relay.record(|record| (record.ahead, record.connections));
        assert!(ahead >= 28, "{ahead} of 30");
        assert_eq!(connections, 1);
        assert_eq!(judge(&post, &Known::default()).await, Counted { second: 0, unexplained: 0 });
    })
    .await;
}

#[tokio::test]
async fn in_doubt_max_1_writes_each_result_down_before_the_next_is_put_in_doubt() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 30).await;
        post.relay.slow_dot(Duration::from_millis(5));
        let pump = post.pump_with(vec![patient(&post, 1)], Settings::default());
        assert_eq!(most_in_doubt(&post, &pump).await, 1);
        assert_eq!(post.relay.record(|record| (record.ahead, record.connections)), (0, 1));
        assert_eq!(judge(&post, &Known::default()).await, Counted { second: 0, unexplained: 0 });
    })
    .await;
}

#[tokio::test]
async fn a_relay_without_pipelining_is_told_command_by_command() {
    each_engine(async |db| {
        let mut post = Post::to_readers(&db, 10).await;
        post.relay = SmtpServer::of_kind(Kind::default()).await;
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 10));
        assert_eq!(post.relay.record(|record| (record.ahead, record.connections)), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_no_after_data_was_sent_cancels_that_message_and_the_answer_before_it_is_kept() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 3).await;
        // Of three hosts: a new one gets one message at a time.
        post.room.sql("UPDATE deliveries SET recipient_group = address").await;
        // The answer to the first comes when leave for the second is too old to begin it.
        let slow = Rule::at(Step::Dot, Act::Slow(Duration::from_millis(800))).times(1);
        post.relay.rule(slow.to("lecteur1@exemple.tg"));
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        let (step, ()) = tokio::join!(pump.step(), async {
            while post.states().await.get("in_doubt") != Some(&2) {
                tokio::task::yield_now().await;
            }
            post.room
                .sql("UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 2")
                .await;
        });
        assert_eq!(step.unwrap(), 3);
        assert_eq!(post.states().await, BTreeMap::from([("sent", 2), ("cancelled", 1)]));
        assert_eq!(post.value("state", "lecteur2@exemple.tg").await, "cancelled");
        assert_eq!(post.value("in_doubt_at", "lecteur2@exemple.tg").await, "", "its body never began");
        let to: Vec<_> = post.relay.taken().into_iter().flat_map(|taken| taken.to).collect();
        assert_eq!(to, ["lecteur1@exemple.tg", "lecteur3@exemple.tg"]);
        post.relay.record(|record| {
            assert_eq!(record.connections, 2, "the third goes another way");
            assert!(record.clear.iter().any(|line| line.contains("lecteur2")), "{:?}", record.clear);
        });
        judge(&post, &Known::default()).await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_recipient_whose_data_is_answered_all_the_same_costs_an_empty_message() {
    each_engine(async |db| {
        let mut post = Post::to_readers(&db, 8).await;
        let offers = vec!["PIPELINING"];
        post.relay = SmtpServer::of_kind(Kind { offers, lenient: true, ..Kind::default() }).await;
        for reader in [1, 4, 5] {
            let rule = Rule::at(Step::Rcpt, Act::Reply("451 4.2.1 busy")).times(1);
            post.relay.rule(rule.to(&format!("lecteur{reader}@exemple.tg")));
        }
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        post.drain(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 5), ("pending", 3)]));
        assert_eq!(post.relay.record(|record| record.connections), 1, "the answers stay in order");
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 8));
        assert_eq!(judge(&post, &Known::default()).await, Counted { second: 0, unexplained: 0 });
    })
    .await;
}

#[tokio::test]
async fn an_answer_too_many_behind_a_dot_is_not_taken_for_the_next_messages() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 6).await;
        let twice = Rule::at(Step::Dot, Act::ReplyTwice("250 2.0.0 ok")).times(1);
        post.relay.rule(twice.to("lecteur2@exemple.tg"));
        // Read as the next one's, the answer too many would make this a success.
        post.relay.rule(Rule::at(Step::Dot, Act::Reply("550 5.1.1 nobody")).to("lecteur3@exemple.tg"));
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        post.run_out(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 5), ("failed", 1)]));
        assert_eq!(post.value("state", "lecteur3@exemple.tg").await, "failed");
        assert_eq!(judge(&post, &Known::default()).await.unexplained, 0);
    })
    .await;
}

#[tokio::test]
async fn a_relay_in_trouble_that_stays_on_the_line_is_not_asked_again_and_again() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 6).await;
        // The first message goes well; from then on it has no room for any.
        post.relay.rule(Rule::at(Step::Mail, Act::Slow(Duration::ZERO)).times(1));
        post.relay.rule(Rule::at(Step::Mail, Act::Reply("451 4.3.1 no room")));
        let pump = post.pump_with(vec![patient(&post, 2)], Settings::default());
        post.drain(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 1), ("pending", 5)]));
        let asked =
            post.relay.record(|record| record.clear.iter().filter(|line| line.starts_with("MAIL")).count());
        assert!(asked <= 6, "{asked} times for six messages");
        post.relay.clear_rules();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 6));
    })
    .await;
}

fn server(relay: &SmtpServer, timers: Timers) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: relay.address.port(),
        security: Security::Plain,
        credentials: None,
        helo: "lettres.exemple.tg".to_owned(),
        timers,
        tls: TlsClient::new(Vec::new()).unwrap(),
    }
}

fn envelope() -> Envelope {
    let address = |text| Address::parse(text).unwrap();
    Envelope { from: address("retours@exemple.tg"), to: address("a@exemple.tg") }
}

#[tokio::test]
async fn a_conversation_is_over_when_its_whole_time_is() {
    let relay = SmtpServer::start().await;
    // One message may take 1.2 s: after 0.3 s there is no time left for another one.
    let timers = Timers { session: Duration::from_millis(1_500), ..short_timers() };
    let mut session = Session::open(&server(&relay, timers)).await.unwrap();
    let message = b"Subject: a\r\n\r\na\r\n";
    let began = Instant::now();
    while session.is_usable() {
        session.begin(&envelope(), message).await.unwrap();
        session.finish(message).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    assert!(relay.taken().len() > 1);
}

#[tokio::test]
async fn a_tarpit_that_sips_a_message_is_left_when_it_is_slower_than_the_slowest_allowed() {
    let relay = SmtpServer::start().await;
    relay.rule(Rule::at(Step::Body, Act::Sip(Duration::from_millis(50))));
    let timers = Timers { block: Duration::from_millis(700), min_rate: 50_000_000, ..short_timers() };
    let mut session = Session::open(&server(&relay, timers)).await.unwrap();
    // More than the system holds for a peer that does not read.
    let line = format!("{}\r\n", "a".repeat(98));
    let message = [b"Subject: a\r\n\r\n".as_slice(), line.repeat(99_000).as_bytes()].concat();
    session.begin(&envelope(), &message).await.unwrap();
    let began = Instant::now();
    let failure = session.finish(&message).await.unwrap_err();
    assert_eq!((failure.stage, failure.cause), (Stage::Dot, Cause::Timeout));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(!session.is_usable());
}
