//! `edition edit`: what an editor's page does, typed.

use std::path::Path;

use clap::Args;

use super::super::setup::{self, Access};
use super::super::{Failure, output};
use crate::app::App;
use crate::articles::{self, ArticleId};
use crate::newsletters::editing::{self, Change, ChangeError};
use crate::newsletters::edition::EditionId;

/// Who acts when it is typed.
pub(super) const OPERATOR: &str = "operator";

/// Changes, made in this order. ARTICLE is a number or the address of a page.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Edits {
    /// Put in what was published since, or was left out
    #[arg(long, value_name = "ARTICLE")]
    add: Vec<String>,
    /// Leave out of this edition; the next one may take it
    #[arg(long, value_name = "ARTICLE")]
    leave_out: Vec<String>,
    /// Leave out for good
    #[arg(long, value_name = "ARTICLE")]
    never: Vec<String>,
    /// Put first
    #[arg(long, value_name = "ARTICLE")]
    lead: Option<String>,
    /// Move one place up in its section
    #[arg(long, value_name = "ARTICLE")]
    up: Vec<String>,
    /// Move one place down in its section
    #[arg(long, value_name = "ARTICLE")]
    down: Vec<String>,
    /// The note above the articles; empty removes it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The subject; empty gives back the first title
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
}

/// What is changed about one article.
type OfArticle = fn(ArticleId) -> Change;

/// Changes a frozen edition; each change that does anything is a revision.
pub(super) async fn edit(named: Option<&Path>, id: EditionId, edits: Edits) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let mut changes: Vec<Change> = Vec::new();
    let kinds: [(Vec<String>, OfArticle); 6] = [
        (edits.add, Change::Add),
        (edits.leave_out, Change::LeaveOut),
        (edits.never, Change::Never),
        (edits.lead.into_iter().collect(), Change::Lead),
        (edits.up, Change::Up),
        (edits.down, Change::Down),
    ];
    for (named, change) in kinds {
        for text in named {
            changes.push(change(article(&app, &text).await?));
        }
    }
    changes.extend(edits.note.map(|text| Change::Note(unescaped(&text))));
    changes.extend(edits.subject.map(Change::Subject));
    let mut revision = 0;
    let mut made = 0;
    for change in &changes {
        let changed = editing::change(&app.desk, id, change, OPERATOR, None, app.clock.now()).await?;
        revision = changed.edition.revision;
        made += usize::from(changed.new);
    }
    output::say(format!(
        "edition {id}: {made} of {} changes made, revision {revision} is in force",
        changes.len()
    ));
    Ok(())
}

/// `\n` typed in a shell stands for a line's end.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n")
}

async fn article(app: &App, text: &str) -> Result<ArticleId, Failure> {
    match &articles::find(&app.db, text).await?[..] {
        [one] => Ok(one.id),
        [] => {
            Err(Failure::usage(format!("kiosque: no article is {text}; `kiosque article list` shows them")))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|article| article.id.to_string()).collect();
            Err(Failure::usage(format!(
                "kiosque: {text} is the page of articles {}; name one",
                ids.join(", ")
            )))
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Failure {
        match error {
            ChangeError::Edition(error) => error.into(),
            ChangeError::Failed(error) => Failure::Failed(error),
            other => Failure::Failed(other.into()),
        }
    }
}
