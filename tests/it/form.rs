//! The form as strangers use it: robots, whole networks, other sites, and readers who know what they want.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use futures_util::future::join_all;
use kiosque::app::App;
use kiosque::articles;
use kiosque::clock::{Clock, DAY, HOUR, MINUTE, SECOND, Timestamp};
use kiosque::daemon::alerts;
use kiosque::db::{Db, NodeId, Purpose};
use kiosque::delivery::{Pump, Relay, Settings};
use kiosque::mail::Address;
use kiosque::subscribers::{
    self, AddressHash, ConfirmationId, FormTime, Reader, Reason, SubscriptionId, UnsubscribeToken,
};
use kiosque::web::{self, client::Peer};
use kiosque::{fetch_one, statements};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::newsroom::config;

statements! {
    LATEST_LINK_OF = "SELECT c.id, c.created_at, c.subscription_id FROM confirmations c
        JOIN subscriptions s ON s.id = c.subscription_id JOIN subscribers r ON r.id = s.subscriber_id
        WHERE r.address = $1 AND c.token_hash IS NOT NULL ORDER BY c.id DESC LIMIT 1";
    ASKED_SO_FAR = "SELECT (SELECT COUNT(*) FROM subscribers), (SELECT COUNT(*) FROM confirmations),
        (SELECT COUNT(*) FROM consent_events), (SELECT COUNT(*) FROM deliveries)";
}

/// Monday 23 November 2026, 7 h in Lomé.
const START: Timestamp = Timestamp::from_millis(1_795_417_200_000);

const LETTERS: &str = r#"
    schedule = "0 7 * * 1-5"
    timezone = "Africa/Lome"
    [[newsletter]]
    slug = "soir"
    title = "Le Soir"
    from = "Le Soir <soir@lettres.test.tg>"
    bounce_to = "retours@lettres.test.tg"
    schedule = "0 18 * * *"
    timezone = "Africa/Lome"
    categories = ["politique", "economie"]
    [api]
    tokens = ["sesame"]
    [form]
    origins = ["https://www.journal.tg"]
"#;

pub(crate) struct Stage {
    pub(crate) app: App,
    router: Router,
    outbox: tempfile::TempDir,
    pump: Pump,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Stage {
    pub(crate) async fn open(db: Db) -> Self {
        let app = App::build(config(LETTERS), db, Clock::test(START)).await.unwrap();
        app.take_up().await.unwrap();
        let outbox = tempfile::tempdir().unwrap();
        let relays = vec![Relay::maildir(outbox.path()).unwrap()];
        let App { db, clock, keys, .. } = app.clone();
        let pump = Pump::new(db, clock, keys, NodeId::new(), relays, Settings::default());
        Self { router: web::router(&app), app, outbox, pump }
    }

    /// Every mail sent so far.
    pub(crate) async fn mails(&self) -> Vec<Vec<u8>> {
        while self.pump.step().await.unwrap() > 0 {}
        let files = std::fs::read_dir(self.outbox.path().join("new")).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    pub(crate) async fn send(&self, mut request: Request<Body>, peer: Option<&str>) -> Answer {
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer.parse::<IpAddr>().unwrap()));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn post(&self, path: &str, form: &str, peer: Option<&str>) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-forwarded-for", "203.0.113.77")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap(), peer).await
    }

    pub(crate) async fn json(&self, body: &Value) -> Answer {
        let request = Request::post("/api/lettres")
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap(), None).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap(), None).await
    }

    /// What a form carries that was shown so long ago (ms).
    pub(crate) fn shown(&self, ago: i64) -> String {
        FormTime::write(&self.app.keys, self.app.clock.now().plus(-ago))
    }

    pub(crate) fn form(&self, address: &str, rest: &str) -> String {
        let address = address.replace('@', "%40");
        format!("address={address}&newsletter=matinale&form={}{rest}", self.shown(MINUTE))
    }

    pub(crate) async fn ask(&self, address: &str) -> Answer {
        self.post("/lettres", &self.form(address, ""), None).await
    }

    pub(crate) async fn link(&self, address: &str) -> (String, SubscriptionId) {
        let (id, created_at, subscription): (ConfirmationId, Timestamp, SubscriptionId) =
            fetch_one!(&self.app.db, LATEST_LINK_OF, address).unwrap();
        let key = self.app.keys.current(Purpose::Token).id;
        let token = subscribers::confirmation_token(&self.app.keys, key, id, created_at).unwrap();
        (format!("/confirmer/{token}"), subscription)
    }

    pub(crate) async fn confirmed(&self, address: &str) -> SubscriptionId {
        self.ask(address).await;
        let (link, subscription) = self.link(address).await;
        assert_eq!(self.post(&link, "choice=confirm", None).await.status, StatusCode::OK);
        subscription
    }

    pub(crate) async fn reader(&self, address: &str) -> Reader {
        let address = Address::parse(address).unwrap();
        subscribers::show(&self.app.db, &self.app.keys, &address).await.unwrap().unwrap()
    }

    pub(crate) async fn asked(&self) -> (i64, i64, i64, i64) {
        fetch_one!(&self.app.db, ASKED_SO_FAR).unwrap()
    }

    pub(crate) async fn suppress(&self, address: &str, reason: Reason) {
        let address = Address::parse(address).unwrap();
        let hash = AddressHash::of(&self.app.keys, &address);
        let mut tx = self.app.db.begin_durable().await.unwrap();
        let now = self.app.clock.now();
        subscribers::suppress(&mut tx, hash, address.domain(), reason, None, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn rubrics_and_a_first_name_count_once_the_link_is_used() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let chosen =
            "&rubric=matinale%2Fpolitique&rubric=matinale%2Fsport&rubric=soir%2Feconomie&newsletter=soir";
        let form = stage.form("ama@exemple.tg", &format!("{chosen}&first_name=Ama"));
        assert_eq!(stage.post("/lettres", &form, None).await.status, StatusCode::OK);
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(
            (reader.name, reader.subscriptions[0].choice.as_str()),
            (None, "all"),
            "a stranger may have typed it"
        );

        let (link, _) = stage.link("ama@exemple.tg").await;
        let page = stage.get(&link).await.body;
        assert!(
            page.contains("rubriques Politique et Sport") && page.contains("rubrique Économie"),
            "{page}"
        );
        assert!(page.contains("Prénom\u{a0}: Ama"), "{page}");
        let done = stage.post(&link, "choice=confirm", None).await;
        assert_eq!(done.status, StatusCode::OK);
        let reader = stage.reader("ama@exemple.tg").await;
        assert_eq!(reader.name.as_deref(), Some("Ama"));
        let choices: Vec<_> = reader.subscriptions.iter().map(|one| one.choice.as_str()).collect();
        let categories = articles::categories(&stage.app.db).await.unwrap();
        let id = |slug: &str| categories.iter().find(|category| category.slug == slug).unwrap().id;
        let two = format!("{},{}", id("politique"), id("sport"));
        assert_eq!(choices, [two, id("economie").to_string()]);
        let said = &reader.events.iter().find(|event| event.event.as_str() == "confirmed").unwrap().wording;
        assert!(said.contains("rubriques Politique et Sport"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn the_confirmation_mail_carries_nothing_that_a_stranger_typed() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let form =
            stage.form("Achetez.Ici@exemple.tg", "&first_name=Gagnez&rubric=matinale%2Fsport&x=Cliquez");
        assert_eq!(stage.post("/lettres", &form, None).await.status, StatusCode::OK);
        let [mail] = &stage.mails().await[..] else { panic!("one mail") };
        let mail = MessageParser::default().parse(mail).unwrap();
        let said = format!("{:?}{:?}{:?}", mail.subject(), mail.body_text(0), mail.body_html(0));
        for typed in ["Gagnez", "Achetez", "Cliquez", "203.0.113"] {
            assert!(!said.contains(typed), "{typed}");
        }
        assert_eq!(mail.to().unwrap().first().unwrap().name(), None);
    })
    .await;
}

#[tokio::test]
async fn a_robot_gets_the_same_answer_and_nobody_gets_a_mail() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let nothing = stage.asked().await;
        let fast = format!("address=a%40exemple.tg&newsletter=matinale&form={}", stage.shown(SECOND));
        let trapped = stage.form("b@exemple.tg", "&site=https%3A%2F%2Fspam.example");
        let mut robots = Vec::new();
        for form in [&fast, &trapped] {
            for path in ["/lettres", "/lettres/cadre"] {
                robots.push((path, stage.post(path, form, None).await));
            }
        }
        assert_eq!(stage.asked().await, nothing);
        assert!(stage.mails().await.is_empty());
        for (path, robot) in robots {
            let person = stage.post(path, &stage.form("c@exemple.tg", ""), None).await;
            assert_eq!((robot.status, &robot.body), (person.status, &person.body));
        }
        assert_eq!(stage.mails().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_form_that_was_not_shown_here_of_late_comes_back_filled_in() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let nothing = stage.asked().await;
        let snippet = "address=ama%40exemple.tg&first_name=Ama&newsletter=matinale&rubric=matinale%2Fsport";
        let old = format!("{snippet}&form={}", stage.shown(DAY + 1));
        let forged = format!("{snippet}&form=AAAAAQAAAaIHhyWAAAAAAAAAAAAAAAAAAAAAAA");
        for form in [snippet, &old, &forged] {
            let back = stage.post("/lettres", form, None).await;
            assert_eq!(back.status, StatusCode::OK);
            for kept in [
                "value=\"ama@exemple.tg\"",
                "value=\"Ama\"",
                "value=\"matinale\" checked",
                "value=\"matinale/sport\" checked",
            ] {
                assert!(back.body.contains(kept), "{kept}: {}", back.body);
            }
            assert!(back.body.contains("Vérifiez votre adresse"));
            assert_eq!(stage.asked().await, nothing);
        }
        let back = stage.post("/lettres", snippet, None).await.body;
        let shown = back.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        stage.app.clock.advance(3 * SECOND);
        let done = stage.post("/lettres", &format!("{snippet}&form={shown}"), None).await;
        assert!(done.body.contains("Consultez votre messagerie"), "pressed once more");
        assert_eq!(stage.mails().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_posts_for_one_victim_send_one_mail_a_day_and_three_in_all() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let form = stage.form("victime@exemple.tg", "&newsletter=soir");
        let networks: Vec<String> = (0..200).map(|n| format!("192.0.{n}.9")).collect();
        for round in 0..50 {
            let posts = (0..20).map(|n| {
                let peer = &networks[(round * 20 + n) % networks.len()];
                stage.post("/lettres", &form, Some(peer))
            });
            for answer in join_all(posts).await {
                assert_eq!(answer.status, StatusCode::OK);
            }
        }
        assert_eq!(stage.mails().await.len(), 1, "a thousand posts on one day");
        for (day, network) in networks.iter().enumerate().take(7).skip(2) {
            stage.app.clock.advance(DAY);
            let form = stage.form("Victime@exemple.tg", "");
            for _ in 0..3 {
                stage.post("/lettres", &form, Some(network)).await;
            }
            assert_eq!(stage.mails().await.len(), day.min(3), "day {day}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_thousand_victims_of_one_network_are_twenty() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let mut refused = Vec::new();
        for round in 0..50 {
            let posts = (0..20).map(async |n| {
                let form = stage.form(&format!("victime-{}@exemple.tg", round * 20 + n), "");
                // Whatever the stranger claims in `X-Forwarded-For`.
                stage.post("/lettres", &form, Some(&format!("198.51.100.{n}"))).await
            });
            let answers = join_all(posts).await;
            refused
                .extend(answers.into_iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
        }
        assert_eq!(refused.len(), 980);
        let answer = &refused[0];
        assert_eq!(answer.headers[header::RETRY_AFTER], "60");
        assert!(answer.body.contains("<html") && !answer.body.contains("victime"));
        assert_eq!(stage.mails().await.len(), 20);

        let after = async |peer: &str| {
            stage.post("/lettres", &stage.form("afi@exemple.tg", ""), Some(peer)).await.status
        };
        assert_eq!(after("198.51.101.1").await, StatusCode::OK, "the network beside it");
        assert_eq!(after("127.0.0.1").await, StatusCode::OK, "whom a proxy of ours names");
        stage.app.clock.advance(MINUTE);
        assert_eq!(after("198.51.100.9").await, StatusCode::OK, "one more after a minute");
        assert_eq!(after("198.51.100.8").await, StatusCode::TOO_MANY_REQUESTS);
        stage.app.clock.advance(DAY);
        assert_eq!(subscribers::forget_networks(&stage.app.db, stage.app.clock.now()).await.unwrap(), 3);
    })
    .await;
}

#[tokio::test]
async fn more_than_the_operator_allows_is_told_to_come_back() {
    each_engine(async |db| {
        let mut text = crate::support::newsroom::config_text(LETTERS);
        text.push_str("per_hour = 5\n");
        let mut stage = Stage::open(db.clone()).await;
        let config = kiosque::config::Config::from_toml_str(&text, std::path::Path::new("/nowhere")).unwrap();
        stage.app = App::build(config, db, stage.app.clock.clone()).await.unwrap();
        stage.router = web::router(&stage.app);
        let now = || stage.app.clock.now();
        for n in 0..5 {
            assert_eq!(stage.ask(&format!("a{n}@exemple.tg")).await.status, StatusCode::OK);
        }
        assert!(!subscribers::form_is_flooded(&stage.app.db, now()).await.unwrap());
        let refused = stage.ask("afi@exemple.tg").await;
        assert_eq!(
            (refused.status, refused.headers[header::RETRY_AFTER].as_bytes()),
            (StatusCode::TOO_MANY_REQUESTS, &b"720"[..])
        );
        assert!(subscribers::form_is_flooded(&stage.app.db, now()).await.unwrap());
        alerts::step(&stage.app, now(), true).await.unwrap();
        let open = async || {
            kiosque::alerts::open(&stage.app.db, kiosque::alerts::Kind::FormFlooded).await.unwrap().len()
        };
        assert_eq!(open().await, 1);
        stage.app.clock.advance(HOUR);
        assert_eq!(stage.ask("afi@exemple.tg").await.status, StatusCode::OK);
        alerts::step(&stage.app, now(), true).await.unwrap();
        assert_eq!(open().await, 0);
    })
    .await;
}

#[tokio::test]
async fn no_answer_tells_who_is_known() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        stage.ask("pending@exemple.tg").await;
        stage.confirmed("confirmed@exemple.tg").await;
        let left = stage.confirmed("left@exemple.tg").await;
        let leaving = UnsubscribeToken::write(stage.app.keys.current(Purpose::Token), left);
        stage.post(&format!("/u/{leaving}"), "", None).await;
        for reason in Reason::ALL {
            stage.suppress(&format!("{}@exemple.tg", reason.as_str().replace('_', "-")), *reason).await;
        }
        let shown = stage.shown(MINUTE);
        let kinds = ["unknown", "pending", "confirmed", "left"].map(str::to_owned).into_iter();
        let kinds: Vec<String> = kinds.chain(Reason::ALL.iter().map(|reason| reason.as_str().replace('_', "-"))).collect();
        for path in ["/lettres", "/lettres/cadre"] {
            let mut bodies = Vec::new();
            for kind in &kinds {
                let form = format!("address={kind}%40exemple.tg&newsletter=matinale&form={shown}");
                let answer = stage.post(path, &form, None).await;
                bodies.push((answer.status, format!("{:?}", answer.headers), answer.body));
            }
            bodies.dedup();
            assert_eq!(bodies.len(), 1, "{path}");
        }
        let mut bodies = Vec::new();
        for kind in &kinds {
            let asking = json!({"address": format!("{kind}@exemple.tg"), "newsletters": {"matinale": []}, "form": shown});
            let answer = stage.json(&asking).await;
            bodies.push((answer.status, format!("{:?}", answer.headers), answer.body));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
    })
    .await;
}

#[tokio::test]
async fn a_listed_site_shows_the_form_and_asks_by_json() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let policy =
            |answer: &Answer| answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let frame = stage.get("/lettres/cadre").await;
        assert!(
            policy(&frame).ends_with("frame-ancestors 'self' https://www.journal.tg"),
            "{}",
            policy(&frame)
        );
        assert!(policy(&stage.get("/lettres").await).ends_with("frame-ancestors 'none'"));

        let call = async |method: Method, origin: &str, body: &str| {
            let request = Request::builder()
                .method(method)
                .uri("/api/lettres")
                .header(header::ORIGIN, origin)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_owned()));
            stage.send(request.unwrap(), None).await
        };
        let ours = "https://www.journal.tg";
        let offer = call(Method::GET, ours, "").await;
        assert_eq!(offer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], ours);
        let offer = offer.json();
        assert_eq!(offer["newsletters"][1]["slug"], "soir");
        assert_eq!(
            offer["newsletters"][1]["rubrics"],
            json!([
                {"slug": "politique", "name": "Politique"}, {"slug": "economie", "name": "Économie"}
            ])
        );
        assert_eq!(offer["privacy"], "https://lettres.test.tg/confidentialite");
        let asking = json!({
            "address": "ama@exemple.tg", "first_name": "Ama", "form": offer["form"],
            "newsletters": {"soir": ["economie"], "matinale": []},
        });
        stage.app.clock.advance(5 * SECOND);
        let asked = call(Method::POST, ours, &asking.to_string()).await;
        assert_eq!(
            (asked.status, &asked.json()["newsletters"]),
            (StatusCode::OK, &json!(["La Matinale", "Le Soir"]))
        );
        assert_eq!(asked.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(stage.mails().await.len(), 1);
        assert_eq!(stage.reader("ama@exemple.tg").await.events[0].origin.as_deref(), Some("json"));

        let preflight = call(Method::OPTIONS, ours, "").await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT);
        assert_eq!(preflight.headers[header::ACCESS_CONTROL_ALLOW_METHODS], "GET, POST");
        for answer in [
            call(Method::OPTIONS, "https://evil.example", "").await,
            call(Method::GET, "https://www.journal.tg.evil.example", "").await,
            call(Method::GET, "null", "").await,
        ] {
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
            assert!(answer.headers.get_all(header::VARY).iter().any(|vary| vary == "Origin"));
        }
    })
    .await;
}

#[tokio::test]
async fn json_that_is_no_asking_says_what_is_missing_and_repeats_nothing() {
    each_engine(async |db| {
        let stage = Stage::open(db).await;
        let nothing = stage.asked().await;
        let shown = stage.shown(MINUTE);
        let asking = |address: &str, name: &str, letter: &str, form: &str| {
            json!({"address": address, "first_name": name, "newsletters": {letter: []}, "form": form})
        };
        for (field, asking) in [
            ("address", asking("ama@localhost", "", "matinale", &shown)),
            ("first_name", asking("ama@exemple.tg", "www.evil.example", "matinale", &shown)),
            ("newsletters", asking("ama@exemple.tg", "", "inconnue", &shown)),
            ("form", asking("ama@exemple.tg", "", "matinale", "")),
        ] {
            let answer = stage.json(&asking).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert_eq!(answer.json()["field"], field);
            assert!(!answer.body.contains("ama@") && !answer.body.contains("evil"), "{}", answer.body);
        }
        for wrong in [json!([]), json!({"address": ["ama@exemple.tg"]}), json!({"adresse": "ama@exemple.tg"}), json!(null)] {
            let answer = stage.json(&wrong).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
            assert!(answer.json()["error"].is_string() && !answer.body.contains("ama@"), "{}", answer.body);
        }
        let plain = Request::post("/api/lettres").body(Body::from("{}")).unwrap();
        assert_eq!(stage.send(plain, None).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(stage.asked().await, nothing);
    })
    .await;
}
