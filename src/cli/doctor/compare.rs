//! What arrived beside what left: each difference, and the promise it breaks (docs/relays.md).

use std::collections::BTreeSet;

use dom_query::Document;
use mail_parser::{Message, MessageParser};

use super::finding::Finding;
use crate::mail::Address;
use crate::mail::dkim::{PublicKey, signatures};

/// What left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    /// The message.
    pub(super) bytes: &'a [u8],
    /// Its return path.
    pub(super) return_path: &'a Address,
    /// The domain of its sender.
    pub(super) from: &'a str,
    /// The selectors and keys that signed it.
    pub(super) keys: &'a [(String, PublicKey)],
}

/// The findings about a message as it lies in the mailbox, whatever its line ends.
pub(super) fn compare(sent: &Sent<'_>, arrived: &[u8]) -> Vec<Finding> {
    let arrived = with_crlf(arrived);
    let parser = MessageParser::default();
    let (Some(before), Some(after)) = (parser.parse(sent.bytes), parser.parse(&arrived)) else {
        return vec![Finding::failure("arrived", "what arrived is no message", "look into the mailbox")];
    };
    let mut findings = vec![identity(sent.bytes, &arrived)];
    findings.extend(headers(sent.bytes, &arrived));
    findings.extend(body(&before, &after));
    findings.extend(unsubscribe(sent.bytes, &arrived));
    findings.extend(signed(sent, &arrived));
    findings.push(return_path(sent.return_path, &arrived));
    findings.extend(receivers_word(&arrived));
    findings
}

/// The value of the first field of this name, unfolded.
pub(super) fn field(message: &[u8], name: &str) -> Option<String> {
    fields(message, name).into_iter().next()
}

fn fields(message: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\n\r\n").next().unwrap_or_default();
    let head = head.split("\n\n").next().unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    let mut ours = false;
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let (true, Some(value)) = (ours, found.last_mut()) {
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(line.trim());
            }
            continue;
        }
        let (key, value) = line.split_once(':').unwrap_or_default();
        ours = key.trim_end().eq_ignore_ascii_case(name);
        if ours {
            found.push(value.trim().to_owned());
        }
    }
    found
}

fn with_crlf(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 40);
    let mut last = 0;
    for &byte in message {
        if byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        last = byte;
    }
    out
}

fn identity(sent: &[u8], arrived: &[u8]) -> Finding {
    const CHECK: &str = "message-id";
    let (before, after) = (field(sent, CHECK), field(arrived, CHECK));
    if before == after {
        return Finding::ok(CHECK, "kept");
    }
    let found = format!("the relay writes its own: {}", after.unwrap_or_else(|| "none".to_owned()));
    let advice = "a copy sent again after a doubt (P3) then has another id, and mail programs show both; in the relay's own log, look for the id of its reply";
    Finding::warning(CHECK, found, advice)
}

fn headers(sent: &[u8], arrived: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    match field(sent, "date") == field(arrived, "date") {
        true => findings.push(Finding::ok("date", "kept")),
        false => {
            let advice =
                "readers see the relay's hour; a signature that covers Date, as ours do, does not hold";
            findings.push(Finding::warning("date", "the relay writes its own", advice));
        }
    }
    let changed: Vec<&str> = ["From", "To", "Subject", "Reply-To", "List-Id", "Feedback-ID"]
        .into_iter()
        .filter(|name| fields(sent, name) != fields(arrived, name))
        .collect();
    match changed.as_slice() {
        [] => {
            findings.push(Finding::ok("headers", "kept: From, To, Subject, Reply-To, List-Id, Feedback-ID"))
        }
        changed => {
            let found = format!("changed on the way: {}", changed.join(", "));
            findings.push(Finding::failure("headers", found, "find the relay's setting that writes them"));
        }
    }
    findings
}

fn body(before: &Message<'_>, after: &Message<'_>) -> Vec<Finding> {
    let html = |message: &Message<'_>| message.body_html(0).unwrap_or_default().into_owned();
    let (old, new) = (html(before), html(after));
    let mut findings = Vec::new();
    let (links, now) = (targets(&old, "a[href]", "href"), targets(&new, "a[href]", "href"));
    let strange: Vec<&String> = now.difference(&links).collect();
    match strange.first() {
        None if links.is_subset(&now) => {
            findings.push(Finding::ok("links", format!("{} links, as they left", links.len())))
        }
        None => findings.push(Finding::failure("links", "links are missing", "find what cuts the mail")),
        Some(first) => {
            let found =
                format!("{} of {} links lead elsewhere, such as {}", strange.len(), now.len(), short(first));
            let advice = "the relay follows clicks (P7): switch its click tracking off";
            findings.push(Finding::failure("links", found, advice));
        }
    }
    let (pictures, now) = (targets(&old, "img[src]", "src"), targets(&new, "img[src]", "src"));
    match now.difference(&pictures).next() {
        None => findings.push(Finding::ok("pixels", "none was added")),
        Some(first) => {
            let found = format!("a picture was added: {}", short(first));
            let advice = "the relay follows openings (P7), which readers must have agreed to first (CNIL, délibération 2026-042): switch its open tracking off";
            findings.push(Finding::failure("pixels", found, advice));
        }
    }
    let text = |message: &Message<'_>| {
        message.body_text(0).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    match text(before) == text(after) {
        true => findings.push(Finding::ok("text", "kept")),
        false => {
            let advice = "find the relay's setting that adds or rewrites text (footers, disclaimers, links)";
            findings.push(Finding::warning("text", "the text part was changed", advice));
        }
    }
    findings
}

fn targets(html: &str, select: &str, attribute: &str) -> BTreeSet<String> {
    let page = Document::from(html);
    let found = page.select(select);
    found.iter().filter_map(|node| node.attr(attribute)).map(|value| value.to_string()).collect()
}

fn short(text: &str) -> String {
    crate::cli::output::shorten(text, 80)
}

fn unsubscribe(sent: &[u8], arrived: &[u8]) -> Vec<Finding> {
    const CHECK: &str = "list-unsubscribe";
    let both = ["List-Unsubscribe", "List-Unsubscribe-Post"];
    if both.iter().all(|name| fields(sent, name) == fields(arrived, name)) {
        return vec![Finding::ok(CHECK, "List-Unsubscribe and List-Unsubscribe-Post as they left")];
    }
    let now = fields(arrived, both[0]);
    let found = match now.as_slice() {
        [] => "List-Unsubscribe was taken off".to_owned(),
        [one] => format!("List-Unsubscribe leads elsewhere: {}", short(one)),
        [..] => {
            format!("there are {} List-Unsubscribe, the first of the relay: {}", now.len(), short(&now[0]))
        }
    };
    let advice = "who leaves by the mail program's button then tells the relay and not kiosque (P4), which goes on sending what the relay throws away: switch its unsubscribe header off";
    vec![Finding::failure(CHECK, found, advice)]
}

fn signed(sent: &Sent<'_>, arrived: &[u8]) -> Vec<Finding> {
    const CHECK: &str = "dkim";
    let found = signatures(arrived);
    let mut findings = Vec::new();
    for (selector, key) in sent.keys {
        let ours = found.iter().find(|verdict| verdict.selector == *selector && verdict.check(key).is_ok());
        let near = ours.or_else(|| found.iter().find(|verdict| verdict.selector == *selector));
        findings.push(match near.map(|verdict| verdict.check(key)) {
            Some(Ok(())) => Finding::ok(CHECK, format!("the signature of {selector} holds")),
            Some(Err(error)) => {
                let advice = "receivers count the mail as unsigned: switch off what rewrites it, or let the relay sign after it has ([[relay]] signs = true)";
                Finding::failure(CHECK, format!("the signature of {selector} does not hold: {error}"), advice)
            }
            None => {
                let advice = "let the relay keep it, or sign in our name ([[relay]] signs = true)";
                Finding::failure(CHECK, format!("the signature of {selector} was taken off"), advice)
            }
        });
    }
    if sent.keys.is_empty() {
        let domains = fields(arrived, "DKIM-Signature").into_iter().filter_map(|value| {
            let tag = value.split(';').find_map(|part| part.trim().strip_prefix("d=").map(str::to_owned));
            tag.map(|domain| domain.trim().to_ascii_lowercase())
        });
        let domains: Vec<String> = domains.collect();
        let from = sent.from.to_ascii_lowercase();
        let aligned = domains.iter().find(|domain| from == **domain || from.ends_with(&format!(".{domain}")));
        findings.push(match aligned {
            Some(domain) => Finding::ok(CHECK, format!("the relay signed for {domain}")),
            None => {
                let found = format!(
                    "nobody signed for {from} (signed: {})",
                    if domains.is_empty() { "none".to_owned() } else { domains.join(", ") }
                );
                let advice = "make a key (kiosque dkim keygen), or have the relay sign for your domain";
                Finding::failure(CHECK, found, advice)
            }
        });
    }
    findings
}

fn return_path(sent: &Address, arrived: &[u8]) -> Finding {
    const CHECK: &str = "return-path";
    let now = field(arrived, CHECK);
    match now.as_deref().map(|path| path.trim_matches(['<', '>', ' '])) {
        Some(path) if path.eq_ignore_ascii_case(sent.as_str()) => Finding::ok(CHECK, "ours, with its token"),
        Some(path) => {
            let advice = "bounces go to the relay, not to kiosque, which cannot take dead addresses off: let it keep the return path, or send its reports to bounce_to";
            Finding::warning(CHECK, format!("the relay writes its own: {}", short(path)), advice)
        }
        None => {
            let advice =
                "most mailboxes write it into the message; this one does not, so nothing can be said";
            Finding::warning(CHECK, "the mailbox does not tell it", advice)
        }
    }
}

/// What the receiving host wrote on top (RFC 8601), if it says anything.
fn receivers_word(arrived: &[u8]) -> Option<Finding> {
    const CHECK: &str = "receiver";
    let word = field(arrived, "Authentication-Results")?;
    let lower = word.to_ascii_lowercase();
    let results: Vec<&str> = lower
        .split([';', ' '])
        .filter(|part| ["spf=", "dkim=", "dmarc="].iter().any(|start| part.starts_with(start)))
        .collect();
    if results.is_empty() {
        return None;
    }
    let found = results.join(", ");
    if results.iter().any(|result| result.ends_with("=pass")) && !lower.contains("dmarc=fail") {
        return Some(Finding::ok(CHECK, found));
    }
    let advice = format!("the receiving host's own words: {}", short(&word));
    Some(Finding::failure(CHECK, found, advice))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use crate::mail::dkim::{Algorithm, Name, Signer, SigningKey, sign};

    const MAIL: &str = "From: La Matinale <m@lettres.a.tg>\r\nTo: b@c.tg\r\nSubject: =?utf-8?q?=C3=89t=C3=A9?=\r\n\
        Date: Mon, 23 Nov 2026 07:00:00 +0000\r\nMessage-ID: <te-1@lettres.a.tg>\r\nMIME-Version: 1.0\r\n\
        List-Unsubscribe: <https://lettres.a.tg/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
        Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        Bonjour https://lettres.a.tg/\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <p>Bonjour <a href=\"https://lettres.a.tg/\">ici</a></p>\r\n--b--\r\n";

    /// The checks that are not `ok`, of a mail that was signed, changed and put into a mailbox.
    fn findings(change: impl Fn(&str) -> String) -> Vec<(&'static str, Verdict)> {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let signer =
            Signer { domain: Name::domain("a.tg").unwrap(), selector: Name::selector("k1").unwrap(), key };
        let left = sign(MAIL.as_bytes(), [&signer], 1).unwrap();
        let return_path = Address::parse("retours+t0ken@a.tg").unwrap();
        let keys = [("k1".to_owned(), signer.key.public())];
        let sent = Sent { bytes: &left, return_path: &return_path, from: "lettres.a.tg", keys: &keys };
        let text = change(std::str::from_utf8(&left).unwrap());
        let arrived =
            format!("Return-Path: <retours+T0KEN@a.tg>\r\nReceived: by x\r\n{text}").replace("\r\n", "\n");
        let all = compare(&sent, arrived.as_bytes());
        assert!(
            all.iter().all(|finding| (finding.verdict == Verdict::Ok) == finding.advice.is_none()),
            "{all:?}"
        );
        all.iter().filter(|finding| finding.verdict != Verdict::Ok).map(|f| (f.check, f.verdict)).collect()
    }

    #[test]
    fn what_arrives_as_it_left_breaks_nothing() {
        assert_eq!(findings(str::to_owned), []);
        let folded = |text: &str| text.replace("Subject: =?", "Subject:\r\n =?");
        assert_eq!(findings(folded), []);
    }

    #[test]
    fn each_change_is_told_with_what_it_breaks() {
        use Verdict::{Failure, Warning};
        let replaced = |from: &str, to: &str| {
            let found = findings(|text| {
                assert!(text.contains(from), "{from}");
                text.replacen(from, to, 1)
            });
            found.into_iter().filter(|(check, _)| *check != "dkim").collect::<Vec<_>>()
        };
        assert_eq!(
            replaced("<te-1@lettres.a.tg>", "<0102@eu-west-1.amazonses.com>"),
            [("message-id", Warning)]
        );
        assert_eq!(replaced("07:00:00", "07:00:09"), [("date", Warning)]);
        assert_eq!(
            replaced("href=\"https://lettres.a.tg/\"", "href=\"https://clics.relais.tg/1\""),
            [("links", Failure)]
        );
        assert_eq!(
            replaced("</p>", "<img src=\"https://relais.tg/o.gif\" width=1></p>"),
            [("pixels", Failure)]
        );
        assert_eq!(
            replaced("<https://lettres.a.tg/u/x>", "<https://relais.tg/u>"),
            [("list-unsubscribe", Failure)]
        );
        assert_eq!(
            replaced("List-Unsubscribe: ", "List-Unsubscribe: <mailto:u@relais.tg>\r\nList-Unsubscribe: "),
            [("list-unsubscribe", Failure)]
        );
        assert_eq!(replaced("To: b@", "To: c@"), [("headers", Failure)]);
        assert_eq!(replaced("Bonjour https", "[Pub] Bonjour https"), [("text", Warning)]);
        assert_eq!(replaced("From:", "Return-Path: <0102@eu-west-1.amazonses.com>\r\nFrom:"), []);
    }

    #[test]
    fn a_signature_that_is_gone_or_broken_and_the_receivers_word_are_told() {
        use Verdict::Failure;
        assert_eq!(findings(|text| text.replace("Bonjour <a", "Bonjour  <a")), [("dkim", Failure)]);
        assert_eq!(findings(|text| text.replace("DKIM-Signature:", "X-Old:")), [("dkim", Failure)]);
        let said =
            "Authentication-Results: mx.c.tg;\r\n spf=pass smtp.mailfrom=a.tg;\r\n dkim=fail; dmarc=fail\r\n";
        assert_eq!(findings(|text| format!("{said}{text}")), [("receiver", Failure)]);
        let said = said.replace("fail", "pass");
        assert_eq!(findings(|text| format!("{said}{text}")), []);
    }
}
