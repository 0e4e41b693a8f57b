//! What a message of the mailbox says, and about what. Reading is pure: it looks at nothing but the bytes, and whose
//! keys made the tokens in it is asked afterwards.

use crate::delivery::bounces::mail::Mail;
use crate::delivery::bounces::record::Bounce;
use crate::delivery::bounces::{arf, dsn, text};
use crate::delivery::policy::Policy;
use crate::subscribers::UnsubscribeToken;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A message of ours came back, or was called spam.
    Bounce(Bounce),
    /// A reader wants no more: the token of his link.
    Unsubscribe(String),
    /// Nothing that changes anything.
    Nothing(NoEffect),
}

/// Why a message changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEffect {
    /// The host still tries.
    Delayed,
    /// It has arrived.
    Arrived,
    /// A person's machine answers: away, retired.
    AutomaticAnswer,
    /// A report of another kind than abuse.
    OtherFeedback,
    /// A report in which nothing could be read.
    NotUnderstood,
    /// Anything else: a letter to a person, perhaps.
    Unknown,
}

/// What may say which delivery a message is about. None of it counts before one of our keys has verified it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// Tags of return paths, the likeliest first.
    pub tags: Vec<String>,
    /// Message-IDs of what is returned, without angle brackets.
    pub message_ids: Vec<String>,
    /// Tokens of List-Unsubscribe of what is returned.
    pub unsubscribe_tokens: Vec<String>,
    /// The message's own Message-ID.
    pub own_id: Option<String>,
}

/// A message of the mailbox, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it says.
    pub said: Said,
    /// About what.
    pub clues: Clues,
}

/// Reads a message of at most [`BYTES`](super::BYTES) (of a longer one, its beginning). Never fails: what is no report
/// is [`NoEffect::Unknown`]. What refusals mean, `policy` says.
#[must_use]
pub fn read(raw: &[u8], policy: &Policy) -> Report {
    let Some(mail) = Mail::open(raw) else {
        return Report { said: Said::Nothing(NoEffect::Unknown), clues: Clues::default() };
    };
    let recipients = mail.recipient_tags();
    let mut clues = Clues { own_id: mail.message_id().map(str::to_owned), ..Clues::default() };
    // A letter to the address of a List-Unsubscribe is a "no" whatever it says.
    if let Some(token) = recipients.iter().find(|tag| tag.len() == UnsubscribeToken::CHARACTERS) {
        return Report { said: Said::Unsubscribe(token.clone()), clues };
    }
    clues.tags = recipients;
    for returned in mail.returned() {
        clues.tags.extend(returned.return_path_tags());
        clues.message_ids.extend(returned.message_id().map(str::to_owned));
        clues.unsubscribe_tokens.extend(returned.unsubscribe_tokens());
    }
    let said = said(&mail, &mut clues, policy);
    Report { said, clues }
}

fn said(mail: &Mail<'_>, clues: &mut Clues, policy: &Policy) -> Said {
    if let Some(said) = arf::read(mail, clues) {
        return said;
    }
    // Receipts of reading (RFC 8098) are reports too, and say nothing of interest.
    let other_report = mail.kind() == "multipart/report"
        && mail.report_type().is_some_and(|kind| kind.contains("disposition-notification"));
    if other_report {
        return Said::Nothing(NoEffect::AutomaticAnswer);
    }
    if let Some(said) = dsn::read(mail, policy) {
        return said;
    }
    if text::is_automatic_answer(mail) {
        return Said::Nothing(NoEffect::AutomaticAnswer);
    }
    text::read(mail).unwrap_or(Said::Nothing(NoEffect::Unknown))
}
