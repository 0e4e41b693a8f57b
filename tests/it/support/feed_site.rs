//! A site on this machine whose feed says what a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// What the site answers, whatever the path.
#[derive(Debug, Clone)]
struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: String,
}

#[derive(Debug)]
struct Inner {
    reply: Mutex<Reply>,
    asked: Mutex<Vec<HeaderMap>>,
}

/// The site.
pub struct FeedSite {
    at: SocketAddr,
    inner: Arc<Inner>,
}

impl FeedSite {
    /// A site whose feed is empty.
    pub async fn start() -> Self {
        let reply = Reply { status: StatusCode::OK, headers: Vec::new(), body: rss("") };
        let inner = Arc::new(Inner { reply: Mutex::new(reply), asked: Mutex::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { at, inner }
    }

    /// The feed's address.
    pub fn feed(&self) -> String {
        format!("http://{}/feed/", self.at)
    }

    /// From now on it answers so.
    pub fn answers(&self, status: u16, headers: &[(HeaderName, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        *self.inner.reply.lock().unwrap() = Reply { status, headers, body: body.to_owned() };
    }

    /// From now on its feed has these items.
    pub fn shows(&self, items: &str) {
        self.answers(200, &[], &rss(items));
    }

    /// The headers of each request so far.
    pub fn asked(&self) -> Vec<HeaderMap> {
        self.inner.asked.lock().unwrap().clone()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    inner.asked.lock().unwrap().push(headers);
    let reply = inner.reply.lock().unwrap().clone();
    let mut response = (reply.status, reply.body).into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
    }
    response
}

/// An RSS document as WordPress writes it, with these items.
pub fn rss(items: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
        xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
        <channel><title>Le Journal</title><link>https://www.exemple.tg</link><description/>{items}</channel></rss>"#
    )
}

/// An item of it: its number, title, HTML and categories.
pub fn item(number: u32, title: &str, html: &str, categories: &[&str]) -> String {
    let categories: String =
        categories.iter().map(|name| format!("<category><![CDATA[{name}]]></category>")).collect();
    format!(
        r#"<item><title>{title}</title><link>https://www.exemple.tg/{number}/</link><dc:creator><![CDATA[Afi Kossi]]></dc:creator>
        <pubDate>Mon, 23 Nov 2026 0{number}:00:00 +0000</pubDate>{categories}
        <guid isPermaLink="false">https://www.exemple.tg/?p={number}</guid>
        <description><![CDATA[<p>Un début [&#8230;]</p>]]></description><content:encoded><![CDATA[{html}]]></content:encoded></item>"#
    )
}
