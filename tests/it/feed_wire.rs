//! Feeds on the wire: the short way from memory says what the routes say, and no client holds the server up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::routing::get;
use kiosque::web::front::Front;
use kiosque::web::metrics;
use kiosque::web::server::{Limits, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::support::database::each_engine;
use crate::support::site::Site;

/// A listener on loopback, until the test ends.
async fn listening(front: impl Into<Front>, limits: Limits) -> SocketAddr {
    let listener = bind("http.listen", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let front = front.into();
    tokio::spawn(async move { serve(listener, front, limits, std::future::pending()).await });
    address
}

/// What came over the wire.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Asks over a connection of its own, which closes after the answer.
async fn ask(address: SocketAddr, method: &Method, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let (status, fields) = head.split_once("\r\n").unwrap();
    let headers = fields.split("\r\n").map(|field| field.split_once(": ").unwrap());
    Answer {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

#[tokio::test]
async fn the_short_way_says_what_the_routes_say() {
    each_engine(async |db| {
        let site = Site::open(db, "https://www.exemple.tg/lettres").await;
        site.refresh().await;
        let address = listening(Front::new(&site.app, site.router.clone()), Limits::default()).await;
        let tag = site.get("/flux/politique.rss").await.header(header::ETAG).to_owned();
        let requests: &[&[(HeaderName, &str)]] = &[
            &[],
            &[(header::ACCEPT_ENCODING, "gzip, br")],
            &[(header::IF_NONE_MATCH, &tag)],
            &[(header::IF_NONE_MATCH, "*"), (header::ACCEPT_ENCODING, "gzip")],
            &[(header::IF_MODIFIED_SINCE, "Fri, 01 Jan 2027 00:00:00 GMT")],
            &[(header::IF_MATCH, "\"autre\"")],
            &[(header::RANGE, "bytes=0-1")],
        ];
        for path in [
            "/flux/politique.rss",
            "/lettres/flux/politique.rss?utm=1",
            "/flux/tout.atom",
            "/flux/%74out.atom",
            "/flux/inconnu.rss",
            "/lettresx/flux/tout.atom",
            "/flux/",
        ] {
            for headers in requests {
                for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
                    let context = format!("{method} {path} {headers:?}");
                    let expected = site.ask(method.clone(), path, headers).await;
                    let answer = ask(address, &method, path, headers).await;
                    assert_eq!(answer.status, expected.status.as_u16(), "{context}");
                    assert_eq!(answer.body, expected.body, "{context}");
                    for (name, value) in &answer.headers {
                        if !["date", "connection"].contains(&name.as_str()) {
                            assert_eq!(value, expected.header(name), "{name} of {context}");
                        }
                    }
                    for name in expected.headers.keys() {
                        let false_length =
                            [204, 304].contains(&answer.status) && name == header::CONTENT_LENGTH;
                        assert!(
                            answer.headers.contains_key(name.as_str()) || false_length,
                            "{name} is missing in {context}"
                        );
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_304_has_no_length_and_head_has_that_of_get() {
    each_engine(async |db| {
        let site = Site::ready(db).await;
        let path = "/flux/tout.atom";
        let short = listening(Front::new(&site.app, site.router.clone()), Limits::default()).await;
        let routed = listening(site.router.clone(), Limits::default()).await;
        for address in [short, routed] {
            let full = ask(address, &Method::GET, path, &[]).await;
            assert_eq!(full.headers["content-length"], full.body.len().to_string());
            let head = ask(address, &Method::HEAD, path, &[]).await;
            assert_eq!(
                (head.body.len(), &head.headers["content-length"]),
                (0, &full.headers["content-length"])
            );
            let same =
                ask(address, &Method::GET, path, &[(header::IF_NONE_MATCH, &full.headers["etag"])]).await;
            assert_eq!((same.status, same.body.len()), (304, 0));
            assert!(!same.headers.contains_key("content-length"), "{:?}", same.headers);
        }
    })
    .await;
}

#[tokio::test]
async fn requests_are_counted_on_the_short_way_too() {
    each_engine(async |db| {
        let handle = metrics::install().unwrap();
        let site = Site::ready(db).await;
        let count = async |status: &str| {
            let metrics = metrics::router(&site.app, handle.clone());
            let address = listening(metrics, Limits::default()).await;
            let text = ask(address, &Method::GET, "/metrics", &[]).await.body;
            let line = format!(
                "kiosque_http_requests_total{{route=\"/flux/{{feed}}\",method=\"HEAD\",status=\"{status}\"}} "
            );
            let text = String::from_utf8(text).unwrap();
            text.lines().find_map(|text| text.strip_prefix(&line)?.parse::<u64>().ok()).unwrap_or(0)
        };
        let address = listening(Front::new(&site.app, site.router.clone()), Limits::default()).await;
        for (status, headers) in [("200", &[][..]), ("304", &[(header::IF_NONE_MATCH, "*")])] {
            let before = count(status).await;
            ask(address, &Method::HEAD, "/flux/tout.rss", headers).await;
            // Other tests of this process count too.
            assert!(count(status).await > before, "{status}");
        }
    })
    .await;
}

/// Says so when the last reference to the bytes is gone.
struct Held(Vec<u8>, Option<oneshot::Sender<()>>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.1.take().unwrap().send(());
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off_and_its_bytes_are_let_go() {
    let (gone, dropped) = oneshot::channel();
    let body = Bytes::from_owner(Held(vec![b'x'; 32 << 20], Some(gone)));
    let body = Arc::new(Mutex::new(Some(body)));
    let routes = Router::new().route("/", get(async move || body.lock().unwrap().take().unwrap()));
    let limits = Limits { write_within: Duration::from_millis(200), ..Limits::default() };
    let address = listening(routes, limits).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    dropped.await.unwrap();
    let mut read = Vec::new();
    let _ = client.read_to_end(&mut read).await;
    assert!(read.starts_with(b"HTTP/1.1 200") && read.len() < 32 << 20, "{} bytes", read.len());
}

#[tokio::test]
async fn clients_beyond_the_limit_wait_for_a_place() {
    let routes = Router::new().route("/", get(async || StatusCode::NO_CONTENT));
    let address = listening(routes, Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    first.write_all(request).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 204");

    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(request).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.read_exact(&mut answer)).await;
    assert!(early.is_err(), "there is no place yet");
    drop(first);
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 204");
}
