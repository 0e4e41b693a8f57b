//! Each relay is called as the pump would call it, and left before a message.

use std::time::Duration;

use super::finding::Finding;
use crate::config::Config;
use crate::delivery::smtp::{Failure, Session, Stage, Timers};
use crate::delivery::{Relay, Way};

const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let relays = match Relay::all(config) {
        Ok(relays) => relays,
        Err(error) => {
            let advice = "serve does not start before this is mended";
            return vec![Finding::failure("relay", format!("{error:#}"), advice)];
        }
    };
    let mut findings = Vec::new();
    for relay in relays {
        findings.push(one(&relay).await);
    }
    findings
}

async fn one(relay: &Relay) -> Finding {
    let name = &relay.name;
    let server = match &relay.way {
        Way::Maildir(_) => {
            let advice = "for trying things out; name the server that takes your mail under [[relay]] to reach readers";
            return Finding::warning("relay", format!("{name}: mail stays in this folder"), advice);
        }
        Way::Smtp(server) => server,
    };
    let mut server = (**server).clone();
    server.timers = Timers { connect: PATIENCE, banner: PATIENCE, command: PATIENCE, ..server.timers };
    match Session::open(&server).await {
        Ok(session) => {
            let found = format!("{name}: {}", session.terms());
            session.quit().await;
            Finding::ok("relay", found)
        }
        Err(failure) => Finding::failure("relay", format!("{name}: {failure}"), advice(&failure)),
    }
}

fn advice(failure: &Failure) -> &'static str {
    match failure.stage {
        Stage::Connect | Stage::Banner => {
            "is it running, is the port right, and does a firewall let us out? (providers often close port 25)"
        }
        Stage::Tls => {
            "smtps:// is for ports that speak TLS at once (465), smtp+starttls:// for those that do so when asked (587); the certificate must be valid for the host's name"
        }
        Stage::Auth => "are the user in relay.url and relay.password those of the relay's SMTP access?",
        _ => "ask whoever runs the relay what this answer means",
    }
}
