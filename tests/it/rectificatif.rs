//! A mistake after sending: who may have got it is told, who has not got it gets it right.

use kiosque::articles::ArticleId;
use kiosque::clock::HOUR;
use kiosque::db::Db;
use kiosque::delivery::{fan_out, rectify};
use kiosque::newsletters::edition::{Edition, EditionId};
use kiosque::newsletters::rectificatif::{self, RectifyError};

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};

const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nmin_articles = 2";
const NOTE: &str = "Le budget est de 12 millions, et non de 12 milliards.";

/// Two articles (politique, economie); readers 1–4 of everything, 10 of économie. Reader 1 has his copy, reader 2 may have,
/// reader 3's was refused, reader 4's has not left; reader 10's has, without the article of politique.
async fn released(db: &Db) -> (Newsroom, EditionId) {
    let room = Newsroom::open(db, DAILY).await;
    room.readers(1, 4, "all").await;
    room.readers(10, 1, "2").await;
    room.article(1, OPENING, false, &[1]).await;
    room.article(2, OPENING.plus(1), false, &[2]).await;
    room.article(3, OPENING.plus(2), false, &[2]).await;
    let id = room.tick_at(OPENING.plus(19 * HOUR)).await.released[0];
    fan_out(&room.desk, &room.clock).await.unwrap();
    for (reader, state) in [(1, "sent"), (2, "in_doubt"), (3, "failed"), (10, "sent")] {
        room.sql(&format!(
            "UPDATE deliveries SET state = '{state}', in_doubt_at = 1, owner = 'x' WHERE address = 'lecteur{reader}@exemple.tg'"
        ))
        .await;
    }
    (room, id)
}

async fn correct(room: &Newsroom, id: EditionId) -> Result<rectificatif::Rectified, RectifyError> {
    rectificatif::correct(&room.desk, id, ArticleId(1), NOTE, room.now()).await
}

/// How many rows of the edition to this reader are so.
async fn rows(room: &Newsroom, edition: EditionId, reader: i64, so: &str) -> i64 {
    let of = format!("edition_id = {edition} AND address = 'lecteur{reader}@exemple.tg'");
    room.number(&format!("SELECT count(*) FROM deliveries WHERE {of} AND {so}")).await
}

#[tokio::test]
async fn whoever_may_have_got_the_mistake_is_told_once_his_copy_has_left_and_nobody_else() {
    each_engine(async |db| {
        let (room, id) = released(&db).await;
        let of_reader = |reader| {
            format!("SELECT variant_id FROM deliveries WHERE address = 'lecteur{reader}@exemple.tg'")
        };
        let wrong = room.number(&of_reader(4)).await;
        room.correct(1, "Le budget est de 12 millions").await;
        let done = correct(&room, id).await.unwrap();
        assert_eq!(done.readers, 3);
        // Who has not got the edition gets it corrected; what may have arrived keeps its bytes and goes on.
        assert_ne!(room.number(&of_reader(4)).await, wrong);
        assert_eq!(room.number(&of_reader(2)).await, wrong);
        assert_eq!(rows(&room, id, 2, "NOT held").await, 1);

        fan_out(&room.desk, &room.clock).await.unwrap();
        let short = Edition::find(&db, done.edition).await.unwrap();
        assert!(short.slot_key.starts_with("run:"));
        assert_eq!(short.eligible, Some(3));
        assert_eq!(
            room.number(&format!("SELECT count(*) FROM deliveries WHERE edition_id = {}", short.id)).await,
            3
        );
        assert_eq!(rows(&room, short.id, 1, "state = 'pending' AND NOT held").await, 1);
        assert_eq!(rows(&room, short.id, 2, "state = 'pending' AND held").await, 1);
        assert_eq!(rows(&room, short.id, 3, "state = 'cancelled'").await, 1);
        assert_eq!(
            room.number(&format!("SELECT count(*) FROM ledger WHERE edition_id = {}", short.id)).await,
            0
        );

        // Reader 2's copy is settled.
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 0);
        room.sql("UPDATE deliveries SET state = 'sent' WHERE state = 'in_doubt'").await;
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 1);
        assert_eq!(rows(&room, short.id, 2, "state = 'pending' AND NOT held").await, 1);
        assert_eq!(room.number("SELECT count(*) FROM rectificatifs WHERE settled_at IS NULL").await, 0);

        // Its page is nobody's, and the next edition is chosen as if it had not been.
        room.tick().await;
        assert_eq!(Edition::find(&db, short.id).await.unwrap().web_name, None);
        room.article(4, OPENING.plus(20 * HOUR), false, &[1]).await;
        room.article(5, OPENING.plus(20 * HOUR + 1), false, &[2]).await;
        let next = room.tick_at(OPENING.plus(43 * HOUR)).await.released[0];
        let mut articles = room.articles_of(next).await;
        articles.sort_unstable();
        assert_eq!(articles, [4, 5]);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_a_mistake_in_a_copy_that_never_left() {
    each_engine(async |db| {
        let (room, id) = released(&db).await;
        room.correct(1, "Le budget est de 12 millions").await;
        let done = correct(&room, id).await.unwrap();
        fan_out(&room.desk, &room.clock).await.unwrap();
        room.sql("UPDATE deliveries SET state = 'failed' WHERE state = 'in_doubt'").await;
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 0);
        assert_eq!(rows(&room, done.edition, 2, "state = 'cancelled' AND NOT held").await, 1);
        assert_eq!(room.number("SELECT count(*) FROM rectificatifs WHERE settled_at IS NULL").await, 0);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_put_right_that_stands_as_it_stood_or_was_put_right_before() {
    each_engine(async |db| {
        let (room, id) = released(&db).await;
        assert!(matches!(correct(&room, id).await, Err(RectifyError::Unchanged(..))));
        room.article(9, OPENING.plus(5), false, &[1]).await;
        let other = rectificatif::correct(&room.desk, id, ArticleId(9), NOTE, room.now()).await;
        assert!(matches!(other, Err(RectifyError::NotInIt(..))));
        room.correct(1, "Le budget est de 12 millions").await;
        let done = correct(&room, id).await.unwrap();
        assert!(
            matches!(correct(&room, id).await, Err(RectifyError::Already(before)) if before == done.edition)
        );
        assert_eq!(room.number("SELECT count(*) FROM editions").await, 2);
    })
    .await;
}
