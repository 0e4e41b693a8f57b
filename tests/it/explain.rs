//! What can be told about one reader, and done about one delivery or many.

use kiosque::clock::HOUR;
use kiosque::db::Db;
use kiosque::delivery::operate::{self, Filter, Step as What};
use kiosque::delivery::{self, ResendError, explain};
use kiosque::mail::Address;
use kiosque::subscribers::{AddressHash, Reason, suppress};

use crate::support::database::{each_database, each_engine};
use crate::support::post::Post;
use crate::support::program::{EXAMPLE, Place};
use crate::support::smtp::{Act, Rule, Step};

/// The newsroom's readers have hashes of their own; those that the program would make are needed here.
async fn with_real_hashes(post: &Post) {
    for number in 1..=5 {
        let address = Address::parse(&format!("lecteur{number}@exemple.tg")).unwrap();
        let hash = AddressHash::of(&post.keys, &address);
        let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let blob = match post.room.desk.db {
            Db::Sqlite { .. } => format!("x'{hex}'"),
            Db::Postgres(_) => format!("'\\x{hex}'::bytea"),
        };
        for table in ["subscribers", "deliveries"] {
            let change = format!("UPDATE {table} SET address_hash = {blob} WHERE address = '{address}'");
            post.room.sql(&change).await;
        }
    }
}

async fn story(post: &Post, number: i64) -> String {
    let db = &post.room.desk.db;
    let address = Address::parse(&format!("lecteur{number}@exemple.tg")).unwrap();
    let reader = explain::address(db, &post.keys, &address).await.unwrap();
    assert!(!reader.is_unknown(db).await.unwrap());
    let edition = explain::edition_facts(db, post.edition, &reader).await.unwrap().unwrap();
    let told = explain::edition::story(&edition, &reader, post.room.now());
    told.join(" ").replace(['\u{a0}', '\u{202f}'], " ")
}

#[tokio::test]
async fn each_readers_story_says_what_became_of_his_message() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 5).await;
        with_real_hashes(&post).await;
        let rule = |act: &'static str, to: &str| Rule::at(Step::Rcpt, Act::Reply(act)).to(to);
        post.relay.rule(rule("550 5.1.1 unknown user", "lecteur2@exemple.tg"));
        post.relay.rule(rule("450 4.2.1 busy", "lecteur3@exemple.tg"));
        post.room.sql("UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 4").await;
        assert!(story(&post, 1).await.starts_with("En attente depuis le "));
        post.drain(&post.pump()).await;

        let sent = story(&post, 1).await;
        assert!(
            sent.starts_with("Remise au relais ") && sent.contains("réponse 250 2.0.0 queued as 42."),
            "{sent}"
        );
        assert!(sent.contains("La suite est dans le journal du relais, à 42 (Message-ID <ed-"), "{sent}");
        let failed = story(&post, 2).await;
        assert!(failed.contains("Dernière réponse : 550 5.1.1 unknown user"), "{failed}");
        let later = story(&post, 3).await;
        assert!(later.contains("a répondu 450 4.2.1 busy. Prochain essai le "), "{later}");
        let left = story(&post, 4).await;
        assert!(left.contains("le lecteur s’est désinscrit entre-temps"), "{left}");

        let unknown = Address::parse("lecteur1@exmple.tg").unwrap();
        let reader = explain::address(&db, &post.keys, &unknown).await.unwrap();
        assert!(reader.is_unknown(&db).await.unwrap());
        assert_eq!(explain::near(&db, &unknown).await.unwrap(), ["lecteur1@exemple.tg"]);
    })
    .await;
}

#[tokio::test]
async fn an_article_says_in_which_edition_it_was_and_as_what() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 1).await;
        with_real_hashes(&post).await;
        let address = Address::parse("lecteur1@exemple.tg").unwrap();
        let reader = explain::address(&db, &post.keys, &address).await.unwrap();
        let newsletter = reader.subscriptions[0].newsletter_id;
        let article = kiosque::articles::ArticleId(1);
        let now = post.room.now();
        let facts = explain::article_facts(&db, article, newsletter, now).await.unwrap().unwrap();
        assert_eq!((facts.edition, facts.returned), (Some(post.edition), false));
        let rules = explain::article::Rules {
            title: "La Matinale".to_owned(),
            zone: reader.subscriptions[0].zone(),
            max_age: HOUR,
            carried: vec![1],
        };
        let edition = explain::edition_facts(&db, post.edition, &reader).await.unwrap();
        let told = explain::article::story(
            &facts,
            &rules,
            &reader,
            reader.subscription(newsletter),
            edition.as_ref(),
            now,
        );
        assert!(told[0].starts_with("En tête de La Matinale du "), "{told:?}");
        assert!(told[1].starts_with("En attente"), "{told:?}");
        // Taken by nobody yet.
        post.room.article(2, now, false, &[1]).await;
        let facts = explain::article_facts(&db, kiosque::articles::ArticleId(2), newsletter, now)
            .await
            .unwrap()
            .unwrap();
        let told = explain::article::story(&facts, &rules, &reader, None, None, now);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("la prochaine le prendra"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn an_edition_goes_once_more_to_who_may_be_mailed_apart_from_the_balance() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 3).await;
        with_real_hashes(&post).await;
        let resend = async |number: i64| {
            let to = Address::parse(&format!("lecteur{number}@exemple.tg")).unwrap();
            delivery::resend(&post.room.desk, &post.keys, post.edition, &to, post.room.now()).await
        };
        assert!(matches!(resend(1).await, Err(ResendError::UnderWay(..))));
        let pump = post.pump();
        post.drain(&pump).await;
        resend(1).await.unwrap();
        assert!(matches!(resend(1).await, Err(ResendError::UnderWay(..))), "one at a time");
        post.drain(&pump).await;
        resend(1).await.unwrap();
        post.drain(&pump).await;
        let balance = post.balance().await;
        assert_eq!((balance.sent, balance.missing()), (3, 0), "resends stand apart");
        let taken = post.relay.taken();
        let copies: Vec<_> = taken.iter().filter(|copy| copy.to[0] == "lecteur1@exemple.tg").collect();
        assert_eq!(copies.len(), 3);
        let mut ids: Vec<_> = copies.iter().map(|copy| copy.header("Message-ID").unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 3, "each has a Message-ID of its own");
        assert_eq!(copies[0].header("Subject"), copies[1].header("Subject"));
        let told = story(&post, 1).await;
        assert_eq!(told.matches("Envoyée une nouvelle fois").count(), 2, "{told}");

        post.room.sql("UPDATE subscriptions SET state = 'left', left_at = 1 WHERE subscriber_id = 2").await;
        assert!(matches!(resend(2).await, Err(ResendError::NotSubscribed(_))));
        let address = Address::parse("lecteur3@exemple.tg").unwrap();
        let mut tx = db.begin_durable().await.unwrap();
        let hash = AddressHash::of(&post.keys, &address);
        suppress(&mut tx, hash, address.domain(), Reason::Complaint, None, post.room.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(resend(3).await, Err(ResendError::Suppressed(Reason::Complaint))));
        assert!(matches!(resend(9).await, Err(ResendError::NotSubscribed(_))));
    })
    .await;
}

#[tokio::test]
async fn many_deliveries_are_counted_held_released_and_tried_again_at_once() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 230).await;
        let now = post.room.now();
        let of_edition = || Filter { edition: Some(post.edition), ..Filter::default() };
        let counted = operate::count(&db, What::Hold, &of_edition()).await.unwrap();
        assert_eq!(counted.iter().map(|matching| matching.rows).sum::<i64>(), 230);
        let all = async |step, filter: Filter| {
            operate::all(&db, step, &filter, "to be looked at", now).await.unwrap()
        };
        assert_eq!(all(What::Hold, of_edition()).await, 230);
        assert_eq!(all(What::Hold, of_edition()).await, 0, "held already");
        let group = counted[0].recipient_group.clone();
        let of_group = Filter { group: Some(group), ..Filter::default() };
        assert_eq!(
            all(What::Release, Filter { group: Some("ailleurs".into()), ..Filter::default() }).await,
            0
        );
        assert_eq!(all(What::Release, of_group).await, 230);
        post.room
            .sql("UPDATE deliveries SET state = 'failed', finished_at = 1 WHERE subscription_id <= 210")
            .await;
        let failed = Filter { state: Some(delivery::State::Failed), ..of_edition() };
        assert_eq!(all(What::Retry, failed.clone()).await, 210);
        assert_eq!(all(What::Retry, failed).await, 0);
        assert_eq!(post.balance().await.pending, 230);
    })
    .await;
}

#[tokio::test]
async fn the_verb_tells_a_known_reader_and_offers_near_misses_of_an_unknown_one() {
    each_database(async |database| {
        let place = Place::with(&EXAMPLE.replace("sqlite:data/kiosque.db", &database.url));
        place.out(&[
            "subscriber",
            "add",
            "afi@exemple.tg",
            "--newsletter",
            "matinale",
            "--consent",
            "formulaire",
        ]);
        let told = place.out(&["explain", "afi@exemple.tg"]).replace(['\u{a0}', '\u{202f}'], " ");
        assert!(told.starts_with("afi@exemple.tg, connue depuis le "), "{told}");
        assert!(told.contains("La Matinale : inscrite depuis le "), "{told}");
        let json = place.json(&["explain", "afi@exemple.tg"]);
        assert_eq!((&json["known"], &json["subscriptions"][0]["slug"]), (&true.into(), &"matinale".into()));
        let unknown = place.run(&["explain", "afi@exempl.tg"]);
        assert_eq!(unknown.status, Some(1));
        let err = unknown.err.replace(['\u{a0}', '\u{202f}'], " ");
        assert_eq!(err, "Rien n’est conservé de afi@exempl.tg. À une lettre près : afi@exemple.tg\n");
        for wrong in [["--edition", "99"], ["--article", "99"]] {
            let ran = place.run(&[&["explain", "afi@exemple.tg"], &wrong[..]].concat());
            assert_eq!(ran.status, Some(2), "{}", ran.err);
        }
        let ran = place.run(&["delivery", "retry"]);
        assert_eq!(ran.status, Some(2), "all of them must be meant: {}", ran.err);
        let ran = place.out(&["delivery", "retry", "--group", "orange", "--dry-run"]);
        assert!(ran.contains("0 deliveries would be tried again now; nothing was changed"), "{ran}");
    })
    .await;
}
