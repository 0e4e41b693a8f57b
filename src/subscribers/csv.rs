//! CSV as spreadsheets write it: cells out of text, and text out of cells.

use std::borrow::Cow;
use std::fmt;

/// How a file writes its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What stands between cells: ASCII.
    pub(super) separator: u8,
    /// Whether a quotation mark inside a cell is written `\"`, as `MailPoet` does, besides `""`.
    pub(super) backslash: bool,
}

/// Why a text is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutError {
    /// A quotation mark is not closed: the record may go on in the next line.
    Open,
    /// Something follows a closing quotation mark.
    AfterQuote,
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "a quotation mark is not closed",
            Self::AfterQuote => "text after a closing quotation mark",
        })
    }
}

/// The cells of a record; its memory is used again for the next.
#[derive(Debug, Default, Clone)]
pub(super) struct Record {
    cells: Vec<String>,
    used: usize,
}

impl Record {
    /// Its cells.
    pub(super) fn cells(&self) -> &[String] {
        &self.cells[..self.used]
    }

    fn next(&mut self) -> &mut String {
        if self.used == self.cells.len() {
            self.cells.push(String::new());
        }
        let cell = &mut self.cells[self.used];
        self.used += 1;
        cell.clear();
        cell
    }
}

/// Cuts a record, without the line break at its end, into cells (RFC 4180). Spaces around quotation marks do not count;
/// a quotation mark within an unquoted cell stands for itself.
pub(super) fn cut(text: &str, dialect: Dialect, record: &mut Record) -> Result<(), CutError> {
    record.used = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let cell = record.next();
        let start = at + spaces(&bytes[at..]);
        if bytes.get(start) == Some(&b'"') {
            at = unquote(text, start + 1, dialect, cell)?;
            at += spaces(&bytes[at..]);
            match bytes.get(at) {
                None => return Ok(()),
                Some(&byte) if byte == dialect.separator => at += 1,
                Some(_) => return Err(CutError::AfterQuote),
            }
        } else {
            let end = bytes[at..].iter().position(|&byte| byte == dialect.separator);
            let Some(end) = end else {
                cell.push_str(&text[at..]);
                return Ok(());
            };
            cell.push_str(&text[at..at + end]);
            at += end + 1;
        }
    }
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b' ').count()
}

/// Reads a quoted cell from behind its opening mark; gives the place behind its closing one.
fn unquote(text: &str, from: usize, dialect: Dialect, cell: &mut String) -> Result<usize, CutError> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let mark = bytes[at..].iter().position(|&byte| byte == b'"' || (byte == b'\\' && dialect.backslash));
        let mark = at + mark.ok_or(CutError::Open)?;
        cell.push_str(&text[at..mark]);
        let doubled = bytes.get(mark + 1) == Some(&b'"');
        match (bytes[mark], doubled) {
            (_, true) => {
                cell.push('"');
                at = mark + 2;
            }
            (b'\\', false) => {
                cell.push('\\');
                at = mark + 1;
            }
            (_, false) => return Ok(mark + 1),
        }
    }
}

/// Whether a spreadsheet calculates what begins so (OWASP, "CSV Injection"; Excel takes the wide forms too).
fn calculates(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A cell as a spreadsheet shows it without calculating: an apostrophe before what would be a formula (threat S10).
/// What begins with apostrophes and goes on like a formula gets one more, so that [`plain`] gives back what was.
pub(super) fn harmless(cell: &str) -> Cow<'_, str> {
    match calculates(cell.trim_start_matches('\'')) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// A cell without the apostrophe that [`harmless`], or another program with the same care, put before it.
pub(super) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if calculates(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Adds a record to a text, harmless for spreadsheets, quoted where it must be, and ended by CR LF (RFC 4180).
pub(super) fn write<'a>(text: &mut String, separator: u8, cells: impl IntoIterator<Item = &'a str>) {
    let separator = char::from(separator);
    let mut first = true;
    for cell in cells {
        if !std::mem::take(&mut first) {
            text.push(separator);
        }
        let cell = harmless(cell);
        if cell.contains(['"', '\r', '\n', '\t', ',', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMA: Dialect = Dialect { separator: b',', backslash: false };

    fn cells(text: &str, dialect: Dialect) -> Result<Vec<String>, CutError> {
        let mut record = Record::default();
        cut(text, dialect, &mut record).map(|()| record.cells().to_vec())
    }

    #[test]
    fn records_are_read_as_spreadsheets_write_them() {
        let read = |text| cells(text, COMMA).unwrap();
        assert_eq!(read(""), [""]);
        assert_eq!(read("a,,b,"), ["a", "", "b", ""]);
        assert_eq!(read(r#""Mensah, dit ""Ama""" , x"#), [r#"Mensah, dit "Ama""#, " x"]);
        assert_eq!(read("5\" pouces,\"deux\nlignes\""), ["5\" pouces", "deux\nlignes"]);
        assert_eq!(read(r#""a\,b""#), [r"a\,b"], "Mailchimp's groups keep their backslash");
        assert_eq!(cells("a;b,c", Dialect { separator: b';', ..COMMA }).unwrap(), ["a", "b,c"]);
        assert_eq!(cells("\"a", COMMA), Err(CutError::Open));
        assert_eq!(cells("\"a\"b", COMMA), Err(CutError::AfterQuote));
    }

    #[test]
    fn mailpoet_guards_quotation_marks_with_a_backslash() {
        let dialect = Dialect { backslash: true, ..COMMA };
        assert_eq!(cells(r#""Ama \"la grande\"","a\b""#, dialect).unwrap(), [r#"Ama "la grande""#, r"a\b"]);
    }

    #[test]
    fn no_cell_written_is_a_formula() {
        for cell in ["=1+1", "+228 90", "-2", "@SUM(A1)", "\tx", "\rx", "＝1", "'=1"] {
            let mut text = String::new();
            write(&mut text, b';', [cell]);
            assert!(text.trim_start_matches('"').starts_with('\''), "{text:?}");
        }
        let mut text = String::new();
        write(&mut text, b';', ["l’été", "O'Brien", "'tis"]);
        assert_eq!(text, "l’été;O'Brien;'tis\r\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            row in prop::collection::vec("[-'=+@,;\" \t\r\na-zé＝\\\\]{0,8}", 1..5),
            separator in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let mut text = String::new();
            write(&mut text, separator, row.iter().map(String::as_str));
            let read = cells(text.strip_suffix("\r\n").unwrap(), Dialect { separator, backslash: false }).unwrap();
            let read: Vec<&str> = read.iter().map(|cell| plain(cell)).collect();
            prop_assert_eq!(read, row);
        }
    }
}
