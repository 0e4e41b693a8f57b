//! What is wrong with a configuration file, each mistake with its line and column, all of them at once.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place in the file: bytes from its beginning.
pub type At = Range<usize>;

/// The file as it was read, kept so that checks made later can still point into it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name shown in messages, as the operator gave it.
    pub name: Arc<str>,
    /// The folder that relative paths in the file start from.
    pub folder: Arc<Path>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// Takes the name for messages, the folder of the file and its text.
    pub fn new(name: &str, folder: &Path, text: &str) -> Source {
        Source { name: name.into(), folder: folder.into(), text: text.into() }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// A path written in the file, from the folder of the file when relative.
    pub fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }
}

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where; `None` when no place can be named.
    pub at: Option<At>,
    /// What is wrong and what was expected, in one sentence without a full stop.
    pub message: String,
}

/// Everything wrong with one file, in the order of its lines. Shown as `config.toml:12:5: …`, the line, and carets.
#[derive(Debug, Clone)]
pub struct Mistakes {
    source: Source,
    list: Vec<Mistake>,
}

impl Mistakes {
    /// An empty list for this file.
    pub fn new(source: Source) -> Mistakes {
        Mistakes { source, list: Vec::new() }
    }

    /// Adds a mistake at a place, or of the file as a whole.
    pub fn push(&mut self, at: impl Into<Option<At>>, message: impl Into<String>) {
        self.list.push(Mistake { at: at.into(), message: message.into() });
    }

    /// Takes over another list on the same file.
    pub fn append(&mut self, mut other: Mistakes) {
        self.list.append(&mut other.list);
    }

    /// The file they are in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many things are wrong.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The mistakes, sorted by place.
    pub fn list(&self) -> Vec<&Mistake> {
        let mut sorted: Vec<&Mistake> = self.list.iter().collect();
        sorted.sort_by_key(|mistake| mistake.at.as_ref().map_or(usize::MAX, |at| at.start));
        sorted
    }

    /// `Ok` when nothing is wrong.
    ///
    /// # Errors
    /// The list itself when something is.
    pub fn into_result(self) -> Result<(), Mistakes> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, mistake) in self.list().into_iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            let Some(at) = &mistake.at else {
                write!(out, "{}: {}", self.source.name, mistake.message)?;
                continue;
            };
            let (line, column) = self.source.line_column(at.start);
            write!(out, "{}:{line}:{column}: {}", self.source.name, mistake.message)?;
            let text = self.source.text.lines().nth(line - 1).unwrap_or_default();
            let inside =
                self.source.text.get(at.clone()).and_then(|part| part.lines().next()).unwrap_or_default();
            let carets = "^".repeat(inside.chars().count().max(1));
            let margin = line.to_string();
            let indent: String =
                text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(out, "\n  {margin} | {text}\n  {} | {indent}{carets}", " ".repeat(margin.len()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_shows_line_column_and_caret_counted_in_characters() {
        let text = "a = 1\ntitre = \"Économie\", x\n";
        let source = Source::new("config.toml", Path::new("."), text);
        let mut mistakes = Mistakes::new(source);
        let x = text.find('x').unwrap();
        mistakes.push(x..x + 1, "unexpected `x`");
        mistakes.push(0..1, "unknown key `a`");
        let shown = mistakes.to_string();
        assert_eq!(
            shown,
            "config.toml:1:1: unknown key `a`\n  1 | a = 1\n    | ^\nconfig.toml:2:21: unexpected `x`\n  2 | titre = \"Économie\", x\n    |                     ^"
        );
    }
}
