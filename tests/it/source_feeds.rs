//! Feeds that are read: new articles from a site's feed, one article from feed and export, and a feed that fails.

use std::path::Path;
use std::sync::Arc;

use axum::http::header;
use kiosque::articles::{self, Article, FeedSource, Intake, Options, Polled, Progress, Summary, feed_states};
use kiosque::clock::{Clock, DAY, HOUR, MINUTE, Timestamp};
use kiosque::config::Config;
use kiosque::db::{Db, Route};
use kiosque::outbound::Outbound;
use kiosque::{fetch_one, statements};

use crate::support::database::{TestDatabase, each_engine};
use crate::support::feed_site::{FeedSite, item, rss};
use crate::support::newsroom;

statements! {
    VERSION = "SELECT feed_version FROM categories WHERE slug = $1";
}

/// 2026-11-23T12:00:00Z, after every item of the feed.
const NOON: Timestamp = Timestamp::from_millis(1_795_435_200_000);

const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"";

/// A newsroom that reads one feed every ten minutes.
struct Reader {
    db: Db,
    clock: Clock,
    config: Config,
    intake: Intake,
    outbound: Outbound,
    feed: FeedSource,
}

impl Reader {
    async fn start(db: &Db, feed: &str) -> Self {
        let sections = format!(
            "{DAILY}\n[outbound]\nallow = [\"127.0.0.1\"]\n[[source]]\nfeed = \"{feed}\"\nname = \"www.exemple.tg\""
        );
        let config = newsroom::config(&sections);
        let clock = Clock::test(NOON);
        let reader = Self {
            db: db.clone(),
            intake: Intake::new(db.clone(), clock.clone(), &config),
            outbound: Outbound::new(&config),
            feed: FeedSource::of(&config.sources[0], 1).expect("a feed"),
            clock,
            config,
        };
        reader.feed.take_up(db, NOON).await.unwrap();
        reader
    }

    async fn poll(&self) -> Polled {
        self.feed.poll(&self.intake, &self.outbound, &self.config.public_url).await.unwrap()
    }

    /// A look at the feed, ten minutes later.
    async fn next(&self) -> Polled {
        self.clock.set(self.clock.now().plus(10 * MINUTE));
        self.poll().await
    }

    async fn export(&self, xml: &str) -> Summary {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.xml");
        std::fs::write(&file, xml).unwrap();
        self.intake.import(&[file], &Options::default(), &Arc::<Progress>::default()).await.unwrap()
    }

    async fn articles(&self) -> Vec<Article> {
        articles::list(&self.db, None, 100).await.unwrap()
    }

    async fn version(&self, slug: &str) -> i64 {
        let (version,): (i64,) = fetch_one!(self.db, VERSION, slug).unwrap();
        version
    }
}

fn counts(polled: &Polled) -> (u64, u64, u64) {
    match polled {
        Polled::Taken(summary) => (summary.new, summary.updated, summary.unchanged),
        other => panic!("{other:?}"),
    }
}

/// An export of WordPress with these posts, as the site of the feed would write it.
fn wxr(posts: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
        xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:wp="http://wordpress.org/export/1.2/"><channel><wp:wxr_version>1.2</wp:wxr_version>
        <wp:base_site_url>https://www.exemple.tg</wp:base_site_url>
        <wp:author><wp:author_login>afi</wp:author_login><wp:author_display_name>Afi Kossi</wp:author_display_name></wp:author>{posts}</channel></rss>"#
    )
}

/// A post of it.
fn post(number: u32, title: &str, html: &str, excerpt: &str) -> String {
    format!(
        r#"<item><title><![CDATA[{title}]]></title><link>https://www.exemple.tg/{number}/</link><dc:creator>afi</dc:creator>
        <guid isPermaLink="false">https://www.exemple.tg/?p={number}</guid><content:encoded><![CDATA[{html}]]></content:encoded>
        <excerpt:encoded><![CDATA[{excerpt}]]></excerpt:encoded><wp:post_id>{number}</wp:post_id>
        <wp:post_date_gmt>2026-11-23 0{number}:00:00</wp:post_date_gmt><wp:post_modified_gmt>2026-11-23 0{number}:00:00</wp:post_modified_gmt>
        <wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
        <category domain="category" nicename="economie">Économie</category><category domain="post_tag" nicename="port">port</category></item>"#
    )
}

/// A post as it is written, and as WordPress shows it in a feed.
const WRITTEN: &str = "L'année \"record\" du port -- enfin...\n\nUne image :\n\n<img src=\"https://www.exemple.tg/i/port.jpg\" alt=\"\" width=\"600\" />";
const SHOWN: &str = "<p>L&rsquo;année &laquo;&nbsp;record&nbsp;&raquo; du port &#8212; enfin&#8230;</p>\n<p>Une image&nbsp;:</p>\n<p><img loading=\"lazy\" decoding=\"async\" src=\"https://www.exemple.tg/i/port.jpg\" alt=\"\" width=\"600\" srcset=\"https://www.exemple.tg/i/port-300.jpg 300w\" /></p>\n<p>L’article <a href=\"https://www.exemple.tg/1/\">L&rsquo;année</a> est apparu en premier sur <a href=\"https://www.exemple.tg\">Le Journal</a>.</p>";

#[tokio::test]
async fn new_articles_of_a_feed_come_in_and_an_unchanged_feed_is_not_sent_again() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        let modified = "Mon, 23 Nov 2026 11:00:00 GMT";
        let noon = "Mon, 23 Nov 2026 12:00:00 GMT";
        let validators = [(header::ETAG, "\"a\""), (header::LAST_MODIFIED, modified), (header::DATE, noon)];
        let first = item(1, "Le port", "<p>Un.</p>", &["Économie", "quais"]);
        site.answers(200, &validators, &rss(&first));
        assert_eq!(counts(&reader.poll().await), (1, 0, 0));

        assert!(matches!(reader.poll().await, Polled::NotDue(at) if at == NOON.plus(10 * MINUTE)));
        site.answers(304, &[(header::ETAG, "\"a\"")], "");
        assert!(matches!(reader.next().await, Polled::Unchanged));
        let asked = site.asked();
        assert_eq!(asked.len(), 2);
        assert!(!asked[0].contains_key(header::IF_NONE_MATCH));
        assert_eq!(
            (&asked[1][header::IF_NONE_MATCH], &asked[1][header::IF_MODIFIED_SINCE]),
            (&"\"a\"".parse().unwrap(), &modified.parse().unwrap())
        );

        site.shows(
            &(item(2, "La suite", "<p>Deux.</p>", &["Sport"]) + &first.replace("Un.", "Un, corrigé.")),
        );
        assert_eq!(counts(&reader.next().await), (1, 1, 0));
        let articles = reader.articles().await;
        let [second, first] = &articles[..] else { panic!("{articles:?}") };
        assert_eq!(
            (first.entry_id.as_str(), first.origin_id.as_deref()),
            ("https://www.exemple.tg/?p=1", Some("1"))
        );
        assert_eq!(
            (first.body.as_str(), &*first.authors),
            ("<p>Un, corrigé.</p>", &["Afi Kossi".to_owned()][..])
        );
        assert_eq!(
            (&*first.categories, &*first.tags),
            (&["economie".to_owned()][..], &["quais".to_owned()][..])
        );
        // What was there at the first reading counts as there since its publication; later ones appear when they come in.
        assert_eq!(first.appeared_at, first.published_at);
        assert_eq!(second.appeared_at, NOON.plus(20 * MINUTE));

        site.shows("");
        assert_eq!(counts(&reader.next().await), (0, 0, 0));
        assert!(reader.articles().await.iter().all(|a| a.retracted_at.is_none()), "absent is not retracted");
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_the_second_of_its_last_change_is_not_taken_for_the_last_word() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        let second = "Mon, 23 Nov 2026 12:00:00 GMT";
        let validators = [(header::ETAG, "\"a\""), (header::LAST_MODIFIED, second), (header::DATE, second)];
        site.answers(200, &validators, &rss(&item(1, "Un", "<p>Un.</p>", &["Économie"])));
        reader.poll().await;
        reader.next().await;
        assert!(!site.asked()[1].contains_key(header::IF_NONE_MATCH));
        assert!(!site.asked()[1].contains_key(header::IF_MODIFIED_SINCE));
    })
    .await;
}

#[tokio::test]
async fn an_article_of_the_export_is_the_same_one_in_the_feed() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        let titled = post(1, "L'année \"record\"", WRITTEN, "");
        let summary = reader.export(&wxr(&titled)).await;
        assert_eq!((summary.new, summary.rejected), (1, 0), "{summary}");
        let before = reader.articles().await;
        let version = reader.version("economie").await;

        site.shows(&item(1, "L&#8217;année &#171;&#160;record&#160;&#187;", SHOWN, &["Économie", "port"]));
        assert_eq!(counts(&reader.poll().await), (0, 0, 1));
        assert_eq!(reader.articles().await, before);
        assert_eq!(reader.version("economie").await, version, "no feed moves");
        assert_eq!(counts(&reader.next().await), (0, 0, 1));
        assert_eq!(reader.export(&wxr(&titled)).await.unchanged, 1);

        // A correction comes by the feed, and an old export does not take it back.
        site.shows(&item(
            1,
            "L&#8217;année &#171;&#160;record&#160;&#187;",
            &SHOWN.replace("enfin", "bientôt"),
            &["Économie", "port"],
        ));
        assert_eq!(counts(&reader.next().await), (0, 1, 0));
        let corrected = reader.articles().await;
        assert!(corrected[0].body.contains("bientôt"), "{}", corrected[0].body);
        assert_eq!(
            (corrected[0].title.as_str(), corrected[0].external_id.as_str()),
            ("L'année \"record\"", "1")
        );
        assert_eq!(reader.export(&wxr(&titled)).await.unchanged, 1);
        assert_eq!(reader.articles().await, corrected);

        // Nor does a later export with the same correction change anything more.
        let later = post(1, "L'année \"record\"", &WRITTEN.replace("enfin", "bientôt"), "");
        reader.export(&wxr(&later)).await;
        assert_eq!(counts(&reader.next().await), (0, 0, 1));
        assert_eq!(reader.articles().await[0].body, corrected[0].body);
        assert_eq!(reader.articles().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_article_of_the_feed_is_the_same_one_in_the_export_which_knows_more() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        site.shows(&item(1, "L&#8217;année", SHOWN, &["Économie", "port"]));
        assert_eq!(counts(&reader.poll().await), (1, 0, 0));
        let before = reader.articles().await.remove(0);
        assert!(!before.body.contains("apparu en premier"), "{}", before.body);
        assert!(before.summary.starts_with("L’année «\u{a0}record\u{a0}» du port — enfin…"), "{}", before.summary);

        let picture = r#"<item><title>p</title><wp:post_id>9</wp:post_id><wp:post_type>attachment</wp:post_type>
            <wp:attachment_url>https://www.exemple.tg/i/une.jpg</wp:attachment_url></item>"#;
        let with_picture = post(1, "L'année", WRITTEN, "Un résumé de la rédaction.").replace(
            "<wp:post_type>",
            "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>9</wp:meta_value></wp:postmeta><wp:post_type>",
        );
        let summary = reader.export(&wxr(&(with_picture + picture))).await;
        assert_eq!((summary.new, summary.updated), (0, 1), "{summary}");
        let after = reader.articles().await.remove(0);
        assert_eq!((after.id, &after.external_id, &after.entry_id), (before.id, &before.external_id, &before.entry_id));
        assert_eq!((&after.title, &after.body, after.appeared_at), (&before.title, &before.body, before.appeared_at));
        assert_eq!(after.summary, "Un résumé de la rédaction.");
        assert_eq!(after.image.unwrap().url, "https://www.exemple.tg/i/une.jpg");
        assert_eq!(counts(&reader.next().await), (0, 0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_site_with_www_and_without_is_one_source() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        let without =
            wxr(&post(1, "Un", "Un.", "")).replace("https://www.exemple.tg<", "https://exemple.tg<");
        assert_eq!(reader.export(&without).await.new, 1);
        site.shows(
            &(item(1, "Un", "<p>Un.</p>", &["Économie", "port"])
                + &item(2, "Deux", "<p>Deux.</p>", &["Économie"])),
        );
        assert_eq!(counts(&reader.poll().await), (1, 0, 1));
        assert_eq!(
            reader.export(&without.replace("?p=1", "?p=2").replace("post_id>1<", "post_id>2<")).await.new,
            0
        );
        assert!(reader.articles().await.iter().all(|article| article.source == "www.exemple.tg"));
    })
    .await;
}

#[tokio::test]
async fn copies_that_share_a_guid_stay_two_articles() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        site.shows(&item(1, "Un", "<p>Un.</p>", &["Économie"]));
        reader.poll().await;
        let copy = post(2, "Deux", "Deux.", "").replace("?p=2", "?p=1");
        let summary = reader.export(&wxr(&(post(1, "Un", "Un.", "") + &copy))).await;
        assert_eq!(summary.new, 1, "{summary}");
        assert_eq!(reader.articles().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_excerpt_does_not_take_the_place_of_a_full_text() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        reader.export(&wxr(&post(1, "Le port", "Le début.\n\nEt toute la suite.", ""))).await;
        let before = reader.articles().await.remove(0);
        let excerpt = |number, title: &str| {
            let item = item(number, title, "", &["Économie", "port"]);
            item.replace("<content:encoded><![CDATA[]]></content:encoded>", "")
                .replace("Un début", "Le début.")
        };
        site.shows(&(excerpt(1, "Le port, corrigé") + &excerpt(2, "Deux")));
        assert_eq!(counts(&reader.poll().await), (1, 1, 0));
        let after = reader.articles().await.into_iter().find(|a| a.id == before.id).unwrap();
        assert_eq!((&after.body, &after.summary), (&before.body, &before.summary));
        assert_eq!(after.title, "Le port, corrigé");

        // And a full text takes the place of an excerpt.
        reader.export(&wxr(&post(2, "Deux", "Le début. Et toute la suite.", ""))).await;
        let second = reader.articles().await.into_iter().find(|a| a.title == "Deux").unwrap();
        assert_eq!(second.body, "<p>Le début. Et toute la suite.</p>");
        assert_eq!(counts(&reader.next().await), (0, 0, 2));
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_fails_is_left_alone_ever_longer_and_says_why() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        site.answers(500, &[], "oups");
        let mut waits = Vec::new();
        for _ in 0..3 {
            assert!(matches!(reader.poll().await, Polled::Failed(why) if why == "answers 500 Internal Server Error"));
            let state = feed_states(&db).await.unwrap().remove(0);
            waits.push(state.next_at.millis() - reader.clock.now().millis());
            reader.clock.set(state.next_at);
        }
        assert!(waits[1] > waits[0] * 3 / 2 && waits[2] > waits[1] * 3 / 2, "{waits:?}");
        let state = feed_states(&db).await.unwrap().remove(0);
        assert_eq!((state.failures, state.succeeded_at, state.error.as_deref()), (3, None, Some("answers 500 Internal Server Error")));

        site.answers(503, &[(header::RETRY_AFTER, "36000")], "");
        reader.poll().await;
        let state = feed_states(&db).await.unwrap().remove(0);
        assert_eq!(state.next_at, reader.clock.now().plus(10 * HOUR));

        // Somebody mended it and started the program again.
        site.shows(&item(1, "Un", "<p>Un.</p>", &["Économie"]));
        reader.feed.take_up(&db, reader.clock.now()).await.unwrap();
        assert_eq!(counts(&reader.poll().await), (1, 0, 0));
        let state = feed_states(&db).await.unwrap().remove(0);
        assert_eq!((state.failures, state.error, state.entries), (0, None, Some(1)));
        // A failed feed has not been read: this was its first reading.
        let article = reader.articles().await.remove(0);
        assert_eq!(article.appeared_at, article.published_at);

        site.answers(200, &[], "<html><body>Maintenance</body></html>");
        assert!(matches!(reader.next().await, Polled::Failed(why) if why.starts_with("answers, but not with a feed")));

        site.answers(410, &[], "");
        reader.clock.set(reader.clock.now().plus(DAY));
        assert!(matches!(reader.poll().await, Polled::Stopped));
        reader.clock.set(reader.clock.now().plus(30 * DAY));
        let asked = site.asked().len();
        assert!(matches!(reader.poll().await, Polled::Stopped));
        assert_eq!(site.asked().len(), asked, "nobody asks any more");
    })
    .await;
}

#[tokio::test]
async fn several_nodes_ask_a_feed_once() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        site.shows(&item(1, "Un", "<p>Un.</p>", &["Économie"]));
        let polls = tokio::join!(reader.poll(), reader.poll(), reader.poll());
        let taken = [&polls.0, &polls.1, &polls.2].iter().filter(|p| matches!(p, Polled::Taken(_))).count();
        assert_eq!((taken, site.asked().len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_has_moved_for_good_is_asked_at_its_new_address() {
    each_engine(async |db| {
        let (old, new) = (FeedSite::start().await, FeedSite::start().await);
        let reader = Reader::start(&db, &old.feed()).await;
        old.answers(301, &[(header::LOCATION, &new.feed())], "");
        new.shows(&item(1, "Un", "<p>Un.</p>", &["Économie"]));
        assert_eq!(counts(&reader.poll().await), (1, 0, 0));
        assert_eq!(feed_states(&db).await.unwrap()[0].moved_to.as_deref(), Some(new.feed().as_str()));
        assert_eq!(counts(&reader.next().await), (0, 0, 1));
        assert_eq!((old.asked().len(), new.asked().len()), (1, 2));
        // The new one fails: the next look starts from the configured address again.
        new.answers(404, &[], "");
        assert!(matches!(reader.next().await, Polled::Failed(_)));
        reader.clock.set(reader.clock.now().plus(HOUR));
        old.shows("");
        assert_eq!(counts(&reader.poll().await), (0, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn what_leads_back_to_ourselves_is_refused() {
    each_engine(async |db| {
        let site = FeedSite::start().await;
        let reader = Reader::start(&db, &site.feed()).await;
        let own = r#"<atom:link rel="self" href="https://lettres.test.tg/flux/tout.rss" type="application/rss+xml"/>"#;
        site.shows(&(own.to_owned() + &item(1, "Un", "<p>Un.</p>", &["Économie"])));
        let Polled::Failed(why) = reader.poll().await else { panic!("our own feed is refused") };
        assert_eq!(why, "is a feed of this kiosque itself (https://lettres.test.tg/flux/tout.rss)");
        assert_eq!(reader.articles().await, []);

        // An aggregator gives our own articles back: they are known, and stay what they are.
        let api = r#"{"id": "tag:lettres.test.tg,2026:article:1", "url": "https://www.exemple.tg/1", "title": "Un", "html": "<p>Un.</p>", "published_at": "2026-11-23T08:00:00Z"}"#;
        reader.intake.accept("api", api.as_bytes()).await.unwrap();
        let back = item(1, "Un, repris", "<p>Un.</p>", &["Économie"]).replace("https://www.exemple.tg/?p=1", "tag:lettres.test.tg,2026:article:1");
        site.shows(&(back + &item(2, "Deux", "<p>Deux.</p>", &["Économie"])));
        let Polled::Taken(summary) = reader.next().await else { panic!("it is read") };
        assert_eq!((summary.new, summary.left_out.values().sum::<u64>()), (1, 1), "{summary}");
        assert_eq!(reader.articles().await.iter().filter(|a| a.title.starts_with("Un")).count(), 1);
    })
    .await;
}

/// What the newsroom may have written, as typed and as shown.
const VERSIONS: [(&str, &str); 4] = [
    ("Un \"mot\".", "<p>Un “mot”.</p>"),
    ("Un \"mot\" de plus.", "<p>Un “mot” de plus.</p>"),
    ("Un <strong>mot</strong>.", "<p>Un <strong>mot</strong>.</p>"),
    ("Un <a href=\"https://a.tg/\">mot</a>.", "<p>Un <a href=\"https://a.tg/\">mot</a>.</p>"),
];

#[tokio::test]
async fn whatever_comes_by_which_door_a_reading_of_the_feed_shows_what_the_site_says() {
    let mut random = 7u64;
    let mut pick = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let database = TestDatabase::sqlite().await;
    let db = database.open().await;
    let site = FeedSite::start().await;
    let reader = Reader::start(&db, &site.feed()).await;
    for number in 1..=60 {
        let mut history = String::new();
        let mut version = 0;
        let mut exported = None;
        for step in 0..12 {
            let (typed, shown) = VERSIONS[version];
            let what = if step == 11 { 1 } else { pick(4) };
            history += ["edit ", "poll ", "export ", "old export "][what as usize];
            let guid = |xml: String| {
                xml.replace("?p=1", &format!("?p={number}")).replace("tg/1/", &format!("tg/{number}/"))
            };
            match what {
                0 => version = pick(4) as usize,
                1 => {
                    site.shows(&guid(item(1, "Un", shown, &["Économie", "port"])));
                    assert!(matches!(reader.next().await, Polled::Taken(_)));
                    let url = format!("https://www.exemple.tg/{number}/");
                    let found = articles::find(&db, &url).await.unwrap();
                    let [article] = &found[..] else { panic!("{} articles after {history}", found.len()) };
                    let plain = |body: &str| body.replace(['“', '”'], "\"").replace("&quot;", "\"");
                    assert_eq!(plain(&article.body), plain(shown), "{history}");
                }
                _ => {
                    let current =
                        guid(post(1, "Un", typed, "")).replace("post_id>1<", &format!("post_id>{number}<"));
                    // An old file is the one that was imported before.
                    let file = exported.clone().filter(|_| what == 3).unwrap_or(current);
                    reader.export(&wxr(&file)).await;
                    exported = Some(file);
                }
            }
        }
    }
    assert_eq!(reader.articles().await.len(), 60);
    db.close().await;
    database.remove().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "EXPLAIN before a statement of ours")]
async fn sqlite_without_statistics_finds_known_articles_by_their_ids() {
    let database = TestDatabase::sqlite().await;
    let db = database.open().await;
    let known = articles::statements().into_iter().find(|sql| sql.name == "KNOWN_ARTICLES").unwrap();
    let Route::Sqlite(pool) = db.route() else { panic!("SQLite was asked for") };
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", known.sqlite));
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(pool).await.unwrap();
    let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
    for by in ["(source_id=? AND external_id=?)", "(entry_id=?)", "(rowid=?)"] {
        assert_eq!(steps.iter().filter(|step| step.ends_with(by)).count(), 1, "{by}: {steps:#?}");
    }
    assert!(
        !steps.iter().any(|step| step.ends_with("(source_id=?)")),
        "every article of the source: {steps:#?}"
    );
    db.close().await;
}

#[test]
fn a_source_is_a_folder_or_a_feed_of_somebody_else() {
    let mistakes = |source: &str| {
        let text = newsroom::config_text(&format!("{DAILY}\n[[source]]\n{source}"));
        Config::from_toml_str(&text, Path::new("/nowhere")).expect_err("a mistake").to_string()
    };
    for (source, expected) in [
        ("feed = \"https://www.exemple.tg/feed/\"\nfolder = \"a\"", "a source is a folder or a feed"),
        ("name = \"a\"", "`source.folder` or `source.feed` is missing"),
        ("feed = \"https://lettres.test.tg/flux/tout.rss\"", "leads back to kiosque itself"),
        ("feed = \"ftp://www.exemple.tg/\"", "the scheme is ftp"),
        ("feed = \"https://a:b@www.exemple.tg/\"", "without user and password"),
        ("feed = \"https://www.exemple.tg/feed/\"\nevery = \"0s\"", "expected 1s or longer"),
    ] {
        let found = mistakes(source);
        assert!(found.contains(expected), "{source}: {found}");
    }
}
