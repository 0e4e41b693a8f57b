//! Delivery status notifications (RFC 3464): fields in paragraphs, the first about the message, each other about one
//! recipient.

use crate::delivery::bounces::mail::Mail;
use crate::delivery::bounces::record::{Bounce, Class};
use crate::delivery::bounces::report::{NoEffect, Said};
use crate::delivery::bounces::status::{Status, classify};
use crate::delivery::policy::Policy;

/// Paragraphs looked at, and fields in all: our messages have one recipient.
const PARAGRAPHS: usize = 64;
const FIELDS: usize = 512;

/// What `Action` says of a recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Failed,
    Delayed,
    /// Delivered, relayed, or expanded into several.
    Arrived,
}

/// What a notification says; none when the message is none.
pub(super) fn read(mail: &Mail<'_>, policy: &Policy) -> Option<Said> {
    let part =
        mail.part("message/delivery-status").or_else(|| mail.part("message/global-delivery-status"))?;
    let paragraphs = paragraphs(&part);
    let reporter = paragraphs
        .iter()
        .find_map(|paragraph| value(paragraph, "reporting-mta"))
        .map(|value| without_type(value).to_owned());
    let mut failures = Vec::new();
    let mut delayed = false;
    for paragraph in &paragraphs {
        match action(paragraph) {
            // It reached somebody: an alias or a list with one dead member is not a dead address.
            Some(Action::Arrived) => return Some(Said::Nothing(NoEffect::Arrived)),
            Some(Action::Delayed) => delayed = true,
            Some(Action::Failed) => failures.push(failure(paragraph, reporter.as_deref(), policy)),
            None => {}
        }
    }
    // Of several, the mildest: one that may pass is no reason to give up the address.
    let failure = failures.into_iter().min_by_key(|bounce| match bounce.class {
        Class::Other => 0,
        Class::Soft => 1,
        Class::Hard | Class::Complaint => 2,
    });
    Some(match failure {
        Some(bounce) => Said::Bounce(bounce),
        None if delayed => Said::Nothing(NoEffect::Delayed),
        None => Said::Nothing(NoEffect::NotUnderstood),
    })
}

fn failure(paragraph: &[(String, String)], reporter: Option<&str>, policy: &Policy) -> Bounce {
    let words = value(paragraph, "diagnostic-code").map(without_type).unwrap_or_default();
    let status = Status::best(value(paragraph, "status").and_then(Status::find), words);
    let recipient = value(paragraph, "final-recipient").map(without_type).unwrap_or_default();
    let domain = recipient.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_lowercase();
    let reporter = value(paragraph, "remote-mta").map(without_type).or(reporter);
    Bounce {
        class: classify(&policy.classes, status, words, policy.groups.group(&domain)),
        status: status.map(|status| status.to_string()),
        reply: (!words.is_empty()).then(|| words.to_owned()),
        reporter: reporter.map(str::to_owned),
    }
}

/// A status of success outweighs the word beside it.
fn action(paragraph: &[(String, String)]) -> Option<Action> {
    let word = value(paragraph, "action")?.trim().to_ascii_lowercase();
    let status = value(paragraph, "status").and_then(Status::find);
    // Some hosts add a comment: `failed (permanent failure)`.
    let word = word.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    match word {
        "failed" if status.is_some_and(Status::is_success) => Some(Action::Arrived),
        "failed" => Some(Action::Failed),
        "delayed" => Some(Action::Delayed),
        "delivered" | "relayed" | "expanded" => Some(Action::Arrived),
        _ => None,
    }
}

/// The value of a field; its name in lower case.
pub(super) fn value<'p>(paragraph: &'p [(String, String)], name: &str) -> Option<&'p str> {
    paragraph.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// `dns; mail.exemple.tg` without its type.
fn without_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
            rest.trim()
        }
        _ => value.trim(),
    }
}

/// Fields in paragraphs, names in lower case, folded lines joined.
pub(super) fn paragraphs(text: &str) -> Vec<Vec<(String, String)>> {
    let mut all: Vec<Vec<(String, String)>> = vec![Vec::new()];
    let mut fields = 0;
    for line in text.lines() {
        let Some(last) = all.last_mut() else { break };
        if line.trim().is_empty() {
            if !last.is_empty() {
                if all.len() == PARAGRAPHS {
                    break;
                }
                all.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = last.last_mut()
                && value.len() < 4_096
            {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields += 1;
            if fields > FIELDS {
                break;
            }
            last.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    all
}
