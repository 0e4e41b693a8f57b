//! What a check found, and how it is told.

use serde::Serialize;

use crate::cli::output;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but something is lost or may go wrong.
    Warning,
    /// Mail would not arrive, or a promise would be broken.
    Failure,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at, such as `relay` or `dmarc`.
    pub(super) check: &'static str,
    /// How it stands.
    pub(super) verdict: Verdict,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        let (found, advice) = (found.into(), Some(advice.into()));
        Self { check, verdict: Verdict::Warning, found, advice }
    }

    pub(super) fn failure(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failure, ..Self::warning(check, found, advice) }
    }

    /// Prints it.
    pub(super) fn say(&self) {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failure => "FAILURE",
        };
        output::say(format!("{verdict:<8} {:<16} {}", self.check, self.found));
        if let Some(advice) = &self.advice {
            output::say(format!("{:<25} -> {advice}", ""));
        }
    }
}
