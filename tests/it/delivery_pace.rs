//! How fast mail goes, and to whom first: a narrow relay is learned, a slow host holds up nobody, quotas wait.

use std::collections::BTreeMap;
use std::time::Duration;

use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::delivery::{Relay, Settings, Way};

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at, relay_to};
use crate::support::smtp::{Act, Rule, SmtpServer, Step};
use crate::support::throttle::{NARROW, Throttle};

fn all(state: &'static str, rows: i64) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([(state, rows)])
}

/// T8 of the fault plan.
#[tokio::test]
async fn a_narrow_relay_is_learned_and_then_never_asked_for_more() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        let relay = Throttle::start(NARROW, post.room.clock.clone()).await;
        let pump = post.pump_with(vec![relay_to(relay.address, 4)], Settings::default());
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 60));
        let first = relay.look();
        assert_eq!(
            (first.taken.len(), first.greylisted),
            (60, 0),
            "nobody came back too soon, or as another sender"
        );
        let again = "UPDATE deliveries SET state = 'pending', finished_at = NULL, message_hash = NULL";
        // A host that is new gets one message at a time: how many connections the relay takes shows at the second edition.
        for learning in [true, false] {
            post.room.sql(again).await;
            // The second before does not count for the next edition.
            relay.forget_the_second();
            relay.look();
            post.run_out(&pump).await;
            if learning {
                let asked = relay.look();
                assert!(asked.connections <= 6 && asked.messages <= 4, "{asked:?}");
            }
        }
        let learned = relay.look();
        assert_eq!((learned.connections, learned.messages, learned.rate), (0, 0, 0), "{learned:?}");
        assert_eq!((learned.greylisted, learned.taken.len()), (0, 60));
    })
    .await;
}

/// T9 of the fault plan: of eight places a host that is slow holds one, so the others take 8/7 of their time at most.
#[tokio::test]
async fn a_slow_host_holds_one_place_and_the_others_do_not_wait_for_it() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 106).await;
        // The slow ones stand first in the queue.
        let slow: Vec<_> = (1..=6).map(|n| format!("lecteur{n}@exemple.tg")).collect();
        post.room
            .sql("UPDATE deliveries SET recipient_group = CASE WHEN id <= 6 THEN 'piege' ELSE 'sain' END")
            .await;
        let tarpit = Duration::from_millis(600);
        for address in &slow {
            post.relay.rule(Rule::at(Step::Dot, Act::Slow(tarpit)).to(address));
        }
        let settings = Settings { slow_after: Duration::from_millis(100), ..Settings::default() };
        let mut relay = relay_at(&post.relay, 8);
        if let Way::Smtp(server) = &mut relay.way {
            server.timers.dot = Duration::from_secs(5);
        }
        let pump = post.pump_with(vec![relay], settings);
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 106));
        let taken = post.relay.taken();
        let is_slow = |to: &[String]| slow.contains(&to[0]);
        let last = taken.iter().rposition(|mail| !is_slow(&mail.to)).unwrap();
        let before = taken[..last].iter().filter(|mail| is_slow(&mail.to)).count();
        let healthy = taken[last].begun.duration_since(taken[0].begun);
        // One after another: as many as fit, one at a time, whatever a busy machine makes of the times.
        let one_at_a_time = healthy.as_millis() / tarpit.as_millis() + 1;
        assert!(u128::try_from(before).unwrap() <= one_at_a_time, "{before} slow ones in {healthy:?}");
        let slow_ones = taken[..last].iter().filter(|mail| is_slow(&mail.to));
        let mut begun: Vec<_> = slow_ones.map(|mail| mail.begun).collect();
        begun.sort();
        for pair in begun.windows(2) {
            assert!(pair[1].duration_since(pair[0]) >= tarpit, "two slow ones were under way at a time");
        }
    })
    .await;
}

#[tokio::test]
async fn a_quota_waits_for_the_next_day_and_the_next_relay_takes_the_rest() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 20, "expire_after = \"3d\"").await;
        let with_quota = || Relay { quota: Some(8), ..relay_at(&post.relay, 1) };
        let pump = post.pump_with(vec![with_quota()], Settings { batch: 4, ..Settings::default() });
        post.drain(&pump).await;
        let first_day = post.balance().await.sent;
        assert!((8..=10).contains(&first_day), "{first_day}: its quota, and what was under way");
        // Another node knows what this one has sent.
        let other = post.pump_with(vec![with_quota()], Settings::default());
        assert_eq!(other.step().await.unwrap(), 0);
        post.room.clock.advance(DAY);
        post.drain(&pump).await;
        assert!(post.balance().await.sent >= first_day + 8);

        let second = SmtpServer::start().await;
        let both = post.pump_with(vec![with_quota(), relay_at(&second, 1)], Settings::default());
        post.drain(&both).await;
        assert_eq!(post.states().await, all("sent", 20));
        assert!(!second.taken().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_says_its_quota_is_spent_burns_nobodys_attempts() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 6).await;
        post.relay
            .rule(Rule::at(Step::Mail, Act::Reply("454 Throttling failure: Daily message quota exceeded.")));
        let pump = post.pump();
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("pending", 6));
        assert_eq!(post.room.number("SELECT max(attempts) FROM deliveries").await, 0);
        assert_eq!(pump.step().await.unwrap(), 0, "it is looked at again in an hour");
        post.relay.clear_rules();
        post.room.clock.advance(HOUR);
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 6));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn an_edition_is_spread_over_its_window_and_every_row_knows_its_group() {
    each_engine(async |db| {
        let post = Post::before_fan_out(&db, 200, "spread = \"20m\"").await;
        post.room
            .sql("UPDATE subscribers SET address = 'lecteur' || id || '@wanadoo.fr' WHERE id <= 50")
            .await;
        post.room
            .sql("UPDATE subscribers SET address = 'lecteur' || id || '@journal.tg' WHERE id > 190")
            .await;
        kiosque::delivery::fan_out(&post.room.desk, &post.room.clock).await.unwrap();
        let groups = |group| format!("SELECT count(*) FROM deliveries WHERE recipient_group = '{group}'");
        assert_eq!(post.room.number(&groups("orange")).await, 50);
        assert_eq!(post.room.number(&groups("exemple.tg")).await, 140);
        assert_eq!(post.room.number(&groups("journal.tg")).await, 10);
        let released = post.room.now().millis();
        for minute in 0..20 {
            let (from, to) = (released + minute * MINUTE, released + (minute + 1) * MINUTE);
            let due = format!("SELECT count(*) FROM deliveries WHERE due_at >= {from} AND due_at < {to}");
            let rows = post.room.number(&due).await;
            assert!((4..=18).contains(&rows), "{rows} of 200 in minute {minute} of 20");
        }
        post.drain(&post.pump()).await;
        let early = post.balance().await.sent;
        assert!(early < 20, "{early} at once");
        post.room.clock.advance(20 * MINUTE);
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, all("sent", 200));
    })
    .await;
}
