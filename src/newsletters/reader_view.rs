//! What mails to one reader about the letters themselves show: a link asked for, an address that changes, a leaving.

use serde::Serialize;

use crate::html::publisher::PublisherView;
use crate::mail::PREFERENCES_MARK;

use super::foreign::presentable;

/// A mail to one reader. Texts are plain; the template sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReaderMailView {
    /// Who publishes.
    pub publisher: PublisherView,
    /// The heading, and the subject's beginning.
    pub title: String,
    /// Sentences before the button; at least one.
    pub paragraphs: Vec<String>,
    /// Where the mail leads.
    pub button: Option<ButtonView>,
    /// Sentences in small print.
    pub small: Vec<String>,
    /// The form, without any token: for whom the mail was passed on to.
    pub subscribe: String,
}

/// A button of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ButtonView {
    /// What it says.
    pub label: String,
    /// Where it leads; may hold a mark.
    pub url: String,
}

impl ReaderMailView {
    /// The view without marks in what configuration and readers say; the button's address is ours.
    #[must_use]
    pub(super) fn without_foreign_marks(mut self) -> Self {
        let clean = presentable;
        clean(&mut self.title);
        self.paragraphs.iter_mut().chain(&mut self.small).for_each(clean);
        self
    }
}

/// An invented one, for trying templates and for tests.
#[must_use]
pub fn sample() -> ReaderMailView {
    ReaderMailView {
        publisher: crate::html::sample_pages::publisher(),
        title: "Le lien vers vos préférences".into(),
        paragraphs: vec!["Vous avez demandé le lien qui mène à vos lettres et à vos préférences.".into()],
        button: Some(ButtonView {
            label: "Gérer mes préférences".into(),
            url: format!("https://lettres.exemple.tg/p/{PREFERENCES_MARK}"),
        }),
        small: vec!["Vous n'avez rien demandé ? Ne faites rien : rien ne change.".into()],
        subscribe: "https://lettres.exemple.tg/lettres".into(),
    }
}
