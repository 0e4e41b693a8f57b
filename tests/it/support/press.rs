//! A newsroom that hands in articles by the API's door, and the feeds of it as they would be served.

use std::path::Path;
use std::sync::Arc;

use super::clean_feeds::must_be_clean;
use super::site::Answer;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use kiosque::app::App;
use kiosque::articles::{Accepted, Intake};
use kiosque::clock::{Clock, Timestamp};
use kiosque::config::Config;
use kiosque::db::Db;
use kiosque::feeds::{Found, Snapshot};
use kiosque::newsletters::letter_feeds;
use kiosque::web;
use serde_json::{Value, json};
use tower::ServiceExt;

/// 2026-11-23T08:00:00Z.
pub const MORNING: Timestamp = Timestamp::from_millis(1_795_420_800_000);

/// The rubrics Politique, Économie and Sport, and whatever a test's configuration adds.
pub struct Press {
    pub app: App,
    pub clock: Clock,
    router: Router,
}

/// The configuration; `feeds` is put at its end.
pub fn config(feeds: &str) -> Config {
    let text = format!(
        r#"
        public_url = "https://lettres.exemple.tg"
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
        [[category]]
        name = "Politique"
        [[category]]
        name = "Économie"
        [[category]]
        name = "Sport"
        {feeds}
        "#
    );
    Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

impl Press {
    /// A newsroom on a store, at [`MORNING`].
    pub async fn open(db: &Db, feeds: &str) -> Self {
        Self::open_at(db, feeds, Clock::test(MORNING)).await
    }

    /// Another node, or the same one after its configuration changed.
    pub async fn open_at(db: &Db, feeds: &str, clock: Clock) -> Self {
        let app = App::build(config(feeds), db.clone(), clock.clone()).await.expect("the parts fit");
        app.take_up().await.expect("the declarations are taken up");
        let router = web::router(&app);
        Self { app, clock, router }
    }

    /// Hands in an article as JSON: what `fields` leaves out has a value made of `id`.
    pub async fn file(&self, id: &str, fields: Value) {
        let mut article = json!({
            "id": id,
            "url": format!("https://www.exemple.tg/{id}"),
            "title": format!("Titre {id}"),
            "html": format!("<p>Texte {id}.</p>"),
            "categories": ["Politique"],
            "published_at": self.clock.now().to_string(),
        });
        let object = article.as_object_mut().expect("an object");
        for (name, value) in fields.as_object().expect("fields") {
            object.insert(name.clone(), value.clone());
        }
        self.accept(&article).await;
    }

    /// Takes an article back.
    pub async fn retract(&self, id: &str) {
        self.accept(&json!({ "id": id, "retracted": true })).await;
    }

    async fn accept(&self, article: &Value) {
        let intake = Intake::new(self.app.db.clone(), self.clock.clone(), &self.app.config);
        let accepted =
            intake.accept("essai", article.to_string().as_bytes()).await.expect("the store answers");
        assert!(matches!(accepted, Accepted::Stored(_)), "{accepted:?}");
    }

    /// Brings the feeds up to date; gives how many were built.
    pub async fn refresh(&self) -> usize {
        let now = self.clock.now();
        let rebuilt = self.app.feeds.refresh(&self.app.db, now).await.expect("the store answers").rebuilt;
        letter_feeds::refresh(&self.app.desk, &self.app.feeds).await.expect("the store answers");
        must_be_clean(&self.app.feeds, now);
        rebuilt
    }

    /// A feed that must be there.
    pub fn snapshot(&self, name: &str) -> Arc<Snapshot> {
        match self.app.feeds.find(name) {
            Found::Ready(snapshot) => snapshot,
            other => panic!("{name} is {other:?}"),
        }
    }

    /// Its text.
    pub fn text(&self, name: &str) -> String {
        let body = self.snapshot(name).body(kiosque::feeds::snapshot::Coding::Identity);
        String::from_utf8(body.to_vec()).expect("UTF-8")
    }

    /// The titles of its articles.
    pub fn titles(&self, slug: &str) -> Vec<String> {
        let feed: Value = serde_json::from_str(&self.text(&format!("{slug}.json"))).expect("JSON");
        let items = feed["items"].as_array().expect("items");
        items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
    }

    /// The `Last-Modified` that the public listener gives.
    pub async fn last_modified(&self, path: &str) -> String {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        response.headers()[header::LAST_MODIFIED].to_str().expect("a date").to_owned()
    }

    /// The whole answer of the public listener to a GET with these fields.
    pub async fn ask(&self, path: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 24).await.expect("a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// What the public listener answers: status, `Cache-Control` or `Location`, body.
    pub async fn get(&self, path: &str) -> (StatusCode, String, String) {
        let path = path.strip_prefix("https://lettres.exemple.tg").unwrap_or(path);
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let field =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let told = field(header::LOCATION).or_else(|| field(header::CACHE_CONTROL)).unwrap_or_default();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 24).await.expect("a body");
        (status, told, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }
}
