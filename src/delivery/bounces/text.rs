//! Bounces that are no notifications of RFC 3464, and answers of machines that are no bounces.

use crate::delivery::bounces::mail::Mail;
use crate::delivery::bounces::record::{Bounce, Class};
use crate::delivery::bounces::report::{NoEffect, Said};
use crate::delivery::bounces::status::Status;
use crate::delivery::bounces::words::is_delay;

/// Who sends bounces.
const DAEMONS: &[&str] =
    &["mailer-daemon", "mailerdaemon", "postmaster", "mail delivery", "mail-daemon", "maildelivery"];

/// What their subjects say, in lower case.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "undelivered",
    "returned mail",
    "returned to sender",
    "failure notice",
    "delivery fail",
    "delivery status notification",
    "delivery notification",
    "delivery problem",
    "mail delivery",
    "mail failure",
    "could not be delivered",
    "non remis",
    "non distribu",
    "non délivr",
    "échec de la remise",
    "échec de remise",
    "échec de la distribution",
    "échec d'acheminement",
    "message rejeté",
    "retour de courrier",
];

/// Whether a machine answers for a person (RFC 3834 §5): away, retired, « message reçu ».
pub(super) fn is_automatic_answer(mail: &Mail<'_>) -> bool {
    let has = |name: &str| mail.field(name).is_some();
    let says = |name: &str, word: &str| {
        mail.field(name).is_some_and(|value| value.to_ascii_lowercase().contains(word))
    };
    if says("Auto-Submitted", "auto-replied") && !from_daemon(mail) {
        return true;
    }
    if has("X-Autoreply") || has("X-Autorespond") || has("X-Vacation") || says("X-Precedence", "auto_reply") {
        return true;
    }
    if says("Precedence", "auto_reply") || says("X-Auto-Response-Suppress", "oof") && !from_daemon(mail) {
        return true;
    }
    const AWAY: &[&str] = &[
        "out of office",
        "out of the office",
        "automatic reply",
        "auto reply",
        "autoreply",
        "auto:",
        "réponse automatique",
        "absence",
        "absent",
        "en congé",
        "vacation",
        "accusé de réception",
    ];
    let subject = mail.subject().to_lowercase();
    AWAY.iter().any(|phrase| subject.contains(phrase)) && !from_daemon(mail)
}

/// What a text bounce says; none when it is not one. Nobody knows its kind, so it counts as soft.
pub(super) fn read(mail: &Mail<'_>) -> Option<Said> {
    let subject = mail.subject().to_lowercase();
    let looks_like_one = SUBJECTS.iter().any(|phrase| subject.contains(phrase));
    if !looks_like_one && !from_daemon(mail) {
        return None;
    }
    let text = mail.text();
    if is_delay(&subject) || is_delay(&text) {
        return Some(Said::Nothing(NoEffect::Delayed));
    }
    // A daemon that says nothing of a failure is not understood.
    let reply = reply_line(&text);
    if !looks_like_one && reply.is_none() {
        return None;
    }
    Some(Said::Bounce(Bounce {
        class: Class::Soft,
        status: reply.as_deref().and_then(Status::find).map(|status| status.to_string()),
        reply,
        reporter: None,
    }))
}

fn from_daemon(mail: &Mail<'_>) -> bool {
    let from = mail.from();
    DAEMONS.iter().any(|name| from.contains(name))
}

/// The line that holds the host's words: a code of three digits, or a status.
fn reply_line(text: &str) -> Option<String> {
    let has_code = |line: &str| {
        line.split(|c: char| !c.is_ascii_digit())
            .any(|word| word.len() == 3 && (word.starts_with('5') || word.starts_with('4')))
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(200);
    lines.find(|line| Status::find(line).is_some() || has_code(line)).map(str::to_owned)
}
