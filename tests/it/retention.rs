//! Retention: old deliveries become counts, and the balance still holds.

use std::time::Duration;

use kiosque::clock::{DAY, Timestamp};
use kiosque::db::Engine;
use kiosque::delivery::Folding;

use crate::support::database::each_engine;
use crate::support::post::Post;
use crate::support::smtp::{Act, Rule, Step};

#[tokio::test]
async fn old_deliveries_are_folded_into_counts_in_small_steps_and_the_balance_holds() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 300).await;
        post.relay.rule(Rule::at(Step::Rcpt, Act::Reply("550 5.1.1 unknown")).to("lecteur7@exemple.tg"));
        post.drain(&post.pump()).await;
        post.room
            .sql("UPDATE deliveries SET state = 'cancelled' WHERE address = 'lecteur9@exemple.tg'")
            .await;
        let before = post.balance().await;
        assert_eq!((before.sent, before.failed, before.cancelled, before.missing()), (298, 1, 1, 0));

        let now = post.room.now().plus(400 * DAY);
        let fold = async |until: Timestamp| {
            let mut folding = Folding::new(until);
            let (mut rows, mut longest) = (0, Duration::ZERO);
            loop {
                let folded = folding.step(&db, now).await.unwrap();
                if folded.rows == 0 {
                    return (rows, longest, folding.empty_variants(&db).await.unwrap());
                }
                assert_eq!(post.balance().await.missing(), 0, "between two steps too");
                rows += folded.rows;
                longest = longest.max(folded.held);
            }
        };
        let (rows, _, variants) = fold(post.room.now().plus(-DAY)).await;
        assert_eq!((rows, variants), (0, 0), "what is young stays");
        let (rows, longest, variants) = fold(now).await;
        assert_eq!((rows, variants), (300, 1));
        if db.engine() == Engine::Sqlite {
            assert!(longest < Duration::from_millis(250), "{longest:?}");
        }
        assert_eq!(post.balance().await, before);
        assert_eq!(post.room.number("SELECT count(*) FROM deliveries").await, 0);
        let sum = "SELECT sum(sent + failed + cancelled) FROM folded_deliveries";
        assert_eq!(
            post.room.number(&sum.replace("sum(", "CAST(sum(").replace(") FROM", ") AS BIGINT) FROM")).await,
            300
        );
    })
    .await;
}
