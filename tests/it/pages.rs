//! The frame of all public pages: whom they answer, how much they take, and what an operator may change of them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, StatusCode, header};
use axum::routing::post;
use hyper::body::Frame;
use kiosque::app::App;
use kiosque::config::Config;
use kiosque::web;
use kiosque::web::front::Front;
use kiosque::web::server::{Limits, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::program::{EXAMPLE, Place};
use crate::support::site::Site;

/// A body of which nothing ever comes.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        Poll::Pending
    }
}

/// A listener on loopback that answers as `serve` does.
async fn listening(site: &Site, limits: Limits) -> std::net::SocketAddr {
    let listener = bind("http.listen", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let front = Front::new(&site.app, site.router.clone());
    tokio::spawn(serve(listener, front, limits, std::future::pending()));
    address
}

/// What comes back for these bytes until the server closes.
async fn said(address: std::net::SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes with bytes unread resets the connection.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n")
}

#[tokio::test]
async fn a_request_for_another_host_is_sent_away_and_a_forged_one_leaves_no_trace() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let address = listening(&site, Limits::default()).await;
        for path in ["/lettres", "/flux/tout.rss", "/u/abc", "/nulle-part"] {
            let answer = said(address, &get(path, "Host: mechant.example\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 421 "), "{path}: {answer}");
            assert!(answer.contains("<h1>Cette adresse n’est pas la nôtre</h1>"), "{path}: {answer}");
            assert!(!answer.contains("mechant"), "{path}: {answer}");
        }
        assert!(said(address, &get("/lettres", "")).await.starts_with("HTTP/1.1 400 "));
        let forged = "Host: lettres.exemple.tg\r\nX-Forwarded-Host: mechant.example\r\nX-Forwarded-Proto: gopher\r\n\
                      Forwarded: host=mechant.example\r\nX-Original-URL: /mechant\r\n";
        for path in ["/", "/lettres", "/flux/", "/flux/tout.atom", "/flux", "/confidentialite"] {
            let answer = said(address, &get(path, forged)).await;
            assert!(!answer.contains("mechant") && !answer.contains("gopher"), "{path}: {answer}");
            assert!(answer.starts_with("HTTP/1.1 200") || path == "/flux", "{path}: {answer}");
        }
        let health = said(address, &get("/healthz", "Host: 10.0.0.7:8080\r\n")).await;
        assert!(health.starts_with("HTTP/1.1 200"), "a probe names this machine as it likes: {health}");
    })
    .await;
}

#[tokio::test]
async fn too_many_headers_are_refused_with_a_page_and_far_too_many_without() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let address = listening(&site, Limits::default()).await;
        let with = |bytes: usize| {
            get("/lettres", &format!("Host: lettres.exemple.tg\r\nX-Long: {}\r\n", "y".repeat(bytes)))
        };
        assert!(said(address, &with(15 * 1024)).await.starts_with("HTTP/1.1 200 "));
        let refused = said(address, &with(17 * 1024)).await;
        assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");
        assert!(refused.contains("<p class=\"kicker\">Erreur 431</p>"), "{refused}");
        assert!(said(address, &with(40 * 1024)).await.starts_with("HTTP/1.1 431 "));
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_given_up_with_a_page() {
    assert_eq!(web::PUBLIC_WITHIN, Duration::from_secs(30));
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let routes = Router::new().route("/lettres", post(async |body: Bytes| body));
        let routes = web::bounded(routes, Duration::from_millis(50));
        let router = web::dressed(&site.app, routes);
        let request = Request::post("/lettres").body(Body::new(Endless)).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        let page = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&page).contains("<h1>La demande a mis trop longtemps</h1>"));
    })
    .await;
}

#[tokio::test]
async fn who_comes_when_every_place_is_taken_is_answered_once_one_is_free() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let limits =
            Limits { connections: 2, headers_within: Duration::from_millis(300), ..Limits::default() };
        let address = listening(&site, limits).await;
        let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        // The two say nothing and are cut off after their time; then the third has its turn.
        let answer = said(address, &get("/healthz", "Host: localhost\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        drop(idle);
    })
    .await;
}

#[tokio::test]
async fn every_page_forbids_what_it_does_not_need_and_tells_no_other_site_its_address() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        for path in [
            "/",
            "/lettres",
            "/flux/",
            "/confidentialite",
            "/mentions-legales",
            "/u/jeton",
            "/confirmer/jeton",
            "/nulle-part",
        ] {
            let page = site.get(path).await;
            let policy = page.header(header::CONTENT_SECURITY_POLICY);
            for rule in ["default-src 'none'", "style-src 'sha256-", "form-action 'self'", "base-uri 'none'"]
            {
                assert!(policy.contains(rule), "{path}: {policy}");
            }
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
            assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer", "{path}");
            assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
            assert!(page.headers.get(header::SET_COOKIE).is_none(), "{path}");
            let behind_a_link =
                !["/", "/lettres", "/flux/", "/confidentialite", "/mentions-legales"].contains(&path);
            assert!(!behind_a_link || page.header("x-robots-tag") == "noindex", "{path}");
        }
        for path in ["/healthz", "/favicon.ico", "/flux"] {
            assert_eq!(site.get(path).await.header(header::REFERRER_POLICY), "no-referrer", "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn name_logo_and_colour_are_the_newsrooms() {
    each_engine(async |db| {
        let place = Place::new();
        place.write("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        place.write("clair.png", "\u{feff}");
        std::fs::write(place.path().join("clair.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        let text = EXAMPLE.replacen(
            "[site]\n",
            "[site]\nname = \"L'Éveil\"\nlogo = \"logo.svg\"\nlogo_dark = \"clair.png\"\ncolour = \"#fc0\"\n",
            1,
        );
        let config = Config::from_toml_str(&text, place.path()).unwrap();
        let app = App::build(config, db.clone(), kiosque::clock::Clock::System).await.unwrap();
        let site =
            Site { router: web::router(&app), app, ..Site::open(db, "https://lettres.exemple.tg").await };
        let page = site.get("/mentions-legales").await;
        assert!(page.text().contains("<title>Mentions légales – L’Éveil</title>"), "{}", page.text());
        let day = page.text().split("@media").next().unwrap();
        assert!(day.contains("--brand:#ffcc00;") && !day.contains("--accent:#ffcc00;"), "{day}");
        let shown: Vec<&str> =
            page.text().split("/logo/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let [icon, night, day] = shown[..] else { panic!("{shown:?}") };
        assert_eq!(icon, day);
        let picture = site.get(&format!("/logo/{day}")).await;
        assert_eq!(picture.header(header::CONTENT_TYPE), "image/svg+xml");
        assert!(picture.header(header::CONTENT_SECURITY_POLICY).contains("sandbox"));
        assert!(picture.header(header::CACHE_CONTROL).contains("immutable"));
        assert_eq!(site.get(&format!("/logo/{night}")).await.header(header::CONTENT_TYPE), "image/png");
        assert_eq!(site.get("/logo/autre.svg").await.status, StatusCode::NOT_FOUND);
        assert_eq!(site.ask(Method::HEAD, "/mentions-legales", &[]).await.body, b"");
    })
    .await;
}

#[tokio::test]
async fn the_page_on_privacy_says_what_the_configuration_keeps() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let page = site.get("/confidentialite").await;
        assert!(
            page.text().contains("après 30\u{a0}jours") && page.text().contains("Pendant 13\u{a0}mois."),
            "{}",
            page.text()
        );
        assert!(page.text().contains("donnees@exemple.tg") && page.text().contains("IPDCP"));
        assert!(!page.text().contains("CNIL"), "only under the law of France");
        assert!(page.header(header::CACHE_CONTROL).starts_with("public"));
    })
    .await;
}

#[test]
fn a_template_that_cannot_be_used_is_named_with_its_line_before_anything_is_served() {
    let config = EXAMPLE.replacen("# templates = ", "templates = ", 1);
    let place = Place::with(&config);
    std::fs::create_dir_all(place.path().join("templates/pages")).unwrap();
    let write = |name: &str, text: &str| place.write(&format!("templates/pages/{name}"), text);
    write(
        "home.html",
        "{% extends \"pages/base.html\" %}\n{% block main %}\n<h1>{{ titel }}</h1>{% endblock %}\n",
    );
    for verb in ["check-config", "serve"] {
        let ran = place.run(&[verb]);
        assert_ne!(ran.status, Some(0), "{verb}");
        let line = "templates/pages/home.html:3: `titel` is undefined";
        assert!(ran.err.contains(line), "{verb}: {}", ran.err);
        assert!(!ran.out.contains("no mistakes"), "{verb}: {}", ran.out);
    }
    write("home.html", "{% extends \"pages/base.html\" %}{% block title %}Ici{% endblock %}");
    write("eror.html", "Oui");
    let out = place.out(&["check-config"]);
    assert!(
        out.contains("templates/pages/eror.html replaces no template; did you mean pages/error.html?"),
        "{out}"
    );
    assert!(!out.contains("home.html replaces"), "{out}");
}
