//! Around the form: what is removed, who is welcomed, what no input brings down, what no log tells.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::db::Purpose;
use kiosque::delivery::{self, drop_unconfirmed};
use kiosque::mail::Address;
use kiosque::subscribers::{self, Asking, Confirmed, Reason, UnsubscribeToken};
use kiosque::{fetch_one, statements};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::form::Stage;
use crate::support::database::each_engine;
use crate::support::post::Post;

statements! {
    READERS_LEFT = "SELECT (SELECT COUNT(*) FROM subscribers), (SELECT COUNT(*) FROM subscriptions),
        (SELECT COUNT(*) FROM confirmations), (SELECT COUNT(*) FROM consent_events),
        (SELECT COUNT(*) FROM deliveries WHERE kind = 'confirmation'),
        (SELECT COUNT(*) FROM suppressions WHERE lifted_at IS NULL)";
}

#[tokio::test]
async fn what_nobody_confirmed_is_gone_after_a_time_and_what_was_confirmed_stays() {
    each_engine(async |db| {
        let stage = Stage::open(db.clone()).await;
        stage.confirmed("confirmed@exemple.tg").await;
        stage.ask("ignored@exemple.tg").await;
        stage.ask("refused@exemple.tg").await;
        let (link, _) = stage.link("refused@exemple.tg").await;
        assert_eq!(stage.post(&link, "choice=refuse", None).await.status, StatusCode::OK);
        assert!(!stage.mails().await.is_empty());
        stage.app.clock.advance(2 * DAY);
        // The confirmed reader is asked for again, and does not answer.
        stage.ask("confirmed@exemple.tg").await;
        let left = async || -> (i64, i64, i64, i64, i64, i64) { fetch_one!(&db, READERS_LEFT).unwrap() };
        let purge = async || {
            let before = stage.app.clock.now().plus(-30 * DAY);
            while drop_unconfirmed(&db, before).await.unwrap() > 0 {}
        };
        let before = left().await;
        assert_eq!((before.0, before.1, before.2, before.5), (3, 3, 4, 1));
        purge().await;
        assert_eq!(left().await, before, "too young");
        stage.app.clock.advance(29 * DAY);
        purge().await;
        let after = left().await;
        assert_eq!((after.0, after.1, after.5), (1, 1, 1), "the suppression stays, by its hash");
        assert_eq!(stage.reader("confirmed@exemple.tg").await.events.len(), 3, "asked, confirmed, asked");
        stage.app.clock.advance(2 * DAY);
        purge().await;
        assert_eq!(left().await.2, 1, "the link that was used is kept");
        // Three mails were not answered long ago: the address may be asked for again.
        for _ in 0..2 {
            assert_eq!(stage.ask("ignored@exemple.tg").await.status, StatusCode::OK);
        }
        assert!(stage.link("ignored@exemple.tg").await.0.starts_with("/confirmer/"));
    })
    .await;
}

#[tokio::test]
async fn who_confirms_is_welcomed_with_the_latest_edition_once() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 2, "welcome = true").await;
        let now = post.room.now();
        let address = Address::parse("nouvelle@exemple.tg").unwrap();
        let mut tx = db.begin_durable().await.unwrap();
        let newsletter = subscribers::find_newsletter(&mut tx, "matinale").await.unwrap().unwrap();
        let wanted = [newsletter.into()];
        let asking = Asking { address: &address, first_name: None, wanted: &wanted, origin: "a test" };
        let due = subscribers::ask(&mut tx, &post.keys, &asking, now).await.unwrap().confirmation.unwrap();
        tx.commit().await.unwrap();
        let token = subscribers::confirmation_token(&post.keys, due.key, due.id, due.created_at).unwrap();
        let confirmed = subscribers::confirm(&db, &token, None, "page", now).await.unwrap();
        let Confirmed::Done(newsletters, _) = confirmed else { panic!() };
        let welcome = async || delivery::welcome(&post.room.desk, &post.keys, &token, &newsletters, now).await.unwrap();
        assert!(welcome().await);
        assert!(!welcome().await, "pressing twice is as pressing once");
        let rows = "SELECT count(*) FROM deliveries WHERE address = 'nouvelle@exemple.tg' AND kind = 'edition' AND resend";
        assert_eq!(post.room.number(rows).await, 1);
        assert_eq!(post.balance().await.missing(), 0, "it stands apart from the edition's own");
        post.drain(&post.pump()).await;
        assert_eq!(post.room.number(&format!("{rows} AND state = 'sent'")).await, 1);
    })
    .await;
}

/// Anything, and things that look like an asking.
fn bodies() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(String::new()),
        Just("ama@exemple.tg".to_owned()),
        Just("matinale".to_owned()),
        Just("a@b.tg\r\nBcc: c@d.tg".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    let anything = leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    });
    let letters = prop::collection::btree_map(
        prop_oneof![Just("matinale".to_owned()), Just("soir".to_owned()), any::<String>()],
        prop::collection::vec(prop_oneof![Just("politique".to_owned()), any::<String>()], 0..4),
        0..4,
    );
    let asking = (text.clone(), text.clone(), letters, text.clone(), text, any::<bool>()).prop_map(
        |(address, first_name, newsletters, form, site, shown)| {
            let form = if shown { "SHOWN".to_owned() } else { form };
            json!({"address": address, "first_name": first_name, "newsletters": newsletters, "form": form, "site": site})
        },
    );
    prop_oneof![1 => anything, 3 => asking]
}

#[tokio::test]
async fn no_json_brings_an_endpoint_down_and_what_is_refused_leaves_no_trace() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let mut runner = TestRunner::new_with_rng(
            Config::default(),
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let bodies = bodies();
        for round in 0..120 {
            let body = bodies.new_tree(&mut runner).unwrap().current();
            let text = body.to_string().replace("\"SHOWN\"", &format!("\"{}\"", stage.shown(MINUTE)));
            let sent = match round % 10 {
                0 => text.as_bytes()[..text.len() / 2].to_vec(),
                _ => text.clone().into_bytes(),
            };
            let before = stage.asked().await;
            let post = |path: &str, token: &str| {
                Request::post(path)
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::AUTHORIZATION, token)
                    .body(Body::from(sent.clone()))
                    .unwrap()
            };
            let answer = stage.send(post("/api/lettres", ""), None).await;
            let status = answer.status.as_u16();
            assert!([200, 400, 422].contains(&status), "{status} to {text}");
            assert!(answer.json().is_object(), "{}", answer.body);
            assert!(!answer.body.contains("ama@exemple.tg"), "{}", answer.body);
            if status != 200 {
                assert_eq!(stage.asked().await, before, "{text}");
            }
            let answer = stage.send(post("/api/articles", "Bearer sesame"), None).await;
            let status = answer.status.as_u16();
            assert!([200, 201, 400, 422].contains(&status), "{status} to {text}");
            assert!(answer.json().is_object(), "{}", answer.body);
            let stranger = stage.send(post("/api/articles", "Bearer other"), None).await;
            assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        }
    })
    .await;
}

/// What is logged, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_holds_an_address_a_name_or_a_token() {
    each_engine(async |db| {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let stage = Stage::open(db).await;
        let mut secrets = Vec::new();
        for n in 0..20 {
            let name = format!("lectrice{n}");
            let address = format!("{name}@exemple.tg");
            let form = stage.form(&address, "&first_name=Akossiwa&rubric=matinale%2Fsport");
            stage.post("/lettres", &form, Some("192.0.2.77")).await;
            if n >= 3 {
                secrets.push(name);
                continue;
            }
            let (link, subscription) = stage.link(&address).await;
            stage.get(&link).await;
            stage
                .post(&link, if n == 0 { "choice=refuse" } else { "choice=confirm" }, Some("192.0.2.77"))
                .await;
            let leaving = UnsubscribeToken::write(stage.app.keys.current(Purpose::Token), subscription);
            stage.get(&format!("/u/{leaving}")).await;
            stage.post(&format!("/u/{leaving}"), "scope=all", None).await;
            secrets.extend([name, link.trim_start_matches("/confirmer/").to_owned(), leaving]);
        }
        stage.suppress("plainte@exemple.tg", Reason::Complaint).await;
        stage.ask("plainte@exemple.tg").await;
        stage.mails().await;
        stage.app.clock.advance(HOUR);
        // What fails is logged with its causes, on a store that is gone too.
        stage.app.db.clone().close().await;
        let failed = stage.ask("lectrice-sans-base@exemple.tg").await;
        assert!(failed.status.is_server_error(), "{}", failed.status);
        secrets.extend(
            ["plainte@", "lectrice-sans-base", "Akossiwa", "192.0.2", "203.0.113"].map(str::to_owned),
        );
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("ERROR") && log.contains("a reader confirmed"), "it does log");
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(&secret));
            assert!(line.is_none(), "{secret}: {line:?}");
        }
    })
    .await;
}
