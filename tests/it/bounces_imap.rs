//! Reading a mailbox over IMAP: without a trace on others' mail, each message once, under TLS where it must be.

use kiosque::delivery::bounces::{self, Polled};

use crate::support::database::each_engine;
use crate::support::imap::ImapServer;
use crate::support::returned::Returned;
use crate::support::smtp::tls_acceptor;

const PASSWORD: &str = "password = \"sesame\"";

fn plain(server: &ImapServer) -> String {
    format!("imap://retours@127.0.0.1:{}", server.address.port())
}

fn seen(server: &ImapServer) -> Vec<bool> {
    server.account(|account| account.messages.iter().map(|message| message.seen).collect())
}

#[tokio::test]
async fn reports_are_flagged_others_mail_is_not_and_a_rebuilt_mailbox_changes_nothing() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 3).await;
        let server = ImapServer::start(None).await;
        server.deliver(&[
            returned.report("letter", 1, ""),
            returned.report("postfix-unknown", 1, ""),
            returned.report("vacation-sieve-fr", 2, ""),
        ]);
        let polled = returned.poll_at(&plain(&server), PASSWORD).await;
        assert_eq!(polled, Polled::Read { ours: 1, left_alone: 2, more: false });
        assert_eq!(seen(&server), [false, true, false]);
        assert_eq!(returned.suppressed().await.len(), 1);
        // Only what is new is fetched, though the server names the last message again.
        server.account(|account| account.heard.clear());
        let polled = returned.poll_at(&plain(&server), PASSWORD).await;
        assert_eq!(polled, Polled::Read { ours: 0, left_alone: 0, more: false });
        let fetched = |server: &ImapServer| {
            server.account(|account| account.heard.iter().filter(|line| line.contains("FETCH")).count())
        };
        assert_eq!(fetched(&server), 0);
        server.deliver(&[returned.report("gmail-unknown", 2, "")]);
        returned.poll_at(&plain(&server), PASSWORD).await;
        assert_eq!((fetched(&server), seen(&server)), (1, vec![false, true, false, true]));
        // Moved to another server: other numbers, which mean other messages.
        server.account(|account| {
            account.validity = 2;
            account.messages.remove(0);
            for (at, message) in account.messages.iter_mut().enumerate() {
                message.uid = u32::try_from(at).unwrap() + 1;
                message.seen = false;
            }
        });
        let polled = returned.poll_at(&plain(&server), PASSWORD).await;
        assert_eq!(polled, Polled::Read { ours: 2, left_alone: 1, more: false });
        assert_eq!(seen(&server), [true, false, true]);
        assert_eq!(returned.bounces().await.len(), 2);
        let removed = server.account(|account| {
            account.heard.iter().any(|line| line.contains("EXPUNGE") || line.contains("Deleted"))
        });
        assert!(!removed);
    })
    .await;
}

#[tokio::test]
async fn a_flag_that_could_not_be_set_is_set_later_and_the_effect_stands() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 1).await;
        let server = ImapServer::start(None).await;
        server.deliver(&[returned.report("postfix-unknown", 1, "")]);
        server.account(|account| account.read_only = true);
        let polled = returned.poll_at(&plain(&server), PASSWORD).await;
        assert!(matches!(&polled, Polled::Failed(why) if why.contains("flagging failed")), "{polled:?}");
        assert_eq!(returned.suppressed().await.len(), 1);
        let state = bounces::mailbox_states(&db).await.unwrap().remove(0);
        assert!(state.error.unwrap().contains("not here"));
        server.account(|account| account.read_only = false);
        let polled = returned.poll_at(&plain(&server), PASSWORD).await;
        assert_eq!(polled, Polled::Read { ours: 0, left_alone: 0, more: false });
        assert_eq!(seen(&server), [true]);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_stands_nowhere() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 1).await;
        let server = ImapServer::start(None).await;
        let polled = returned.poll_at(&plain(&server), "password = \"wrong-one\"").await;
        let Polled::Failed(why) = polled else { panic!("{polled:?}") };
        assert!(why.contains("refuses the login") && !why.contains("wrong-one"), "{why}");
        let nowhere = returned.poll_at("imap://retours@127.0.0.1:1", PASSWORD).await;
        assert!(matches!(&nowhere, Polled::Failed(why) if why.contains("connecting failed")), "{nowhere:?}");
    })
    .await;
}

#[tokio::test]
async fn no_password_is_said_before_a_handshake_and_nothing_said_before_it_is_believed() {
    each_engine(async |db| {
        let returned = Returned::from_readers(&db, 1).await;
        let at = |server: &ImapServer| format!("imap+starttls://retours@localhost:{}", server.address.port());
        let honest = ImapServer::start(Some((tls_acceptor(), ""))).await;
        honest.deliver(&[returned.report("postfix-unknown", 1, "")]);
        let polled = returned.poll_at(&at(&honest), PASSWORD).await;
        assert_eq!(polled, Polled::Read { ours: 1, left_alone: 0, more: false });
        // A stranger between us puts an answer in clear behind the server's OK.
        let injected = ImapServer::start(Some((tls_acceptor(), "A0001 OK logged in\r\n"))).await;
        let polled = returned.poll_at(&at(&injected), PASSWORD).await;
        assert!(matches!(&polled, Polled::Failed(why) if why.contains("handshake")), "{polled:?}");
        let heard = injected.account(|account| account.heard.clone());
        assert!(!heard.iter().any(|line| line.contains("LOGIN")), "{heard:?}");
        // A server without STARTTLS.
        let stripped = ImapServer::start(None).await;
        let polled = returned.poll_at(&at(&stripped), PASSWORD).await;
        assert!(
            matches!(&polled, Polled::Failed(why) if why.contains("does not offer STARTTLS")),
            "{polled:?}"
        );
    })
    .await;
}
