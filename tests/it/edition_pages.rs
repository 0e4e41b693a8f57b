//! Editions on the web: names that never change, pages that say what was sent and what became of it, archives, feeds.

use std::io::Read as _;

use axum::http::{StatusCode, header};
use kiosque::clock::{Clock, DAY, HOUR, MINUTE, Timestamp};
use kiosque::db::Db;
use kiosque::newsletters::desk::Ticked;
use kiosque::newsletters::edition::{self, Edition, EditionId};
use kiosque::{fetch_all, fetch_one, statements};
use serde_json::{Value, json};

use crate::support::database::each_engine;
use crate::support::press::{MORNING, Press};
use crate::support::site::Answer;

statements! {
    NAME = "SELECT web_name FROM editions WHERE id = $1";
    FORGET_NAMES = "UPDATE editions SET web_name = NULL";
    MESSAGES = "SELECT message FROM variants WHERE edition_id = $1";
    READER = "INSERT INTO subscribers (id, address, address_hash, created_at) VALUES (1, 'afi@exemple.tg', $1, 0)";
    INSCRIBED = "INSERT INTO subscriptions (subscriber_id, newsletter_id, choice_id, state, created_at, confirmed_at)
        SELECT 1, n.id, c.id, 'confirmed', 0, 0 FROM newsletters n, choices c WHERE c.categories = 'all'";
}

/// Monday at 9 and at 18 in Lomé, where the press opens at 8.
const LETTER: &str = r#"
    [[newsletter]]
    slug = "matinale"
    title = "La Matinale"
    description = "L'essentiel, avant votre journée."
    from = "La Matinale <matinale@lettres.exemple.tg>"
    bounce_to = "retours@lettres.exemple.tg"
    schedule = "0 9,18 * * *"
    timezone = "Africa/Lome"
    max_articles = 3
"#;

const NINE: Timestamp = Timestamp::from_millis(MORNING.millis() + HOUR);

async fn tick_at(press: &Press, at: Timestamp) -> Ticked {
    press.clock.set(at);
    press.app.desk.tick(at).await.expect("the step succeeds")
}

async fn name_of(db: &Db, edition: EditionId) -> Option<String> {
    let (name,): (Option<String>,) = fetch_one!(db, NAME, edition).unwrap();
    name
}

fn field<'a>(page: &'a str, property: &str) -> &'a str {
    let start = page.find(&format!("\"{property}\" content=\"")).unwrap_or_else(|| panic!("no {property}"));
    page[start..].split('"').nth(3).unwrap()
}

async fn page(press: &Press, path: &str) -> Answer {
    let answer = press.ask(path, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    assert!(answer.body.len() <= 30_000, "{path} has {} bytes", answer.body.len());
    answer
}

/// An edition of Monday at 9: five articles, the newest « Titre e »; three in full, two only announced.
async fn released(db: &Db, more: &str) -> (Press, EditionId) {
    let press = Press::open(db, &format!("{LETTER}{more}")).await;
    for (id, category) in
        [("a", "Sport"), ("b", "Politique"), ("c", "Économie"), ("d", "Politique"), ("e", "Économie")]
    {
        press.clock.advance(MINUTE);
        let image = format!("https://www.exemple.tg/images/{id}.jpg");
        press.file(id, json!({ "categories": [category], "image": image, "image_alt": "Un quai" })).await;
    }
    let released = tick_at(&press, NINE).await.released;
    let [edition] = released[..] else { panic!("one edition was to be released: {released:?}") };
    (press, edition)
}

#[tokio::test]
async fn the_first_of_a_day_has_the_bare_date_and_a_name_never_changes() {
    each_engine(async |db| {
        let press = Press::open(&db, LETTER).await;
        press.file("a", json!({})).await;
        // Frozen at half past eight, stopped before its hour: nobody was given its name.
        let frozen = tick_at(&press, NINE.plus(-30 * MINUTE)).await.frozen;
        assert_eq!(name_of(&db, frozen[0]).await.as_deref(), Some("2026-11-23"));
        edition::stop(&db, frozen[0], press.clock.now()).await.unwrap();
        assert_eq!(name_of(&db, frozen[0]).await, None);

        press.clock.set(NINE.plus(83 * MINUTE));
        let by_hand = press.app.desk.run("matinale", press.clock.now()).await.unwrap();
        assert_eq!(name_of(&db, by_hand).await.as_deref(), Some("2026-11-23"));
        press.file("b", json!({})).await;
        let again = press.app.desk.run("matinale", press.clock.now()).await.unwrap();
        press.file("c", json!({})).await;
        let third = press.app.desk.run("matinale", press.clock.now()).await.unwrap();
        assert_eq!(name_of(&db, again).await.as_deref(), Some("2026-11-23-10h23"));
        assert_eq!(name_of(&db, third).await.as_deref(), Some("2026-11-23-10h23-2"));
        press.file("d", json!({})).await;
        let evening = tick_at(&press, NINE.plus(9 * HOUR)).await.released[0];
        assert_eq!(name_of(&db, evening).await.as_deref(), Some("2026-11-23-18h00"));
        press.clock.advance(HOUR);
        press.file("e", json!({})).await;
        let next = tick_at(&press, NINE.plus(DAY)).await.released[0];
        assert_eq!(name_of(&db, next).await.as_deref(), Some("2026-11-24"));

        // Stopping what has not left takes no page away: its address stands in mails.
        edition::stop(&db, next, press.clock.now()).await.unwrap();
        // Another zone, and the names stay.
        let moved = LETTER.replace("Africa/Lome", "Pacific/Apia");
        let press = Press::open_at(&db, &moved, press.clock.clone()).await;
        for name in ["2026-11-23", "2026-11-23-10h23", "2026-11-23-10h23-2", "2026-11-23-18h00", "2026-11-24"]
        {
            let page = page(&press, &format!("/editions/matinale/{name}")).await;
            let day = if name.contains("24") { "mardi 24" } else { "lundi 23" };
            assert!(page.text().contains(&format!("{day} novembre 2026")), "{name}");
        }
        assert_eq!(Edition::find(&db, next).await.unwrap().web_name.as_deref(), Some("2026-11-24"));
    })
    .await;
}

#[tokio::test]
async fn editions_of_a_program_that_knew_no_names_are_named_in_the_order_of_their_slots() {
    each_engine(async |db| {
        let (press, first) = released(&db, "").await;
        press.file("f", json!({})).await;
        let second = tick_at(&press, NINE.plus(9 * HOUR)).await.released[0];
        kiosque::execute!(&db, FORGET_NAMES).unwrap();
        let press = Press::open_at(&db, LETTER, press.clock.clone()).await;
        assert_eq!(name_of(&db, first).await.as_deref(), Some("2026-11-23"));
        assert_eq!(name_of(&db, second).await.as_deref(), Some("2026-11-23-18h00"));
        page(&press, "/editions/matinale/2026-11-23-18h00").await;
    })
    .await;
}

#[tokio::test]
async fn only_what_was_released_is_public() {
    each_engine(async |db| {
        let press = Press::open(&db, &format!("{LETTER}approval = \"required\"")).await;
        press.file("a", json!({})).await;
        let nowhere = async |what: &str| {
            for path in ["/editions/matinale/2026-11-23", "/editions/matinale/2026-11"] {
                assert_eq!(press.get(path).await.0, StatusCode::NOT_FOUND, "{what}: {path}");
            }
            let archive = press.get("/editions/matinale").await;
            assert!(archive.2.contains("Aucune édition n’est encore parue"), "{what}");
            assert!(!archive.2.contains("Titre a"), "{what}");
            assert!(press.get("/editions/").await.2.contains("Aucune édition n’est encore parue"), "{what}");
        };
        nowhere("before it is frozen").await;
        let frozen = tick_at(&press, NINE.plus(-10 * MINUTE)).await.frozen;
        nowhere("frozen").await;
        tick_at(&press, NINE.plus(HOUR)).await;
        nowhere("unapproved").await;
        edition::approve(&db, frozen[0], press.clock.now()).await.unwrap();
        assert_eq!(tick_at(&press, NINE.plus(2 * HOUR)).await.released, frozen);
        assert!(page(&press, "/editions/matinale/2026-11-23").await.text().contains("Titre a"));
        for path in [
            "/editions/matinale/2026-11-24",
            "/editions/matinale/2026-12",
            "/editions/matinale/demain",
            "/editions/matinale/2026-11-23-09h00",
            "/editions/soir",
            "/editions/soir/2026-11-23",
            "/editions/%22%3E/",
        ] {
            assert_eq!(press.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_has_every_article_by_section_and_nothing_of_any_readers() {
    each_engine(async |db| {
        let (press, edition) = released(&db, "").await;
        let answer = page(&press, "/editions/matinale/2026-11-23").await;
        let html = answer.text();
        let places: Vec<usize> =
            ["Titre e", ">Politique<", "Titre d", ">Économie<", "Titre c", ">Sport<", "Titre a"]
                .iter()
                .map(|text| html.rfind(text).unwrap_or_else(|| panic!("{text} is missing")))
                .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(html.contains("Titre b") && html.contains("https://www.exemple.tg/b"), "announced only");
        for personal in ["/u/", "/p/", "désinscrire", "\u{e1f0}"] {
            assert!(!html.contains(personal), "{personal}");
        }

        let address = "https://lettres.exemple.tg/editions/matinale/2026-11-23";
        assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{address}\">")));
        assert_eq!(field(html, "og:url"), address);
        assert_eq!(field(html, "og:title"), "La Matinale – lundi 23 novembre 2026");
        assert_eq!(field(html, "og:description"), "Titre e · Titre d · Titre c · Titre b · Titre a");
        assert_eq!(field(html, "og:image"), "https://www.exemple.tg/images/e.jpg");
        assert_eq!(field(html, "og:type"), "article");
        assert_eq!(field(html, "og:site_name"), "L’Éveil");
        assert_eq!(field(html, "article:published_time"), "2026-11-23T09:00:00+00:00");
        assert_eq!(field(html, "twitter:card"), "summary_large_image");
        assert!(
            html.contains("href=\"https://lettres.exemple.tg/flux/lettre/matinale.rss\""),
            "autodiscovery"
        );
        assert!(!html.contains("noindex") && !answer.headers.contains_key("x-robots-tag"));

        // Its pictures are shown, and nothing else from elsewhere.
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("img-src 'self' https://www.exemple.tg;"), "{policy}");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(Edition::find(&db, edition).await.unwrap().web_name.as_deref(), Some("2026-11-23"));
    })
    .await;
}

#[tokio::test]
async fn editions_lead_to_the_one_before_and_after() {
    each_engine(async |db| {
        let (press, _) = released(&db, "").await;
        let first = page(&press, "/editions/matinale/2026-11-23").await;
        assert!(!first.text().contains("rel=\"next\"") && !first.text().contains("rel=\"prev\""));
        for (id, at) in [("f", 9 * HOUR), ("g", DAY)] {
            press.file(id, json!({})).await;
            assert_eq!(tick_at(&press, NINE.plus(at)).await.released.len(), 1);
        }
        let evening = page(&press, "/editions/matinale/2026-11-23-18h00").await;
        let html = evening.text();
        assert!(html.contains("<link rel=\"prev\" href=\"/editions/matinale/2026-11-23\">"), "{html}");
        assert!(html.contains("<link rel=\"next\" href=\"/editions/matinale/2026-11-24\">"));
        assert!(html.contains("Édition du lundi 23 novembre 2026 à 18\u{a0}h"));
        let again = page(&press, "/editions/matinale/2026-11-23").await;
        assert!(again.text().contains("<link rel=\"next\" href=\"/editions/matinale/2026-11-23-18h00\">"));
        assert_ne!(first.header(header::ETAG), again.header(header::ETAG));
    })
    .await;
}

#[tokio::test]
async fn a_retracted_article_is_replaced_without_its_title_and_a_changed_one_is_marked() {
    each_engine(async |db| {
        let (press, edition) = released(&db, "").await;
        let before = page(&press, "/editions/matinale/2026-11-23").await;
        press.clock.advance(DAY);
        press.retract("e").await;
        press.retract("b").await;
        press.clock.advance(MINUTE);
        press.file("c", json!({ "title": "Titre juste", "categories": ["Économie"] })).await;
        for revised in [false, true] {
            // At once, and when the mails that have not left got their revision.
            if revised {
                assert_eq!(press.app.desk.tick(press.clock.now()).await.unwrap().revised, [edition]);
            }
            let answer = page(&press, "/editions/matinale/2026-11-23").await;
            let html = answer.text();
            assert_eq!(html.matches("Cet article a été retiré le 24 novembre 2026.").count(), 2, "{html}");
            for gone in
                ["Titre e", "Titre b", "exemple.tg/e\"", "exemple.tg/b\"", "images/e", "Texte e", "Titre c"]
            {
                assert!(!html.contains(gone), "{gone} (revised: {revised})");
            }
            assert!(html.contains("Titre juste"));
            let changed = "Article modifié le 24 novembre 2026, après l’envoi de la lettre.";
            assert_eq!(html.matches(changed).count(), 1);
            assert_eq!(field(html, "og:description"), "Titre d · Titre juste · Titre a");
            assert_eq!(field(html, "og:image"), "https://www.exemple.tg/images/d.jpg");
            assert_ne!(before.header(header::ETAG), answer.header(header::ETAG));
            assert_ne!(before.header(header::LAST_MODIFIED), answer.header(header::LAST_MODIFIED));
        }
        let archive = page(&press, "/editions/matinale").await;
        assert!(archive.text().contains("Titre d") && !archive.text().contains("Titre e"));
        press.refresh().await;
        let feed: Value = serde_json::from_str(&press.text("lettre/matinale.json")).unwrap();
        let item = &feed["items"][0];
        assert_eq!(item["title"], "Titre d");
        assert!(!item.to_string().contains("Titre e") && !item.to_string().contains("Titre b"));
        assert!(
            item["content_html"].as_str().unwrap().contains("Cet article a été retiré le 24 novembre 2026.")
        );
        assert_eq!(item["date_modified"], "2026-11-24T09:01:00Z");

        for id in ["a", "c", "d"] {
            press.retract(id).await;
        }
        let empty = page(&press, "/editions/matinale/2026-11-23").await;
        assert_eq!(empty.text().matches("Cet article a été retiré").count(), 5);
        press.refresh().await;
        assert!(press.text("lettre/matinale.json").contains("Édition du lundi 23 novembre 2026"));
    })
    .await;
}

#[tokio::test]
async fn what_an_editor_saw_retracted_before_the_release_is_not_told_of() {
    each_engine(async |db| {
        let press = Press::open(&db, LETTER).await;
        press.file("a", json!({})).await;
        press.file("b", json!({})).await;
        tick_at(&press, NINE.plus(-20 * MINUTE)).await;
        press.retract("b").await;
        assert_eq!(tick_at(&press, NINE).await.released.len(), 1);
        let html = page(&press, "/editions/matinale/2026-11-23").await;
        assert!(html.text().contains("Titre a") && !html.text().contains("retiré"));
    })
    .await;
}

#[tokio::test]
async fn who_has_a_page_gets_304_and_others_get_it_packed() {
    each_engine(async |db| {
        let (press, _) = released(&db, "").await;
        for path in [
            "/editions/",
            "/editions/matinale",
            "/editions/matinale/2026-11",
            "/editions/matinale/2026-11-23",
        ] {
            let whole = page(&press, path).await;
            let packed = press.ask(path, &[(header::ACCEPT_ENCODING, "gzip")]).await;
            assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip", "{path}");
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, whole.body);
            for (name, value) in [
                (header::IF_NONE_MATCH, packed.header(header::ETAG)),
                (header::IF_NONE_MATCH, whole.header(header::ETAG)),
                (header::IF_MODIFIED_SINCE, whole.header(header::LAST_MODIFIED)),
            ] {
                let same = press.ask(path, &[(name, value)]).await;
                assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
                assert_eq!(same.header(header::CACHE_CONTROL), whole.header(header::CACHE_CONTROL));
                assert_eq!(same.header(header::VARY), "Accept-Encoding");
                assert!(!same.headers.contains_key(header::CONTENT_TYPE));
            }
            assert!(whole.header(header::CACHE_CONTROL).starts_with("public, max-age=60"));
            // Another node says the same.
            let twin = Press::open_at(&db, LETTER, press.clock.clone()).await;
            assert_eq!(twin.ask(path, &[]).await.header(header::ETAG), whole.header(header::ETAG), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_long_archive_stands_by_months_and_a_renamed_letter_leads_on() {
    each_engine(async |db| {
        let press = Press::open(&db, LETTER).await;
        for day in 0..25 {
            press.clock.set(NINE.plus(day * DAY - MINUTE));
            press.file(&format!("j{day}"), json!({})).await;
            assert_eq!(tick_at(&press, NINE.plus(day * DAY)).await.released.len(), 1, "{day}");
        }
        let archive = page(&press, "/editions/matinale").await;
        let html = archive.text();
        assert!(html.contains("Titre j24") && html.contains("Titre j5") && !html.contains("Titre j4<"));
        assert!(
            html.contains("href=\"/editions/matinale/2026-12\"")
                && html.contains("href=\"/editions/matinale/2026-11\"")
        );
        let november = page(&press, "/editions/matinale/2026-11").await;
        assert!(november.text().contains("Titre j0") && november.text().contains("Titre j7"));
        assert!(!november.text().contains("Titre j8"));
        assert!(november.text().contains("<h1>Novembre 2026</h1>"));
        assert!(page(&press, "/editions/").await.text().contains("Titre j24"));

        let renamed =
            LETTER.replace("slug = \"matinale\"", "slug = \"aube\"\nwas = [\"matinale\"]\nnoindex = true");
        let press = Press::open_at(&db, &renamed, press.clock.clone()).await;
        press.refresh().await;
        for (old, new) in [
            ("/editions", "/editions/"),
            ("/editions/aube/", "/editions/aube"),
            ("/editions/matinale", "/editions/aube"),
            ("/editions/matinale/2026-11", "/editions/aube/2026-11"),
            ("/editions/matinale/2026-11-23", "/editions/aube/2026-11-23"),
            ("/flux/lettre/matinale.atom", "/flux/lettre/aube.atom"),
        ] {
            let (status, to, _) = press.get(old).await;
            assert_eq!(
                (status, &*to),
                (StatusCode::PERMANENT_REDIRECT, &*format!("https://lettres.exemple.tg{new}")),
                "{old}"
            );
        }
        for path in ["/editions/aube", "/editions/aube/2026-11", "/editions/aube/2026-11-23"] {
            let page = page(&press, path).await;
            assert_eq!(page.header("x-robots-tag"), "noindex", "{path}");
            assert!(page.text().contains("<meta name=\"robots\" content=\"noindex\">"), "{path}");
        }

        // Left out of the configuration it keeps what it had, and search engines are asked to let it be.
        let press = Press::open_at(&db, "", press.clock.clone()).await;
        let old = page(&press, "/editions/aube/2026-11-23").await;
        assert_eq!(old.header("x-robots-tag"), "noindex");
        assert!(old.text().contains("Titre j0") && !old.text().contains("paraît"));
        assert!(!page(&press, "/editions/").await.text().contains("aube"));
    })
    .await;
}

#[tokio::test]
async fn a_letters_feed_has_its_editions_under_ids_that_outlive_names_and_hosts() {
    each_engine(async |db| {
        let (press, _) = released(&db, "").await;
        press.file("f", json!({})).await;
        tick_at(&press, NINE.plus(9 * HOUR)).await;
        press.refresh().await;
        let items = |press: &Press, slug: &str| -> Vec<Value> {
            let feed: Value = serde_json::from_str(&press.text(&format!("lettre/{slug}.json"))).unwrap();
            feed["items"].as_array().unwrap().clone()
        };
        let before = items(&press, "matinale");
        assert_eq!(before.len(), 2);
        assert_eq!(before[0]["url"], "https://lettres.exemple.tg/editions/matinale/2026-11-23-18h00");
        assert_eq!(before[1]["title"], "Titre e");
        assert_eq!(before[1]["date_published"], "2026-11-23T09:00:00Z");
        assert_eq!(before[1]["tags"], json!(["Économie", "Politique", "Sport"]));
        for id in ["a", "b", "c", "d", "e"] {
            assert!(
                before[1]["content_html"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("https://www.exemple.tg/{id}\""))
            );
        }
        let rss = press.text("lettre/matinale.rss");
        assert!(
            rss.contains("<title>L’Éveil – La Matinale</title>") && rss.contains("isPermaLink=\"false\"")
        );
        assert!(rss.contains("<link>https://lettres.exemple.tg/editions/matinale</link>"));

        // A feed like any other: conditional requests, the list on the page, and none of it twice in the OPML.
        let path = "/flux/lettre/matinale.atom";
        let whole = press.ask(path, &[]).await;
        assert_eq!(whole.header(header::CONTENT_TYPE), "application/atom+xml; charset=utf-8");
        let same = press.ask(path, &[(header::IF_NONE_MATCH, whole.header(header::ETAG))]).await;
        assert_eq!(same.status, StatusCode::NOT_MODIFIED);
        assert!(press.get("/flux/").await.2.contains("https://lettres.exemple.tg/flux/lettre/matinale.rss"));
        assert!(!press.get("/flux.opml").await.2.contains("lettre/"));
        assert_eq!(press.get("/flux/lettre/soir.rss").await.0, StatusCode::NOT_FOUND);
        assert!(
            !kiosque::newsletters::letter_feeds::refresh(&press.app.desk, &press.app.feeds).await.unwrap()
        );

        let renamed = LETTER.replace("slug = \"matinale\"", "slug = \"aube\"\nwas = [\"matinale\"]");
        let press = Press::open_at(&db, &renamed, press.clock.clone()).await;
        press.refresh().await;
        let after = items(&press, "aube");
        let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&before), ids(&after));
        assert_ne!(before[0]["url"], after[0]["url"]);
    })
    .await;
}

#[tokio::test]
async fn a_letter_without_an_edition_has_a_feed_and_a_page() {
    each_engine(async |db| {
        let press = Press::open_at(&db, LETTER, Clock::test(MORNING)).await;
        press.refresh().await;
        assert!(press.text("lettre/matinale.json").contains("\"items\":[]"));
        assert!(
            page(&press, "/editions/matinale").await.text().contains("L’essentiel, avant votre journée.")
        );
    })
    .await;
}

#[tokio::test]
async fn every_mail_leads_to_its_edition_on_the_web() {
    each_engine(async |db| {
        let press =
            Press::open(&db, &format!("{LETTER}max_articles = 1").replace("max_articles = 3", "")).await;
        kiosque::execute!(&db, READER, &[1_u8; 32][..]).unwrap();
        kiosque::execute!(&db, INSCRIBED).unwrap();
        press.file("a", json!({})).await;
        press.file("b", json!({})).await;
        let edition = tick_at(&press, NINE).await.released[0];
        let messages: Vec<(Vec<u8>,)> = fetch_all!(&db, MESSAGES, edition).unwrap();
        let mail = String::from_utf8_lossy(&messages[0].0).replace("=\r\n", "");
        let address = "https://lettres.exemple.tg/editions/matinale/2026-11-23";
        // At the head, under « Et un autre article », and both again in the text.
        assert_eq!(mail.matches(address).count(), 4, "{mail}");
        assert_eq!(mail.matches("Lire en ligne").count(), 2);
        page(&press, "/editions/matinale/2026-11-23").await;
        let preview = press.app.desk.preview("matinale", press.clock.now()).await;
        assert!(preview.is_err(), "nothing is left");
    })
    .await;
}
