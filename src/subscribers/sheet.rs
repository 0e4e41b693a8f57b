//! The list of readers as CSV.

use std::collections::BTreeMap;

use crate::articles::CategoryId;
use crate::subscribers::choice::Choice;
use crate::subscribers::csv;
use crate::subscribers::list::Listed;

/// Writes subscriptions as CSV: what a French spreadsheet opens as it is (UTF-8 with its mark, semicolons), in which no cell
/// is a formula, and which `subscriber import --from csv` reads.
#[derive(Debug)]
pub struct Sheet {
    rubrics: BTreeMap<CategoryId, String>,
}

impl Sheet {
    /// Names rubrics by these slugs.
    #[must_use]
    pub fn new(rubrics: impl IntoIterator<Item = (CategoryId, String)>) -> Self {
        Self { rubrics: rubrics.into_iter().collect() }
    }

    /// The mark and the first line.
    #[must_use]
    pub fn header(&self) -> String {
        let mut text = String::from('\u{feff}');
        csv::write(
            &mut text,
            b';',
            ["address", "name", "newsletter", "rubrics", "state", "since", "suppressed"],
        );
        text
    }

    /// A subscription's line: no rubrics means all; since when it is in its state, in UTC.
    #[must_use]
    pub fn row(&self, listed: &Listed) -> String {
        let rubrics = match listed.choice.parse() {
            Ok(Choice::Only(categories)) => {
                let slugs = categories.iter().filter_map(|id| self.rubrics.get(id).map(String::as_str));
                slugs.collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        };
        let mut text = String::new();
        csv::write(
            &mut text,
            b';',
            [
                listed.address.as_str(),
                listed.name.as_deref().unwrap_or_default(),
                listed.newsletter.as_str(),
                rubrics.as_str(),
                listed.state.as_str(),
                listed.since.to_string().as_str(),
                listed.suppressed.map_or("", |reason| reason.as_str()),
            ],
        );
        text
    }
}
