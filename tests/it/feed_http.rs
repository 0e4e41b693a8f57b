//! Feeds by the rules of HTTP: codings and their tags, what a 304 says, the database away, scripts of other sites.

use axum::http::{HeaderName, Method, StatusCode, header};
use kiosque::clock::SECOND;
use kiosque::feeds::{Publication, brotli};
use kiosque::web;

use crate::support::database::each_engine;
use crate::support::site::{Answer, Site, config};

const FEED: &str = "/flux/politique.rss";

async fn get(site: &Site, headers: &[(HeaderName, &str)]) -> Answer {
    site.ask(Method::GET, FEED, headers).await
}

fn names(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<&str> = answer.headers.keys().map(HeaderName::as_str).collect();
    names.retain(|name| *name != "content-length");
    names.sort_unstable();
    names
}

#[tokio::test]
async fn brotli_follows_gzip_and_unpacks_to_the_same_bytes_under_a_tag_of_its_own() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let modern = [(header::ACCEPT_ENCODING, "gzip, deflate, br, zstd")];
        let early = get(&site, &modern).await;
        assert_eq!(early.header(header::CONTENT_ENCODING), "gzip");
        brotli::pack(&site.app.feeds).await;

        let plain = get(&site, &[]).await;
        let later = get(&site, &modern).await;
        assert_eq!(later.header(header::CONTENT_ENCODING), "br");
        assert_eq!(
            later.header(header::ETAG),
            format!("{}-br\"", plain.header(header::ETAG).trim_end_matches('"'))
        );
        assert_eq!(later.header(header::VARY), "Accept-Encoding");
        assert_eq!(later.header(header::LAST_MODIFIED), early.header(header::LAST_MODIFIED));
        let mut unpacked = Vec::new();
        ::brotli::BrotliDecompress(&mut &later.body[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body);
        let older = get(&site, &[(header::ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!((older.body, older.headers), (early.body, early.headers));

        site.refresh().await;
        let same = get(&site, &modern).await;
        assert_eq!(same.header(header::CONTENT_ENCODING), "br", "what has not changed stays packed");
    })
    .await;
}

#[tokio::test]
async fn a_304_names_the_tag_that_the_client_has_when_it_takes_that_coding() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        brotli::pack(&site.app.feeds).await;
        let tag = get(&site, &[]).await.header(header::ETAG).to_owned();
        let opaque = tag.trim_matches('"');
        for (has, accepts, answered) in [
            ("", "gzip, br", ""),
            ("-gz", "gzip, br", "-gz"),
            ("-br", "gzip, br", "-br"),
            ("-gz", "gzip;q=0.1, br", "-gz"),
            ("-gz", "br", "-br"),
            ("-br", "gzip", "-gz"),
            ("-gz", "", ""),
            ("", "gzip, identity;q=0", "-gz"),
            ("-gzip", "gzip, br", "-br"),
        ] {
            let asked = format!("\"autre\", W/\"{opaque}{has}\"");
            let answer =
                get(&site, &[(header::IF_NONE_MATCH, &asked), (header::ACCEPT_ENCODING, accepts)]).await;
            assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{has} {accepts}");
            assert_eq!(answer.header(header::ETAG), format!("\"{opaque}{answered}\""), "{has} {accepts}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_304_carries_what_a_cache_updates_and_nothing_of_the_body() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let full = get(&site, &[]).await;
        let answer = get(&site, &[(header::IF_NONE_MATCH, full.header(header::ETAG))]).await;
        assert_eq!(
            names(&answer),
            [
                "access-control-allow-origin",
                "cache-control",
                "etag",
                "last-modified",
                "vary",
                "x-content-type-options",
                "x-robots-tag"
            ]
        );
        for name in names(&answer) {
            assert_eq!(answer.header(name), full.header(name));
        }
    })
    .await;
}

#[tokio::test]
async fn with_the_database_away_the_last_good_bytes_are_served_with_their_age() {
    each_engine(async |db| {
        let handle = web::metrics::install().unwrap();
        let site = Site::ready(db).await;
        let metrics = web::metrics::router(&site.app, handle);
        let good = get(&site, &[]).await;
        assert!(!good.headers.contains_key(header::AGE));

        site.app.db.close().await;
        for (passed, age) in [(5, None), (20, Some("25")), (600, Some("625"))] {
            site.news.clock.advance(passed * SECOND);
            assert!(site.app.feeds.refresh(&site.app.db, site.news.clock.now()).await.is_err());
            let answer = get(&site, &[]).await;
            assert_eq!((answer.status, &answer.body), (StatusCode::OK, &good.body));
            let said = answer.headers.get(header::AGE).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(said.as_deref(), age);
            let unchanged = get(&site, &[(header::IF_NONE_MATCH, good.header(header::ETAG))]).await;
            assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
            assert_eq!(unchanged.headers.get(header::AGE), answer.headers.get(header::AGE));
        }
        let metrics = Site { router: metrics, ..site }.get("/metrics").await;
        assert!(metrics.text().contains("\nkiosque_feeds_stale_seconds 625\n"), "{}", metrics.text());
    })
    .await;
}

#[tokio::test]
async fn the_age_ends_when_the_database_is_back() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        site.news.clock.advance(60 * SECOND);
        assert_eq!(get(&site, &[]).await.header(header::AGE), "60");
        site.refresh().await;
        assert!(!get(&site, &[]).await.headers.contains_key(header::AGE));
    })
    .await;
}

#[tokio::test]
async fn a_script_of_another_site_may_ask_with_conditions_and_other_methods_are_refused() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let asked = [
            (header::ORIGIN, "https://lecteur.example"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "GET"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "if-none-match"),
        ];
        let allowed = site.ask(Method::OPTIONS, FEED, &asked).await;
        assert_eq!((allowed.status, allowed.body.len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(allowed.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(allowed.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET, HEAD");
        assert_eq!(allowed.header(header::ACCESS_CONTROL_ALLOW_HEADERS), "*");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let refused = site.ask(method.clone(), FEED, &[]).await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(refused.header(header::ALLOW), "GET,HEAD,OPTIONS");
        }
    })
    .await;
}

#[tokio::test]
async fn ranges_deltas_and_query_strings_change_nothing() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let plain = get(&site, &[]).await;
        let odd = [
            (HeaderName::from_static("a-im"), "feed, gzip"),
            (header::RANGE, "bytes=0-9"),
            (header::ACCEPT, "text/html"),
            (header::ACCEPT_LANGUAGE, "de"),
            (header::HOST, "autre.example"),
            (HeaderName::from_static("x-forwarded-host"), "autre.example"),
        ];
        let answer = site.ask(Method::GET, &format!("{FEED}?utm_source=x&null"), &odd).await;
        assert_eq!((answer.status, answer.body, answer.headers), (StatusCode::OK, plain.body, plain.headers));
    })
    .await;
}

#[tokio::test]
async fn hubs_are_named_beside_the_feeds_own_address_in_the_header_of_get_and_head() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        assert!(!get(&site, &[]).await.headers.contains_key(header::LINK), "without hubs there is none");
        let config = config("https://lettres.exemple.tg");
        let hubs = vec!["https://hub.example/".to_owned()];
        let publication = Publication { hubs, ..Publication::of(&config) };
        site.app.feeds.set_publication(publication);
        site.refresh().await;

        let link = "<https://hub.example/>; rel=\"hub\", \
                    <https://lettres.exemple.tg/flux/politique.rss>; rel=\"self\"";
        for method in [Method::GET, Method::HEAD] {
            let answer = site.ask(method, FEED, &[(header::HOST, "autre.example")]).await;
            assert_eq!(answer.header(header::LINK), link);
        }
        let document = get(&site, &[]).await;
        assert!(document.text().contains("href=\"https://hub.example/\" rel=\"hub\""), "{}", document.text());
        let json = site.get("/flux/politique.json").await;
        assert!(
            json.header(header::LINK)
                .ends_with("<https://lettres.exemple.tg/flux/politique.json>; rel=\"self\"")
        );
    })
    .await;
}
