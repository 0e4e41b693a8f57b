//! `[alerts]`: who is told when something is wrong.

use toml::Spanned;
use url::Url;

use super::read::{Reader, Value, section};

section! {
    /// `[alerts]`. Without it the editors of every newsletter are told by mail.
    pub struct Alerts {
        /// Mail addresses; checked by `newsletters::declaration`. Without the key the editors.
        pub mail: Option<Vec<Spanned<String>>>,
        /// Where JSON is posted to.
        pub webhook: Option<Spanned<Url>>,
        /// A program and its arguments, given JSON on its standard input.
        pub command: Vec<Spanned<String>>,
    } then check
}

fn check(alerts: &Alerts, value: &Value<'_>, reader: &mut Reader) {
    if let Some(program) = alerts.command.first()
        && program.get_ref().trim().is_empty()
    {
        reader.mistakes.push(
            value.at_key("command"),
            "`alerts.command`: expected a program and its arguments such as [\"/usr/local/bin/prevenir\", \"--urgent\"]",
        );
    }
}
