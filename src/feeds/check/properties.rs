//! Whatever the bytes are, a check ends with a report; and what it calls XML, another strict parser calls so too.

use proptest::prelude::*;

use super::samples::{ARCHIVE, ATOM, JSON, NOW, OPML, RSS};
use super::{Report, check};

/// Rules that say: this is no namespace-well-formed XML.
const XML: [&str; 7] = [
    "not-well-formed",
    "forbidden-character",
    "unknown-entity",
    "undeclared-prefix",
    "invalid-namespace",
    "xml-version",
    "blank-before-declaration",
];

fn is_xml(report: &Report) -> bool {
    !report.findings.iter().any(|finding| XML.contains(&finding.rule.id))
}

fn good() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![RSS, ATOM, JSON, OPML, ARCHIVE])
}

/// Pieces that break XML, dates, ids and HTML.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "--",
        "<?",
        "?>",
        "<!DOCTYPE a [",
        "&#0;",
        "&#xFFFF;",
        "&eacute;",
        "&amp;",
        "</",
        "/>",
        "<a:b>",
        " xmlns:x=\"\"",
        " xmlns=\"http://www.w3.org/2005/Atom\"",
        "é",
        "\u{feff}",
        "\u{b}",
        "\0",
        "=",
        "<item>",
        "</item>",
        "<guid>",
        "{",
        "[",
        "null",
        ":",
        "%",
        "9999999999999",
        "<script>",
        "style=\"",
        "\\ud800",
        "2026-13-41T99:99:99Z",
        "Mon, 99 Zzz",
        "-",
        "tag:",
        "urn:uuid:",
        "<div/><div",
        "1a",
    ]);
    prop_oneof![
        6 => known.prop_map(|text| text.as_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 1..4),
        1 => Just(Vec::new()),
    ]
}

/// A good document with some stretches replaced.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..20_usize, piece());
    (good(), prop::collection::vec(change, 1..4)).prop_map(|(good, changes)| {
        let mut bytes = good.as_bytes().to_vec();
        for (at, length, piece) in changes {
            let from = at.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, piece);
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_give_a_report(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes, None, NOW);
    }

    #[test]
    fn any_text_behind_a_declaration_gives_a_report(text in "\\PC{0,200}") {
        let _ = check(format!("<?xml version=\"1.0\"?><rss>{text}").as_bytes(), Some("x"), NOW);
    }

    #[test]
    fn a_damaged_feed_is_xml_for_the_check_as_it_is_for_another_strict_parser(bytes in mutated()) {
        let report = check(&bytes, Some("https://lettres.exemple.tg/flux/tech-web.rss"), NOW);
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if text.trim().is_empty() || text.trim_start().starts_with(['{', '[']) || text.contains("<!DOCTYPE") {
            return Ok(());
        }
        let second = roxmltree::Document::parse(text);
        // The other one does not look closely at instructions, nor at a namespace's URI.
        let odd = report.findings.iter().any(|finding| finding.rule.id == "invalid-namespace");
        let plain = !odd && text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n") && text.matches("<?").count() == 1;
        let agree = if plain { is_xml(&report) == second.is_ok() } else { !is_xml(&report) || second.is_ok() };
        let noted: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        prop_assert!(agree, "{:?}\n{:#?}\n{}", second.err(), noted, text);
    }
}
