//! Every rule has a feed that breaks it and nothing else.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::faults::documents;
use super::samples::{
    ARCHIVE, ATOM, ATOM_URL, JSON, JSON_URL, NOW, OPML, RSS, RSS_URL, exchange, reply, set,
};
use super::{Exchange, Hop, Report, check, check_answers, rules};

fn ids(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.rule.id).collect()
}

fn location(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("<rss") {
        Some(RSS_URL)
    } else if text.contains("jsonfeed.org") {
        Some(JSON_URL)
    } else if text.contains("<feed") && !text.contains("syndication/history") {
        Some(ATOM_URL)
    } else {
        None
    }
}

#[test]
fn good_feeds_break_no_rule() {
    for good in [RSS, ATOM, JSON, OPML, ARCHIVE] {
        let report = check(good.as_bytes(), location(good.as_bytes()), NOW);
        assert_eq!(report, Report::default(), "{good}");
    }
    assert_eq!(check_answers(&exchange(), NOW), Report::default());
}

#[test]
fn every_rule_is_broken_by_a_feed_that_breaks_nothing_else() {
    let (mut covered, mut wrong) = (BTreeSet::new(), Vec::new());
    let documents = documents().into_iter().map(|(rule, bytes)| (rule, check(&bytes, location(&bytes), NOW)));
    let exchanges = exchanges().into_iter().map(|(rule, exchange)| (rule, check_answers(&exchange, NOW)));
    for (number, (rule, report)) in documents.chain(exchanges).enumerate() {
        covered.insert(rule);
        if ids(&report) != BTreeSet::from([rule]) {
            let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
            wrong.push(format!("{number}. {rule}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<&str> = rules().iter().map(|rule| rule.id).collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.is_empty(), "rules without a test: {missing:?}");
}

#[test]
fn ids_of_rules_are_unique_and_every_rule_says_why_and_whence() {
    let rules = rules();
    for pair in rules.windows(2) {
        assert_ne!(pair[0].id, pair[1].id);
    }
    for rule in rules {
        assert!(
            rule.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            rule.id
        );
        assert!(rule.advice.ends_with('.') && !rule.advice.contains("  "), "{}", rule.id);
        assert!(rule.source.len() > 5, "{}", rule.id);
    }
}

/// Answers that break one rule each.
fn exchanges() -> Vec<(&'static str, Exchange)> {
    let changed = |change: fn(&mut Exchange)| {
        let mut exchange = exchange();
        change(&mut exchange);
        exchange
    };
    let hop = |status: u16, to: &str| Hop {
        status: StatusCode::from_u16(status).expect("a status"),
        to: to.into(),
    };
    let both = |name: &'static str, value: &str| {
        let mut exchange = exchange();
        set(&mut exchange.full, name, value);
        set(exchange.head.as_mut().expect("a head"), name, value);
        exchange
    };
    let without = |name: &'static str| {
        let mut exchange = exchange();
        exchange.full.headers.remove(name);
        exchange.head.as_mut().expect("a head").headers.remove(name);
        exchange
    };
    vec![
        ("http-status", changed(|e| e.full.status = StatusCode::NOT_FOUND)),
        ("content-type", both("content-type", "text/html; charset=utf-8")),
        ("content-type", without("content-type")),
        ("content-type-vague", {
            let mut exchange = both("content-type", "application/xml; charset=utf-8");
            let text = RSS.replace("<rss", &format!("<!-- {} -->\n<rss", "a".repeat(512)));
            exchange.full.body = text.clone().into_bytes();
            exchange.plain.as_mut().expect("plain").body = text.into_bytes();
            exchange
        }),
        ("text-xml", both("content-type", "text/xml")),
        ("no-charset", both("content-type", "application/rss+xml")),
        ("charset-differs", {
            let mut exchange = both("content-type", "application/rss+xml; charset=utf8");
            exchange.head = None;
            exchange
        }),
        ("uncompressed", {
            let mut exchange = without("content-encoding");
            set(&mut exchange.full, "etag", "\"abc\"");
            exchange.head = None;
            exchange
        }),
        (
            "compressed-unasked",
            changed(|e| set(e.plain.as_mut().expect("plain"), "content-encoding", "gzip")),
        ),
        ("no-vary", without("vary")),
        ("vary-too-much", both("vary", "Accept-Encoding, Cookie")),
        ("cookie", both("set-cookie", "a=b")),
        ("no-validator", {
            let mut exchange = without("etag");
            exchange.full.headers.remove("last-modified");
            exchange.head = None;
            exchange
        }),
        ("no-last-modified", without("last-modified")),
        ("last-modified-wrong", both("last-modified", "2026-11-23")),
        ("last-modified-wrong", both("last-modified", "Mon, 23 Nov 2026 09:00:00 GMT")),
        ("shared-etag", changed(|e| set(e.plain.as_mut().expect("plain"), "etag", "\"abc-gz\""))),
        ("no-304", changed(|e| e.conditional.as_mut().expect("conditional").status = StatusCode::OK)),
        ("no-304-by-date", changed(|e| e.dated.as_mut().expect("dated").status = StatusCode::OK)),
        ("bare-304", changed(|e| e.conditional = Some(reply(304, &[("etag", "\"abc-gz\"")])))),
        ("bytes-change", changed(|e| e.plain.as_mut().expect("plain").body.push(b'\n'))),
        ("no-cache-control", without("cache-control")),
        ("cached-too-long", both("cache-control", "public, max-age=86400")),
        ("not-cached", both("cache-control", "private, max-age=0")),
        (
            "temporary-redirect",
            Exchange { hops: vec![hop(302, RSS_URL)], asked: "https://exemple.tg/flux".into(), ..exchange() },
        ),
        (
            "redirected",
            Exchange { hops: vec![hop(308, RSS_URL)], asked: "https://exemple.tg/flux".into(), ..exchange() },
        ),
        ("redirected-to-http", {
            let mut exchange = exchange();
            exchange.hops = vec![hop(308, &RSS_URL.replace("https:", "http:"))];
            exchange
        }),
        ("head-differs", changed(|e| e.head.as_mut().expect("head").status = StatusCode::METHOD_NOT_ALLOWED)),
        ("no-cors", without("access-control-allow-origin")),
        ("no-nosniff", without("x-content-type-options")),
        ("hub-header", without("link")),
        ("not-https", {
            let mut exchange = exchange();
            exchange.asked = RSS_URL.replace("https:", "http:");
            let body = RSS.replace(RSS_URL, &exchange.asked).into_bytes();
            exchange.full.body.clone_from(&body);
            exchange.plain.as_mut().expect("plain").body = body;
            exchange
        }),
    ]
}
