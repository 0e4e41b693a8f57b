//! What a check found, for somebody who has to mend it.

use serde::Serialize;

use crate::cli::output::say;
use crate::feeds::check::{Finding, Report, Severity};

/// Of one rule so many places are shown.
const SHOWN: usize = 3;

/// A document that was checked, or could not be.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    /// Its address or file.
    pub(super) feed: String,
    /// Why it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<String>,
    #[serde(flatten)]
    pub(super) report: Report,
}

impl Checked {
    /// Whether it was looked at and has neither error nor warning.
    pub(super) fn is_clean(&self) -> bool {
        self.failed.is_none() && self.report.is_clean()
    }

    /// Prints what is wrong, rule by rule; nothing when nothing is.
    pub(super) fn print(&self) {
        if let Some(reason) = &self.failed {
            return say(format!("{}\n  cannot be checked: {reason}\n", self.feed));
        }
        if self.report.findings.is_empty() {
            return;
        }
        say(&self.feed);
        let mut rest: &[Finding] = &self.report.findings;
        let mut told: Vec<&str> = Vec::new();
        while let Some((first, after)) = rest.split_first() {
            if !told.contains(&first.rule.id) {
                told.push(first.rule.id);
                let same: Vec<&Finding> =
                    self.report.findings.iter().filter(|finding| finding.rule.id == first.rule.id).collect();
                rule(&same);
            }
            rest = after;
        }
        if self.report.left_out > 0 {
            say(format!("  and {} more of these.", self.report.left_out));
        }
        say("");
    }
}

/// Prints the findings of one rule: where, why it matters, whence.
fn rule(findings: &[&Finding]) {
    let Some(first) = findings.first() else { return };
    say(format!("  {}  {}", first.rule.severity, first.rule.id));
    for finding in findings.iter().take(SHOWN) {
        let entry = finding.entry.as_ref().map(|entry| format!("“{entry}”"));
        let line = finding.line.map(|line| format!("line {line}"));
        let place: Vec<String> = line.into_iter().chain(entry).collect();
        let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
        say(format!("    {place}{}", finding.sentence));
    }
    if findings.len() > SHOWN {
        say(format!("    and {} more like it.", findings.len() - SHOWN));
    }
    for line in wrapped(first.rule.advice, 92) {
        say(format!("      {line}"));
    }
    say(format!("      [{}]", first.rule.source));
}

/// The last line: how many, and how they are.
pub(super) fn summary(checked: &[Checked]) -> String {
    let total = |severity| checked.iter().map(|one| one.report.count(severity)).sum::<usize>();
    let faulty = checked.iter().filter(|one| !one.is_clean()).count();
    let unread = checked.iter().filter(|one| one.failed.is_some()).count();
    let feeds = many(checked.len(), "document", "documents");
    let advice = match total(Severity::Advice) {
        0 => String::new(),
        pieces => format!("; {}", many(pieces, "piece of advice", "pieces of advice")),
    };
    if faulty == 0 {
        return format!("{feeds} checked: no errors, no warnings{advice}.");
    }
    let errors = many(total(Severity::Error), "error", "errors");
    let warnings = many(total(Severity::Warning), "warning", "warnings");
    let unread = if unread == 0 { String::new() } else { format!(", {unread} not readable") };
    format!("{feeds} checked, {faulty} with faults: {errors}, {warnings}{unread}{advice}.")
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// The text in lines of at most so many characters, broken at spaces.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::feeds::check::check;

    fn checked(bytes: &[u8]) -> Checked {
        let report = check(bytes, None, Timestamp::from_millis(0));
        Checked { feed: "x".into(), failed: None, report }
    }

    #[test]
    fn the_summary_counts_what_was_found() {
        assert_eq!(summary(&[]), "0 documents checked: no errors, no warnings.");
        let html = checked(b"<html/>");
        assert!(!html.is_clean());
        let failed = Checked { failed: Some("gone".into()), report: Report::default(), feed: "y".into() };
        assert_eq!(
            summary(&[html, failed]),
            "2 documents checked, 2 with faults: 1 error, 0 warnings, 1 not readable."
        );
    }

    #[test]
    fn advice_is_broken_at_spaces() {
        assert_eq!(wrapped("un deux trois", 7), ["un deux", "trois"]);
    }
}
