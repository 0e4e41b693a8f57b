//! Readers in charge of what they get: the page behind the link in every mail, over HTTP, and what the next edition makes of it.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use kiosque::app::App;
use kiosque::clock::{DAY, HOUR, MINUTE};
use kiosque::db::{Db, NodeId, Purpose};
use kiosque::delivery::{self, Pump, Relay, Settings};
use kiosque::mail::Address;
use kiosque::newsletters::edition::EditionId;
use kiosque::subscribers::{self, Asking, PreferencesToken, SubscriberId, SubscriptionId, UnsubscribeToken};
use kiosque::web;
use mail_parser::MessageParser;
use tower::ServiceExt;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};
use crate::support::post::DAILY;

const SOIR: &str = r#"
    last_mail = true
    related = 0
    [[newsletter]]
    slug = "soir"
    title = "Le Soir"
    from = "Le Soir <soir@lettres.test.tg>"
    bounce_to = "retours@lettres.test.tg"
    schedule = "0 18 * * *"
    timezone = "Africa/Lome"
    related = 0
"#;

/// A newsroom with its pages and its post.
struct House {
    room: Newsroom,
    app: App,
    router: Router,
    folder: tempfile::TempDir,
    pump: Pump,
}

/// A mail that was sent.
#[derive(Debug, Clone)]
struct Mail {
    to: String,
    subject: String,
    text: String,
    html: String,
}

impl Mail {
    /// What stands behind this path in the text, up to the line's end.
    fn token(&self, path: &str) -> Option<String> {
        let at = self.text.find(path)? + path.len();
        Some(self.text[at..].split_whitespace().next()?.to_owned())
    }
}

impl House {
    /// With so many readers of the morning letter, all of whose rubrics they get (`lecteur1@exemple.tg` and so on).
    async fn of(db: &Db, readers: i64) -> Self {
        let room = Newsroom::open(db, &format!("{DAILY}\n{SOIR}")).await;
        room.readers(1, readers, "all").await;
        if matches!(db, Db::Postgres(_)) {
            room.sql("ALTER TABLE subscribers ALTER COLUMN id RESTART WITH 1000").await;
        }
        let config = (*room.desk.config).clone();
        let app = App::build(config, db.clone(), room.clock.clone()).await.unwrap();
        // The newsroom's readers have invented hashes; those who ask by address need their own.
        for id in 1..=readers {
            let address = kiosque::mail::Address::parse(&format!("lecteur{id}@exemple.tg")).unwrap();
            let hash = kiosque::subscribers::AddressHash::of(&app.keys, &address);
            let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            let bytes = match db {
                Db::Postgres(_) => format!("decode('{hex}', 'hex')"),
                Db::Sqlite { .. } => format!("x'{hex}'"),
            };
            room.sql(&format!("UPDATE subscribers SET address_hash = {bytes} WHERE id = {id}")).await;
        }
        let folder = tempfile::tempdir().unwrap();
        let relays = vec![Relay::maildir(folder.path()).unwrap()];
        let App { db, clock, keys, .. } = app.clone();
        let pump = Pump::new(db, clock, keys, NodeId::new(), relays, Settings::default());
        Self { router: web::router(&app), room, app, folder, pump }
    }

    /// Sends what is due and gives what came now, in no order.
    async fn post_box(&self) -> Vec<Mail> {
        while self.pump.step().await.unwrap() > 0 {}
        let mut mails = Vec::new();
        for file in std::fs::read_dir(self.folder.path().join("new")).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            let mail = MessageParser::default().parse(&bytes).unwrap();
            mails.push(Mail {
                to: mail.to().unwrap().first().unwrap().address().unwrap().to_owned(),
                subject: mail.subject().unwrap().to_owned(),
                text: mail.body_text(0).unwrap().into_owned(),
                html: mail.body_html(0).unwrap().into_owned(),
            });
        }
        mails
    }

    async fn one_mail(&self, to: &str) -> Mail {
        let mails = self.post_box().await;
        let [mail] = &mails[..] else { panic!("one mail was to come: {mails:?}") };
        assert_eq!(mail.to, to);
        mail.clone()
    }

    async fn call(&self, method: Method, path: &str, form: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::USER_AGENT, "un navigateur")
            .body(Body::from(form.to_owned()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert!(!response.headers().contains_key(header::SET_COOKIE));
        assert!(!response.status().is_redirection());
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> String {
        let (status, body) = self.call(Method::GET, path, "").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    async fn post(&self, path: &str, form: &str) -> String {
        let (status, body) = self.call(Method::POST, path, form).await;
        assert_eq!(status, StatusCode::OK, "{path} {form}: {body}");
        body
    }

    fn page_of(&self, reader: i64) -> String {
        let key = self.app.keys.current(Purpose::Token);
        format!("/p/{}", PreferencesToken::write(key, SubscriberId(reader)))
    }

    async fn leaving_of(&self, reader: i64) -> String {
        let of = format!("SELECT min(id) FROM subscriptions WHERE subscriber_id = {reader}");
        let id = SubscriptionId(self.room.number(&of).await);
        format!("/u/{}", UnsubscribeToken::write(self.app.keys.current(Purpose::Token), id))
    }

    /// Presses the undo button of an answer.
    async fn undo(&self, path: &str, answer: &str) -> String {
        let from = answer.find("name=\"undo\"").expect("an undo button");
        let form = &answer[from - "<input type=\"hidden\" ".len()..];
        let form = &form[..form.find("</form>").unwrap()];
        let fields = form.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let value = rest.split_once('"').unwrap().0.replace("&#x2f;", "/").replace("&amp;", "&");
            format!("{name}={}", value.replace('/', "%2F"))
        });
        let form = fields.collect::<Vec<_>>().join("&");
        self.post(path, &form).await
    }

    /// Releases the edition of the n-th day with one article of each rubric, and gives the readers' rows their turn.
    async fn edition(&self, day: i64) -> EditionId {
        let released = self.release(day).await;
        delivery::fan_out(&self.room.desk, &self.room.clock).await.unwrap();
        released
    }

    async fn release(&self, day: i64) -> EditionId {
        for rubric in 1..=3 {
            let published = OPENING.plus((day - 1) * DAY + rubric * MINUTE);
            self.room.article(day * 10 + rubric, published, false, &[rubric]).await;
        }
        self.room.sql("UPDATE articles SET image_url = 'https://test.tg/i.jpg'").await;
        let ticked = self.room.tick_at(OPENING.plus((day - 1) * DAY + 19 * HOUR)).await;
        let [edition] = ticked.released[..] else { panic!("one edition was to be released: {ticked:?}") };
        edition
    }

    async fn balanced(&self, edition: EditionId) {
        let eligible = format!("SELECT eligible FROM editions WHERE id = {edition}");
        let rows = format!("SELECT count(*) FROM deliveries WHERE edition_id = {edition}");
        assert_eq!(self.room.number(&eligible).await, self.room.number(&rows).await, "eligible and rows");
    }

    /// Everything that a request could change, summed up.
    async fn everything(&self) -> Vec<i64> {
        let mut seen = Vec::new();
        for sql in [
            "SELECT count(*) FROM deliveries",
            "SELECT count(*) FROM consent_events",
            "SELECT count(*) FROM address_changes WHERE done_at IS NULL",
            "SELECT count(*) FROM address_changes WHERE undone_at IS NULL",
            "SELECT count(*) FROM subscriptions WHERE state = 'confirmed'",
            "SELECT CAST(coalesce(sum(choice_id + coalesce(paused_until, 0) + coalesce(changed_at, 0)), 0) AS BIGINT) FROM subscriptions",
            "SELECT CAST(sum(length(address) + coalesce(link_mailed_at, 0)) AS BIGINT) FROM subscribers",
        ] {
            seen.push(self.room.number(sql).await);
        }
        seen
    }
}

fn rubrics(mail: &Mail) -> Vec<&'static str> {
    ["POLITIQUE", "ÉCONOMIE", "SPORT"]
        .into_iter()
        .filter(|name| mail.text.to_uppercase().contains(name))
        .collect()
}

#[tokio::test]
async fn every_mail_carries_the_link_to_a_page_that_hides_the_address() {
    each_engine(async |db| {
        let house = House::of(&db, 2).await;
        house.edition(1).await;
        let mails = house.post_box().await;
        assert_eq!(mails.len(), 2);
        for mail in &mails {
            let token = mail.token("https://lettres.test.tg/p/").expect("a link to the preferences");
            assert!(mail.html.contains(&format!("https://lettres.test.tg/p/{token}")), "the HTML has it too");
            assert_ne!(Some(&token), mail.token("https://lettres.test.tg/u/").as_ref());
            assert!(mail.text.contains("On vous a transféré cette lettre"), "{}", mail.text);
            assert!(mail.text.lines().any(|line| line == "https://lettres.test.tg/lettres"), "without token");
            let page = house.get(&format!("/p/{token}")).await;
            assert!(page.contains("l…@exemple.tg") && !page.contains(&mail.to), "{page}");
            assert!(page.contains("tous les jours à 7"), "the rhythm in words");
            assert!(page.contains("Toutes les rubriques, y compris les nouvelles"));
        }
        let (status, _) = house.call(Method::GET, "/p/rien", "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn what_is_saved_holds_for_the_next_edition_and_can_be_taken_back() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        let page = house.page_of(1);
        let said = house
            .post(&page, "letter=matinale&rubric=matinale%2Fpolitique&rubric=matinale%2Fsport&light=1&pause=&name=Afi")
            .await;
        assert!(said.contains("La Matinale") && said.contains("votre prénom") | said.contains("Votre prénom"), "{said}");
        let events = "SELECT count(*) FROM consent_events WHERE event = 'chosen' AND wording LIKE '%Politique et Sport, en édition allégée%'";
        assert_eq!(house.room.number(events).await, 1);
        let proof = "SELECT count(*) FROM consent_events WHERE origin = 'preferences' AND user_agent = 'un navigateur'";
        assert_eq!(house.room.number(proof).await, 1, "where it came from is kept");
        // Saved again, nothing changes.
        house.post(&page, "letter=matinale&rubric=matinale%2Fpolitique&rubric=matinale%2Fsport&light=1&name=Afi").await;
        assert_eq!(house.room.number(events).await, 1);

        house.edition(1).await;
        let mail = house.one_mail("lecteur1@exemple.tg").await;
        assert_eq!(rubrics(&mail), ["POLITIQUE", "SPORT"]);
        assert!(mail.html.contains("édition&nbsp;allégée") && !mail.html.contains("<img"), "{}", mail.html);

        let undone = house.undo(&page, &said).await;
        assert!(undone.contains("Le changement est annulé"), "{undone}");
        house.edition(2).await;
        let mail = house.one_mail("lecteur1@exemple.tg").await;
        assert_eq!(rubrics(&mail), ["POLITIQUE", "ÉCONOMIE", "SPORT"]);
        assert!(!mail.html.contains("édition&nbsp;allégée"), "{}", mail.html);

        // Some rubrics ticked besides « Toutes les rubriques » that stood ticked are what is meant.
        let choices = "SELECT count(*) FROM subscriptions s JOIN choices c ON c.id = s.choice_id WHERE c.categories = '3'";
        let ticked = "letter=matinale&every=matinale&all=matinale&rubric=matinale%2Fsport";
        for form in [ticked, ticked] {
            house.post(&page, form).await;
            assert_eq!(house.room.number(choices).await, 1);
        }
        house.post(&page, "letter=matinale&all=matinale&rubric=matinale%2Fsport").await;
        assert_eq!(house.room.number(choices).await, 0);

        let (status, wrong) = house.call(Method::POST, &page, "letter=matinale").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.contains("Choisissez au moins une rubrique"), "{wrong}");
        for pause in ["hier", "2020-01-01", "2026-11-04", "2099-01-01"] {
            let form = format!("letter=matinale&all=matinale&pause={pause}");
            let (status, _) = house.call(Method::POST, &page, &form).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{pause}");
        }
        let (status, _) = house.call(Method::POST, &page, "letter=matinale&all=matinale&name=a%0d%0ab").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn a_reader_has_one_rubric_daily_and_joins_another_letter_which_is_told() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        let page = house.page_of(1);
        let said = house
            .post(&page, "letter=matinale&letter=soir&rubric=matinale%2Fpolitique&rubric=soir%2Fsport")
            .await;
        assert!(said.contains("Vous recevez désormais"), "{said}");
        let told = house.one_mail("lecteur1@exemple.tg").await;
        assert!(told.text.contains("Le Soir") && told.token("/p/").is_some(), "{told:?}");
        assert_eq!(
            house.room.number("SELECT count(*) FROM subscriptions WHERE state = 'confirmed'").await,
            2
        );

        house.post(&page, "letter=soir&rubric=soir%2Fsport").await;
        assert_eq!(house.room.number("SELECT count(*) FROM subscriptions WHERE state = 'left'").await, 1);
        house.post(&page, "letter=soir&letter=matinale&all=matinale&rubric=soir%2Fsport").await;
        assert!(house.post_box().await.is_empty(), "one such mail a day");

        // Whoever must not be mailed is not switched on by a page: confirming by mail lifts that.
        house.post(&page, "").await;
        house
            .room
            .sql(
                "INSERT INTO suppressions (address_hash, domain, reason, at)
            SELECT address_hash, 'exemple.tg', 'complaint', 1 FROM subscribers",
            )
            .await;
        let said = house.post(&page, "letter=matinale&all=matinale").await;
        assert!(said.contains("Rien n’a changé"), "{said}");
        assert_eq!(
            house.room.number("SELECT count(*) FROM subscriptions WHERE state = 'confirmed'").await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_pause_keeps_editions_away_until_its_day_even_those_in_the_queue() {
    each_engine(async |db| {
        let house = House::of(&db, 2).await;
        let page = house.page_of(1);
        // The first edition waits in the queue when the pause begins.
        let first = house.edition(1).await;
        let said = house.post(&page, "letter=matinale&all=matinale&pause=2026-11-05").await;
        assert!(said.contains("suspendues"), "{said}");
        assert_eq!(house.one_mail("lecteur2@exemple.tg").await.to, "lecteur2@exemple.tg");
        house.balanced(first).await;
        let second = house.edition(2).await;
        assert_eq!(house.room.number(&format!("SELECT eligible FROM editions WHERE id = {second}")).await, 1);
        house.balanced(second).await;
        assert_eq!(house.post_box().await.len(), 1);
        // 5 November, 7 h: the pause is over.
        let third = house.edition(3).await;
        house.balanced(third).await;
        assert_eq!(house.post_box().await.len(), 2);
        assert_eq!(house.room.number("SELECT count(*) FROM consent_events WHERE event = 'paused'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn whoever_changes_between_release_and_fan_out_is_counted_as_he_stood() {
    each_engine(async |db| {
        let house = House::of(&db, 6).await;
        // One who is suspended and one whose rubric has nothing at release; both come back before the fan-out.
        house.post(&house.page_of(5), "letter=matinale&all=matinale&pause=2026-11-20").await;
        house.room.sql("INSERT INTO categories (id, slug, name, kind, position, listed, feed_id, feed_changed_at, created_at)
             VALUES (4, 'tech-web', 'Tech & Web', 'rubric', 4, TRUE, 'tag:test,2026:tech-web', 0, 0)").await;
        house.post(&house.page_of(6), "letter=matinale&rubric=matinale%2Ftech-web").await;
        let edition = house.release(1).await;
        assert_eq!(house.room.number("SELECT eligible FROM editions").await, 4);
        house.post(&house.page_of(1), "letter=matinale&rubric=matinale%2Ftech-web").await;
        house.post(&house.page_of(2), "letter=matinale&all=matinale&pause=2026-11-20").await;
        house.post(&house.page_of(3), "").await;
        house.post(&house.page_of(3), "letter=matinale&all=matinale").await;
        house.post(&house.page_of(4), "letter=matinale&rubric=matinale%2Fsport&light=1").await;
        house.post(&house.page_of(5), "letter=matinale&all=matinale").await;
        house.post(&house.page_of(6), "letter=matinale&all=matinale").await;
        delivery::fan_out(&house.room.desk, &house.room.clock).await.unwrap();
        house.balanced(edition).await;
        let sent = house.post_box().await;
        let mut editions: Vec<_> = sent.iter().filter(|mail| !mail.subject.contains("de plus")).map(|mail| mail.to.as_str()).collect();
        editions.sort_unstable();
        // The one who suspended gets nothing; who chose otherwise gets what he had chosen at release.
        assert_eq!(editions, ["lecteur1@exemple.tg", "lecteur3@exemple.tg", "lecteur4@exemple.tg"]);
        assert_eq!(house.room.number("SELECT count(*) FROM deliveries WHERE reason = 'the reader has suspended it'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn opening_any_link_changes_nothing() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        let page = house.page_of(1);
        house.post(&format!("{page}/adresse"), "address=neuf%40exemple.fr").await;
        let asked = house.one_mail("neuf@exemple.fr").await;
        let confirm = format!("/adresse/{}", asked.token("/adresse/").unwrap());
        let leaving = house.leaving_of(1).await;
        let before = house.everything().await;
        for path in [&page, &format!("{page}/adresse"), &confirm, &leaving, &"/preferences".to_owned()] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                house.call(method.clone(), path, "").await;
                assert_eq!(house.everything().await, before, "{method} {path}");
            }
        }
        assert!(house.post_box().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_change_of_address_is_confirmed_by_the_new_one_and_taken_back_by_the_old_one() {
    each_engine(async |db| {
        let house = House::of(&db, 2).await;
        let page = house.page_of(1);
        let said = house.post(&format!("{page}/adresse"), "address=neuf%40exemple.fr").await;
        assert!(said.contains("n…@exemple.fr"), "{said}");
        let asked = house.one_mail("neuf@exemple.fr").await;
        assert!(asked.token("/p/").is_none(), "nobody but the reader gets the preferences");
        assert!(!asked.text.contains("lecteur1"), "{}", asked.text);
        let confirm = format!("/adresse/{}", asked.token("/adresse/").unwrap());
        house.get(&confirm).await;
        assert!(house.post_box().await.is_empty());
        let done = house.post(&confirm, "").await;
        assert!(done.contains("Votre adresse est changée") && done.contains("T-"), "{done}");
        house.post(&confirm, "").await;
        let told = house.one_mail("lecteur1@exemple.tg").await;
        assert!(told.text.contains("n…@exemple.fr") && !told.text.contains("neuf@"), "{}", told.text);
        let undo = format!("/adresse/{}", told.token("/adresse/").unwrap());

        house.edition(1).await;
        let mut to: Vec<_> = house.post_box().await.into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["lecteur2@exemple.tg", "neuf@exemple.fr"]);

        assert!(house.get(&undo).await.contains("Annuler le changement"));
        house.post(&undo, "").await;
        house.post(&undo, "").await;
        house.edition(2).await;
        let mut to: Vec<_> = house.post_box().await.into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["lecteur1@exemple.tg", "lecteur2@exemple.tg"]);
        let (status, _) = house.call(Method::POST, &confirm, "").await;
        assert_eq!(status, StatusCode::GONE, "the new mailbox's link is void");

        // One that another reader has is not taken over; the page says the same.
        house.room.clock.advance(8 * DAY);
        let said = house.post(&format!("{page}/adresse"), "address=lecteur2%40exemple.tg").await;
        assert!(said.contains("l…@exemple.tg"), "{said}");
        let asked = house.one_mail("lecteur2@exemple.tg").await;
        let (status, taken) =
            house.call(Method::POST, &format!("/adresse/{}", asked.token("/adresse/").unwrap()), "").await;
        assert_eq!(status, StatusCode::CONFLICT, "{taken}");
        assert_eq!(
            house.room.number("SELECT count(*) FROM subscriptions WHERE state = 'confirmed'").await,
            2
        );
    })
    .await;
}

#[tokio::test]
async fn a_forwarded_mail_takes_no_subscription_over_unseen() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        house.edition(1).await;
        let forwarded = house.one_mail("lecteur1@exemple.tg").await;
        let page = format!("/p/{}", forwarded.token("/p/").unwrap());
        // Somebody to whom it was forwarded moves the letters to a mailbox of his, on to another, and then leaves.
        let mut undo = String::new();
        for (address, number) in [("voleur%40exemple.fr", 0), ("voleur2%40exemple.fr", 1)] {
            house.post(&format!("{page}/adresse"), &format!("address={address}")).await;
            let asked = house.post_box().await;
            let confirm = asked.iter().find_map(|mail| mail.token("/adresse/")).unwrap();
            house.post(&format!("/adresse/{confirm}"), "").await;
            let told = house.post_box().await;
            let [told] = &told[..] else { panic!("the address it had is told: {told:?}") };
            if number == 0 {
                assert_eq!(told.to, "lecteur1@exemple.tg");
                undo = format!("/adresse/{}", told.token("/adresse/").unwrap());
            }
        }
        house.post(&page, "").await;
        // Days later the owner reads the mail, and has everything back.
        house.room.clock.advance(6 * DAY);
        let undone = house.post(&undo, "").await;
        assert!(undone.contains("l…@exemple.tg"), "{undone}");
        assert_eq!(
            house
                .room
                .number(
                    "SELECT count(*) FROM subscribers r JOIN subscriptions s ON s.subscriber_id = r.id
             WHERE r.address = 'lecteur1@exemple.tg' AND s.state = 'confirmed'"
                )
                .await,
            1
        );
        // The same mail moves nothing again at once.
        house.post(&format!("{page}/adresse"), "address=voleur3%40exemple.fr").await;
        assert!(house.post_box().await.is_empty());
        // Too late is too late.
        house.room.clock.advance(8 * DAY);
        house.post(&format!("{page}/adresse"), "address=ami%40exemple.fr").await;
        let asked = house.one_mail("ami@exemple.fr").await;
        house.room.clock.advance(8 * DAY);
        let (status, _) =
            house.call(Method::POST, &format!("/adresse/{}", asked.token("/adresse/").unwrap()), "").await;
        assert_eq!(status, StatusCode::GONE);
    })
    .await;
}

#[tokio::test]
async fn the_owner_has_the_letters_back_who_signed_up_again_meanwhile() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        let page = house.page_of(1);
        house.post(&page, "letter=matinale&rubric=matinale%2Fsport").await;
        house.post(&format!("{page}/adresse"), "address=voleur%40exemple.fr").await;
        let asked = house.one_mail("voleur@exemple.fr").await;
        house.post(&format!("/adresse/{}", asked.token("/adresse/").unwrap()), "").await;
        let told = house.one_mail("lecteur1@exemple.tg").await;
        let owner = Address::parse("lecteur1@exemple.tg").unwrap();
        let mut tx = db.begin_durable().await.unwrap();
        let newsletter = subscribers::find_newsletter(&mut tx, "matinale").await.unwrap().unwrap();
        let wanted = [newsletter.into()];
        let asking = Asking { address: &owner, first_name: None, wanted: &wanted, origin: "form" };
        subscribers::ask(&mut tx, &house.app.keys, &asking, house.room.now()).await.unwrap();
        tx.commit().await.unwrap();
        house.post(&format!("/adresse/{}", told.token("/adresse/").unwrap()), "").await;
        let mine = "SELECT count(*) FROM subscribers r JOIN subscriptions s ON s.subscriber_id = r.id
            JOIN choices c ON c.id = s.choice_id
            WHERE r.address = 'lecteur1@exemple.tg' AND s.state = 'confirmed' AND c.categories = '3'";
        assert_eq!(house.room.number(mine).await, 1);
        assert_eq!(
            house.room.number("SELECT count(*) FROM subscriptions WHERE state = 'confirmed'").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn the_link_is_mailed_to_whoever_lost_it_and_the_answer_tells_nobody() {
    each_engine(async |db| {
        let house = House::of(&db, 2).await;
        house
            .room
            .sql(
                "INSERT INTO suppressions (address_hash, domain, reason, at)
            SELECT address_hash, 'exemple.tg', 'hard_bounce', 1 FROM subscribers WHERE id = 2",
            )
            .await;
        let known = house.post("/preferences", "address=Lecteur1%40exemple.tg").await;
        let suppressed = house.post("/preferences", "address=lecteur2%40exemple.tg").await;
        let unknown = house.post("/preferences", "address=personne%40exemple.tg").await;
        let again = house.post("/preferences", "address=lecteur1%40exemple.tg").await;
        assert_eq!(known, unknown);
        assert_eq!(known, suppressed);
        assert_eq!(known, again);
        let mail = house.one_mail("lecteur1@exemple.tg").await;
        house.get(&format!("/p/{}", mail.token("/p/").unwrap())).await;
        house.room.clock.advance(DAY);
        house.post("/preferences", "address=lecteur1%40exemple.tg").await;
        assert_eq!(house.post_box().await.len(), 1);
        let (status, _) = house.call(Method::POST, "/preferences", "address=personne").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn leaving_is_acknowledged_by_a_last_mail_and_can_be_taken_back_for_an_hour() {
    each_engine(async |db| {
        let house = House::of(&db, 1).await;
        let leaving = house.leaving_of(1).await;
        house.post(&house.page_of(1), "letter=matinale&all=matinale&letter=soir&all=soir").await;
        house.post_box().await;
        let confirmed = "SELECT count(*) FROM subscriptions WHERE state = 'confirmed'";
        let said = house.post(&leaving, "scope=all").await;
        assert!(said.contains("D-") && said.contains("La Matinale") && said.contains("Le Soir"), "{said}");
        assert_eq!(house.room.number(confirmed).await, 0);
        let last = house.one_mail("lecteur1@exemple.tg").await;
        assert!(last.text.contains("Référence") && last.text.contains("Le Soir"), "{}", last.text);
        let stayed = house.undo(&leaving, &said).await;
        assert!(stayed.contains("La Matinale") && stayed.contains("Le Soir"), "{stayed}");
        assert_eq!(house.room.number(confirmed).await, 2);

        // A mail program's button is answered in a line, and says no in either encoding; again it changes nothing.
        house.room.clock.advance(MINUTE);
        let line = house.post(&leaving, "List-Unsubscribe=One-Click").await;
        assert!(line.starts_with("Désinscription enregistrée"), "{line}");
        assert_eq!(house.post(&leaving, "List-Unsubscribe=One-Click").await, line);
        assert_eq!(house.room.number(confirmed).await, 1);
        let shown = house.get(&leaving).await;
        house.room.clock.advance(HOUR + MINUTE);
        let late = house.undo(&leaving, &shown).await;
        assert!(!late.contains("name=\"undo\""), "{late}");
        assert_eq!(house.room.number(confirmed).await, 1, "an hour has passed");
    })
    .await;
}
