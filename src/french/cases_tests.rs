//! The table of `cases.tsv`: what French is held to, with the source of each case.

use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveTime};

use crate::french::typography::{Spaces, typeset};
use crate::french::{date, elision, number, reading, slug, sort};

const CASES: &str = include_str!("cases.tsv");

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn hour(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn shown(text: &str) -> String {
    text.replace('\u{a0}', "_").replace('\u{202f}', "~")
}

fn done(kind: &str, input: &str) -> String {
    let input = input.replace('_', "\u{a0}").replace('~', "\u{202f}");
    let parts: Vec<&str> = input.split('|').collect();
    match (kind, parts.as_slice()) {
        ("day", [a]) => date::long_date(day(a)),
        ("full", [a]) => date::full_date(day(a)),
        ("short", [a]) => date::short_date(day(a)),
        ("month", [a]) => date::month_year(day(a)),
        ("near", [a, today]) => date::near_day(day(a), day(today)),
        ("edition", [a, today]) => date::edition_of(day(a), day(today)),
        ("range", [a, b]) => date::date_range(day(a), day(b)),
        ("days", [a, b]) => date::short_range(day(a), day(b)),
        ("hour", [a]) => date::hour(hour(a)),
        ("hours", [a, b]) => date::hour_range(hour(a), hour(b)),
        ("count", [n, one, many]) => number::count(n.parse().unwrap(), one, many),
        ("others", [n, one, many]) => number::and_others(n.parse().unwrap(), one, many),
        ("ordinal", [n]) => number::ordinal(n.trim_end_matches('f').parse().unwrap(), n.ends_with('f')),
        ("list", items) => number::list(items),
        ("elide", [particle, next]) => elision::elide(particle, next),
        ("reading", [words]) => reading::reading_time(words.parse().unwrap()),
        ("slug", [name]) => slug::slug(name).unwrap(),
        ("set", [text]) => typeset(text, Spaces::Narrow),
        ("line", [text]) => typeset(text, Spaces::Plain),
        _ => panic!("unknown kind of case: {kind} {input}"),
    }
}

#[test]
fn every_case_of_the_table_holds_and_names_its_source() {
    let (header, cases): (Vec<_>, Vec<_>) = CASES.lines().partition(|line| line.starts_with('#'));
    let known: Vec<&str> =
        header.iter().filter_map(|line| line.strip_prefix("#   ")?.split(' ').next()).collect();
    let mut wrong = Vec::new();
    for line in &cases {
        let [kind, input, expected, source] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not four columns: {line}");
        };
        assert!(known.contains(&source.split([' ', ',', ':']).next().unwrap()), "no such source: {line}");
        if kind == "sort" {
            let names: Vec<&str> = input.split('|').collect();
            for pair in names.windows(2) {
                if sort::compare(pair[0], pair[1]) != Ordering::Less {
                    wrong.push(format!("{pair:?}"));
                }
            }
            continue;
        }
        let again = if kind == "set" { expected } else { input };
        wrong.extend(
            [input, again]
                .map(|input| shown(&done(kind, input)))
                .iter()
                .filter(|got| *got != expected)
                .map(|got| format!("{line}: {got}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(cases.len() >= 150, "{}", cases.len());
}

#[test]
fn no_case_stands_there_twice() {
    let cases: Vec<&str> = CASES.lines().filter(|line| !line.starts_with('#')).collect();
    for (at, line) in cases.iter().enumerate() {
        assert!(!cases[..at].contains(line), "{line}");
    }
}
