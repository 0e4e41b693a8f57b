//! A "no" said while an edition goes out: after the 200 no message whose body begins more than a second later.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kiosque::app::App;
use kiosque::db::{Db, Purpose};
use kiosque::delivery::Settings;
use kiosque::subscribers::{SubscriptionId, UnsubscribeToken};
use kiosque::web;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at};

/// How many messages before the reader's turn the "no" comes; below zero: after it.
const AHEAD: [i64; 10] = [0, 1, 3, 8, 20, 50, 120, 300, -2, -10];

/// One in ten leaves, near his turn, by eight at a time. Gives how many of those who left got a message all the same.
#[expect(clippy::print_stderr, reason = "the figures of a soak")]
async fn one_in_ten_leaves(db: &Db, readers: i64) -> usize {
    let post = Post::to_readers(db, readers).await;
    let app =
        App::build((*post.room.desk.config).clone(), db.clone(), post.room.clock.clone()).await.unwrap();
    let router = web::router(&app);
    let first = post.room.number("SELECT min(id) FROM subscriptions").await;
    let pump = post.pump_with(vec![relay_at(&post.relay, 8)], Settings::default());
    let said: Mutex<HashMap<String, Instant>> = Mutex::default();
    let (stop, stopped) = watch::channel(false);

    let leave = async |reader: i64| {
        let subscription = SubscriptionId(first + reader - 1);
        let token = UnsubscribeToken::write(post.keys.current(Purpose::Token), subscription);
        let (kind, body) = match reader % 20 {
            5 => ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click".to_owned()),
            _ => (
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
                    .to_owned(),
            ),
        };
        let request = Request::post(format!("/u/{token}")).header(header::CONTENT_TYPE, kind);
        let answer = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        said.lock().unwrap().insert(format!("lecteur{reader}@exemple.tg"), Instant::now());
    };
    let sent = || i64::try_from(post.relay.record(|record| record.taken.len())).unwrap();
    let one_of_eight = async |number: i64| {
        for leaver in (0..readers / 10).filter(|leaver| leaver % 8 == number) {
            let reader = leaver * 10 + 5;
            let ahead = AHEAD[usize::try_from(leaver).unwrap() % AHEAD.len()];
            let began = Instant::now();
            // Whoever left before takes no turn: the last ones would wait for ever.
            while sent() + leaver < reader - ahead && sent() + leaver + 20 < readers {
                assert!(began.elapsed() < Duration::from_secs(120), "the run stands still");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            leave(reader).await;
        }
    };
    let everybody = async {
        tokio::join!(
            one_of_eight(0),
            one_of_eight(1),
            one_of_eight(2),
            one_of_eight(3),
            one_of_eight(4),
            one_of_eight(5),
            one_of_eight(6),
            one_of_eight(7)
        );
        let began = Instant::now();
        loop {
            let states = post.states().await;
            if ["pending", "claimed", "in_doubt"].iter().all(|state| !states.contains_key(state)) {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{states:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.send(true).unwrap();
    };
    let (ran, ()) = tokio::join!(pump.run(stopped), everybody);
    ran.unwrap();

    let said = said.into_inner().unwrap();
    assert_eq!(said.len(), usize::try_from(readers / 10).unwrap());
    let taken = post.relay.taken();
    let (mut before, mut within) = (0, Duration::ZERO);
    for mail in &taken {
        let Some(no) = said.get(&mail.to[0]) else { continue };
        let late = mail.begun.saturating_duration_since(*no);
        assert!(late <= Duration::from_secs(1), "{} was begun {late:?} after the 200", mail.to[0]);
        before += 1;
        within = within.max(late);
    }
    let refused = said.len() - before;
    let left = said.len();
    eprintln!(
        "Counted: {readers} readers, {left} left, {refused} got nothing, the latest body {within:?} after a 200"
    );
    assert_eq!(taken.len() + refused, usize::try_from(readers).unwrap(), "everybody else got his");
    assert!(refused > said.len() / 4, "the test must bite: {refused} of {} came in time", said.len());
    let balance = post.balance().await;
    assert_eq!(balance.missing(), 0, "{balance:?}");
    before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_during_a_run_gets_nothing_that_begins_a_second_later() {
    each_engine(async |db| {
        one_in_ten_leaves(&db, 600).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "5,000 messages on each engine"]
async fn soak_one_in_ten_leaves_during_a_run_of_5000() {
    each_engine(async |db| {
        one_in_ten_leaves(&db, 5_000).await;
    })
    .await;
}
