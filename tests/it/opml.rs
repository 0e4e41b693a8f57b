//! The list of feeds as a document of its own: kept like a feed, and read by strangers.

use axum::http::{Method, StatusCode, header};
use kiosque::clock::HOUR;

use crate::support::database::each_engine;
use crate::support::feed_room::{NOON, draft};
use crate::support::site::Site;

const LIST: &str = "/flux.opml";

#[tokio::test]
async fn the_list_names_every_feed_of_the_index_once_and_everything_first() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let list = site.get(LIST).await;
        assert_eq!(list.status, StatusCode::OK);
        assert_eq!(list.header(header::CONTENT_TYPE), "text/x-opml; charset=utf-8");
        let feeds: Vec<&str> =
            list.text().split("xmlUrl=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let base = "https://lettres.exemple.tg/flux";
        let expected = ["tout", "politique", "sport"].map(|slug| format!("{base}/{slug}.rss"));
        assert_eq!(feeds, expected, "not declared, not listed");
        for feed in feeds {
            let path = feed.strip_prefix("https://lettres.exemple.tg").unwrap();
            assert_eq!(site.get(path).await.status, StatusCode::OK, "{feed}");
        }
        let page = site.get("/flux/").await;
        assert!(page.text().contains(&format!("href=\"https://lettres.exemple.tg{LIST}\"")));
        for slug in ["tout", "politique", "sport"] {
            assert!(list.text().contains(&format!("htmlUrl=\"{base}/#{slug}\"")));
            assert!(page.text().contains(&format!("id=\"{slug}\"")));
        }
    })
    .await;
}

#[tokio::test]
async fn the_list_is_kept_like_a_feed_and_changes_only_with_the_rubrics() {
    each_engine(async |db| {
        let early = Site::open(db, "https://lettres.exemple.tg").await;
        assert_eq!(early.get(LIST).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let site = early;
        site.refresh().await;
        let full = site.get(LIST).await;
        let tag = full.header(header::ETAG).to_owned();
        assert_eq!(
            full.header(header::CACHE_CONTROL),
            "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400"
        );
        let date = full.header(header::LAST_MODIFIED).to_owned();
        for condition in [(header::IF_NONE_MATCH, &*tag), (header::IF_MODIFIED_SINCE, &*date)] {
            let again = site.ask(Method::GET, LIST, &[condition]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert!(!again.headers.contains_key(header::CONTENT_TYPE));
        }
        let gzip = site.ask(Method::GET, LIST, &[(header::ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!(gzip.header(header::CONTENT_ENCODING), "gzip");
        assert!(gzip.body.starts_with(&[0x1f, 0x8b]));
        let head = site.ask(Method::HEAD, LIST, &[]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header(header::CONTENT_LENGTH), full.body.len().to_string());
        assert_eq!(site.get("/flux.opml?utm=1").await.body, full.body);

        site.news.publish(&draft("Le match", NOON.plus(-HOUR)), &[site.news.sport]).await;
        site.refresh().await;
        assert_eq!(site.get(LIST).await.header(header::ETAG), tag, "an article is no change of the list");

        site.news.rename_politique_and_remove_sport().await;
        site.refresh().await;
        let changed = site.get(LIST).await;
        assert_ne!(changed.header(header::ETAG), tag);
        assert!(changed.text().contains("/flux/vie-politique.rss") && !changed.text().contains("sport"));
    })
    .await;
}
