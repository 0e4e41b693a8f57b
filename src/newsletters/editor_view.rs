//! What the mail to editors shows that leads to an edition's page: the digest as it stands, in short.

use serde::Serialize;

use crate::html::publisher::PublisherView;
use crate::mail::{LINK_MARK, without_mark};

/// A mail to an edition's editors. Texts are plain; the template sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditorMailView {
    /// Who publishes.
    pub publisher: PublisherView,
    /// The subject.
    pub subject_line: String,
    /// What a mail program's list shows after the subject.
    pub summary: String,
    /// The heading.
    pub title: String,
    /// When it leaves, and what is expected.
    pub paragraphs: Vec<String>,
    /// The words of the button.
    pub button: String,
    /// The edition's page; holds [`LINK_MARK`].
    pub url: String,
    /// How long it holds.
    pub aside: String,
    /// The subject that readers would see now.
    pub digest_subject: String,
    /// The editor's note; blank lines part its paragraphs.
    pub note: Option<String>,
    /// The first article.
    pub lead: Option<EditorMailArticle>,
    /// The others by rubric; what is only announced comes last.
    pub sections: Vec<EditorMailSection>,
    /// Why this mail came.
    pub why: String,
}

/// The first article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditorMailArticle {
    /// Its title.
    pub title: String,
    /// Its rubric.
    pub rubric: String,
    /// Its beginning; may be empty.
    pub summary: String,
}

/// Headlines under a rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditorMailSection {
    /// The rubric, or what else they have in common.
    pub name: String,
    /// Their titles.
    pub titles: Vec<String>,
}

impl EditorMailView {
    /// The view without marks in what articles and editors say; the button's address is ours.
    #[must_use]
    pub(super) fn without_foreign_marks(mut self) -> Self {
        let clean = |text: &mut String| *text = without_mark(text).into_owned();
        let own = [&mut self.subject_line, &mut self.summary, &mut self.title, &mut self.digest_subject];
        own.into_iter().chain(&mut self.paragraphs).chain(&mut self.note).for_each(clean);
        if let Some(lead) = &mut self.lead {
            [&mut lead.title, &mut lead.rubric, &mut lead.summary].into_iter().for_each(clean);
        }
        for section in &mut self.sections {
            clean(&mut section.name);
            section.titles.iter_mut().for_each(clean);
        }
        self
    }
}

/// An invented one, for trying templates and for tests.
#[must_use]
pub fn sample() -> EditorMailView {
    let section = |name: &str, titles: &[&str]| EditorMailSection {
        name: name.into(),
        titles: titles.iter().map(|title| (*title).to_owned()).collect(),
    };
    EditorMailView {
        publisher: crate::html::sample_pages::publisher(),
        subject_line: "[À approuver] La Matinale du samedi 1er août 2026 à 7 h".into(),
        summary: "14 articles, à relire avant 7 h.".into(),
        title: "La Matinale du samedi 1er août 2026 à 7 h".into(),
        paragraphs: vec!["L’édition est prête. Elle ne part pas sans votre accord.".into()],
        button: "Relire et approuver".into(),
        url: format!("https://lettres.exemple.tg/relire/{LINK_MARK}"),
        aside: "Ce lien est personnel : quiconque l’ouvre peut modifier l’édition.".into(),
        digest_subject: "Au port de Lomé, la file des camions raccourcit enfin".into(),
        note: Some("Bonjour,\n\nbonne lecture.".into()),
        lead: Some(EditorMailArticle {
            title: "Au port de Lomé, la file des camions raccourcit enfin".into(),
            rubric: "Économie".into(),
            summary: "Le nouveau guichet unique promettait de diviser par deux le temps passé à quai.".into(),
        }),
        sections: vec![
            section(
                "Politique",
                &["Qui siégera à la commission électorale ?", "Kara : le budget est adopté"],
            ),
            section("Annoncés par leur titre", &["La météo de la fin de semaine"]),
        ],
        why:
            "Vous recevez ce message parce que votre adresse est celle d’un éditeur de la lettre La Matinale."
                .into(),
    }
}
