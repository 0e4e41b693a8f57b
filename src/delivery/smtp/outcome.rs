//! What a reply or a failure means for the delivery (reliability.md §1.4).

use crate::delivery::smtp::reply::{Enhanced, Reply};
use crate::delivery::smtp::stage::{Cause, Failure, Stage};

/// What became of one attempt to send one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The relay has taken it: 250 after the final dot.
    Sent,
    /// This recipient cannot be served now.
    RecipientTemporary {
        /// The relay wants to see us again before it takes the first message (greylisting).
        greylisted: bool,
    },
    /// This recipient will never be served.
    RecipientPermanent,
    /// We are refused for what we are or seem to be: not the recipient's fault, and not for good.
    SenderRefused,
    /// The message itself is refused: its size, its form.
    MessageRefused,
    /// The relay has trouble, or no relay was reached; the message has not been taken.
    Host,
    /// No usable answer after the body was begun: the relay may have taken it.
    InDoubt,
}

/// Reads a failed attempt.
pub fn classify(failure: &Failure) -> Outcome {
    match (&failure.cause, failure.stage) {
        (Cause::Refused(reply), stage) => classify_reply(stage, reply),
        (Cause::TooLarge { .. }, _) => Outcome::MessageRefused,
        (_, Stage::Dot) => Outcome::InDoubt,
        _ => Outcome::Host,
    }
}

fn classify_reply(stage: Stage, reply: &Reply) -> Outcome {
    if stage < Stage::Mail || reply.code == 421 {
        return Outcome::Host;
    }
    if reply.is_temporary() {
        return temporary(stage, reply);
    }
    // Only 4yz and 5yz are refusals.
    if !reply.is_permanent() {
        return if stage == Stage::Dot { Outcome::InDoubt } else { Outcome::Host };
    }
    permanent(stage, reply)
}

fn temporary(stage: Stage, reply: &Reply) -> Outcome {
    let greylisted = matches!(reply.code, 450 | 451)
        && (reply.has_status(7, 1) || contains(&reply.text, &["greylist", "graylist", "liste grise"]));
    match reply.enhanced {
        _ if greylisted => Outcome::RecipientTemporary { greylisted },
        Some(Enhanced(_, 3 | 4, _) | Enhanced(_, 7, 0)) => Outcome::Host,
        _ if stage == Stage::Mail => Outcome::Host,
        _ => Outcome::RecipientTemporary { greylisted: false },
    }
}

fn permanent(stage: Stage, reply: &Reply) -> Outcome {
    match reply.enhanced {
        Some(Enhanced(_, 2, 2)) => return Outcome::RecipientTemporary { greylisted: false },
        Some(Enhanced(_, 1, 1..=6 | 10) | Enhanced(_, 2, _)) if stage >= Stage::Rcpt => {
            return Outcome::RecipientPermanent;
        }
        Some(Enhanced(_, 7, _)) => return Outcome::SenderRefused,
        Some(Enhanced(_, 3, 4) | Enhanced(_, 6, _)) => return Outcome::MessageRefused,
        _ => {}
    }
    // French and English words that hosts put where the code says little.
    if contains(&reply.text, &["spam", "blacklist", "blocklist", "blocked", "policy", "reputation", "dmarc"])
    {
        return Outcome::SenderRefused;
    }
    match (stage, reply.code) {
        (Stage::Rcpt, 552) => Outcome::RecipientTemporary { greylisted: false },
        (Stage::Rcpt, 500 | 502..=504 | 555) => Outcome::MessageRefused,
        (Stage::Rcpt, _) => Outcome::RecipientPermanent,
        (Stage::Mail, 500..=504 | 552 | 555) => Outcome::MessageRefused,
        (Stage::Mail, _) => Outcome::SenderRefused,
        _ => Outcome::MessageRefused,
    }
}

fn contains(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stage: Stage, reply: &str) -> Outcome {
        let response: lettre::transport::smtp::response::Response = format!("{reply}\r\n").parse().unwrap();
        classify(&Failure::new(stage, Cause::Refused(Reply::from(&response))))
    }

    const LATER: Outcome = Outcome::RecipientTemporary { greylisted: false };
    const GREY: Outcome = Outcome::RecipientTemporary { greylisted: true };

    #[test]
    fn a_reply_is_read_by_stage_code_and_status() {
        use Outcome::{Host, MessageRefused, RecipientPermanent, SenderRefused};
        for (stage, reply, expected) in [
            (Stage::Banner, "554 5.7.1 Go away", Host),
            (Stage::Auth, "535 5.7.8 Bad password", Host),
            (Stage::Mail, "421 4.7.0 OFR_102 slow down", Host),
            (Stage::Rcpt, "421 Too many connections", Host),
            (Stage::Dot, "421 shutting down", Host),
            (Stage::Mail, "451 4.3.0 Local trouble", Host),
            (Stage::Mail, "452 Insufficient storage", Host),
            (Stage::Rcpt, "451 4.3.0 Local trouble", Host),
            (Stage::Rcpt, "450 4.4.1 No answer from host", Host),
            (Stage::Rcpt, "450 4.7.1 Greylisted for 300 s", GREY),
            (Stage::Rcpt, "451 Please try again, you are greylisted", GREY),
            (Stage::Rcpt, "450 4.2.1 Mailbox busy", LATER),
            (Stage::Rcpt, "452 4.2.2 Mailbox full", LATER),
            (Stage::Rcpt, "552 5.2.2 Mailbox full", LATER),
            (Stage::Rcpt, "552 Quota", LATER),
            (Stage::Dot, "452 4.2.2 Mailbox full", LATER),
            (Stage::Dot, "451 Try later", LATER),
            (Stage::Rcpt, "550 5.1.1 Unknown user", RecipientPermanent),
            (Stage::Rcpt, "550 5.2.1 Mailbox disabled", RecipientPermanent),
            (Stage::Rcpt, "550 Inconnu au bataillon", RecipientPermanent),
            (Stage::Rcpt, "501 5.1.3 Bad address", RecipientPermanent),
            (Stage::Dot, "550 5.1.1 Unknown user", RecipientPermanent),
            (Stage::Rcpt, "550 5.7.1 Relaying denied", SenderRefused),
            (Stage::Rcpt, "554 Blocked by our policy", SenderRefused),
            (Stage::Mail, "550 5.7.515 Sender does not meet the requirements", SenderRefused),
            (Stage::Mail, "553 Sender unknown", SenderRefused),
            (Stage::Dot, "554 This looks like spam", SenderRefused),
            (Stage::Mail, "552 5.3.4 Too big", MessageRefused),
            (Stage::Dot, "552 5.3.4 Too big", MessageRefused),
            (Stage::Dot, "550 5.6.0 Bad header", MessageRefused),
            (Stage::Dot, "554 Transaction failed", MessageRefused),
            (Stage::Rcpt, "503 Bad sequence", MessageRefused),
        ] {
            assert_eq!(of(stage, reply), expected, "{stage} {reply}");
        }
    }

    #[test]
    fn no_usable_answer_is_in_doubt_after_the_body_was_begun_and_the_hosts_trouble_before() {
        for cause in [Cause::Timeout, Cause::Lost("reset".to_owned()), Cause::Garbage("354 go on".to_owned())]
        {
            for stage in Stage::ALL {
                let expected = if *stage == Stage::Dot { Outcome::InDoubt } else { Outcome::Host };
                assert_eq!(classify(&Failure::new(*stage, cause.clone())), expected, "{stage}");
            }
        }
    }
}
