//! Every metric that is documented is counted somewhere, and no other.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kiosque::alerts::{self, Kind};
use kiosque::app::App;
use kiosque::web::metrics;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::newsroom;
use crate::support::post::{DAILY, Post};

const PAGE: &str = include_str!("../../docs/metrics.md");

/// The names in the first column of the page's tables.
fn documented() -> BTreeSet<String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `kiosque_"));
    rows.filter_map(|row| row.split_once("` | "))
        .filter(|(name, _)| is_name(name))
        .map(|(name, _)| format!("kiosque_{name}"))
        .collect()
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The names that follow one of `calls` in the sources.
fn named_after(calls: &[&str]) -> BTreeSet<String> {
    let mut folders = vec![PathBuf::from("src")];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for call in calls {
                for after in text.split(call).skip(1) {
                    let name = after.trim_start().strip_prefix('"').and_then(|after| after.split_once('"'));
                    names.extend(
                        name.filter(|(name, _)| name.starts_with("kiosque_"))
                            .map(|(name, _)| name.to_owned()),
                    );
                }
            }
        }
    }
    names
}

#[test]
fn every_documented_metric_is_counted_and_every_counted_one_is_documented_and_described() {
    let recorded = named_after(&["counter!(", "histogram!(", "gauge!("]);
    let described = named_after(&["describe_counter!(", "describe_histogram!(", "describe_gauge!("]);
    let gathered = named_after(&["out.gauge("]);
    assert!(recorded.len() >= 8 && gathered.len() >= 9, "{recorded:?} {gathered:?}");
    assert_eq!(recorded, described, "what is recorded says what it is, and what is described is recorded");
    assert_eq!(&described | &gathered, documented());
}

#[tokio::test]
async fn a_scrape_tells_of_editions_queues_and_alerts_what_the_store_knows() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 7).await;
        let now = post.room.now();
        alerts::raise(&db, Kind::GroupStopped, "orange.fr", "", now).await.unwrap();
        post.room
            .sql("UPDATE deliveries SET held = TRUE, reason = 'operator' WHERE subscription_id = 1")
            .await;
        let app = App::build(newsroom::config(DAILY), db.clone(), post.room.clock.clone()).await.unwrap();
        let router = metrics::router(&app, metrics::install().unwrap());
        let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let edition = post.edition;
        for line in [
            format!("kiosque_edition_eligible{{edition=\"{edition}\"}} 7"),
            format!("kiosque_edition_deliveries{{edition=\"{edition}\",state=\"pending\"}} 7"),
            format!("kiosque_edition_missing{{edition=\"{edition}\"}} 0"),
            format!("kiosque_edition_held{{edition=\"{edition}\"}} 1"),
            "kiosque_queue_deliveries{state=\"pending\",kind=\"edition\",priority=\"5\",held=\"false\"} 6"
                .to_owned(),
            "kiosque_queue_deliveries{state=\"pending\",kind=\"edition\",priority=\"5\",held=\"true\"} 1"
                .to_owned(),
            "kiosque_alerts_open{kind=\"group_stopped\"} 1".to_owned(),
            "kiosque_alerts_open{kind=\"balance_off\"} 0".to_owned(),
            "kiosque_database_up 1".to_owned(),
        ] {
            assert!(text.lines().any(|served| served == line), "{line}\n{text}");
        }
        let gathered = named_after(&["out.gauge("]);
        for name in documented().intersection(&gathered) {
            assert!(text.contains(&format!("# TYPE {name} gauge")), "{name}");
        }
    })
    .await;
}
