//! « Bonjour Ama, » : by first name where that is known, and without a trace of it elsewhere; on both engines.

use std::sync::Arc;

use kiosque::clock::HOUR;
use kiosque::db::{Db, Keys};
use kiosque::delivery;
use mail_parser::MessageParser;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING};
use crate::support::post::{DAILY, Post};
use crate::support::smtp::SmtpServer;

/// The text and the HTML of each reader's mail, in order: Ama, nobody, an import that is no first name, Élodie (light).
async fn mails(db: &Db, settings: &str) -> (Post, Vec<(String, String)>) {
    let room = Newsroom::open(db, &format!("{DAILY}\n{settings}")).await;
    room.readers(1, 4, "all").await;
    for (reader, name) in [(1, "Ama"), (3, "M. Koffi, 12 rue <b>"), (4, "N’Guessan Élodie")] {
        room.sql(&format!("UPDATE subscribers SET name = '{name}' WHERE id = {reader}")).await;
    }
    room.sql("UPDATE subscriptions SET layout = 'light' WHERE subscriber_id = 4").await;
    room.article(1, OPENING, false, &[1]).await;
    let edition = room.tick_at(OPENING.plus(19 * HOUR)).await.released[0];
    delivery::fan_out(&room.desk, &room.clock).await.unwrap();
    let keys = Arc::new(Keys::load(db).await.unwrap());
    let post = Post { room, relay: SmtpServer::start().await, edition, keys };
    post.drain(&post.pump()).await;
    let mut taken = post.relay.taken();
    taken.sort_by(|a, b| a.to.cmp(&b.to));
    let read = |message: &[u8]| {
        let message = MessageParser::default().parse(message).unwrap();
        (
            message.body_text(0).unwrap().replace("\r\n", "\n"),
            message.body_html(0).unwrap().replace("\r\n", "\n"),
        )
    };
    let mails = taken.iter().map(|copy| read(&copy.message)).collect();
    (post, mails)
}

#[tokio::test]
async fn readers_are_greeted_by_the_first_name_they_gave_and_all_share_one_variant() {
    for template in ["sobre", "une", "breves"] {
        each_engine(async |db| {
            let (post, mails) = mails(&db, &format!("template = \"{template}\"")).await;
            assert_eq!(post.room.number("SELECT count(*) FROM variants").await, 2, "normal and light");
            for (mail, name) in mails.iter().zip([Some("Ama"), None, None, Some("N’Guessan Élodie")]) {
                for part in [&mail.0, &mail.1] {
                    assert_eq!(part.contains("Bonjour"), name.is_some(), "{part}");
                    assert!(name.is_none_or(|name| part.contains(&format!("Bonjour {name},"))), "{part}");
                    assert!(!part.contains(['\u{e1f0}', '\u{e1f4}', '\u{e1f5}', '\u{e1f6}']), "{part}");
                    assert!(!part.contains(" ,") && !part.contains("\n\n\n\n"), "{part}");
                }
            }
            // What greets Ama is all that tells the lines of her mail from those of the next reader's.
            let without = mails[0].0.replace("Bonjour Ama,\n\n", "");
            assert_eq!(without.lines().count(), mails[1].0.lines().count());
            post.assert_promises().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_newsletter_may_greet_nobody() {
    each_engine(async |db| {
        let (_, mails) = mails(&db, "greeting = false").await;
        assert!(mails.iter().all(|(text, html)| !text.contains("Bonjour") && !html.contains("Bonjour")));
    })
    .await;
}
