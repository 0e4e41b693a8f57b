//! What mails to the newsroom show: an alarm, a report. One form for both.

use serde::Serialize;

use crate::html::publisher::PublisherView;

use super::foreign::presentable;

/// A mail to the newsroom. Texts are plain; the template sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeView {
    /// Who publishes.
    pub publisher: PublisherView,
    /// The subject.
    pub subject_line: String,
    /// What a mail program's list shows after the subject.
    pub summary: String,
    /// The heading.
    pub title: String,
    /// Paragraphs before the blocks.
    pub intro: Vec<String>,
    /// What there is to say, one thing a block.
    pub blocks: Vec<NoticeBlock>,
    /// Why this mail came.
    pub why: String,
}

/// How a block is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeMark {
    /// Something is wrong.
    Alarm,
    /// It is over.
    Over,
    /// Neither.
    Plain,
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeBlock {
    /// How it is marked.
    pub mark: NoticeMark,
    /// The small line above the heading; may be empty.
    pub label: String,
    /// Its heading.
    pub heading: String,
    /// Sentences.
    pub paragraphs: Vec<String>,
    /// Figures with their names.
    pub rows: Vec<NoticeRow>,
    /// What to type.
    pub commands: Vec<NoticeCommand>,
    /// Technical words, shown as they are.
    pub detail: Option<String>,
}

/// A figure and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeRow {
    /// What is counted.
    pub label: String,
    /// How many, in words.
    pub value: String,
}

/// A line to type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeCommand {
    /// What it does.
    pub what: String,
    /// As it is typed.
    pub line: String,
}

impl NoticeView {
    /// The view without characters that ask for a reader's token or that no mail can hold: relays and sources say what they like.
    #[must_use]
    pub(super) fn without_foreign_marks(mut self) -> Self {
        let clean = presentable;
        [&mut self.subject_line, &mut self.summary, &mut self.title, &mut self.why]
            .into_iter()
            .for_each(clean);
        self.intro.iter_mut().for_each(clean);
        for block in &mut self.blocks {
            [&mut block.label, &mut block.heading].into_iter().for_each(clean);
            block.paragraphs.iter_mut().for_each(clean);
            block.rows.iter_mut().flat_map(|row| [&mut row.label, &mut row.value]).for_each(clean);
            block.commands.iter_mut().flat_map(|c| [&mut c.what, &mut c.line]).for_each(clean);
            block.detail.iter_mut().for_each(clean);
        }
        self
    }
}
