//! Words by which hosts say that a message is only late, in English and French.

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
