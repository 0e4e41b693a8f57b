//! Backup and restore: a copy while serving, an old copy noticed, and sending held until told.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use kiosque::clock::{Clock, HOUR, MINUTE};
use kiosque::db::{Db, Engine};

use crate::support::database::{TestDatabase, each_database};
use crate::support::newsroom::config_text;
use crate::support::program::Place;
use crate::support::smtp::SmtpServer;

const READERS: usize = 20;

/// A newsletter that was due half an hour ago, every day.
fn place(database: &TestDatabase, relay: &SmtpServer) -> Place {
    let slot = Clock::System.now().plus(-30 * MINUTE).to_utc().format("%-M %-H * * *");
    let newsletter =
        format!("schedule = \"{slot}\"\ntimezone = \"Africa/Lome\"\nhold = \"0s\"\ngrace = \"4h\"");
    let config = config_text(&newsletter)
        .replace("sqlite:unused.db", &database.url)
        .replace("maildir:outbox", &format!("smtp://{}", relay.address));
    let place = Place::with(&config);
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
    place.out(&["subscriber", "import", "readers.csv", "--newsletter", "matinale", "--consent", "en ligne"]);
    place
}

/// `kiosque serve`, killed when forgotten.
struct Serving(Child);

impl Serving {
    fn start(place: &Place) -> Self {
        let log =
            std::fs::File::options().create(true).append(true).open(place.path().join("log.txt")).unwrap();
        Self(place.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn end(mut self) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn until(place: &Place, what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        let log = std::fs::read_to_string(place.path().join("log.txt")).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(60), "{what} did not happen:\n{log}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

kiosque::statements! {
    BACK = "UPDATE newsletters SET taken_up_at = taken_up_at - 10800000";
    PENDING = "SELECT count(*) AS n FROM deliveries WHERE state = 'pending'";
    BEATEN = "SELECT beat AS n FROM installation";
    MISSED = "SELECT count(*) AS n FROM slots WHERE outcome = 'skipped' AND reason = 'missed'";
}

async fn number(db: &Db, sql: kiosque::db::Sql) -> i64 {
    let (n,): (i64,) = kiosque::fetch_one!(db, sql).unwrap();
    n
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_restored_sends_nothing_until_told() {
    each_database(async |database| {
        let relay = SmtpServer::start().await;
        let place = place(database, &relay);
        let serving = Serving::start(&place);
        let db = database.open().await;
        until(&place, "the start", async || number(&db, BEATEN).await > 0).await;
        // The copy is made while it serves, before the edition is sent.
        let said = place.out(&["backup", "copie.kiosque"]);
        assert!(said.contains("the database as of"), "{said}");
        kiosque::execute!(&db, BACK).unwrap();
        until(&place, "the edition", async || relay.taken().len() == READERS).await;
        let refused = place.run(&["restore", "copie.kiosque", "--replace"]);
        assert!(refused.err.contains("serves this database"), "{}", refused.err);
        serving.end();
        let refused = place.run(&["restore", "copie.kiosque"]);
        assert!(refused.err.contains("--replace"), "{}", refused.err);
        db.close().await;

        let said = place.out(&["restore", "copie.kiosque", "--replace"]);
        assert!(said.contains("kiosque resume-sending"), "{said}");
        let db = database.open().await;
        kiosque::execute!(&db, BACK).unwrap();
        let beat = number(&db, BEATEN).await;
        let serving = Serving::start(&place);
        until(&place, "the second start", async || number(&db, BEATEN).await > beat).await;
        let status = place.out(&["status"]);
        assert!(
            status.contains("SENDING IS HELD") && status.contains("restored from copie.kiosque"),
            "{status}"
        );
        assert!(status.contains("slot ") && status.contains("--skip-missed"), "{status}");
        // A mail of another kind is held too.
        place.out(&["edition", "test", "matinale", "--to", "chef@test.tg"]);
        tokio::time::sleep(Duration::from_millis(2500)).await; // two looks of scheduler and pump
        assert_eq!(number(&db, PENDING).await, 1);
        assert_eq!(relay.taken().len(), READERS);

        let said = place.out(&["resume-sending", "--skip-missed"]);
        assert!(said.contains("matinale") && said.contains("sending goes on"), "{said}");
        until(&place, "the mail that waited", async || relay.taken().len() == READERS + 1).await;
        assert!(number(&db, MISSED).await > 0);
        assert_eq!(number(&db, PENDING).await, 0);
        serving.end();
        assert_eq!(relay.taken().len(), READERS + 1, "the edition went out once");
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_an_older_file_holds_sending_and_a_start_on_the_same_does_not() {
    let database = TestDatabase::sqlite().await;
    assert_eq!(database.engine, Engine::Sqlite);
    let relay = SmtpServer::start().await;
    let place = place(&database, &relay);
    let file = database.url.strip_prefix("sqlite:").unwrap();
    let serve_once = async || {
        let db = database.open().await;
        let beat = number(&db, BEATEN).await;
        let serving = Serving::start(&place);
        until(&place, "a beat", async || number(&db, BEATEN).await > beat).await;
        db.close().await;
        serving.end();
    };
    serve_once().await;
    // As somebody would who does not know of `kiosque backup`.
    std::fs::copy(file, place.path().join("old.db")).unwrap();
    serve_once().await;
    let db = database.open().await;
    assert_eq!(db.sending_held().await.unwrap(), None);
    kiosque::execute!(&db, BACK).unwrap();
    db.close().await;
    std::fs::copy(place.path().join("old.db"), file).unwrap();
    let db = database.open().await;
    kiosque::execute!(&db, BACK).unwrap();
    db.close().await;
    serve_once().await;
    let status = place.json(&["status"]);
    let reason = status["sending_held"]["reason"].as_str().unwrap();
    assert!(reason.contains("older copy"), "{reason}");
    assert_eq!(relay.taken().len(), 0);
    let log = std::fs::read_to_string(place.path().join("log.txt")).unwrap();
    assert!(log.contains("kiosque resume-sending"), "{log}");
    // Told to go on, it does, and the next start does not ask again.
    place.out(&["resume-sending"]);
    let serving = Serving::start(&place);
    until(&place, "the edition", async || relay.taken().len() == READERS).await;
    serving.end();
}

#[tokio::test]
async fn a_damaged_copy_is_refused_and_nothing_changes() {
    let database = TestDatabase::sqlite().await;
    let relay = SmtpServer::start().await;
    let place = place(&database, &relay);
    place.out(&["backup", "copie.kiosque"]);
    let copy = place.path().join("copie.kiosque");
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xA5);
    std::fs::write(&copy, bytes).unwrap();
    let refused = place.run(&["restore", "copie.kiosque", "--replace"]);
    assert_eq!(refused.status, Some(1), "{}", refused.out);
    assert!(
        refused.err.contains("not a sound SQLite database") || refused.err.contains("damaged"),
        "{}",
        refused.err
    );
    let status = place.json(&["status"]);
    assert!(status["sending_held"].is_null());
    assert_eq!(place.json(&["subscriber", "list"]).as_array().unwrap().len(), READERS);
}
