//! The public listener over a newsroom, asked without a network.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use kiosque::app::App;
use kiosque::clock::HOUR;
use kiosque::config::Config;
use kiosque::db::Db;
use kiosque::web;
use tower::ServiceExt;

use super::clean_feeds::must_be_clean;
use super::feed_room::{FeedRoom, NOON, draft};

/// A newsroom's configuration without newsletters; the API's token is `sesame`.
pub fn config(public_url: &str) -> Config {
    let text = format!(
        r#"
        public_url = "{public_url}"
        [database]
        url = "sqlite:unused.db"
        [http]
        listen = "127.0.0.1:0"
        [publisher]
        name = "L'Éveil"
        law = ["TG"]
        legal_form = "SARL-U"
        address = "12, rue des Tests, Lomé"
        phone = "+228 22 00 00 01"
        director = "Afi Test"
        haac_receipt = "0001/HAAC/01-2026/Pl/P"
        email = "redaction@exemple.tg"
        privacy_contact = "donnees@exemple.tg"
        [[relay]]
        url = "maildir:outbox"
        [api]
        tokens = ["sesame"]
        [[category]]
        name = "Politique"
        from = ["Vie publique"]
        "#
    );
    Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// A newsroom with an article in Politique, and its listener.
pub struct Site {
    pub news: FeedRoom,
    pub app: App,
    pub router: Router,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: impl AsRef<str>) -> &str {
        let name = name.as_ref();
        self.headers.get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Site {
    pub async fn open(db: Db, public_url: &str) -> Self {
        let news = FeedRoom::open(db.clone()).await;
        news.publish(&draft("Le vote", NOON.plus(-HOUR)), &[news.politique]).await;
        let app = App::build(config(public_url), db, news.clock.clone()).await.unwrap();
        let router = web::router(&app);
        Self { news, app, router }
    }

    pub async fn ready(db: Db) -> Self {
        let site = Self::open(db, "https://lettres.exemple.tg").await;
        site.refresh().await;
        site
    }

    pub async fn refresh(&self) {
        self.app.feeds.refresh(&self.app.db, self.news.clock.now()).await.unwrap();
        must_be_clean(&self.app.feeds, self.news.clock.now());
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
        self.send(method, path, headers, Body::empty()).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }
}
