//! What the pages show on which editors look through an edition before it leaves.

use chrono::NaiveDateTime;
use serde::Serialize;

use crate::html::pages::Page;

/// A page behind an editor's link.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum EditorPage {
    /// The edition.
    Edition(Box<EditorView>),
    /// The edition is long over, or the link was never ours.
    Gone {
        /// It was ours.
        ours: bool,
    },
}

impl EditorPage {
    /// Name of the page's template.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self {
            Self::Edition(_) => "pages/editor.html",
            Self::Gone { .. } => "pages/editor_gone.html",
        }
    }
}

/// An edition before its editors. Its forms post to its own address: `do`, and what that is about (`article`, `text`, `title`,
/// `summary`, `to`), with `seen`, the revision that was shown.
#[derive(Debug, Clone, Serialize)]
pub struct EditorView {
    /// The link's token.
    pub token: String,
    /// The letter's title.
    pub letter: String,
    /// The slot, in the letter's zone.
    pub date: NaiveDateTime,
    /// How it stands, in sentences; the first one says it.
    pub standing: Vec<String>,
    /// It can be changed.
    pub open: bool,
    /// It waits for approval.
    pub waits: bool,
    /// It can be stopped.
    pub can_stop: bool,
    /// It was stopped while it was under way, and can go on.
    pub can_resume: bool,
    /// Until when this page stays open, in the letter's zone, once the edition has left: its articles can be put right.
    pub rectify_until: Option<NaiveDateTime>,
    /// The letter greets readers by their first name.
    pub greets: bool,
    /// The revision shown.
    pub revision: i64,
    /// The subject as it would be printed.
    pub subject: String,
    /// The subject an editor wrote; empty without one.
    pub own_subject: String,
    /// The note; empty without one.
    pub note: String,
    /// How many articles it has.
    pub count: usize,
    /// The articles: what leads, the rubrics, what is announced.
    pub sections: Vec<EditorSection>,
    /// What could be put in.
    pub offered: Vec<EditorItem>,
    /// What was left out.
    pub left_out: Vec<EditorItem>,
    /// The hour that is proposed for postponing, as a form has it (`2026-11-23T07:30`), and the earliest and latest.
    pub postpone: [String; 3],
    /// The edition on the web, once it is public.
    pub web_url: Option<String>,
    /// The editor's address, where a test goes.
    pub editor: String,
    /// What was done to it, latest first.
    pub history: Vec<EditorAct>,
    /// What the last button did.
    pub said: Option<EditorSaid>,
}

/// Articles under one heading.
#[derive(Debug, Clone, Serialize)]
pub struct EditorSection {
    /// The heading.
    pub name: String,
    /// They are only announced.
    pub announced: bool,
    /// The articles.
    pub items: Vec<EditorItem>,
}

/// An article.
#[derive(Debug, Clone, Serialize)]
pub struct EditorItem {
    /// Its number.
    pub id: i64,
    /// The number of the one before it; 0 for the first.
    pub before: i64,
    /// Its title in this edition.
    pub title: String,
    /// Its beginning in this edition.
    pub summary: String,
    /// The newsroom's title, where this edition has another.
    pub newsroom_title: Option<String>,
    /// This edition has other words for it.
    pub reworded: bool,
    /// Its rubric.
    pub rubric: String,
    /// It is the first one.
    pub leads: bool,
    /// It can go up.
    pub up: bool,
    /// It can go down.
    pub down: bool,
    /// What stands below its title where it could be put in, or back.
    pub fine: String,
}

/// Something that was done.
#[derive(Debug, Clone, Serialize)]
pub struct EditorAct {
    /// When, in the letter's zone.
    pub at: NaiveDateTime,
    /// By whom and what, in a sentence.
    pub what: String,
}

/// A « Rectificatif » that waits for its last button.
#[derive(Debug, Clone, Serialize)]
pub struct RectifyAsked {
    /// What readers will be told.
    pub note: String,
    /// Who gets the edition itself corrected, in a sentence.
    pub more: Option<String>,
    /// What the button says.
    pub button: String,
}

/// What the last button did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EditorSaid {
    /// In a sentence.
    pub text: String,
    /// It did not do what was wanted.
    pub wrong: bool,
    /// The number of the article beside which it is said; 0: above everything.
    pub at: i64,
    /// What was typed and not kept.
    pub typed: Option<String>,
    /// A « Rectificatif » that is about to be sent.
    pub rectify: Option<RectifyAsked>,
}

impl EditorSaid {
    /// It is done; said above everything.
    #[must_use]
    pub fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// It is not done; said above everything.
    #[must_use]
    pub fn refused(text: impl Into<String>) -> Self {
        Self { wrong: true, ..Self::done(text) }
    }
}

/// Invented pages, each with a name of its own.
#[must_use]
pub fn samples() -> Vec<(String, Page)> {
    let named = |name: &str, page| (name.to_owned(), Page::Editor(page));
    let waiting = sample();
    let said = |text: &str, wrong, at| {
        Some(EditorSaid {
            text: text.into(),
            wrong,
            at,
            typed: wrong.then(|| "Bonjour, bonne lecture.".into()),
            rectify: None,
        })
    };
    let approved = EditorView {
        waits: false,
        standing: vec!["Approuvée : elle part le samedi 1er août 2026 à 7\u{a0}h, à 9 412 lecteurs.".into()],
        said: said("C’est approuvé.", false, 0),
        ..sample()
    };
    let gone = EditorView {
        open: false,
        waits: false,
        standing: vec![
            "Partie le samedi 1er août 2026 à 7\u{a0}h.".into(),
            "Rien ne peut plus y être changé ; une erreur peut être rectifiée.".into(),
        ],
        web_url: Some("https://lettres.exemple.tg/editions/matinale/2026-08-01".into()),
        offered: Vec::new(),
        left_out: Vec::new(),
        rectify_until: Some(sample().date + chrono::TimeDelta::days(7)),
        ..sample()
    };
    let rectify = EditorView {
        said: Some(EditorSaid {
            at: 2,
            rectify: Some(RectifyAsked {
                note: "La loi concerne 117 communes, et non 171.".into(),
                more: Some(
                    "Pour 1\u{202f}204 lecteurs, l’édition n’est pas encore partie : ils la recevront corrigée."
                        .into(),
                ),
                button: "Envoyer à 8\u{202f}208 lecteurs".into(),
            }),
            ..EditorSaid::done("Ce rectificatif partira à 8\u{202f}208 lecteurs, qui ont pu lire l’erreur.")
        }),
        ..gone.clone()
    };
    let moved = EditorView { said: said("Déplacé.", false, 3), ..sample() };
    let wrong = EditorView { said: said("Quelqu’un a changé ce texte entre-temps.", true, 0), ..sample() };
    vec![
        named("editor", EditorPage::Edition(Box::new(waiting))),
        named("editor-approved", EditorPage::Edition(Box::new(approved))),
        named("editor-left", EditorPage::Edition(Box::new(gone))),
        named("editor-rectify", EditorPage::Edition(Box::new(rectify))),
        named("editor-moved", EditorPage::Edition(Box::new(moved))),
        named("editor-wrong", EditorPage::Edition(Box::new(wrong))),
        named("editor-gone", EditorPage::Gone { ours: true }),
        named("editor-unknown", EditorPage::Gone { ours: false }),
    ]
}

fn sample() -> EditorView {
    let date = NaiveDateTime::parse_from_str("2026-08-01T07:00", "%Y-%m-%dT%H:%M").unwrap_or_default();
    let item = |id: i64, rubric: &str, title: &str| EditorItem {
        id,
        before: id - 1,
        title: title.into(),
        summary:
            "Le nouveau guichet unique promettait de diviser par deux le temps passé à quai. Six mois après, \
                  le port est plus calme."
                .into(),
        newsroom_title: (id == 3).then(|| "Commission électorale : qui siégera ?".into()),
        reworded: id == 3,
        rubric: rubric.into(),
        leads: id == 1,
        up: id == 3,
        down: id == 2,
        fine: match id {
            7 => "L’édition suivante pourra le prendre".into(),
            8 => "Ne sera jamais envoyé".into(),
            _ => format!("{rubric}, samedi 1er août 2026 à 7\u{a0}h"),
        },
    };
    let section = |name: &str, items| EditorSection { name: name.into(), announced: false, items };
    EditorView {
        token: "jeton".into(),
        letter: "La Matinale".into(),
        date,
        standing: vec![
            "Elle attend votre accord pour partir le samedi 1er août 2026 à 7\u{a0}h, à 9 412 lecteurs."
                .into(),
            "Sans accord avant 11\u{a0}h, elle est abandonnée.".into(),
        ],
        open: true,
        waits: true,
        can_stop: true,
        can_resume: false,
        rectify_until: None,
        greets: true,
        revision: 4,
        subject: "Au port de Lomé, la file des camions raccourcit enfin".into(),
        own_subject: String::new(),
        note: "Bonjour,\n\nbonne lecture.".into(),
        count: 5,
        sections: vec![
            section(
                "À la une – Économie",
                vec![item(1, "Économie", "Au port de Lomé, la file des camions raccourcit enfin")],
            ),
            section(
                "Politique",
                vec![
                    item(2, "Politique", "Les députés examinent la loi sur les communes"),
                    item(3, "Politique", "Qui siégera à la commission électorale ?"),
                    item(4, "Politique", "Kara : le conseil municipal adopte son budget à une voix près"),
                ],
            ),
            EditorSection {
                announced: true,
                ..section("Annoncés par leur titre", vec![item(5, "", "La météo de la fin de semaine")])
            },
        ],
        offered: vec![item(6, "Sport", "Les Éperviers gagnent à Kégué")],
        left_out: vec![
            item(7, "Culture", "Une exposition de tissus kente à Kpalimé"),
            item(8, "Sport", "Mots croisés : la grille 214"),
        ],
        postpone: ["2026-08-01T07:30".into(), "2026-08-01T06:41".into(), "2026-08-08T07:00".into()],
        web_url: None,
        editor: "redaction@exemple.tg".into(),
        history: vec![EditorAct { at: date, what: "redaction@exemple.tg a changé la note".into() }],
        said: None,
    }
}
