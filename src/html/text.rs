//! HTML as text, and text fit for one line or for XML.

use dom_query::{Document, NodeRef};

use crate::html::chars::is_space;
pub use crate::html::chars::{decode, escape_into, is_blank, one_line, xml_safe};

/// What a reader sees of the HTML: paragraphs apart by a blank line, other blocks and line breaks by a line end, no images.
pub fn to_text(html: &str) -> String {
    visible(html, &["script", "style"])
}

/// The running text alone, from which a summary is made: no headings, legends, tables or code. Everything, when that
/// is nothing.
pub fn running_text(html: &str) -> String {
    let text = visible(html, &["script", "style", "figure", "h2", "h3", "h4", "h5", "h6", "table", "pre"]);
    if text.is_empty() { to_text(html) } else { text }
}

/// The text outside certain elements.
fn visible(html: &str, without: &[&str]) -> String {
    let document = Document::fragment(html);
    let mut out = String::with_capacity(html.len());
    let mut space = true;
    for node in document.root().descendants_it() {
        if node.is_text() {
            if node.ancestors_it(None).any(|a| a.node_name().is_some_and(|name| without.contains(&&*name))) {
                continue;
            }
            for c in node.text().chars() {
                if !is_space(c) {
                    out.push(c);
                    space = false;
                } else if !space {
                    out.push(' ');
                    space = true;
                }
            }
        } else if let Some(end) = line_end(&node) {
            out.truncate(out.trim_end_matches(' ').len());
            out.push_str(end);
            space = true;
        }
    }
    tidy(&out)
}

/// What separates this element from what came before it.
fn line_end(node: &NodeRef<'_>) -> Option<&'static str> {
    match &*node.node_name()? {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "ol" | "dl" | "table"
        | "pre" | "figure" | "div" | "hr" => Some("\n\n"),
        "br" | "li" | "tr" | "dt" | "dd" | "figcaption" => Some("\n"),
        "td" | "th" => Some(" "),
        _ => None,
    }
}

/// At most one blank line in a row, none at the ends.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(|l| l.trim_matches(is_space)) {
        if !is_blank(line) {
            out.push_str(line);
            out.push('\n');
            blank = false;
        } else if !blank {
            out.push('\n');
            blank = true;
        }
    }
    out.truncate(out.trim_end().len());
    xml_safe(&out).into_owned()
}

/// A title, a name or a legend as plain text: entities decoded once, tags removed, one line, fit for XML.
pub fn plain(text_with_entities: &str) -> String {
    let text = text_with_entities.trim_start_matches('\u{feff}');
    let line = match text.contains(['&', '<']) {
        false => one_line(&xml_safe(text)),
        true => one_line(&xml_safe(&title_text(text))),
    };
    if is_blank(&line) { String::new() } else { line.trim().to_owned() }
}

/// What is text in it. A CDATA section, which a browser takes for a comment, was pasted from a feed.
fn title_text(html: &str) -> String {
    let document = match html.contains("<![CDATA[") {
        false => Document::fragment(html),
        true => Document::fragment(html.replace("<![CDATA[", "").replace("]]>", "")),
    };
    document.select("script, style, template").remove();
    document.text().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_line_breaks_survive_as_lines() {
        let html = "<h2>Le port</h2>\n<p>Un <b>record</b>,\n dit-on.<br>Deux&nbsp;!</p><ul><li>a</li><li>b</li></ul><script>x()</script>";
        assert_eq!(to_text(html), "Le port\n\nUn record, dit-on.\nDeux\u{a0}!\n\na\nb");
        assert_eq!(to_text("a &lt;b&gt; &amp;amp; c"), "a <b> &amp; c");
    }

    #[test]
    fn running_text_is_without_headings_and_legends_unless_there_is_nothing_else() {
        let figure = "<figure><img src=a><figcaption>Le quai</figcaption></figure>";
        assert_eq!(running_text(&format!("{figure}<h2>Titre</h2><p>Un <b>record</b>.</p>")), "Un record.");
        assert_eq!(running_text(figure), "Le quai");
    }

    #[test]
    fn a_title_is_decoded_once_and_stands_on_one_line() {
        assert_eq!(plain("L&#8217;Assemblée &amp; le\n <em>Sénat</em>"), "L’Assemblée & le Sénat");
        assert_eq!(plain("AT&amp;amp;T"), "AT&amp;T");
        assert_eq!(plain("l&#146;État\u{0}&#x1F;"), "l’État");
        assert_eq!(plain("3 < 4"), "3 < 4");
        assert_eq!(plain("<![CDATA[Le port]]> <script>alert(1)</script>"), "Le port");
        assert_eq!(plain("&nbsp;\u{200b} "), "");
        assert_eq!(plain("Prix\u{202f}: 10\u{202f}000\u{a0}F"), "Prix\u{202f}: 10\u{202f}000\u{a0}F");
    }
}
