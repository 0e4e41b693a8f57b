//! Words by which hosts say what is wrong, in English and French, for reports whose codes do not tell.

/// There is no such recipient.
const UNKNOWN: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown or invalid recipient",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no mailbox here",
    "does not exist",
    "doesn't exist",
    "doesn’t exist",
    "not found in directory",
    "recipient not found",
    "address not found",
    "couldn't be found",
    "couldn’t be found",
    "invalid recipient",
    "invalid mailbox",
    "mailbox not found",
    "unrouteable address",
    "unroutable address",
    "no account by that name",
    "not a valid user",
    "not a valid mailbox",
    "account has been deleted",
    "account that you tried to reach is disabled",
    "account is inactive",
    "mailbox is inactive",
    "utilisateur inconnu",
    "destinataire inconnu",
    "adresse inconnue",
    "boîte inconnue",
    "boite inconnue",
    "n'existe pas",
    "n’existe pas",
    "n'existe plus",
    "n’existe plus",
    "inexistant",
    "destinataire invalide",
    "adresse d au moins un destinataire invalide",
    "introuvable",
];

/// The mailbox is full.
const FULL: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "inbox is full",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded quota",
    "out of storage",
    "exceeded storage",
    "insufficient storage",
    "insufficient disk",
    "mailbox size limit",
    "storage limit",
    "boîte pleine",
    "boite pleine",
    "boîte aux lettres pleine",
    "boite aux lettres pleine",
    "boîte de réception pleine",
    "quota dépassé",
    "quota est dépassé",
    "espace de stockage",
];

/// It is about us: our address, our name, what we wrote.
const POLICY: &[&str] = &[
    "spam",
    "unsolicited",
    "blocked",
    "blacklist",
    "blocklist",
    "block list",
    "black list",
    "spamhaus",
    "reputation",
    "policy",
    "dmarc",
    "dkim",
    "spf ",
    "authentication",
    "not authorized",
    "access denied",
    "banned",
    "too many",
    "rate limit",
    "message content",
    "rejected for content",
    "virus",
    "indésirable",
    "politique",
    "refusé pour",
    "ofr_5",
];

/// What the words of a host are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Unknown,
    Full,
    Policy,
    Unclear,
}

/// Reads a host's words. What names a missing recipient weighs more than what sounds like a policy, and a full
/// mailbox more than both.
pub(super) fn meaning(words: &str) -> Meaning {
    let words = words.to_lowercase();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let any = |list: &[&str]| list.iter().any(|phrase| words.contains(phrase));
    if any(FULL) {
        Meaning::Full
    } else if any(UNKNOWN) {
        Meaning::Unknown
    } else if any(POLICY) {
        Meaning::Policy
    } else {
        Meaning::Unclear
    }
}

/// Whether a text says that the message is only late and still tried.
pub(super) fn is_delay(text: &str) -> bool {
    const LATE: &[&str] = &[
        "warning message only",
        "do not need to resend",
        "no action is required",
        "will continue to try",
        "will be retried",
        "will retry",
        "delivery will continue",
        "has been delayed",
        "delivery delayed",
        "delayed mail",
        "has not yet been delivered",
        "could not be delivered yet",
        "remise retardée",
        "remise différée",
        "retard de remise",
        "n'a pas encore été",
        "n’a pas encore été",
        "nouvelle tentative",
    ];
    let text = text.to_lowercase();
    LATE.iter().any(|phrase| text.contains(phrase))
}
