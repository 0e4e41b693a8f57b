//! The editor's minute: what people change in an edition between its freeze and its release, on both engines.

use kiosque::articles::ArticleId;
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::db::Db;
use kiosque::newsletters::editing::{self, Change, ChangeError, history, look};
use kiosque::newsletters::edition::{Edition, EditionError, EditionId, EditionState};
use kiosque::newsletters::online::{self, OnlineEdition};

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};

/// Every day at 7 in Lomé; 19 hours after the newsroom opens.
const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\nhold = \"30m\"";
const FIRST_SLOT: i64 = 19 * HOUR;
const EDITOR: &str = "redaction@test.tg";

/// A newsroom whose first edition is frozen with articles 1 to 4 (4 leads, 3 and 1 in rubric 1, 2 in rubric 2).
async fn frozen(db: &Db, newsletter: &str) -> (Newsroom, EditionId) {
    let room = Newsroom::open(db, newsletter).await;
    room.readers(1, 3, "all").await;
    for id in 1..=4 {
        room.article(id, OPENING.plus(id), false, &[if id == 2 { 2 } else { 1 }]).await;
    }
    let frozen = room.tick_at(OPENING.plus(FIRST_SLOT - 30 * MINUTE)).await.frozen;
    (room, frozen[0])
}

async fn change(room: &Newsroom, id: EditionId, change: Change) -> Result<bool, ChangeError> {
    editing::change(&room.desk, id, &change, EDITOR, None, room.now()).await.map(|changed| changed.new)
}

async fn must(room: &Newsroom, id: EditionId, what: Change) {
    assert!(change(room, id, what.clone()).await.unwrap(), "{what:?}");
}

async fn released(room: &Newsroom, id: EditionId) {
    assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await.released, [id]);
}

fn id(id: i64) -> ArticleId {
    ArticleId(id)
}

/// The subjects of the edition's variants.
async fn subjects(room: &Newsroom) -> Vec<String> {
    let sql = "SELECT subject FROM variants ORDER BY id";
    match &room.desk.db {
        Db::Sqlite { pool, .. } => sqlx::query_scalar(sql).fetch_all(pool).await,
        Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
    }
    .unwrap()
}

#[tokio::test]
async fn articles_are_put_first_moved_and_left_out_and_the_edition_leaves_so() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        assert_eq!(room.articles_of(edition).await, [4, 3, 2, 1]);
        must(&room, edition, Change::Up(id(1))).await;
        assert_eq!(room.articles_of(edition).await, [4, 1, 2, 3]);
        must(&room, edition, Change::Lead(id(2))).await;
        assert!(!change(&room, edition, Change::Lead(id(2))).await.unwrap(), "it is there already");
        must(&room, edition, Change::Down(id(4))).await;
        assert_eq!(room.articles_of(edition).await, [2, 1, 4, 3]);
        must(&room, edition, Change::LeaveOut(id(3))).await;
        assert_eq!(room.articles_of(edition).await, [2, 1, 4]);
        released(&room, edition).await;
        assert_eq!(subjects(&room).await, ["Titre 2"]);
        let acts = history::of(&db, edition).await.unwrap();
        let told: Vec<String> = acts.iter().map(|done| format!("{} {:?}", done.act, done.revision)).collect();
        assert_eq!(told, ["up Some(2)", "lead Some(3)", "down Some(4)", "leave_out Some(5)"]);
        assert!(acts.iter().all(|done| done.who == EDITOR));
        let revisions = Edition::find(&db, edition).await.unwrap().history(&db).await.unwrap();
        assert_eq!(revisions[2].cause, "redaction@test.tg: article 2 put first");
    })
    .await;
}

#[tokio::test]
async fn what_is_left_out_for_today_comes_the_next_day_and_for_good_never() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        must(&room, edition, Change::LeaveOut(id(3))).await;
        must(&room, edition, Change::Never(id(2))).await;
        // While the edition is frozen nothing offers them elsewhere; both can be put back.
        let standing = look::standing(&room.desk, edition, room.now()).await.unwrap();
        let out: Vec<_> = standing.left_out.iter().map(|(item, good)| (item.article.0, *good)).collect();
        assert_eq!(out, [(3, false), (2, true)]);
        assert!(standing.offered.is_empty());
        must(&room, edition, Change::Add(id(2))).await;
        must(&room, edition, Change::Never(id(2))).await;
        released(&room, edition).await;
        assert_eq!(room.number("SELECT count(*) FROM ledger WHERE ended_at IS NULL").await, 3);
        let next = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        assert_eq!(room.articles_of(next[0]).await, [3]);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_edition_gives_back_what_was_left_out_for_today_but_not_for_good() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        must(&room, edition, Change::LeaveOut(id(3))).await;
        must(&room, edition, Change::Never(id(2))).await;
        editing::stop(&db, edition, EDITOR, room.now()).await.unwrap();
        let next = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        assert_eq!(room.articles_of(next[0]).await, [4, 3, 1]);
        assert_eq!(history::of(&db, edition).await.unwrap().last().unwrap().act, history::Act::Stop);
    })
    .await;
}

#[tokio::test]
async fn what_was_published_since_the_freeze_can_be_put_in_and_is_not_sent_again() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        room.clock.set(OPENING.plus(FIRST_SLOT - 20 * MINUTE));
        room.article(5, room.now(), false, &[2]).await;
        room.article(6, room.now().plus(1), false, &[3]).await;
        room.article(7, OPENING.plus(-30 * DAY), true, &[3]).await;
        let standing = look::standing(&room.desk, edition, room.now()).await.unwrap();
        assert_eq!(standing.offered.iter().map(|item| item.article.0).collect::<Vec<_>>(), [6, 5]);
        must(&room, edition, Change::Add(id(5))).await;
        assert!(!change(&room, edition, Change::Add(id(5))).await.unwrap());
        assert!(matches!(
            change(&room, edition, Change::Add(id(7))).await,
            Err(ChangeError::NotToBeAdded(ArticleId(7)))
        ));
        assert_eq!(room.articles_of(edition).await, [4, 5, 3, 2, 1]);
        released(&room, edition).await;
        let next = room.tick_at(OPENING.plus(FIRST_SLOT + DAY)).await.frozen;
        assert_eq!(room.articles_of(next[0]).await, [6]);
    })
    .await;
}

#[tokio::test]
async fn other_words_stand_in_mail_and_on_the_web_until_the_article_is_corrected() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        let words = |title: &str, summary: &str| Change::Words {
            article: id(4),
            title: title.to_owned(),
            summary: summary.to_owned(),
        };
        assert!(!change(&room, edition, words("Titre 4", "Résumé 4")).await.unwrap(), "its own words");
        must(&room, edition, words("  Un autre\r\n titre ", "Un autre début")).await;
        must(&room, edition, Change::Note("Bonjour.\r\n\r\nBonne lecture.  ".into())).await;
        let (rendered, _) = look::mail(&room.desk, edition, Some("[Essai]")).await.unwrap();
        assert_eq!(rendered.subject, "[Essai] Un autre titre");
        assert!(rendered.text.contains("Un autre début") && rendered.text.contains("Bonne lecture."));
        // A correction of another article keeps them.
        room.correct(3, "Titre corrigé").await;
        released(&room, edition).await;
        assert_eq!(subjects(&room).await, ["Un autre titre"]);
        let matinale = online::OnlineNewsletter::by_slug(&db, "matinale").await.unwrap().unwrap();
        let seen = async || {
            let online = OnlineEdition::latest(&db, matinale.id, 1).await.unwrap();
            let articles = online::articles(&db, &online).await.unwrap();
            (online[0].headline.clone().unwrap(), articles[0][0].title.clone())
        };
        assert_eq!(seen().await, ("Un autre titre".to_owned(), "Un autre titre".to_owned()));
        room.correct(4, "La vérité").await;
        assert_eq!(seen().await, ("La vérité".to_owned(), "La vérité".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_editors_subject_is_the_subject_and_taken_back_gives_the_first_title() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        must(&room, edition, Change::Subject("Édition spéciale".into())).await;
        let standing = look::standing(&room.desk, edition, room.now()).await.unwrap();
        assert_eq!(standing.subject, "Édition spéciale");
        let long = Change::Subject("é".repeat(151));
        assert!(matches!(change(&room, edition, long).await, Err(ChangeError::TooLong { most: 150 })));
        must(&room, edition, Change::Subject("  ".into())).await;
        released(&room, edition).await;
        assert_eq!(subjects(&room).await, ["Titre 4"]);
    })
    .await;
}

#[tokio::test]
async fn two_editors_do_not_overwrite_each_others_texts_and_may_do_the_same_twice() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        let by = async |what: Change, seen| {
            editing::change(&room.desk, edition, &what, "autre@test.tg", Some(seen), room.now()).await
        };
        must(&room, edition, Change::Note("La mienne".into())).await;
        assert!(matches!(by(Change::Note("La sienne".into()), 1).await, Err(ChangeError::Meanwhile)));
        assert!(by(Change::Subject("Le sien".into()), 1).await.unwrap().new, "another text");
        assert!(by(Change::Note("La sienne".into()), 2).await.unwrap().new, "he has seen it");
        must(&room, edition, Change::LeaveOut(id(3))).await;
        assert!(!by(Change::LeaveOut(id(3)), 1).await.unwrap().new);
        assert!(matches!(by(Change::Lead(id(3)), 1).await, Err(ChangeError::NotThere(ArticleId(3)))));
    })
    .await;
}

#[tokio::test]
async fn an_edition_keeps_as_many_articles_as_its_newsletter_wants() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, &format!("{DAILY}\nmin_articles = 3")).await;
        must(&room, edition, Change::LeaveOut(id(4))).await;
        assert_eq!(room.articles_of(edition).await, [3, 2, 1]);
        for what in [Change::LeaveOut(id(3)), Change::Never(id(3))] {
            assert!(matches!(change(&room, edition, what).await, Err(ChangeError::TooFew { wanted: 3 })));
        }
        assert_eq!(room.articles_of(edition).await, [3, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn approving_twice_at_once_is_noted_once_and_stopping_wins_over_approving() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, &format!("{DAILY}\napproval = \"required\"")).await;
        let now = room.now();
        let (one, other) = tokio::join!(
            editing::approve(&db, edition, EDITOR, now),
            editing::approve(&db, edition, "autre@test.tg", now)
        );
        assert_eq!(one.unwrap().approved_at, Some(now));
        assert_eq!(other.unwrap().approved_at, Some(now));
        assert_eq!(history::of(&db, edition).await.unwrap().len(), 1);
        let (_, stopped) = tokio::join!(
            editing::approve(&db, edition, EDITOR, now),
            editing::stop(&db, edition, "autre@test.tg", now)
        );
        assert_eq!(stopped.unwrap().state, EditionState::Stopped);
        let late = editing::approve(&db, edition, EDITOR, now).await;
        assert!(matches!(late, Err(EditionError::State { .. })));
        assert_eq!(room.tick_at(OPENING.plus(FIRST_SLOT)).await, Default::default());
    })
    .await;
}

#[tokio::test]
async fn after_the_release_nothing_can_be_edited_and_an_edit_at_that_moment_is_in_it_or_refused() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        room.clock.set(OPENING.plus(FIRST_SLOT));
        let note = Change::Note("Au dernier moment".into());
        let (ticked, edited) = tokio::join!(room.tick(), change(&room, edition, note));
        let revision = room.number("SELECT released_revision FROM editions").await;
        match edited {
            Ok(new) => assert!(new && revision == 2),
            Err(error) => {
                assert!(matches!(error, ChangeError::Edition(EditionError::State { .. })) && revision == 1)
            }
        }
        assert_eq!(ticked.released, [edition]);
        for what in [Change::Lead(id(1)), Change::Note("Trop tard".into()), Change::LeaveOut(id(1))] {
            let late = change(&room, edition, what).await;
            assert!(matches!(late, Err(ChangeError::Edition(EditionError::State { .. }))));
        }
    })
    .await;
}

#[tokio::test]
async fn a_correction_while_an_edition_is_on_its_way_changes_nothing_of_it_and_a_retraction_does() {
    each_engine(async |db| {
        let (room, edition) = frozen(&db, DAILY).await;
        let words = Change::Words { article: id(3), title: "Mieux dit".into(), summary: String::new() };
        must(&room, edition, words).await;
        released(&room, edition).await;
        room.correct(4, "Corrigé").await;
        assert_eq!(room.tick().await, Default::default());
        room.retract(4).await;
        assert_eq!(room.tick().await.revised, [edition]);
        assert_eq!(room.articles_of(edition).await, [3, 2, 1]);
        assert_eq!(subjects(&room).await, ["Titre 4", "Mieux dit"], "an editor's words outlive it");
    })
    .await;
}
