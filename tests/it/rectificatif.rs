//! A mistake after sending: who may have got it is told, who has not got it gets it right.

use kiosque::articles::ArticleId;
use kiosque::clock::HOUR;
use kiosque::db::Db;
use kiosque::delivery::{DeliveryId, Settings, fan_out, operate, rectify};
use kiosque::newsletters::edition::{Edition, EditionId};
use kiosque::newsletters::rectificatif::{self, RectifyError};

use mail_parser::MessageParser;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};
use crate::support::post::{Post, relay_at};
use crate::support::smtp::{Act, Rule, Step};

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
    rectificatif::correct(&room.desk, id, ArticleId(1), NOTE, "operator", room.now()).await
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
        let other = rectificatif::correct(&room.desk, id, ArticleId(9), NOTE, "operator", room.now()).await;
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

/// One more copy of the edition for a reader, in this state; it has been in doubt.
async fn once_more(room: &Newsroom, id: EditionId, reader: i64, state: &str) {
    room.sql(&format!(
        "INSERT INTO deliveries (kind, dedup_key, priority, resend, edition_id, subscription_id, variant_id, address,
            address_hash, name, recipient_group, message_id, state, in_doubt_at, owner, due_at, expires_at, created_at)
         SELECT kind, 'resend:' || id, 5, TRUE, edition_id, subscription_id, variant_id, address, address_hash, name,
            recipient_group, 'r.' || message_id, '{state}', 1, 'x', due_at, expires_at, created_at
         FROM deliveries WHERE edition_id = {id} AND address = 'lecteur{reader}@exemple.tg'"
    ))
    .await;
}

#[tokio::test]
async fn every_copy_of_a_reader_counts_and_he_is_told_once() {
    each_engine(async |db| {
        let (room, id) = released(&db).await;
        // Reader 1 has his copy, and may have a second; reader 3's was refused, and his second is on its way; reader 4's
        // never began, and the second has arrived.
        for (reader, state) in [(1, "in_doubt"), (3, "in_doubt"), (4, "sent")] {
            once_more(&room, id, reader, state).await;
        }
        room.correct(1, "Le budget est de 12 millions").await;
        let outlook = rectificatif::outlook(&room.desk, id, ArticleId(1)).await.unwrap();
        assert_eq!((outlook.told, outlook.corrected), (4, 1));
        let done = correct(&room, id).await.unwrap();
        assert_eq!(done.readers, 4);
        fan_out(&room.desk, &room.clock).await.unwrap();
        let short = done.edition;
        assert_eq!(Edition::find(&db, short).await.unwrap().eligible, Some(4));
        for (reader, so) in [
            (1, "state = 'pending' AND NOT held"),
            (2, "state = 'pending' AND held"),
            (3, "state = 'pending' AND held"),
            (4, "state = 'pending' AND NOT held"),
        ] {
            assert_eq!(rows(&room, short, reader, so).await, 1, "{reader}");
            assert_eq!(rows(&room, short, reader, "kind = 'edition'").await, 1, "{reader}");
        }
        // Of reader 3 the second copy fails, too; of reader 2 the only one leaves.
        let copy = "edition_id <> {short} AND state = 'in_doubt'".replace("{short}", &short.to_string());
        room.sql(&format!(
            "UPDATE deliveries SET state = 'failed' WHERE {copy} AND address LIKE 'lecteur3%'"
        ))
        .await;
        room.sql(&format!("UPDATE deliveries SET state = 'sent' WHERE {copy} AND address LIKE 'lecteur2%'"))
            .await;
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 1);
        assert_eq!(rows(&room, short, 2, "state = 'pending' AND NOT held").await, 1);
        assert_eq!(rows(&room, short, 3, "state = 'cancelled'").await, 1);
        assert_eq!(room.number("SELECT count(*) FROM rectificatifs WHERE settled_at IS NULL").await, 0);

        // It is tried again, with the bytes that it had: what corrects it waits once more, and follows it.
        let copy = format!("edition_id = {id} AND address = 'lecteur3@exemple.tg' AND resend");
        let number = room.number(&format!("SELECT id FROM deliveries WHERE {copy}")).await;
        let until = room.now().plus(HOUR);
        assert!(operate::retry(&db, DeliveryId(number), room.now(), until).await.unwrap());
        assert_eq!(rows(&room, short, 3, "state = 'pending' AND held").await, 1);
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 0);
        room.sql(&format!("UPDATE deliveries SET state = 'sent' WHERE {copy}")).await;
        assert_eq!(rectify::settle(&db, room.now()).await.unwrap(), 1);
        assert_eq!(rows(&room, short, 3, "state = 'pending' AND NOT held").await, 1);
    })
    .await;
}

/// What a reader's mails are called, in the order in which they came.
fn subjects(post: &Post, reader: i64) -> Vec<String> {
    let to = format!("lecteur{reader}@exemple.tg");
    let read =
        |message: &[u8]| MessageParser::default().parse(message).unwrap().subject().unwrap().to_owned();
    post.relay
        .taken()
        .iter()
        .filter(|copy| copy.to == [to.as_str()])
        .map(|copy| read(&copy.message))
        .collect()
}

#[tokio::test]
async fn a_correction_made_while_the_edition_is_leaving_reaches_each_reader_in_the_way_he_needs() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 9).await;
        let room = &post.room;
        // The connection breaks behind the bodies of 3, 4 and 5. The relay has that of 3, and will take 4's; it will refuse
        // 5's, and reader 4 leaves meanwhile.
        for (reader, takes) in [(3, true), (4, false), (5, false), (6, false)] {
            let rule = Rule::at(Step::Dot, Act::Drop).times(1).to(&format!("lecteur{reader}@exemple.tg"));
            post.relay.rule(if takes { rule.but_takes() } else { rule });
        }
        let refusal = Act::Reply("550 5.1.1 no such user");
        let slow = Settings { batch: 6, ..Settings::default() };
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], slow);
        assert_eq!(pump.step().await.unwrap(), 6);
        post.relay.rule(Rule::at(Step::Rcpt, refusal).to("lecteur5@exemple.tg"));
        let before = post.states().await;
        assert_eq!((before.get("sent"), before.get("in_doubt")), (Some(&2), Some(&4)), "{before:?}");

        room.correct(1, "Le budget est de 12 millions").await;
        let (one, other) = tokio::join!(
            rectificatif::correct(&room.desk, post.edition, ArticleId(1), NOTE, "a@test.tg", room.now()),
            rectificatif::correct(&room.desk, post.edition, ArticleId(1), NOTE, "b@test.tg", room.now())
        );
        let done = match (one, other) {
            (Ok(done), Err(RectifyError::Already(id))) | (Err(RectifyError::Already(id)), Ok(done)) => {
                assert_eq!(id, done.edition);
                done
            }
            both => panic!("one of two at once was to do it: {both:?}"),
        };
        assert_eq!(done.readers, 6);
        room.sql("UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 4").await;
        fan_out(&room.desk, &room.clock).await.unwrap();
        for _ in 0..3 {
            post.run_out(&pump).await;
            rectify::settle(&db, room.now()).await.unwrap();
        }
        post.run_out(&pump).await;

        let (wrong, right, told) =
            ("Titre 1", "Le budget est de 12 millions", "Rectificatif : Le budget est de 12 millions");
        let plain = |reader| {
            subjects(&post, reader).iter().map(|subject| subject.replace('\u{a0}', " ")).collect::<Vec<_>>()
        };
        for (reader, mails) in [
            (1, vec![wrong, told]),
            (2, vec![wrong, told]),
            // In doubt: the same once more, and only then what corrects it.
            (3, vec![wrong, wrong, told]),
            (4, vec![]),
            (5, vec![]),
            (6, vec![wrong, told]),
            (7, vec![right]),
            (8, vec![right]),
            (9, vec![right]),
        ] {
            assert_eq!(plain(reader), mails, "reader {reader}");
        }
        assert_eq!(room.number("SELECT count(*) FROM rectificatifs WHERE settled_at IS NULL").await, 0);
        let open = "SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'failed', 'cancelled')";
        assert_eq!(room.number(open).await, 0);
    })
    .await;
}
