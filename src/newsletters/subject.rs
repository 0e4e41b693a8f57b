//! `newsletter.subject`: what a newsletter's subjects say, with places for the edition's own words.

use std::fmt;

use chrono::NaiveDate;

use crate::french::date;
use crate::french::style::Style;
use crate::french::typography::{Spaces, typeset};
use crate::html::excerpt;

/// The longest subject, in characters as they are seen: a telephone's list shows about 40, a screen's about 60.
pub const LONGEST: usize = 60;

/// The lead's title is never cut below this; then the subject is longer than [`LONGEST`].
const SHORTEST_TITLE: usize = 20;

/// Stands for the lead's title while the words around it are set: a character of nobody's text (private use).
const TITLE: &str = "\u{e1f8}";

/// A place in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Lead,
    Rubric,
    Newsletter,
    Date,
    Count,
}

impl Place {
    const ALL: [(&'static str, Self); 5] = [
        ("lead", Self::Lead),
        ("rubric", Self::Rubric),
        ("newsletter", Self::Newsletter),
        ("date", Self::Date),
        ("count", Self::Count),
    ];
}

/// A subject with places: `"{newsletter} : {lead}"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectPattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A place that there is not.
    #[error("there is no {{{0}}}; places are {{lead}}, {{rubric}}, {{newsletter}}, {{date}} and {{count}}")]
    Unknown(String),
    /// A brace without the other one.
    #[error("a {{ or }} stands alone; places are written like {{lead}}")]
    Brace,
    /// Nothing that an edition would fill in.
    #[error("every edition would have the same subject; use a place such as {{lead}} or {{date}}")]
    Same,
}

/// What an edition puts into the places, for one choice of rubrics.
#[derive(Debug, Clone, Copy)]
pub struct SubjectWords<'a> {
    /// The lead's title.
    pub lead: &'a str,
    /// The lead's rubric.
    pub rubric: &'a str,
    /// The newsletter's title.
    pub newsletter: &'a str,
    /// The edition's day.
    pub date: NaiveDate,
    /// How many articles the choice sees.
    pub count: usize,
}

impl SubjectPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When a place is misspelt, a brace stands alone, or nothing changes from edition to edition.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if at > 0 {
                parts.push(Part::Text(rest[..at].to_owned()));
            }
            let after = rest[at..].strip_prefix('{').ok_or(SubjectError::Brace)?;
            let (name, tail) = after.split_once('}').ok_or(SubjectError::Brace)?;
            let place = Place::ALL.iter().find(|(known, _)| *known == name.trim());
            parts.push(Part::Place(place.ok_or_else(|| SubjectError::Unknown(name.trim().to_owned()))?.1));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let changes = |part: &Part| {
            matches!(part, Part::Place(Place::Lead | Place::Rubric | Place::Date | Place::Count))
        };
        if parts.iter().any(changes) { Ok(Self { parts }) } else { Err(SubjectError::Same) }
    }

    /// The subject of an edition, set in French: at most [`LONGEST`] characters as they are seen, for which the lead's title
    /// is cut at a word. Of `style` only what it says of titles counts.
    #[must_use]
    pub fn fill(&self, words: &SubjectWords<'_>, style: Style) -> String {
        let whole = self.written(words, words.lead, style);
        let mut over = seen(&whole).saturating_sub(LONGEST);
        let mut subject = whole;
        let length = words.lead.chars().count();
        while over > 0 && length > SHORTEST_TITLE + over {
            subject = self.written(words, &excerpt(words.lead, length - over), style);
            let still = seen(&subject).saturating_sub(LONGEST);
            if still == 0 {
                return subject;
            }
            over += still;
        }
        if over > 0 { self.written(words, &excerpt(words.lead, SHORTEST_TITLE), style) } else { subject }
    }

    fn written(&self, words: &SubjectWords<'_>, lead: &str, style: Style) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(own) => text.push_str(own),
                Part::Place(Place::Lead) => text.push_str(if style.titles { lead } else { TITLE }),
                Part::Place(Place::Rubric) => text.push_str(words.rubric),
                Part::Place(Place::Newsletter) => text.push_str(words.newsletter),
                Part::Place(Place::Date) => text.push_str(&date::day_month(words.date)),
                Part::Place(Place::Count) => text.push_str(&words.count.to_string()),
            }
        }
        let set = typeset(text.trim(), Spaces::Plain);
        if style.titles { set } else { set.replace(TITLE, &style.title_in_lists(lead)) }
    }
}

/// How many characters are seen: accents that stand on the letter before them and what has no width count for nothing.
fn seen(text: &str) -> usize {
    let unseen = |c: &char| matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{ad}');
    text.chars().filter(|c| !unseen(c)).count()
}

impl fmt::Display for SubjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Place(place) => {
                    let name =
                        Place::ALL.iter().find(|(_, known)| known == place).map_or("", |(name, _)| name);
                    write!(f, "{{{name}}}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(lead: &str) -> SubjectWords<'_> {
        SubjectWords {
            lead,
            rubric: "Économie",
            newsletter: "La Matinale",
            date: NaiveDate::from_ymd_opt(2026, 8, 1).unwrap(),
            count: 12,
        }
    }

    fn fill(pattern: &str, lead: &str) -> String {
        SubjectPattern::parse(pattern).unwrap().fill(&words(lead), Style::default())
    }

    #[test]
    fn the_places_are_filled_and_the_whole_is_french() {
        assert_eq!(fill("{newsletter}: {lead}", "L'accord"), "La Matinale\u{a0}: L’accord");
        assert_eq!(fill("{newsletter} du {date}", ""), "La Matinale du samedi 1er août");
        assert_eq!(fill("{rubric} ({count})", ""), "Économie (12)");
    }

    #[test]
    fn a_newsroom_that_sets_its_titles_itself_finds_them_untouched_among_words_that_are_set() {
        let own = Style { titles: false, ..Style::default() };
        let fill =
            |pattern: &str, lead: &str| SubjectPattern::parse(pattern).unwrap().fill(&words(lead), own);
        let title = "L'accord \"secret\" : qui l'a signé ?";
        assert_eq!(fill("L'essentiel : {lead}", title), format!("L’essentiel\u{a0}: {title}"));
        assert_eq!(fill("« {lead} » et plus", title), format!("«\u{a0}{title}\u{a0}» et plus"));
        let long = "L'accord \"secret\" : qui l'a signé, qui l'a payé et qui devait l'ignorer ?";
        assert_eq!(
            fill("{newsletter} : {lead}", long),
            "La Matinale\u{a0}: L'accord \"secret\" : qui l'a signé, qui l'a…"
        );
    }

    #[test]
    fn a_long_title_is_cut_and_the_rest_of_the_subject_stays() {
        let title = "Au port de Lomé, la file des camions raccourcit enfin après six mois d'attente";
        let subject = fill("[{newsletter}] {lead} ({rubric})", title);
        assert_eq!(subject, "[La Matinale] Au port de Lomé, la file des… (Économie)");
        let frame = "Une lettre dont le titre est déjà très long en soi, n’est-ce pas : {lead}";
        assert!(fill(frame, title).ends_with("Au port de Lomé, la…"), "{}", fill(frame, title));
    }

    #[test]
    fn an_accent_of_its_own_counts_with_its_letter() {
        let title = "e\u{301}".repeat(58);
        assert_eq!(fill("{lead}", &title), title);
    }

    #[test]
    fn a_wrong_pattern_says_what_is_wrong() {
        for (pattern, said) in [
            ("{titre}", "there is no {titre}"),
            ("{lead", "stands alone"),
            ("lead}", "stands alone"),
            ("{newsletter}", "the same subject"),
        ] {
            let error = SubjectPattern::parse(pattern).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(SubjectPattern::parse("A {lead} B").unwrap().to_string(), "A {lead} B");
    }

    proptest! {
        #[test]
        fn a_subject_never_has_more_than_60_characters_when_its_frame_leaves_room(
            lead in "[a-zéà' «»:!?,.…-]{0,120}", frame in "[a-zé:!]{0,20}",
        ) {
            let subject = fill(&format!("{frame} {{lead}}"), &lead);
            prop_assert!(seen(&subject) <= LONGEST, "{}", subject);
        }
    }
}
