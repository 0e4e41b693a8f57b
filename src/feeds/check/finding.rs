//! What a check finds: a rule that is broken, where, and in which words.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

/// Of one rule at most this many findings are kept; the rest is counted.
const MOST_OF_A_RULE: usize = 200;

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A specification forbids it, or readers lose articles by it.
    Error,
    /// The W3C validator warns of it, or caches and readers behave badly because of it.
    Warning,
    /// It is allowed; the best publishers do better.
    Advice,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        })
    }
}

/// A rule that a feed can break. Its id never changes its meaning.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Stable, in kebab-case.
    #[serde(rename = "rule")]
    pub id: &'static str,
    /// How much breaking it matters.
    pub severity: Severity,
    /// Why it matters and what to do, in a sentence or two.
    pub advice: &'static str,
    /// Where it comes from: RFC and section, the W3C validator's message class, the RSS Advisory Board's profile.
    pub source: &'static str,
}

/// Declares a file's rules as constants, and `RULES`, all of them.
macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $advice:literal, $source:literal;)+) => {
        $(pub(super) const $name: &$crate::feeds::check::finding::Rule = &$crate::feeds::check::finding::Rule {
            id: $id,
            severity: $crate::feeds::check::finding::Severity::$severity,
            advice: $advice,
            source: $source,
        };)+
        pub(super) const RULES: &[&$crate::feeds::check::finding::Rule] = &[$($name),+];
    };
}
pub(super) use rules;

/// A fault at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that is broken.
    #[serde(flatten)]
    pub rule: &'static Rule,
    /// The line it stands at, from 1, where it stands at a line.
    pub line: Option<u32>,
    /// The title of the entry it stands in, or its id, where it stands in one.
    pub entry: Option<String>,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

/// Everything that a check found, the gravest first, in the document's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The faults.
    pub findings: Vec<Finding>,
    /// How many more there are of rules that were broken more than 200 times.
    pub left_out: usize,
}

impl Report {
    /// How many findings are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }

    /// Whether there is neither an error nor a warning: the bar for a feed of ours.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.rule.severity == Severity::Advice)
    }

    /// Adds what another check of the same feed found.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.left_out += other.left_out;
        self.findings.sort_by_key(|finding| finding.rule.severity);
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rule.severity, self.rule.id)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(entry) = &self.entry {
            write!(f, ", entry “{entry}”")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// What findings are written on while a document is read.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    findings: Vec<Finding>,
    counts: HashMap<&'static str, usize>,
    left_out: usize,
    entry: Option<String>,
}

impl Sheet {
    /// Notes that `rule` is broken at a line.
    pub(super) fn at(&mut self, rule: &'static Rule, line: u32, sentence: impl Into<String>) {
        self.add(rule, Some(line), sentence);
    }

    /// Notes that `rule` is broken, at no particular line.
    pub(super) fn note(&mut self, rule: &'static Rule, sentence: impl Into<String>) {
        self.add(rule, None, sentence);
    }

    /// What is found from here on stands in this entry, or in none.
    pub(super) fn enter(&mut self, entry: Option<&str>) {
        self.entry = entry.map(short).filter(|title| !title.is_empty());
    }

    /// Notes that `rule` is broken, at a line where there is one.
    pub(super) fn add(&mut self, rule: &'static Rule, line: Option<u32>, sentence: impl Into<String>) {
        let count = self.counts.entry(rule.id).or_default();
        *count += 1;
        if *count > MOST_OF_A_RULE {
            self.left_out += 1;
            return;
        }
        self.findings.push(Finding { rule, line, entry: self.entry.clone(), sentence: sentence.into() });
    }

    /// Everything found.
    pub(super) fn report(mut self) -> Report {
        self.findings.sort_by_key(|finding| finding.rule.severity);
        Report { findings: self.findings, left_out: self.left_out }
    }
}

/// A value for a sentence: one line, at most 80 characters.
pub(super) fn short(value: &str) -> String {
    const MOST: usize = 80;
    let line = crate::html::text::one_line(value);
    if line.chars().count() <= MOST {
        return line.chars().filter(|c| !c.is_control()).collect();
    }
    let cut: String = line.chars().filter(|c| !c.is_control()).take(MOST - 1).collect();
    format!("{cut}…")
}
