//! What is wrong with templates.

use std::fmt;
use std::path::Path;

/// One mistake in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The operator's file, or the name of the template in the binary.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    #[expect(clippy::needless_pass_by_value, reason = "called with errors that nobody needs afterwards")]
    pub(super) fn of_file(path: &Path, error: std::io::Error) -> Self {
        Fault { file: path.display().to_string(), line: None, what: error.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// Templates that cannot be loaded, or one that cannot be written; one mistake a line.
#[derive(Debug)]
pub struct TemplateError {
    /// Every mistake found.
    pub faults: Vec<Fault>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}
