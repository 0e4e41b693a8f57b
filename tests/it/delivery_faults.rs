//! Every fault at every stage of the conversation (T1), a storm of lost answers (T2), and a "no" that comes while the
//! edition leaves (T12).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kiosque::app::App;
use kiosque::config::Security;
use kiosque::db::{Db, Purpose};
use kiosque::delivery::smtp::{Timers, TlsClient};
use kiosque::delivery::{Relay, Settings, Way};
use kiosque::subscribers::{SubscriptionId, UnsubscribeToken};
use kiosque::web;
use lettre::transport::smtp::authentication::Credentials;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::invariants::{Counted, Known, judge};
use crate::support::newsroom::config;
use crate::support::post::{DAILY, Post, relay_at, short_timers};
use crate::support::smtp::{Act, Kind, Rule, SmtpServer, Step, tls_acceptor, tls_authority};

const FAULTS: [Act; 8] = [
    Act::Reply("451 4.2.1 not now"),
    Act::Reply("550 5.1.1 nobody here"),
    Act::Drop,
    Act::Reset,
    Act::Hang,
    Act::Slow(Duration::from_millis(100)),
    Act::Reply("HELO? what is this"),
    // The last, for the relay is left alone after it.
    Act::ReplyAndClose("421 4.3.2 closing"),
];

/// What may stand on a row when its fault has happened once and nothing was tried again later: its state, and whether
/// the fault counted against the recipient. Before a recipient is named no fault ever does.
fn expected(step: Step, fault: Act) -> &'static [(&'static str, bool)] {
    match (step, fault) {
        (_, Act::Slow(_)) => &[("sent", false)],
        (Step::Rcpt | Step::Data | Step::Dot, Act::Reply(text)) if text.starts_with("451") => {
            &[("pending", true)]
        }
        (Step::Rcpt | Step::Data | Step::Dot, Act::Reply(text)) if text.starts_with("550") => {
            &[("failed", true)]
        }
        // After the dot a refusal is one, whatever comes with it.
        (Step::Dot, Act::ReplyAndClose(_)) => &[("pending", false)],
        (Step::Dot, _) => &[("in_doubt", false)],
        // Said in the middle of a message and gone: a refusal, if it was still heard.
        (Step::Body, Act::ReplyAndClose(_)) => &[("pending", false), ("in_doubt", false)],
        (Step::Body, _) => &[("in_doubt", false)],
        // Nothing was begun: on a connection that had served before it was tried again at once.
        _ => &[("sent", false), ("pending", false)],
    }
}

/// Silence shows after this: short enough for a test, long enough that a busy machine is not taken for a silent relay.
const SILENCE: Duration = Duration::from_secs(1);

/// The relay of a run: with TLS and a password where the stage needs them.
async fn open(db: &Db, step: Step) -> (Post, Relay) {
    let mut post = Post::of_newsletter(db, 20, "expire_after = \"9d\"").await;
    let protected = matches!(step, Step::StartTls | Step::Auth);
    if protected {
        let offers = vec!["PIPELINING", "STARTTLS", "AUTH PLAIN"];
        post.relay = SmtpServer::of_kind(Kind { offers, tls: Some(tls_acceptor()), ..Kind::default() }).await;
    }
    // One connection, so that what was meant for one reader is met by him.
    let mut relay = relay_at(&post.relay, 1);
    patient(&mut relay);
    if let (true, Way::Smtp(server)) = (protected, &mut relay.way) {
        server.security = Security::StartTls;
        server.tls = TlsClient::new(tls_authority()).unwrap();
        server.credentials = Some(Credentials::new("jean".to_owned(), "secret".to_owned()));
    }
    (post, relay)
}

fn patient(relay: &mut Relay) {
    if let Way::Smtp(server) = &mut relay.way {
        let each = SILENCE;
        server.timers =
            Timers { banner: each, command: each, data: each, block: each, dot: each, ..short_timers() };
    }
}

/// Each fault of a stage once, 20 recipients.
async fn every_fault_at(step: Step) {
    each_engine(async |db| {
        let (post, relay) = open(&db, step).await;
        let faults = FAULTS.into_iter().filter(|fault| {
            // A server answers at the end of a message, or hangs up.
            step != Step::Body || !matches!(fault, Act::Reply(_))
        });
        let mut of_reader = BTreeMap::new();
        for (number, fault) in faults.enumerate() {
            let rule = Rule::at(step, fault).times(1);
            post.relay.rule(match step {
                Step::Rcpt | Step::Data | Step::Body | Step::Dot => {
                    let reader = format!("lecteur{}@exemple.tg", number * 2 + 3);
                    of_reader.insert(reader.clone(), fault);
                    rule.to(&reader)
                }
                _ => rule,
            });
            if step == Step::Rset {
                // RSET follows a refused recipient.
                let reader = format!("lecteur{}@exemple.tg", number * 2 + 3);
                post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("451 4.2.1 not now")).times(1).to(&reader));
            }
        }
        let pump = post.pump_with(vec![relay], Settings::default());
        post.drain(&pump).await;
        for (reader, fault) in &of_reader {
            let (state, attempts) = (post.value("state", reader).await, post.value("attempts", reader).await);
            let found = (state.as_str(), attempts != "0");
            assert!(expected(step, *fault).contains(&found), "{step:?} {fault:?}: {found:?}");
        }
        if !matches!(step, Step::Rcpt | Step::Data | Step::Dot | Step::Rset) {
            let counted = post.room.number("SELECT count(*) FROM deliveries WHERE attempts > 0").await;
            assert_eq!(counted, 0, "{step:?}: no fault of the relay counts against a recipient");
        }
        post.run_out(&pump).await;
        let failed = if matches!(step, Step::Rcpt | Step::Data | Step::Dot) { 1 } else { 0 };
        let balance = post.balance().await;
        assert_eq!((balance.sent, balance.failed), (20 - failed, failed), "{step:?}: {balance:?}");
        assert_eq!(judge(&post, &Known::default()).await, Counted { second: 0, unexplained: 0 }, "{step:?}");
    })
    .await;
}

#[tokio::test]
async fn no_fault_before_mail_loses_a_reader_or_counts_against_one() {
    for step in [Step::Banner, Step::Ehlo, Step::StartTls, Step::Auth] {
        every_fault_at(step).await;
    }
}

#[tokio::test]
async fn no_fault_of_an_envelope_loses_a_reader_or_counts_against_another() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::Rset] {
        every_fault_at(step).await;
    }
}

#[tokio::test]
async fn no_fault_from_the_body_on_loses_a_reader_or_doubles_one_that_was_acknowledged() {
    for step in [Step::Body, Step::Dot, Step::Quit] {
        every_fault_at(step).await;
    }
}

/// After the dot, each for two readers in a hundred: the message taken or lost, the answer lost, wrong or late.
async fn storm(db: &Db, readers: i64) {
    let post = Post::of_newsletter(db, readers, "expire_after = \"9d\"").await;
    let faults = [
        (Act::Drop, true),
        (Act::Drop, false),
        (Act::Reset, true),
        (Act::Hang, true),
        (Act::Reply("451 4.3.0 but I have it"), true),
        (Act::ReplyAndReset("250 2.0.0 ok"), true),
    ];
    let mut taken_twice = 0;
    for reader in 1..=readers {
        let Some((act, taken)) = faults.get(usize::try_from(reader % 50).unwrap()) else { continue };
        let rule = Rule::at(Step::Dot, *act).times(1).to(&format!("lecteur{reader}@exemple.tg"));
        post.relay.rule(if *taken { rule.but_takes() } else { rule });
        taken_twice += usize::from(*taken && !matches!(act, Act::ReplyAndReset(_)));
    }
    let mut relay = relay_at(&post.relay, 8);
    patient(&mut relay);
    post.run_out(&post.pump_with(vec![relay], Settings::default())).await;
    assert_eq!(post.states().await, BTreeMap::from([("sent", readers)]));
    let counted = judge(&post, &Known::default()).await;
    assert!(counted.second >= taken_twice, "{counted:?} of {taken_twice}");
    assert_eq!(counted.unexplained, 0);
}

#[tokio::test]
async fn a_storm_of_lost_answers_doubles_only_whose_answer_was_lost() {
    each_engine(async |db| storm(&db, 500).await).await;
}

#[tokio::test]
#[ignore = "minutes: `make soak` runs it"]
async fn soak_a_storm_of_lost_answers_over_five_thousand_readers() {
    each_engine(async |db| storm(&db, 5_000).await).await;
}

/// One reader in ten says no by the link in his mail while the edition leaves, and waits for the answer.
async fn race(db: &Db, readers: i64) {
    let post = Post::to_readers(db, readers).await;
    post.relay.slow_dot(Duration::from_millis(12));
    // Leave to begin these was given long before their bodies may start.
    for reader in (1..=readers).step_by(40) {
        let slow = Rule::at(Step::Data, Act::Slow(Duration::from_millis(1_300))).times(1);
        post.relay.rule(slow.to(&format!("lecteur{reader}@exemple.tg")));
    }
    let app = App::build(config(DAILY), db.clone(), post.room.clock.clone()).await.unwrap();
    let router = web::router(&app);
    let mut relay = relay_at(&post.relay, 2);
    if let Way::Smtp(server) = &mut relay.way {
        server.timers = Timers::default();
    }
    let pump = post.pump_with(vec![relay], Settings::default());
    let (stop, stopped) = watch::channel(false);
    let leave = async |reader: i64| {
        let sql = format!("SELECT id FROM subscriptions WHERE subscriber_id = {reader}");
        let subscription = SubscriptionId(post.room.number(&sql).await);
        let token = UnsubscribeToken::write(app.keys.current(Purpose::Token), subscription);
        let request = Request::post(format!("/u/{token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"))
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        (format!("lecteur{reader}@exemple.tg"), Instant::now())
    };
    let (result, left) = tokio::join!(pump.run(stopped), async {
        let mut left = BTreeMap::new();
        // A few rows ahead of what the relay has taken, so that some are just on their way.
        for reader in (1..=readers).step_by(10) {
            let near = usize::try_from(reader - 10).unwrap_or(0);
            let mut naps = 0;
            while post.relay.record(|record| record.taken.len()) + left.len() < near {
                assert!(naps < 60_000, "{:?}", post.states().await);
                tokio::time::sleep(Duration::from_millis(1)).await;
                naps += 1;
            }
            left.extend([leave(reader).await]);
        }
        let mut naps = 0;
        while post.balance().await.sent + post.balance().await.cancelled < readers {
            assert!(naps < 3_000, "{:?}", post.states().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
            naps += 1;
        }
        stop.send(true).unwrap();
        left
    });
    result.unwrap();
    let cancelled = post.balance().await.cancelled;
    assert!(cancelled > readers / 50, "only {cancelled} were cancelled");
    let counted = judge(&post, &Known { left, ..Known::default() }).await;
    assert_eq!(counted, Counted { second: 0, unexplained: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_acknowledged_while_the_edition_leaves_holds_after_a_second() {
    each_engine(async |db| race(&db, 300).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak` runs it"]
async fn soak_a_no_among_five_thousand_holds_after_a_second() {
    each_engine(async |db| race(&db, 5_000).await).await;
}
