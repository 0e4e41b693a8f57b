//! HTML inside a feed: what readers remove, cannot resolve, or repair.

use dom_query::{Document, NodeRef};

use super::characters::{self, Kind};
use super::finding::{Sheet, rules, short};

rules! {
    RELATIVE_REFERENCE = "relative-reference", Warning,
        "Readers resolve it against the feed, their own site or nothing, so links break and images are missing. Write \
         absolute addresses.",
        "W3C ContainsRelRef; kiosque rule 15";
    UNSAFE_ELEMENT = "unsafe-element", Warning,
        "Readers remove it, and some refuse the whole entry. Sanitise articles by a list of allowed elements; make a link of \
         an embedded video.",
        "W3C SecurityRisk; kiosque rule 15";
    UNSAFE_ATTRIBUTE = "unsafe-attribute", Warning,
        "Readers remove it; one that does not is open to attack. Sanitise articles by a list of allowed attributes.",
        "W3C SecurityRiskAttr; kiosque rule 15";
    UNSAFE_STYLE = "unsafe-style", Warning,
        "Readers remove it, because styles can cover their own page or load what tracks people. Leave styles out.",
        "W3C DangerousStyleAttr; kiosque rule 15";
    UNSAFE_ADDRESS = "unsafe-address", Warning,
        "Readers remove such links; one that does not is open to attack. Allow http, https and mailto alone.",
        "W3C SecurityRisk; kiosque rule 15";
    UNKNOWN_ELEMENT = "unknown-html-element", Warning,
        "Readers remove it or show it as text. It is usually debris of an editor: <o:p>, a shortcode, a broken tag.",
        "W3C NotHtml";
    BROKEN_HTML = "broken-html", Warning,
        "Every reader repairs it in another way. Parse the HTML and serialise it again before it goes into the feed.",
        "W3C NotHtml";
    INSECURE_IMAGE = "insecure-image", Advice,
        "Readers on https do not show images from http. Serve images by https and write their addresses so.",
        "kiosque rule 15";
    LAZY_IMAGE = "lazy-image", Advice,
        "Without the page's script the image stays empty. Put the real address into src.",
        "kiosque: sanitising, lazy images";
    INLINE_STYLE = "inline-style", Advice,
        "It costs bytes and fights with readers' dark modes. Leave styles out of feeds.",
        "kiosque rule 15";
    SHORTCODE = "shortcode", Advice,
        "Readers show it as text. Expand shortcodes before the article goes into the feed.",
        "kiosque: sanitising, shortcodes";
}

/// The elements of HTML, then and now.
const TAGS: &str = " a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote body br \
    button canvas caption center cite code col colgroup command data datagrid datalist dd del details dfn dialog dir div dl dt \
    em embed eventsource fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr \
    html i iframe img input ins isindex kbd label legend li link listing main map mark menu meta meter nav noframes noscript \
    object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp script section select slot \
    small source span strike strong style sub summary sup table tbody td template textarea tfoot th thead time title tr track \
    tt u ul var video wbr xmp ";

/// Those of them that act, load pages or change the reader's own.
const UNSAFE: &str = " applet base basefont body embed frame frameset head html iframe isindex link listing meta noframes \
    object param plaintext script slot style title xmp ";

/// Elements without an end, or whose end may be left out.
const OPEN: &str = " area base body br col colgroup dd dt embed frame head hr html img input li link meta optgroup option p \
    param rp rt source tbody td tfoot th thead tr track wbr ";

/// No article is nested deeper.
const DEEPEST: usize = 256;

/// The attributes that the W3C validator lets pass, with `data-*`.
const ATTRIBUTES: &str = " abbr accept accept-charset accesskey action align allow allowfullscreen alt as autocapitalize \
    autocomplete autofocus autoplay axis background bgcolor border bordercolor cellpadding cellspacing char charoff charset \
    checked cite class clear color cols colspan compact contenteditable coords crossorigin data datetime \
    decoding default dir dirname disabled download draggable enctype enterkeyhint face for form formenctype frame headers height \
    hidden high href hreflang hspace icon id inputmode is ismap itemid itemprop itemref itemscope itemtype kind label lang list \
    loading longdesc loop low max maxlength media method min minlength multiple muted name nohref nonce noshade nowrap open \
    optimum pattern ping placeholder playsinline poster preload radiogroup readonly referrerpolicy rel required rev reversed \
    rows rowspan rules scope selected shape size sizes span spellcheck src srclang srcset start step summary tabindex target \
    template title translate type usemap valign value vspace width wrap xml:lang xmlns ";

/// CSS properties that cannot do harm.
const PROPERTIES: &str = " azimuth background background-color border border-bottom border-bottom-color border-bottom-style \
    border-bottom-width border-collapse border-color border-left border-left-color border-left-style border-left-width \
    border-right border-right-color border-right-style border-right-width border-spacing border-style border-top \
    border-top-color border-top-style border-top-width border-width clear color cursor direction display float font font-family \
    font-size font-style font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom \
    margin-left margin-right margin-top overflow padding padding-bottom padding-left padding-right padding-top text-align \
    text-decoration text-indent unicode-bidi vertical-align white-space width ";

/// Shortcodes of WordPress and of its page builders.
const SHORTCODES: [&str; 8] =
    ["[caption", "[gallery", "[embed", "[vc_", "[et_pb_", "[video", "[audio", "[contact-form"];

fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && !word.contains(' ') && list.contains(&format!(" {word} "))
}

/// Whether HTML has, or had, an element of this name (in lower case).
pub(super) fn is_html_tag(name: &str) -> bool {
    listed(TAGS, name)
}

/// Where HTML stands in a feed.
pub(super) struct Place<'a> {
    /// The element or key, as it is shown.
    pub(super) name: &'a str,
    pub(super) line: Option<u32>,
    /// Whether an `xml:base` says what relative addresses are relative to.
    pub(super) based: bool,
}

impl Place<'_> {
    fn note(&self, rule: &'static super::finding::Rule, sentence: String, sheet: &mut Sheet) {
        sheet.add(rule, self.line, sentence);
    }
}

/// Judges HTML written as text.
pub(super) fn check(html: &str, place: &Place, sheet: &mut Sheet) {
    if !html.contains(['<', '&']) {
        return shortcodes(html, place, sheet);
    }
    if depth(html) > DEEPEST {
        // The parser's work grows with the square of the depth.
        return place.note(BROKEN_HTML, format!("The HTML of {} is nested too deep.", place.name), sheet);
    }
    let document = Document::fragment(html);
    for error in document.errors.borrow().iter().take(2) {
        place.note(BROKEN_HTML, format!("The HTML of {} is broken: {}.", place.name, short(error)), sheet);
    }
    // What stands there as it is was noted before; what an entity makes is not.
    let mut rubbish = html.chars().any(|c| Kind::of(c) != Kind::Fine);
    for node in document.root().descendants_it() {
        if node.is_element() {
            // The parser wraps a fragment into an element `html` of its own.
            if node.parent().is_none_or(|parent| parent.is_fragment()) {
                continue;
            }
            self::node(&node, place, sheet);
        } else if node.is_text() {
            let text = node.text();
            shortcodes(&text, place, sheet);
            if let Some(c) = text.chars().find(|c| Kind::of(*c) != Kind::Fine).filter(|_| !rubbish) {
                characters::bad(c, place.line, sheet);
                rubbish = true;
            }
        }
    }
}

/// How deep elements are nested, about: those whose end may be left out are not counted.
fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for after in html.split('<').skip(1) {
        if let Some(rest) = after.strip_prefix('/') {
            if rest.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_open(rest) {
                depth = depth.saturating_sub(1);
            }
        } else if after.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_open(after) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// Whether a tag is of an element that need not be closed.
fn is_open(tag: &str) -> bool {
    let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
    listed(OPEN, &name.to_ascii_lowercase())
}

fn node(node: &NodeRef, place: &Place, sheet: &mut Sheet) {
    let Some(name) = node.node_name() else { return };
    let attributes: Vec<(String, String)> =
        node.attrs().into_iter().map(|attr| (attr.name.local.to_string(), attr.value.to_string())).collect();
    element(&name, &attributes, place, sheet);
}

/// Judges an element of HTML or XHTML with its attributes.
pub(super) fn element(name: &str, attributes: &[(String, String)], place: &Place, sheet: &mut Sheet) {
    let shown = format!("<{}> in {}", short(name), place.name);
    let name = name.to_ascii_lowercase();
    if !is_html_tag(&name) {
        return place.note(UNKNOWN_ELEMENT, format!("{shown} is no element of HTML."), sheet);
    }
    if listed(UNSAFE, &name) {
        return place.note(UNSAFE_ELEMENT, format!("{shown} is removed by readers."), sheet);
    }
    let get =
        |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
    for (key, value) in attributes {
        match key.to_ascii_lowercase().as_str() {
            "style" if !is_harmless(value) => {
                place.note(UNSAFE_STYLE, format!("{shown} has the style “{}”.", short(value)), sheet);
            }
            "style" => place.note(INLINE_STYLE, format!("{shown} has the style “{}”.", short(value)), sheet),
            "href" | "src" | "cite" | "poster" | "action" | "background" | "longdesc" => {
                reference(value, &shown, place, sheet);
            }
            "srcset" => {
                for candidate in value.split(',').filter_map(|part| part.split_whitespace().next()) {
                    if candidate.contains('/') {
                        reference(candidate, &shown, place, sheet);
                    }
                }
            }
            key if key.starts_with("data-") || listed(ATTRIBUTES, key) => {}
            key => place.note(UNSAFE_ATTRIBUTE, format!("{shown} has the attribute {}.", short(key)), sheet),
        }
    }
    if name == "img" {
        let src = get("src").unwrap_or_default();
        if src.starts_with("http://") {
            place.note(INSECURE_IMAGE, format!("{shown} is loaded by http: “{}”.", short(src)), sheet);
        }
        let lazy = attributes.iter().any(|(key, _)| key.starts_with("data-") && key.contains("src"));
        if lazy && (src.is_empty() || src.starts_with("data:")) {
            place.note(LAZY_IMAGE, format!("{shown} has its address in data-src."), sheet);
        }
    }
}

fn reference(value: &str, shown: &str, place: &Place, sheet: &mut Sheet) {
    let value: String = value.trim().chars().filter(|c| !c.is_ascii_control()).collect();
    let scheme = value.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("javascript" | "vbscript" | "file") => {
            place.note(UNSAFE_ADDRESS, format!("{shown} leads to “{}”.", short(&value)), sheet);
        }
        Some(scheme) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {}
        _ if place.based => {}
        _ => place.note(
            RELATIVE_REFERENCE,
            format!("{shown} has the relative address “{}”.", short(&value)),
            sheet,
        ),
    }
}

fn is_harmless(style: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || ":,;#%.!-'\"()".contains(c);
    let calls = style.match_indices('(').any(|(at, _)| {
        !style[..at].trim_end().ends_with("rgb") && style[..at].ends_with(|c: char| c.is_alphanumeric())
    });
    style.chars().all(plain)
        && !calls
        && style.split(';').filter(|part| !part.trim().is_empty()).all(|part| {
            part.split_once(':').is_some_and(|(property, value)| {
                listed(PROPERTIES, &property.trim().to_ascii_lowercase()) && !value.contains(':')
            })
        })
}

fn shortcodes(text: &str, place: &Place, sheet: &mut Sheet) {
    if let Some(code) = SHORTCODES.iter().find(|code| text.contains(**code)) {
        place.note(SHORTCODE, format!("{} shows {code} …].", place.name), sheet);
    }
}
