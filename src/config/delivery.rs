//! `[delivery]` and `[[recipient_group]]`: what replies mean, and how fast which hosts are sent to.

use std::path::PathBuf;

use toml::Spanned;

use super::read::{Reader, Value, section};

section! {
    /// `[delivery]`.
    pub struct Delivery {
        /// A file of reply classes whose entries come before the built-in ones.
        pub reply_classes: Option<PathBuf>,
    }
}

section! {
    /// `[[recipient_group]]`: hosts that are sent to at one pace.
    pub struct RecipientGroup {
        /// The group's name: a built-in one, which is changed, or a new one.
        pub name: Spanned<String>,
        /// Domains that belong to it, besides those it has.
        pub domains: Vec<Spanned<String>>,
        /// Messages under way at a time; no bound when left out.
        pub in_flight: Option<u32>,
        /// Messages a second; no bound when left out.
        pub rate: Option<u32>,
    } then check
}

fn check(group: &RecipientGroup, value: &Value<'_>, reader: &mut Reader) {
    let name = group.name.get_ref();
    if name.is_empty() && value.get("name").is_some() {
        reader.mistakes.push(value.at_key("name"), "`recipient_group.name`: expected a text");
    }
    for domain in &group.domains {
        let text = domain.get_ref();
        if !text.contains('.') || text.contains(['@', ' ', '*', '"']) {
            let expected = "`recipient_group.domains`: expected a domain such as \"exemple.tg\"";
            reader.mistakes.push(domain.span(), expected);
        }
    }
    for (key, number) in [("in_flight", group.in_flight), ("rate", group.rate)] {
        if number == Some(0) {
            reader.mistakes.push(value.at_key(key), format!("`recipient_group.{key}`: expected at least 1"));
        }
    }
}
