//! An article's whole text for a mail: what of a clean body every mail client shows, with its spacing on the elements.

use std::fmt::Write;

use dom_query::{Document, NodeRef};

use crate::html::chars::{escape_into, is_blank, is_space, one_line};
use crate::html::links::web_address;
use crate::html::text::to_text;

/// Deeper than this only the text is kept: no mail program shows more, and some count what is nested.
const DEPTH: usize = 8;

/// An element of a body in a mail, and the style it carries there; links and text take the colour around them.
const SHOWN: [(&str, &str, &str); 19] = [
    ("p", "p", "margin:0 0 10px"),
    ("h2", "h4", "margin:16px 0 6px;font-size:105%;line-height:1.3"),
    ("h3", "h4", "margin:16px 0 6px;font-size:105%;line-height:1.3"),
    ("h4", "h5", "margin:14px 0 6px;font-size:100%;line-height:1.3"),
    ("h5", "h6", "margin:14px 0 6px;font-size:100%;line-height:1.3"),
    ("h6", "h6", "margin:14px 0 6px;font-size:100%;line-height:1.3"),
    ("blockquote", "blockquote", "margin:0 0 10px;padding:0 0 0 14px;border-left:3px solid #8a887f"),
    ("ul", "ul", "margin:0 0 10px;padding:0 0 0 22px"),
    ("ol", "ol", "margin:0 0 10px;padding:0 0 0 22px"),
    ("li", "li", "margin:0 0 4px"),
    ("a", "a", "color:inherit;text-decoration:underline"),
    ("em", "em", ""),
    ("i", "em", ""),
    ("cite", "em", ""),
    ("strong", "strong", ""),
    ("b", "strong", ""),
    ("sup", "sup", "font-size:70%;line-height:0"),
    ("sub", "sub", "font-size:70%;line-height:0"),
    ("pre", "p", "margin:0 0 10px;white-space:pre-wrap"),
];

/// The HTML of a stored body ([`clean`](crate::html::clean()) has made it) as it may stand in a mail: paragraphs, headings,
/// lists, quotations, links and emphasis. Pictures and their legends go, for each would be fetched when the mail is opened; a
/// table becomes lines. Empty when nothing is left.
#[must_use]
pub fn mail_body(html: &str) -> String {
    let document = Document::fragment(without_pictures(html));
    let mut out = String::with_capacity(html.len() + html.len() / 4);
    for node in document.root().children() {
        write(&node, 0, &mut out);
    }
    out.trim().to_owned()
}

/// The same as plain text: paragraphs apart by a blank line, a dash before what stands in a list.
#[must_use]
pub fn mail_body_text(html: &str) -> String {
    let html = without_pictures(html).replace("<li><p>", "<li>").replace("<li>", "<li>– ");
    to_text(&html)
}

fn without_pictures(html: &str) -> String {
    let document = Document::fragment(html);
    document.select("img, figure, hr").remove();
    document.html().to_string()
}

fn write(node: &NodeRef<'_>, depth: usize, out: &mut String) {
    if node.is_text() {
        return text(&node.text(), out);
    }
    let name = node.node_name();
    let Some(name) = name.as_deref() else {
        return node.children().iter().for_each(|child| write(child, depth, out));
    };
    if depth >= DEPTH {
        return text(&node.text(), out);
    }
    match name {
        "br" => out.push_str("<br>"),
        "table" => rows(node, out),
        "a" if link(node).is_none() => children(node, depth, out),
        _ => match SHOWN.iter().find(|(stored, ..)| *stored == name) {
            None => children(node, depth, out),
            Some(_) if is_blank(&node.text()) => {}
            Some((_, shown, style)) => {
                let _ = write!(out, "<{shown}");
                if let Some(address) = link(node).filter(|_| *shown == "a") {
                    out.push_str(" href=\"");
                    escape_into(&address, out);
                    out.push('"');
                }
                if let Some(start) = node.attr("start").filter(|start| start.parse::<i32>().is_ok()) {
                    let _ = write!(out, " start=\"{start}\"");
                }
                if !style.is_empty() {
                    let _ = write!(out, " style=\"{style}\"");
                }
                out.push('>');
                children(node, depth, out);
                let _ = write!(out, "</{shown}>");
            }
        },
    }
}

fn children(node: &NodeRef<'_>, depth: usize, out: &mut String) {
    for child in node.children() {
        write(&child, depth + 1, out);
    }
}

/// Each row is a line: a table as wide as its columns makes a mail on a telephone unreadable.
fn rows(table: &NodeRef<'_>, out: &mut String) {
    for row in table.descendants_it().filter(|node| node.node_name().as_deref() == Some("tr")) {
        let cells: Vec<String> = row
            .children()
            .iter()
            .map(|cell| one_line(&cell.text()).trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect();
        if !cells.is_empty() {
            out.push_str("<p style=\"margin:0 0 4px\">");
            escape_into(&cells.join(" · "), out);
            out.push_str("</p>");
        }
    }
}

fn link(node: &NodeRef<'_>) -> Option<String> {
    let address = node.attr("href")?;
    if address.starts_with("mailto:") { Some(address.to_string()) } else { web_address(&address) }
}

/// Text with its white space as single spaces; a no-break space stays.
fn text(text: &str, out: &mut String) {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match is_space(c) && !matches!(c, '\u{a0}' | '\u{202f}') {
            true if line.ends_with(' ') => {}
            true => line.push(' '),
            false => line.push(c),
        }
    }
    escape_into(&line, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::clean;

    fn body(html: &str) -> String {
        mail_body(&clean(html, &url::Url::parse("https://exemple.tg/a").unwrap()))
    }

    #[test]
    fn paragraphs_lists_quotations_and_links_stay_and_carry_their_spacing() {
        let html = body(
            "<h2>Le port</h2><p>Un <b>record</b>, dit <a href=\"/b\">la direction</a>.</p><ul><li>a</li></ul>\
             <blockquote><p>Nous irons.</p></blockquote>",
        );
        for part in [
            "<h4 style=\"margin:16px 0 6px;font-size:105%;line-height:1.3\">Le port</h4>",
            "Un <strong>record</strong>, dit <a href=\"https://exemple.tg/b\" style=\"color:inherit;",
            "<li style=\"margin:0 0 4px\">a</li></ul>",
            "<blockquote style=\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn as_text_lists_keep_their_marks() {
        let html = "<p>Deux points.</p><ul><li>a</li><li><p>b</p></li></ul><figure><img src=\"x\"></figure>";
        assert_eq!(mail_body_text(html), "Deux points.\n\n– a\n– b");
    }

    #[test]
    fn nothing_is_loaded_and_no_table_is_wider_than_a_telephone() {
        let html = body(
            "<figure><img src=\"https://exemple.tg/i.jpg\"><figcaption>Le quai</figcaption></figure>\
             <p>Avant <img src=\"https://exemple.tg/p.gif\" width=1 height=1>.</p>\
             <table><tr><th>Ville</th><th>Prix</th></tr><tr><td>Kara</td><td>300 F &amp; plus</td></tr></table>",
        );
        assert!(!html.contains("<img") && !html.contains("<table") && !html.contains("Le quai"), "{html}");
        assert!(
            html.contains(">Ville · Prix</p>") && html.contains(">Kara · 300 F &amp; plus</p>"),
            "{html}"
        );
        assert_eq!(body("<figure><img src=\"https://exemple.tg/i.jpg\"></figure>"), "");
    }

    #[test]
    fn what_is_nested_without_end_is_kept_as_text() {
        let deep = format!("{}fin{}", "<blockquote>".repeat(5000), "</blockquote>".repeat(5000));
        let html = body(&deep);
        assert!(html.contains("fin") && html.matches("<blockquote").count() <= DEPTH, "{html:.300}");
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_the_elements_are_ours_and_closed(html in "(<(p|b|a href=\"x\"|ul|li|h2|table|tr|td|script|i onclick=x|/p|/b|/a|/ul|br)>|[a-zé&<> \"']){0,60}") {
            let made = body(&html);
            for tag in made.split('<').skip(1) {
                let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
                let name = name.trim_start_matches('/');
                proptest::prop_assert!(
                    name == "br" || SHOWN.iter().any(|(_, shown, _)| *shown == name), "{} in {}", tag, made
                );
                proptest::prop_assert!(!tag.contains("onclick"), "{}", made);
            }
            for (_, name, _) in SHOWN {
                let opened = made.matches(&format!("<{name}>")).count() + made.matches(&format!("<{name} ")).count();
                proptest::prop_assert_eq!(opened, made.matches(&format!("</{name}>")).count(), "{}", &made);
            }
        }
    }
}
