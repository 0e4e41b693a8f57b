//! What stands in our own pages and mails, for the linter of French: their text and what is read aloud of them.

use dom_query::{Document, NodeRef};

use crate::french::lint::{Blemish, lint};
use crate::french::typography::Spaces;
use crate::html::text::to_text;

/// Attributes that are read by people.
const READ: [&str; 4] = ["alt", "title", "aria-label", "placeholder"];

/// Elements of a pattern for machines, or of what is to be typed as it stands.
const VERBATIM: &str = "script, style, code, pre, kbd, samp, textarea, option[value='']";

/// What is to be mended in the text of a written page or mail, and in the attributes that are read aloud; `spaces`
/// as it was to be set by.
#[must_use]
pub fn lint_html(html: &str, spaces: Spaces) -> Vec<Blemish> {
    let document = Document::from(html);
    document.select(VERBATIM).remove();
    let mut found = lint(&to_text(&document.select("body").inner_html()), spaces);
    found.extend(lint(&document.select("title").text(), spaces));
    for node in document.root().descendants_it().filter(NodeRef::is_element) {
        for text in READ.iter().filter_map(|name| node.attr(name)) {
            found.extend(lint(&text, spaces));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_title_and_what_is_read_aloud_are_looked_at_and_code_is_not() {
        let html = "<title>L'été</title><body><p>Pourquoi ?</p><img alt=\"Read\"><code>l'un ?</code></body>";
        let said: Vec<String> = lint_html(html, Spaces::Narrow).iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(
            lint_html("<title>L’été</title><p>Pourquoi\u{202f}?</p><code>l'un ?</code>", Spaces::Narrow),
            []
        );
    }
}
