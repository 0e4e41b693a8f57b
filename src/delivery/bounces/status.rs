//! From an enhanced status and a host's words to whose fault it is.

use std::fmt;

use crate::delivery::bounces::record::Class;
use crate::delivery::bounces::words::{Meaning, meaning};

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

/// Whose fault a failure is that is final (`Action: failed`), by the list of reliability.md §1.4. Nothing suppresses
/// at once but a permanent status that speaks of the recipient.
pub(super) fn classify(status: Option<Status>, words: &str) -> Class {
    let Some(status) = status else { return Class::Soft };
    match (status.class, status.subject, status.detail) {
        (5, 1, 1 | 2 | 3 | 6 | 10) | (5, 2, 1) => Class::Hard,
        // The sender's address; a message too large for a mailbox; protocol, content.
        (5, 1, 7 | 8) | (5, 2, 3) | (5, 3, 4) | (5, 5 | 6, _) => Class::Other,
        (5, 2, 2) => Class::Soft,
        // Security and policy: never the reader's fault, though some hosts say « unknown user » with it.
        (5, 7, _) => match meaning(words) {
            Meaning::Unknown | Meaning::Full => Class::Soft,
            Meaning::Policy | Meaning::Unclear => Class::Other,
        },
        // 5.0.0 is what hosts without enhanced codes come out as; 5.3.0 and 5.4.x say little more.
        (5, ..) if status.is_vague() => match meaning(words) {
            Meaning::Unknown => Class::Hard,
            Meaning::Policy => Class::Other,
            Meaning::Full | Meaning::Unclear => Class::Soft,
        },
        (_, 7, _) => Class::Other,
        _ => Class::Soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(field: &str, words: &str) -> Class {
        classify(Status::best(Status::find(field), words), words)
    }

    #[test]
    fn only_a_permanent_status_about_the_recipient_is_hard() {
        for (field, words, class) in [
            ("5.1.1", "smtp; 550 5.1.1 <a@b.fr>: Recipient address rejected", Class::Hard),
            ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound", Class::Hard),
            ("5.2.1", "", Class::Hard),
            ("5.0.0", "smtp; 550 5.1.1 No such user", Class::Hard),
            ("5.0.0", "smtp;550 No such user here", Class::Hard),
            ("5.0.0", "smtp; 550 Utilisateur inconnu", Class::Hard),
            ("5.0.0", "smtp; 550 mailbox unavailable", Class::Soft),
            ("5.0.0", "smtp; 554 message rejected as spam", Class::Other),
            ("5.2.2", "smtp; 552 5.2.2 mailbox full", Class::Soft),
            ("5.7.1", "smtp; 550 5.7.1 blocked by policy", Class::Other),
            ("5.7.26", "unauthenticated", Class::Other),
            ("5.7.515", "550 5.7.515 Access denied", Class::Other),
            ("5.7.1", "550 5.7.1 user unknown", Class::Soft),
            ("5.3.4", "message too big", Class::Other),
            ("5.1.8", "sender domain", Class::Other),
            ("5.4.4", "Host not found", Class::Soft),
            ("4.2.2", "over quota", Class::Soft),
            ("4.4.1", "connect: timed out", Class::Soft),
            ("4.7.0", "try again later", Class::Other),
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
