//! The name of a digest's template: `sobre` stands for `email/digest_sobre.mjml` and `email/digest_sobre.txt`.

use std::fmt;

use crate::html::templates::Templates;

/// What a newsletter names under `template`: lower-case letters, digits and hyphens, at most 40.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateName(String);

/// A name that no template can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a template, such as \"sobre\": lower-case letters, digits and hyphens, at most 40"
)]
pub struct TemplateNameError;

impl TemplateName {
    /// Reads a name. Whether there is such a template, [`TemplateName::stands_in`] says.
    ///
    /// # Errors
    /// When it holds anything else than it may.
    pub fn parse(text: &str) -> Result<Self, TemplateNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fine = !text.is_empty() && text.len() <= 40 && text.bytes().all(plain);
        if fine { Ok(Self(text.to_owned())) } else { Err(TemplateNameError) }
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The template of the HTML part, in MJML.
    #[must_use]
    pub fn mjml(&self) -> String {
        format!("email/digest_{self}.mjml")
    }

    /// The template of the text part.
    #[must_use]
    pub fn text(&self) -> String {
        format!("email/digest_{self}.txt")
    }

    /// Whether both parts are there.
    #[must_use]
    pub fn stands_in(&self, templates: &Templates) -> bool {
        templates.has(&self.mjml()) && templates.has(&self.text())
    }

    /// Every digest template with both parts, in the order of names: the built-in ones and the operator's.
    #[must_use]
    pub fn all(templates: &Templates) -> Vec<Self> {
        let named = |file: &str| file.strip_prefix("email/digest_")?.strip_suffix(".mjml").map(str::to_owned);
        let names = templates.names().filter_map(named).filter_map(|name| Self::parse(&name).ok());
        names.filter(|name| name.stands_in(templates)).collect()
    }
}

impl Default for TemplateName {
    fn default() -> Self {
        Self("sobre".to_owned())
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        for text in ["", "../x", "a/b", "A", "é", "a.b", "a b", &"a".repeat(41)] {
            assert_eq!(TemplateName::parse(text), Err(TemplateNameError), "{text}");
        }
        assert_eq!(TemplateName::parse("la-une-2").unwrap().mjml(), "email/digest_la-une-2.mjml");
    }

    #[test]
    fn the_three_templates_of_the_binary_are_there() {
        let templates = Templates::load(None).unwrap();
        let names: Vec<String> = TemplateName::all(&templates).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["breves", "sobre", "une"]);
        assert!(TemplateName::all(&templates).iter().all(|name| name.stands_in(&templates)));
        assert!(!TemplateName::parse("inconnu").unwrap().stands_in(&templates));
    }
}
