//! What a mail shows whose one purpose is a link for its reader alone.

use serde::Serialize;

use crate::html::publisher::PublisherView;

/// A mail with one button. Texts are plain; the template sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ButtonView {
    /// Who publishes.
    pub publisher: PublisherView,
    /// The subject.
    pub subject_line: String,
    /// What a mail program's list shows after the subject.
    pub summary: String,
    /// The heading.
    pub title: String,
    /// What it is about.
    pub paragraphs: Vec<String>,
    /// The words of the button.
    pub button: String,
    /// Where it leads; holds a token or its mark.
    pub url: String,
    /// How long it holds, and what to do when nothing was asked for.
    pub aside: String,
}
