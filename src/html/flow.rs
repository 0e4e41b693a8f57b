//! A parsed body written anew as plain blocks: paragraphs where there were containers, blank lines or double line breaks, no
//! empty ones, images and links as a reader needs them.

use std::collections::HashSet;
use std::sync::LazyLock;

use dom_query::{Document, NodeRef};
use url::Url;

use crate::html::chars::{escape_into, is_blank, is_space, one_line};
use crate::html::images::{self, real_image};
use crate::html::inline::{Run, escaped, without_breaks_at_end};
use crate::html::links::absolute;
use crate::html::lists::items;

/// Elements nested deeper lose their structure and keep their text.
pub(super) const DEEPEST: usize = 64;

/// Elements that are not part of an article, with all they hold.
pub(super) static SKIPPED: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    items(
        "script | style | form | button | input | select | textarea | option | svg | math | template | head | \
         title | meta | link | base | canvas | map | area | dialog | nav | applet | datalist | progress | meter",
    )
    .collect()
});

/// Elements that belong to the running text; everything else starts a new block.
static INLINE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    items(
        "a | abbr | acronym | b | bdi | bdo | big | br | cite | code | data | del | dfn | em | font | i | img | \
         ins | kbd | label | mark | picture | q | ruby | s | samp | small | span | strike | strong | sub | sup | \
         time | tt | u | var | wbr",
    )
    .collect()
});

/// Whether an element belongs to the running text. Office programs mark words in it (`o:p`, `st1:place`).
pub(super) fn is_inline(name: &str) -> bool {
    INLINE.contains(name) || name.contains(':')
}

/// Classes of what plugins put into bodies, by beginning: share bars, print buttons, related posts, advertisements, counters.
const PLUGIN_CLASSES: &str = "\
    sharedaddy | sd-sharing | jp-relatedposts | addtoany | a2a_ | pdfprnt- | printfriendly | yarpp | \
    adsbygoogle | google-auto-placed | heateor | essb_ | ssba | crp_related | post-views | pvc_ | \
    zox-post-ad | zox-ad-label | td-a-rec | mailmunch | wp-polls | wpdiscuz | comments-area | \
    comment-respond | system-pagebreak";

/// The body of a parsed fragment as clean blocks, one a line.
pub fn body(document: &Document, base: &Url) -> String {
    let root = document.root();
    let marked = root.descendants_it().any(|n| n.has_name("p") || n.has_name("br"));
    let mut writer = Writer {
        base,
        breaks: !marked,
        in_paragraph: false,
        in_link: false,
        out: String::new(),
        run: Run::default(),
        after_bare_run: false,
        last_image: None,
    };
    writer.flow(&root, 0, Shape::Paragraphs);
    writer.end_run(Shape::Paragraphs);
    writer.out.trim().to_owned()
}

/// How running text is written where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// In `<p>`.
    Paragraphs,
    /// As it is: in a list item, a cell, a legend.
    Bare,
}

pub(super) struct Writer<'a> {
    pub(super) base: &'a Url,
    /// Whether a single line end is a line break: a body in which nobody marked paragraphs (WordPress' classic editor).
    pub(super) breaks: bool,
    /// Inside a `<p>` a blank line is only white space.
    pub(super) in_paragraph: bool,
    pub(super) in_link: bool,
    pub(super) out: String,
    pub(super) run: Run,
    /// Whether the last thing written in this item or cell is running text.
    pub(super) after_bare_run: bool,
    pub(super) last_image: Option<String>,
}

impl Writer<'_> {
    /// Children of a container: blocks as blocks, running text between them gathered.
    fn flow(&mut self, parent: &NodeRef<'_>, depth: usize, shape: Shape) {
        for node in parent.children_it(false) {
            if node.is_text() {
                self.loose_text(&node.text(), shape);
            } else if node.is_element() {
                self.element(&node, depth + 1, shape);
            } else if node.is_fragment() || node.is_document() {
                self.flow(&node, depth + 1, shape);
            }
        }
    }

    /// Text directly in a container: a blank line ends a paragraph.
    fn loose_text(&mut self, text: &str, shape: Shape) {
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            self.push_text(line);
            if lines.peek().is_none() {
                break;
            }
            let mut blank = false;
            while lines.peek().is_some_and(|l| l.trim_matches(is_space).is_empty())
                && lines.clone().nth(1).is_some()
            {
                lines.next();
                blank = true;
            }
            let marks = shape == Shape::Paragraphs && !self.in_paragraph;
            if blank && marks {
                self.end_run(shape);
            } else if self.breaks && marks {
                self.line_break(shape);
            } else {
                self.push_text(" ");
            }
        }
    }

    fn element(&mut self, node: &NodeRef<'_>, depth: usize, shape: Shape) {
        let Some(name) = node.node_name() else { return };
        let name: &str = &name;
        if SKIPPED.contains(name) || is_plugin_output(node) {
            return;
        }
        if depth > DEEPEST {
            self.push_text(&node.text());
            return;
        }
        match name {
            "iframe" | "embed" | "object" | "video" | "audio" | "frame" => self.recording(node, shape),
            "noscript" => self.noscript(node, depth, shape),
            "br" => self.line_break(shape),
            "img" => self.image(node),
            _ if is_inline(name) => match self.inline_tag(node, name) {
                // A link around a box stays a link; emphasis around a box goes.
                Some(tag) if name == "a" || !holds_block(node, DEEPEST.saturating_sub(depth)) => {
                    self.inline(node, &tag, depth);
                }
                _ => self.flow(node, depth, shape),
            },
            "h1" => self.line(node, depth, "h2", shape),
            "h2" | "h3" | "h4" | "h5" | "h6" => self.line(node, depth, name, shape),
            "p" if node.has_class("wp-caption-text") => {
                self.nested(node, depth, "figcaption", "", Shape::Bare, shape)
            }
            "p" => {
                let outer = std::mem::replace(&mut self.in_paragraph, true);
                self.container(node, depth, shape);
                self.in_paragraph = outer;
            }
            "dt" if !stands_in(node, &["dl"]) => self.container(node, depth, shape),
            "figcaption" | "dt" | "caption" => self.line(node, depth, name, shape),
            "figure" if !is_picture(node, self.base) => self.container(node, depth, shape),
            "figure" => self.nested(node, depth, "figure", "", Shape::Bare, shape),
            "div" if node.has_class("wp-caption") => {
                self.nested(node, depth, "figure", "", Shape::Bare, shape)
            }
            "blockquote" => self.nested(node, depth, name, "", Shape::Paragraphs, shape),
            "ul" | "menu" | "dir" => self.nested(node, depth, "ul", "", Shape::Bare, shape),
            "ol" => {
                let start = node.attr("start").filter(|s| s.parse::<i32>().is_ok());
                let start = start.map(|s| format!(" start=\"{s}\"")).unwrap_or_default();
                self.nested(node, depth, name, &start, Shape::Bare, shape);
            }
            "table" | "thead" | "tbody" | "tfoot" | "tr" => self.table(node, depth, name, shape),
            "li" if stands_in(node, &["ul", "ol", "menu", "dir"]) => {
                self.nested(node, depth, name, "", Shape::Bare, shape)
            }
            "dd" if stands_in(node, &["dl"]) => self.nested(node, depth, name, "", Shape::Bare, shape),
            "dl" => self.nested(node, depth, name, "", Shape::Bare, shape),
            "td" | "th" => self.cell(node, depth, name),
            "pre" => self.preformatted(node, shape),
            "hr" => {
                self.end_run(shape);
                // Joomla's "read more" mark is a rule by tag only.
                if node.attr("id").is_none_or(|id| !id.starts_with("system-")) {
                    self.out.push_str("<hr>\n");
                }
            }
            _ => self.container(node, depth, shape),
        }
    }

    /// A box without meaning of its own: what it holds, apart from what stands around it.
    fn container(&mut self, node: &NodeRef<'_>, depth: usize, shape: Shape) {
        self.end_run(shape);
        self.flow(node, depth, shape);
        self.end_run(shape);
    }

    /// A block that stays a block, unless nothing is in it.
    fn nested(
        &mut self,
        node: &NodeRef<'_>,
        depth: usize,
        tag: &str,
        attributes: &str,
        inner: Shape,
        outer: Shape,
    ) {
        self.end_run(outer);
        let start = self.out.len();
        self.out.push_str(&format!("<{tag}{attributes}>"));
        let content = self.out.len();
        self.after_bare_run = false;
        self.flow(node, depth, inner);
        self.end_run(inner);
        self.close(tag, start, content);
    }

    /// Ends a block begun at byte `start` with its content from `content` on, or takes it back when that is empty.
    fn close(&mut self, tag: &str, start: usize, content: usize) {
        self.after_bare_run = false;
        let end = self.out.trim_end().len().max(content);
        self.out.truncate(end);
        if end == content {
            self.out.truncate(start);
        } else {
            self.out.push_str(&format!("</{tag}>\n"));
        }
    }

    /// A block of running text alone: a heading, a legend.
    fn line(&mut self, node: &NodeRef<'_>, depth: usize, tag: &str, outer: Shape) {
        self.end_run(outer);
        self.inline_children(node, depth);
        let run = std::mem::take(&mut self.run);
        if !is_blank(&run.text) || run.has_image {
            self.out.push_str(&format!("<{tag}>{}</{tag}>\n", without_breaks_at_end(&run.html)));
            self.after_bare_run = false;
        }
    }

    /// A table, a part of one or a row: only what belongs there.
    fn table(&mut self, node: &NodeRef<'_>, depth: usize, tag: &str, outer: Shape) {
        self.end_run(outer);
        let start = self.out.len();
        self.out.push_str(&format!("<{tag}>"));
        let content = self.out.len();
        for child in node.children_it(false) {
            let part = child.node_name();
            let parts = ["caption", "thead", "tbody", "tfoot", "tr", "td", "th"];
            if part.is_some_and(|name| parts.contains(&&*name)) {
                self.element(&child, depth + 1, Shape::Bare);
            }
        }
        self.close(tag, start, content);
    }

    /// A cell keeps its place in the row even when it is empty.
    fn cell(&mut self, node: &NodeRef<'_>, depth: usize, tag: &str) {
        self.end_run(Shape::Bare);
        self.out.push_str(&format!("<{tag}"));
        for name in ["colspan", "rowspan"] {
            if let Some(n) =
                node.attr(name).and_then(|v| v.trim().parse::<u16>().ok()).filter(|n| (2..=100).contains(n))
            {
                self.out.push_str(&format!(" {name}=\"{n}\""));
            }
        }
        self.out.push('>');
        self.after_bare_run = false;
        self.flow(node, depth, Shape::Bare);
        self.end_run(Shape::Bare);
        self.after_bare_run = false;
        self.out.truncate(self.out.trim_end_matches('\n').len());
        self.out.push_str(&format!("</{tag}>\n"));
    }

    fn preformatted(&mut self, node: &NodeRef<'_>, shape: Shape) {
        self.end_run(shape);
        let text = node.text();
        if is_blank(&text) {
            return;
        }
        self.out.push_str("<pre>");
        escape_into(text.trim_end(), &mut self.out);
        self.out.push_str("</pre>\n");
    }

    /// What lazy-loading scripts leave for browsers without scripts: the same image again, or the only real one.
    fn noscript(&mut self, node: &NodeRef<'_>, depth: usize, shape: Shape) {
        let image = node.descendants_it().find(|n| n.has_name("img"));
        let known = image.and_then(|i| real_image(&i, self.base)).map(|i| images::picture_name(&i.src));
        if known.is_none() || known == self.last_image {
            return;
        }
        self.flow(node, depth, shape);
    }

    /// A frame or a recording: a plain link to it in a paragraph of its own.
    fn recording(&mut self, node: &NodeRef<'_>, shape: Shape) {
        let inner = || node.descendants_it().filter(|n| n.has_name("source") || n.has_name("embed"));
        let address = ["src", "data-src", "data-lazy-src", "data"]
            .iter()
            .filter_map(|name| node.attr(name))
            .chain(inner().filter_map(|n| n.attr("src")))
            .find_map(|v| absolute(self.base, &v));
        let Some(address) = address.map(watch_page) else { return };
        let title = node
            .attr("title")
            .map(|t| one_line(&t))
            .filter(|t| !t.is_empty() && !t.starts_with("YouTube video"));
        self.end_run(shape);
        self.run.html.push_str(&format!("<a href=\"{}\">", escaped(&address)));
        self.push_text(title.as_deref().unwrap_or(&address));
        self.run.html.push_str("</a>");
        self.end_run(shape);
    }
}

fn stands_in(node: &NodeRef<'_>, parents: &[&str]) -> bool {
    node.parent().and_then(|p| p.node_name()).is_some_and(|name| parents.contains(&&*name))
}

/// Whether a figure is one picture: not a gallery, a table or a frame.
fn is_picture(figure: &NodeRef<'_>, base: &Url) -> bool {
    let mut images = 0;
    for node in figure.descendants_it() {
        match node.node_name().as_deref() {
            Some("img") => images += usize::from(real_image(&node, base).is_some()),
            Some("figure" | "table" | "iframe" | "ul" | "blockquote") => return false,
            _ => {}
        }
    }
    images > 0
}

/// Whether an inline element wraps a block, as editors do with `<span>` and `<a>`: then it is a container.
fn holds_block(node: &NodeRef<'_>, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    node.children_it(false).any(|child| {
        child.node_name().is_some_and(|name| {
            let name: &str = &name;
            let ignored = SKIPPED.contains(name) || matches!(name, "source" | "noscript");
            !ignored && (!is_inline(name) || holds_block(&child, depth - 1))
        })
    })
}

/// Share bars and the like, and text hidden from readers: spam injected into hacked sites is hidden so.
pub(super) fn is_plugin_output(node: &NodeRef<'_>) -> bool {
    // Joomla's "protected against robots" sentence: the script that held the address is gone.
    if node.id_attr().is_some_and(|id| id.starts_with("cloak")) {
        return true;
    }
    if let Some(classes) = node.class()
        && classes.split_ascii_whitespace().any(|c| items(PLUGIN_CLASSES).any(|p| c.starts_with(p)))
    {
        return true;
    }
    node.attr("style").is_some_and(|style| {
        let style: String =
            style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        style.contains("display:none") || style.contains("visibility:hidden")
    })
}

/// An embedded player's address as the page a person can open.
fn watch_page(address: String) -> String {
    let id = [
        "https://www.youtube.com/embed/",
        "https://www.youtube-nocookie.com/embed/",
        "http://www.youtube.com/embed/",
    ]
    .iter()
    .find_map(|prefix| address.strip_prefix(prefix));
    match id.map(|rest| rest.split(['?', '&', '/']).next().unwrap_or("")) {
        Some(id) if !id.is_empty() && id != "videoseries" => format!("https://www.youtube.com/watch?v={id}"),
        _ => address,
    }
}
