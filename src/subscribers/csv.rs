//! Lists of addresses as spreadsheets write them: a header line, then one reader a line.

use crate::mail::{Address, Mailbox};

/// Where the columns are, and what stands between them: a French spreadsheet writes semicolons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    separator: char,
    address: usize,
    name: Option<usize>,
}

/// What is wrong with a line: the field at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) message: String,
}

impl Fault {
    fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

impl Columns {
    /// Reads the header line.
    pub(super) fn read(header: &str) -> Result<Self, Fault> {
        let header = header.trim_start_matches('\u{feff}');
        let separator = if header.contains(';') { ';' } else { ',' };
        let titles = fields(header, separator).map_err(|message| Fault::new("header", message))?;
        let expected = "`address`, or `address,name`, is expected on the first line";
        let (mut address, mut name) = (None, None);
        for (place, title) in titles.iter().enumerate() {
            let column = match title.trim().to_lowercase().as_str() {
                "address" => &mut address,
                "name" => &mut name,
                other => return Err(Fault::new("header", format!("unknown column `{other}`; {expected}"))),
            };
            if column.replace(place).is_some() {
                return Err(Fault::new("header", format!("a column stands twice; {expected}")));
            }
        }
        let address =
            address.ok_or_else(|| Fault::new("header", format!("no column `address`; {expected}")))?;
        Ok(Self { separator, address, name })
    }

    /// Reads a reader's line; none when it is empty.
    pub(super) fn mailbox(&self, line: &str) -> Result<Option<Mailbox>, Fault> {
        let fields = fields(line, self.separator).map_err(|message| Fault::new("line", message))?;
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(None);
        }
        let columns = 1 + usize::from(self.name.is_some());
        if fields.len() > columns {
            let message = format!("{} fields where the header has {columns}", fields.len());
            return Err(Fault::new("line", message));
        }
        let address = fields.get(self.address).map_or("", String::as_str);
        let address = Address::parse(address).map_err(|error| Fault::new("address", error.to_string()))?;
        let name = self.name.and_then(|place| fields.get(place)).map(String::as_str);
        let mailbox = Mailbox::new(name, address).map_err(|error| Fault::new("name", error.to_string()))?;
        Ok(Some(mailbox))
    }
}

/// Cuts one line into its fields (RFC 4180 without line breaks inside a field, which neither an address nor a name
/// can have).
fn fields(line: &str, separator: char) -> Result<Vec<String>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match after.trim_start_matches(' ').strip_prefix(separator) {
            Some(next) => rest = next,
            None if after.trim().is_empty() => return Ok(fields),
            None => return Err("text after a closing quotation mark"),
        }
    }
}

/// The field up to its closing quotation mark, and what follows it; two marks stand for one.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"').ok_or("a quotation mark is not closed")?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Ok((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &str) -> Result<Option<String>, Fault> {
        Columns::read(header)?.mailbox(line).map(|mailbox| mailbox.map(|mailbox| mailbox.to_string()))
    }

    #[test]
    fn lines_are_read_as_spreadsheets_write_them() {
        let read = |header, line| read(header, line).unwrap().unwrap();
        assert_eq!(read("address", "a@exemple.tg"), "a@exemple.tg");
        assert_eq!(read("\u{feff}Address;Name", "a@exemple.tg;Ama"), "Ama <a@exemple.tg>");
        assert_eq!(read("name,address", "Ama,a@exemple.tg"), "Ama <a@exemple.tg>");
        assert_eq!(read("address,name", "a@exemple.tg"), "a@exemple.tg");
        assert_eq!(read("address,name", "a@exemple.tg,"), "a@exemple.tg");
        assert_eq!(
            read("address,name", r#""a@exemple.tg", "Mensah, dit ""Ama""""#),
            r#""Mensah, dit \"Ama\"" <a@exemple.tg>"#
        );
    }

    #[test]
    fn empty_lines_are_no_readers() {
        for line in ["", "  ", ",", "\"\",\"\""] {
            assert_eq!(read("address,name", line), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn a_fault_names_its_field() {
        for (header, line, field) in [
            ("email", "", "header"),
            ("", "", "header"),
            ("address,address", "", "header"),
            ("address,name,city", "", "header"),
            ("address", "a@exemple.tg,Ama", "line"),
            ("address", "\"a@exemple.tg", "line"),
            ("address", "\"a@exemple.tg\"x", "line"),
            ("address", "a@localhost", "address"),
            ("address,name", ",Ama", "address"),
            ("address,name", "a@exemple.tg,A\u{202E}ma", "name"),
        ] {
            assert_eq!(read(header, line).map_err(|fault| fault.field), Err(field), "{header:?} {line:?}");
        }
    }
}
