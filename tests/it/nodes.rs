//! Two nodes on one PostgreSQL, as real processes: one slot, one edition, one copy for each reader.

use std::time::Duration;

use kiosque::clock::{Clock, HOUR, MINUTE};
use kiosque::db::Db;
use kiosque::{execute, fetch_one};

use crate::support::database::TestDatabase;
use crate::support::node::{Node, until};
use crate::support::program::Place;
use crate::support::smtp::SmtpServer;

const READERS: usize = 300;

/// The newsletter is due once a day, half an hour ago.
fn config(database: &str, relay: &str) -> String {
    let slot = Clock::System.now().plus(-30 * MINUTE).to_utc().format("%-M %-H * * *");
    format!(
        r#"
        public_url = "https://lettres.test.tg"
        [database]
        url = "{database}"
        [http]
        listen = "127.0.0.1:0"
        [publisher]
        name = "Le Journal"
        law = ["TG"]
        legal_form = "SARL-U"
        address = "12, rue des Cocotiers, Lomé"
        phone = "+228 00 00 00 00"
        director = "A. Exemple"
        haac_receipt = "0000/HAAC/00-0000/Pl/P"
        email = "redaction@test.tg"
        privacy_contact = "donnees@test.tg"
        [[relay]]
        url = "smtp://{relay}"
        [[category]]
        name = "Politique"
        [[newsletter]]
        slug = "matinale"
        title = "La Matinale"
        from = "La Matinale <matinale@lettres.test.tg>"
        bounce_to = "retours@lettres.test.tg"
        schedule = "{slot}"
        timezone = "Africa/Lome"
        hold = "0s"
        grace = "4h"
        "#
    )
}

async fn number(db: &Db, statement: kiosque::db::Sql) -> i64 {
    let (number,): (i64,) = fetch_one!(db, statement).unwrap();
    number
}

kiosque::statements! {
    NODES = "SELECT COUNT(*) FROM nodes";
    EDITIONS = "SELECT COUNT(*) FROM editions";
    SENT = "SELECT COUNT(*) FROM deliveries WHERE state = 'sent'";
    DELIVERIES = "SELECT COUNT(*) FROM deliveries";
    TAKE_UP_EARLIER = "UPDATE newsletters SET taken_up_at = taken_up_at - 10800000";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_with_a_due_slot_make_one_edition_and_one_copy_each() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let relay = SmtpServer::start().await;
    relay.slow_dot(Duration::from_millis(5));
    let config = config(&database.url, &relay.address.to_string());
    newsroom(&config);

    let nodes = [Node::start(&config), Node::start(&config)];
    let [first, second] = &nodes;
    let both = [first, second];
    let db = database.open().await;
    until("the start of two nodes", &both, async || number(&db, NODES).await == 2).await;
    assert_eq!(number(&db, EDITIONS).await, 0, "the slot lies before the schedule was taken up");
    // Both look once a second: from now on the slot is one they have missed, by less than the grace.
    execute!(&db, TAKE_UP_EARLIER).unwrap();
    until("the delivery to everybody", &both, async || {
        number(&db, SENT).await == i64::try_from(READERS).unwrap()
    })
    .await;

    for node in nodes {
        let log = node.log();
        let status = node.end();
        assert!(status.success(), "{status}: {log}");
    }
    assert_eq!(number(&db, EDITIONS).await, 1);
    assert_eq!(number(&db, DELIVERIES).await, i64::try_from(READERS).unwrap());
    assert_eq!(number(&db, NODES).await, 0, "who leaves signs off");
    relay.record(|record| {
        let copies = record.copies();
        assert_eq!(copies.len(), READERS);
        assert!(copies.values().all(|copies| copies.len() == 1), "somebody got two");
    });
    db.close().await;
    database.remove().await;
}

/// An article and the readers, brought in as an operator would.
fn newsroom(config: &str) {
    let place = Place::with(config);
    let published = Clock::System.now().plus(-2 * HOUR);
    place.write(
        "articles.jsonl",
        &format!(
            "{{\"id\": \"1\", \"url\": \"https://test.tg/1\", \"title\": \"Le port\", \"html\": \"<p>Texte.</p>\", \
             \"categories\": [\"Politique\"], \"published_at\": \"{published}\"}}\n"
        ),
    );
    let readers: String = (1..=READERS).map(|number| format!("lecteur{number}@test.tg\n")).collect();
    place.write("readers.csv", &format!("address\n{readers}"));
    place.out(&["import", "articles.jsonl"]);
    let consent = ["--newsletter", "matinale", "--consent", "inscription en ligne"];
    place.out(&[&["subscriber", "import", "readers.csv"], &consent[..]].concat());
}
