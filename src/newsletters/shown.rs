//! What a variant holds, kept beside it: which articles, and how.

use serde::{Deserialize, Serialize};

use crate::articles::ArticleId;

use super::seen::Seen;

/// How a variant holds an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On top.
    Lead,
    /// In its section.
    Full,
    /// By its headline among those that did not fit.
    Announced,
    /// By its headline among those of rubrics that the reader did not choose.
    Related,
}

/// The articles of a variant in the order of the mail. Stored as JSON: `[[12,"lead"],[9,"full"]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(Vec<(i64, Place)>);

impl Shown {
    /// What is seen, as it is stored.
    #[must_use]
    pub fn of(seen: &Seen) -> Self {
        let place = |place: Place| move |article: &ArticleId| (article.0, place);
        let lead = seen.lead.iter().map(|(article, _)| (article.0, Place::Lead));
        let sections = seen.sections.iter().flat_map(|(_, articles)| articles.iter());
        let related = seen.related.iter().map(|(article, _)| article);
        Self(
            lead.chain(sections.map(place(Place::Full)))
                .chain(seen.announced.iter().map(place(Place::Announced)))
                .chain(related.map(place(Place::Related)))
                .collect(),
        )
    }

    /// Reads the stored text; what cannot be read holds nothing.
    #[must_use]
    pub fn read(stored: Option<&str>) -> Self {
        stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How the variant holds the article, if it does.
    #[must_use]
    pub fn place(&self, article: ArticleId) -> Option<Place> {
        self.0.iter().find(|(id, _)| *id == article.0).map(|(_, place)| *place)
    }

    /// Whether whoever got the variant could read the article in it: a headline from another rubric is not that.
    #[must_use]
    pub fn holds(&self, article: ArticleId) -> bool {
        self.place(article).is_some_and(|place| place != Place::Related)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::CategoryId;

    #[test]
    fn what_is_stored_is_read_again_and_a_mere_headline_is_not_held() {
        let seen = Seen {
            lead: Some((ArticleId(12), CategoryId(1))),
            sections: vec![(CategoryId(1), vec![ArticleId(9)])],
            announced: vec![ArticleId(7)],
            related: vec![(ArticleId(5), CategoryId(2))],
        };
        let text = Shown::of(&seen).to_text();
        assert_eq!(text, r#"[[12,"lead"],[9,"full"],[7,"announced"],[5,"related"]]"#);
        let shown = Shown::read(Some(&text));
        assert_eq!(shown, Shown::of(&seen));
        assert!(shown.holds(ArticleId(7)) && !shown.holds(ArticleId(5)) && !shown.holds(ArticleId(1)));
        assert_eq!(shown.place(ArticleId(5)), Some(Place::Related));
        assert_eq!(Shown::read(None), Shown::default());
    }
}
