//! How often articles are opened from mails: off unless asked for, the same link for all, nothing about who followed it.

use axum::http::{StatusCode, header};
use kiosque::clock::{HOUR, MINUTE, Timestamp};
use kiosque::db::Db;
use kiosque::newsletters::clicks;
use kiosque::newsletters::edition::{Edition, EditionId};
use kiosque::{fetch_one, statements};
use serde_json::json;

use crate::support::database::each_engine;
use crate::support::press::{MORNING, Press};

statements! {
    CLICK_MESSAGE = "SELECT message FROM variants WHERE edition_id = $1";
    CLICK_READER = "INSERT INTO subscribers (id, address, address_hash, created_at) VALUES (1, 'afi@exemple.tg', $1, 0)";
    CLICK_INSCRIBED = "INSERT INTO subscriptions (subscriber_id, newsletter_id, choice_id, state, created_at, confirmed_at)
        SELECT 1, n.id, c.id, 'confirmed', 0, 0 FROM newsletters n, choices c WHERE c.categories = 'all'";
}

const NINE: Timestamp = Timestamp::from_millis(MORNING.millis() + HOUR);

fn letter(more: &str) -> String {
    format!(
        r#"
        [[newsletter]]
        slug = "matinale"
        title = "La Matinale"
        from = "La Matinale <matinale@lettres.exemple.tg>"
        bounce_to = "retours@lettres.exemple.tg"
        schedule = "0 9 * * *"
        timezone = "Africa/Lome"
        {more}
        "#
    )
}

/// An edition of two articles that has a reader, and its message as it is sent.
async fn released(db: &Db, more: &str) -> (Press, EditionId, String) {
    let press = Press::open(db, &letter(more)).await;
    kiosque::execute!(db, CLICK_READER, &[7u8, 7, 7][..]).unwrap();
    kiosque::execute!(db, CLICK_INSCRIBED).unwrap();
    for id in ["a", "b"] {
        press.clock.advance(MINUTE);
        press.file(id, json!({})).await;
    }
    press.clock.set(NINE);
    let released = press.app.desk.tick(NINE).await.unwrap().released;
    let (message,): (Vec<u8>,) = fetch_one!(db, CLICK_MESSAGE, released[0]).unwrap();
    // Quoted-printable breaks lines after "=".
    let message = String::from_utf8_lossy(&message).replace("=\r\n", "");
    (press, released[0], message)
}

#[tokio::test]
async fn openings_are_counted_by_article_and_by_nobody_in_particular() {
    each_engine(async |db| {
        let (press, edition, message) = released(&db, "count_clicks = true").await;
        let articles = Edition::find(&db, edition).await.unwrap().articles(&db).await.unwrap();
        let paths: Vec<String> = articles.iter().map(|(id, _)| format!("/c/{edition}/{id}")).collect();
        for path in &paths {
            let url = format!("https://lettres.exemple.tg{path}");
            assert!(message.contains(&url), "{url} in {message}");
        }
        assert!(!message.contains("https://www.exemple.tg/a"), "no article is linked past the count");
        for (path, times) in paths.iter().zip([3, 1]) {
            for _ in 0..times {
                let answer = press.ask(path, &[]).await;
                assert_eq!(answer.status, StatusCode::FOUND);
                assert!(answer.header(header::LOCATION).starts_with("https://www.exemple.tg/"));
                assert_eq!(answer.header(header::CACHE_CONTROL), "private, no-store");
                assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
                assert!(!answer.headers.contains_key(header::SET_COOKIE));
            }
        }
        for nowhere in [format!("/c/{edition}/999"), format!("/c/999/{}", articles[0].0), "/c/1/x".to_owned()]
        {
            assert_eq!(press.ask(&nowhere, &[]).await.status, StatusCode::NOT_FOUND, "{nowhere}");
        }
        // They are written after a moment.
        let begun = std::time::Instant::now();
        let counted = loop {
            let counted = clicks::of_edition(&db, edition).await.unwrap();
            if counted.values().sum::<i64>() == 4 || begun.elapsed().as_secs() > 30 {
                break counted;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(articles.iter().map(|(id, _)| counted[id]).collect::<Vec<_>>(), [3, 1]);
    })
    .await;
}

#[tokio::test]
async fn without_a_word_in_the_configuration_mails_link_to_articles_themselves() {
    each_engine(async |db| {
        let (press, edition, message) = released(&db, "").await;
        assert!(message.contains("https://www.exemple.tg/a") && !message.contains("exemple.tg/c/"));
        // What was counted once must lead on for ever; it is not counted any more.
        let articles = Edition::find(&db, edition).await.unwrap().articles(&db).await.unwrap();
        let answer = press.ask(&format!("/c/{edition}/{}", articles[0].0), &[]).await;
        assert_eq!(answer.status, StatusCode::FOUND);
    })
    .await;
}
