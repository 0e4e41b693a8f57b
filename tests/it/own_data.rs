//! Readers' own data: seen, taken away and erased by mailed links; kept for as long as it is allowed.

use axum::http::{Method, StatusCode, header};
use kiosque::clock::{DAY, HOUR, MINUTE, Timestamp};
use kiosque::db::Engine;
use kiosque::delivery;
use kiosque::delivery::DeliveryId;
use kiosque::delivery::bounces::{self, Bounce, Class, Effect};
use kiosque::delivery::own_data::{self, Fate};
use kiosque::subscribers::{Audit, AuditKind, AuditScope, Event, register_act, truncate_origins};

use crate::support::database::each_engine;
use crate::support::reader_room::ReaderRoom;

const ADDRESS: &str = "ama.mensah@foyer-mensah.tg";

/// What must not be found of an erased reader, in small letters.
const TRACES: [&str; 5] = ["mensah", "203.0.113", "navigateur d", "616d612e6d656e736168", "essai_nom"];

/// A reader with all that can be kept of one: a name, consents with their origin, a letter sent, one refused, one waiting, a
/// link asked for.
async fn with_everything(room: &ReaderRoom) {
    room.subscribed(ADDRESS).await;
    room.room.sql("UPDATE subscribers SET name = 'essai_nom' WHERE address LIKE 'ama.mensah%'").await;
    room.subscribed("kofi@exemple.tg").await;
    // Only the one who is erased is looked for afterwards.
    room.room
        .sql(
            "UPDATE consent_events SET network_address = NULL, user_agent = NULL
              WHERE subscriber_id = (SELECT id FROM subscribers WHERE address LIKE 'kofi%')",
        )
        .await;
    room.release(1).await;
    room.fan_out().await;
    room.sent().await;
    room.room
        .sql("UPDATE deliveries SET reply_text = 'ok for ama.mensah@foyer-mensah.tg' WHERE kind = 'edition' AND address LIKE 'ama%'")
        .await;
    room.room
        .sql("INSERT INTO bounces (delivery_id, kind, class, reply, at) SELECT id, 'bounce', 'soft', 'full: ama.mensah', 1
              FROM deliveries WHERE kind = 'edition' AND address LIKE 'ama%'")
        .await;
    room.room.sql("INSERT INTO suppressions (address_hash, domain, reason, reply, at, lifted_at)
        SELECT address_hash, 'foyer-mensah.tg', 'hard_bounce', 'no ama.mensah here', 1, 2 FROM subscribers WHERE address LIKE 'ama%'").await;
    room.room
        .sql(
            "INSERT INTO address_changes (subscriber_id, old_address, new_address, created_at, expires_at)
             SELECT id, address, 'ama@mensah.tg', 1, 2 FROM subscribers WHERE address LIKE 'ama%'",
        )
        .await;
    room.release(2).await;
    room.fan_out().await;
}

/// The columns that refer to a reader, to his subscriptions or to what hangs on those, as the schema has them: `table column
/// referred-to`.
async fn references_to_readers(room: &ReaderRoom) -> Vec<String> {
    room.texts(match room.app.db.engine() {
        Engine::Sqlite => {
            "SELECT t.name || ' ' || f.\"from\" || ' ' || f.\"table\" FROM sqlite_master t, pragma_foreign_key_list(t.name) f
             WHERE t.type = 'table' AND f.\"table\" IN ('subscribers', 'subscriptions', 'confirmations', 'deliveries') ORDER BY 1"
        }
        Engine::Postgres => {
            "SELECT c.conrelid::regclass::text || ' ' || a.attname || ' ' || c.confrelid::regclass::text
             FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             WHERE c.contype = 'f' AND c.confrelid::regclass::text IN ('subscribers', 'subscriptions', 'confirmations', 'deliveries')
             ORDER BY 1"
        }
    })
    .await
}

/// Asks for a link on the page behind the preferences and gives its path, as the mail holds it.
async fn mailed_link(room: &ReaderRoom, choice: &str) -> String {
    let path = room.own_data_path(ADDRESS).await;
    let asked = room.post(&path, &format!("choice={choice}")).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    assert!(
        asked.body.contains("a…@foyer-mensah.tg") && !asked.body.contains("ama.mensah"),
        "{}",
        asked.body
    );
    let mails = room.sent().await;
    let mail = mails.iter().find(|mail| mail.to == ADDRESS && mail.text.contains("/donnees/"));
    mail.unwrap_or_else(|| panic!("{mails:?}")).link("/donnees/")
}

#[tokio::test]
async fn of_an_erased_reader_stay_the_hash_the_date_and_a_reference_and_all_counts_hold() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        with_everything(&room).await;
        // An edition that was released and has no rows yet counts the reader too.
        let third = room.release(3).await;
        let link = mailed_link(&room, "erase").await;
        // Each kind of row that the schema lets refer to a reader is there, so that what follows meets all of them: whoever
        // adds a table says in `with_everything` what is kept in it, and in `own_data/erase.rs` what becomes of it.
        let references = references_to_readers(&room).await;
        assert!(references.len() >= 8, "{references:?}");
        for reference in &references {
            let [table, column, _] = reference.split(' ').collect::<Vec<_>>()[..] else { panic!("{reference}") };
            let rows = format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL");
            assert!(room.room.number(&rows).await > 0, "nothing in {reference}");
        }
        room.post(&room.own_data_path(ADDRESS).await, "choice=export").await;
        let hash = room.hash(ADDRESS).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();

        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let before = room.whole_store().await;
            room.call(method.clone(), &link, "").await;
            assert_eq!(room.whole_store().await, before, "{method} changed something");
        }
        assert!(room.get(&link).await.body.contains("Effacer définitivement"));
        let erased = room.post(&link, "choice=erase").await;
        assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
        let reference = erased.body.split("<strong>E-").nth(1).expect("a reference").split('<').next().unwrap();

        for (table, rows) in room.whole_store().await {
            for trace in TRACES {
                assert!(!rows.contains(trace), "{table} still has {trace}:\n{rows}");
            }
            let times = rows.matches(&hash[..16]).count();
            assert_eq!(times, usize::from(table == "suppressions"), "{table} has the hash {times} times");
        }
        let kept = room.texts("SELECT reason || ' ' || domain || ' ' || coalesce(reply, '-') || ' ' || reference FROM suppressions").await;
        assert_eq!(kept, [format!("erased  - E-{reference}")]);

        // What comes back late of such a message leaves no words, and the address is suppressed as it is.
        let ids = room.texts("SELECT CAST(id AS TEXT) FROM deliveries WHERE address = '' AND kind = 'edition'").await;
        assert_eq!(ids.len(), 3);
        let bounce = Bounce { class: Class::Hard, status: None, reply: Some("no ama.mensah".to_owned()), reporter: None };
        let mut tx = db.begin_durable().await.unwrap();
        let effect = bounces::record(&mut tx, DeliveryId(ids[2].parse().unwrap()), &bounce, room.now()).await.unwrap();
        assert_eq!(effect, Effect::Gone);
        drop(tx);

        // Pressing twice is as pressing once.
        for again in [room.post(&link, "choice=erase").await, room.get(&link).await] {
            assert!(again.body.contains(reference), "{}", again.body);
        }
        room.fan_out().await;
        assert_eq!(room.reached().await, ["kofi@exemple.tg"], "nothing is sent to the reader any more");
        for balance in delivery::balances(&db, Timestamp::default()).await.unwrap() {
            assert_eq!(balance.missing(), 0, "{balance:?}");
        }
        let third = delivery::balance(&db, third).await.unwrap();
        assert_eq!((third.eligible, third.sent, third.cancelled), (Some(2), 1, 1), "{third:?}");
        assert!(own_data::own_data(&db, &room.app.keys, &"x@exemple.tg".parse().unwrap(), room.now()).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_reader_sees_everything_by_a_mailed_link_once_and_takes_it_away() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        with_everything(&room).await;
        let page = room.get(&room.own_data_path(ADDRESS).await).await;
        assert!(page.body.contains("a…@foyer-mensah.tg") && !page.body.contains("ama.mensah"));
        let link = mailed_link(&room, "export").await;

        let looked = room.get(&link).await;
        assert!(
            looked.body.contains("Voir mes données") && !looked.body.contains("ama.mensah"),
            "a scanner sees nothing"
        );
        let shown = room.post(&link, "choice=export").await;
        for said in [ADDRESS, "essai_nom", "La Matinale", "Je confirme mon inscription", "203.0.113.77"] {
            assert!(shown.body.contains(said), "{said} is not on the page:\n{}", shown.body);
        }
        let file = room.post(&link, "choice=file").await;
        assert_eq!(file.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
        assert!(file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("mes-donnees.json"));
        let data: serde_json::Value = serde_json::from_str(&file.body).unwrap();
        assert_eq!((&data["address"], &data["name"]), (&ADDRESS.into(), &"essai_nom".into()));
        assert_eq!(data["subscriptions"][0]["newsletter"], "matinale");
        let consent = &data["consent"][1];
        assert_eq!(
            (&consent["event"], &consent["network_address"]),
            (&"confirmed".into(), &"203.0.113.77".into())
        );
        assert_eq!(
            (&consent["wording_version"], &consent["user_agent"]),
            (&"2026-11".into(), &"Navigateur d’essai".into())
        );
        assert!(consent["at"].as_str().unwrap().starts_with("2026-11-02T"));
        let messages = data["messages"].as_array().unwrap();
        assert_eq!(messages.iter().filter(|one| one["kind"] == "edition").count(), 2);
        assert_eq!(data["suppressions"][0]["reason"], "hard_bounce");
        assert!(
            file.body.contains("full: ama.mensah") && file.body.contains("ok for ama.mensah"),
            "{}",
            file.body
        );

        room.room.clock.advance(HOUR);
        for choice in ["export", "file", "erase", "keep"] {
            let gone = room.post(&link, &format!("choice={choice}")).await;
            assert_eq!(gone.status, StatusCode::GONE, "{choice}");
        }
        for forged in ["/donnees/x", &format!("{link}A"), &link.replace("/donnees/", "/donnees/A")] {
            assert_eq!(room.post(forged, "choice=export").await.status, StatusCode::NOT_FOUND, "{forged}");
        }
        assert!(room.subscriber(ADDRESS).await.is_some(), "a link to look does not erase");
    })
    .await;
}

#[tokio::test]
async fn links_are_mailed_rarely_to_the_readers_address_alone_and_hold_a_day() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        room.subscribed(ADDRESS).await;
        room.sent().await;
        let path = room.own_data_path(ADDRESS).await;
        let mut mailed = Vec::new();
        for _ in 0..40 {
            let asked = room.post(&path, "choice=erase").await;
            assert_eq!(asked.status, StatusCode::OK);
            mailed.extend(room.sent().await);
            room.room.clock.advance(5 * MINUTE);
        }
        assert_eq!(mailed.len(), 3, "three a day");
        assert!(mailed.iter().all(|mail| mail.to == ADDRESS));
        for old in &mailed[..2] {
            assert_eq!(room.get(&old.link("/donnees/")).await.status, StatusCode::GONE, "a later one takes its place");
        }
        let last = mailed[2].link("/donnees/");
        room.room.clock.advance(DAY);
        assert_eq!(room.post(&last, "choice=erase").await.status, StatusCode::GONE);
        assert!(room.subscriber(ADDRESS).await.is_some());
        let unknown = room.post("/p/AAAA/donnees", "choice=erase").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert_eq!(room.post(&path, "choice=other").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Who complained is not written to: the newsroom does it for him.
        room.room.sql("INSERT INTO suppressions (address_hash, domain, reason, at) SELECT address_hash, 'x', 'complaint', 1 FROM subscribers").await;
        room.post(&path, "choice=export").await;
        assert!(room.sent().await.is_empty());
    })
    .await;
}

/// What happened to each silent reader now.
async fn silence(room: &ReaderRoom) -> Vec<(String, Fate)> {
    let until = room.app.config.retention.readers.until(room.now());
    let silent = own_data::silent_readers(&room.app.db, until, None, 100).await.unwrap();
    let mut fates = Vec::new();
    for reader in silent {
        let (desk, keys) = (&room.app.desk, &room.app.keys);
        let fate = own_data::ask_or_erase(desk, keys, &reader, until, room.now()).await.unwrap();
        fates.push((reader.address, fate));
    }
    fates
}

#[tokio::test]
async fn a_reader_without_a_sign_of_life_is_asked_once_and_erased_after_a_month_of_silence() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        for name in ["answers", "silent", "bounced", "left", "changed"] {
            room.subscribed(&format!("{name}@exemple.tg")).await;
        }
        room.sent().await;
        room.room.sql("UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = (SELECT id FROM subscribers WHERE address LIKE 'left%')").await;
        room.room.sql("INSERT INTO suppressions (address_hash, domain, reason, at) SELECT address_hash, 'exemple.tg', 'hard_bounce', 1 FROM subscribers WHERE address LIKE 'bounced%'").await;
        let recently = room.now().plus(800 * DAY).millis();
        room.room.sql(&format!("INSERT INTO consent_events (subscriber_id, event, reference, wording, at) SELECT id, 'chosen', 'P-1', 'x', {recently} FROM subscribers WHERE address LIKE 'changed%'")).await;
        // Anybody can type an address: that is no sign of life.
        room.room.sql(&format!("INSERT INTO consent_events (subscriber_id, event, reference, wording, at) SELECT id, 'asked', 'A-1', 'x', {recently} FROM subscribers WHERE address LIKE 'silent%'")).await;

        room.room.clock.advance(1000 * DAY);
        assert!(silence(&room).await.is_empty(), "not yet three years");
        room.room.clock.advance(100 * DAY);
        let is = |name: &str, fate| (format!("{name}@exemple.tg"), fate);
        assert_eq!(silence(&room).await, [is("answers", Fate::Ask), is("silent", Fate::Ask), is("bounced", Fate::Erase), is("left", Fate::Erase)]);
        assert_eq!(silence(&room).await, [is("answers", Fate::Wait), is("silent", Fate::Wait)], "asked once");
        let mails = room.sent().await;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["answers@exemple.tg", "silent@exemple.tg"]);
        assert!(mails[0].text.contains("«\u{a0}La\u{a0}Matinale\u{a0}»") || mails[0].text.contains("La Matinale"), "{}", mails[0].text);

        room.room.clock.advance(20 * DAY);
        let link = mails[0].link("/donnees/");
        assert!(room.get(&link).await.body.contains("Je souhaite continuer à recevoir"));
        assert_eq!(silence(&room).await.len(), 2, "opening the page is no answer");
        let kept = room.post(&link, "choice=keep").await;
        assert!(kept.body.contains("Votre inscription continue"), "{}", kept.body);
        assert_eq!(silence(&room).await, [is("silent", Fate::Wait)]);
        room.room.clock.advance(11 * DAY);
        assert_eq!(silence(&room).await, [is("silent", Fate::Erase)]);
        assert!(silence(&room).await.is_empty());
        assert!(room.subscriber("silent@exemple.tg").await.is_none());
        let data = own_data::own_data(&db, &room.app.keys, &"answers@exemple.tg".parse().unwrap(), room.now()).await.unwrap();
        assert_eq!(data.reader.consent.last().unwrap().event, Event::Kept);
        assert!(room.subscriber("changed@exemple.tg").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn consent_events_are_append_only_and_their_origins_are_truncated_in_time() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        room.subscribed(ADDRESS).await;
        for change in [
            "UPDATE consent_events SET wording = 'x'",
            "UPDATE consent_events SET at = 1",
            "UPDATE consent_events SET event = 'left'",
            "DELETE FROM consent_events",
        ] {
            let refused = raw(&room, change).await.expect_err(change);
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        let origins = "SELECT coalesce(network_address, '-') || ' ' || coalesce(user_agent, '-') FROM consent_events ORDER BY id";
        assert_eq!(room.texts(origins).await, ["- -", "203.0.113.77 Navigateur d’essai"]);
        assert_eq!(truncate_origins(&db, room.now()).await.unwrap(), 0, "what is young stays whole");
        assert_eq!(truncate_origins(&db, room.now().plus(1)).await.unwrap(), 1);
        assert_eq!(truncate_origins(&db, room.now().plus(1)).await.unwrap(), 0);
        assert_eq!(room.texts(origins).await, ["- -", "203.0.113.0/24 -"]);
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "a test's own statement, for one engine or the other")]
async fn raw(room: &ReaderRoom, statement: &str) -> sqlx::Result<()> {
    let sql = sqlx::AssertSqlSafe(statement.to_owned());
    match &room.app.db {
        kiosque::db::Db::Sqlite { pool, .. } => sqlx::query(sql).execute(pool).await.map(|_| ()),
        kiosque::db::Db::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(|_| ()),
    }
}

#[tokio::test]
async fn the_register_tells_in_order_who_did_what_and_names_no_address() {
    each_engine(async |db| {
        let room = ReaderRoom::open(&db).await;
        room.subscribed(ADDRESS).await;
        room.room.clock.advance(HOUR);
        room.subscribed("kofi@exemple.tg").await;
        room.room.clock.advance(HOUR);
        let hash = room.hash(ADDRESS);
        let mut tx = db.begin_durable().await.unwrap();
        let subscriber = room.subscriber(ADDRESS).await;
        if db.engine() == Engine::Sqlite {
            assert!(subscriber.is_some());
        }
        own_data::erase(&mut tx, &room.app.desk, subscriber, hash, room.now()).await.unwrap();
        register_act(&mut tx, "subscriber.erase", Some(hash), Some("E-1"), "essi", room.now()).await.unwrap();
        tx.commit().await.unwrap();

        let lines = async |of| {
            let until = room.now().plus(DAY);
            let mut audit = Audit::new(AuditScope { since: Timestamp::default(), until, of });
            let mut lines = Vec::new();
            while let Some(line) = audit.next(&db).await.unwrap() {
                lines.push(line);
            }
            lines
        };
        let all = lines(None).await;
        assert!(all.is_sorted_by_key(|line| line.at));
        let told: Vec<(AuditKind, &str)> = all.iter().map(|line| (line.kind, line.what.as_str())).collect();
        use AuditKind::{Consent, Operator, Suppressed};
        assert_eq!(
            told,
            [
                (Consent, "asked"),
                (Consent, "confirmed"),
                (Suppressed, "erased"),
                (Operator, "subscriber.erase")
            ]
        );
        let text: String = all.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        assert!(!text.contains("mensah") && !text.contains("kofi"), "{text}");
        assert!(text.contains("\"by\":\"essi\"") && text.contains("\"at\":\"2026-11-02T"), "{text}");
        let own = lines(Some(hash)).await;
        assert_eq!(own.len(), 2);
        assert_eq!(own[0].reader, own[1].reader);
        assert_eq!(own[0].reader.as_ref().map(String::len), Some(16));
    })
    .await;
}
