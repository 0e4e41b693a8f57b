//! `[log]`: what goes to standard error.

use super::read::{Reader, Value, choice, section};

section! {
    /// `[log]`: structured logs; they never show an address or a token in clear.
    pub struct Log {
        /// Which messages, in the syntax of `RUST_LOG` (which, when set, wins), such as `info` or `info,sqlx=warn`.
        pub filter: String = "info".to_owned(),
        /// For people or for programs.
        pub format: LogFormat = LogFormat::Text,
    } then check
}

choice! {
    /// How a log line is written.
    pub enum LogFormat {
        /// One line of text.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    } expected "\"text\" or \"json\""
}

fn check(log: &Log, value: &Value<'_>, reader: &mut Reader) {
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log.filter) {
        let expected = "expected a filter such as \"info\" or \"info,sqlx=warn\"";
        reader.mistakes.push(value.at_key("filter"), format!("`log.filter`: {expected} ({error})"));
    }
}
