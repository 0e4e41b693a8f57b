//! Running text inside blocks: emphasis, links, images, line breaks.

use dom_query::NodeRef;

use crate::html::chars::{escape_into, is_blank, is_space, one_line, xml_safe};
use crate::html::flow::{DEEPEST, SKIPPED, Shape, Writer, is_inline, is_plugin_output};
use crate::html::furniture::is_furniture;
use crate::html::images::{self, real_image};
use crate::html::links::{absolute, web_address};

/// Running text not yet written.
#[derive(Default)]
pub(super) struct Run {
    pub(super) html: String,
    /// What a reader sees of it.
    pub(super) text: String,
    pub(super) has_image: bool,
}

impl Writer<'_> {
    /// Two line breaks in a row end a paragraph, or stay two where there are none.
    pub(super) fn line_break(&mut self, shape: Shape) {
        self.run.html.truncate(self.run.html.trim_end_matches(is_space).len());
        let doubled = self.run.html.ends_with("<br>");
        if doubled && shape == Shape::Paragraphs {
            self.end_run(shape);
        } else if !self.run.html.ends_with("<br><br>") && (!is_blank(&self.run.text) || self.run.has_image) {
            self.run.html.push_str("<br>");
            self.run.text.push('\n');
        }
    }

    /// The tag an inline element is kept as, with its attributes; `None` when only what it holds counts.
    pub(super) fn inline_tag(&self, node: &NodeRef<'_>, name: &str) -> Option<String> {
        match name {
            // A link in a link, which only broken markup has, is the outer one.
            "a" if self.in_link => None,
            "a" => {
                let href = node.attr("href").filter(|h| &**h != "#")?;
                Some(format!("a href=\"{}\"{}", escaped(&absolute(self.base, &href)?), title_of(node)))
            }
            "abbr" | "acronym" => Some(format!("abbr{}", title_of(node))),
            "strike" => Some("s".to_owned()),
            "tt" | "samp" => Some("code".to_owned()),
            "b" | "cite" | "code" | "del" | "em" | "i" | "ins" | "kbd" | "mark" | "q" | "s" | "small"
            | "strong" | "sub" | "sup" | "u" => Some(name.to_owned()),
            _ => None,
        }
    }

    /// An inline element with its tag, unless nothing is in it.
    pub(super) fn inline(&mut self, node: &NodeRef<'_>, tag: &str, depth: usize) {
        let name = tag.split(' ').next().unwrap_or(tag);
        let (start, text_before) = (self.run.html.len(), self.run.text.len());
        let image_before = std::mem::replace(&mut self.run.has_image, false);
        let outer_link = self.in_link;
        self.in_link |= name == "a";
        self.run.html.push_str(&format!("<{tag}>"));
        self.inline_children(node, depth);
        self.in_link = outer_link;
        let text = self.run.text.get(text_before..).unwrap_or("");
        if is_blank(text) && !self.run.has_image {
            let spaced = !text.is_empty();
            self.run.html.truncate(start);
            self.run.text.truncate(text_before);
            if spaced {
                self.push_text(" ");
            }
        } else {
            self.run.html.push_str(&format!("</{name}>"));
        }
        self.run.has_image |= image_before;
    }

    /// What an inline element holds, blocks too (a link around a box): as running text, apart by spaces.
    pub(super) fn inline_children(&mut self, node: &NodeRef<'_>, depth: usize) {
        for child in node.children_it(false) {
            if child.is_text() {
                self.push_text(&child.text());
                continue;
            }
            let Some(name) = child.node_name() else { continue };
            let name: &str = &name;
            if SKIPPED.contains(name) || name == "noscript" && self.run.has_image || is_plugin_output(&child)
            {
                continue;
            }
            if depth >= DEEPEST {
                self.push_text(&child.text());
            } else if name == "img" {
                self.image(&child);
            } else if name == "br" {
                self.line_break(Shape::Bare);
            } else if let Some(tag) = self.inline_tag(&child, name) {
                self.inline(&child, &tag, depth + 1);
            } else if is_inline(name) {
                self.inline_children(&child, depth + 1);
            } else {
                self.push_text(" ");
                self.inline_children(&child, depth + 1);
                self.push_text(" ");
            }
        }
    }

    pub(super) fn image(&mut self, node: &NodeRef<'_>) {
        // WordPress and forums draw emoji as images; the character is in the text alternative.
        if node.has_class("emoji") || node.has_class("wp-smiley") {
            let alt = node.attr("alt").unwrap_or_default();
            self.push_text(&alt);
            return;
        }
        let Some(image) = real_image(node, self.base) else { return };
        self.run.html.push_str(&format!(
            "<img src=\"{}\" alt=\"{}\"",
            escaped(&image.src),
            escaped(&image.alt)
        ));
        if let Some((width, height)) = image.size {
            self.run.html.push_str(&format!(" width=\"{width}\" height=\"{height}\""));
        }
        self.run.html.push('>');
        self.run.has_image = true;
        self.last_image = Some(images::picture_name(&image.src));
    }

    /// Running text, its white space collapsed.
    pub(super) fn push_text(&mut self, text: &str) {
        let at_start = self.run.text.is_empty() || self.run.text.ends_with([' ', '\n']);
        let mut space = at_start;
        // Entities make characters that XML forbids: out before anybody asks what is blank.
        for c in xml_safe(text).chars() {
            if is_space(c) {
                if !space {
                    self.run.html.push(' ');
                    self.run.text.push(' ');
                }
                space = true;
            } else if !(self.run.text.is_empty() && c.is_whitespace()) {
                let mut buffer = [0; 4];
                escape_into(c.encode_utf8(&mut buffer), &mut self.run.html);
                self.run.text.push(c);
                space = false;
            }
        }
    }

    /// Writes the running text as a paragraph of its own, when there is something to see in it.
    pub(super) fn end_run(&mut self, shape: Shape) {
        let run = std::mem::take(&mut self.run);
        let html = without_breaks_at_end(&run.html);
        if is_blank(&run.text) && !run.has_image || is_furniture(&run.text) {
            return;
        }
        let linked = (!html.contains('<')).then(|| web_address(run.text.trim())).flatten();
        let html = match &linked {
            Some(address) => format!("<a href=\"{}\">{}</a>", escaped(address), html),
            None => html.to_owned(),
        };
        match shape {
            Shape::Paragraphs => self.out.push_str(&format!("<p>{html}</p>\n")),
            Shape::Bare => {
                // Two runs in one cell or item: apart, as they were.
                if self.after_bare_run {
                    self.out.push_str("<br>");
                }
                self.after_bare_run = true;
                self.out.push_str(&html);
            }
        }
    }
}

pub(super) fn without_breaks_at_end(html: &str) -> &str {
    let mut html = html.trim();
    while let Some(shorter) = html.strip_suffix("<br>") {
        html = shorter.trim_end();
    }
    html
}

pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

fn title_of(node: &NodeRef<'_>) -> String {
    let title = node.attr("title").map(|t| one_line(&t)).filter(|t| !t.is_empty());
    title.map(|t| format!(" title=\"{}\"", escaped(&t))).unwrap_or_default()
}
