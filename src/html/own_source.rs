//! What stands in the sources of templates, for the linter of French: words that no invented sample makes appear, in a
//! branch for an error or an empty list, are seen here.

use crate::french::lint::{Blemish, BlemishKind, lint};
use crate::french::typography::Spaces;
use crate::html::templates::Templates;

/// Elements whose text nobody reads as French.
const VERBATIM: [&str; 6] = ["style", "script", "code", "pre", "kbd", "samp"];

impl Templates {
    /// What is to be mended in the words that stand in the templates themselves, each with template and line. With
    /// `own_only`, of the operator's files alone. Spaces are not looked at: the filter `typeset` sets them.
    #[must_use]
    pub fn lint_sources(&self, own_only: bool) -> Vec<(String, Blemish)> {
        let mut found = Vec::new();
        for (name, source, own) in self.sources() {
            let ending = name.rsplit('.').next().unwrap_or_default();
            if (own_only && !own) || !matches!(ending, "mjml" | "html" | "txt") {
                continue;
            }
            let blemishes = lint_source(&source, ending != "txt").into_iter();
            found.extend(blemishes.map(|(line, blemish)| (format!("template {name}, line {line}"), blemish)));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }
}

/// What is to be mended in one source, with its line from 1.
fn lint_source(source: &str, markup: bool) -> Vec<(usize, Blemish)> {
    let mut found = Vec::new();
    for (line, piece) in pieces(source, markup) {
        let blemishes = match piece {
            Piece::Text(text) => lint(&text, Spaces::Narrow)
                .into_iter()
                .filter(|blemish| !matches!(blemish.kind, BlemishKind::Space | BlemishKind::NeedlessSpace))
                .collect::<Vec<_>>(),
            // A sentence given to a filter: its marks are set there, its words are not.
            Piece::Sentence(text) => {
                lint(&text, Spaces::Narrow).into_iter().filter(|b| b.kind == BlemishKind::English).collect()
            }
        };
        found.extend(blemishes.into_iter().map(|blemish| (line, blemish)));
    }
    found
}

enum Piece {
    /// What is written as it stands.
    Text(String),
    /// A text of several words inside an expression.
    Sentence(String),
}

/// The words of a source, without tags of either language and without comments.
fn pieces(source: &str, markup: bool) -> Vec<(usize, Piece)> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut verbatim: Option<String> = None;
    let line_of = |rest: &str| source[..source.len() - rest.len()].matches('\n').count() + 1;
    while !rest.is_empty() {
        let line = line_of(rest);
        if let Some((_, after)) = enclosed(rest, "{#", "#}") {
            rest = after;
        } else if let Some((inside, after)) =
            enclosed(rest, "{{", "}}").or_else(|| enclosed(rest, "{%", "%}"))
        {
            let sentences = inside.split('"').skip(1).step_by(2).filter(|text| text.trim().contains(' '));
            found.extend(sentences.map(|text| (line, Piece::Sentence(text.to_owned()))));
            rest = after;
        } else if let Some((tag, after)) = enclosed(rest, "<", ">").filter(|_| markup) {
            let name =
                tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
            match &verbatim {
                Some(open) if tag.starts_with('/') && open == name => verbatim = None,
                None if VERBATIM.contains(&name) => verbatim = Some(name.to_owned()),
                _ => {}
            }
            rest = after;
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let marks = ["{#", "{{", "{%", if markup { "<" } else { "{#" }];
            let end = marks
                .iter()
                .filter_map(|mark| rest[first..].find(mark))
                .min()
                .map_or(rest.len(), |at| first + at);
            let (text, after) = rest.split_at(end);
            if verbatim.is_none() {
                for (at, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
                    let text = without_attributes(text);
                    found.push((
                        line + at,
                        Piece::Text(text.replace("&nbsp;", "\u{a0}").replace("&amp;", "&")),
                    ));
                }
            }
            rest = after;
        }
    }
    found
}

/// A text without `name="value"`: a block that stands inside a tag holds attributes.
fn without_attributes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((_, behind)) = after.split_once('"') else { break };
        out.push_str(before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '-'));
        rest = behind;
    }
    out + rest
}

/// What stands between two marks at the beginning of a text, and what follows; of an expression inside a tag the end mark
/// does not end the tag.
fn enclosed<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let inside = text.strip_prefix(open)?;
    if open != "<" {
        let end = inside.find(close)?;
        return Some((&inside[..end], &inside[end + close.len()..]));
    }
    let mut at = 0;
    while let Some(found) = inside[at..].find(['>', '{']) {
        let here = at + found;
        let rest = &inside[here..];
        if let Some(after) = rest.strip_prefix('>') {
            return Some((&inside[..here], after));
        }
        let end = ["{{", "{%", "{#"].iter().zip(["}}", "%}", "#}"]).find_map(|(open, close)| {
            rest.strip_prefix(open)?.find(close).map(|end| open.len() + end + close.len())
        });
        at = here + end.unwrap_or(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(usize, BlemishKind)> {
        lint_source(source, true).into_iter().map(|(line, blemish)| (line, blemish.kind)).collect()
    }

    #[test]
    fn the_built_in_templates_have_nothing_to_mend() {
        let found = Templates::load(None).unwrap().lint_sources(false);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn words_of_branches_that_no_sample_takes_are_seen() {
        let source = "{# the comment isn't read #}\n{% if none %}\n<p>Il n'y a rien...</p>\n{% else %}Click{% endif %}";
        assert_eq!(
            kinds(source),
            [(3, BlemishKind::StraightApostrophe), (3, BlemishKind::ThreeDots), (4, BlemishKind::English)]
        );
    }

    #[test]
    fn sentences_inside_expressions_are_read_and_code_and_attributes_are_not() {
        assert_eq!(kinds("{{ \"L'an prochain ?\" | typeset }}<p class=\"the 'x'\">Oui</p>"), []);
        assert_eq!(kinds("<code>the 'end'</code><a{% if a > 1 %} title=\"b\"{% endif %}>Oui</a>"), []);
        assert_eq!(kinds("{% block main_class %} class=\"the 'x'\"{% endblock %}"), []);
        assert_eq!(kinds("{{ \"Read the letter\" | typeset }}").len(), 2);
    }
}
