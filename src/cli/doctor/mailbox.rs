//! A mail of ours, by the queue and the relay into a mailbox that we can read: what arrives, beside what left.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::compare::{Sent, compare, field};
use super::finding::Finding;
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::{MailboxUrl, Secret};
use crate::db::living_nodes;
use crate::delivery::bounces::Lookout;
use crate::delivery::{Departure, Signing, State, departure, enqueue_probe, what_left};
use crate::mail::{Address, Draft, Encoded, ListHeaders, TOKEN_MARK, compose};
use crate::newsletters::declaration::{Declaration, unsubscribe_to};

const CHECK: &str = "mailbox";

/// How often the queue and the mailbox are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What is sent, in whose name and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) app: &'a App,
    pub(super) signing: &'a Signing,
    pub(super) declaration: &'a Declaration,
    pub(super) to: &'a Address,
    pub(super) patience: Duration,
}

impl Trial<'_> {
    pub(super) async fn run(
        self,
        url: &MailboxUrl,
        password: Option<&Secret>,
    ) -> anyhow::Result<Vec<Finding>> {
        let app = self.app;
        let now = app.clock.now();
        let mut lookout = match Lookout::begin(url, password).await {
            Ok(lookout) => lookout,
            Err(error) => {
                let advice = "name a Maildir (maildir:DIR) or an IMAP account (imaps://user@host, --password env:NAME)";
                return Ok(vec![Finding::failure(CHECK, format!("{error:#}"), advice)]);
            }
        };
        let nodes = living_nodes(&app.db, now).await?;
        if !nodes.iter().any(|node| node.roles.contains("pump")) {
            let advice = "start `kiosque serve`, then ask again: the mail goes the way of every mail";
            return Ok(vec![Finding::failure(CHECK, "no node is serving that would send it", advice)]);
        }
        let subject = format!("[Essai] Ce qui arrive de ce qui part, {}", now.millis());
        let message = self.letter(&subject, now)?;
        let probe = (subject.as_str(), &message);
        let key = enqueue_probe(&app.db, &app.keys, self.declaration, probe, self.to, now).await?;
        let deadline = Instant::now() + self.patience;
        let gone = loop {
            let gone = departure(&app.db, &key).await?;
            if matches!(gone.state, State::Sent | State::Failed | State::Cancelled)
                || gone.held
                || Instant::now() > deadline
            {
                break gone;
            }
            tokio::time::sleep(LOOK).await;
        };
        let mut findings = vec![sent(&gone)];
        if gone.state != State::Sent {
            return Ok(findings);
        }
        let (left, return_path) = what_left(&app.db, &app.keys, self.signing, &key).await?;
        let id = field(&left, "message-id").context("what left has no Message-ID")?;
        let arrived = loop {
            let ours = lookout.look().await?.into_iter().find(|mail| {
                field(mail, "message-id").as_deref() == Some(id.as_str())
                    || subject_of(mail).as_deref() == Some(&*subject)
            });
            if ours.is_some() || Instant::now() > deadline {
                break ours;
            }
            tokio::time::sleep(LOOK).await;
        };
        let Some(arrived) = arrived else {
            let found = format!("nothing arrived within {} s", self.patience.as_secs());
            let advice = "does mail to this address come into this mailbox? Look into its spam folder and the relay's log; --patience waits longer";
            findings.push(Finding::failure(CHECK, found, advice));
            return Ok(findings);
        };
        let from = self.declaration.from.address().domain();
        let keys =
            self.signing.signers_for(from).map(|signer| (signer.selector.to_string(), signer.key.public()));
        let keys = keys.collect::<Vec<_>>();
        findings
            .extend(compare(&Sent { bytes: &left, return_path: &return_path, from, keys: &keys }, &arrived));
        Ok(findings)
    }

    /// A mail with what every digest has: its headers, both parts, a link, the unsubscribe link.
    fn letter(&self, subject: &str, now: Timestamp) -> anyhow::Result<Encoded> {
        let declaration = self.declaration;
        let (slug, domain) = (declaration.slug.as_str(), declaration.from.address().domain());
        let public_url = &self.app.config.public_url;
        let home = public_url.join("/");
        let unsubscribe = public_url.join(&format!("/u/{TOKEN_MARK}"));
        let words = "Ce message vérifie, d’un bout à l’autre, ce que le relais garde de nos lettres\u{202f}: \
                     «\u{a0}Élections\u{a0}: 1\u{202f}200 bureaux ouverts à 7\u{a0}h\u{a0}30\u{a0}». Vous pouvez l’effacer.";
        let draft = Draft {
            from: declaration.from.clone(),
            reply_to: declaration.reply_to.clone(),
            subject: subject.to_owned(),
            text: format!("{words}\n\nÀ lire\u{a0}: {home}\n\nSe désinscrire\u{a0}: {unsubscribe}\n"),
            html: format!(
                "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><title>Essai</title></head><body>\
                 <p>{words}</p><p><a href=\"{home}\">À lire</a></p>\
                 <p><a href=\"{unsubscribe}\">Se désinscrire</a></p></body></html>"
            ),
            date: Some(now.to_utc()),
            list: Some(ListHeaders {
                list_name: declaration.title.clone(),
                list_id: format!("{slug}.{domain}"),
                feedback_id: format!("essai:{slug}:digest:kiosque"),
                unsubscribe,
                unsubscribe_to: unsubscribe_to(&self.app.config),
            }),
            auto: true,
        };
        Ok(compose(&draft)?)
    }
}

fn sent(gone: &Departure) -> Finding {
    let relay = gone.relay.as_deref().unwrap_or("the relay");
    let said = gone.reply_text.as_deref().unwrap_or_default();
    let why = gone.reason.as_deref().unwrap_or(said);
    match gone.state {
        State::Sent => Finding::ok(CHECK, format!("handed to {relay}: {said}")),
        State::Failed | State::Cancelled => {
            let advice = "is the address right, and does the relay take mail from this sender?";
            Finding::failure(CHECK, format!("not sent: {why}"), advice)
        }
        _ => {
            let advice = "kiosque status and the log say what the queue waits for";
            Finding::failure(CHECK, format!("still waits in the queue ({}): {why}", gone.state), advice)
        }
    }
}

fn subject_of(mail: &[u8]) -> Option<String> {
    mail_parser::MessageParser::default().parse(mail)?.subject().map(str::to_owned)
}
