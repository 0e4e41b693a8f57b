//! The elements of MJML that our templates may use, what may stand in them, their attributes.

/// What may stand inside an element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Only these elements, separated by spaces.
    Elements(&'static str),
    /// Text and HTML, no MJML element.
    Html,
    /// Nothing.
    Nothing,
}

/// An element: what may stand in it, its attributes separated by spaces.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) inside: Inside,
    attributes: &'static str,
}

impl Element {
    const fn new(name: &'static str, inside: Inside, attributes: &'static str) -> Self {
        Element { name, inside, attributes }
    }
}

const IN_ATTRIBUTES: &str = "mj-all mj-class mj-body mj-wrapper mj-section mj-group mj-column mj-text mj-image mj-button \
                             mj-divider mj-spacer mj-table mj-hero";
const IN_COLUMN: &str = "mj-text mj-image mj-button mj-divider mj-spacer mj-table mj-raw";
const SECTION: &str = "background-color background-position background-position-x background-position-y \
                       background-repeat background-size background-url direction full-width text-align";
/// `mj-all` and `mj-class` set attributes of any element.
const OF_ANY: &str = "*";
const OF_BODY_ELEMENTS: &str =
    "mj-class css-class padding padding-bottom padding-left padding-right padding-top";
const BORDERS: &str = "border border-bottom border-left border-radius border-right border-top";

/// The elements of MJML 4 that mail clients show alike and that load nothing from elsewhere, with the attributes that
/// `mrml` reads. Left out on purpose: `mj-font` (remote fonts), `mj-social` (icons from a third party's host),
/// `mj-accordion`, `mj-carousel`, `mj-navbar` (need CSS that Gmail and Outlook drop), `mj-include` (the template
/// engine has its own), `mj-style inline` (needs a CSS inliner).
pub(super) const KNOWN: &[Element] = &[
    Element::new("mjml", Inside::Elements("mj-head mj-body"), "lang dir"),
    Element::new(
        "mj-head",
        Inside::Elements("mj-title mj-preview mj-attributes mj-style mj-breakpoint mj-raw"),
        "",
    ),
    Element::new("mj-title", Inside::Html, ""),
    Element::new("mj-preview", Inside::Html, ""),
    Element::new("mj-style", Inside::Html, ""),
    Element::new("mj-breakpoint", Inside::Nothing, "width"),
    Element::new("mj-attributes", Inside::Elements(IN_ATTRIBUTES), ""),
    Element::new("mj-all", Inside::Nothing, OF_ANY),
    Element::new("mj-class", Inside::Nothing, OF_ANY),
    Element::new(
        "mj-body",
        Inside::Elements("mj-wrapper mj-section mj-hero mj-raw"),
        "background-color css-class width",
    ),
    Element::new("mj-wrapper", Inside::Elements("mj-section mj-hero mj-raw"), SECTION),
    Element::new("mj-section", Inside::Elements("mj-column mj-group mj-raw"), SECTION),
    Element::new(
        "mj-group",
        Inside::Elements("mj-column mj-raw"),
        "background-color direction vertical-align width",
    ),
    Element::new(
        "mj-column",
        Inside::Elements(IN_COLUMN),
        "background-color direction inner-background-color inner-border inner-border-bottom inner-border-left \
         inner-border-radius inner-border-right inner-border-top vertical-align width",
    ),
    Element::new(
        "mj-hero",
        Inside::Elements(IN_COLUMN),
        "background-color background-height background-position background-url background-width height \
         inner-background-color inner-padding mode vertical-align width",
    ),
    Element::new(
        "mj-text",
        Inside::Html,
        "align color container-background-color font-family font-size font-style font-weight height letter-spacing \
         line-height text-decoration text-transform",
    ),
    Element::new(
        "mj-image",
        Inside::Nothing,
        "align alt container-background-color fluid-on-mobile font-size height href max-height name rel src srcset \
         target title usemap width",
    ),
    Element::new(
        "mj-button",
        Inside::Html,
        "align background-color color container-background-color font-family font-size font-style font-weight height \
         href inner-padding letter-spacing line-height name rel target text-align text-decoration text-transform \
         vertical-align width",
    ),
    Element::new(
        "mj-divider",
        Inside::Nothing,
        "align border-color border-style border-width container-background-color width",
    ),
    Element::new("mj-spacer", Inside::Nothing, "container-background-color height"),
    Element::new(
        "mj-table",
        Inside::Html,
        "align cellpadding cellspacing color container-background-color font-family font-size line-height role \
         table-layout width",
    ),
    Element::new("mj-raw", Inside::Html, ""),
];

/// Whether the element takes the attribute; `defaults` inside `mj-attributes`.
pub(super) fn takes(element: &Element, attribute: &str, defaults: bool) -> bool {
    if element.attributes == OF_ANY {
        return attribute == "name"
            || KNOWN.iter().any(|other| other.attributes != OF_ANY && takes(other, attribute, defaults));
    }
    let in_body = lists(IN_ATTRIBUTES, element.name) && element.name != "mj-body";
    let bordered = in_body && !lists("mj-text mj-group mj-divider mj-spacer mj-hero", element.name);
    lists(element.attributes, attribute)
        || (in_body && lists(OF_BODY_ELEMENTS, attribute) && !(defaults && attribute == "mj-class"))
        || (bordered && lists(BORDERS, attribute))
}

/// Whether a list of words holds the word.
pub(super) fn lists(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// What may stand there, for a message.
pub(super) fn expected(inside: Inside) -> String {
    match inside {
        Inside::Elements(children) => children.split_whitespace().collect::<Vec<_>>().join(", "),
        Inside::Html => "text and HTML".into(),
        Inside::Nothing => "nothing".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_named_as_a_child_is_known() {
        for element in KNOWN {
            if let Inside::Elements(children) = element.inside {
                for child in children.split_whitespace() {
                    assert!(KNOWN.iter().any(|known| known.name == child), "{child}");
                }
            }
        }
    }
}
