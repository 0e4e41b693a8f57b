//! Readers of a newsroom's former feeds stay: the addresses of WordPress and Joomla lead to the feeds of today.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use kiosque::app::App;
use kiosque::articles::{Intake, Options, Progress};
use kiosque::clock::Clock;
use kiosque::config::Config;
use kiosque::{execute, statements, web};
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::feed_room::NOON;
use crate::support::newsroom;
use crate::support::site::Site;

statements! {
    ADD_TERM = "INSERT INTO origin_terms (source_id, term, category_id)
        VALUES ((SELECT id FROM sources WHERE name = 'essai'), $1, $2)";
    ADD_RULE = "INSERT INTO feed_rules (category_id, author, rubrics, filed) VALUES ($1, $2, '[]', TRUE)";
}

const WEEKLY: &str = "schedule = \"0 7 * * 0\"\ntimezone = \"Africa/Lome\"";
const BASE: &str = "https://lettres.exemple.tg";

async fn leads(site: &Site, address: &str) -> String {
    let answer = site.get(address).await;
    match answer.status {
        StatusCode::MOVED_PERMANENTLY => {
            assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=86400", "{address}");
            let to = answer.header(header::LOCATION);
            let path = to.strip_prefix(BASE).unwrap_or_else(|| panic!("{address} leads to {to}"));
            assert_eq!(site.get(path).await.status, StatusCode::OK, "{address} leads to {path}");
            path.to_owned()
        }
        status => status.as_u16().to_string(),
    }
}

#[tokio::test]
async fn every_old_address_leads_to_its_feed_for_good() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        execute!(&site.app.db, ADD_TERM, "cat=7", site.news.politique).unwrap();
        execute!(&site.app.db, ADD_RULE, site.news.sport, "afi-kossi").unwrap();
        site.refresh().await;
        for (address, target) in [
            ("/feed/", "/flux/tout.rss"),
            ("/feed", "/flux/tout.rss"),
            ("/feed/atom/", "/flux/tout.atom"),
            ("/feed/rdf/", "/flux/tout.rss"),
            ("/feed/json/", "/flux/tout.json"),
            ("/category/politique/feed/json", "/flux/politique.json"),
            ("/?feed=rss2", "/flux/tout.rss"),
            ("/?feed=atom", "/flux/tout.atom"),
            ("/?feed=rss2&cat=7", "/flux/politique.rss"),
            ("/?cat=7&feed=atom", "/flux/politique.atom"),
            ("/?feed=rss2&cat=8", "/flux/tout.rss"),
            ("/category/politique/feed/", "/flux/politique.rss"),
            ("/category/politique/feed/atom/", "/flux/politique.atom"),
            ("/category/sport/politique/feed/", "/flux/politique.rss"),
            ("/category/sport/football/feed/", "/flux/sport.rss"),
            ("/category/non-classe/feed/", "/flux/non-classe.rss"),
            ("/category/inconnue/feed/", "/flux/tout.rss"),
            ("/politique/feed/", "/flux/politique.rss"),
            ("/author/afi-kossi/feed/", "/flux/sport.rss"),
            ("/author/personne/feed/atom/", "/flux/tout.atom"),
            ("/tag/lome/feed/", "/flux/tout.rss"),
            ("/comments/feed/", "410"),
            ("/2024/05/le-vote/feed/", "410"),
            ("/le-vote/feed/atom/", "410"),
            ("/?p=1&feed=rss2", "410"),
            ("/?p=1&feed=", "410"),
            ("/index.php?format=feed&type=atom", "/flux/tout.atom"),
            ("/?format=feed&type=rss", "/flux/tout.rss"),
            ("/index.php/12-politique?format=feed&type=rss", "/flux/politique.rss"),
            ("/politique?format=feed", "/flux/politique.rss"),
            ("/politique.feed?type=atom", "/flux/politique.atom"),
            ("/index.php?option=com_content&view=category&id=7&format=feed&type=atom", "/flux/tout.atom"),
        ] {
            assert_eq!(leads(&site, address).await, target, "{address}");
        }
        let post = site.ask(Method::POST, "/feed/", &[]).await;
        assert_eq!(post.status, StatusCode::NOT_FOUND);
        let head = site.ask(Method::HEAD, "/feed/", &[]).await;
        assert_eq!(head.status, StatusCode::MOVED_PERMANENTLY);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_rubric_is_found_by_any_name_it_had_and_a_removed_one_is_gone() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        execute!(&site.app.db, ADD_TERM, "cat=7", site.news.politique).unwrap();
        execute!(&site.app.db, ADD_TERM, "cat=9", site.news.sport).unwrap();
        site.news.rename_politique_and_remove_sport().await;
        site.refresh().await;
        for (address, target) in [
            ("/category/politique/feed/", "/flux/vie-politique.rss"),
            ("/category/vie-politique/feed/", "/flux/vie-politique.rss"),
            ("/category/Vie%20Politique/feed/", "/flux/vie-politique.rss"),
            ("/?feed=rss2&cat=7", "/flux/vie-politique.rss"),
            ("/politique?format=feed", "/flux/vie-politique.rss"),
            ("/category/sport/feed/", "410"),
            ("/sport/feed/", "410"),
            ("/?feed=rss2&cat=9", "410"),
        ] {
            assert_eq!(leads(&site, address).await, target, "{address}");
        }
    })
    .await;
}

#[tokio::test]
async fn names_that_imports_mean_by_a_rubric_lead_to_it() {
    each_engine(async |db| {
        // The configuration says: Politique, from = ["Vie publique"].
        let site = Site::ready(db).await;
        assert_eq!(leads(&site, "/category/vie-publique/feed/").await, "/flux/politique.rss");
        assert_eq!(leads(&site, "/category/Vie%20Publique/feed/atom/").await, "/flux/politique.atom");
    })
    .await;
}

#[tokio::test]
async fn a_wordpress_export_says_what_its_sites_addresses_name() {
    each_engine(async |db| {
        // Économie has the number 3 there and the slug « économie »; Culture 5, and is not declared here.
        let app = App::build(newsroom::config(WEEKLY), db.clone(), Clock::test(NOON)).await.unwrap();
        app.take_up().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        // « Tech & Web » has another slug there than here.
        let export = std::fs::read_to_string("tests/fixtures/wordpress-1.xml").unwrap();
        let export = export
            .replace(
                "<![CDATA[tech-web]]></wp:category_nicename>",
                "<![CDATA[numerique]]></wp:category_nicename>",
            )
            .replace("nicename=\"tech-web\"", "nicename=\"numerique\"");
        let file = folder.path().join("export.xml");
        std::fs::write(&file, export).unwrap();
        let intake = Intake::new(db.clone(), app.clock.clone(), &app.config);
        for _ in 0..2 {
            intake
                .import(std::slice::from_ref(&file), &Options::default(), &Arc::<Progress>::default())
                .await
                .unwrap();
        }
        app.feeds.refresh(&db, NOON).await.unwrap();
        let router = web::router(&app);
        for (address, target) in [
            ("/?feed=rss2&cat=3", "economie.rss"),
            ("/category/%c3%a9conomie/feed/", "economie.rss"),
            ("/?feed=rss2&cat=4", "tech-web.rss"),
            ("/category/numerique/feed/", "tech-web.rss"),
            ("/?feed=atom&cat=5", "culture.atom"),
            ("/?feed=rss2&cat=1", "tout.rss"),
        ] {
            let request = Request::get(address).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let to = answer.headers()[header::LOCATION].to_str().unwrap();
            assert_eq!(to, format!("https://lettres.test.tg/flux/{target}"), "{address}");
        }
        // Declared later: what was stored moves over, and so does what the addresses name.
        let text = newsroom::config_text(WEEKLY) + "[[category]]\nname = \"Arts\"\nfrom = [\"culture\"]\n";
        let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap();
        let app = App::build(config, db.clone(), Clock::test(NOON)).await.unwrap();
        app.take_up().await.unwrap();
        app.feeds.refresh(&db, NOON).await.unwrap();
        let router = web::router(&app);
        for address in ["/?feed=rss2&cat=5", "/category/culture/feed/"] {
            let request = Request::get(address).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let to = answer.headers()[header::LOCATION].to_str().unwrap();
            assert_eq!(to, "https://lettres.test.tg/flux/arts.rss", "{address}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_stay_what_they_are_and_nothing_of_an_address_comes_back() {
    each_engine(async |db| {
        let site = Site::open(db, BASE).await;
        assert_eq!(leads(&site, "/feed/").await, "503", "before the feeds are read");
        site.refresh().await;
        let home = site.get("/").await;
        for address in ["/?p=1", "/?cat=7", "/?feed=", "/?feed=podcast", "/?format=html"] {
            assert_eq!(site.get(address).await.body, home.body, "{address}");
        }
        for address in
            ["/lettres?feed=rss2", "/flux/?feed=rss2", "/flux.opml?format=feed", "/healthz?feed=atom"]
        {
            assert_eq!(site.get(address).await.status, StatusCode::OK, "{address}");
        }
        for address in ["/nulle-part", "/feed/podcast/", "/flux/feed", "/category/politique/"] {
            assert_eq!(leads(&site, address).await, "404", "{address}");
        }
        for address in [
            "/category/%0d%0aSet-Cookie:%20a=b/feed/",
            "/category//evil.example/feed/?next=//evil.example",
            "/?feed=rss2&cat=%3Cscript%3E",
            "/%3Cscript%3Ealert(1)%3C/script%3E/feed/",
        ] {
            let answer = site.get(address).await;
            let seen = format!("{:?}{}", answer.headers, answer.text());
            for echoed in ["evil", "Set-Cookie", "script>", "alert"] {
                assert!(!seen.contains(echoed), "{address}: {seen}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_public_url_with_a_path_keeps_it() {
    each_engine(async |db| {
        let site = Site::open(db, "https://www.exemple.tg/lettres").await;
        site.refresh().await;
        for (address, target) in [
            ("/lettres/feed/atom/", "https://www.exemple.tg/lettres/flux/tout.atom"),
            ("/lettres?feed=rss2", "https://www.exemple.tg/lettres/flux/tout.rss"),
            ("/category/politique/feed/", "https://www.exemple.tg/lettres/flux/politique.rss"),
        ] {
            assert_eq!(site.get(address).await.header(header::LOCATION), target, "{address}");
        }
    })
    .await;
}
