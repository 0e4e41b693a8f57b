//! Records of a file, one after another, in memory that a broken file cannot make grow.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

use crate::subscribers::csv::{CutError, Dialect, Record, cut};

/// The longest line: no address, name or note needs more.
const MAX_LINE: u64 = 256 * 1024;

/// A quoted cell may hold line breaks, at most so many: one forgotten quotation mark must not swallow the rest of a file.
const MAX_LINES_OF_A_RECORD: usize = 20;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A record that begins on this line.
    Record(u64),
    /// A line that is no record: its number, why, and what of it is text.
    Fault(u64, String, String),
    /// The file is over.
    End,
}

/// The records of a file in UTF-8, numbered by the lines they begin on; empty lines are left out.
#[derive(Debug)]
pub(super) struct Records<R> {
    source: R,
    dialect: Dialect,
    line_break: u8,
    /// Lines read so far.
    number: u64,
    /// Lines read in the search for the end of a record that has none.
    ahead: VecDeque<Line>,
}

#[derive(Debug)]
struct Line {
    number: u64,
    text: Result<String, &'static str>,
}

impl<R: BufRead> Records<R> {
    /// Reads `source` with lines that end by `line_break`: LF, or CR alone as old Macintosh spreadsheets wrote it.
    pub(super) fn new(source: R, line_break: u8) -> Self {
        let dialect = Dialect { separator: b',', backslash: false };
        Self { source, dialect, line_break, number: 0, ahead: VecDeque::new() }
    }

    /// The first line that is not empty and names columns: `sep=;` is for Excel alone. Empty when there is none.
    pub(super) fn header(&mut self) -> io::Result<String> {
        while let Some(line) = self.line()? {
            let text = line.text.unwrap_or_default();
            let for_excel = text.trim_start_matches('\u{feff}').to_ascii_lowercase().starts_with("sep=");
            if !text.trim().is_empty() && !for_excel {
                return Ok(text);
            }
        }
        Ok(String::new())
    }

    /// Cuts the records that follow in this way; commas at first.
    pub(super) fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Where the bytes come from.
    pub(super) fn source(&self) -> &R {
        &self.source
    }

    /// Reads the next record.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<Next> {
        loop {
            let Some(line) = self.line()? else { return Ok(Next::End) };
            let number = line.number;
            let mut text = match line.text {
                Ok(text) => text,
                Err(why) => return Ok(Next::Fault(number, why.to_owned(), String::new())),
            };
            if text.trim().is_empty() {
                continue;
            }
            return Ok(match cut(&text, self.dialect, record) {
                Ok(()) => Next::Record(number),
                Err(CutError::Open) if self.close(&mut text, record)? => Next::Record(number),
                Err(error) => Next::Fault(number, error.to_string(), text),
            });
        }
    }

    /// Looks in the next lines for the end of a cell that `text` opens; they are left where they are if it is not there.
    fn close(&mut self, text: &mut String, record: &mut Record) -> io::Result<bool> {
        let length = text.len();
        for more in 0..MAX_LINES_OF_A_RECORD {
            if more == self.ahead.len() {
                let Some(line) = self.read_line()? else { break };
                self.ahead.push_back(line);
            }
            let Some(Line { text: Ok(line), .. }) = self.ahead.get(more) else { break };
            text.push('\n');
            text.push_str(line);
            if text.len() as u64 > MAX_LINE {
                break;
            }
            if line.contains('"') && cut(text, self.dialect, record).is_ok() {
                self.ahead.drain(..=more);
                return Ok(true);
            }
        }
        text.truncate(length);
        Ok(false)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.read_line(),
        }
    }

    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        self.source.by_ref().take(MAX_LINE + 1).read_until(self.line_break, &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        if bytes.len() as u64 > MAX_LINE {
            self.skip_line()?;
            return Ok(Some(Line { number, text: Err("a line of more than 256 kB") }));
        }
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|_| "not UTF-8, as the rest of the file is");
        Ok(Some(Line { number, text }))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.source.fill_buf()?;
            let end = bytes.iter().position(|&byte| byte == self.line_break);
            let used = end.map_or(bytes.len(), |end| end + 1);
            let over = end.is_some() || used == 0;
            self.source.consume(used);
            if over {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], line_break: u8) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut records = Records::new(text, line_break);
        let mut record = Record::default();
        let mut read = Vec::new();
        loop {
            match records.next(&mut record).unwrap() {
                Next::Record(line) => read.push((line, Ok(record.cells().to_vec()))),
                Next::Fault(line, why, _) => read.push((line, Err(why))),
                Next::End => return read,
            }
        }
    }

    #[test]
    fn a_cell_may_hold_line_breaks_and_lines_keep_their_numbers() {
        let read = read(b"a,\"deux\r\nlignes\"\r\n\r\nb,c\n", b'\n');
        assert_eq!(
            read,
            [(1, Ok(vec!["a".into(), "deux\nlignes".into()])), (4, Ok(vec!["b".into(), "c".into()]))]
        );
    }

    #[test]
    fn a_quotation_mark_without_end_costs_its_line_alone() {
        let mut text = b"a,\"b\n".to_vec();
        text.extend(b"x,y\n".repeat(50));
        let read = read(&text, b'\n');
        assert_eq!(read.len(), 51);
        assert_eq!(read[0], (1, Err("a quotation mark is not closed".into())));
        assert!(read[1..].iter().zip(2..).all(|((line, record), number)| *line == number && record.is_ok()));
    }

    #[test]
    fn a_line_without_end_or_in_another_encoding_costs_itself_alone() {
        let mut text = vec![b'x'; 3 * MAX_LINE as usize];
        text.extend_from_slice(b"\n\xff\nb\n");
        let read = read(&text, b'\n');
        assert_eq!(
            read.iter().map(|(line, record)| (*line, record.is_ok())).collect::<Vec<_>>(),
            [(1, false), (2, false), (3, true)]
        );
    }

    #[test]
    fn lines_of_an_old_macintosh_end_by_a_carriage_return() {
        assert_eq!(read(b"a,b\rc,d\r", b'\r').len(), 2);
    }
}
