//! Complaints: abuse reports (RFC 5965), and the older form that Microsoft's junk mail program still sends.

use crate::delivery::bounces::dsn::{paragraphs, value};
use crate::delivery::bounces::mail::{Mail, tags};
use crate::delivery::bounces::record::{Bounce, Class};
use crate::delivery::bounces::report::{Clues, NoEffect, Said};

/// What a report says, and more clues to what it is about; none when the message is none.
pub(super) fn read(mail: &Mail<'_>, clues: &mut Clues) -> Option<Said> {
    let Some(part) = mail.part("message/feedback-report") else {
        return junk_mail_report(mail);
    };
    let fields: Vec<(String, String)> = paragraphs(&part).concat();
    // Providers often blacken the recipient, but not the return path, which names the delivery.
    if let Some(from) = value(&fields, "original-mail-from") {
        clues.tags.extend(tags(from));
    }
    let kind = value(&fields, "feedback-type").unwrap_or_default().to_ascii_lowercase();
    if kind != "abuse" {
        return Some(Said::Nothing(NoEffect::OtherFeedback));
    }
    let reporter = value(&fields, "reporting-mta").or_else(|| value(&fields, "source"));
    let reporter = reporter.or_else(|| value(&fields, "user-agent")).map(str::to_owned);
    Some(Said::Bounce(complaint(reporter)))
}

/// Microsoft's reports have the message attached with a field that names the complainer, and no feedback part.
fn junk_mail_report(mail: &Mail<'_>) -> Option<Said> {
    let from_microsoft = mail.from().contains("staff@hotmail.com");
    let marked = mail.returned().any(|message| message.field("X-HmXmrOriginalRecipient").is_some());
    (from_microsoft && marked).then(|| Said::Bounce(complaint(Some("Microsoft JMRP".to_owned()))))
}

fn complaint(reporter: Option<String>) -> Bounce {
    Bounce { class: Class::Complaint, status: None, reply: None, reporter }
}
