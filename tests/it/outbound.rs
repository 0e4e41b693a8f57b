//! The one client that calls other sites, against servers on this machine: whom it calls, how far it follows, how much it takes.

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use kiosque::config::Config;
use kiosque::outbound::{HeaderValue, Names, Outbound, OutboundError, header};
use url::Url;

use crate::support::newsroom;

/// What a server was asked: method, path, headers, body.
type Asked = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;

/// A site on this machine.
struct Site {
    at: SocketAddr,
    asked: Asked,
}

impl Site {
    async fn start() -> Self {
        let asked = Asked::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { at, asked }
    }

    fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.at).parse().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(method, path, ..)| format!("{method} {path}")).collect()
    }
}

async fn answer(
    State(asked): State<Asked>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let text = String::from_utf8_lossy(&body).into_owned();
    asked.lock().unwrap().push((method, path.clone(), headers, text));
    match path.as_str() {
        "/feed" => ([(header::ETAG, "\"1\"")], "<rss/>").into_response(),
        "/for-good" => Redirect::permanent("/feed").into_response(),
        "/for-now" => Redirect::temporary("/for-good").into_response(),
        "/mixed" => {
            (axum::http::StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/for-now")]).into_response()
        }
        "/loop" => Redirect::temporary("/loop").into_response(),
        "/inside" => Redirect::temporary("http://10.0.0.1/feed").into_response(),
        "/metadata" => Redirect::temporary("http://169.254.169.254/latest/meta-data/").into_response(),
        "/inside-by-name" => Redirect::temporary("http://intranet.test/feed").into_response(),
        "/mapped" => Redirect::temporary("http://[::ffff:127.0.0.1]/feed").into_response(),
        "/file" => Redirect::temporary("file:///etc/passwd").into_response(),
        "/password" => Redirect::temporary("http://a:b@127.0.0.1/").into_response(),
        "/nowhere" => axum::http::StatusCode::FOUND.into_response(),
        "/bomb" => gzipped(&vec![b' '; 64 << 20]),
        "/small" => gzipped(b"<rss/>"),
        "/huge" => vec![b' '; 16 << 20].into_response(),
        "/seen" => Redirect::to("/feed").into_response(),
        _ => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

fn gzipped(bytes: &[u8]) -> Response {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    ([(header::CONTENT_ENCODING, "gzip")], encoder.finish().unwrap()).into_response()
}

fn config(allow: &str) -> Config {
    let text = format!("{}\n[outbound]\nallow = {allow}\n", newsroom::config_text(""));
    // The newsletter's table stands last in that text and wants a schedule.
    let text =
        text.replace("\n[outbound]", "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"\n[outbound]");
    Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn client() -> Outbound {
    Outbound::new(&config("[\"127.0.0.0/8\"]"))
}

async fn refused(client: &Outbound, url: &Url) -> OutboundError {
    client.get(url, HeaderMap::new()).await.expect_err("it is refused")
}

#[tokio::test]
async fn an_answer_comes_with_its_headers_and_we_introduce_ourselves() {
    let site = Site::start().await;
    let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static("\"0\""))]);
    let answer = client().get(&site.url("/feed#x"), headers).await.unwrap();
    assert_eq!((answer.status.as_u16(), &*answer.body, answer.hops.len()), (200, &b"<rss/>"[..], 0));
    assert_eq!(answer.header(&header::ETAG), Some("\"1\""));
    let asked = site.asked.lock().unwrap();
    let sent = &asked[0].2;
    assert_eq!(
        sent[header::USER_AGENT],
        concat!("kiosque/", env!("CARGO_PKG_VERSION"), " (+https://lettres.test.tg)")
    );
    assert_eq!(sent[header::IF_NONE_MATCH], "\"0\"");
    assert_eq!(sent[header::ACCEPT_ENCODING], "gzip, br");
    assert!(!sent.contains_key(header::REFERER) && !sent.contains_key(header::COOKIE));
}

#[tokio::test]
async fn a_missing_page_is_an_answer_too() {
    let site = Site::start().await;
    assert_eq!(client().get(&site.url("/none"), HeaderMap::new()).await.unwrap().status.as_u16(), 404);
}

#[tokio::test]
async fn this_machine_and_private_networks_are_not_called_by_any_spelling() {
    let site = Site::start().await;
    let port = site.at.port();
    let strict = Outbound::new(&config("[]"));
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
    ] {
        let error = refused(&strict, &format!("http://{host}:{port}/feed").parse().unwrap()).await;
        assert!(matches!(error, OutboundError::Refused { .. }), "{host}: {error}");
    }
    assert_eq!(site.asked(), [] as [String; 0]);
}

#[tokio::test]
async fn a_name_is_called_at_the_addresses_that_were_checked_and_at_no_other() {
    let site = Site::start().await;
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let private = IpAddr::V4(Ipv4Addr::new(192, 168, 7, 7));
    let names = Names::Fixed(HashMap::from([
        ("rebound.test".into(), vec![loopback]),
        ("both.test".into(), vec![private, loopback]),
        ("inside.test".into(), vec![private]),
        ("empty.test".into(), vec![]),
    ]));
    let url = |host: &str| format!("http://{host}:{}/feed", site.at.port()).parse::<Url>().unwrap();

    let strict = Outbound::with_names(&config("[]"), names.clone());
    let error = refused(&strict, &url("rebound.test")).await;
    assert_eq!(
        error.to_string(),
        "rebound.test stands at 127.0.0.1, which is no public address; if that is right, add it to `allow` under [outbound]"
    );
    assert_eq!(site.asked().len(), 0);

    let client = Outbound::with_names(&config("[\"127.0.0.1\"]"), names);
    client.get(&url("both.test"), HeaderMap::new()).await.expect("the allowed one of its addresses answers");
    assert!(
        matches!(refused(&client, &url("inside.test")).await, OutboundError::Refused { address, .. } if address == private)
    );
    for host in ["empty.test", "unknown.test"] {
        assert!(matches!(refused(&client, &url(host)).await, OutboundError::Unresolved { .. }), "{host}");
    }
}

#[tokio::test]
async fn redirects_are_followed_and_told_and_only_those_for_good_move_an_address() {
    let site = Site::start().await;
    let client = client();
    let get = async |path: &str| client.get(&site.url(path), HeaderMap::new()).await.unwrap();
    let moved = get("/for-good").await;
    assert_eq!((moved.url.clone(), moved.moved_to()), (site.url("/feed"), Some(&site.url("/feed"))));
    let away = get("/for-now").await;
    assert_eq!((away.hops.len(), away.moved_to()), (2, None));
    let mixed = get("/mixed").await;
    assert_eq!((mixed.url.clone(), mixed.moved_to()), (site.url("/feed"), Some(&site.url("/for-now"))));
}

#[tokio::test]
async fn a_redirect_is_judged_like_any_address() {
    let site = Site::start().await;
    let names = HashMap::from([("intranet.test".into(), vec![IpAddr::V4(Ipv4Addr::new(10, 1, 1, 1))])]);
    let client = Outbound::with_names(&config("[\"127.0.0.1\"]"), Names::Fixed(names));
    for path in ["/inside", "/metadata", "/inside-by-name", "/mapped"] {
        let error = refused(&client, &site.url(path)).await;
        assert!(matches!(error, OutboundError::Refused { .. }), "{path}: {error}");
    }
    assert!(matches!(refused(&client, &site.url("/file")).await, OutboundError::NotWeb(_)));
    assert!(matches!(refused(&client, &site.url("/password")).await, OutboundError::Credentials));
    assert!(matches!(
        refused(&client, &site.url("/nowhere")).await,
        OutboundError::BadRedirect { status: 302, .. }
    ));
    assert!(matches!(refused(&client, &site.url("/loop")).await, OutboundError::Redirects { most: 5, .. }));
    assert_eq!(site.asked().iter().filter(|asked| *asked == "GET /loop").count(), 6);
    assert!(matches!(
        refused(&client, &"ftp://exemple.tg/".parse().unwrap()).await,
        OutboundError::NotWeb(_)
    ));
    assert!(matches!(
        refused(&client, &"http://u@exemple.tg/".parse().unwrap()).await,
        OutboundError::Credentials
    ));
}

#[tokio::test]
async fn no_more_is_taken_than_a_feed_may_be_compressed_or_not() {
    let site = Site::start().await;
    let client = client();
    let small = client.get(&site.url("/small"), HeaderMap::new()).await.unwrap();
    assert_eq!((&*small.body, small.header(&header::CONTENT_ENCODING)), (&b"<rss/>"[..], Some("gzip")));
    assert!(small.wire_bytes > small.body.len());
    for path in ["/bomb", "/huge"] {
        let error = refused(&client, &site.url(path)).await;
        assert_eq!(error.to_string(), "the answer is larger than 15728640 bytes", "{path}");
    }
}

#[tokio::test]
async fn a_form_is_posted_and_only_redirects_that_keep_the_method_are_followed() {
    let site = Site::start().await;
    let client = client();
    let fields = [("hub.mode", "publish"), ("hub.url", "https://a.tg/flux/é")];
    let answer = client.post_form(&site.url("/for-good"), &fields).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(client.post_form(&site.url("/seen"), &fields).await.unwrap().status.as_u16(), 303);
    assert_eq!(site.asked(), ["POST /for-good", "POST /feed", "POST /seen"]);
    let asked = site.asked.lock().unwrap();
    assert_eq!(asked[1].3, "hub.mode=publish&hub.url=https%3A%2F%2Fa.tg%2Fflux%2F%C3%A9");
    assert_eq!(asked[1].2[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_closed_door_and_a_broken_answer_are_told_apart() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = closed.local_addr().unwrap();
    drop(closed);
    let error = refused(&client(), &format!("http://{at}/").parse().unwrap()).await;
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");

    let rude = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = rude.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = rude.accept().await.unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").unwrap();
    });
    let error = refused(&client(), &format!("http://{at}/").parse().unwrap()).await;
    assert!(matches!(error, OutboundError::Broken(_)), "{error}");
}
