//! What the sending domains publish: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489). Gmail, Yahoo and Outlook want all three of
//! who sends much, laposte.net one that is aligned with the sender (reliability.md §1.1).

use super::finding::{Finding, Verdict};
use crate::config::{Config, RelayUrl};
use crate::delivery::Signing;
use crate::mail::dkim::{PublicKey, Signer};
use crate::newsletters::declaration::Declarations;
use crate::outbound::{Dns, DnsError};

pub(super) async fn check(
    config: &Config,
    declarations: &Declarations,
    signing: &Signing,
    dns: &Dns,
) -> Vec<Finding> {
    let relays_sign = config.relays.iter().all(|relay| relay.signs);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for newsletter in &declarations.newsletters {
        let domain = |address: &crate::mail::Address| address.domain().to_ascii_lowercase();
        let pair = (domain(newsletter.from.address()), domain(&newsletter.bounce_to));
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let mut findings = Vec::new();
    for (from, bounce_to) in &pairs {
        findings.push(spf(dns, bounce_to).await);
        let signers: Vec<&Signer> = signing.signers_for(from).collect();
        match signers.is_empty() {
            true => findings.push(unsigned(from, relays_sign)),
            false => {
                for signer in &signers {
                    findings.push(key(dns, signer).await);
                }
            }
        }
        findings.extend(dmarc(dns, from, bounce_to, &signers).await);
    }
    if config.relays.iter().all(|relay| matches!(relay.url, RelayUrl::Maildir(_))) {
        // Nothing leaves: there is time.
        for finding in findings.iter_mut().filter(|finding| finding.verdict == Verdict::Failure) {
            finding.verdict = Verdict::Warning;
        }
    }
    findings
}

fn unknown(check: &'static str, name: &str, error: &DnsError) -> Finding {
    let advice = format!("look from where DNS answers: dig +short TXT {name}");
    Finding::warning(check, format!("{name} cannot be looked up: {error}"), advice)
}

/// The first word of a record, such as `v=spf1`, without regard to case.
fn is_version(text: &str, version: &str) -> bool {
    let word = text.split([' ', ';']).next().unwrap_or_default();
    word.trim().eq_ignore_ascii_case(version)
}

async fn spf(dns: &Dns, domain: &str) -> Finding {
    const CHECK: &str = "spf";
    let records = match dns.txt(domain).await {
        Ok(records) => records,
        Err(error) => return unknown(CHECK, domain, &error),
    };
    let records: Vec<&String> = records.iter().filter(|text| is_version(text, "v=spf1")).collect();
    spf_of(domain, &records)
}

fn spf_of(domain: &str, records: &[&String]) -> Finding {
    const CHECK: &str = "spf";
    let record = match records {
        [] => {
            let advice = format!(
                "publish who may send for the return path: {domain} TXT \"v=spf1 include:YOUR-RELAY -all\" (your relay says what to include; for one of your own: ip4:ITS-ADDRESS)"
            );
            return Finding::failure(CHECK, format!("{domain} publishes none"), advice);
        }
        [one] => one,
        [..] => {
            let found =
                format!("{domain} publishes {} records: receivers take that for an error", records.len());
            return Finding::failure(CHECK, found, "keep one, with what all of them allow (RFC 7208 §4.5)");
        }
    };
    let words: Vec<String> = record.split_whitespace().map(str::to_ascii_lowercase).collect();
    let found = format!("{domain}: {record}");
    if words.iter().any(|word| word == "+all" || word == "all") {
        return Finding::warning(CHECK, found, "it allows everybody: end it with -all or ~all");
    }
    if !words.iter().any(|word| word.ends_with("all") || word.starts_with("redirect=")) {
        return Finding::warning(CHECK, found, "it forbids nobody: end it with -all or ~all");
    }
    Finding::ok(CHECK, format!("{found} (your relay must be among these)"))
}

fn unsigned(from: &str, relays_sign: bool) -> Finding {
    const CHECK: &str = "dkim";
    if relays_sign {
        let found = format!("{from}: left to the relay (signs = true); --mailbox shows whether it does");
        return Finding::ok(CHECK, found);
    }
    let advice = format!(
        "kiosque dkim keygen --domain {from} --selector k1 --out dkim-k1.pem (or, where the relay signs for {from}: [[relay]] signs = true)"
    );
    Finding::failure(CHECK, format!("nobody signs mail from {from}"), advice)
}

async fn key(dns: &Dns, signer: &Signer) -> Finding {
    let name = signer.record_name();
    match dns.txt(&name).await {
        Ok(records) => key_of(&name, signer, &records),
        Err(error) => unknown("dkim", &name, &error),
    }
}

fn key_of(name: &str, signer: &Signer, records: &[String]) -> Finding {
    const CHECK: &str = "dkim";
    let ours = signer.key.public();
    let record = ours.record();
    match records {
        [] => {
            let advice = format!("publish it: {name} TXT {record}");
            Finding::failure(
                CHECK,
                format!("{name} is not published: no signature of this key can be verified"),
                advice,
            )
        }
        [one] => match PublicKey::from_record(one) {
            Ok(theirs) if theirs == ours => {
                let algorithm = ours.algorithm().signature_tag();
                Finding::ok(CHECK, format!("{name} holds this key ({algorithm})"))
            }
            Ok(_) => {
                let advice = format!("a new key wants a new selector; or publish this one: {record}");
                Finding::failure(CHECK, format!("{name} holds another key"), advice)
            }
            Err(error) => {
                let advice = format!("it should be: {record}");
                Finding::failure(CHECK, format!("{name}: {error}"), advice)
            }
        },
        [..] => {
            let found =
                format!("{name} has {} records: receivers may take any (RFC 6376 §3.6.2.2)", records.len());
            Finding::failure(CHECK, found, format!("keep one: {record}"))
        }
    }
}

async fn dmarc(dns: &Dns, from: &str, bounce_to: &str, signers: &[&Signer]) -> Vec<Finding> {
    const CHECK: &str = "dmarc";
    // The domain's own record, else that of a domain above it: which one is the organisation's, the public suffix list would
    // say; without it, the nearest counts.
    let mut domain = from;
    loop {
        let name = format!("_dmarc.{domain}");
        let records = match dns.txt(&name).await {
            Ok(records) => records,
            Err(error) => return vec![unknown(CHECK, &name, &error)],
        };
        let records: Vec<String> = records.into_iter().filter(|text| is_version(text, "v=DMARC1")).collect();
        if let [record, rest @ ..] = records.as_slice() {
            if !rest.is_empty() {
                let found = format!("{name} has {} records: receivers then take none", records.len());
                return vec![Finding::failure(CHECK, found, "keep one (RFC 7489 §6.6.3)")];
            }
            return dmarc_of(&name, record, from, bounce_to, signers);
        }
        match domain.split_once('.') {
            Some((_, above)) if above.contains('.') => domain = above,
            _ => break,
        }
    }
    let advice = format!(
        "publish at least: _dmarc.{from} TXT \"v=DMARC1; p=none; rua=mailto:dmarc@{from}\" (Gmail, Yahoo, Outlook want it of who sends much)"
    );
    vec![Finding::failure(CHECK, format!("neither {from} nor a domain above it publishes one"), advice)]
}

fn dmarc_of(name: &str, record: &str, from: &str, bounce_to: &str, signers: &[&Signer]) -> Vec<Finding> {
    const CHECK: &str = "dmarc";
    let tags: Vec<(String, &str)> = record
        .split(';')
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let tag = |key: &str| tags.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
    let found = format!("{name}: {record}");
    if !matches!(tag("p"), Some("none" | "quarantine" | "reject")) {
        return vec![Finding::failure(CHECK, found, "p= must be none, quarantine or reject")];
    }
    let mut findings = Vec::new();
    if tag("adkim") == Some("s") && signers.iter().any(|signer| signer.domain.as_str() != from) {
        let advice = format!("make a key for {from} itself, or take adkim=s out");
        findings.push(Finding::failure(
            CHECK,
            "adkim=s wants signatures of the very domain of `from`",
            advice,
        ));
    }
    if !aligned(from, bounce_to) || tag("aspf") == Some("s") && from != bounce_to {
        let advice =
            "signatures then carry DMARC alone: have both in one domain, for a second leg to stand on";
        let found = format!("the return path ({bounce_to}) is not aligned with {from}: SPF does not count");
        findings.push(Finding::warning(CHECK, found, advice));
    }
    if tag("rua").is_none() {
        let advice =
            "rua=mailto:… says where receivers report what they saw in your name; laposte.net wants it";
        findings.push(Finding::warning(CHECK, found, advice));
    } else if findings.is_empty() {
        findings.push(Finding::ok(CHECK, found));
    }
    findings
}

/// Relaxed alignment, told without the public suffix list: one domain is the other's or above it, or they share two labels.
fn aligned(one: &str, other: &str) -> bool {
    let ends = |long: &str, short: &str| long == short || long.ends_with(&format!(".{short}"));
    let top = |domain: &str| {
        let labels: Vec<&str> = domain.rsplit('.').take(2).collect();
        labels.join(".")
    };
    ends(one, other) || ends(other, one) || top(one) == top(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::dkim::{Algorithm, Name, SigningKey};

    fn verdict(finding: &Finding) -> (Verdict, &str) {
        (finding.verdict, finding.found.as_str())
    }

    #[test]
    fn an_spf_record_is_one_and_ends() {
        for (records, wanted) in [
            (&["v=spf1 include:relais.tg -all"][..], Verdict::Ok),
            (&["v=spf1 redirect=_spf.relais.tg"], Verdict::Ok),
            (&["v=spf1 ip4:192.0.2.1"], Verdict::Warning),
            (&["v=spf1 +all"], Verdict::Warning),
            (&[], Verdict::Failure),
            (&["v=spf1 -all", "v=spf1 ~all"], Verdict::Failure),
        ] {
            let texts: Vec<String> = records.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(spf_of("a.tg", &texts.iter().collect::<Vec<_>>()).verdict, wanted, "{records:?}");
        }
        assert!(is_version("V=SPF1 -all", "v=spf1") && !is_version("v=spf10 -all", "v=spf1"));
        assert!(is_version("v=DMARC1; p=none", "v=DMARC1") && is_version("v=DMARC1 ;p=none", "v=DMARC1"));
    }

    #[test]
    fn a_key_is_compared_with_its_record() {
        let key = || SigningKey::generate(Algorithm::Ed25519).unwrap();
        let signer = Signer {
            domain: Name::domain("a.tg").unwrap(),
            selector: Name::selector("k1").unwrap(),
            key: key(),
        };
        let right = signer.key.public().record();
        let spaced = right.replace("; ", " ;\t");
        for (records, wanted) in [
            (vec![right.clone()], Verdict::Ok),
            (vec![spaced], Verdict::Ok),
            (vec![], Verdict::Failure),
            (vec![key().public().record()], Verdict::Failure),
            (vec!["v=DKIM1; p=".to_owned()], Verdict::Failure),
            (vec![right.clone(), right], Verdict::Failure),
        ] {
            let finding = key_of("k1._domainkey.a.tg", &signer, &records);
            assert_eq!(finding.verdict, wanted, "{finding:?}");
        }
    }

    #[test]
    fn dmarc_wants_a_policy_reports_and_alignment() {
        let of =
            |record: &str, bounce_to: &str| dmarc_of("_dmarc.a.tg", record, "lettres.a.tg", bounce_to, &[]);
        let fine = of("v=DMARC1; p=none; rua=mailto:d@a.tg", "retours.a.tg");
        assert_eq!(fine.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Ok]);
        for (record, bounce_to, part) in [
            ("v=DMARC1; p=none", "a.tg", "p=none"),
            ("v=DMARC1; p=none; rua=mailto:d@a.tg", "relais.com", "not aligned"),
            ("v=DMARC1; p=none; rua=mailto:d@a.tg; aspf=s", "a.tg", "not aligned"),
        ] {
            let findings = of(record, bounce_to);
            let (verdict, found) = verdict(&findings[0]);
            assert!(verdict == Verdict::Warning && found.contains(part), "{found}");
        }
        assert_eq!(of("v=DMARC1; rua=mailto:d@a.tg", "a.tg")[0].verdict, Verdict::Failure);
    }
}
