//! The XML of a WordPress export as a stream of leaves: an element's name, attributes and text, and where containers begin
//! and end. No entity is expanded that a document declares, no element is larger than a limit, nothing nests deeply.

use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesStart, Event};

use crate::html::text::decode;

/// Most bytes of one text, tag or comment.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Deepest nesting; exports use six.
const DEEPEST: usize = 32;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// An element begins: its name and, for `category`, its domain and nicename.
    Open(String, Vec<(String, String)>),
    /// An element ends, with the text that stood directly in it.
    Close(String, String),
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    /// It ends too early.
    #[error("the file ends inside <{0}>: it is cut off")]
    CutOff(String),
    /// It is not well-formed.
    #[error("not well-formed XML: {0}; what follows was not read")]
    Malformed(String),
    /// Something nests too deeply.
    #[error("elements nest deeper than {DEEPEST}; what follows was not read")]
    TooDeep,
}

/// Pulls nodes out of a stream.
#[derive(Debug)]
pub(super) struct Nodes<R: BufRead> {
    reader: quick_xml::Reader<Counted<R>>,
    buffer: Vec<u8>,
    open: Vec<(String, String)>,
    /// The end of an element written as `<x/>`.
    closing: Option<String>,
}

impl<R: BufRead> Nodes<R> {
    pub(super) fn new(input: R) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Counted { input, line: 1, since: 0 });
        let config = reader.config_mut();
        config.check_end_names = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Vec::new(), open: Vec::new(), closing: None }
    }

    /// The line read up to now, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// The next node; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Node>, XmlError> {
        if let Some(name) = self.closing.take() {
            return Ok(Some(Node::Close(name, String::new())));
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().since = 0;
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|e| XmlError::Malformed(e.to_string()))?;
            match event {
                Event::Start(start) => {
                    if self.open.len() >= DEEPEST {
                        return Err(XmlError::TooDeep);
                    }
                    let (name, attributes) = named(&start);
                    self.open.push((name.clone(), String::new()));
                    return Ok(Some(Node::Open(name, attributes)));
                }
                Event::Empty(start) => {
                    let (name, attributes) = named(&start);
                    self.closing = Some(name.clone());
                    return Ok(Some(Node::Open(name, attributes)));
                }
                Event::End(_) => {
                    if let Some((name, text)) = self.open.pop() {
                        return Ok(Some(Node::Close(name, text)));
                    }
                }
                Event::Text(text) => append(&mut self.open, &decode(&text)),
                Event::CData(text) => append(&mut self.open, &decode(&text)),
                Event::GeneralRef(reference) => {
                    let name = decode(&reference).into_owned();
                    match reference.resolve_char_ref() {
                        Ok(Some(c)) => append(&mut self.open, c.encode_utf8(&mut [0; 4])),
                        _ => append(&mut self.open, &predefined(&name)),
                    }
                }
                Event::Eof => {
                    return match self.open.pop() {
                        Some((name, _)) => Err(XmlError::CutOff(name)),
                        None => Ok(None),
                    };
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }
}

fn append(open: &mut [(String, String)], text: &str) {
    if let Some((_, sum)) = open.last_mut()
        && (sum.len() + text.len()) as u64 <= LARGEST
    {
        sum.push_str(text);
    }
}

/// The five entities of XML; any other stays as it is written, whatever the document declares.
fn predefined(name: &str) -> String {
    match name {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        other => format!("&{other};"),
    }
}

fn named(start: &BytesStart<'_>) -> (String, Vec<(String, String)>) {
    let name = decode(start.name().as_ref()).into_owned();
    let mut attributes = Vec::new();
    if name == "category" {
        for attribute in start.html_attributes().with_checks(false).flatten() {
            let value = decode(&attribute.value).replace("&amp;", "&");
            attributes.push((decode(attribute.key.as_ref()).into_owned(), value));
        }
    }
    (name, attributes)
}

/// A stream that counts lines, and refuses to hand over more than [`LARGEST`] bytes for one event.
#[derive(Debug)]
struct Counted<R> {
    input: R,
    line: u64,
    since: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a single text is larger than 32 MiB"));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(buffer) = self.input.fill_buf() {
            let seen = &buffer[..amount.min(buffer.len())];
            self.line += seen.iter().filter(|b| **b == b'\n').count() as u64;
        }
        self.since += amount as u64;
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(xml: &str) -> (Vec<Node>, Option<String>) {
        let mut nodes = Nodes::new(xml.as_bytes());
        let mut all = Vec::new();
        loop {
            match nodes.next() {
                Ok(Some(node)) => all.push(node),
                Ok(None) => return (all, None),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    fn text_of(xml: &str) -> String {
        let close = nodes(xml).0.into_iter().find_map(|n| match n {
            Node::Close(_, text) => Some(text),
            Node::Open(..) => None,
        });
        close.unwrap()
    }

    #[test]
    fn texts_and_cdata_run_together_and_only_xmls_own_entities_are_expanded() {
        assert_eq!(
            text_of("<t>a &amp; b<![CDATA[ <c> &amp; ]]]]><![CDATA[>]]>&#233;&eacute;</t>"),
            "a & b <c> &amp; ]]>é&eacute;"
        );
        let bomb = "<!DOCTYPE t [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]><t>&b;&x;</t>";
        assert_eq!(text_of(bomb), "&b;&x;");
    }

    #[test]
    fn a_cut_or_broken_file_says_so() {
        assert_eq!(nodes("<rss><channel><item>x").1.unwrap(), "the file ends inside <item>: it is cut off");
        assert!(nodes("<rss><a></b></rss>").1.unwrap().contains("not well-formed"));
        assert_eq!(nodes(&"<a>".repeat(100)).1.unwrap(), XmlError::TooDeep.to_string());
    }
}
