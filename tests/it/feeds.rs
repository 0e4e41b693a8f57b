//! Feeds: what is in them, and when their bytes and validators move.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kiosque::articles;
use kiosque::clock::{DAY, HOUR, MINUTE, SECOND};
use kiosque::db::Route;
use kiosque::feeds::snapshot::Coding;
use kiosque::feeds::{FeedStore, Found, Snapshot, watch};

use crate::support::database::{TestDatabase, each_database, each_engine};
use crate::support::feed_room::{Draft, FeedRoom, NOON, draft};
use crate::support::site::config;

fn ready(store: &FeedStore, name: &str) -> Arc<Snapshot> {
    match store.find(name) {
        Found::Ready(snapshot) => snapshot,
        other => panic!("{name} is {other:?}"),
    }
}

fn text(store: &FeedStore, name: &str) -> String {
    String::from_utf8(ready(store, name).body(Coding::Identity).to_vec()).expect("UTF-8")
}

fn titles(store: &FeedStore, name: &str) -> Vec<String> {
    let channel = rss::Channel::read_from(ready(store, name).body(Coding::Identity).as_ref()).expect("RSS");
    channel.items.into_iter().map(|item| item.title.expect("a title")).collect()
}

#[tokio::test]
async fn an_article_stands_in_the_feeds_of_its_rubrics_and_of_all_newest_first() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        assert_eq!(store.find("tout.rss"), Found::NotYet);
        news.publish(&draft("Hier", NOON.plus(-DAY)), &[news.sport]).await;
        news.publish(&draft("Ce matin", NOON.plus(-HOUR)), &[news.politique, news.sport]).await;
        assert_eq!(news.refresh(&store).await, 4);
        assert_eq!(titles(&store, "tout.rss"), ["Ce matin", "Hier"]);
        assert_eq!(titles(&store, "sport.rss"), ["Ce matin", "Hier"]);
        assert_eq!(titles(&store, "politique.rss"), ["Ce matin"]);
        assert_eq!(titles(&store, "non-classe.rss"), [""; 0], "empty but existing");
        assert_eq!(store.find("culture.rss"), Found::Unknown);
        assert_eq!(store.find("sport.xml"), Found::Unknown);
        assert_eq!(news.refresh(&store).await, 0, "nothing changed");
        let names: Vec<_> = store.listings().into_iter().map(|listing| listing.slug).collect();
        assert_eq!(names, ["tout", "politique", "sport"], "an undeclared rubric is not in the list");
    })
    .await;
}

#[tokio::test]
async fn a_feed_keeps_what_appeared_within_the_window_however_old_its_date() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        for hour in 1..=5 {
            news.publish(&draft(&format!("Récent {hour}"), NOON.plus(-hour * HOUR)), &[]).await;
        }
        // An old date that came in an hour ago, and one whose appearance lies before the window.
        let late = Draft { appeared: Some(NOON.plus(-HOUR)), ..draft("Retrouvé", NOON.plus(-90 * DAY)) };
        let archive =
            Draft { appeared: Some(NOON.plus(-49 * HOUR)), ..draft("Archive", NOON.plus(-49 * HOUR)) };
        news.publish(&late, &[]).await;
        news.publish(&archive, &[]).await;
        news.refresh(&store).await;
        let shown = titles(&store, "tout.rss");
        assert_eq!(shown, ["Récent 1", "Récent 2", "Récent 3", "Récent 4", "Récent 5", "Retrouvé"]);
    })
    .await;
}

#[tokio::test]
async fn a_burst_fills_a_feed_to_three_hundred_with_what_appeared_last() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        for n in 0..310 {
            news.publish(&draft(&format!("Dépêche {n}"), NOON.plus(-n * MINUTE)), &[]).await;
            news.clock.advance(SECOND);
        }
        news.refresh(&store).await;
        let shown = titles(&store, "tout.rss");
        assert_eq!(shown.len(), 300);
        // The three newest by date were published first, so the window alone would have dropped them.
        assert_eq!(shown[..3], ["Dépêche 0", "Dépêche 1", "Dépêche 2"]);
        assert_eq!(shown[3], "Dépêche 13");
        assert_eq!(shown[299], "Dépêche 309");
    })
    .await;
}

#[tokio::test]
async fn a_change_in_sport_leaves_the_validators_of_politique_alone() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        news.publish(&draft("Vote", NOON.plus(-HOUR)), &[news.politique]).await;
        news.publish(&draft("Match", NOON.plus(-HOUR)), &[news.sport]).await;
        news.refresh(&store).await;
        let before = [ready(&store, "politique.rss"), ready(&store, "sport.rss"), ready(&store, "tout.atom")];
        news.clock.advance(MINUTE);
        news.publish(&draft("Finale", NOON), &[news.sport]).await;
        assert_eq!(news.refresh(&store).await, 2);
        let after = [ready(&store, "politique.rss"), ready(&store, "sport.rss"), ready(&store, "tout.atom")];
        assert_eq!(before[0], after[0]);
        for (before, after) in before[1..].iter().zip(&after[1..]) {
            assert_ne!(before.etag(Coding::Identity), after.etag(Coding::Identity));
            assert_eq!(after.last_modified, NOON.plus(MINUTE));
        }
    })
    .await;
}

#[tokio::test]
async fn two_nodes_that_build_at_different_times_have_the_same_bytes_and_tags() {
    each_database(async |database| {
        let news = FeedRoom::open(database.open().await).await;
        let (one, two) = (news.store(), news.store());
        news.publish(&draft("Vote", NOON.plus(-HOUR)), &[news.politique]).await;
        news.refresh(&one).await;
        news.clock.advance(3 * DAY);
        // The second one is another process, which starts days later.
        let other = database.open().await;
        two.refresh(&other, news.clock.now()).await.unwrap();
        for name in ["tout.rss", "tout.atom", "politique.rss", "politique.atom", "sport.atom"] {
            assert_eq!(ready(&one, name), ready(&two, name), "{name}");
        }
        other.close().await;
        news.db.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_embargo_ends_at_its_minute_and_moves_the_validators() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        let end = NOON.plus(10 * MINUTE);
        news.publish(&draft("Avant", NOON.plus(-HOUR)), &[news.sport]).await;
        news.publish(&draft("Sous embargo", end), &[news.sport]).await;
        let done = store.refresh(&news.db, news.clock.now()).await.unwrap();
        assert_eq!(done.next_at, Some(end));
        let before = ready(&store, "sport.atom");
        assert_eq!(titles(&store, "sport.rss"), ["Avant"]);

        news.clock.set(end.plus(-1));
        assert_eq!(news.refresh(&store).await, 0);
        news.clock.set(end);
        assert_eq!(news.refresh(&store).await, 2, "sport and all, without a new version");
        let after = ready(&store, "sport.atom");
        assert_eq!(titles(&store, "sport.rss"), ["Sous embargo", "Avant"]);
        assert_ne!(before.etag(Coding::Gzip), after.etag(Coding::Gzip));
        assert_eq!(after.last_modified, end, "the change is dated when the embargo ended");
        assert_eq!(store.refresh(&news.db, end).await.unwrap().next_at, None);
    })
    .await;
}

#[tokio::test]
async fn a_retracted_article_leaves_its_feeds_and_never_moves_last_modified_back() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        news.publish(&draft("Reste", NOON.plus(-HOUR)), &[news.sport]).await;
        let gone = news.publish(&draft("Part", NOON.plus(MINUTE)), &[news.sport]).await;
        news.clock.advance(2 * MINUTE);
        news.refresh(&store).await;
        assert_eq!(ready(&store, "sport.rss").last_modified, NOON.plus(MINUTE));
        news.clock.advance(MINUTE);
        news.retract(gone, &[news.sport]).await;
        news.refresh(&store).await;
        assert_eq!(titles(&store, "sport.rss"), ["Reste"]);
        assert_eq!(ready(&store, "sport.rss").last_modified, NOON.plus(3 * MINUTE));
    })
    .await;
}

#[tokio::test]
async fn a_renamed_rubric_leads_on_and_a_removed_one_is_gone() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        news.publish(&draft("Vote", NOON.plus(-HOUR)), &[news.politique]).await;
        news.refresh(&store).await;
        let before = text(&store, "politique.atom");
        news.rename_politique_and_remove_sport().await;
        news.refresh(&store).await;
        assert_eq!(store.find("politique.atom"), Found::Moved("/flux/vie-politique.atom".to_owned()));
        assert_eq!(store.find("sport.rss"), Found::Gone);
        let id = "<id>tag:exemple.tg,2026:flux:politique</id>";
        assert!(
            before.contains(id) && text(&store, "vie-politique.atom").contains(id),
            "the feed's id stays"
        );
        assert!(text(&store, "tout.atom").contains("term=\"vie-politique\""), "articles name the new slug");
    })
    .await;
}

#[tokio::test]
async fn an_article_taken_in_by_another_process_shows_within_a_second() {
    each_database(async |database| {
        let news = FeedRoom::open(database.open().await).await;
        let store = news.store();
        let (db, clock, kept) = (database.open().await, news.clock.clone(), store.clone());
        let node = tokio::spawn(async move { watch::watch(&kept, &db, &clock).await });
        let shown = |wanted: usize| {
            let store = store.clone();
            tokio::time::timeout(Duration::from_secs(10), async move {
                while !matches!(store.find("sport.rss"), Found::Ready(_))
                    || titles(&store, "sport.rss").len() < wanted
                {
                    tokio::task::yield_now().await;
                }
            })
        };
        shown(0).await.expect("the first refresh");
        let desk = articles::Intake::new(news.db.clone(), news.clock.clone(), &config("https://lettres.exemple.tg"));
        // Five in a row: the routine look each second alone would take some five seconds.
        let started = Instant::now();
        for count in 1..=5 {
            let article = format!(
                r#"{{"id": "{count}", "url": "https://www.exemple.tg/{count}", "title": "Match {count}",
                    "html": "<p>Le match.</p>", "categories": ["Sport"], "published_at": "2026-11-23T07:00:00Z"}}"#
            );
            let taken = desk.accept("essai", article.as_bytes()).await.unwrap();
            assert!(taken.is_new(), "{taken:?}");
            shown(count).await.expect("the article in the feed");
        }
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        node.abort();
        news.db.close().await;
    })
    .await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "EXPLAIN before a statement of ours")]
async fn sqlite_without_statistics_chooses_a_feed_by_its_two_indexes() {
    let database = TestDatabase::sqlite().await;
    let db = database.open().await;
    let choose = kiosque::feeds::statements().into_iter().find(|sql| sql.name == "CHOOSE").unwrap();
    let Route::Sqlite(pool) = db.route() else { panic!("SQLite was asked for") };
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", choose.sqlite));
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(pool).await.unwrap();
    let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
    let of_index = |index: &str| steps.iter().filter(|step| step.contains(index)).count();
    assert_eq!(of_index("article_categories_latest"), 2, "the newest, and the next embargo: {steps:#?}");
    assert_eq!(
        of_index("article_categories_appeared"),
        3,
        "the last, the recent, those before its day: {steps:#?}"
    );
    assert_eq!(of_index("articles_retracted"), 2, "tombstones, and the last that ended: {steps:#?}");
    let sorts = steps.iter().filter(|step| step.ends_with(" ORDER BY")).count();
    assert_eq!(sorts, 1, "only the chosen few are sorted: {steps:#?}");
    db.close().await;
}

#[tokio::test]
async fn every_format_says_all_there_is_to_say() {
    each_engine(async |db| {
        let news = FeedRoom::open(db).await;
        let store = news.store();
        let first = Draft {
            body: "<p>Le texte avec <a href=\"https://www.exemple.tg/a?b=1&amp;c=2\">un lien</a>.</p>".into(),
            image: Some("https://www.exemple.tg/images/pont.jpg"),
            ..draft("Le pont & l'autoroute : « C'est fini »", NOON.plus(-2 * HOUR))
        };
        news.publish(&first, &[news.politique, news.sport]).await;
        news.publish(&draft("", NOON.plus(-DAY)), &[news.politique]).await;
        news.refresh(&store).await;
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("feed-rss", text(&store, "politique.rss").replace("><", ">\n<"));
            insta::assert_snapshot!("feed-json", text(&store, "politique.json").replace(",\"", ",\n\""));
            insta::assert_snapshot!("feed-atom", text(&store, "politique.atom").replace("><", ">\n<"));
            insta::assert_snapshot!("feed-atom-empty", text(&store, "non-classe.atom").replace("><", ">\n<"));
        });
    })
    .await;
}
