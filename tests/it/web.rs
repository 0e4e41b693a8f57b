//! The public listener: feeds by the rules of HTTP, pages, limits, and stopping in good order.

use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::routing::get;
use kiosque::web;
use kiosque::web::server::{Limits, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::database::each_engine;
use crate::support::site::Site;

const FEED: &str = "/flux/politique.rss";

#[tokio::test]
async fn a_feed_is_sent_with_everything_that_readers_and_caches_need() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let plain = site.get(FEED).await;
        assert_eq!(plain.status, StatusCode::OK);
        assert!(plain.text().contains("<title>Le vote</title>"));
        for (name, value) in [
            ("content-type", "application/rss+xml; charset=utf-8"),
            ("cache-control", "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400"),
            ("vary", "Accept-Encoding"),
            ("x-content-type-options", "nosniff"),
            ("x-robots-tag", "noindex"),
            ("access-control-allow-origin", "*"),
            ("last-modified", "Mon, 23 Nov 2026 08:00:00 GMT"),
        ] {
            assert_eq!(plain.header(name), value, "{name}");
        }
        assert_eq!(plain.header(header::CONTENT_LENGTH), plain.body.len().to_string());
        assert!(!plain.headers.contains_key(header::CONTENT_ENCODING));

        let gzip = site.ask(Method::GET, FEED, &[(header::ACCEPT_ENCODING, "br, gzip")]).await;
        assert_eq!(gzip.header(header::CONTENT_ENCODING), "gzip");
        assert_eq!(gzip.header(header::VARY), "Accept-Encoding");
        assert_ne!(gzip.header(header::ETAG), plain.header(header::ETAG), "a strong tag for each coding");
        assert!(gzip.body.starts_with(&[0x1f, 0x8b]));

        let head = site.ask(Method::HEAD, FEED, &[(header::ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        let mut expected = gzip.headers.clone();
        expected.remove(header::TRANSFER_ENCODING);
        assert_eq!(head.headers, expected);

        let atom = site.get("/flux/tout.atom").await;
        assert_eq!(atom.header(header::CONTENT_TYPE), "application/atom+xml; charset=utf-8");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_has_the_feed_gets_304_with_the_headers_of_the_200() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let full = site.get(FEED).await;
        let tag = full.header(header::ETAG).to_owned();
        let opaque = tag.trim_matches('"');
        let date = full.header(header::LAST_MODIFIED).to_owned();
        let old = "Sun, 22 Nov 2026 08:00:00 GMT";
        let list = format!("\"x\", W/\"{opaque}-gzip\"");
        let cases: [(&[(header::HeaderName, &str)], StatusCode); 9] = [
            (&[(header::IF_NONE_MATCH, &tag)], StatusCode::NOT_MODIFIED),
            (&[(header::IF_NONE_MATCH, &list)], StatusCode::NOT_MODIFIED),
            (&[(header::IF_NONE_MATCH, "*")], StatusCode::NOT_MODIFIED),
            (&[(header::IF_NONE_MATCH, "\"x\"")], StatusCode::OK),
            (&[(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, &date)], StatusCode::OK),
            (&[(header::IF_NONE_MATCH, &tag), (header::IF_MODIFIED_SINCE, old)], StatusCode::NOT_MODIFIED),
            (&[(header::IF_MODIFIED_SINCE, &date)], StatusCode::NOT_MODIFIED),
            (&[(header::IF_MODIFIED_SINCE, old)], StatusCode::OK),
            (&[(header::IF_MATCH, "\"x\"")], StatusCode::PRECONDITION_FAILED),
        ];
        for (headers, status) in cases {
            for method in [Method::GET, Method::HEAD] {
                let answer = site.ask(method.clone(), FEED, headers).await;
                assert_eq!(answer.status, status, "{method} {headers:?}");
                if status == StatusCode::NOT_MODIFIED {
                    assert!(answer.body.is_empty());
                    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY, header::LAST_MODIFIED] {
                        assert_eq!(answer.headers.get(&name), full.headers.get(&name), "{name}");
                    }
                    assert!(!answer.headers.contains_key(header::CONTENT_TYPE));
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_no_feed_says_why_and_for_how_long() {
    each_engine(async |db| {
        let site = Site::open(db, "https://lettres.exemple.tg").await;
        let early = site.get(FEED).await;
        assert_eq!((early.status, early.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "5"));
        site.news.rename_politique_and_remove_sport().await;
        site.refresh().await;

        let moved = site.get(&format!("{FEED}?utm=1")).await;
        assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(moved.header(header::LOCATION), "https://lettres.exemple.tg/flux/vie-politique.rss");

        let gone = site.get("/flux/sport.atom").await;
        assert_eq!(gone.status, StatusCode::GONE);
        assert_eq!(gone.header(header::CACHE_CONTROL), "public, max-age=86400");
        assert!(gone.text().contains("<h1>Cette page a été retirée</h1>"));

        let unknown = site.get("/flux/%3Cscript%3E.rss?script").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert_eq!(unknown.header(header::CACHE_CONTROL), "public, max-age=60");
        assert_eq!(unknown.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert!(!unknown.text().contains("script"), "nothing of the address is echoed");
        assert_eq!(site.get("/nulle-part").await.status, StatusCode::NOT_FOUND);

        let post = site.ask(Method::POST, "/flux/tout.rss", &[]).await;
        assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(post.header(header::ALLOW), "GET,HEAD,OPTIONS");
        assert!(post.text().contains("<html lang=\"fr\">"));

        let empty = site.get("/flux/non-classe.atom").await;
        assert_eq!(empty.status, StatusCode::OK);
        assert!(!empty.text().contains("<entry>"));
    })
    .await;
}

#[tokio::test]
async fn query_strings_change_nothing() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let bare = site.get(FEED).await;
        let with = site.get(&format!("{FEED}?utm_source=x&null")).await;
        assert_eq!((bare.body, bare.headers), (with.body, with.headers));
    })
    .await;
}

#[tokio::test]
async fn the_list_of_feeds_names_each_one_and_programs_find_them() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let page = site.get("/flux/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header(header::CACHE_CONTROL), "public, max-age=300");
        assert!(page.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"));
        let text = page.text();
        for slug in ["tout", "politique", "sport"] {
            for format in ["rss", "atom"] {
                let address = format!("href=\"https://lettres.exemple.tg/flux/{slug}.{format}\"");
                assert_eq!(text.matches(&address).count(), 2, "as a link and for programs: {address}");
            }
        }
        assert!(!text.contains("non-classe"), "not declared, not listed");
        let latest = "<a href=\"https://www.exemple.tg/articles/1\">Le vote</a>, \
                      <time datetime=\"2026-11-23\">le 23 novembre 2026</time>";
        assert_eq!(text.matches(latest).count(), 2, "of all and of its rubric: {text}");
        assert_eq!(text.matches("Pas encore d’article.").count(), 1);
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        let home = site.get("/").await;
        assert!(!home.header(header::CONTENT_SECURITY_POLICY).contains("script-src"));
        assert!(home.text().contains("title=\"L’Éveil – Toutes les rubriques (RSS)\""));
        let found = "rel=\"alternate\" type=\"application/rss+xml\" title=\"L’Éveil – Politique (RSS)\"";
        assert!(text.contains(found));
        let first = &text[text.find("rel=\"alternate\"").unwrap()..];
        assert!(first.find("tout.rss") < first.find("politique.rss"), "everything comes first");
        assert_eq!(site.get("/flux").await.header(header::LOCATION), "https://lettres.exemple.tg/flux/");
        assert!(site.get("/").await.text().contains("href=\"/flux/\""));
    })
    .await;
}

#[tokio::test]
async fn a_public_url_with_a_path_is_answered_with_it_and_without() {
    each_engine(async |db| {
        let site = Site::open(db, "https://www.exemple.tg/lettres").await;
        site.refresh().await;
        for path in ["/lettres/flux/tout.atom", "/flux/tout.atom"] {
            let feed = site.get(path).await;
            assert_eq!(feed.status, StatusCode::OK, "{path}");
            let own = "<link href=\"https://www.exemple.tg/lettres/flux/tout.atom\" rel=\"self\"";
            assert!(feed.text().contains(own));
        }
        assert_eq!(site.get("/lettres").await.status, StatusCode::OK);
        assert_eq!(site.get("/lettres/").await.status, StatusCode::OK);
        assert_eq!(site.get("/lettresx/").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_node_is_ready_once_its_feeds_are_read_and_while_its_database_answers() {
    each_engine(async |db| {
        let site = Site::open(db, "https://lettres.exemple.tg").await;
        assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
        let early = site.get("/readyz").await;
        assert_eq!(
            (early.status, early.text()),
            (StatusCode::SERVICE_UNAVAILABLE, "the feeds are not read yet\n")
        );
        site.refresh().await;
        assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
        site.app.db.close().await;
        let away = site.get("/readyz").await;
        assert_eq!(
            (away.status, away.text()),
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        );
        assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
        assert_eq!(site.get(FEED).await.status, StatusCode::OK, "the last good bytes");
    })
    .await;
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_name_no_path() {
    each_engine(async |db| {
        let handle = web::metrics::install().unwrap();
        let site = Site::ready(db).await;
        site.get("/flux/ceci-est-secret.rss").await;
        let metrics = Site { router: web::metrics::router(&site.app, handle), ..site };
        let text = metrics.get("/metrics").await;
        assert_eq!(text.header(header::CONTENT_TYPE), "text/plain; version=0.0.4; charset=utf-8");
        let line = "kiosque_http_requests_total{route=\"/flux/{feed}\",method=\"GET\",status=\"404\"}";
        assert!(text.text().contains(line), "{}", text.text());
        assert!(!text.text().contains("secret"));
        for name in ["edition_eligible", "edition_deliveries", "edition_missing", "queue_deliveries"] {
            assert!(text.text().contains(&format!("# TYPE kiosque_{name} gauge")), "{name}");
        }
        assert!(text.text().contains("\nkiosque_database_up 1\n"));
        metrics.app.db.close().await;
        let away = metrics.get("/metrics").await;
        assert_eq!(away.status, StatusCode::OK);
        assert!(away.text().contains("\nkiosque_database_up 0\n"));
    })
    .await;
}

#[tokio::test]
async fn a_post_of_more_than_64_kilobytes_is_refused_with_a_page() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let form = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let large = format!("address={}", "x".repeat(64 * 1024));
        let refused = site.send(Method::POST, "/lettres", &form, large).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(refused.text().contains("<p class=\"kicker\">Erreur 413</p>"));
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_a_page_that_says_nothing_of_it() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let routes = Router::new().route("/panne", get(async || -> &str { panic!("a secret") }));
        let site = Site { router: web::dressed(&site.app, routes), ..site };
        let answer = site.get("/panne").await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            answer.text().contains("<h1>Une erreur est survenue</h1>") && !answer.text().contains("secret")
        );
    })
    .await;
}

/// A listener on loopback with these routes, until the sender says stop.
async fn listening(
    routes: Router,
    limits: Limits,
) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<usize>) {
    let listener = bind("http.listen", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let served = tokio::spawn(serve(listener, routes, limits, async move { drop(stopped.await) }));
    (address, stop, served)
}

#[tokio::test]
async fn a_client_that_takes_its_time_over_the_headers_or_sends_too_many_is_cut_off() {
    let limits =
        Limits { headers_within: Duration::from_millis(200), header_bytes: 8 * 1024, ..Limits::default() };
    let (address, _stop, _) = listening(Router::new().route("/", get(async || "ok")), limits).await;
    let mut text = String::new();

    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow").await.unwrap();
    slow.read_to_string(&mut text).await.unwrap();
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");

    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    text.clear();
    idle.read_to_string(&mut text).await.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("ok"),
        "answered, then closed when idle: {text}"
    );

    let mut greedy = TcpStream::connect(address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "y".repeat(9 * 1024));
    greedy.write_all(request.as_bytes()).await.unwrap();
    text.clear();
    let _ = greedy.read_to_string(&mut text).await;
    assert!(text.starts_with("HTTP/1.1 431"), "{text}");
}

#[tokio::test]
async fn stopping_finishes_what_is_on_the_wire_and_cuts_what_takes_too_long() {
    let (begun, mut beginnings) = tokio::sync::mpsc::channel(4);
    let (finish, finished) = tokio::sync::watch::channel(false);
    let (begun_never, begun) = (begun.clone(), begun);
    let slow = get(async move || {
        begun.send(()).await.unwrap();
        finished.clone().wait_for(|done| *done).await.unwrap();
        "done"
    });
    let never = get(async move || {
        begun_never.send(()).await.unwrap();
        std::future::pending::<&str>().await
    });
    let routes = Router::new().route("/slow", slow).route("/never", never);
    let limits = Limits { finish_within: Duration::from_secs(5), ..Limits::default() };
    let (address, stop, served) = listening(routes.clone(), limits).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    beginnings.recv().await.unwrap();
    let idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    finish.send(true).unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("done"), "{text}");
    assert_eq!(served.await.unwrap(), 0, "nothing was cut, and an idle connection holds nobody up");
    drop(idle);

    let limits = Limits { finish_within: Duration::from_millis(50), ..Limits::default() };
    let (address, stop, served) = listening(routes, limits).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    beginnings.recv().await.unwrap();
    stop.send(()).unwrap();
    assert_eq!(served.await.unwrap(), 1);
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_key() {
    let taken = bind("http.listen", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind("metrics.listen", address).await.unwrap_err().to_string();
    assert_eq!(error, format!("cannot listen on {address} (metrics.listen)"));
}
