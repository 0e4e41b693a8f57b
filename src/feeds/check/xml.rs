//! From characters to elements: XML 1.0 and its namespaces, strictly.
//!
//! The tokens are quick-xml's. What it lets pass is looked for here: names, a second root, `<` and bare `&` in attribute
//! values, attributes that touch, `]]>` in text, forbidden character references. Nothing is expanded but the five
//! entities of XML and character references; nesting and size are bounded, so that no document can harm who reads it.

use std::collections::HashSet;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::characters::{self, Kind};
use super::finding::{Sheet, rules, short};
use super::names::{is_name, local, settings, touch};
use super::namespaces::{Declaration, INVALID_NAMESPACE, UNDECLARED_PREFIX};
use super::tree::{Attribute, Element, Node, XML};

rules! {
    BLANK_BEFORE = "blank-before-declaration", Error,
        "Strict parsers refuse the document. Something prints before the feed: in WordPress usually an empty line after \
         ?> in functions.php or a plugin.",
        "W3C WPBlankLine; XML 1.0 §2.8";
    NO_DECLARATION = "no-xml-declaration", Advice,
        "Without <?xml version=\"1.0\" encoding=\"utf-8\"?> as its first bytes the encoding has to be guessed once the \
         document is saved.",
        "kiosque rule 1; XML 1.0 §2.8";
    WRONG_VERSION = "xml-version", Error,
        "Parsers of XML 1.0 refuse other versions. Write 1.0.",
        "W3C BadXmlVersion; XML 1.0 §2.8";
    NOT_WELL_FORMED = "not-well-formed", Error,
        "Most readers refuse the whole document at this place. Let a library write the XML, or escape & and < as &amp; and \
         &lt;.",
        "W3C SAXError; XML 1.0 §2.1";
    UNKNOWN_ENTITY = "unknown-entity", Error,
        "XML knows only &amp; &lt; &gt; &quot; and &apos;. Write the character itself, in UTF-8.",
        "W3C UndefinedNamedEntity; XML 1.0 §4.1";
    TOO_DEEP = "too-deep", Error,
        "Readers bound the depth of documents and stop reading here. No feed needs this much nesting.",
        "kiosque: at most 100 levels and a million nodes";
    DOCTYPE = "doctype", Warning,
        "Readers that guard against entity attacks refuse any DOCTYPE, and no feed needs one. Leave it out.",
        "kiosque rule 1; W3C ContainsSystemEntity";
    STYLESHEET = "stylesheet", Advice,
        "Browsers are removing XSLT, and with a feed's own media type none applies a stylesheet. Link a page that explains \
         the feed.",
        "kiosque rule 1";
}

/// No feed is nested deeper.
const DEEPEST: usize = 100;

/// Elements and texts together.
const MOST_NODES: usize = 1_000_000;

/// Declarations of namespaces.
const MOST_DECLARATIONS: usize = 10_000;

/// A document, as far as it could be read.
pub(super) struct Document {
    pub(super) root: Option<Element>,
    pub(super) declarations: Vec<Declaration>,
    /// Whether it was read to its end. What is missing from one that breaks off is no fault of its own.
    pub(super) whole: bool,
}

/// Reads a document.
pub(super) fn read(text: &str, sheet: &mut Sheet) -> Document {
    let trimmed = text.trim_start();
    if trimmed.starts_with("<?xml") {
        if trimmed.len() < text.len() {
            sheet.at(BLANK_BEFORE, 1, "There is white space before the XML declaration.");
        }
    } else {
        sheet.at(NO_DECLARATION, 1, "The document has no XML declaration.");
    }
    let mut reading = Reading::new(trimmed, u32_lines(&text[..text.len() - trimmed.len()]));
    let whole = reading.run(sheet);
    Document { root: reading.finish(), declarations: reading.declarations, whole }
}

fn u32_lines(text: &str) -> u32 {
    characters::line_after(text.as_bytes())
}

struct Reading<'a> {
    text: &'a str,
    /// Up to where lines are counted.
    counted: usize,
    line: u32,
    open: Vec<Open>,
    root: Option<Element>,
    nodes: usize,
    declarations: Vec<Declaration>,
}

/// An element that is not closed yet, and how many declarations were in force before it.
struct Open {
    element: Element,
    scope: Rc<Vec<usize>>,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, line: u32) -> Self {
        Self { text, counted: 0, line, open: Vec::new(), root: None, nodes: 0, declarations: Vec::new() }
    }

    /// Reads to the end, or to what is not well-formed: then the answer is false.
    fn run(&mut self, sheet: &mut Sheet) -> bool {
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().enable_all_checks(true);
        loop {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            self.count_to(at);
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    self.count_to(usize::try_from(reader.error_position()).unwrap_or(usize::MAX));
                    return self.wrong(&format!("The XML breaks off: {}.", short(&error.to_string())), sheet);
                }
            };
            let goes_on = match event {
                Event::Eof => break,
                Event::Start(start) => self.start(&start, sheet),
                Event::Empty(start) => self.start(&start, sheet) && self.end(sheet),
                Event::End(_) => self.end(sheet),
                Event::Text(text) => match text.xml10_content() {
                    Ok(text) => self.text(&text, sheet),
                    Err(_) => true,
                },
                Event::CData(data) => match data.xml10_content() {
                    _ if self.open.is_empty() => {
                        self.wrong("A CDATA section stands outside the root element.", sheet)
                    }
                    Ok(text) => self.put(&text, sheet),
                    Err(_) => true,
                },
                Event::GeneralRef(reference) => match reference.decode() {
                    _ if self.open.is_empty() => {
                        self.wrong("A reference stands outside the root element.", sheet)
                    }
                    Ok(name) => self.reference(&name, sheet),
                    Err(_) => true,
                },
                Event::Decl(declaration) => {
                    self.declaration(at, &String::from_utf8_lossy(&declaration), sheet)
                }
                Event::PI(instruction) => {
                    match instruction.target() {
                        b"xml-stylesheet" => {
                            sheet.at(STYLESHEET, self.line, "The document names a stylesheet.")
                        }
                        target
                            if !is_name(&String::from_utf8_lossy(target))
                                || target.eq_ignore_ascii_case(b"xml") =>
                        {
                            return self.wrong("A processing instruction has no proper name.", sheet);
                        }
                        _ => {}
                    }
                    true
                }
                Event::DocType(_) => {
                    sheet.at(DOCTYPE, self.line, "The document has a DOCTYPE.");
                    if self.root.is_some() || !self.open.is_empty() {
                        self.wrong("The DOCTYPE comes after the root element has begun.", sheet)
                    } else {
                        true
                    }
                }
                Event::Comment(_) => true,
            };
            if !goes_on {
                return false;
            }
        }
        match self.open.last() {
            Some(open) => {
                let name = short(&open.element.name);
                self.wrong(&format!("The document ends before <{name}> is closed."), sheet)
            }
            None => true,
        }
    }

    /// Closes what is open and gives the root.
    fn finish(&mut self) -> Option<Element> {
        while let Some(open) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.element.children.push(Node::Element(open.element)),
                None => self.root = Some(open.element),
            }
        }
        self.root.take()
    }

    fn count_to(&mut self, at: usize) {
        let at = at.min(self.text.len());
        if at > self.counted {
            let passed = &self.text.as_bytes()[self.counted..at];
            self.line = self.line.saturating_add(characters::line_after(passed) - 1);
            self.counted = at;
        }
    }

    /// Notes what is not well-formed; the reading ends here, as a parser's does.
    fn wrong(&self, sentence: &str, sheet: &mut Sheet) -> bool {
        sheet.at(NOT_WELL_FORMED, self.line, sentence);
        false
    }

    /// Judges what stands between `<?` and `?>` (XML 1.0 §2.8).
    fn declaration(&self, at: usize, text: &str, sheet: &mut Sheet) -> bool {
        if at > 0 {
            return self.wrong("An XML declaration stands inside the document.", sheet);
        }
        let values = settings(text.strip_prefix("xml").unwrap_or(text));
        let names: Option<Vec<&str>> =
            values.as_ref().map(|values| values.iter().map(|(name, _)| *name).collect());
        let known = [
            &["version"][..],
            &["version", "encoding"],
            &["version", "standalone"],
            &["version", "encoding", "standalone"],
        ];
        let (Some(values), Some(names)) = (values, names) else {
            return self.wrong("The XML declaration cannot be read.", sheet);
        };
        if !known.contains(&names.as_slice()) {
            return self.wrong(
                "The XML declaration does not name version, encoding, standalone in this order.",
                sheet,
            );
        }
        let wrong = values.iter().find(|(name, value)| match *name {
            "encoding" => {
                !value.starts_with(|c: char| c.is_ascii_alphabetic())
                    || !value.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            }
            "standalone" => !matches!(*value, "yes" | "no"),
            _ => false,
        });
        if let Some((name, value)) = wrong {
            return self.wrong(&format!("The XML declaration has {name} “{}”.", short(value)), sheet);
        }
        if values[0].1 != "1.0" {
            let version = short(values[0].1);
            sheet.at(WRONG_VERSION, self.line, format!("The document says it is XML {version}."));
        }
        true
    }

    fn start(&mut self, start: &BytesStart, sheet: &mut Sheet) -> bool {
        if self.open.is_empty() && self.root.is_some() {
            return self.wrong("A second element follows the root element.", sheet);
        }
        self.nodes += 1;
        if self.open.len() >= DEEPEST
            || self.nodes > MOST_NODES
            || self.declarations.len() > MOST_DECLARATIONS
        {
            sheet.at(TOO_DEEP, self.line, "The document is nested too deep or has too many elements.");
            return false;
        }
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        if !is_name(&name) {
            return self.wrong(&format!("“{}” is no name for an element.", short(&name)), sheet);
        }
        let raw = String::from_utf8_lossy(start.attributes_raw()).into_owned();
        if touch(&raw) {
            return self.wrong("There is no white space between two attributes.", sheet);
        }
        let mut scope = self.open.last().map(|open| Rc::clone(&open.scope)).unwrap_or_default();
        let mut plain = Vec::new();
        let mut seen = HashSet::new();
        for attribute in start.attributes() {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => return self.wrong(&format!("An attribute is wrong: {error}."), sheet),
            };
            let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            if !is_name(&key) {
                return self.wrong(&format!("“{}” is no name for an attribute.", short(&key)), sheet);
            }
            let Some(value) = self.value(&String::from_utf8_lossy(&attribute.value), sheet) else {
                return false;
            };
            if !seen.insert(key.clone()) {
                return self.wrong(&format!("The attribute {} stands twice.", short(&key)), sheet);
            }
            match key.strip_prefix("xmlns:").or((key == "xmlns").then_some("")) {
                Some(prefix) => self.declare(prefix, value, &mut scope, sheet),
                None => plain.push((key, value)),
            }
        }
        let space = self.resolve(&name, true, &scope, sheet);
        let mut attributes = Vec::with_capacity(plain.len());
        for (key, value) in plain {
            let space = self.resolve(&key, false, &scope, sheet);
            attributes.push(Attribute { space, name: local(&key).to_owned(), value });
        }
        let (name, line) = (local(&name).to_owned(), self.line);
        let element = Element { space, name, attributes, children: Vec::new(), line, hexadecimal: false };
        self.open.push(Open { element, scope });
        true
    }

    fn end(&mut self, sheet: &mut Sheet) -> bool {
        let Some(open) = self.open.pop() else {
            return self.wrong("An element is closed that was never opened.", sheet);
        };
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(Node::Element(open.element)),
            None => self.root = Some(open.element),
        }
        true
    }

    fn text(&mut self, text: &str, sheet: &mut Sheet) -> bool {
        if self.open.is_empty() {
            return text.trim_matches([' ', '\t', '\r', '\n']).is_empty()
                || self.wrong("There is text outside the root element.", sheet);
        }
        if text.contains("]]>") {
            return self.wrong("“]]>” stands in text.", sheet);
        }
        self.put(text, sheet)
    }

    fn put(&mut self, text: &str, sheet: &mut Sheet) -> bool {
        let Some(open) = self.open.last_mut() else { return true };
        if let Some(Node::Text(last)) = open.element.children.last_mut() {
            last.push_str(text);
            return true;
        }
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            sheet.at(TOO_DEEP, self.line, "The document has too many elements.");
            return false;
        }
        open.element.children.push(Node::Text(text.to_owned()));
        true
    }

    fn reference(&mut self, name: &str, sheet: &mut Sheet) -> bool {
        if name.starts_with("#x")
            && let Some(open) = self.open.last_mut()
        {
            open.element.hexadecimal = true;
        }
        match self.expand(name, sheet) {
            Some(Some(c)) => self.put(c.encode_utf8(&mut [0; 4]), sheet),
            Some(None) => self.put(&format!("&{name};"), sheet),
            None => false,
        }
    }

    /// The character that a reference stands for; `Some(None)` for an entity that XML does not know, which is noted; `None`
    /// for what is no reference.
    fn expand(&self, name: &str, sheet: &mut Sheet) -> Option<Option<char>> {
        let known = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
        if known.is_some() {
            return Some(known);
        }
        if let Some(number) = name.strip_prefix('#') {
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
            let proper = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            let c =
                proper.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)).flatten();
            return match c.map(|c| (c, Kind::of(c))) {
                Some((c, Kind::Fine)) => Some(Some(c)),
                Some((c, Kind::Bad)) => {
                    characters::bad(c, Some(self.line), sheet);
                    Some(Some(c))
                }
                Some((_, Kind::Forbidden)) | None => {
                    let sentence = format!("&{}; stands for a character that XML forbids.", short(name));
                    sheet.at(characters::FORBIDDEN_CHARACTER, self.line, sentence);
                    None
                }
            };
        }
        if !is_name(name) {
            self.wrong(&format!("“&{};” is no reference.", short(name)), sheet);
            return None;
        }
        sheet.at(UNKNOWN_ENTITY, self.line, format!("&{}; is no entity of XML.", short(name)));
        Some(None)
    }

    /// An attribute's value, expanded and its white space made spaces; `None` when it is not well-formed.
    fn value(&self, raw: &str, sheet: &mut Sheet) -> Option<String> {
        if raw.contains('<') {
            self.wrong("“<” stands in an attribute.", sheet);
            return None;
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('&') {
            value.push_str(before);
            let Some((name, after)) = after.split_once(';') else {
                self.wrong("“&” stands alone in an attribute.", sheet);
                return None;
            };
            match self.expand(name, sheet)? {
                Some(c) => value.push(c),
                None => value.push_str(&format!("&{name};")),
            }
            rest = after;
        }
        value.push_str(rest);
        Some(value.replace(['\t', '\n', '\r'], " "))
    }

    fn declare(&mut self, prefix: &str, uri: String, scope: &mut Rc<Vec<usize>>, sheet: &mut Sheet) {
        let reserved = matches!(prefix, "xml" | "xmlns") && uri != XML;
        let invalid = (uri.is_empty() && !prefix.is_empty()) || uri.contains(' ') || reserved;
        if invalid {
            let what = if prefix.is_empty() { "The default prefix" } else { prefix };
            let sentence = format!("{} cannot stand for “{}”.", short(what), short(&uri));
            sheet.at(INVALID_NAMESPACE, self.line, sentence);
        }
        Rc::make_mut(scope).push(self.declarations.len());
        self.declarations.push(Declaration {
            prefix: prefix.to_owned(),
            uri,
            line: self.line,
            used: invalid,
        });
    }

    /// The namespace of a name; an attribute without a prefix has none.
    fn resolve(&mut self, name: &str, element: bool, scope: &[usize], sheet: &mut Sheet) -> Rc<str> {
        let prefix = match name.split_once(':') {
            Some((prefix, _)) => prefix,
            None if element => "",
            None => return Rc::from(""),
        };
        if prefix == "xml" {
            return Rc::from(XML);
        }
        let found = scope.iter().rev().find(|index| self.declarations[**index].prefix == prefix);
        match found {
            Some(index) => {
                let declaration = &mut self.declarations[*index];
                declaration.used = true;
                Rc::from(declaration.uri.as_str())
            }
            None if prefix.is_empty() => Rc::from(prefix),
            None => {
                let sentence = format!("The prefix {} is not declared.", short(prefix));
                sheet.at(UNDECLARED_PREFIX, self.line, sentence);
                Rc::from(prefix)
            }
        }
    }
}
