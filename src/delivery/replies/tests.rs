use super::*;
use lettre::transport::smtp::response::Response;

fn reply(text: &str) -> Reply {
    // The last line of several, as hosts write them, is read as the only one.
    let (code, rest) = text.split_at(3);
    Reply::from(&format!("{code} {}\r\n", &rest[1..]).parse::<Response>().unwrap())
}

/// Of a recipient at Orange, Google and so on; `-` where the group does not matter.
fn judged(stage: Stage, text: &str, group: &str) -> Judgement {
    Classes::shipped().judge_reply(stage, &reply(text), group)
}

#[test]
fn a_reply_means_what_hosts_mean_by_it() {
    use Class::*;
    use Stage::{Auth, Banner, Data, Dot, Ehlo, Mail, Rcpt};
    let table = [
        // The relay.
        (Banner, "-", "554 5.7.1 Go away", Host),
        (Banner, "-", "421 4.3.2 Service shutting down", Host),
        (Banner, "-", "421 4.7.0 mx.exemple.tg Error: too many connections from 127.0.0.1", Connections),
        (Banner, "-", "421 Too many concurrent SMTP connections from this IP address", Connections),
        (Ehlo, "-", "421 4.7.0 Trop de connexions simultanées", Connections),
        (Auth, "-", "535 5.7.8 Bad password", Host),
        (Auth, "-", "454 4.7.0 Temporary authentication failure", Host),
        (Auth, "-", "454 Throttling failure: Daily message quota exceeded.", Quota),
        (Mail, "-", "454 Throttling failure: Maximum sending rate exceeded.", Rate),
        (Mail, "-", "450 4.7.1 Error: too much mail from 192.0.2.1", Rate),
        (Rcpt, "-", "450 4.7.1 Error: too many recipients from 192.0.2.1", Rate),
        (Dot, "-", "454 Throttling failure: Daily message quota exceeded.", Quota),
        (Dot, "-", "550 5.4.5 Daily user sending limit exceeded", Quota),
        (Rcpt, "-", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Quota),
        (Rcpt, "-", "550 5.1.90 Your message can't be sent because you've reached your daily limit", Quota),
        (Mail, "-", "451 4.7.1 Quota d'envoi atteint", Quota),
        (Rcpt, "-", "421 4.3.0 closing", Host),
        (Dot, "-", "421 4.4.2 mx.exemple.tg Error: timeout exceeded", Host),
        (Dot, "-", "421 shutting down", Host),
        (Mail, "-", "451 4.3.0 Error: queue file write error", Host),
        (Mail, "-", "452 4.3.1 Insufficient system storage", Host),
        (Mail, "-", "452 Insufficient storage", Host),
        (Rcpt, "-", "451 4.3.0 <a@exemple.tg>: Temporary lookup failure", Host),
        (Rcpt, "-", "451 4.3.5 Server configuration problem", Host),
        (Rcpt, "-", "450 4.4.1 connect to mx.exemple.tg[192.0.2.1]:25: Connection timed out", Throttled),
        (Rcpt, "-", "450 4.4.3 unable to verify address: host not found", Throttled),
        // Addresses that do not exist.
        (Rcpt, "google", "550-5.1.1 The email account that you tried to reach does not exist.", Hard),
        (Rcpt, "google", "550 5.2.1 The email account that you tried to reach is inactive.", Hard),
        (Rcpt, "microsoft", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", Hard),
        (
            Rcpt,
            "microsoft",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            Hard,
        ),
        (Rcpt, "-", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Hard),
        (
            Rcpt,
            "yahoo",
            "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]",
            Hard,
        ),
        (
            Dot,
            "yahoo",
            "554 delivery error: dd Sorry, your message cannot be delivered. This mailbox is disabled (554.30).",
            Hard,
        ),
        (Rcpt, "yahoo", "552 1 Requested mail action aborted, mailbox not found", Hard),
        (
            Rcpt,
            "orange",
            "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]",
            Hard,
        ),
        (
            Rcpt,
            "laposte",
            "550 5.5.0 Adresse d au moins un destinataire invalide. Invalid recipient. LPN007_416",
            Hard,
        ),
        (
            Rcpt,
            "free",
            "550 5.1.1 <a@free.fr>: Recipient address rejected: User unknown in virtual mailbox table",
            Hard,
        ),
        (Rcpt, "sfr", "550 5.1.1 <a@sfr.fr>: Recipient address rejected: User unknown", Hard),
        (Rcpt, "-", "550 <a@exemple.tg> User unknown", Hard),
        (Rcpt, "-", "550 No such user here", Hard),
        (Rcpt, "-", "550 Invalid recipient", Hard),
        (Rcpt, "-", "550 Inconnu au bataillon", Hard),
        (Rcpt, "-", "550 Destinataire inconnu", Hard),
        (Rcpt, "-", "550 Cette adresse n'existe plus", Hard),
        (Rcpt, "-", "550 La boîte de ce lecteur est désactivée", Hard),
        (Rcpt, "-", "553 5.3.0 <a@exemple.tg>... No such user here", Hard),
        (Rcpt, "-", "553 sorry, that domain isn't here; no mailbox here by that name", Hard),
        (Rcpt, "-", "511 sorry, no mailbox here by that name (#5.1.1)", Hard),
        (Rcpt, "-", "501 5.1.3 Bad recipient address syntax", Hard),
        (Rcpt, "-", "556 5.1.10 Recipient address has null MX", Hard),
        (Rcpt, "-", "550 5.1.6 Mailbox has moved", Hard),
        (Dot, "-", "550 5.1.1 Unknown user", Hard),
        (Rcpt, "-", "550 Requested action not taken", ProbableHard),
        (Rcpt, "-", "550 Refus", ProbableHard),
        (Rcpt, "-", "551 User not local; please try <b@exemple.tg>", ProbableHard),
        // Mailboxes that are full, and other troubles of one recipient.
        (Rcpt, "google", "452-4.2.2 The email account that you tried to reach is over quota.", MailboxFull),
        (Dot, "google", "552-5.2.2 The email account that you tried to reach is over quota", MailboxFull),
        (Rcpt, "google", "450-4.2.1 The user you are trying to contact is receiving mail too quickly.", Soft),
        (
            Rcpt,
            "orange",
            "552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]",
            MailboxFull,
        ),
        (Dot, "-", "554 5.2.2 mailbox full", MailboxFull),
        (Rcpt, "-", "552 Quota", MailboxFull),
        (Rcpt, "-", "452 4.2.2 Mailbox full", MailboxFull),
        (Rcpt, "-", "550 User's mailbox is full", MailboxFull),
        (Rcpt, "-", "550 La boîte aux lettres est pleine", MailboxFull),
        (Rcpt, "-", "450 4.2.1 Mailbox busy", Soft),
        (Rcpt, "-", "450 4.1.1 <a@exemple.tg>: unverified address", Soft),
        (Rcpt, "-", "451 Try later", Soft),
        (Dot, "-", "451 Try later", Soft),
        // Greylisting.
        (Rcpt, "-", "450 4.7.1 Greylisted for 300 s", Greylisted),
        (
            Rcpt,
            "-",
            "450 4.2.0 <a@exemple.tg>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/",
            Greylisted,
        ),
        (Rcpt, "-", "451 Please try again, you are graylisted", Greylisted),
        (Rcpt, "-", "450 Adresse en liste grise", Greylisted),
        (Dot, "-", "451 4.7.1 Try again in 5 minutes", Greylisted),
        (Rcpt, "-", "450 4.7.1 Client host rejected: come back later", Greylisted),
        // We are too fast, or not liked: never the person's fault.
        (
            Rcpt,
            "orange",
            "421 smtp.orange.fr [192.0.2.1] Service refuse. Veuillez essayer plus tard. OFR_102 [102]",
            Throttled,
        ),
        (Rcpt, "orange", "421 4.7.0 Too many connections, slow down. OFR004_104 [104]", Throttled),
        (Dot, "laposte", "421 Service refuse, veuillez essayer plus tard. LPN007_510", Throttled),
        (Dot, "orange", "550 5.2.0 Mail rejete. Mail rejected. ofr_506 [506]", Sender),
        (Rcpt, "orange", "550 5.7.1 Service refuse. OFR_109 [109]", Sender),
        (
            Rcpt,
            "yahoo",
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1",
            Throttled,
        ),
        (
            Rcpt,
            "yahoo",
            "553 5.7.1 [BL21] Connections not accepted from IP addresses on Spamhaus PBL",
            Sender,
        ),
        (Dot, "yahoo", "554 5.7.9 Message not accepted for policy reasons.", Sender),
        (Dot, "google", "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", Throttled),
        (Dot, "google", "421 4.7.26 This mail has been rate limited because it is unauthenticated.", Sender),
        (
            Dot,
            "google",
            "550-5.7.26 Your email has been blocked because the sender is unauthenticated.",
            Sender,
        ),
        (
            Dot,
            "google",
            "550-5.7.1 Our system has detected that this message is likely unsolicited mail.",
            Sender,
        ),
        (
            Dot,
            "google",
            "552-5.7.0 This message was blocked because its content presents a potential security issue.",
            Message,
        ),
        (
            Mail,
            "microsoft",
            "550 5.7.515 Access denied, sending domain does not meet the required authentication level",
            Sender,
        ),
        (Mail, "microsoft", "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. S3140", Sender),
        (Rcpt, "microsoft", "421 RP-001 The mail server IP has exceeded the rate limit allowed.", Throttled),
        (
            Rcpt,
            "microsoft",
            "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited",
            Throttled,
        ),
        (Rcpt, "microsoft", "550 SC-001 Mail rejected by Outlook.com for policy reasons.", Sender),
        (Rcpt, "-", "550 5.1.8 Access denied, bad outbound sender", Sender),
        (Dot, "free", "550 spam detected", Sender),
        (
            Rcpt,
            "free",
            "421 Too many spams from your IP (192.0.2.1), please visit http://postmaster.free.fr/",
            Sender,
        ),
        (
            Rcpt,
            "-",
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            Sender,
        ),
        (Rcpt, "-", "550 5.1.1 rejected: listed in a dnsbl", Sender),
        (Rcpt, "-", "550 5.7.1 Relaying denied", Sender),
        (Rcpt, "-", "554 <a@exemple.tg>: Relay access denied", Sender),
        (Rcpt, "-", "554 Blocked by our policy", Sender),
        (Rcpt, "-", "550 Message refusé : courrier indésirable", Sender),
        (Rcpt, "-", "550 5.7.1 [CS01] Message rejected due to local policy.", Sender),
        (Rcpt, "-", "554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help)", Sender),
        (Rcpt, "-", "421 4.1.0 192.0.2.1 Throttled - try again later. RL000001", Throttled),
        (Mail, "-", "553 5.7.1 Sender address rejected: not owned by user lettres", Sender),
        (Mail, "-", "553 Sender unknown", Sender),
        (Dot, "-", "554 This looks like spam", Sender),
        (Dot, "-", "550 5.7.1 DMARC policy of exemple.tg: reject", Sender),
        (Mail, "-", "421 too many messages in this connection", Host),
        (Mail, "yahoo", "421 4.7.0 Max message per connection reached, closing transmission channel", Host),
        // The message.
        (Mail, "-", "552 5.3.4 Message size exceeds fixed limit", Message),
        (Dot, "-", "552 5.3.4 Too big", Message),
        (Dot, "-", "550 5.6.0 Bad header", Message),
        (Dot, "-", "550 5.6.7 SMTPUTF8 required", Message),
        (Dot, "-", "554 Transaction failed", Message),
        (Data, "-", "503 5.5.1 No valid recipients", Message),
        (Rcpt, "-", "503 Bad sequence", Message),
        (Mail, "-", "555 5.5.4 Unsupported option: BODY=8BITMIME", Message),
        (Mail, "-", "501 5.5.2 Syntax error", Message),
        // Not a refusal at all.
        (Rcpt, "-", "354 go on", Host),
        (Dot, "-", "354 go on", Doubt),
    ];
    assert!(table.len() >= 80);
    let wrong: Vec<_> = table
        .into_iter()
        .map(|(stage, group, text, expected)| (stage, text, expected, judged(stage, text, group).class))
        .filter(|(_, _, expected, found)| expected != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_host_that_is_known_for_its_rests_gets_them() {
    use crate::clock::HOUR;
    let pause = |text, group| judged(Stage::Rcpt, text, group).pause;
    assert_eq!(pause("421 4.7.0 [TSS04] deferred", "yahoo"), Some(4 * HOUR));
    assert_eq!(pause("421 OFR_104 Trop de connexions", "orange"), Some(HOUR));
    assert_eq!(pause("550 5.7.1 no", "exemple.tg"), None);
}

#[test]
fn no_usable_answer_is_in_doubt_after_the_body_was_begun_and_the_hosts_trouble_before() {
    let classes = Classes::shipped();
    for cause in [Cause::Timeout, Cause::Lost("reset".to_owned()), Cause::Garbage("354 go on".to_owned())] {
        for stage in Stage::ALL {
            let expected = if *stage == Stage::Dot { Class::Doubt } else { Class::Host };
            let failure = Failure { stage: *stage, cause: cause.clone() };
            assert_eq!(classes.judge(&failure, "-").class, expected, "{stage}");
        }
    }
    let large = Failure { stage: Stage::Mail, cause: Cause::TooLarge { size: 2, limit: 1 } };
    assert_eq!(classes.judge(&large, "-").class, Class::Message);
}

#[test]
fn every_class_but_doubt_can_be_met() {
    for class in Class::ALL.iter().filter(|class| **class != Class::Doubt) {
        assert!(SHIPPED.iter().any(|entry| entry.class == *class), "{class}");
    }
}

fn load(text: &str) -> anyhow::Result<Classes> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("classes.toml");
    std::fs::write(&file, text).unwrap();
    Classes::load(Some(&file))
}

#[test]
fn the_operators_entries_come_first() {
    let classes = load(
        "[[reply]]\nclass = \"sender\"\nstatus = [\"5.1.1\"]\ntext = 'Vendredi'\npause = \"90m\"\ngroup = [\"Orange\"]\n",
    )
    .unwrap();
    let judge = |text, group| classes.judge_reply(Stage::Rcpt, &reply(text), group);
    let friday = judge("550 5.1.1 fermé le vendredi", "orange");
    assert_eq!(friday, Judgement { class: Class::Sender, pause: Some(90 * crate::clock::MINUTE) });
    assert_eq!(judge("550 5.1.1 fermé le lundi", "orange").class, Class::Hard);
    assert_eq!(judge("550 5.1.1 fermé le vendredi", "free").class, Class::Hard);
}

#[test]
fn a_mistake_in_the_operators_file_is_named_with_file_line_and_column() {
    for (text, expected) in [
        ("[[reply]]\nclass = \"harsh\"\ncode = [\"550\"]\n", ":2:9: `class`: `harsh` is not a Class"),
        ("[[reply]]\nclass = \"doubt\"\ncode = [\"550\"]\n", ":2:9: `class`: a refusal is never"),
        ("[[reply]]\nclass = \"hard\"\ncode = [\"250\"]\n", ":3:9: `code`: expected such as"),
        ("[[reply]]\nclass = \"hard\"\nstatus = [\"5.1\"]\n", ":3:11: `status`: expected such as"),
        ("[[reply]]\nclass = \"hard\"\nstage = [\"quit\"]\n", ":3:10: `stage`: expected such as"),
        ("[[reply]]\nclass = \"hard\"\ntext = '(ab'\n", ":3:8: `text`: not a regular expression"),
        ("[[reply]]\nclass = \"hard\"\ntext = 'ab'\npause = \"soon\"\n", ":4:9: `pause`: expected such as"),
        ("[[reply]]\nclass = \"hard\"\ngroup = [\"free\"]\n", ":1:1: an entry fits every reply"),
        ("[[reply]]\nclass = \"hard\"\ncodes = [\"550\"]\n", "unknown field `codes`"),
        ("[[reply]]\nclass = hard\n", ":2:9:"),
    ] {
        let shown = format!("{:#}", load(text).unwrap_err());
        assert!(shown.contains(expected) && shown.contains("classes.toml"), "{expected}: {shown}");
    }
    let missing = format!("{:#}", Classes::load(Some(Path::new("/nowhere/classes.toml"))).unwrap_err());
    assert!(
        missing.contains("/nowhere/classes.toml") && missing.contains("delivery.reply_classes"),
        "{missing}"
    );
}
