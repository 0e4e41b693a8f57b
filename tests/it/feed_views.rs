//! Configured feeds, what operators say of feeds, tombstones and archives.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use kiosque::clock::{DAY, HOUR, Timestamp};
use serde_json::{Value, json};

use crate::support::database::each_engine;
use crate::support::press::{MORNING, Press};

const ESSENTIAL: &str = r#"
[[feed]]
slug = "essentiel"
name = "L'essentiel"
categories = ["politique", "economie"]
"#;

fn at(at: Timestamp) -> Value {
    json!({ "published_at": at.to_string() })
}

#[tokio::test]
async fn a_configured_feed_carries_its_rubrics_and_what_was_here_before_it() {
    each_engine(async |db| {
        let before = Press::open(&db, "").await;
        before.file("vote", at(MORNING.plus(-HOUR))).await;
        before.file("match", json!({ "categories": ["Sport"] })).await;

        let press = Press::open(&db, ESSENTIAL).await;
        press.file("budget", json!({ "categories": ["Économie", "Politique"] })).await;
        press.refresh().await;
        assert_eq!(press.titles("essentiel"), ["Titre budget", "Titre vote"]);
        assert!(press.text("essentiel.rss").contains("<title>L’Éveil – L’essentiel</title>"));

        // Moved out of its rubrics, an article leaves; moved in, it comes.
        press.clock.advance(HOUR);
        press.file("budget", json!({ "categories": ["Sport"], "published_at": MORNING.to_string() })).await;
        press.file("match", json!({ "categories": ["Économie"], "published_at": MORNING.to_string() })).await;
        press.refresh().await;
        assert_eq!(press.titles("essentiel"), ["Titre match", "Titre vote"]);

        // Another rule: what it means anew is what is in it.
        let sport = ESSENTIAL.replace("\"politique\", \"economie\"", "\"sport\"");
        let press = Press::open_at(&db, &sport, press.clock).await;
        press.refresh().await;
        assert_eq!(press.titles("essentiel"), ["Titre budget"]);
    })
    .await;
}

#[tokio::test]
async fn an_authors_feed_knows_the_name_however_it_is_spelt() {
    each_engine(async |db| {
        let by = |name: &str| json!({ "author": [name, "Kofi Ama"] });
        let before = Press::open(&db, "").await;
        before.file("ancien", by("Afi MENSAH")).await;
        before.file("autre", json!({ "author": "Afi Mensah-Dogbe" })).await;
        let press =
            Press::open(&db, "[[feed]]\nslug = \"afi\"\nname = \"Afi Mensah\"\nauthor = \"Áfi Mensah\"")
                .await;
        press.clock.advance(HOUR);
        press.file("nouveau", by("Afi Mensah")).await;
        press.refresh().await;
        assert_eq!(press.titles("afi"), ["Titre nouveau", "Titre ancien"]);
    })
    .await;
}

#[tokio::test]
async fn a_configured_feed_never_takes_a_rubrics_slug_nor_a_rubric_its() {
    each_engine(async |db| {
        let press = Press::open(&db, ESSENTIAL).await;
        // An import names a category like the feed: that is another one, and not listed.
        press.file("a", json!({ "categories": ["Essentiel"] })).await;
        press.file("b", json!({ "categories": ["Une"] })).await;
        press.refresh().await;
        assert_eq!(press.titles("essentiel"), [""; 0]);
        assert_eq!(press.titles("essentiel-2"), ["Titre a"]);

        let une = ESSENTIAL.replace("essentiel\"", "une\"");
        let clock = press.clock.clone();
        let app = kiosque::app::App::build(crate::support::press::config(&une), db, clock).await.unwrap();
        let refused = app.take_up().await.unwrap_err().to_string();
        assert!(refused.contains("\"une\"") && refused.contains("rubric \"Une\""), "{refused}");
    })
    .await;
}

#[test]
fn mistakes_in_a_configured_feed_are_named_with_their_lines() {
    let mistakes = |feed: &str| {
        let config = crate::support::press::config(feed);
        let (_, mistakes) = kiosque::newsletters::declaration_reading::read(&config);
        mistakes.to_string()
    };
    for (feed, word) in [
        ("[[feed]]\nslug = \"sport\"\nname = \"X\"\ncategories = [\"sport\"]", "already used in line"),
        ("[[feed]]\nslug = \"x\"\nname = \"X\"\ncategories = [\"politque\"]", "did you mean \"politique\"?"),
        (
            "[[feed]]\nslug = \"tout\"\nname = \"X\"\ncategories = [\"sport\"]",
            "taken by kiosque's own addresses",
        ),
        ("[[feed]]\nslug = \"x\"\nname = \"X\"\nauthor = \"!\"", "`feed.author`: expected a name"),
    ] {
        assert!(mistakes(feed).contains(word), "{}", mistakes(feed));
    }
}

#[tokio::test]
async fn operators_decide_how_much_a_feed_carries_and_what_it_says_of_itself() {
    each_engine(async |db| {
        let press = Press::open(
            &db,
            r#"
            [category.feed]
            items = 1
            window = "1h"
            content = "summary"
            language = "fr-TG"
            title = "L'Éveil du sport"
            description = "Tout le sport : chaque jour."
            image = "https://www.exemple.tg/sport.png"
            link = "https://www.exemple.tg/sport"
            [feeds]
            hubs = ["https://hub.exemple.tg/"]
            "#,
        )
        .await;
        press
            .file("a", json!({ "categories": ["Sport"], "published_at": MORNING.plus(-DAY).to_string() }))
            .await;
        press.clock.advance(2 * HOUR);
        press.file("b", json!({ "categories": ["Sport"], "summary": "Le résumé." })).await;
        press.refresh().await;

        let rss = rss::Channel::read_from(press.text("sport.rss").as_bytes()).unwrap();
        assert_eq!(rss.title, "L’Éveil du sport");
        assert_eq!(rss.description, "Tout le sport\u{a0}: chaque jour.");
        assert_eq!(
            (rss.language.as_deref(), rss.link.as_str()),
            (Some("fr-TG"), "https://www.exemple.tg/sport")
        );
        assert_eq!(
            rss.image.as_ref().map(|image| image.url.as_str()),
            Some("https://www.exemple.tg/sport.png")
        );
        let links: Vec<_> =
            rss.atom_ext.as_ref().unwrap().links.iter().map(|l| (&*l.rel, &*l.href)).collect();
        assert!(links.contains(&("hub", "https://hub.exemple.tg/")), "{links:?}");
        let item = &rss.items[0];
        assert_eq!((rss.items.len(), item.description(), item.content()), (1, Some("Le résumé."), None));

        let atom = atom_syndication::Feed::read_from(press.text("sport.atom").as_bytes()).unwrap();
        assert_eq!(atom.lang.as_deref(), Some("fr-TG"));
        assert_eq!(atom.logo.as_deref(), Some("https://www.exemple.tg/sport.png"));
        assert!(atom.entries[0].content.is_none());
        let json: Value = serde_json::from_str(&press.text("sport.json")).unwrap();
        assert_eq!(json["items"][0]["content_text"], "Le résumé.");
        assert_eq!(json["hubs"], json!([{ "type": "WebSub", "url": "https://hub.exemple.tg/" }]));
        assert!(press.text("politique.atom").contains("<title>L’Éveil – Politique</title>"));
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_back_has_a_tombstone_for_thirty_days_and_then_moves_the_validators_again() {
    each_engine(async |db| {
        let press = Press::open(&db, "").await;
        press.file("reste", json!({})).await;
        press.file("part", json!({ "id": "tag:exemple.tg,2020:part" })).await;
        press.file("jamais", at(MORNING.plus(DAY))).await;
        press.clock.advance(HOUR);
        for id in ["tag:exemple.tg,2020:part", "jamais"] {
            press.retract(id).await;
        }
        press.refresh().await;
        let gone = r#"<at:deleted-entry ref="tag:exemple.tg,2020:part" when="2026-11-23T09:00:00+00:00">"#;
        let shown = press.text("politique.atom");
        assert!(shown.contains(gone), "{shown}");
        assert_eq!(shown.matches("<at:deleted-entry").count(), 1, "what nobody saw leaves no trace");
        assert!(!press.text("sport.atom").contains("xmlns:at"));
        let before = press.snapshot("politique.rss");

        press.clock.set(MORNING.plus(HOUR + 30 * DAY - 1));
        assert_eq!(press.refresh().await, 0);
        press.clock.advance(1);
        assert_eq!(press.refresh().await, 2, "Politique and all");
        assert!(!press.text("politique.atom").contains("at:deleted-entry"));
        assert_eq!(press.snapshot("politique.atom").last_modified, MORNING.plus(HOUR + 30 * DAY));
        assert_eq!(press.snapshot("politique.rss"), before, "RSS has no tombstones");
    })
    .await;
}

#[tokio::test]
async fn an_article_that_is_back_has_no_tombstone() {
    each_engine(async |db| {
        let press = Press::open(&db, "").await;
        press.file("vote", json!({})).await;
        press.retract("vote").await;
        press.refresh().await;
        assert!(press.text("politique.atom").contains("at:deleted-entry"));
        press.clock.advance(HOUR);
        press.file("vote", json!({ "retracted": false, "published_at": MORNING.to_string() })).await;
        press.refresh().await;
        assert_eq!(press.titles("politique"), ["Titre vote"]);
        assert!(!press.text("politique.atom").contains("at:deleted-entry"));
    })
    .await;
}

#[tokio::test]
async fn what_comes_back_or_out_of_an_embargo_early_is_among_what_is_new() {
    each_engine(async |db| {
        let press = Press::open(&db, "[feeds]\nitems = 1\nwindow = \"2h\"").await;
        press.file("retiré", json!({})).await;
        press.file("embargo", at(MORNING.plus(10 * DAY))).await;
        press.retract("retiré").await;
        press.clock.advance(3 * DAY);
        press.file("nouveau", json!({})).await;
        press.file("retiré", json!({ "retracted": false, "published_at": MORNING.to_string() })).await;
        press.file("embargo", at(MORNING.plus(HOUR))).await;
        press.refresh().await;
        assert_eq!(press.titles("politique"), ["Titre nouveau", "Titre embargo", "Titre retiré"]);
    })
    .await;
}

#[tokio::test]
async fn two_changes_of_one_second_have_two_dates_of_which_none_lies_ahead() {
    each_engine(async |db| {
        let press = Press::open(&db, "").await;
        press.clock.advance(HOUR);
        press.file("a", json!({})).await;
        press.refresh().await;
        assert_eq!(press.last_modified("/flux/politique.rss").await, "Mon, 23 Nov 2026 09:00:00 GMT");
        press.file("b", json!({})).await;
        press.refresh().await;
        assert_eq!(press.last_modified("/flux/politique.rss").await, "Mon, 23 Nov 2026 09:00:00 GMT");
        press.clock.advance(HOUR);
        assert_eq!(press.last_modified("/flux/politique.rss").await, "Mon, 23 Nov 2026 09:00:01 GMT");
    })
    .await;
}

/// The links of RFC 5005 in a document, by relation.
fn links(document: &str) -> BTreeMap<String, String> {
    let feed = atom_syndication::Feed::read_from(document.as_bytes()).expect("Atom");
    feed.links.into_iter().map(|link| (link.rel, link.href)).collect()
}

fn entries(document: &str) -> Vec<String> {
    let feed = atom_syndication::Feed::read_from(document.as_bytes()).expect("Atom");
    feed.entries.into_iter().map(|entry| entry.title.value).collect()
}

#[tokio::test]
async fn who_follows_the_archives_finds_every_article_once_and_none_twice() {
    each_engine(async |db| {
        let press = Press::open(&db, "[feeds]\nitems = 2\nwindow = \"1h\"").await;
        let mut filed = Vec::new();
        for (n, day) in [-400, -399, -85, -84, -60, -22, -21, -3, -2, -1, 0].into_iter().enumerate() {
            press.clock.set(MORNING.plus(day * DAY));
            let id = format!("{n:02}");
            press.file(&id, json!({})).await;
            filed.push(format!("Titre {id}"));
        }
        press.refresh().await;

        let subscribed = press.text("politique.atom");
        let mut found = entries(&subscribed);
        assert_eq!(found, ["Titre 10", "Titre 09"]);
        let mut next = links(&subscribed).remove("prev-archive");
        let mut visited = Vec::new();
        while let Some(url) = next {
            let (status, caching, document) = press.get(&url).await;
            assert_eq!(status, StatusCode::OK, "{url}");
            assert!(caching.contains("max-age=86400"), "{caching}");
            assert!(document.contains("<fh:archive"), "{url}");
            let links = links(&document);
            assert_eq!(links["self"], url);
            assert_eq!(links["current"], "https://lettres.exemple.tg/flux/politique.atom");
            found.extend(entries(&document).into_iter().filter(|title| title != "Titre 09"));
            visited.push((url.rsplit('/').next().unwrap().to_owned(), links.contains_key("next-archive")));
            next = links.get("prev-archive").cloned();
        }
        let names: Vec<_> = visited.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["2026-11-22.atom", "2026-09.atom", "2026-08.atom", "2025-10.atom"]);
        let forward: Vec<_> = visited.iter().map(|(_, has_next)| *has_next).collect();
        assert_eq!(forward, [false, false, true, true], "November is not over");
        found.sort_unstable();
        assert_eq!(found, filed);
    })
    .await;
}

#[tokio::test]
async fn an_archive_stays_as_it_is_but_for_a_retraction_which_shows_at_once() {
    each_engine(async |db| {
        let press = Press::open(&db, "").await;
        for (id, day) in [("a", -50), ("b", -49), ("c", 0)] {
            press.clock.set(MORNING.plus(day * DAY));
            press.file(id, json!({})).await;
        }
        press.refresh().await;
        let october = "/flux/archives/politique/2026-10.rss";
        let (_, _, before) = press.get(october).await;
        assert!(before.contains("Titre a") && before.contains("Titre b"), "{before}");
        press.clock.advance(3 * DAY);
        press.file("d", json!({})).await;
        press.refresh().await;
        assert_eq!(press.get(october).await.2, before, "the feed went on, the archive did not");
        press.retract("a").await;
        press.refresh().await;
        let (_, _, after) = press.get(october).await;
        assert!(!after.contains("Titre a") && after.contains("Titre b"));
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_no_archive_says_so() {
    each_engine(async |db| {
        let press = Press::open(&db, "").await;
        for (id, day) in [("a", -50), ("c", 0)] {
            press.clock.set(MORNING.plus(day * DAY));
            press.file(id, json!({})).await;
        }
        press.refresh().await;
        for name in
            ["2026-11.atom", "2026-12.atom", "2026-09.atom", "2026-10.json", "2026-13.rss", "octobre.rss"]
        {
            assert_eq!(
                press.get(&format!("/flux/archives/politique/{name}")).await.0,
                StatusCode::NOT_FOUND,
                "{name}"
            );
        }
        assert_eq!(press.get("/flux/archives/nulle-part/2026-10.rss").await.0, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_configured_feed_that_was_renamed_leads_on_with_its_archives_and_a_removed_one_is_gone() {
    each_engine(async |db| {
        let press = Press::open(&db, ESSENTIAL).await;
        press.file("a", json!({})).await;
        press.refresh().await;
        let id = feed_id(&press.text("essentiel.atom"));

        let renamed = ESSENTIAL.replace("slug = \"essentiel\"", "slug = \"une\"\nwas = [\"essentiel\"]");
        let press = Press::open_at(&db, &renamed, press.clock).await;
        press.refresh().await;
        let moved =
            |path: &str| (StatusCode::PERMANENT_REDIRECT, format!("https://lettres.exemple.tg{path}"));
        for (from, to) in [
            ("/flux/essentiel.rss", "/flux/une.rss"),
            ("/flux/archives/essentiel/2026-10.atom", "/flux/archives/une/2026-10.atom"),
        ] {
            let (status, location, _) = press.get(from).await;
            assert_eq!((status, location), moved(to));
        }
        assert_eq!(feed_id(&press.text("une.atom")), id, "the id stays");

        let removed = format!("{renamed}removed = true\n");
        let press = Press::open_at(&db, &removed, press.clock).await;
        press.refresh().await;
        for path in ["/flux/une.json", "/flux/essentiel.rss", "/flux/archives/une/2026-10.atom"] {
            assert_eq!(press.get(path).await.0, StatusCode::GONE, "{path}");
        }
    })
    .await;
}

fn feed_id(document: &str) -> String {
    atom_syndication::Feed::read_from(document.as_bytes()).expect("Atom").id
}
