//! Leases, the database's life, and sending held on an older copy of it.

use kiosque::alerts;
use kiosque::clock::{Clock, MINUTE, SECOND, Timestamp};
use kiosque::db::{NodeId, give_back_lease, leases, take_lease};
use kiosque::delivery::telling::bulletin;
use kiosque::delivery::unfinished;

use crate::support::database::each_engine;
use crate::support::post::Post;

#[tokio::test]
async fn a_lease_is_taken_by_one_renewed_and_taken_over_when_it_has_run_out_and_not_before() {
    each_engine(async |db| {
        let (first, second) = (NodeId::new(), NodeId::new());
        let clock = Clock::test(Timestamp::from_millis(1_000_000));
        let take = async |owner: &NodeId| {
            let now = clock.now();
            take_lease(&db, "cleanup", owner, now.plus(MINUTE), now).await.unwrap()
        };
        assert_eq!(take(&first).await, Some(1));
        assert_eq!(take(&second).await, None);
        clock.advance(MINUTE / 2);
        assert_eq!(take(&first).await, Some(1), "renewed");
        clock.advance(MINUTE - 1);
        assert_eq!(take(&second).await, None, "the renewed one holds");
        clock.advance(1);
        assert_eq!(take(&second).await, Some(2));
        assert_eq!(take(&first).await, None, "the first has lost it");
        // What the first gives back is not its own any more.
        give_back_lease(&db, "cleanup", &first, clock.now()).await.unwrap();
        assert_eq!(take(&first).await, None);
        give_back_lease(&db, "cleanup", &second, clock.now()).await.unwrap();
        assert_eq!(leases(&db).await.unwrap()[0].owner, None);
        assert_eq!(take(&first).await, Some(3));
    })
    .await;
}

#[tokio::test]
async fn of_many_who_reach_for_a_lease_at_once_one_gets_it() {
    each_engine(async |db| {
        let now = Timestamp::from_millis(1_000_000);
        let nodes: Vec<NodeId> = (0..16).map(|_| NodeId::new()).collect();
        let mut reach = tokio::task::JoinSet::new();
        for node in nodes {
            let db = db.clone();
            reach.spawn(async move { take_lease(&db, "cleanup", &node, now.plus(MINUTE), now).await });
        }
        let taken: Vec<i64> = reach.join_all().await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(taken, [1]);
    })
    .await;
}

#[tokio::test]
async fn while_sending_is_held_the_pump_claims_nothing_and_afterwards_everything_goes() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 5, "editors = [\"redaction@test.tg\"]").await;
        let now = post.room.now();
        assert!(db.hold_sending("a test", now, now).await.unwrap());
        assert!(!db.hold_sending("another", now, now).await.unwrap(), "it keeps its first reason");
        assert_eq!(db.sending_held().await.unwrap().unwrap().reason, "a test");
        assert_eq!(post.pump().step().await.unwrap(), 0);
        assert!(post.relay.taken().is_empty());
        // The alarm of it is not held, nor is one that was written before let go.
        post.room.clock.advance(30 * SECOND);
        alerts::raise(&db, alerts::Kind::SendingHeld, "", "a test", now).await.unwrap();
        assert!(bulletin::tell(&post.room.desk, &post.keys, post.room.now()).await.unwrap());
        post.room
            .sql(
                "INSERT INTO deliveries (kind, dedup_key, priority, variant_id, address, address_hash, recipient_group,
                     message_id, state, due_at, expires_at, created_at)
                 SELECT kind, 'of the copy', priority, variant_id, address, address_hash, recipient_group,
                     'of.the.copy@test.tg', state, due_at, expires_at, 0 FROM deliveries WHERE kind = 'notice'",
            )
            .await;
        assert_eq!(post.pump().step().await.unwrap(), 2);
        let taken = post.relay.taken();
        assert_eq!((taken.len(), taken[0].to[0].as_str()), (1, "redaction@test.tg"));
        let open = unfinished(&db).await.unwrap();
        assert_eq!((open.len(), open[0].id, open[0].open), (1, post.edition, 5));
        assert!(db.resume_sending(now).await.unwrap());
        assert!(!db.resume_sending(now).await.unwrap());
        post.drain(&post.pump()).await;
        assert_eq!(post.balance().await.sent, 5);
        assert!(unfinished(&db).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_row_that_was_claimed_before_the_hold_is_not_begun_and_waits() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 30).await;
        post.relay.slow_dot(std::time::Duration::from_millis(30));
        let pump = post.pump();
        let ((), claimed) = tokio::join!(
            async {
                while post.relay.taken().is_empty() {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                let now = post.room.now();
                db.hold_sending("a test", now, now).await.unwrap();
            },
            pump.step()
        );
        assert_eq!(claimed.unwrap(), 30);
        let balance = post.balance().await;
        assert!(balance.pending > 0 && balance.sent > 0, "{balance:?}");
        assert_eq!(balance.pending + balance.sent, 30, "{balance:?}");
        db.resume_sending(post.room.now()).await.unwrap();
        post.drain(&pump).await;
        post.assert_promises().await;
        assert_eq!(post.balance().await.sent, 30);
    })
    .await;
}
