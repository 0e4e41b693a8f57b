//! `kiosque doctor`: what a first sending needs, each thing looked at, with what to do about it.

mod compare;
mod domain;
mod finding;
mod mailbox;
mod relay;
mod site;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::output::{self, Format};
use super::{Failure, setup};
use crate::config::{Config, MailboxUrl, Secret};
use crate::delivery::Signing;
use crate::mail::Address;
use crate::outbound::Dns;
use finding::{Finding, Verdict};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also send a mail to --to by the queue and the relay, and compare what arrives in this mailbox with what left:
    /// `maildir:DIR` or `imaps://user@host`
    #[arg(long, value_name = "MAILBOX", requires = "to")]
    mailbox: Option<String>,
    /// The address whose mail comes into the mailbox
    #[arg(long, value_name = "ADDRESS", requires = "mailbox")]
    to: Option<Address>,
    /// The password of an IMAP mailbox, such as `env:DOCTOR_PASSWORD` or `file:PATH`
    #[arg(long, value_name = "SECRET", requires = "mailbox")]
    password: Option<String>,
    /// In the name of this newsletter; without it the first
    #[arg(long, value_name = "SLUG", requires = "mailbox")]
    newsletter: Option<String>,
    /// Wait so many seconds for the mail
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
    /// Ask this name server, such as `192.0.2.53:53`; without it the machine's
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns: Option<SocketAddr>,
    #[command(flatten)]
    format: Format,
}

pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let (config, declarations) = setup::configuration(named)?;
    let report = Report { json: arguments.format.json, findings: Vec::new() };
    let mut report = report.with(publisher(&config));
    let signing = match Signing::of(&config) {
        Ok(signing) => signing,
        Err(error) => {
            let advice =
                "`kiosque dkim keygen` makes a key; serve does not start without the keys it is told of";
            report.add(Finding::failure("dkim", format!("{error:#}"), advice));
            Signing::default()
        }
    };
    report = report.with(relay::check(&config).await);
    let dns = arguments.dns.map_or_else(Dns::of_machine, Dns::at);
    report = report.with(domain::check(&config, &declarations, &signing, &dns).await);
    match setup::open_if_there(config.clone()).await {
        Err(Failure::Failed(error)) => {
            let advice =
                "make it with: kiosque migrate; the clock and the unsubscribe address were not looked at";
            report.add(Finding::failure("database", format!("{error:#}"), advice));
        }
        Err(other) => return Err(other),
        Ok(app) => {
            report = report.with(site::check(&app).await);
            if let (Some(mailbox), Some(to)) = (&arguments.mailbox, &arguments.to) {
                let folder = std::env::current_dir().map_err(anyhow::Error::new)?;
                let url = MailboxUrl::parse(mailbox, &folder)
                    .map_err(|error| Failure::usage(format!("kiosque: --mailbox {mailbox}: {error}")))?;
                let password =
                    arguments.password.as_ref().map(|text| Secret::new("--password", text, &folder));
                let declaration = match &arguments.newsletter {
                    Some(slug) => setup::declared(&declarations, slug)?,
                    None => declarations.newsletters.first().ok_or_else(|| {
                        Failure::usage("kiosque: no newsletter is declared to send in the name of")
                    })?,
                };
                let patience = Duration::from_secs(arguments.patience);
                let trial = mailbox::Trial { app: &app, signing: &signing, declaration, to, patience };
                report = report.with(trial.run(&url, password.as_ref()).await?);
            }
        }
    }
    report.end()
}

/// Findings, told as they come.
struct Report {
    json: bool,
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, finding: Finding) {
        if !self.json {
            finding.say();
        }
        self.findings.push(finding);
    }

    fn with(mut self, findings: Vec<Finding>) -> Self {
        for finding in findings {
            self.add(finding);
        }
        self
    }

    /// Exit status 1 when something failed.
    fn end(self) -> Result<(), Failure> {
        let count = |verdict| self.findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (warnings, failures) = (count(Verdict::Warning), count(Verdict::Failure));
        if self.json {
            output::json(&self.findings)?;
        } else {
            let plural = |count: usize, word: &str| match count {
                1 => format!("1 {word}"),
                more => format!("{more} {word}s"),
            };
            output::say(format!("\n{}, {}", plural(failures, "failure"), plural(warnings, "warning")));
        }
        if failures == 0 { Ok(()) } else { Err(Failure::Reported) }
    }
}

/// The fields that the law requires are given, or the configuration would not be one; what is left is whose they are.
fn publisher(config: &Config) -> Vec<Finding> {
    let left = config.example_values_left();
    let leaves = config.relays.iter().any(|relay| !relay.url.is_local());
    let laws: Vec<&str> = config.publisher.law.iter().map(|law| law.word()).collect();
    match left.first() {
        None => vec![Finding::ok(
            "publisher",
            format!("every field that the law of {} requires", laws.join(", ")),
        )],
        Some(first) => {
            let (line, key, count) = (first.line, &first.key, left.len());
            let found =
                format!("{count} values still stand as in the example, the first in line {line} ({key})");
            let advice = "put yours in their place before mail leaves this machine";
            vec![match leaves {
                true => Finding::failure("publisher", found, advice),
                false => Finding::warning("publisher", found, advice),
            }]
        }
    }
}
