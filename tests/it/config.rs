//! The example file and the page about it say what the program reads: no key is left out, none is invented.

use std::collections::BTreeSet;
use std::path::Path;

use kiosque::config::Config;

const EXAMPLE: &str = include_str!("../../config.toml");
const PAGE: &str = include_str!("../../docs/configuration.md");

fn keys() -> BTreeSet<String> {
    Config::keys().into_iter().collect()
}

/// `[http]` and `[[relay]]` give `http.` and `relay.`.
fn prefix(header: &str) -> String {
    format!("{}.", header.trim_matches(['[', ']', '`']))
}

#[test]
fn every_key_is_in_the_example_and_every_key_of_the_example_is_known() {
    let mut table = String::new();
    let mut found = BTreeSet::new();
    for line in EXAMPLE.lines() {
        let header = line.trim_start_matches("# ");
        if header.starts_with('[') {
            table = prefix(header.split_whitespace().next().unwrap());
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            found.insert(format!("{table}{key}"));
        }
    }
    assert_eq!(found, keys());
}

#[test]
fn every_key_is_documented_and_every_documented_key_is_known() {
    let mut table = None;
    let mut found = BTreeSet::new();
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            table = match title {
                "Top of the file" => Some(String::new()),
                title if title.starts_with("`[") => Some(prefix(title)),
                _ => None,
            };
        } else if line.starts_with("### ") {
            table = None;
        }
        let row = line.strip_prefix("| `").and_then(|row| row.split_once('`'));
        if let (Some(table), Some((key, _))) = (&table, row) {
            found.insert(format!("{table}{key}"));
        }
    }
    assert_eq!(found, keys());
}

#[test]
fn lines_of_the_example_that_are_commented_out_are_right_too() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| {
            match line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with('[')) {
                // the variables of the example are set nowhere, a category cannot be there and removed, and a feed has
                // rubrics or an author; nor is a source two
                Some(rest)
                    if ["password", "removed", "author", "feed "].iter().any(|key| rest.starts_with(key)) =>
                {
                    format!("{line}\n")
                }
                Some(rest) => format!("{rest}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    let config = Config::from_toml_str(&uncommented, Path::new("/srv")).unwrap();
    assert_eq!(config.newsletters[0].max_age.to_string(), "7d");
}
