//! Slots, the ledger and editions, step by step, on both engines.

use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::newsletters::edition::{self, Edition, EditionState};
use kiosque::newsletters::run::RunError;
use kiosque::newsletters::slot_store::SkipReason;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};

/// Every day at 7 in Lomé; 19 hours after the newsroom opens.
const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nhold = \"30m\"";
const FIRST_SLOT: i64 = 19 * HOUR;

#[tokio::test]
async fn a_slot_is_frozen_when_its_hold_begins_and_released_on_the_hour() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.readers(1, 3, "all").await;
        room.article(1, OPENING, false, &[1]).await;
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT - 31 * MINUTE)).await, Default::default());
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - 30 * MINUTE)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [1]);
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT - 1)).await, Default::default());
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await.released, frozen);
        let edition = Edition::find(&db, frozen[0]).await.unwrap();
        assert_eq!(edition.eligible, Some(3));
        assert_eq!(edition.slot_key, "2026-11-03T07:00");
    })
    .await;
}

#[tokio::test]
async fn an_article_under_embargo_until_before_the_slot_is_in_the_edition_frozen_before() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.article(1, OPENING.plus(FIRST_SLOT - 5 * MINUTE), false, &[1]).await;
        room.article(2, OPENING.plus(FIRST_SLOT + 1), false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - 30 * MINUTE)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_empty_slot_is_a_row_that_says_so_and_a_late_article_gets_its_turn() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        let skipped = room.tick_at(OPENING.plus(FIRST_SLOT)).await.skipped;
        assert_eq!(skipped, [("matinale".into(), "2026-11-03T07:00".into(), SkipReason::Empty)]);
        // Published yesterday, filed today.
        room.article(1, OPENING.plus(-DAY), false, &[2]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_article_filed_after_an_empty_freeze_still_makes_the_edition() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT - 30 * MINUTE)).await, Default::default());
        room.article(1, room.now(), false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - 10 * MINUTE)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [1]);
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await.released, frozen);
    })
    .await;
}

#[tokio::test]
async fn neither_an_archive_import_nor_a_first_edition_floods_anybody() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        for id in 1..50 {
            room.article(id, OPENING.plus(-id * DAY), true, &[1]).await;
        }
        room.article(50, OPENING, false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [50]);
    })
    .await;
}

#[tokio::test]
async fn what_exceeds_the_edition_is_announced_and_not_sent_again() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\nmax_articles = 3")).await;
        for id in 1..=5 {
            room.article(id, OPENING.plus(id), false, &[1]).await;
        }
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [5, 4, 3, 2, 1]);
        assert_eq!(room.number("SELECT count(*) FROM ledger WHERE usage = 'announced'").await, 2);
        let skipped = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.skipped;
        assert_eq!(skipped[0].2, SkipReason::Empty);
    })
    .await;
}

#[tokio::test]
async fn an_edition_that_wants_approval_waits_for_it_and_ends_after_grace() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\napproval = \"required\"\ngrace = \"2h\"")).await;
        room.article(1, OPENING, false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT)).await.frozen;
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT + HOUR)).await, Default::default());
        edition::approve(&db, frozen[0], room.now()).await.unwrap();
        edition::approve(&db, frozen[0], room.now()).await.unwrap();
        assert_eq!(room.tick().await.released, frozen);
        // The next day nobody looks, and the day after its articles come again.
        room.article(2, room.now(), false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        let skipped = room.tick_at(OPENING.plus(FIRST_SLOT + DAY + 2 * HOUR + 1)).await.skipped;
        assert_eq!(skipped[0].2, SkipReason::Unapproved);
        assert!(edition::approve(&db, frozen[0], room.now()).await.is_err());
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT + 2 * DAY)).await.frozen;
        assert_eq!(room.articles_of(frozen[0]).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn a_postponed_edition_keeps_its_slot_and_leaves_later() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.article(1, OPENING, false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - MINUTE)).await.frozen;
        let to = OPENING.plus(FIRST_SLOT + 6 * HOUR);
        edition::postpone(&db, frozen[0], to, 4 * HOUR).await.unwrap();
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT + 5 * HOUR)).await, Default::default());
        assert_eq!(room.tick_at(to).await.released, frozen);
        assert_eq!(Edition::find(&db, frozen[0]).await.unwrap().slot_key, "2026-11-03T07:00");
    })
    .await;
}

#[tokio::test]
async fn stopping_before_release_gives_the_articles_back() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.article(1, OPENING, false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - MINUTE)).await.frozen;
        edition::stop(&db, frozen[0], room.now()).await.unwrap();
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await, Default::default());
        assert!(edition::resume(&db, frozen[0]).await.is_err());
        let again = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        assert_eq!(room.articles_of(again[0]).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_correction_and_a_retraction_in_the_hold_window_make_revisions() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.article(1, OPENING, false, &[1]).await;
        room.article(2, OPENING.plus(1), false, &[1]).await;
        let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - 20 * MINUTE)).await.frozen;
        room.correct(1, "Titre corrigé").await;
        assert_eq!(room.tick().await.revised, frozen);
        room.retract(2).await;
        assert_eq!(room.tick().await.revised, frozen);
        assert_eq!(room.tick().await, Default::default());
        assert_eq!(room.articles_of(frozen[0]).await, [1]);
        let edition = Edition::find(&db, frozen[0]).await.unwrap();
        let causes: Vec<String> = edition.history(&db).await.unwrap().into_iter().map(|r| r.cause).collect();
        assert_eq!(causes, ["frozen", "article 1 corrected", "article 2 retracted"]);
        room.retract(1).await;
        room.tick().await;
        assert_eq!(Edition::find(&db, frozen[0]).await.unwrap().state, EditionState::Expired);
    })
    .await;
}

#[tokio::test]
async fn a_manual_run_leaves_at_once_takes_its_articles_and_writes_nothing_when_there_is_nothing() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.readers(1, 1, "all").await;
        let empty = room.desk.run("matinale", room.now()).await;
        assert!(matches!(empty, Err(RunError::Empty { .. })), "{empty:?}");
        assert_eq!(room.number("SELECT count(*) FROM slots").await, 0);
        assert!(matches!(room.desk.run("soir", room.now()).await, Err(RunError::Unknown(_))));
        room.article(1, OPENING, false, &[1]).await;
        let before = room.desk.preview("matinale", room.now()).await.unwrap();
        assert_eq!((before.articles, before.mails.len()), (1, 1));
        assert_eq!(room.number("SELECT count(*) FROM ledger").await, 0);
        let id = room.desk.run("matinale", room.now()).await.unwrap();
        assert_eq!(Edition::find(&db, id).await.unwrap().state, EditionState::Released);
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await.skipped[0].2, SkipReason::Empty);
    })
    .await;
}

#[tokio::test]
async fn a_pause_of_more_than_one_slot_ends_fresh_unless_told_to_catch_up() {
    each_engine(async |db| {
        for (setting, expected) in [("fresh", vec![3]), ("catch-up", vec![3, 2, 1])] {
            let room = Newsroom::open(&db, &format!("{DAILY}\nafter_pause = \"{setting}\"")).await;
            room.article(9, OPENING, false, &[1]).await;
            room.tick_at(OPENING.plus(FIRST_SLOT)).await;
            let (declaration, row) = room.desk.newsletter("matinale").await.unwrap();
            assert_eq!(declaration.title, "La Matinale");
            row.pause_from(&db, room.now(), None).await.unwrap();
            room.article(1, room.now(), false, &[1]).await;
            for day in 1..3 {
                let skipped = room.tick_at(OPENING.plus(FIRST_SLOT + day * DAY)).await.skipped;
                assert_eq!(skipped[0].2, SkipReason::Paused);
                if day == 1 {
                    room.article(2, room.now(), false, &[1]).await;
                }
            }
            room.clock.advance(HOUR);
            assert!(row.resume(&db, room.now()).await.unwrap());
            assert!(!row.resume(&db, room.now()).await.unwrap());
            room.article(3, room.now(), false, &[1]).await;
            let frozen = room.tick_at(OPENING.plus(FIRST_SLOT + 3 * DAY)).await.frozen;
            assert_eq!(room.articles_of(frozen[0]).await, expected, "{setting}");
            for table in
                ["edition_articles", "edition_revisions", "ledger", "editions", "slots", "newsletters"]
            {
                room.sql(&format!("DELETE FROM {table}")).await;
            }
            for table in ["article_categories", "articles", "categories", "sources"] {
                room.sql(&format!("DELETE FROM {table}")).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn choices_that_see_the_same_share_a_variant_and_one_that_sees_nothing_gets_none() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.readers(1, 2, "all").await;
        room.readers(10, 3, "1,2").await;
        room.readers(20, 4, "2").await;
        room.readers(30, 5, "3").await;
        room.article(1, OPENING, false, &[1]).await;
        room.article(2, OPENING.plus(1), false, &[2]).await;
        let id = room.tick_at(OPENING.plus(FIRST_SLOT)).await.released[0];
        assert_eq!(room.number("SELECT count(*) FROM variants").await, 2);
        assert_eq!(room.number("SELECT count(*) FROM edition_choices").await, 3);
        assert_eq!(Edition::find(&db, id).await.unwrap().eligible, Some(9));
    })
    .await;
}

#[tokio::test]
async fn two_desks_at_one_slot_make_one_edition() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, DAILY).await;
        room.article(1, OPENING, false, &[1]).await;
        let twin = room.desk.clone();
        let at = OPENING.plus(FIRST_SLOT);
        let (one, other) = tokio::join!(room.desk.tick(at), twin.tick(at));
        let frozen = [one.unwrap().frozen, other.unwrap().frozen].concat();
        assert_eq!(frozen.len(), 1);
        assert_eq!(room.number("SELECT count(*) FROM editions").await, 1);
    })
    .await;
}
