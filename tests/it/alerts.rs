//! What is wrong reaches a person, once, and so does its end.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use kiosque::alerts::{self, Kind};
use kiosque::app::App;
use kiosque::clock::{Clock, HOUR, MINUTE, SECOND, Timestamp};
use kiosque::config::Config;
use kiosque::daemon;
use kiosque::delivery::telling::{bulletin, report, watch};
use serde_json::Value;

use crate::support::database::each_engine;
use crate::support::newsroom;
use crate::support::post::{DAILY, Post};
use crate::support::smtp::{Act, Rule, Step};

const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000); // Monday 23 November 2026, 8:00 UTC

#[tokio::test]
async fn what_goes_on_is_one_alert_that_counts_and_ends_once() {
    each_engine(async |db| {
        let raise =
            async |at| alerts::raise(&db, Kind::GroupStopped, "orange.fr", "550 5.7.1", at).await.unwrap();
        assert!(raise(NOW).await);
        assert!(!raise(NOW.plus(SECOND)).await, "seen again");
        assert!(!raise(NOW.plus(5 * MINUTE)).await);
        assert!(alerts::raise(&db, Kind::GroupStopped, "free.fr", "", NOW).await.unwrap(), "another group");
        let open = alerts::open(&db, Kind::GroupStopped).await.unwrap();
        assert_eq!(
            open.iter().map(|a| (a.subject.as_str(), a.count)).collect::<Vec<_>>(),
            [("orange.fr", 2), ("free.fr", 1)]
        );
        assert!(alerts::end(&db, Kind::GroupStopped, "orange.fr", NOW.plus(HOUR)).await.unwrap());
        assert!(!alerts::end(&db, Kind::GroupStopped, "orange.fr", NOW.plus(HOUR)).await.unwrap());
        assert!(!alerts::end(&db, Kind::RelayTrouble, "orange.fr", NOW).await.unwrap(), "never raised");
        assert_eq!(alerts::all_open(&db).await.unwrap().len(), 1);
        assert!(!raise(NOW.plus(2 * HOUR)).await, "its end was not told: it goes on");
        assert_eq!(alerts::all_open(&db).await.unwrap()[0].count, 3);
        alerts::end_all_but(&db, Kind::GroupStopped, &["free.fr".to_owned()], NOW.plus(3 * HOUR))
            .await
            .unwrap();
        assert_eq!(alerts::all_open(&db).await.unwrap()[0].subject, "free.fr");
    })
    .await;
}

/// A newsroom with editors, whose mail goes to a relay of the test's.
const EDITORS: &str = "editors = [\"redaction@test.tg\", \"chef@test.tg\"]";

/// The text part of a message, unfolded from quoted-printable.
fn text_of(message: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
    parsed.body_text(0).unwrap().replace(['\u{a0}', '\u{202f}'], " ").replace("\r\n", "\n")
}

fn subject_of(message: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
    parsed.subject().unwrap().replace('\u{a0}', " ")
}

/// The copies of what was mailed to the newsroom.
fn to_editors(post: &Post) -> Vec<(String, String)> {
    let taken = post.relay.taken();
    let editors = taken.iter().filter(|copy| copy.to[0].ends_with("@test.tg"));
    let mut mails: Vec<(String, String)> =
        editors.map(|copy| (copy.to[0].clone(), subject_of(&copy.message))).collect();
    mails.sort();
    mails
}

#[tokio::test]
async fn alarms_gather_in_one_mail_before_any_digest_and_their_end_is_told() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 2, EDITORS).await;
        let (desk, clock) = (&post.room.desk, &post.room.clock);
        let edition = post.edition.to_string();
        alerts::raise(&db, Kind::EditionPaused, &edition, "6 % of 200 refused", clock.now()).await.unwrap();
        alerts::raise(&db, Kind::GroupStopped, "orange.fr", "550 5.7.1 OFR_506", clock.now()).await.unwrap();
        // It is so: the pump looks for itself, and ends what is over.
        kiosque::newsletters::edition::stop(&db, post.edition, clock.now()).await.unwrap();
        post.room
            .sql(&format!("INSERT INTO edition_breakers VALUES ({edition}, 'hard', '6 % of 200 refused', 0, TRUE)"))
            .await;
        let rest = "INSERT INTO group_rests VALUES ('orange.fr', 9000000000000, 1, 'policy', '550 5.7.1 OFR_506', 0)";
        post.room.sql(rest).await;
        let tell = async || bulletin::tell(desk, &post.keys, clock.now()).await.unwrap();
        assert!(!tell().await, "it gathers");
        clock.advance(30 * SECOND);
        assert!(tell().await);
        assert!(!tell().await, "once");
        let priority = "SELECT min(priority) FROM deliveries WHERE kind = 'notice'";
        assert_eq!(post.room.number(priority).await, 1);

        post.drain(&post.pump()).await;
        let both = ["chef@test.tg", "redaction@test.tg"];
        assert_eq!(to_editors(&post), both.map(|to| (to.to_owned(), "[kiosque] 2 alertes".to_owned())));
        let mail = post.relay.taken().into_iter().find(|copy| copy.to[0] == "chef@test.tg").unwrap();
        let text = text_of(&mail.message);
        for line in [
            "L’envoi est arrêté : La Matinale du",
            "kiosque edition resume",
            "Les adresses du groupe orange.fr nous refusent",
            "kiosque delivery list --group orange.fr -n 20",
            "550 5.7.1 OFR_506",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }

        post.room.sql("DELETE FROM group_rests").await;
        alerts::end(&db, Kind::GroupStopped, "orange.fr", clock.now()).await.unwrap();
        clock.advance(10 * MINUTE);
        assert!(tell().await);
        post.drain(&post.pump()).await;
        let ended = "[kiosque] Fin d’alerte : Les adresses du groupe orange.fr nous refusent";
        assert_eq!(to_editors(&post).iter().filter(|(_, subject)| subject == ended).count(), 2);
        clock.advance(HOUR);
        assert!(!tell().await, "the edition is told to be paused already");
        assert!(alerts::raise(&db, Kind::GroupStopped, "orange.fr", "", clock.now()).await.unwrap(), "anew");
    })
    .await;
}

/// A webhook of this machine: answers 500, then 204, and keeps what it was sent.
async fn webhook() -> (String, Arc<Mutex<Vec<Value>>>) {
    let told: Arc<Mutex<Vec<Value>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/crochet", listener.local_addr().unwrap());
    let kept = Arc::clone(&told);
    let answer = async move |body: String| {
        let mut kept = kept.lock().unwrap();
        kept.push(serde_json::from_str(&body).unwrap());
        if kept.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
    };
    let router = axum::Router::new().route("/crochet", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, told)
}

#[tokio::test]
async fn a_webhook_is_tried_again_and_a_command_reads_json_while_nobody_is_mailed() {
    each_engine(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dit.json");
        let (url, told) = webhook().await;
        let text = format!(
            "{}\n[alerts]\nmail = []\nwebhook = \"{url}\"\ncommand = [\"tee\", \"-a\", \"{}\"]\n\
             [outbound]\nallow = [\"127.0.0.0/8\"]\n",
            newsroom::config_text(&format!("{DAILY}\n{EDITORS}")),
            file.display()
        );
        let config = Config::from_toml_str(&text, folder.path()).unwrap_or_else(|wrong| panic!("{wrong}"));
        let app = App::build(config, db.clone(), Clock::test(NOW)).await.unwrap();
        let missed = "matinale 2026-11-23T07:00";
        alerts::raise(&db, Kind::SlotMissed, missed, "", NOW).await.unwrap();
        app.clock.advance(MINUTE);
        let step = async || daemon::alerts::step(&app, app.clock.now(), true).await.unwrap();
        step().await;
        step().await;
        assert_eq!(told.lock().unwrap().len(), 1, "the webhook said 500; it is not its time again");
        app.clock.advance(MINUTE);
        step().await;
        app.clock.advance(HOUR);
        step().await;
        let told = told.lock().unwrap().clone();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0], told[1]);
        let by_command: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(by_command, told[0]);
        let raised = &told[0]["raised"][0];
        assert_eq!(raised["kind"], "slot_missed");
        assert_eq!(raised["name"], "La Matinale du lundi 23 novembre 2026 à 7\u{a0}h");
        assert_eq!(raised["to_do"][0]["line"], "kiosque edition run matinale");
        assert!(
            told[0]["text"]
                .as_str()
                .unwrap()
                .starts_with("Alerte\u{a0}: Une édition n’est pas partie\u{a0}: La Matinale")
        );
        assert!(alerts::all_open(&db).await.unwrap().is_empty(), "an event is over once told");
    })
    .await;
}

#[tokio::test]
async fn an_edition_is_reported_once_in_figures_and_words() {
    each_engine(async |db| {
        let post = Post::of_newsletter(&db, 5, EDITORS).await;
        post.relay.rule(
            Rule::at(Step::Rcpt, Act::Reply("550 5.1.1 <lecteur2@exemple.tg> inconnu"))
                .to("lecteur2@exemple.tg"),
        );
        let left = "UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 1";
        post.room.sql(left).await;
        let report = async || report::report(&post.room.desk, &post.keys, post.room.now()).await.unwrap();
        assert!(report().await.is_empty(), "rows wait");
        post.drain(&post.pump()).await;
        post.room.clock.advance(3 * MINUTE);
        assert_eq!(report().await, [post.edition]);
        assert!(report().await.is_empty(), "once");
        post.drain(&post.pump()).await;
        let mail = post.relay.taken().into_iter().find(|copy| copy.to[0] == "chef@test.tg").unwrap();
        assert!(subject_of(&mail.message).starts_with("[kiosque] Bilan : 3 sur 5, La Matinale du"));
        let text = text_of(&mail.message);
        for line in [
            "* 5 lecteurs attendaient cette édition",
            "* 3 messages remis au relais",
            "* 1 message refusé ou jamais accepté",
            "* 1 le lecteur s’est désinscrit entre-temps",
            "* 1 l’adresse a été refusée",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("lecteur2@"), "nobody's address: {text}");
        assert_eq!(to_editors(&post).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_balance_that_is_off_and_rows_that_are_held_are_alarms() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 3).await;
        let now = post.room.now();
        watch::look(&db, now).await.unwrap();
        assert!(alerts::all_open(&db).await.unwrap().is_empty());
        post.room.sql("UPDATE editions SET eligible = 4").await;
        let hold = "UPDATE deliveries SET held = TRUE, reason = 'in doubt: the relay may have it' WHERE subscription_id = 1";
        post.room.sql(hold).await;
        watch::look(&db, now).await.unwrap();
        let open = alerts::all_open(&db).await.unwrap();
        let edition = post.edition.to_string();
        let seen: Vec<_> = open.iter().map(|a| (a.kind, a.subject.clone(), a.detail.clone())).collect();
        assert_eq!(
            seen,
            [
                (Kind::BalanceOff, edition.clone(), "1 of 4 readers have no delivery row".to_owned()),
                (Kind::DeliveriesHeld, edition, "1 held: in doubt: the relay may have it".to_owned()),
            ]
        );
        post.room.sql("UPDATE editions SET eligible = 3").await;
        post.room.sql("UPDATE deliveries SET held = FALSE").await;
        watch::look(&db, now).await.unwrap();
        assert!(alerts::all_open(&db).await.unwrap().is_empty());
    })
    .await;
}
