//! What the page of a reader's preferences shows.

use crate::html::pages::Page;
use serde::Serialize;

/// `/p/{token}`. Its first form posts to its own address: `letter` (a slug) once for every letter that is to come, `all` (a slug)
/// for each of which all rubrics are wanted, `every` (a slug) for
/// each that was shown so, `rubric` (`slug/rubric`) once for every other, `light`, `pause` (`2027-01-03`
/// or empty) and `name`. Undoing is posting what was before.
/// Its second form posts `address` to `/p/{token}/adresse`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PreferencesView {
    /// The token of the page's address.
    pub token: String,
    /// The address, all but its first character and its domain hidden.
    pub masked: String,
    /// The first name.
    pub name: String,
    /// The letters one can have, those that come among them.
    pub letters: Vec<LetterPreferences>,
    /// Whether any letter comes.
    pub any_on: bool,
    /// Without images.
    pub light: bool,
    /// The day from which letters come again, `2027-01-03`; empty without a pause.
    pub pause: String,
    /// The same in words: « 3 janvier 2027 ».
    pub paused_until: Option<String>,
    /// The first and the last day that may be chosen.
    pub pause_days: (String, String),
    /// What was just changed, a sentence each.
    pub said: Vec<String>,
    /// The fields that put it back as it was; empty when nothing was changed.
    pub undo: Vec<FieldView>,
    /// Why nothing was saved.
    pub mistake: Option<PreferencesMistake>,
    /// The page of the reader's own data.
    pub data_url: String,
    /// Whether the address must not be mailed.
    pub suppressed: bool,
    /// The new address as it was typed, when its form comes back.
    pub new_address: String,
}

/// One letter.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LetterPreferences {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// When it comes: "du lundi au vendredi à 7 h".
    pub rhythm: Option<String>,
    /// Whether it comes to this reader.
    pub on: bool,
    /// « Toutes les rubriques, y compris les nouvelles ».
    pub all: bool,
    /// Its rubrics.
    pub rubrics: Vec<RubricBox>,
    /// The chosen rubrics in words; empty for all.
    pub chosen: String,
}

/// One rubric of a letter.
#[derive(Debug, Clone, Serialize)]
pub struct RubricBox {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it is wanted.
    pub chosen: bool,
}

/// A hidden field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Why preferences were not saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PreferencesMistake {
    /// A letter that is to come has no rubric.
    Rubrics {
        /// Its slug.
        slug: String,
    },
    /// Not a day, or not one of the coming year.
    Pause,
    /// Too long, or with characters that no name has.
    Name,
    /// The new address is none.
    Address,
}

/// Invented ones, for trying templates and for tests.
pub(super) fn samples() -> Vec<(String, Page)> {
    let plain = sample();
    let changed = PreferencesView {
        said: vec!["Vous recevez désormais « Le Soir ».".into(), "Vos lettres sont suspendues.".into()],
        undo: vec![FieldView { name: "letter".into(), value: "matinale".into() }],
        pause: "2027-01-03".into(),
        paused_until: Some("3 janvier 2027".into()),
        light: true,
        ..plain.clone()
    };
    let mistaken = PreferencesView {
        mistake: Some(PreferencesMistake::Rubrics { slug: "matinale".into() }),
        ..plain.clone()
    };
    let pause = PreferencesView { mistake: Some(PreferencesMistake::Pause), ..plain.clone() };
    let name = PreferencesView { mistake: Some(PreferencesMistake::Name), ..plain.clone() };
    let address = PreferencesView {
        mistake: Some(PreferencesMistake::Address),
        new_address: "afi@exemple".into(),
        ..plain.clone()
    };
    let mut none = PreferencesView { any_on: false, suppressed: true, ..plain.clone() };
    none.letters.iter_mut().for_each(|letter| letter.on = false);
    [
        ("preferences", plain),
        ("preferences-saved", changed),
        ("preferences-mistake", mistaken),
        ("preferences-mistake-pause", pause),
        ("preferences-mistake-name", name),
        ("preferences-mistake-address", address),
        ("preferences-none", none),
    ]
    .map(|(of, view)| (of.to_owned(), Page::Preferences(Box::new(view))))
    .into()
}

fn sample() -> PreferencesView {
    let rubrics = |chosen: &[&str]| {
        ["Politique", "Économie", "Société", "Culture", "Tech & Web", "Sport"]
            .map(|name| RubricBox {
                slug: name.to_lowercase().replace(' ', "-").replace('é', "e").replace("-&", ""),
                name: name.into(),
                chosen: chosen.contains(&name),
            })
            .to_vec()
    };
    let letter = |slug: &str, title: &str, rhythm: &str, on, chosen: &[&str]| LetterPreferences {
        slug: slug.into(),
        title: title.into(),
        rhythm: Some(rhythm.into()),
        on,
        all: chosen.is_empty(),
        rubrics: rubrics(chosen),
        chosen: chosen.join(", "),
    };
    PreferencesView {
        masked: "a…@exemple.tg".into(),
        name: "Afi".into(),
        letters: vec![
            letter("matinale", "La Matinale", "du lundi au vendredi à 7 h", true, &["Politique", "Économie"]),
            letter("soir", "Le Soir", "tous les jours à 18 h", false, &[]),
            letter("culture", "Culture : l'agenda", "le jeudi à 18 h", true, &[]),
        ],
        any_on: true,
        data_url: "/p/jeton/donnees".into(),
        pause_days: ("2026-11-24".into(), "2027-11-23".into()),
        ..PreferencesView::default()
    }
}
