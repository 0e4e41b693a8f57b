//! How fast mail goes, and to whom first: a narrow relay is learned, a slow host holds up nobody, quotas wait.

use std::collections::BTreeMap;

use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::delivery::{Relay, Settings};

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at};
use crate::support::smtp::{Act, Rule, SmtpServer, Step};

fn all(state: &'static str, rows: i64) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([(state, rows)])
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
