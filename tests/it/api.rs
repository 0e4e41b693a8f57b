//! `POST /api/articles`: a site's publish hook.

use axum::http::{Method, StatusCode, header};
use kiosque::articles;
use kiosque::db::Db;
use serde_json::{Value, json};

use crate::support::database::each_engine;
use crate::support::site::{Answer, Site};

const PATH: &str = "/api/articles";
const TOKEN: (header::HeaderName, &str) = (header::AUTHORIZATION, "Bearer sesame");

async fn site(db: Db) -> Site {
    let site = Site::ready(db).await;
    let (config, now) = (&site.app.config, site.app.clock.now());
    articles::declare(&site.app.db, &config.categories, config.public_url.host(), now)
        .await
        .expect("declared");
    site
}

async fn post(site: &Site, path: &str, body: &Value) -> Answer {
    site.send(Method::POST, path, &[TOKEN], body.to_string()).await
}

fn read(answer: &Answer) -> Value {
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn article(id: &str, title: &str) -> Value {
    json!({
        "id": id,
        "url": format!("https://www.exemple.tg/{id}"),
        "title": title,
        "html": "<p>Le texte de l’article, en entier.</p>",
        "categories": ["Politique"],
        "published_at": "2026-11-23T07:00:00Z",
    })
}

#[tokio::test]
async fn an_article_handed_in_is_created_then_unchanged_then_updated_and_stands_in_its_feeds() {
    each_engine(async |db| {
        let site = site(db).await;
        let first = post(&site, PATH, &article("42", "Le budget")).await;
        assert_eq!(first.status, StatusCode::CREATED);
        let stored = read(&first)["articles"][0].clone();
        assert_eq!((&stored["id"], &stored["result"]), (&json!("42"), &json!("new")));
        site.refresh().await;
        let feed = site.get("/flux/politique.rss").await;
        assert!(feed.text().contains("<title>Le budget</title>"));
        let guid =
            format!("<guid isPermaLink=\"false\">{}</guid>", stored["entry_id"].as_str().expect("an id"));
        assert!(feed.text().contains(&guid), "{}", feed.text());

        let again = post(&site, PATH, &article("42", "Le budget")).await;
        assert_eq!(
            (again.status, &read(&again)["articles"][0]["result"]),
            (StatusCode::OK, &json!("unchanged"))
        );
        let changed = post(&site, PATH, &article("42", "Le budget voté")).await;
        assert_eq!(changed.status, StatusCode::OK);
        let changed = read(&changed)["articles"][0].clone();
        assert_eq!((&changed["result"], &changed["entry_id"]), (&json!("updated"), &stored["entry_id"]));

        let other = post(&site, &format!("{PATH}?source=autre-site"), &article("42", "Ailleurs")).await;
        assert_eq!(other.status, StatusCode::CREATED, "the same id of another site is another article");
    })
    .await;
}

#[tokio::test]
async fn an_array_is_stored_whole_or_not_at_all_and_every_fault_is_named() {
    each_engine(async |db| {
        let site = site(db).await;
        let mut wrong = article("2", "Deux");
        wrong["published_at"] = json!("hier");
        wrong["titel"] = json!("x");
        let refused = post(&site, PATH, &json!([article("1", "Un"), wrong])).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let faults = read(&refused)["faults"].clone();
        let named: Vec<_> = faults
            .as_array()
            .expect("faults")
            .iter()
            .map(|fault| (fault["place"].as_str(), fault["field"].as_str()))
            .collect();
        assert!(named.contains(&(Some("articles[1]"), Some("published_at"))), "{faults}");
        assert!(named.contains(&(Some("articles[1]"), Some("titel"))), "{faults}");

        let both = post(&site, PATH, &json!([article("1", "Un"), article("2", "Deux")])).await;
        assert_eq!(both.status, StatusCode::CREATED, "nothing was stored before");
        let results = read(&both)["articles"].clone();
        assert_eq!(results[0]["result"], "new");
        assert_eq!(results[1]["result"], "new");
    })
    .await;
}

#[tokio::test]
async fn who_has_no_token_or_sends_something_else_is_told_so_in_json() {
    each_engine(async |db| {
        let site = site(db).await;
        let body = article("1", "Un").to_string();
        for headers in [&[][..], &[(header::AUTHORIZATION, "Bearer wrong")]] {
            let answer = site.send(Method::POST, PATH, headers, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer realm=\"kiosque\""));
            assert!(read(&answer)["error"].as_str().expect("a sentence").contains("api.tokens"));
        }
        let spoiled = site.send(Method::POST, PATH, &[TOKEN], "{\"id\": ").await;
        assert_eq!(spoiled.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(read(&spoiled)["faults"][0]["reason"].as_str().expect("a reason").starts_with("not JSON"));

        let large = vec![b' '; 10 * 1024 * 1024 + 1];
        let answer = site.send(Method::POST, PATH, &[TOKEN], large).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        read(&answer);

        let get = site.get(PATH).await;
        assert_eq!((get.status, get.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
        read(&get);
        assert_eq!(read(&site.get("/api/elsewhere").await)["error"], "not found");
    })
    .await;
}
