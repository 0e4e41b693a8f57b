//! The tags, attributes and nesting of an MJML template, checked where it is written.
//!
//! `mrml` passes a misspelt tag through, drops an unknown attribute and puts a misplaced tag into broken HTML, all
//! without an error or a warning (measured with 6.0.1). So each template is checked against `mjml_elements` when it is
//! loaded, and the MJML it wrote once more.

use crate::html::mjml_elements::{Element, Inside, KNOWN, expected, lists, takes};
use std::fmt;

/// One mistake in an MJML template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the template, from 1.
    pub line: usize,
    /// What is wrong and what was expected.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The mistakes of an MJML template, or of a part of one: unknown tags and attributes, misplaced and unclosed
/// elements, text where only elements may stand. Template tags (`{{ }}`, `{% %}`, `{# #}`) are skipped.
#[must_use]
pub fn check(template: &str) -> Vec<Fault> {
    check_written(&without_template_tags(template))
}

/// As [`check`], for MJML that a template wrote: braces are an article's own there.
#[must_use]
pub fn check_written(mjml: &str) -> Vec<Fault> {
    let mut check = Check { line: 1, open: Vec::new(), faults: Vec::new() };
    check.run(mjml);
    check.faults
}

/// The names that `<mj-class name="…">` gives, and the uses of names in `mj-class="…"` with their lines: `mrml` passes
/// over a name that nobody gave.
#[must_use]
pub fn classes(template: &str) -> (Vec<String>, Vec<(usize, String)>) {
    let source = without_template_tags(template);
    let (mut given, mut used) = (Vec::new(), Vec::new());
    let mut line = 1;
    for (at, part) in source.split('<').enumerate() {
        let tag = &part[..tag_end(part, 0)];
        if let Some((name, attributes)) = tag.split_once(char::is_whitespace).filter(|_| at > 0) {
            for (attribute, value) in attributes_of(attributes) {
                match (name, attribute) {
                    ("mj-class", "name") => given.push(value.to_owned()),
                    (_, "mj-class") => {
                        used.extend(value.split_whitespace().map(|class| (line, class.to_owned())));
                    }
                    _ => {}
                }
            }
        }
        line += part.matches('\n').count();
    }
    (given, used)
}

/// The source with every template tag replaced by spaces, lines kept.
fn without_template_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = match rest.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                out.push('{');
                rest = &rest[1..];
                continue;
            }
        };
        let length = rest.find(end).map_or(rest.len(), |at| at + end.len());
        out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

struct Check {
    line: usize,
    open: Vec<(&'static Element, usize)>,
    faults: Vec<Fault>,
}

impl Check {
    fn run(&mut self, source: &str) {
        let mut rest = source;
        while !rest.is_empty() {
            let length = match rest.find('<') {
                Some(0) => self.markup(rest),
                Some(at) => self.text(&rest[..at]),
                None => self.text(rest),
            };
            self.line += rest[..length].matches('\n').count();
            rest = &rest[length..];
        }
        for (element, line) in std::mem::take(&mut self.open) {
            self.faults.push(Fault { line, what: format!("<{}> is never closed", element.name) });
        }
    }

    fn fault(&mut self, what: String) {
        self.faults.push(Fault { line: self.line, what });
    }

    /// Text between tags. Returns its length.
    fn text(&mut self, text: &str) -> usize {
        if let Some((parent, _)) = self.open.last()
            && parent.inside != Inside::Html
            && let Some(at) = text.find(|c: char| !c.is_whitespace())
        {
            let line = self.line + text[..at].matches('\n').count();
            let what =
                format!("text inside <{}>: only {} may stand there", parent.name, expected(parent.inside));
            self.faults.push(Fault { line, what });
        }
        text.len()
    }

    /// A tag or a comment at the start of `rest`. Returns its length in bytes.
    fn markup(&mut self, rest: &str) -> usize {
        if rest.starts_with("<!--") {
            return rest.find("-->").map_or(rest.len(), |at| at + 3);
        }
        let closing = rest.starts_with("</");
        let after = &rest[1 + usize::from(closing)..];
        let name_length = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(after.len());
        let name = &after[..name_length];
        if name.is_empty() {
            return 1;
        }
        let start = rest.len() - after.len() + name_length;
        let end = tag_end(rest, start);
        if name == "mjml" || name.starts_with("mj-") {
            if closing {
                self.close(name);
            } else {
                self.open(name, &rest[start..end]);
            }
        } else if let Some((parent, _)) = self.open.last()
            && parent.inside != Inside::Html
            && !closing
        {
            let what = format!(
                "<{name}> inside <{}>: expected {}; HTML goes into mj-text, mj-table or mj-raw",
                parent.name,
                expected(parent.inside)
            );
            self.fault(what);
        }
        end
    }

    fn open(&mut self, name: &str, attributes: &str) {
        let parent = self.open.last().map(|(element, _)| *element);
        let allowed = parent.map(|p| p.inside);
        let place = parent.map(|p| format!(" inside <{}>", p.name)).unwrap_or_default();
        let Some(element) = KNOWN.iter().find(|element| element.name == name) else {
            let choice = match allowed {
                Some(inside @ Inside::Elements(_)) => expected(inside),
                _ => KNOWN.iter().map(|element| element.name).collect::<Vec<_>>().join(", "),
            };
            self.fault(format!("unknown tag <{name}>{place}: expected {choice}"));
            return;
        };
        if let Some(inside) = allowed {
            let fits = matches!(inside, Inside::Elements(children) if lists(children, name));
            if !fits {
                self.fault(format!("<{name}>{place}: expected {}", expected(inside)));
            }
        }
        let defaults = parent.is_some_and(|p| p.name == "mj-attributes");
        for (attribute, _) in attributes_of(attributes) {
            if !takes(element, attribute, defaults) {
                self.fault(format!("<{name}> has no attribute {attribute}"));
            }
        }
        if !attributes.ends_with("/>") {
            self.open.push((element, self.line));
        }
    }

    fn close(&mut self, name: &str) {
        match self.open.last() {
            Some((element, _)) if element.name == name => {
                self.open.pop();
            }
            Some((element, line)) => {
                let what = format!("</{name}> closes nothing: <{}> of line {line} is open", element.name);
                self.fault(what);
                if let Some(at) = self.open.iter().rposition(|(element, _)| element.name == name) {
                    self.open.truncate(at);
                }
            }
            None => self.fault(format!("</{name}> closes nothing")),
        }
    }
}

/// Where the tag that starts `rest` ends, quotes respected; `from` lies behind its name.
fn tag_end(rest: &str, from: usize) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate().skip(from) {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if byte == b'>' => return at + 1,
            None => {}
        }
    }
    rest.len()
}

/// The names and values in `a="1" b='2'>`.
fn attributes_of(source: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = source.trim_end_matches('>').trim_end_matches('/');
    loop {
        rest = rest.trim_start();
        let length = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        if length == 0 {
            return found;
        }
        let name = &rest[..length];
        rest = rest[length..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            found.push((name, ""));
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        found.push((name, value));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(source: &str) -> Vec<String> {
        check(source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_tag_is_refused_with_its_line_and_what_was_expected() {
        let source = "<mj-section>\n  <mj-colum>\n  </mj-colum>\n</mj-section>";
        let faults = faults(source);
        assert_eq!(
            faults[0],
            "line 2: unknown tag <mj-colum> inside <mj-section>: expected mj-column, mj-group, mj-raw"
        );
        assert_eq!(faults[1], "line 3: </mj-colum> closes nothing: <mj-section> of line 1 is open");
    }

    #[test]
    fn an_unknown_attribute_is_refused_also_on_a_later_line_of_the_template() {
        let source = "<mj-body>\n<mj-section padding=\"0\" colour=\"red\"></mj-section>\n</mj-body>";
        assert_eq!(faults(source), ["line 2: <mj-section> has no attribute colour"]);
    }

    #[test]
    fn misplaced_and_unclosed_elements_are_refused() {
        assert_eq!(
            faults("<mj-section><mj-text>a</mj-text></mj-section>"),
            ["line 1: <mj-text> inside <mj-section>: expected mj-column, mj-group, mj-raw"]
        );
        assert_eq!(faults("<mj-section>\n<mj-column>\n</mj-section>").len(), 1);
        assert_eq!(faults("\n<mj-text>a"), ["line 2: <mj-text> is never closed"]);
        assert_eq!(
            faults("<mj-column><mj-text><mj-button>a</mj-button></mj-text></mj-column>"),
            ["line 1: <mj-button> inside <mj-text>: expected text and HTML"]
        );
    }

    #[test]
    fn text_and_html_stand_only_where_mails_show_them() {
        assert!(faults("<mj-text>a <br> <a href=\"x\" title='>'>b</a></mj-text>").is_empty());
        assert!(faults("<mj-column>\n\nabc</mj-column>")[0].starts_with("line 3: text inside <mj-column>"));
        assert!(
            faults("<mj-column><p>a</p></mj-column>")[0]
                .starts_with("line 1: <p> inside <mj-column>: expected")
        );
    }

    #[test]
    fn template_tags_are_skipped_and_lines_still_count() {
        let source = "{#\n <mj-colum> #}<mj-section {% if a %}css-class=\"{{ b }}\"{% endif %}>\n\
                      {% for a in b %}<mj-column width=\"{{ '50%' if a > 1 else '100%' }}\">\n\
                      {{ text }}</mj-column>{% endfor %}\n<mj-colum/></mj-section>";
        let faults = faults(source);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("line 5: unknown tag <mj-colum>"), "{faults:?}");
    }

    #[test]
    fn what_loads_from_elsewhere_is_refused() {
        for tag in ["mj-font", "mj-include", "mj-social", "mj-carousel"] {
            assert!(faults(&format!("<{tag} />"))[0].contains("unknown tag"), "{tag}");
        }
        assert_eq!(
            faults("<mj-style inline=\"inline\">a{}</mj-style>"),
            ["line 1: <mj-style> has no attribute inline"]
        );
    }

    #[test]
    fn defaults_take_the_attributes_of_their_element() {
        let source = "<mj-attributes><mj-all font-family=\"a\" /><mj-text color=\"b\" padding=\"0\" />\
                      <mj-class name=\"meta\" color=\"c\" /><mj-text href=\"d\" /></mj-attributes>";
        assert_eq!(faults(source), ["line 1: <mj-text> has no attribute href"]);
    }
}
