//! Editions in many variants: every reader gets what he chose, and what an attempt before left behind is not sent.

use kiosque::clock::HOUR;
use kiosque::delivery;
use kiosque::newsletters::variant::weigh;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};
use crate::support::post::{DAILY, Post};
use crate::support::smtp::SmtpServer;

/// The other rubrics of this newsroom have the ids 10 to 29.
const RUBRICS: i64 = 20;

#[tokio::test]
async fn every_reader_gets_what_he_chose_of_an_edition_in_many_variants() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\nmax_articles = 30\nrelated = 0")).await;
        for id in 10..10 + RUBRICS {
            room.sql(&format!(
                "INSERT INTO categories (id, slug, name, kind, position, listed, feed_id, feed_changed_at, created_at)
                 VALUES ({id}, 'r{id}', 'Rubrique {id}', 'rubric', {id}, TRUE, 'tag:test,2026:r{id}', 0, 0)"
            ))
            .await;
            room.article(id, OPENING.plus(id * 1000), false, &[id]).await;
        }
        // Two readers of each pair of neighbours, who see the same.
        for id in 10..9 + RUBRICS {
            room.readers(id * 2, 2, &format!("{id},{}", id + 1)).await;
        }
        let released = room.tick_at(OPENING.plus(19 * HOUR)).await.released;
        let [edition] = released[..] else { panic!("one edition was to be released: {released:?}") };
        let variants = u64::try_from(RUBRICS - 1).unwrap();
        assert_eq!(weigh(&db, edition).await.unwrap().0, variants, "as many as there are different choices");
        assert_eq!(delivery::fan_out(&room.desk, &room.clock).await.unwrap(), [(edition, variants * 2)]);

        let keys = std::sync::Arc::new(kiosque::db::Keys::load(&db).await.unwrap());
        let post = Post { room, relay: SmtpServer::start().await, edition, keys };
        post.drain(&post.pump()).await;
        let taken = post.relay.taken();
        assert_eq!(taken.len(), 2 * usize::try_from(RUBRICS - 1).unwrap());
        for mail in &taken {
            let number: i64 = mail.to[0]
                .trim_start_matches(|c: char| !c.is_ascii_digit())
                .split('@')
                .next()
                .and_then(|number| number.parse().ok())
                .expect("a numbered reader");
            let text = String::from_utf8_lossy(&mail.message).into_owned();
            let seen: Vec<i64> =
                (10..10 + RUBRICS).filter(|id| text.contains(&format!("Titre {id}"))).collect();
            assert_eq!(seen, [number / 2, number / 2 + 1], "{}", mail.to[0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_variant_left_behind_by_an_attempt_before_is_written_anew() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\nhold = \"1h\"")).await;
        room.readers(1, 3, "all").await;
        room.article(1, OPENING, false, &[1]).await;
        let slot = OPENING.plus(19 * HOUR);
        let edition = room.tick_at(slot.plus(-HOUR)).await.frozen[0];
        // The release of an hour hence, as it would be if it had stopped before its end under another title.
        room.tick_at(slot).await;
        room.sql("UPDATE editions SET state = 'frozen', released_at = NULL").await;
        room.sql("DELETE FROM edition_choices").await;
        room.sql("UPDATE variants SET subject = 'Ancien', message = '', html_bytes = 0").await;

        assert_eq!(room.tick().await.released, [edition]);
        assert_eq!(room.number("SELECT count(*) FROM variants WHERE subject = 'Ancien'").await, 0);
        let (variants, bytes) = weigh(&db, edition).await.unwrap();
        assert!(variants == 1 && bytes > 1000, "{variants} of {bytes} bytes");

        // Once it is released nobody writes over it: rows may be in doubt with its bytes.
        room.sql("UPDATE variants SET subject = 'Parti'").await;
        room.tick().await;
        assert_eq!(room.number("SELECT count(*) FROM variants WHERE subject = 'Parti'").await, 1);
    })
    .await;
}
