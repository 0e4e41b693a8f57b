//! What an import did, as a person wants to read it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::article::ArticleId;
use super::formats::{Fault, LeftOut};

/// Faults kept word for word; more are only counted.
const MOST_FAULTS: usize = 1000;

/// A category that an import names and the configuration does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unlisted {
    /// Its name as imported.
    pub name: String,
    /// The slug it is stored under.
    pub slug: String,
    /// Articles of this import that are in it.
    pub articles: u64,
}

impl Unlisted {
    pub(super) fn new(name: &str, slug: &str) -> Self {
        Self { name: name.to_owned(), slug: slug.to_owned(), articles: 0 }
    }
}

/// What an import did. `Display` writes it as a few plain lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Nothing was written: the counts say what would have been.
    pub dry_run: bool,
    /// Articles that were not there before.
    pub new: u64,
    /// Articles that changed.
    pub updated: u64,
    /// Articles that stood there already as they are.
    pub unchanged: u64,
    /// Articles taken back.
    pub retracted: Vec<ArticleId>,
    /// New or updated articles whose date lies ahead.
    pub embargoed: u64,
    /// What was left out, by reason.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// What could not be read or was wrong; at most 1,000 are kept.
    pub faults: Vec<Fault>,
    /// Lines, items and files that were rejected.
    pub rejected: u64,
    /// Categories that the configuration does not name.
    pub unlisted: Vec<Unlisted>,
}

impl Summary {
    /// Whether everything went in that should have.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.rejected == 0
    }

    /// Lines for config.toml that would make the unlisted categories the newsroom's own; empty when there are none.
    #[must_use]
    pub fn toml_block(&self) -> String {
        let mut block = String::new();
        for unlisted in &self.unlisted {
            let name = toml::Value::String(unlisted.name.clone());
            block.push_str(&format!("[[category]]\nname = {name}\n"));
            if crate::french::slug::slug(&unlisted.name).as_deref() != Some(&unlisted.slug) {
                block.push_str(&format!("slug = \"{}\"\n", unlisted.slug));
            }
            block.push('\n');
        }
        block.truncate(block.trim_end().len());
        block
    }

    /// Notes the faults of one rejected line, item or file.
    pub(super) fn reject(&mut self, faults: Vec<Fault>) {
        self.rejected += 1;
        let room = MOST_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(faults.into_iter().take(room));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "Dry run: nothing was written.")?;
        }
        write!(f, "{} new, {} updated, {} unchanged", self.new, self.updated, self.unchanged)?;
        if !self.retracted.is_empty() {
            write!(f, ", {} retracted", self.retracted.len())?;
        }
        writeln!(f, ", {} rejected", self.rejected)?;
        if self.embargoed > 0 {
            writeln!(f, "{} of them under embargo: their date lies ahead.", self.embargoed)?;
        }
        if !self.left_out.is_empty() {
            let reasons: Vec<String> = self.left_out.iter().map(|(why, n)| format!("{n} {why}")).collect();
            writeln!(f, "Left out: {}.", reasons.join(", "))?;
        }
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        if !self.unlisted.is_empty() {
            writeln!(
                f,
                "Categories that config.toml does not name; their articles are stored, but in no list of feeds and no digest:"
            )?;
            for unlisted in &self.unlisted {
                writeln!(f, "  {:>6}  {}", unlisted.articles, unlisted.name)?;
            }
            writeln!(
                f,
                "To take them up, paste into config.toml (or add the name to another category's `from`):\n"
            )?;
            writeln!(f, "{}", self.toml_block())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_to_paste_names_the_slug_only_where_the_name_would_give_another() {
        let unlisted = vec![Unlisted::new("Tech & \"Web\"", "tech-web"), Unlisted::new("Tout", "tout-2")];
        let summary = Summary { unlisted, ..Summary::default() };
        assert_eq!(
            summary.toml_block(),
            "[[category]]\nname = 'Tech & \"Web\"'\n\n[[category]]\nname = \"Tout\"\nslug = \"tout-2\""
        );
        assert!(summary.toml_block().parse::<toml::Table>().is_ok());
    }
}
