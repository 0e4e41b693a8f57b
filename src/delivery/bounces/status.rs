//! From an enhanced status and a host's words to whose fault it is.

use std::fmt;

use crate::delivery::bounces::record::Class;
use crate::delivery::replies::{self, Classes};
use crate::delivery::smtp::{Enhanced, Reply, Stage};

/// An enhanced mail system status code (RFC 3463 §2): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    class: u16,
    subject: u16,
    detail: u16,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Status {
    /// The first status in a text: `5.1.1 (bad destination mailbox address)`, `smtp; 550 5.1.1 <a@b>: …`.
    pub(super) fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).take(40).find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.trim_matches('.').split('.');
        let number = |text: Option<&str>| {
            text.filter(|text| (1..=3).contains(&text.len())).and_then(|text| text.parse::<u16>().ok())
        };
        let (class, subject, detail) =
            (number(numbers.next())?, number(numbers.next())?, number(numbers.next())?);
        (matches!(class, 2 | 4 | 5) && numbers.next().is_none()).then_some(Self { class, subject, detail })
    }

    /// Whether it says no more than its class.
    fn is_vague(self) -> bool {
        self.subject == 0 || self.detail == 0
    }

    /// Of what the status field and the host's words say, the one that says more.
    pub(super) fn best(field: Option<Self>, words: &str) -> Option<Self> {
        let Some(field) = field else { return Self::find(words) };
        let better = Self::find(words).filter(|found| found.class == field.class && !found.is_vague());
        if field.is_vague() { better.or(Some(field)) } else { Some(field) }
    }

    /// It succeeded.
    pub(super) fn is_success(self) -> bool {
        self.class == 2
    }
}

/// Whose fault a failure is that is final (`Action: failed`): what the same words would mean as an answer to RCPT, by the
/// one table of [`Classes`]. Only what blames the recipient counts against him; that it merely seems so, or passes, is soft.
pub(super) fn classify(classes: &Classes, status: Option<Status>, words: &str, group: &str) -> Class {
    let Some(reply) = as_reply(status, words) else { return Class::Soft };
    match classes.judge_reply(Stage::Rcpt, &reply, group).class {
        replies::Class::Hard => Class::Hard,
        class if class.blames_recipient() => Class::Soft,
        _ => Class::Other,
    }
}

/// The reply that a report tells of; none when it says nothing of one.
fn as_reply(status: Option<Status>, words: &str) -> Option<Reply> {
    let code =
        words.split_whitespace().next().and_then(|word| word.get(..3)).and_then(|word| word.parse().ok());
    let code = code.filter(|code| matches!(code, 400..600));
    // Some hosts report a failure that is final with the code of the last try, which was not.
    let code = match (code, &status) {
        (Some(code), Some(status)) if code / 100 == status.class => code,
        (_, Some(status)) => status.class * 100 + 50,
        (Some(code), None) => code,
        (None, None) => return None,
    };
    let enhanced = status.map(|Status { class, subject, detail }| Enhanced(class, subject, detail));
    Some(Reply { code, enhanced, text: words.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(field: &str, words: &str) -> Class {
        classify(&Classes::shipped(), Status::best(Status::find(field), words), words, "exemple.tg")
    }

    #[test]
    fn only_what_is_the_recipients_own_counts_against_him() {
        for (field, words, class) in [
            ("5.1.1", "550 5.1.1 <a@b.fr>: Recipient address rejected", Class::Hard),
            ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Class::Hard),
            ("5.2.1", "", Class::Hard),
            ("5.0.0", "550 5.1.1 No such user", Class::Hard),
            ("5.0.0", "550 No such user here", Class::Hard),
            ("5.0.0", "550 Utilisateur inconnu", Class::Hard),
            ("5.0.0", "550 refused", Class::Soft),
            ("5.0.0", "554 message rejected as spam", Class::Other),
            ("5.2.2", "552 5.2.2 mailbox full", Class::Soft),
            ("5.7.1", "550 5.7.1 blocked by policy", Class::Other),
            ("5.7.26", "unauthenticated", Class::Other),
            ("5.7.515", "550 5.7.515 Access denied", Class::Other),
            ("5.3.4", "message too big", Class::Other),
            ("5.1.8", "sender domain", Class::Other),
            ("5.4.4", "Host not found", Class::Soft),
            ("4.2.2", "over quota", Class::Soft),
            ("4.4.1", "connect: timed out", Class::Other),
            ("4.7.0", "try again later", Class::Other),
            ("5.1.1", "450 4.1.1 still trying", Class::Hard),
            ("", "no code at all", Class::Soft),
        ] {
            assert_eq!(class_of(field, words), class, "{field} {words}");
        }
    }

    #[test]
    fn a_status_is_found_among_other_numbers() {
        assert_eq!(
            Status::find("smtp; 550 5.1.1 [192.0.2.1]").map(|s| s.to_string()).as_deref(),
            Some("5.1.1")
        );
        for none in ["192.0.2.1", "3.1.1", "5.1", "5.1.1.1", "5.1111.1", "v2", ""] {
            assert_eq!(Status::find(none), None, "{none}");
        }
    }
}
