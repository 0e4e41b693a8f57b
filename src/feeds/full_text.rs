//! How much of an article's text a feed carries: all of it, unless that would make a document that readers refuse.
//!
//! The W3C's validator takes no document over 5,000,000 bytes. A text is shortened rather than an article left out, and
//! what is missing is a link away.

use std::borrow::Cow;

use super::document::Entry;
use crate::html::text::escape_into;

/// The longest text given whole, in bytes of HTML: some ten thousand words.
const LONGEST_TEXT: usize = 64 * 1024;

/// What the texts of one document may take together, in bytes as the most wordy syntax writes them.
const ALL_TEXTS: usize = 4_000_000;

/// The elements of a stored body that have no end tag.
const VOID: [&str; 3] = ["br", "hr", "img"];

/// The clean HTML whole, or its beginning and a link to the rest.
pub(super) fn beginning<'a>(html: &'a str, link: &str) -> Cow<'a, str> {
    if html.len() <= LONGEST_TEXT {
        return Cow::Borrowed(html);
    }
    let mut short = cut(html, LONGEST_TEXT);
    short.push('\n');
    short.push_str(&read_on(link));
    Cow::Owned(short)
}

/// Shortens the texts of the last entries to their summaries, when all together are too much for one document.
pub(super) fn fit(entries: &mut [Entry]) {
    let mut taken = 0;
    for entry in entries {
        taken += written(&entry.content);
        if taken > ALL_TEXTS {
            entry.content = summary(&entry.summary, &entry.link);
        }
    }
}

/// The summary as HTML and a link to the whole.
fn summary(summary: &str, link: &str) -> String {
    let mut html = String::with_capacity(summary.len() + link.len() + 64);
    if !summary.is_empty() {
        html.push_str("<p>");
        escape_into(summary, &mut html);
        html.push_str("</p>\n");
    }
    html.push_str(&read_on(link));
    html
}

fn read_on(link: &str) -> String {
    let mut html = "<p><a href=\"".to_owned();
    escape_into(link, &mut html);
    html.push_str("\">Lire la suite</a></p>");
    html
}

/// What HTML takes as text of XML, where `"` becomes six bytes; JSON takes less.
fn written(html: &str) -> usize {
    html.bytes().map(|b| if matches!(b, b'<' | b'>' | b'&' | b'"' | b'\'') { 6 } else { 1 }).sum()
}

/// At most `limit` bytes of clean HTML and the end tags of what is open then: behind a paragraph, or, when that would
/// leave less than half, behind a word.
fn cut(html: &str, limit: usize) -> String {
    let mut open: Vec<&str> = Vec::new();
    let (mut at, mut whole) = (0, 0);
    while let Some(text) = html[at..].find('<') {
        let start = at + text;
        let end = start + tag_length(&html[start..]);
        if end > limit {
            break;
        }
        let tag = &html[start + 1..end - 1];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            open.pop();
        } else if !VOID.contains(&name) {
            open.push(name);
        }
        at = end;
        if open.is_empty() {
            whole = end;
        }
    }
    if whole * 2 >= limit {
        return html[..whole].to_owned();
    }
    let text = &html
        [at..html[at..].find('<').map_or(html.len(), |next| at + next).min(html.floor_char_boundary(limit))];
    let words = text.rfind(' ').map_or("", |space| text[..space].trim_end_matches([' ', ',', ':', '.']));
    let mut short = format!("{}{words}", &html[..at]);
    short.push('…');
    for name in open.iter().rev() {
        short.push_str(&format!("</{name}>"));
    }
    short
}

/// The length of the tag that `html` begins with; a `>` may stand in an attribute.
fn tag_length(html: &str) -> usize {
    let mut quoted = false;
    for (i, b) in html.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return i + 1,
            _ => {}
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_behind_a_paragraph_or_else_behind_a_word() {
        assert_eq!(cut("<p>Un</p>\n<p>Deux trois</p>", 22), "<p>Un</p>\n<p>Deux…</p>");
        assert_eq!(cut("<p>Un deux</p>\n<p>Trois quatre</p>", 24), "<p>Un deux</p>");
        assert_eq!(cut("<ul><li>Un <b>deux trois</b></li></ul>", 25), "<ul><li>Un <b>deux…</b></li></ul>");
        assert_eq!(
            cut("<p>a<br>b c<img src=\"a\" alt=\"x > y\"> d</p>", 38),
            "<p>a<br>b c<img src=\"a\" alt=\"x > y\">…</p>"
        );
        assert_eq!(cut("<p>éééééé</p>", 6), "<p>…</p>");
        assert_eq!(cut("<p>a &lt; b</p>", 11), "<p>a &lt;…</p>");
    }

    #[test]
    fn a_long_text_ends_with_a_link_to_the_whole() {
        let long = format!("<p>{}</p>", "port. ".repeat(20_000));
        let short = beginning(&long, "https://exemple.tg/?a=1&b=2");
        assert!(short.len() < LONGEST_TEXT + 200);
        assert!(
            short
                .ends_with("port…</p>\n<p><a href=\"https://exemple.tg/?a=1&amp;b=2\">Lire la suite</a></p>")
        );
        assert!(matches!(beginning("<p>court</p>", "https://exemple.tg/"), Cow::Borrowed("<p>court</p>")));
    }

    proptest::proptest! {
        #[test]
        fn what_is_cut_is_clean_html_still(html in "(<(p|b|ul|li|td|br|img src=a.jpg|a href='/x')>|</(p|b|ul|li|td)>|[a-cé&; \n]){0,60}", limit in 1usize..200) {
            let base = url::Url::parse("https://exemple.tg/").unwrap();
            let clean = crate::html::clean(&html, &base);
            if clean.len() > limit {
                let short = cut(&clean, limit);
                proptest::prop_assert_eq!(short.matches("<p>").count(), short.matches("</p>").count());
                proptest::prop_assert_eq!(short.matches("<li>").count(), short.matches("</li>").count());
                proptest::prop_assert!(short.len() < limit + 60);
            }
        }
    }
}
