//! How a verb ends badly.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::config::{LoadError, Mistakes};

/// Why a verb did not do what it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// The command or the configuration is wrong: exit status 2.
    Usage(String),
    /// It was tried and failed: exit status 1.
    Failed(anyhow::Error),
    /// It went wrong in a way already reported on the way, such as rejected lines of an import: exit status 1.
    Reported,
}

impl Failure {
    /// A wrong command, told in one sentence.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into())
    }

    /// Prints what failed on standard error, the causes below each other, and gives the exit status.
    pub(super) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Failure::Usage(message) => (message, 2),
            Failure::Failed(error) => (chain(&error), 1),
            Failure::Reported => return ExitCode::from(1),
        };
        super::output::complain(&text);
        ExitCode::from(code)
    }
}

/// "cannot open …", then a line for each cause that says something new.
fn chain(error: &anyhow::Error) -> String {
    let mut text = format!("kiosque: {error}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            let _ = write!(text, "\n  because: {cause}");
        }
    }
    text
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Failed(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::Failed(anyhow::Error::new(error).context("the database failed"))
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Mistakes(mistakes) => mistakes.into(),
            other => Failure::Usage(format!("kiosque: {other}")),
        }
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Failure {
        let count = mistakes.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        Failure::Usage(format!("{mistakes}\n\n{count} {noun} in {}", mistakes.source().name))
    }
}
