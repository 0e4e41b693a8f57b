//! What a widely used library of the field gets wrong (seven defects), and what holds with
//! us instead. The sixth, signatures that do not verify, is that of `mail/dkim`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kiosque::config::Security;
use kiosque::delivery::Settings;
use kiosque::delivery::smtp::{Cause, Envelope, Failure, Server, Session, Stage, TlsClient};
use kiosque::mail::Address;
use lettre::transport::smtp::authentication::Credentials;

use crate::support::database::each_engine;
use crate::support::post::{Post, relay_at, short_timers};
use crate::support::smtp::{Act, Kind, Rule, SmtpServer, Step, tls_acceptor, tls_authority};

fn server(relay: &SmtpServer, security: Security) -> Server {
    let protected = security != Security::Plain;
    Server {
        host: "127.0.0.1".to_owned(),
        port: relay.address.port(),
        security,
        credentials: protected.then(|| Credentials::new("jean".to_owned(), "secret".to_owned())),
        helo: "lettres.exemple.tg".to_owned(),
        timers: short_timers(),
        tls: TlsClient::new(tls_authority()).unwrap(),
    }
}

async fn protected(injected: Option<&'static str>) -> SmtpServer {
    let offers = vec!["PIPELINING", "STARTTLS", "AUTH PLAIN"];
    SmtpServer::of_kind(Kind { offers, tls: Some(tls_acceptor()), injected, ..Kind::default() }).await
}

fn envelope(to: &str) -> Envelope {
    Envelope { from: Address::parse("retours@exemple.tg").unwrap(), to: Address::parse(to).unwrap() }
}

const MESSAGE: &[u8] =
    b"Subject: a\r\n\r\nBonjour tout le monde. Bonjour tout le monde. Bonjour tout le monde.\r\n\
                         Bonjour tout le monde. Bonjour tout le monde. Bonjour tout le monde.\r\n";

async fn send(server: &Server) -> Result<(), Failure> {
    let mut session = Session::open(server).await?;
    session.begin(&envelope("a@exemple.tg"), MESSAGE).await?;
    session.finish(MESSAGE).await?;
    session.quit().await;
    Ok(())
}

/// 1: there, a timer for connecting alone.
#[tokio::test]
async fn a_relay_that_falls_silent_at_any_stage_is_given_up_in_time() {
    let silent = async |security, step| {
        let relay = match security {
            Security::Plain => SmtpServer::start().await,
            _ => protected(None).await,
        };
        relay.rule(Rule::at(step, Act::Hang));
        let began = Instant::now();
        let result = send(&server(&relay, security)).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{step:?}: {:?}", began.elapsed());
        result
    };
    for step in [Step::Banner, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::Body, Step::Dot] {
        let failure = silent(Security::Plain, step).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Timeout, "{step:?}: {failure}");
    }
    for step in [Step::StartTls, Step::Auth] {
        let failure = silent(Security::StartTls, step).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Timeout, "{step:?}: {failure}");
    }
    silent(Security::Plain, Step::Quit).await.expect("the message was taken; goodbyes do not matter");
}

/// 1, of the handshake itself: a relay that promises TLS and says nothing more.
#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = SmtpServer::start().await;
    let port = listener.local_addr().unwrap().port();
    let failure = send(&Server { port, ..server(&relay, Security::Tls) }).await.unwrap_err();
    assert_eq!((failure.stage, failure.cause), (Stage::Tls, Cause::Timeout));
}

/// 2: there, a connection goes on after a timeout, and each answer is read as that of the message before.
#[tokio::test]
async fn an_answer_that_comes_too_late_settles_no_other_message() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 3).await;
        let late = Rule::at(Step::Dot, Act::Slow(Duration::from_millis(900))).times(1);
        post.relay.rule(late.to("lecteur1@exemple.tg"));
        post.relay.rule(Rule::at(Step::Dot, Act::Reply("550 5.1.1 nobody")).to("lecteur2@exemple.tg"));
        let pump = post.pump_with(vec![relay_at(&post.relay, 1)], Settings::default());
        post.drain(&pump).await;
        assert_eq!(post.value("state", "lecteur1@exemple.tg").await, "in_doubt");
        assert_eq!(post.value("state", "lecteur2@exemple.tg").await, "failed");
        assert_eq!(post.value("state", "lecteur3@exemple.tg").await, "sent");
        assert_eq!(post.relay.record(|record| record.connections), 2, "the first one was not used again");
    })
    .await;
}

/// 3: there, a bound on parked connections only.
#[tokio::test]
async fn no_more_connections_are_open_than_the_relay_is_allowed() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 60).await;
        post.relay.slow_dot(Duration::from_millis(5));
        post.relay.rule(Rule::at(Step::Dot, Act::Drop).times(3));
        post.drain(&post.pump_with(vec![relay_at(&post.relay, 2)], Settings::default())).await;
        let most = post.relay.record(|record| record.most_open);
        assert!((1..=2).contains(&most), "{most} were open at a time");
    })
    .await;
}

/// 4: there, a connection lost before MAIL looks like one lost after the dot.
#[tokio::test]
async fn a_failure_says_at_which_stage_it_came() {
    for (step, stage) in [
        (Step::Banner, Stage::Banner),
        (Step::Ehlo, Stage::Ehlo),
        (Step::Mail, Stage::Mail),
        (Step::Rcpt, Stage::Rcpt),
        (Step::Data, Stage::Data),
        (Step::Dot, Stage::Dot),
    ] {
        let relay = SmtpServer::start().await;
        relay.rule(Rule::at(step, Act::Drop));
        let failure = send(&server(&relay, Security::Plain)).await.unwrap_err();
        assert_eq!(failure.stage, stage, "{failure}");
        assert!(matches!(failure.cause, Cause::Lost(_)), "{failure}");
    }
}

/// 5: there, what a stranger says in clear behind the answer to STARTTLS is read as said under TLS (CVE-2021-38371).
#[tokio::test]
async fn words_slipped_in_before_the_handshake_end_the_connection() {
    let relay = protected(Some("250-mallory.exemple\r\n250 AUTH PLAIN")).await;
    let failure = send(&server(&relay, Security::StartTls)).await.unwrap_err();
    assert_eq!(failure.stage, Stage::Tls, "{failure}");
    assert!(matches!(failure.cause, Cause::Tls(_)), "{failure}");
    relay.record(|record| {
        assert_eq!(record.clear, ["EHLO lettres.exemple.tg", "STARTTLS"]);
        assert_eq!(record.protected, [""; 0], "no password was said");
    });
}

/// 7: there, a panic. Here the name is left out, the mail goes, and nobody else waits.
#[tokio::test]
async fn a_name_with_line_breaks_or_control_characters_neither_fells_the_program_nor_makes_a_header() {
    each_engine(async |db| {
        let post = Post::to_readers(&db, 5).await;
        let names =
            ["x\r\nBcc: mallory@exemple.tg", "a\nb", "\u{1b}[31m", "\u{202e}gro.elpmexe", "\r\n\r\nBonjour"];
        for (reader, name) in (1..).zip(names) {
            let sql =
                format!("UPDATE deliveries SET name = '{name}' WHERE address = 'lecteur{reader}@exemple.tg'");
            post.room.sql(&sql).await;
        }
        post.drain(&post.pump()).await;
        assert_eq!(post.states().await, BTreeMap::from([("sent", 5)]));
        for mail in post.relay.taken() {
            assert_eq!(mail.header("Bcc"), None);
            assert!(mail.header("List-Unsubscribe").is_some(), "the head is whole");
            let to = mail.header("To").unwrap();
            assert!(to.ends_with(&mail.to[0]) || to.ends_with(&format!("<{}>", mail.to[0])), "{to}");
        }
    })
    .await;
}
