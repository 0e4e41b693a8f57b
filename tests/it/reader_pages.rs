//! The readers' pages over HTTP: what each method does and does not, and what an answer gives away.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use kiosque::app::App;
use kiosque::clock::{Clock, DAY, HOUR, MINUTE, Timestamp};
use kiosque::config::Config;
use kiosque::db::{Db, NodeId, Purpose};
use kiosque::delivery::{Pump, Relay, Settings};
use kiosque::mail::Address;
use kiosque::newsletters::newsletter;
use kiosque::subscribers::{
    self, AddressHash, ConfirmationId, FormTime, Reader, Reason, SubscriptionId, SubscriptionState,
    UnsubscribeToken,
};
use kiosque::web;
use kiosque::{fetch_all, fetch_one, statements};
use mail_parser::MessageParser;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::newsroom::config;

statements! {
    LATEST_LINK = "SELECT c.id, c.created_at, c.subscription_id FROM confirmations c
        JOIN subscriptions s ON s.id = c.subscription_id JOIN subscribers r ON r.id = s.subscriber_id
        WHERE r.address = $1 AND c.token_hash IS NOT NULL ORDER BY c.id DESC LIMIT 1";
    EVERYTHING = "SELECT r.address, s.state, s.confirmed_at, s.left_at, c.used_at, c.expires_at,
            (SELECT COUNT(*) FROM consent_events) AS events,
            (SELECT COUNT(*) FROM suppressions WHERE lifted_at IS NULL) AS suppressed
        FROM subscribers r JOIN subscriptions s ON s.subscriber_id = r.id
        JOIN confirmations c ON c.subscription_id = s.id ORDER BY c.id";
}

/// Monday 23 November 2026, 7 h in Lomé.
const START: Timestamp = Timestamp::from_millis(1_795_417_200_000);

const MATINALE: &str = r#"
    schedule = "0 7 * * 1-5"
    timezone = "Africa/Lome"
    categories = ["politique"]
"#;

const SOIR: &str = r#"
    [[newsletter]]
    slug = "soir"
    was = ["crepuscule"]
    title = "Le Soir"
    from = "Le Soir <soir@lettres.test.tg>"
    bounce_to = "retours@lettres.test.tg"
    schedule = "0 18 * * *"
    timezone = "Africa/Lome"
"#;

struct Site {
    app: App,
    router: Router,
}

/// Where the mails go.
struct Mails {
    folder: tempfile::TempDir,
    pump: Pump,
}

impl Mails {
    /// Sends what is due, and gives every mail sent so far.
    async fn sent(&self) -> Vec<Vec<u8>> {
        while self.pump.step().await.unwrap() > 0 {}
        let files = std::fs::read_dir(self.folder.path().join("new")).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

/// An answer, read.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Site {
    async fn open(db: Db) -> Self {
        let config: Config = config(&format!("{MATINALE}{SOIR}"));
        let app = App::build(config, db, Clock::test(START)).await.unwrap();
        newsletter::declare(&app.db, &app.declarations.newsletters, START).await.unwrap();
        let router = web::router(&app);
        Self { app, router }
    }

    fn relay(&self) -> Mails {
        let folder = tempfile::tempdir().unwrap();
        let relays = vec![Relay::maildir(folder.path()).unwrap()];
        let App { db, clock, keys, .. } = self.app.clone();
        Mails { folder, pump: Pump::new(db, clock, keys, NodeId::new(), relays, Settings::default()) }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn call(&self, method: Method, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).await
    }

    /// Posts; what is asked for by the form carries when it was shown, a minute ago.
    async fn post(&self, path: &str, form: &str) -> Answer {
        let shown = match path {
            "/lettres" => {
                format!("&form={}", FormTime::write(&self.app.keys, self.app.clock.now().plus(-MINUTE)))
            }
            _ => String::new(),
        };
        let form = format!("{form}{shown}");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        self.send(request.unwrap()).await
    }

    async fn ask(&self, address: &str) -> Answer {
        let address = address.replace('@', "%40");
        self.post("/lettres", &format!("address={address}&newsletter=matinale")).await
    }

    /// The link that was made for an address: as its mail holds it.
    async fn link(&self, address: &str) -> (String, SubscriptionId) {
        let (id, created_at, subscription): (ConfirmationId, Timestamp, SubscriptionId) =
            fetch_one!(&self.app.db, LATEST_LINK, address).unwrap();
        let key = self.app.keys.current(Purpose::Token).id;
        (subscribers::confirmation_token(&self.app.keys, key, id, created_at).unwrap(), subscription)
    }

    fn leaving(&self, subscription: SubscriptionId) -> String {
        format!("/u/{}", UnsubscribeToken::write(self.app.keys.current(Purpose::Token), subscription))
    }

    /// A confirmed reader's unsubscribe address.
    async fn subscribed(&self, address: &str) -> String {
        self.ask(address).await;
        let (token, subscription) = self.link(address).await;
        assert_eq!(self.post(&format!("/confirmer/{token}"), "").await.status, StatusCode::OK);
        self.leaving(subscription)
    }

    async fn reader(&self, address: &str) -> Reader {
        let address = Address::parse(address).unwrap();
        subscribers::show(&self.app.db, &self.app.keys, &address).await.unwrap().unwrap()
    }

    async fn state(&self, address: &str) -> SubscriptionState {
        self.reader(address).await.subscriptions[0].state
    }

    async fn suppress(&self, address: &str, reason: Reason) {
        let address = Address::parse(address).unwrap();
        let hash = AddressHash::of(&self.app.keys, &address);
        let mut tx = self.app.db.begin_durable().await.unwrap();
        let now = self.app.clock.now();
        subscribers::suppress(&mut tx, hash, address.domain(), reason, None, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn everything(&self) -> Vec<Kept> {
        fetch_all!(&self.app.db, EVERYTHING).unwrap()
    }
}

type Kept = (String, String, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, Timestamp, i64, i64);

fn multipart(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--limite\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--limite--\r\n";
    Request::post(path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=limite")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_reader_goes_from_the_form_to_the_last_page() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let form = site.get("/lettres").await;
        assert_eq!(form.status, StatusCode::OK);
        for shown in
            ["La Matinale", "Le Soir", "Je souhaite recevoir", "name=\"address\"", "value=\"matinale\""]
        {
            assert!(form.body.contains(shown), "{shown}");
        }
        let asked = site.ask("ama@exemple.tg").await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.body.contains("La Matinale") && !asked.body.contains("ama@exemple.tg"));

        let (token, subscription) = site.link("ama@exemple.tg").await;
        let button = site.get(&format!("/confirmer/{token}")).await;
        assert!(button.body.contains("Je confirme mon inscription"), "{}", button.body);
        let confirmed = site.post(&format!("/confirmer/{token}"), "choice=confirm").await;
        assert_eq!(confirmed.status, StatusCode::OK);
        assert!(confirmed.body.contains("lundi 23 novembre 2026 à 7\u{a0}h"), "{}", confirmed.body);
        assert!(confirmed.body.contains("C-"));

        site.app.clock.advance(HOUR);
        let leaving = site.leaving(subscription);
        assert!(site.get(&leaving).await.body.contains("Je ne souhaite plus recevoir"));
        let left = site.post(&leaving, "scope=this").await;
        assert_eq!(left.status, StatusCode::OK);
        let reference = &site.reader("ama@exemple.tg").await.events[2].reference;
        assert!(left.body.contains(&reference.to_string()) && reference.to_string().starts_with("D-"));
        assert_eq!(site.state("ama@exemple.tg").await, SubscriptionState::Left);
        assert!(site.get(&leaving).await.body.contains(&reference.to_string()), "the page says it again");
    })
    .await;
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_all_that_was_asked_for() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let mails = site.relay();
        let form = "address=Ama%40exemple.tg&newsletter=matinale&newsletter=soir";
        assert_eq!(site.post("/lettres", form).await.status, StatusCode::OK);
        assert_eq!(site.post("/lettres", form).await.status, StatusCode::OK);
        let [mail] = &mails.sent().await[..] else { panic!("one mail for two askings") };
        let mail = MessageParser::default().parse(mail).unwrap();
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("Ama@exemple.tg"));
        let text = mail.body_text(0).unwrap();
        assert!(text.contains("La Matinale") && text.contains("Le Soir"), "{text}");
        let address = text.split_whitespace().find(|word| word.contains("/confirmer/")).unwrap();
        let path = address.strip_prefix("https://lettres.test.tg").unwrap();
        assert!(site.get(path).await.body.contains("Je confirme mon inscription"));
        assert_eq!(site.post(path, "").await.status, StatusCode::OK);
        let states: Vec<_> =
            site.reader("ama@exemple.tg").await.subscriptions.into_iter().map(|one| one.state).collect();
        assert_eq!(states, [SubscriptionState::Confirmed; 2]);
    })
    .await;
}

#[tokio::test]
async fn who_may_come_back_gets_the_mail_and_who_complained_does_not() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let mails = site.relay();
        let mut expected = 0;
        for reason in Reason::ALL {
            let address = format!("{}@exemple.tg", reason.as_str().replace('_', "-"));
            site.suppress(&address, *reason).await;
            assert_eq!(site.ask(&address).await.status, StatusCode::OK);
            expected += usize::from(reason.ends_by_confirming());
        }
        let path = site.subscribed("left@exemple.tg").await;
        site.post(&path, "").await;
        site.app.clock.advance(DAY);
        site.ask("left@exemple.tg").await;
        // The link was used before its mail went out; the second asking's goes.
        assert_eq!(mails.sent().await.len(), expected + 1);
    })
    .await;
}

#[tokio::test]
async fn opening_a_link_changes_nothing_whatever_the_method() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        site.subscribed("kofi@exemple.tg").await;
        site.app.clock.advance(HOUR);
        site.ask("ama@exemple.tg").await;
        let (token, subscription) = site.link("ama@exemple.tg").await;
        let kofi = site.link("kofi@exemple.tg").await.1;
        let paths = [
            "/lettres".to_owned(),
            format!("/confirmer/{token}"),
            format!("/confirmer/{token}?choice=confirm"),
            site.leaving(subscription),
            site.leaving(kofi),
            format!("{}?List-Unsubscribe=One-Click", site.leaving(kofi)),
        ];
        let before = site.everything().await;
        site.app.clock.advance(HOUR);
        for path in &paths {
            for method in
                [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::PATCH]
            {
                let answer = site.call(method.clone(), path).await;
                let expected = match method {
                    Method::GET | Method::HEAD => StatusCode::OK,
                    _ => StatusCode::METHOD_NOT_ALLOWED,
                };
                assert_eq!(answer.status, expected, "{method} {path}");
            }
        }
        assert_eq!(site.everything().await, before);
    })
    .await;
}

#[tokio::test]
async fn one_click_leaves_in_either_encoding_and_answers_200_each_time() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let fields = [("List-Unsubscribe", "One-Click")];
        for (address, by_multipart) in [("ama@exemple.tg", false), ("kofi@exemple.tg", true)] {
            let path = site.subscribed(address).await;
            let click = async || match by_multipart {
                true => site.send(multipart(&path, &fields)).await,
                false => site.post(&path, "List-Unsubscribe=One-Click").await,
            };
            let first = click().await;
            assert_eq!(first.status, StatusCode::OK);
            assert_eq!(site.state(address).await, SubscriptionState::Left);
            assert!(first.body.len() < 200, "short: {}", first.body);
            assert!(first.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/plain"));
            assert!(!first.headers.contains_key(header::SET_COOKIE));
            site.app.clock.advance(DAY);
            let again = click().await;
            assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
            let reader = site.reader(address).await;
            assert_eq!(reader.events.last().unwrap().origin.as_deref(), Some("one-click"));
            assert_eq!(reader.events.len(), 3);
        }
    })
    .await;
}

#[tokio::test]
async fn a_no_without_a_proper_form_is_a_no() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let cases: [(&str, Option<&str>, &str); 4] = [
            ("a@exemple.tg", None, ""),
            ("b@exemple.tg", Some("application/json"), "{}"),
            ("c@exemple.tg", Some("multipart/form-data"), "no boundary"),
            ("d@exemple.tg", Some("multipart/form-data; boundary=x"), "--x\r\nspoiled"),
        ];
        for (address, kind, body) in cases {
            let path = site.subscribed(address).await;
            let mut request = Request::post(&path);
            if let Some(kind) = kind {
                request = request.header(header::CONTENT_TYPE, kind);
            }
            let answer = site.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK, "{kind:?}");
            assert_eq!(site.state(address).await, SubscriptionState::Left, "{kind:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_letter_is_left_by_its_button_but_not_by_one_click() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let form = "address=ama%40exemple.tg&newsletter=matinale&newsletter=crepuscule";
        assert_eq!(site.post("/lettres", form).await.status, StatusCode::OK);
        let (token, subscription) = site.link("ama@exemple.tg").await;
        site.post(&format!("/confirmer/{token}"), "").await;
        let path = site.leaving(subscription);
        let states = async || {
            let reader = site.reader("ama@exemple.tg").await;
            reader.subscriptions.into_iter().map(|one| one.state).collect::<Vec<_>>()
        };
        assert_eq!(states().await, [SubscriptionState::Confirmed; 2]);
        site.post(&path, "List-Unsubscribe=One-Click&scope=all").await;
        assert_eq!(states().await, [SubscriptionState::Left, SubscriptionState::Confirmed]);
        let all = site.post(&path, "scope=all").await;
        assert!(all.body.contains("La Matinale") && all.body.contains("Le Soir"));
        assert_eq!(states().await, [SubscriptionState::Left; 2]);
    })
    .await;
}

#[tokio::test]
async fn the_form_answers_alike_whoever_is_asked_for() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let left = site.subscribed("left@exemple.tg").await;
        site.post(&left, "").await;
        site.subscribed("confirmed@exemple.tg").await;
        site.ask("pending@exemple.tg").await;
        for reason in Reason::ALL {
            site.suppress(&format!("{}@exemple.tg", reason.as_str().replace('_', "-")), *reason).await;
        }
        site.app.clock.advance(2 * DAY);
        let unknown = site.ask("unknown@exemple.tg").await;
        let mut others = vec!["left", "confirmed", "pending", "unknown", "pending"]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        others.extend(Reason::ALL.iter().map(|reason| reason.as_str().replace('_', "-")));
        for other in others {
            let answer = site.ask(&format!("{other}@exemple.tg")).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.body, unknown.body, "{other}");
            assert_eq!(answer.headers, unknown.headers, "{other}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_with_a_mistake_comes_back_with_what_was_typed_and_keeps_nothing() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        for form in [
            "address=ama%40localhost&newsletter=matinale",
            "address=&newsletter=matinale",
            "newsletter=matinale",
            "address=%3Cscript%3E&newsletter=matinale",
            "address=ama%40exemple.tg",
            "address=ama%40exemple.tg&newsletter=inconnue",
            "address=ama%40exemple.tg%0D%0ABcc%3A+b%40c.tg&newsletter=matinale",
        ] {
            let answer = site.post("/lettres", form).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
            assert!(answer.body.contains("name=\"address\"") && !answer.body.contains("<script>"), "{form}");
        }
        let typed = site.post("/lettres", "address=ama%40exemple.tg").await;
        assert!(typed.body.contains("value=\"ama@exemple.tg\""));
        assert!(site.everything().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_link_cut_short_or_forged_is_told_apart_from_a_used_one() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let leaving = site.subscribed("ama@exemple.tg").await;
        let (token, _) = site.link("ama@exemple.tg").await;
        let unsubscribe = leaving.trim_start_matches("/u/");
        for path in [
            format!("/u/{}", &unsubscribe[..37]),
            format!("/u/{token}"),
            format!("/u/{unsubscribe}x"),
            "/u/%FF".to_owned(),
            format!("/confirmer/{unsubscribe}"),
            format!("/confirmer/{}", &token[1..]),
            "/confirmer/%FF".to_owned(),
        ] {
            for answer in [site.get(&path).await, site.post(&path, "choice=refuse&scope=all").await] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
                assert!(answer.body.contains("Ce lien est incomplet"), "{path}");
            }
        }
        assert_eq!(site.state("ama@exemple.tg").await, SubscriptionState::Confirmed);
        site.post(&leaving, "").await;
        for answer in [
            site.get(&format!("/confirmer/{token}")).await,
            site.post(&format!("/confirmer/{token}"), "").await,
            site.post(&format!("/confirmer/{token}"), "choice=refuse").await,
        ] {
            assert_eq!(answer.status, StatusCode::GONE);
        }
        assert_eq!(site.state("ama@exemple.tg").await, SubscriptionState::Left);
        let nobody = site.leaving(SubscriptionId(4_711));
        for answer in [site.get(&nobody).await, site.post(&nobody, "List-Unsubscribe=One-Click").await] {
            assert_eq!(answer.status, StatusCode::OK, "a link of ours to a reader who was erased");
        }
    })
    .await;
}

#[tokio::test]
async fn it_was_not_me_is_the_other_button() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        site.ask("ama@exemple.tg").await;
        let (token, _) = site.link("ama@exemple.tg").await;
        let path = format!("/confirmer/{token}");
        assert!(site.get(&path).await.body.contains("Ce n’était pas moi"));
        let refused = async || site.post(&path, "choice=refuse&seen=0").await;
        let first = refused().await;
        assert_eq!(first.status, StatusCode::OK);
        assert!(first.body.contains("R-"), "{}", first.body);
        assert_eq!(refused().await.body, first.body, "pressing twice");
        assert_eq!(site.reader("ama@exemple.tg").await.suppression.unwrap().reason, Reason::NotMe);
        assert_eq!(site.post(&path, "choice=confirm").await.status, StatusCode::GONE);
    })
    .await;
}

#[tokio::test]
async fn what_only_the_newsroom_can_lift_is_said_on_the_page() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        site.ask("ama@exemple.tg").await;
        let (token, _) = site.link("ama@exemple.tg").await;
        site.suppress("ama@exemple.tg", Reason::Complaint).await;
        let answer = site.post(&format!("/confirmer/{token}"), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("redaction@test.tg"));
        assert_eq!(site.state("ama@exemple.tg").await, SubscriptionState::Pending);
    })
    .await;
}

#[tokio::test]
async fn the_button_confirms_what_its_page_showed() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        site.ask("ama@exemple.tg").await;
        site.app.clock.advance(HOUR);
        let (token, _) = site.link("ama@exemple.tg").await;
        let path = format!("/confirmer/{token}");
        let shown = site.get(&path).await.body;
        let seen =
            shown.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        site.app.clock.advance(HOUR);
        site.post("/lettres", "address=ama%40exemple.tg&newsletter=soir").await;
        assert!(site.get(&path).await.body.contains("Le Soir"));
        let done = site.post(&path, &format!("choice=confirm&seen={seen}")).await;
        assert!(!done.body.contains("Le Soir"), "confirmed unseen");
        let reader = site.reader("ama@exemple.tg").await;
        let states: Vec<_> = reader.subscriptions.iter().map(|one| one.state).collect();
        assert_eq!(states, [SubscriptionState::Confirmed, SubscriptionState::Pending]);
    })
    .await;
}

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let long = "x".repeat(65 * 1024);
        let form = format!("address=ama%40exemple.tg&newsletter=matinale&x={long}");
        assert_eq!(site.post("/lettres", &form).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let path = site.leaving(SubscriptionId(1));
        let answer = site.send(multipart(&path, &[("x", &long)])).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    })
    .await;
}

#[tokio::test]
async fn no_answer_lets_a_token_out() {
    each_engine(async |db| {
        let site = Site::open(db).await;
        let leaving = site.subscribed("ama@exemple.tg").await;
        site.ask("kofi@exemple.tg").await;
        let (token, _) = site.link("kofi@exemple.tg").await;
        for answer in [
            site.get("/lettres").await,
            site.ask("afi@exemple.tg").await,
            site.get(&leaving).await,
            site.get(&format!("/confirmer/{token}")).await,
            site.get("/u/x").await,
            site.post(&format!("/confirmer/{token}"), "").await,
            site.post(&leaving, "List-Unsubscribe=One-Click").await,
            site.post(&leaving, "").await,
        ] {
            assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
            assert!(!answer.headers.contains_key(header::LOCATION));
            let policy = answer.headers.get(header::CONTENT_SECURITY_POLICY).map(|it| it.to_str().unwrap());
            if answer.body.contains("<html") {
                let policy = policy.expect("a page has a policy");
                assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
                assert!(!answer.body.contains(" style=") && !answer.body.contains("<script"));
            }
            assert!(!answer.body.contains(&token), "a form posts to its own address");
            for link in answer.body.split("href=\"").skip(1).chain(answer.body.split("src=\"").skip(1)) {
                let to = link.split('"').next().unwrap();
                let ours = to.starts_with(['/', '#']) || to.starts_with("https://lettres.test.tg/flux/");
                assert!(ours || to.starts_with("mailto:"), "{to}");
            }
        }
    })
    .await;
}
