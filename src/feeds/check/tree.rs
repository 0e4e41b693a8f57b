//! A document as elements with their lines.

use std::rc::Rc;

/// An element with its namespace resolved.
#[derive(Debug)]
pub(super) struct Element {
    /// The namespace's URI; empty for none.
    pub(super) space: Rc<str>,
    /// The name without its prefix.
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Node>,
    /// From 1.
    pub(super) line: u32,
    /// Whether a character in it was written as a hexadecimal reference, as the RSS profile wants `&` and `<`.
    pub(super) hexadecimal: bool,
}

/// An attribute, its value expanded.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) space: Rc<str>,
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

/// The namespace of `xml:lang` and `xml:base`.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

impl Element {
    pub(super) fn is(&self, space: &str, name: &str) -> bool {
        self.name == name && &*self.space == space
    }

    /// The elements directly below, in order.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Those of them with this name.
    pub(super) fn all<'a>(&'a self, space: &'a str, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(space, name))
    }

    /// The first of them.
    pub(super) fn first<'a>(&'a self, space: &'a str, name: &'a str) -> Option<&'a Element> {
        self.all(space, name).next()
    }

    pub(super) fn has(&self, space: &str, name: &str) -> bool {
        self.elements().any(|element| element.is(space, name))
    }

    /// The characters directly in it.
    pub(super) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// The same, without white space at its ends.
    pub(super) fn trimmed(&self) -> String {
        self.text().trim().to_owned()
    }

    /// The value of an attribute without a namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_of("", name)
    }

    pub(super) fn attribute_of(&self, space: &str, name: &str) -> Option<&str> {
        let named = |attribute: &&Attribute| attribute.name == name && &*attribute.space == space;
        self.attributes.iter().find(named).map(|attribute| attribute.value.as_str())
    }

    /// `name`, or `prefix:name` as the field writes it, in angle brackets.
    pub(super) fn shown(&self) -> String {
        match super::namespaces::prefix(&self.space) {
            Some(prefix) if !prefix.is_empty() => format!("<{prefix}:{}>", self.name),
            _ => format!("<{}>", super::finding::short(&self.name)),
        }
    }
}
