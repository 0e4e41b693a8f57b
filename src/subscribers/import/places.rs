//! Where readers go: newsletters and rubrics for groups of another system.

use std::collections::{BTreeMap, HashMap};

use super::row::Fault;
use crate::articles::CategoryId;
use crate::french::slug::slug;
use crate::subscribers::choice::Choice;
use crate::subscribers::newsletter::NewsletterId;

/// A newsletter that readers can be brought to.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its row.
    pub id: NewsletterId,
    /// Its slug.
    pub slug: String,
    /// The rubrics it carries, by slug.
    pub rubrics: BTreeMap<String, CategoryId>,
}

/// A newsletter, and what is chosen of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The newsletter's row.
    pub newsletter: NewsletterId,
    /// All of it, or these rubrics.
    pub choice: Choice,
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not of the form `GROUP=LETTER` or `GROUP=LETTER:RUBRIC,RUBRIC`.
    #[error("`{0}` is not of the form GROUP=LETTER or GROUP=LETTER:RUBRIC,RUBRIC")]
    Form(String),
    /// No newsletter has this slug.
    #[error("no newsletter is called `{0}`; there are: {1}")]
    Letter(String, String),
    /// The newsletter does not carry this rubric.
    #[error("the newsletter `{0}` carries no rubric `{1}`; it carries: {2}")]
    Rubric(String, String, String),
}

/// Which readers go where.
#[derive(Debug, Clone, Default)]
pub struct Places {
    letters: Vec<Letter>,
    everyone: Option<usize>,
    by_group: HashMap<String, Vec<usize>>,
    destinations: Vec<Destination>,
    known: HashMap<Destination, usize>,
}

impl Places {
    /// Nobody goes anywhere yet.
    #[must_use]
    pub fn new(letters: Vec<Letter>) -> Self {
        Self { letters, ..Self::default() }
    }

    /// Brings every reader to `LETTER` or `LETTER:RUBRIC,…`; groups that name the same newsletter say which rubrics of it.
    ///
    /// # Errors
    /// When there is no such newsletter, or it does not carry such a rubric.
    pub fn everyone(&mut self, text: &str) -> Result<(), PlaceError> {
        let destination = self.destination(text)?;
        self.everyone = Some(self.number(destination));
        Ok(())
    }

    /// Brings a group to a newsletter: `GROUP=LETTER` or `GROUP=LETTER:RUBRIC,…`. Upper and lower case and accents of
    /// the group's name do not matter (`MailPoet` changes them).
    ///
    /// # Errors
    /// When the text is not of this form, there is no such newsletter, or it does not carry such a rubric.
    pub fn map(&mut self, text: &str) -> Result<(), PlaceError> {
        let form = || PlaceError::Form(text.to_owned());
        let (group, place) = text.rsplit_once('=').ok_or_else(form)?;
        let group = slug(group).ok_or_else(form)?;
        let destination = self.destination(place.trim())?;
        let number = self.number(destination);
        self.by_group.entry(group).or_default().push(number);
        Ok(())
    }

    /// Whether anything was said of where readers go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.everyone.is_none() && self.by_group.is_empty()
    }

    /// Whether groups say where readers go.
    pub(super) fn maps(&self) -> bool {
        !self.by_group.is_empty()
    }

    fn destination(&self, text: &str) -> Result<Destination, PlaceError> {
        let (letter, rubrics) = text.split_once(':').unwrap_or((text, ""));
        self.letter(letter, rubrics.split(',').map(str::trim).filter(|rubric| !rubric.is_empty()))
    }

    fn letter<'a>(
        &self,
        name: &str,
        rubrics: impl Iterator<Item = &'a str>,
    ) -> Result<Destination, PlaceError> {
        let found = self.letters.iter().find(|letter| letter.slug == name);
        let letter = found.ok_or_else(|| {
            let slugs: Vec<&str> = self.letters.iter().map(|letter| letter.slug.as_str()).collect();
            PlaceError::Letter(name.to_owned(), slugs.join(", "))
        })?;
        let mut chosen = std::collections::BTreeSet::new();
        for rubric in rubrics {
            let id = letter.rubrics.get(rubric).ok_or_else(|| {
                let slugs: Vec<&str> = letter.rubrics.keys().map(String::as_str).collect();
                PlaceError::Rubric(name.to_owned(), rubric.to_owned(), slugs.join(", "))
            })?;
            chosen.insert(*id);
        }
        let choice = if chosen.is_empty() { Choice::All } else { Choice::Only(chosen) };
        Ok(Destination { newsletter: letter.id, choice })
    }

    fn number(&mut self, destination: Destination) -> usize {
        if let Some(number) = self.known.get(&destination) {
            return *number;
        }
        let number = self.destinations.len();
        self.destinations.push(destination.clone());
        self.known.insert(destination, number);
        number
    }

    /// The numbers of the places that a group's readers go to.
    pub(super) fn of_group(&self, group: &str) -> &[usize] {
        slug(group).and_then(|group| self.by_group.get(&group)).map_or(&[], Vec::as_slice)
    }

    /// The number of the place that our own list names: a newsletter's slug, and slugs of rubrics.
    pub(super) fn named(&mut self, newsletter: &str, rubrics: Option<&str>) -> Result<usize, Fault> {
        let rubrics = rubrics.unwrap_or_default();
        let rubrics = rubrics.split([',', ' ']).filter(|rubric| !rubric.is_empty());
        let destination = self.letter(newsletter, rubrics);
        let destination = destination.map_err(|error| {
            Fault::new(
                if matches!(error, PlaceError::Rubric(..)) { "rubrics" } else { "newsletter" },
                error.to_string(),
            )
        })?;
        Ok(self.number(destination))
    }

    /// Where a reader of these places goes: each newsletter once, with all that is chosen of it.
    pub(super) fn wanted(&self, places: impl IntoIterator<Item = usize>) -> Vec<Destination> {
        let mut wanted: BTreeMap<NewsletterId, Choice> = BTreeMap::new();
        for place in places {
            let Some(Destination { newsletter, choice }) = self.destinations.get(place) else { continue };
            match (wanted.get_mut(newsletter), choice) {
                (None, choice) => {
                    wanted.insert(*newsletter, choice.clone());
                }
                (Some(Choice::Only(before)), Choice::Only(more)) => before.extend(more),
                (Some(before), Choice::All) => *before = Choice::All,
                (Some(Choice::All), Choice::Only(_)) => {}
            }
        }
        if let Some(Destination { newsletter, choice }) =
            self.everyone.and_then(|place| self.destinations.get(place))
        {
            wanted.entry(*newsletter).or_insert_with(|| choice.clone());
        }
        wanted.into_iter().map(|(newsletter, choice)| Destination { newsletter, choice }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let rubrics: BTreeMap<String, CategoryId> =
            [("politique".to_owned(), CategoryId(3)), ("sport".to_owned(), CategoryId(5))].into();
        let letter =
            |id, slug: &str| Letter { id: NewsletterId(id), slug: slug.to_owned(), rubrics: rubrics.clone() };
        Places::new(vec![letter(1, "matinale"), letter(2, "hebdo")])
    }

    fn only(id: i64, categories: &[i64]) -> Destination {
        let categories = categories.iter().copied().map(CategoryId).collect();
        Destination { newsletter: NewsletterId(id), choice: Choice::Only(categories) }
    }

    #[test]
    fn groups_bring_readers_to_newsletters_and_rubrics() {
        let mut places = places();
        places.everyone("matinale").unwrap();
        places.map("Sports & loisirs=matinale:sport").unwrap();
        places.map("Politique = matinale:politique").unwrap();
        places.map("Fin de semaine=hebdo").unwrap();
        let wanted = |groups: &[&str]| {
            places.wanted(groups.iter().flat_map(|group| places.of_group(group).to_vec()).collect::<Vec<_>>())
        };
        let all = |id| Destination { newsletter: NewsletterId(id), choice: Choice::All };
        assert_eq!(wanted(&[]), [all(1)]);
        assert_eq!(wanted(&["SPORTS & LOISIRS"]), [only(1, &[5])]);
        assert_eq!(wanted(&["politique", "sports & loisirs"]), [only(1, &[3, 5])]);
        assert_eq!(wanted(&["fin de semaine", "autre"]), [all(1), all(2)]);
    }

    #[test]
    fn a_place_that_is_not_there_is_named() {
        let mut places = places();
        for (text, expected) in [
            ("Sport", "is not of the form"),
            ("=matinale", "is not of the form"),
            ("Sport=midi", "there are: matinale, hebdo"),
            ("Sport=hebdo:météo", "it carries: politique, sport"),
        ] {
            let error = places.map(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(places.is_empty());
        assert_eq!(places.named("hebdo", Some("sport, politique")), Ok(0));
        assert_eq!(places.wanted([0]), [only(2, &[3, 5])]);
        assert_eq!(places.named("hebdo", Some("meteo")).unwrap_err().field, "rubrics");
    }
}
