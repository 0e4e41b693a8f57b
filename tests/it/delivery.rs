//! Deliveries from fan-out to the relay's reply, on both engines: who is mailed, who is not, and who may send.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kiosque::clock::{HOUR, MINUTE};
use kiosque::db::{Db, Purpose};
use kiosque::delivery::{self, DeliveryId, Relay, Settings, return_path};
use kiosque::mail::Address;
use kiosque::newsletters::edition;
use kiosque::subscribers::{AddressHash, Reason, UnsubscribeToken, suppress};

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at};
use crate::support::smtp::{Act, Rule, Step};

fn all(state: &'static str, rows: i64) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([(state, rows)])
}

#[tokio::test]
async fn every_reader_gets_one_copy_with_a_link_and_a_return_path_of_his_own() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 25).await;
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, all("sent", 25));
        post.assert_promises().await;
        let (mut links, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for copy in post.relay.taken() {
            assert_eq!(copy.header("To").as_deref(), Some(copy.to[0].as_str()));
            let link = copy.header("List-Unsubscribe").unwrap();
            let token = link.strip_prefix("<https://lettres.test.tg/u/").unwrap().trim_end_matches('>');
            links.insert(UnsubscribeToken::read(&post.keys, token).unwrap().subscription);
            let text = String::from_utf8(copy.message.clone()).unwrap();
            assert!(text.matches(token).count() >= 3, "header, text and HTML");
            let path = Address::parse(&copy.from).unwrap();
            let (base, tag) = path.local_part().split_once('+').unwrap();
            assert_eq!(base, "retours");
            paths.insert(return_path::read(&post.keys, tag).unwrap());
        }
        assert_eq!((links.len(), paths.len()), (25, 25));
        assert_eq!(post.value("reply_code", "lecteur7@exemple.tg").await, "250");
        assert_eq!(post.value("reply_text", "lecteur7@exemple.tg").await, "2.0.0 queued as 42");
    })
    .await;
}

#[tokio::test]
async fn who_left_is_suppressed_or_was_recalled_is_not_mailed() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 6).await;
        let left = "UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 1";
        post.room.sql(left).await;
        let address = Address::parse("lecteur2@exemple.tg").unwrap();
        let hash = AddressHash::of(&post.keys, &address);
        let bytes: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let blob = match db {
            Db::Sqlite { .. } => format!("x'{bytes}'"),
            Db::Postgres(_) => format!("'\\x{bytes}'::bytea"),
        };
        post.room
            .sql(&format!("UPDATE deliveries SET address_hash = {blob} WHERE address = '{address}'"))
            .await;
        let mut tx = db.begin_durable().await.unwrap();
        suppress(&mut tx, hash, address.domain(), Reason::Operator, None, post.room.now()).await.unwrap();
        tx.commit().await.unwrap();
        let held = DeliveryId(post.value("id", "lecteur3@exemple.tg").await.parse().unwrap());
        assert!(delivery::operate::hold(&db, held, "looking into it").await.unwrap());

        post.drain(&post.pump()).await;
        let balance = post.balance().await;
        assert_eq!((balance.sent, balance.cancelled, balance.pending, balance.held), (3, 2, 1, 1));
        assert_eq!(post.value("reason", "lecteur1@exemple.tg").await, "the reader has left");
        assert_eq!(post.value("reason", "lecteur2@exemple.tg").await, "the address must not be mailed");
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn a_stopped_edition_stands_still_and_goes_on_when_resumed() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 8).await;
        post.relay.rule(Rule::at(Step::Dot, Act::Drop).but_takes().times(1).to("lecteur5@exemple.tg"));
        let slow = Settings { batch: 5, ..Settings::default() };
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], slow);
        assert_eq!(pump.step().await.unwrap(), 5);
        edition::stop(&db, post.edition, post.room.now()).await.unwrap();
        post.room.clock.advance(HOUR);
        post.drain(&pump).await;
        let balance = post.balance().await;
        assert_eq!((balance.sent, balance.in_doubt, balance.pending, balance.held), (4, 1, 3, 4));
        assert_eq!(post.relay.taken().len(), 5);
        edition::resume(&db, post.edition).await.unwrap();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 8));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn a_no_that_comes_while_the_relay_hesitates_still_holds() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 1).await;
        // Twice 350 ms until the relay is ready for the message: longer than leave to begin it holds.
        post.relay.slow_commands(Duration::from_millis(350));
        let pump = post.pump();
        let (step, ()) = tokio::join!(pump.step(), async {
            while post.states().await != all("in_doubt", 1) {
                tokio::task::yield_now().await;
            }
            post.room.sql("UPDATE subscriptions SET state = 'left', left_at = 1").await;
        });
        assert_eq!(step.unwrap(), 1);
        assert_eq!(post.states().await, all("cancelled", 1));
        assert_eq!(post.relay.taken(), []);
    })
    .await;
}

#[tokio::test]
async fn a_poisoned_row_fails_alone() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 5).await;
        for (address, change) in [
            ("lecteur1@exemple.tg", "address = 'not an address'"),
            ("lecteur2@exemple.tg", "message_id = 'a@b' || chr(13) || 'Bcc: c@d.tg'"),
        ] {
            let change = match db {
                Db::Sqlite { .. } => change.replace("chr(", "char("),
                Db::Postgres(_) => change.to_owned(),
            };
            post.room.sql(&format!("UPDATE deliveries SET {change} WHERE address = '{address}'")).await;
        }
        post.room
            .sql(
                "INSERT INTO variants (edition_id, seen_hash, layout, subject, envelope_from, message, html_bytes, created_at)
                 SELECT edition_id, (SELECT address_hash FROM deliveries ORDER BY id LIMIT 1), layout, subject, envelope_from, seen_hash, 0, 0
                 FROM variants",
            )
            .await;
        post.room
            .sql(
                "UPDATE deliveries SET variant_id = (SELECT max(id) FROM variants)
                 WHERE address = 'lecteur3@exemple.tg'",
            )
            .await;
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, BTreeMap::from([("failed", 3), ("sent", 2)]));
        let reason = post.value("reason", "lecteur3@exemple.tg").await;
        assert!(reason.starts_with("it cannot be made"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn nothing_leaves_before_every_reader_has_a_row() {
    each_engine(async |db| {
        let post = Post::before_fan_out(&db, 10, "").await;
        post.room.sql("INSERT INTO choices (categories) VALUES ('9')").await;
        let pump = post.pump();
        assert_eq!(pump.step().await.unwrap(), 0);
        assert_eq!(post.balance().await.eligible, Some(10));
        delivery::fan_out(&post.room.desk, &post.room.clock).await.unwrap();
        // As if the fan-out had been killed before its end: rows are there, but not known to be all.
        post.room.sql("UPDATE editions SET fanned_out_at = NULL, fan_out_cursor = 4").await;
        assert_eq!(pump.step().await.unwrap(), 0);
        let again = delivery::fan_out(&post.room.desk, &post.room.clock).await.unwrap();
        assert_eq!(again, [(post.edition, 0)], "every reader had his row");
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 10));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn the_readers_are_those_of_the_release() {
    each_engine(async |db| {
        let post = Post::before_fan_out(&db, 4, "").await;
        post.room.clock.advance(1);
        let now = post.room.now().millis();
        // Left after the release: eligible, and told no at the last moment.
        post.room
            .sql(&format!("UPDATE subscriptions SET state = 'left', left_at = {now} WHERE subscriber_id = 2"))
            .await;
        // Came after it: has no part in this edition.
        post.room.readers(5, 3, "all").await;
        delivery::fan_out(&post.room.desk, &post.room.clock).await.unwrap();
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, BTreeMap::from([("cancelled", 1), ("sent", 3)]));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn a_row_that_was_taken_from_a_slow_node_is_not_begun_by_it() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 1).await;
        post.relay.slow_commands(Duration::from_millis(200));
        let pump = post.pump();
        let (step, ()) = tokio::join!(pump.step(), async {
            while post.states().await != all("in_doubt", 1) {
                tokio::task::yield_now().await;
            }
            // Another node: its lease had passed.
            post.room.sql("UPDATE deliveries SET owner = 'another', epoch = epoch + 1").await;
        });
        step.unwrap();
        assert_eq!(post.value("owner", "lecteur1@exemple.tg").await, "another");
        assert_eq!(
            post.value("state", "lecteur1@exemple.tg").await,
            "in_doubt",
            "its result is not ours to write"
        );
    })
    .await;
}

#[tokio::test]
async fn claims_of_a_run_that_ended_return_at_once_on_sqlite_and_after_their_lease_on_postgresql() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 4).await;
        let lease = post.room.now().plus(20 * MINUTE).millis();
        post.room
            .sql(&format!(
                "UPDATE deliveries SET state = 'claimed', owner = 'gone', epoch = 1, lease_until = {lease},
                 token_key_id = {}",
                post.keys.current(Purpose::Token).id
            ))
            .await;
        let pump = post.pump();
        let at_once = matches!(db, Db::Sqlite { .. });
        assert_eq!(pump.step().await.unwrap(), if at_once { 4 } else { 0 });
        post.room.clock.advance(20 * MINUTE);
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 4));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn claims_of_a_node_that_gives_no_sign_of_life_return_before_their_lease() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 4).await;
        let now = post.room.now();
        for (node, seen) in [("alive", now), ("dead", now.plus(-3 * MINUTE))] {
            let seen = seen.millis();
            post.room
                .sql(&format!(
                    "INSERT INTO nodes (id, started_at, seen_at, declarations) VALUES ('{node}', 0, {seen}, '')"
                ))
                .await;
        }
        let lease = now.plus(20 * MINUTE).millis();
        let claim = |node, rows| {
            format!(
                "UPDATE deliveries SET state = 'claimed', owner = '{node}', epoch = 1, lease_until = {lease}
                 WHERE subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id IN ({rows}))"
            )
        };
        post.room.sql(&claim("alive", "1")).await;
        post.room.sql(&claim("dead", "2, 3")).await;
        let pump = post.pump();
        // On SQLite the pump's lock tells more: nobody else can be sending.
        let all_returned = matches!(db, Db::Sqlite { .. });
        assert_eq!(pump.step().await.unwrap(), if all_returned { 4 } else { 3 });
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn an_operator_tries_a_failed_delivery_again_and_it_is_the_same_message() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 2).await;
        post.relay.rule(
            Rule::at(Step::Dot, Act::Reply("554 5.6.0 odd")).times(1).but_takes().to("lecteur1@exemple.tg"),
        );
        let pump = post.pump();
        post.drain(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("failed", 1), ("sent", 1)]));
        let id = |text: String| DeliveryId(text.parse().unwrap());
        let failed = id(post.value("id", "lecteur1@exemple.tg").await);
        let sent = id(post.value("id", "lecteur2@exemple.tg").await);
        let (now, later) = (post.room.now(), post.room.now().plus(HOUR));
        assert!(delivery::operate::retry(&db, failed, now, later).await.unwrap());
        assert!(!delivery::operate::retry(&db, sent, now, later).await.unwrap(), "it was sent");
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 2));
        assert_eq!(post.relay.taken().len(), 3);
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn two_pumps_share_the_work_on_postgresql_and_take_turns_on_sqlite() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        let settings = || Settings { batch: 7, ..Settings::default() };
        let one = post.pump_with(vec![relay_at(&post.relay, 2)], settings());
        let two = post.pump_with(vec![relay_at(&post.relay, 2)], settings());
        for _ in 0..60 {
            let (a, b) = tokio::join!(one.step(), two.step());
            match db {
                Db::Sqlite { .. } => assert!(a.is_err() != b.is_err(), "one of them has the lock"),
                Db::Postgres(_) => drop((a.unwrap(), b.unwrap())),
            }
        }
        assert_eq!(post.states().await, all("sent", 60));
        assert_eq!(post.relay.taken().len(), 60);
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn a_maildir_gets_one_file_a_message_and_a_resend_replaces_it() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 12).await;
        let folder = tempfile::tempdir().unwrap();
        let pump = post.pump_with(vec![Relay::maildir(folder.path()).unwrap()], Settings::default());
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 12));
        let files = || std::fs::read_dir(folder.path().join("new")).unwrap().count();
        assert_eq!(files(), 12);
        post.room
            .sql(
                "UPDATE deliveries SET state = 'in_doubt', owner = NULL, lease_until = 0, finished_at = NULL",
            )
            .await;
        post.drain(&pump).await;
        assert_eq!((post.states().await, files()), (all("sent", 12), 12));
    })
    .await;
}
