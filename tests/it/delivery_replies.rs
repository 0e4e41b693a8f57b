//! What refusals lead to: who is suppressed, who is left alone, and when an edition is paused.

use std::collections::BTreeMap;

use kiosque::alerts;
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::db::Db;
use kiosque::delivery::{Pump, Settings};
use kiosque::newsletters::edition;

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at};
use crate::support::smtp::{Act, Rule, Step};

fn all(state: &'static str, rows: i64) -> BTreeMap<&'static str, i64> {
    BTreeMap::from([(state, rows)])
}

fn reader(number: i64) -> String {
    format!("lecteur{number}@exemple.tg")
}

impl Post {
    async fn suppressed(&self) -> i64 {
        self.room.number("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL").await
    }

    async fn rests(&self, group: &str) -> i64 {
        let until =
            format!("SELECT coalesce(max(until), 0) FROM group_rests WHERE recipient_group = '{group}'");
        self.room.number(&until).await
    }

    async fn alarms(&self, db: &Db, kind: alerts::Kind) -> Vec<String> {
        alerts::open(db, kind).await.unwrap().into_iter().map(|alert| alert.subject).collect()
    }

    /// Everybody's domain is a group of its own.
    async fn many_hosts(&self) {
        self.room.sql("UPDATE deliveries SET recipient_group = address").await;
    }

    /// Another delivery to the first reader, which ended so many days ago.
    async fn earlier(&self, state: &str, class: &str, days: i64) {
        let at = self.room.now().plus(-days * DAY).millis();
        self.room
            .sql(&format!(
                "INSERT INTO deliveries (kind, dedup_key, priority, resend, edition_id, subscription_id, variant_id, address,
                     address_hash, recipient_group, message_id, state, due_at, expires_at, created_at, finished_at, reply_class)
                 SELECT kind, 'earlier:{at}:{state}', priority, TRUE, edition_id, subscription_id, variant_id, address,
                     address_hash, recipient_group, 'earlier-{at}-{state}@test.tg', '{state}', {at}, {at}, {at}, {at},
                     NULLIF('{class}', '') FROM deliveries ORDER BY id LIMIT 1"
            ))
            .await;
    }
}

#[tokio::test]
async fn only_the_recipients_own_fault_counts_against_him() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 6).await;
        post.many_hosts().await;
        let replies = [
            "550 5.1.1 nobody here",
            "550 5.7.1 we do not like you",
            "552 5.2.2 mailbox full",
            "550 refused",
            "451 4.3.0 trouble",
        ];
        for (number, reply) in (1..).zip(replies) {
            post.relay.rule(Rule::at(Step::Rcpt, Act::Reply(reply)).to(&reader(number)));
        }
        post.drain(&post.pump()).await;
        let states: Vec<_> = [1, 2, 3, 4, 5, 6].map(reader).into();
        let mut found = Vec::new();
        for address in &states {
            found.push((post.value("state", address).await, post.value("reply_class", address).await));
        }
        let found: Vec<_> = found.iter().map(|(state, class)| (state.as_str(), class.as_str())).collect();
        assert_eq!(
            found,
            [
                ("failed", "hard"),
                ("pending", "sender"),
                ("pending", "mailbox_full"),
                ("failed", "probable_hard"),
                ("pending", "host"),
                ("sent", ""),
            ]
        );
        assert_eq!(post.suppressed().await, 1);
        let now = post.room.now().millis();
        let kept = format!(
            "SELECT count(*) FROM suppressions x JOIN deliveries d ON d.address_hash = x.address_hash
             WHERE d.address = 'lecteur1@exemple.tg' AND x.reply = '550 5.1.1 nobody here' AND x.at = {now}
               AND x.domain = 'exemple.tg' AND x.reason = 'hard_bounce'"
        );
        assert_eq!(post.room.number(&kept).await, 1, "with the relay's words and the time");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_seems_not_to_exist_is_suppressed_at_the_second_refusal_in_three_days() {
    for (days, suppressed) in [(2, 0), (3, 1)] {
        each_engine(async |db| {
            let post = Post::of_newsletter(&db, 1, "expire_after = \"9d\"").await;
            post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("550 refused")));
            let pump = post.pump();
            post.drain(&pump).await;
            assert_eq!((post.states().await, post.suppressed().await), (all("failed", 1), 0));
            // That refusal stays on its row; another delivery is refused some days later.
            post.earlier("failed", "probable_hard", 0).await;
            post.room
                .sql("UPDATE deliveries SET state = 'pending', finished_at = NULL WHERE NOT resend")
                .await;
            post.room.clock.advance(days * DAY);
            post.drain(&pump).await;
            assert_eq!(post.suppressed().await, suppressed, "{days} days later");
        })
        .await;
    }
}

#[tokio::test]
async fn a_full_mailbox_is_suppressed_after_five_editions_in_two_weeks_without_a_success() {
    for (earlier, success, suppressed) in
        [([15, 10, 6, 2], false, 1), ([13, 10, 6, 2], false, 0), ([15, 10, 6, 2], true, 0)]
    {
        each_engine(async |db| {
            let post = Post::of_newsletter(&db, 1, "expire_after = \"1h\"").await;
            for days in earlier {
                post.earlier("failed", "mailbox_full", days).await;
            }
            if success {
                post.earlier("sent", "", 4).await;
            }
            post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("452 4.2.2 full")));
            post.run_out(&post.pump()).await;
            assert_eq!(post.states().await, all("failed", 1));
            let reason =
                "SELECT count(*) FROM suppressions WHERE lifted_at IS NULL AND reason = 'soft_bounce'";
            assert_eq!(post.suppressed().await, suppressed, "{earlier:?} {success}");
            assert_eq!(post.room.number(reason).await, suppressed, "it says why");
        })
        .await;
    }
}

#[tokio::test]
async fn who_refuses_us_as_a_sender_stops_his_group_and_nobody_else() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 24).await;
        post.room
            .sql("UPDATE deliveries SET recipient_group = CASE WHEN id % 2 = 0 THEN 'orange' ELSE 'free' END")
            .await;
        let orange: Vec<_> = (1..=24).filter(|n| n % 2 == 0).map(reader).collect();
        for address in &orange {
            let refusal = Act::Reply("550 5.7.1 Service refuse. OFR_109 [109]");
            post.relay.rule(Rule::at(Step::Rcpt, refusal).to(address));
        }
        let pump = post.pump();
        post.drain(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("pending", 12), ("sent", 12)]));
        assert_eq!(post.suppressed().await, 0);
        let until = post.rests("orange").await;
        assert!(until >= post.room.now().plus(4 * HOUR).millis(), "as long as Orange is known to want");
        let asked =
            || post.relay.record(|record| record.clear.iter().filter(|l| l.starts_with("RCPT")).count());
        let before = asked();
        assert!(
            before <= 12 + 3,
            "{before} recipients were named, and the group stopped at the first refusal"
        );
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::GroupStopped).await, ["orange"]);

        // Another node leaves it alone, too.
        let other = post.pump();
        assert_eq!(other.step().await.unwrap(), 0);
        // When its time has come, one message tries how it is.
        let now = post.room.now().millis();
        post.room.clock.advance(until - now);
        post.drain(&pump).await;
        assert_eq!(asked(), before + 1);
        assert!(post.rests("orange").await > until);
        post.relay.clear_rules();
        post.room.clock.advance(4 * HOUR);
        post.drain(&pump).await;
        assert_eq!(post.states().await, all("sent", 24));
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::GroupStopped).await, Vec::<String>::new());
        assert_eq!(post.rests("orange").await, 0);
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn too_many_hard_refusals_of_a_group_are_its_hosts_trouble_and_what_they_did_is_undone() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 40, "expire_after = \"3d\"").await;
        for number in 1..=12 {
            post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("550 5.1.1 unknown user")).to(&reader(number)));
        }
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], Settings::default());
        post.drain(&pump).await;
        let balance = post.balance().await;
        assert_eq!((balance.failed, post.suppressed().await), (0, 0), "{balance:?}");
        assert_eq!(balance.sent + balance.pending, 40);
        assert!(post.rests("exemple.tg").await > post.room.now().millis());
        let lifted = post.room.number("SELECT count(*) FROM suppressions WHERE lifted_at IS NOT NULL").await;
        assert!(lifted >= 5, "{lifted} were suppressed before, and the record of it stays");
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::GroupStopped).await, ["exemple.tg"]);

        post.relay.clear_rules();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 40));
        post.assert_promises().await;
    })
    .await;
}

/// What an edition of 240 readers at as many hosts does when so many refuse in this way.
async fn paused_by(db: &Db, refusing: i64, reply: &'static str) -> (Post, Pump) {
    let post = Post::of_newsletter(db, 240, "expire_after = \"9d\"").await;
    post.many_hosts().await;
    for number in 1..=refusing {
        post.relay.rule(Rule::at(Step::Rcpt, Act::Reply(reply)).to(&reader(number)));
    }
    let pump = post.pump_with(vec![relay_at(&post.relay, 2)], Settings { batch: 60, ..Settings::default() });
    post.drain(&pump).await;
    (post, pump)
}

#[tokio::test]
async fn an_edition_pauses_when_more_than_a_twentieth_of_its_first_addresses_do_not_exist() {
    each_engine(async |db| {
        let (post, pump) = paused_by(&db, 14, "550 5.1.1 unknown user").await;
        let balance = post.balance().await;
        assert!(balance.failed >= 11 && balance.sent < 200 && balance.held > 0, "{balance:?}");
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::EditionPaused).await, [post.edition.to_string()]);
        // An operator has looked: it is not paused for the same again.
        edition::resume(&db, post.edition).await.unwrap();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, BTreeMap::from([("failed", 14), ("sent", 226)]));
        assert_eq!(post.suppressed().await, 14);
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::EditionPaused).await, Vec::<String>::new());
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn an_edition_pauses_when_hosts_refuse_us_and_not_for_a_few_of_either() {
    each_engine(async |db| {
        let (post, _) = paused_by(&db, 6, "550 5.7.1 blocked").await;
        assert!(post.balance().await.held > 0, "more than 2 % of 200");
    })
    .await;
    each_engine(async |db| {
        let (post, _) = paused_by(&db, 4, "550 5.7.1 blocked").await;
        assert_eq!(post.balance().await.held, 0);
    })
    .await;
    each_engine(async |db| {
        let (post, _) = paused_by(&db, 10, "550 5.1.1 unknown user").await;
        assert_eq!(post.states().await, BTreeMap::from([("failed", 10), ("sent", 230)]));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_refused_stops_its_edition_and_nobody_loses_it() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        post.relay.rule(Rule::at(Step::Dot, Act::Reply("552 5.3.4 Message too big for system")));
        let pump = post.pump();
        post.drain(&pump).await;
        let balance = post.balance().await;
        assert_eq!((balance.failed, balance.pending, balance.held), (0, 60, 60), "{balance:?}");
        pump.step().await.unwrap();
        assert_eq!(post.alarms(&db, alerts::Kind::EditionPaused).await, [post.edition.to_string()]);
        assert_eq!(post.suppressed().await, 0);
        post.relay.clear_rules();
        edition::resume(&db, post.edition).await.unwrap();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 60));
        post.assert_promises().await;
    })
    .await;
}

#[tokio::test]
async fn a_poison_address_holds_up_nobody() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 30, "expire_after = \"3d\"").await;
        post.relay.rule(Rule::at(Step::Rcpt, Act::Drop).to(&reader(1)));
        post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("450 4.4.1 no answer from host")).to(&reader(2)));
        post.relay.rule(Rule::at(Step::Rcpt, Act::ReplyAndClose("421 4.3.0 oops")).to(&reader(3)));
        let pump = post.pump();
        for _ in 0..12 {
            post.drain(&pump).await;
            post.room.clock.advance(5 * MINUTE);
        }
        assert_eq!(post.balance().await.sent, 27, "within an hour");
        post.relay.clear_rules();
        post.run_out(&pump).await;
        assert_eq!(post.states().await, all("sent", 30));
    })
    .await;
}
