//! A retraction after release: what has not left takes the new revision, what may have left keeps its bytes.

use kiosque::clock::HOUR;
use kiosque::delivery::fan_out;
use kiosque::newsletters::edition::{self, Edition};

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};

/// Without headlines of other rubrics: who did not choose an article has nothing of it in his copy.
const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nrelated = 0";

/// Two articles (politique, economie); readers 1–3 of everything, 10–11 of économie, 20 of politique.
async fn released(db: &kiosque::db::Db) -> (Newsroom, Edition) {
    let room = Newsroom::open(db, DAILY).await;
    room.readers(1, 3, "all").await;
    room.readers(10, 2, "2").await;
    room.readers(20, 1, "1").await;
    room.article(1, OPENING, false, &[1]).await;
    room.article(2, OPENING.plus(1), false, &[2]).await;
    let id = room.tick_at(OPENING.plus(19 * HOUR)).await.released[0];
    fan_out(&room.desk, &room.clock).await.unwrap();
    let edition = Edition::find(db, id).await.unwrap();
    assert_eq!(edition.eligible, Some(6));
    assert_eq!(room.number("SELECT count(*) FROM deliveries WHERE state = 'pending'").await, 6);
    (room, edition)
}

#[tokio::test]
async fn a_retracted_article_leaves_the_copies_that_have_not_left() {
    each_engine(async |db| {
        let (room, edition) = released(&db).await;
        // Reader 1's copy was claimed, reader 2's may have arrived already.
        room.sql("UPDATE deliveries SET state = 'claimed', owner = 'x', epoch = 1 WHERE address = 'lecteur1@exemple.tg'").await;
        room.sql("UPDATE deliveries SET state = 'in_doubt', owner = 'x', in_doubt_at = 1 WHERE address = 'lecteur2@exemple.tg'").await;
        room.sql("UPDATE deliveries SET state = 'in_doubt', owner = 'x', in_doubt_at = 1 WHERE address = 'lecteur10@exemple.tg'").await;
        let before = room.number("SELECT variant_id FROM deliveries WHERE address = 'lecteur2@exemple.tg'").await;
        room.retract(1).await;
        assert_eq!(room.tick().await.revised, [edition.id]);
        assert_eq!(room.tick().await.revised, [], "once is enough");

        // Everybody of everything now sees what the readers of économie see, in the same variant.
        let economie = room.number("SELECT variant_id FROM deliveries WHERE address = 'lecteur11@exemple.tg'").await;
        for reader in [1, 3] {
            let of = |column| format!("SELECT CAST({column} AS BIGINT) AS n FROM deliveries WHERE address = 'lecteur{reader}@exemple.tg'");
            assert_eq!(room.number(&of("variant_id")).await, economie);
            assert_eq!(room.number(&of("CASE WHEN state = 'pending' AND NOT held THEN 1 ELSE 0 END")).await, 1);
        }
        // What may have arrived keeps its bytes, and is not sent again with the article in it.
        let doubted = "SELECT variant_id FROM deliveries WHERE address = 'lecteur2@exemple.tg' AND held
            AND reason = 'contains retracted article 1'";
        assert_eq!(room.number(doubted).await, before);
        let innocent = "SELECT count(*) FROM deliveries WHERE address = 'lecteur10@exemple.tg' AND NOT held";
        assert_eq!(room.number(innocent).await, 1);
        // A reader with nothing left gets nothing.
        let nothing = "SELECT count(*) FROM deliveries WHERE address = 'lecteur20@exemple.tg' AND state = 'cancelled'";
        assert_eq!(room.number(nothing).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_edition_holds_what_has_not_left_and_lets_it_go_again() {
    each_engine(async |db| {
        let (room, edition) = released(&db).await;
        edition::stop(&db, edition.id, room.now()).await.unwrap();
        edition::stop(&db, edition.id, room.now()).await.unwrap();
        assert_eq!(room.number("SELECT count(*) FROM deliveries WHERE held").await, 6);
        edition::resume(&db, edition.id).await.unwrap();
        assert_eq!(room.number("SELECT count(*) FROM deliveries WHERE held").await, 0);
        // Its articles were sent: they do not return.
        assert_eq!(room.number("SELECT count(*) FROM ledger WHERE ended_at IS NULL").await, 2);
    })
    .await;
}
