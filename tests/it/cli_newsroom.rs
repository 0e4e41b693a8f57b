//! A newsroom run from the command line alone: articles in, an edition out, decisions in between, on both engines.

use kiosque::app::App;
use kiosque::config::{Approval, Config};
use kiosque::db::Sql;
use kiosque::newsletters::newsletter::Newsletter;
use kiosque::subscribers::Choice;

use crate::support::database::{TestDatabase, each_database};
use crate::support::program::{EXAMPLE, Place};

/// Two good articles and a bad line; dates relative to now, so that digests want them.
fn articles() -> String {
    let hours_ago = |hours: i64| {
        let at = kiosque::clock::Clock::System.now().plus(-hours * kiosque::clock::HOUR);
        at.to_utc().to_rfc3339()
    };
    format!(
        "{{\"id\":\"1\",\"url\":\"https://www.exemple.org/1\",\"title\":\"Le marché rouvre\",\"html\":\"<p>Après six mois.</p>\",\"categories\":[\"Économie\"],\"published_at\":\"{}\"}}\n\
         {{\"id\":\"2\",\"url\":\"https://www.exemple.org/2\",\"title\":\"Les Éperviers gagnent\",\"html\":\"<p>Deux à zéro.</p>\",\"categories\":[\"Sport\"],\"published_at\":\"{}\"}}\n\
         {{\"id\":\"3\",\"title\":12}}\n",
        hours_ago(30),
        hours_ago(20),
    )
}

fn place(database: &TestDatabase) -> Place {
    let place = Place::with(&EXAMPLE.replace("sqlite:data/kiosque.db", &database.url));
    place.write("articles.jsonl", &articles());
    place
}

/// The parts of the program in this process, on the same store.
async fn app(place: &Place) -> App {
    let config = Config::load(&place.path().join("config.toml")).expect("a right configuration");
    App::open(config).await.expect("the store opens")
}

#[tokio::test]
async fn articles_go_in_are_listed_and_taken_back() {
    each_database(async |database| {
        let place = place(database);
        let ran = place.run(&["import", "articles.jsonl"]);
        assert_eq!(ran.status, Some(1), "a line was rejected\n{}", ran.err);
        assert!(ran.out.starts_with("2 new, 0 updated, 0 unchanged, 1 rejected\n"), "{}", ran.out);
        assert!(ran.out.contains("articles.jsonl:3: title: expected a text"), "{}", ran.out);
        let again = place.run(&["import", "articles.jsonl", "--dry-run"]);
        assert!(again.out.contains("0 new, 0 updated, 2 unchanged"), "{}", again.out);

        let list = place.json(&["article", "list"]);
        assert_eq!(
            (&list[0]["title"], &list[1]["title"]),
            (&"Les Éperviers gagnent".into(), &"Le marché rouvre".into())
        );
        let sport = place.json(&["article", "list", "--category", "sport"]);
        assert_eq!(sport.as_array().unwrap().len(), 1);
        let wrong = place.run(&["article", "list", "--category", "spor"]);
        assert_eq!(wrong.err, "kiosque: no category has the slug spor; did you mean sport?\n");

        let retracted = place.out(&["article", "retract", "https://www.exemple.org/1"]);
        assert!(retracted.contains(" is retracted: Le marché rouvre"), "{retracted}");
        let number = list[1]["id"].to_string();
        let again = place.out(&["article", "retract", &number]);
        assert!(again.contains("was retracted before"), "{again}");
        assert!(!place.json(&["article", "show", &number])["retracted_at"].is_null());
    })
    .await;
}

#[tokio::test]
async fn articles_come_from_standard_input_too() {
    let place = place(&TestDatabase::sqlite().await);
    let mut child = place
        .command(&["import", "-", "--format", "jsonl", "--source", "site"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), articles().as_bytes()).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(out.starts_with("2 new, 0 updated, 0 unchanged, 1 rejected\n"), "{out}");
    assert_eq!(place.json(&["article", "list"])[0]["source"], "site");
}

#[tokio::test]
async fn an_edition_is_seen_tested_and_sent_by_hand() {
    each_database(async |database| {
        let place = place(database);
        place.out(&[
            "subscriber",
            "add",
            "afi@exemple.org",
            "--newsletter",
            "matinale",
            "--consent",
            "salon",
        ]);
        let nothing = place.run(&["edition", "preview", "matinale", "--out", "apercu"]);
        assert!(nothing.err.contains("there is nothing new for `matinale`"), "{}", nothing.err);
        place.run(&["import", "articles.jsonl"]);

        place.out(&["edition", "preview", "matinale", "--out", "apercu"]);
        let html = std::fs::read_to_string(place.path().join("apercu/all.html")).unwrap();
        assert!(html.contains("Les Éperviers gagnent"), "{html}");
        let eml = std::fs::read_to_string(place.path().join("apercu/all.eml")).unwrap();
        assert!(eml.starts_with("From: ") || eml.contains("\r\nFrom: "), "{eml}");
        assert!(place.path().join("apercu/all.txt").exists());

        let test = place.out(&["edition", "test", "matinale", "--to", "chef@exemple.org"]);
        assert!(test.contains("[Essai]") && test.contains("nobody serves"), "{test}");
        assert_eq!(place.json(&["delivery", "list"])[0]["kind"], "editor");
        assert_eq!(
            place.json(&["edition", "list"]),
            serde_json::json!([]),
            "neither slot nor ledger is written"
        );

        let refused = place.run(&["edition", "run", "matinale"]); // standard input is empty
        assert_eq!((refused.status, refused.err.as_str()), (Some(1), "Rien n’a été envoyé.\n"));
        let sent = place.out(&["edition", "run", "matinale", "--yes"]);
        assert!(
            sent.starts_with("La Matinale\u{a0}: 2\u{a0}articles, 1\u{a0}lecteur inscrit, par maildir:"),
            "{sent}"
        );
        let list = place.json(&["edition", "list"]);
        assert_eq!((&list[0]["state"], &list[0]["deliveries"]["eligible"]), (&"released".into(), &1.into()));
        let shown = place.json(&["edition", "show", &list[0]["id"].to_string()]);
        assert_eq!(shown["articles"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_editor_postpones_approves_and_stops_a_frozen_edition() {
    each_database(async |database| {
        let place = place(database);
        place.run(&["import", "articles.jsonl"]);
        place.out(&["newsletter", "resume", "hebdo"]); // its row
        let app = app(&place).await;
        let row = Newsletter::by_slug(&app.db, "hebdo").await.unwrap().unwrap();
        let declaration = app.declarations.newsletter("hebdo").unwrap();
        assert_eq!(declaration.approval, Approval::Required);
        let slot =
            declaration.schedule.slots_after(declaration.zone, row.taken_up_at.to_utc()).next().unwrap();
        let before = kiosque::clock::Timestamp::from(slot.at).plus(-10 * kiosque::clock::MINUTE);
        newsletters_declare(&app).await;
        let ticked = app.desk.tick(before).await.unwrap();
        let frozen = ticked.frozen.iter().map(ToString::to_string);
        let mut id = String::new();
        for edition in frozen {
            if place.json(&["edition", "show", &edition])["newsletter"] == "hebdo" {
                id = edition;
            }
        }

        let day = slot.at.format("%Y-%m-%d");
        let postponed = place.out(&["edition", "postpone", &id, "--to", "10:15"]);
        assert!(
            postponed.starts_with(&format!("L’Hebdo, édition {id}\u{a0}: reportée, part le dimanche ")),
            "{postponed}"
        );
        assert!(postponed.contains("à 10\u{a0}h\u{a0}15 (Africa/Lome), une fois approuvée."), "{postponed}");
        let shown = place.json(&["edition", "show", &id]);
        assert_eq!(shown["slot"], format!("{day}T08:30"), "postponing keeps the slot's key");
        let past = place.run(&["edition", "postpone", &id, "--to", "2020-01-01 08:00"]);
        assert_eq!(past.status, Some(2), "{}", past.err);
        let unreadable = place.run(&["edition", "postpone", &id, "--to", "demain"]);
        assert!(unreadable.err.contains("expected a time such as"), "{}", unreadable.err);

        let approved = place.out(&["edition", "approve", &id]);
        assert!(approved.contains("approuvée, part le dimanche"), "{approved}");
        let stopped = place.out(&["edition", "stop", &id]);
        assert!(stopped.contains("arrêtée, ses articles reviennent"), "{stopped}");
        let resumed = place.run(&["edition", "resume", &id]);
        assert_eq!(resumed.status, Some(1));
        assert!(resumed.err.contains("kiosque edition run"), "{}", resumed.err);
        let unknown = place.run(&["edition", "approve", "4711"]);
        assert!(unknown.err.contains("there is no edition 4711"), "{}", unknown.err);
        app.db.close().await;
    })
    .await;
}

async fn newsletters_declare(app: &App) {
    let now = app.clock.now();
    kiosque::newsletters::newsletter::declare(&app.db, &app.declarations.newsletters, now)
        .await
        .expect("they are declared");
}

#[tokio::test]
async fn deliveries_are_held_released_and_tried_again() {
    each_database(async |database| {
        let place = place(database);
        place.run(&["import", "articles.jsonl"]);
        place.out(&["edition", "test", "matinale", "--to", "chef@exemple.org"]);
        let id = place.json(&["delivery", "list"])[0]["id"].to_string();
        assert_eq!(
            place.out(&["delivery", "hold", &id, "--reason", "à relire"]),
            format!("delivery {id}: held\n")
        );
        let held = place.json(&["delivery", "list", "--held", "--to", "chef@exemple.org"]);
        assert_eq!(held[0]["reason"], "à relire");
        assert_eq!(place.run(&["delivery", "hold", &id]).status, Some(1), "it is held already");
        assert_eq!(place.out(&["delivery", "release", &id]), format!("delivery {id}: released\n"));
        assert_eq!(place.out(&["delivery", "retry", &id]), format!("delivery {id}: tried again now\n"));
        assert_eq!(place.json(&["delivery", "list", "--held"]), serde_json::json!([]));
        let wrong = place.run(&["delivery", "list", "--state", "gone"]);
        assert_eq!(wrong.status, Some(2));
    })
    .await;
}

#[tokio::test]
async fn a_category_left_out_of_the_file_is_named_when_readers_chose_it() {
    each_database(async |database| {
        let place = place(database);
        place.run(&["import", "articles.jsonl"]);
        place.out(&[
            "subscriber",
            "add",
            "afi@exemple.org",
            "--newsletter",
            "matinale",
            "--consent",
            "salon",
        ]);
        let app = app(&place).await;
        let categories = kiosque::articles::categories(&app.db).await.unwrap();
        let sport = categories.iter().find(|category| category.slug == "sport").unwrap().id;
        let mut tx = app.db.begin().await.unwrap();
        let choice = Choice::Only([sport].into()).store(&mut tx).await.unwrap();
        let choose = "UPDATE subscriptions SET choice_id = $1";
        let choose = Sql { name: "CHOOSE", sqlite: choose, postgres: choose };
        kiosque::execute!(&mut tx, choose, choice).unwrap();
        tx.commit().await.unwrap();
        app.db.close().await;

        assert!(!place.out(&["check-config"]).contains("warning"));
        let without = std::fs::read_to_string(place.path().join("config.toml")).unwrap();
        let without = without
            .replace("[[category]]\nname = \"Sport\"\nfrom = [\"sports\"]", "")
            .replace("\"culture\", \"sport\",", "\"culture\",");
        place.write("config.toml", &without);
        let out = place.out(&["check-config"]);
        assert!(
            out.contains(
                "la rubrique Sport (sport) n’est plus dans ce fichier, mais figure dans 1\u{a0}inscription"
            ),
            "{out}"
        );
    })
    .await;
}
