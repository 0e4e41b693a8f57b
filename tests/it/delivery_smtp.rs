//! One conversation with a relay: what each failure at each stage means, and what must never happen.

use std::time::{Duration, Instant};

use kiosque::config::Security;
use kiosque::delivery::replies::{Class, Classes};
use kiosque::delivery::smtp::{Cause, Envelope, Failure, Server, Session, Stage, TlsClient};
use kiosque::mail::Address;
use lettre::transport::smtp::authentication::Credentials;

use crate::support::post::short_timers;
use crate::support::smtp::{Act, Kind, Rule, STEPS, SmtpServer, Step, tls_acceptor, tls_authority};

fn classify(failure: &Failure) -> Class {
    Classes::shipped().judge(failure, "exemple.tg").class
}

fn server(relay: &SmtpServer, security: Security) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: relay.address.port(),
        security,
        credentials: None,
        helo: "lettres.exemple.tg".to_owned(),
        timers: short_timers(),
        tls: TlsClient::new(tls_authority()).unwrap(),
    }
}

fn envelope(to: &str) -> Envelope {
    Envelope { from: Address::parse("retours+b1@exemple.tg").unwrap(), to: Address::parse(to).unwrap() }
}

fn message(text: &str) -> Vec<u8> {
    format!("Subject: {text}\r\n\r\n{}\r\n", "Bonjour. ".repeat(40)).into_bytes()
}

/// Opens a conversation and sends one message.
async fn send(server: &Server, to: &str) -> Result<(), Failure> {
    let mut session = Session::open(server).await?;
    session.begin(&envelope(to), &message("a")).await?;
    session.finish(&message("a")).await?;
    session.quit().await;
    Ok(())
}

#[tokio::test]
async fn messages_follow_each_other_on_one_connection() {
    let relay = SmtpServer::start().await;
    let mut session = Session::open(&server(&relay, Security::Plain)).await.unwrap();
    for number in 0..50 {
        session
            .begin(&envelope(&format!("lecteur{number}@exemple.tg")), &message(&number.to_string()))
            .await
            .unwrap();
        let reply = session.finish(&message(&number.to_string())).await.unwrap();
        assert_eq!((reply.code, reply.text.as_str()), (250, "2.0.0 queued as 42"));
    }
    assert!(session.is_usable());
    assert_eq!(session.transactions(), 50);
    session.quit().await;
    let taken = relay.taken();
    assert_eq!(taken.len(), 50);
    assert_eq!(taken[7].message, message("7"));
    assert_eq!(taken[7].from, "retours+b1@exemple.tg");
    assert_eq!(taken[7].to, ["lecteur7@exemple.tg"]);
    relay.record(|record| {
        assert_eq!(record.connections, 1);
        assert_eq!(record.clear[0], "EHLO lettres.exemple.tg");
        assert_eq!(record.clear[1], format!("MAIL FROM:<retours+b1@exemple.tg> SIZE={}", message("0").len()));
        assert_eq!(record.clear.last().unwrap(), "QUIT");
    });
}

#[tokio::test]
async fn every_failure_at_every_stage_is_told_apart_and_nothing_is_taken_before_the_dot() {
    let relay = SmtpServer::start().await;
    let server = server(&relay, Security::Plain);
    let acts = [
        Act::Reply("451 4.2.1 not now"),
        Act::Reply("550 5.1.1 nobody"),
        Act::ReplyAndClose("421 4.7.0 too many"),
        Act::Drop,
        Act::Reset,
        Act::Hang,
        Act::Reply("HELO? what is this"),
    ];
    for step in STEPS {
        for act in acts {
            if step == Step::Body && matches!(act, Act::Reply(_)) {
                continue; // a server answers at the end of a message, or hangs up
            }
            relay.clear_rules();
            relay.rule(Rule::at(step, act));
            let began = Instant::now();
            let failure = send(&server, "lecteur@exemple.tg").await.unwrap_err();
            assert!(began.elapsed() < Duration::from_secs(3), "{step:?} {act:?}");
            let in_body = matches!(step, Step::Body | Step::Dot);
            let expected_stage = match step {
                Step::Banner => Stage::Banner,
                Step::Ehlo => Stage::Ehlo,
                Step::Mail => Stage::Mail,
                Step::Rcpt => Stage::Rcpt,
                Step::Data => Stage::Data,
                _ => Stage::Dot,
            };
            assert_eq!(failure.stage, expected_stage, "{step:?} {act:?}: {failure}");
            let expected = match act {
                Act::Reply(text) if text.starts_with("451") && step == Step::Mail => Class::Host,
                Act::Reply(text) if text.starts_with("550") && step == Step::Mail => Class::Sender,
                Act::Reply(text) if text.starts_with("451") && expected_stage > Stage::Mail => Class::Soft,
                Act::Reply(text) if text.starts_with("550") && expected_stage > Stage::Mail => Class::Hard,
                // Said in the middle of a message and gone: a refusal, if it was still heard.
                Act::ReplyAndClose(_) if step == Step::Body => classify(&failure),
                Act::ReplyAndClose(_) => Class::Host,
                _ if in_body => Class::Doubt,
                _ => Class::Host,
            };
            assert_eq!(classify(&failure), expected, "{step:?} {act:?}: {failure}");
        }
    }
    assert_eq!(relay.taken(), [], "no message was acknowledged, none may have been taken");
}

#[tokio::test]
async fn the_same_holds_for_a_relay_without_pipelining() {
    let relay = SmtpServer::of_kind(Kind::default()).await;
    let server = server(&relay, Security::Plain);
    for (step, reply, expected) in [
        (Step::Mail, "550 5.7.1 no", Class::Sender),
        (Step::Rcpt, "550 5.1.1 nobody", Class::Hard),
        (Step::Rcpt, "450 4.7.1 greylisted", Class::Greylisted),
        (Step::Data, "451 4.2.1 not now", Class::Soft),
    ] {
        relay.clear_rules();
        relay.rule(Rule::at(step, Act::Reply(reply)));
        assert_eq!(classify(&send(&server, "a@exemple.tg").await.unwrap_err()), expected, "{reply}");
    }
    relay.clear_rules();
    send(&server, "a@exemple.tg").await.unwrap();
    relay.record(|record| assert!(record.clear.iter().all(|line| !line.contains("SIZE="))));
}

#[tokio::test]
async fn after_a_refused_recipient_the_connection_serves_the_next_one() {
    for offers in [vec!["PIPELINING"], vec![]] {
        let relay = SmtpServer::of_kind(Kind { offers, ..Kind::default() }).await;
        relay.rule(Rule::at(Step::Rcpt, Act::Reply("550 5.1.1 nobody")).to("personne@exemple.tg"));
        relay.rule(Rule::at(Step::Dot, Act::Reply("554 5.6.0 bad")).to("refus@exemple.tg"));
        let mut session = Session::open(&server(&relay, Security::Plain)).await.unwrap();
        for to in
            ["personne@exemple.tg", "a@exemple.tg", "refus@exemple.tg", "personne@exemple.tg", "b@exemple.tg"]
        {
            let sent = match session.begin(&envelope(to), &message(to)).await {
                Ok(()) => session.finish(&message(to)).await.is_ok(),
                Err(_) => false,
            };
            assert_eq!(sent, to.len() == "a@exemple.tg".len(), "{to}");
            assert!(session.is_usable());
        }
        let to: Vec<_> = relay.taken().into_iter().flat_map(|taken| taken.to).collect();
        assert_eq!(to, ["a@exemple.tg", "b@exemple.tg"]);
        relay.record(|record| assert_eq!(record.connections, 1));
    }
}

#[tokio::test]
async fn only_250_after_the_dot_counts_as_sent() {
    let relay = SmtpServer::start().await;
    let server = server(&relay, Security::Plain);
    for reply in ["354 go on", "220 hello", "251 forwarded", "200 fine"] {
        relay.clear_rules();
        relay.rule(Rule::at(Step::Dot, Act::Reply(reply)));
        assert_eq!(classify(&send(&server, "a@exemple.tg").await.unwrap_err()), Class::Doubt, "{reply}");
    }
}

#[tokio::test]
async fn a_connection_that_answered_out_of_turn_is_not_used_again() {
    let relay = SmtpServer::start().await;
    let server = server(&relay, Security::Plain);
    // One answer too many before the body: the dot's answer could not be told from it.
    for (step, text) in [(Step::Data, "354 go on"), (Step::Rcpt, "250 ok")] {
        relay.clear_rules();
        relay.rule(Rule::at(step, Act::ReplyTwice(text)));
        let mut session = Session::open(&server).await.unwrap();
        let failure = session.begin(&envelope("a@exemple.tg"), &message("a")).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Garbage(_)), "{step:?}: {failure}");
        assert!(!session.is_usable());
    }
    // One too many after it: this message is sent, the next goes another way.
    relay.clear_rules();
    relay.rule(Rule::at(Step::Dot, Act::ReplyTwice("250 2.0.0 ok")));
    let mut session = Session::open(&server).await.unwrap();
    session.begin(&envelope("a@exemple.tg"), &message("a")).await.unwrap();
    session.finish(&message("a")).await.unwrap();
    let next = session.begin(&envelope("b@exemple.tg"), &message("b")).await;
    assert!(!session.is_usable() || next.is_err());
    assert_eq!(relay.taken().len(), 1);
}

#[tokio::test]
async fn a_relay_that_ended_an_idle_conversation_has_refused_nobody() {
    let relay = SmtpServer::start().await;
    relay.rule(Rule::at(Step::Dot, Act::ReplyAndClose("250 2.0.0 ok, and goodbye")));
    let mut session = Session::open(&server(&relay, Security::Plain)).await.unwrap();
    session.begin(&envelope("a@exemple.tg"), &message("a")).await.unwrap();
    session.finish(&message("a")).await.unwrap();
    let failure = session.begin(&envelope("b@exemple.tg"), &message("b")).await.unwrap_err();
    assert_eq!(classify(&failure), Class::Host, "{failure}");
}

#[tokio::test]
async fn a_message_larger_than_the_relay_takes_is_not_offered() {
    let relay = SmtpServer::of_kind(Kind { offers: vec!["SIZE 1000"], ..Kind::default() }).await;
    let mut session = Session::open(&server(&relay, Security::Plain)).await.unwrap();
    let failure = session.begin(&envelope("a@exemple.tg"), &[b'a'; 1001]).await.unwrap_err();
    assert_eq!(classify(&failure), Class::Message, "{failure}");
    relay.record(|record| assert_eq!(record.clear, ["EHLO lettres.exemple.tg"]));
}

#[tokio::test]
async fn messages_travel_under_tls_and_no_command_but_starttls_in_clear() {
    let acceptor = Some(tls_acceptor());
    let offers = vec!["PIPELINING", "STARTTLS", "AUTH LOGIN PLAIN"];
    for (security, implicit) in [(Security::Tls, true), (Security::StartTls, false)] {
        let kind = Kind { offers: offers.clone(), tls: acceptor.clone(), implicit, ..Kind::default() };
        let relay = SmtpServer::of_kind(kind).await;
        let credentials = Some(Credentials::new("jean".to_owned(), "secret".to_owned()));
        let server = Server { credentials, ..server(&relay, security) };
        send(&server, "a@exemple.tg").await.unwrap();
        assert_eq!(relay.taken().len(), 1);
        relay.record(|record| {
            let clear: &[&str] = if implicit { &[] } else { &["EHLO lettres.exemple.tg", "STARTTLS"] };
            assert_eq!(record.clear, clear);
            assert_eq!(record.protected[1], "AUTH PLAIN AGplYW4Ac2VjcmV0");
        });
    }
}

#[tokio::test]
async fn login_is_used_where_plain_is_not_offered() {
    let kind =
        Kind { offers: vec!["AUTH LOGIN"], tls: Some(tls_acceptor()), implicit: true, ..Kind::default() };
    let relay = SmtpServer::of_kind(kind).await;
    let credentials = Some(Credentials::new("jean".to_owned(), "secret".to_owned()));
    send(&Server { credentials, ..server(&relay, Security::Tls) }, "a@exemple.tg").await.unwrap();
    relay.record(|record| assert_eq!(record.protected[1..4], ["AUTH LOGIN", "amVhbg==", "c2VjcmV0"]));
}

#[tokio::test]
async fn a_refused_password_or_a_missing_auth_is_the_relays_trouble_not_a_recipients() {
    let kind =
        Kind { offers: vec!["AUTH PLAIN"], tls: Some(tls_acceptor()), implicit: true, ..Kind::default() };
    let relay = SmtpServer::of_kind(kind).await;
    relay.rule(Rule::at(Step::Auth, Act::Reply("535 5.7.8 wrong")));
    let credentials = || Some(Credentials::new("jean".to_owned(), "secret".to_owned()));
    let refused = Server { credentials: credentials(), ..server(&relay, Security::Tls) };
    let failure = send(&refused, "a@exemple.tg").await.unwrap_err();
    assert_eq!((failure.stage, classify(&failure)), (Stage::Auth, Class::Host), "{failure}");

    let bare = SmtpServer::start().await;
    let missing = Server { credentials: credentials(), ..server(&bare, Security::Plain) };
    let failure = send(&missing, "a@exemple.tg").await.unwrap_err();
    assert_eq!((failure.stage, classify(&failure)), (Stage::Auth, Class::Host), "{failure}");
}

#[tokio::test]
async fn starttls_that_is_stripped_injected_or_wrongly_certified_stops_before_mail() {
    let offers = vec!["STARTTLS"];
    let kind = |offers: &[&'static str], injected| Kind {
        offers: offers.to_vec(),
        tls: Some(tls_acceptor()),
        injected,
        ..Kind::default()
    };
    let stripped = SmtpServer::of_kind(kind(&[], None)).await;
    let injected = SmtpServer::of_kind(kind(&offers, Some("250-mallory\r\n250 AUTH PLAIN"))).await;
    let certified = SmtpServer::of_kind(kind(&offers, None)).await;
    let implicit = SmtpServer::of_kind(Kind { implicit: true, ..kind(&offers, None) }).await;
    let strangers = TlsClient::new(Vec::new()).unwrap();
    for server in [
        server(&stripped, Security::StartTls),
        server(&injected, Security::StartTls),
        Server { tls: strangers.clone(), ..server(&certified, Security::StartTls) },
        Server { tls: strangers, ..server(&implicit, Security::Tls) },
    ] {
        let failure = send(&server, "a@exemple.tg").await.unwrap_err();
        assert_eq!((failure.stage, classify(&failure)), (Stage::Tls, Class::Host), "{failure}");
        assert!(matches!(failure.cause, Cause::Tls(_) | Cause::NotOffered(_)), "{failure}");
    }
    for relay in [stripped, injected, certified, implicit] {
        relay.record(|record| {
            assert!(record.clear.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"));
            assert_eq!(record.protected, [""; 0]);
        });
    }
}

#[tokio::test]
async fn a_connection_on_loopback_carries_more_than_500_messages_a_second() {
    let relay = SmtpServer::start().await;
    let mut session = Session::open(&server(&relay, Security::Plain)).await.unwrap();
    let body = format!("Subject: a\r\n\r\n{}", "Bonjour tout le monde.\r\n".repeat(1500)).into_bytes();
    // The best of five: a delayed ACK (40 ms a message) would spoil every one of them.
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        for _ in 0..20 {
            session.begin(&envelope("a@exemple.tg"), &body).await.unwrap();
            session.finish(&body).await.unwrap();
        }
        best = best.min(began.elapsed());
    }
    assert!(best < Duration::from_millis(400), "20 messages took {best:?}; without TCP_NODELAY it is 800 ms");
}
