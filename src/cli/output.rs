//! What verbs print: sentences, tables, JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;

/// How a verb that lists or shows answers.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Format {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints a text and a line break. A reader that has gone (`kiosque article list | head`) ends the program quietly.
pub fn say(text: impl AsRef<str>) {
    put(format!("{}\n", text.as_ref()));
}

/// Prints a text as it is; otherwise as [`say`].
pub fn put(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_ref().as_bytes()).and_then(|()| out.flush())
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Prints a text and a line break on standard error.
pub fn complain(text: &str) {
    // where nobody listens there is nothing left to do
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints JSON over several lines.
///
/// # Errors
/// When the value cannot be written as JSON (a map with keys that are no strings).
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Rows under headers, each column as wide as its widest cell.
#[derive(Debug)]
pub struct Table {
    headers: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headers; one that begins with `#` is a column of numbers, set to the right.
    pub fn new(headers: &[&'static str]) -> Table {
        Table { headers: headers.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: as many cells as there are headers.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints the table, or `nothing` when it has no rows.
    pub fn print(&self, nothing: &str) {
        say(if self.is_empty() { nothing.to_owned() } else { self.render() });
    }

    /// The table as text without a last line break.
    pub fn render(&self) -> String {
        let headers: Vec<String> =
            self.headers.iter().map(|h| h.trim_start_matches('#').to_uppercase()).collect();
        let widths: Vec<usize> = (0..headers.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.chain(headers.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for (number, row) in std::iter::once(&headers).chain(&self.rows).enumerate() {
            let mut line = String::new();
            for ((cell, width), header) in row.iter().zip(&widths).zip(&self.headers) {
                let gap = " ".repeat(width - cell.chars().count());
                let _ = match header.starts_with('#') {
                    true => write!(line, "{gap}{cell}  "),
                    false => write!(line, "{cell}{gap}  "),
                };
            }
            if number > 0 {
                text.push('\n');
            }
            text.push_str(line.trim_end());
        }
        text
    }
}

/// The first `most` characters, with an ellipsis when there were more.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters() {
        let mut table = Table::new(&["slug", "title", "#readers"]);
        table.row(["hebdo".into(), "L’Hebdo".into(), "9".into()]);
        table.row(["été".into(), "Été".into(), "1204".into()]);
        assert_eq!(
            table.render(),
            "SLUG   TITLE    READERS\nhebdo  L’Hebdo        9\nété    Été         1204"
        );
    }

    #[test]
    fn long_texts_are_cut_with_an_ellipsis() {
        assert_eq!(shorten("Économie", 8), "Économie");
        assert_eq!(shorten("Économie et finances", 10), "Économie…");
    }
}
