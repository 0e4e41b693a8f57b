//! What content management systems leave in a body when their plugins are gone: WordPress shortcodes in brackets,
//! Joomla plugin tags in braces. Worked on the text before it is parsed, as those systems do themselves.

use crate::html::chars::escape_into;
use crate::html::links::web_address;
use crate::html::lists::{holds, items};

/// Shortcodes that stand alone as well as with attributes.
const SHORTCODES: &str = "\
    ad | adrotate | adsense | ai1ec | caption | contact-field | contact-form | contact-form-7 | divider | \
    embed | embedyt | forminator_form | gallery | googlemaps | gravityform | iframe | jwplayer | \
    layerslider | mailpoet_form | mc4wp_form | metaslider | ngg | ngg_images | nggallery | pdf-embedder | \
    playlist | printfriendly | quads | related_posts | rev_slider | separator | shareaholic | \
    slideshow | smartslider3 | spacer | the_ad | toc | visualizer | wp_caption | wpdatatable | wpforms | \
    wysija_form";

/// Shortcodes that are words too: only with something after the name, or with their closing. Alone in its brackets, such a
/// word is what an author wrote (« [video] », « [document] »).
const SHORTCODE_WORDS: &str = "\
    accordion | accordions | ads | audio | button | cite | clear | code | column | columns | dailymotion | \
    document | dropcap | facebook | fb | flipbook | highlight | icon | instagram | pdf | poll | row | \
    social | soundcloud | tab | table | tabs | toggle | tweet | twitter | video | vimeo | youtube";

/// Page builders and shortcode packs: everything that begins so.
const SHORTCODE_PREFIXES: &str = "\
    vc_ | et_pb_ | fusion_ | av_ | mk_ | nectar_ | tdc_ | td_block | td_ | su_ | elementor- | cs_ | ult_ | \
    dt_ | kc_ | siteorigin_ | themify_ | tve_ | rt_ | wpv- | wp- | yikes- | ultimate_ | porto_ | qode_ | \
    bsa_ | wpdreams_ | jnews_ | zombify | fl_builder | cmsmasters_ | penci_ | ts_ | gdlr_ | one_ | \
    two_third";

/// Their content is an address or a recording: what stays is a link to it.
const MEDIA: &str = "\
    audio | dailymotion | document | embed | embedyt | facebook | fb | fusion_youtube | iframe | \
    instagram | jwplayer | mp3 | mp4 | pdf | pdf-embedder | soundcloud | su_video | su_youtube | tweet | \
    twitter | vc_video | video | vimeo | youtube";

/// Their content is not text: it goes with them.
const OPAQUE: &str = "\
    ag | besps | gallery | jumi | playlist | source | vc_raw_html | vc_raw_js | vsig";

/// Joomla's content plugins.
const PLUGIN_TAGS: &str = "\
    ag | article | audio | besps | component | dailymotion | emailcloak | facebookpopup | fblike | field | \
    gallery | igallery | jcomments | jumi | mosimage | mosloadposition | mospagebreak | modal | module | \
    modulepos | mp3 | mp4 | phocadownload | phocagallery | pagebreak | readmore | reading_time | \
    rokbox | slide | slider | sliders | snippet | socialbuttons | source | spoiler | tab | tabs | tip | \
    vimeo | vsig | video | youtube";

/// The body without shortcodes and plugin tags. `[caption]` becomes a figure with its text as the legend; recordings and embedded
/// pages become links; page builders' tags go, and what they enclose stays.
pub fn without_debris(html: &str) -> std::borrow::Cow<'_, str> {
    if !html.contains(['[', '{']) {
        return html.into();
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // Names whose opening went by its attributes alone: their closing goes too.
    let mut opened: Vec<String> = Vec::new();
    while let Some(at) = rest.find(['[', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // WordPress: [[gallery]] is the way to *write* [gallery].
        if let Some(tag) = rest.strip_prefix("[").filter(|r| r.starts_with('[')).and_then(Tag::parse)
            && let Some(after) = rest[1 + tag.len..].strip_prefix(']')
            && tag.is_debris(after, &opened)
        {
            out.push_str(&rest[1..1 + tag.len]);
            rest = after;
            continue;
        }
        match Tag::parse(rest).filter(|t| t.is_debris(&rest[t.len..], &opened)) {
            Some(tag) => {
                rest = replace(&tag, &rest[tag.len..], &mut out);
                if !tag.closing && !opened.contains(&tag.name) {
                    opened.push(tag.name);
                }
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}

/// One `[name …]`, `[/name]`, `{name …}` or `{/name}`.
struct Tag<'a> {
    brace: bool,
    closing: bool,
    name: String,
    attributes: &'a str,
    /// Bytes from the opening to behind the closing bracket.
    len: usize,
}

impl<'a> Tag<'a> {
    /// Longest tag looked at, in bytes; page builders reach a few hundred.
    const LONGEST: usize = 4096;

    fn parse(text: &'a str) -> Option<Self> {
        let brace = text.starts_with('{');
        let inner = &text[1..];
        let closing = inner.starts_with('/');
        let start = 1 + usize::from(closing);
        let name_len = text[start..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
        let name = &text[start..start + name_len];
        // WordPress knows its shortcodes by their exact case, Joomla does not.
        let name = if brace { name.to_ascii_lowercase() } else { name.to_owned() };
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let end_char = if brace { '}' } else { ']' };
        let after = start + name_len;
        if !text[after..].starts_with([end_char, ' ', '\t', '\n', '\r', '/', '=', '\u{a0}', '|', ':']) {
            return None;
        }
        let end = after + end_of(&text[after..], end_char)?;
        Some(Self { brace, closing, name, attributes: &text[after..end], len: end + 1 })
    }

    /// `after` is the text behind the tag, `opened` the names that went before it.
    fn is_debris(&self, after: &str, opened: &[String]) -> bool {
        let name = self.name.as_str();
        if self.closing && opened.iter().any(|o| o == name) {
            return true;
        }
        if self.brace {
            let known = name.starts_with("load") || name.starts_with("xtypo_") || holds(PLUGIN_TAGS, name);
            return known || has_attribute(self.attributes);
        }
        holds(SHORTCODES, name)
            || items(SHORTCODE_PREFIXES).any(|p| name.starts_with(p))
            || has_attribute(self.attributes)
            || holds(SHORTCODE_WORDS, name)
                && (self.attributes.contains(['=', ':', '/']) || content_of(self, after).is_some())
    }
}

/// Where the bracket closes: outside straight quotes when they are balanced, else at the first one.
fn end_of(text: &str, end: char) -> Option<usize> {
    let text = &text[..text.floor_char_boundary(Tag::LONGEST)];
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') if text[..i].ends_with('=') => quote = Some(c),
            (Some(q), _) if c == q => quote = None,
            (None, _) if c == end => return Some(i),
            (None, '[' | '{') => return None,
            _ => {}
        }
    }
    text.find(end)
}

/// Whether it carries `name="…"`, with the quotes that editors put there: straight, curly, or as entities.
fn has_attribute(text: &str) -> bool {
    text.match_indices('=').any(|(i, _)| {
        let named = text[..i].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let spaced = text.starts_with([' ', '\t', '\n', '\r', '\u{a0}']);
        let quoted = ["\"", "'", "&quot;", "&#82", "&rdquo;", "“", "”", "″", "«"]
            .iter()
            .any(|q| text[i + 1..].starts_with(q));
        named && spaced && quoted
    })
}

/// Writes what stands for the tag and gives back the text that follows it.
fn replace<'a>(tag: &Tag, rest: &'a str, out: &mut String) -> &'a str {
    if tag.closing {
        return rest;
    }
    let name = tag.name.as_str();
    let content = content_of(tag, rest);
    match name {
        "caption" | "wp_caption" if !tag.brace => {
            let Some((content, after)) = content else { return rest };
            let (image, legend) = split_caption(content);
            let legend =
                if legend.is_empty() { attribute(tag.attributes, "caption").unwrap_or("") } else { legend };
            out.push_str(&format!("<figure>{image}<figcaption>{legend}</figcaption></figure>"));
            after
        }
        _ if holds(MEDIA, name) => {
            let inside = content.map_or("", |(c, _)| c);
            if let Some(address) = media_address(name, tag.attributes, inside) {
                out.push_str("\n\n<a href=\"");
                escape_into(&address, out);
                out.push_str("\">");
                escape_into(&address, out);
                out.push_str("</a>\n\n");
            }
            content.map_or(rest, |(_, after)| after)
        }
        _ if holds(OPAQUE, name) => content.map_or(rest, |(_, after)| after),
        _ => rest,
    }
}

/// What stands between this tag and its closing, and what follows that.
fn content_of<'a>(tag: &Tag, rest: &'a str) -> Option<(&'a str, &'a str)> {
    /// Farther away, in bytes, it is not this tag's closing.
    const FARTHEST: usize = 64 * 1024;
    let (opening, close) = if tag.brace { ("{/", '}') } else { ("[/", ']') };
    let limit = rest.floor_char_boundary(FARTHEST);
    let mut from = 0;
    while let Some(at) = rest.get(from..limit).and_then(|r| r.find(opening)).map(|i| from + i) {
        let name_end = at + 2 + tag.name.len();
        let same = rest.get(at + 2..name_end).is_some_and(|n| n.eq_ignore_ascii_case(&tag.name));
        if same && rest[name_end..].starts_with(close) {
            return Some((&rest[..at], &rest[name_end + 1..]));
        }
        from = at + 2;
    }
    None
}

/// `<a><img></a> legend`: the image with its link, and the words that follow.
fn split_caption(content: &str) -> (&str, &str) {
    let image_end = content.find("<img").and_then(|i| content[i..].find('>').map(|j| i + j + 1)).unwrap_or(0);
    let tail = &content[image_end..];
    let closing = tail.trim_start();
    let end = match closing.strip_prefix("</a>") {
        Some(after) => content.len() - after.len(),
        None => image_end,
    };
    (&content[..end], content[end..].trim())
}

/// The value of a quoted attribute.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = attributes.split_once(&format!("{name}=\""))?;
    after.split_once('"').map(|(value, _)| value)
}

/// Where the recording stands: the first web address of the tag or its content, or the identifier a video site uses.
fn media_address(name: &str, attributes: &str, content: &str) -> Option<String> {
    for text in [attributes, content] {
        if let Some(at) = text.find("http://").or_else(|| text.find("https://")).or_else(|| text.find("http"))
        {
            let end = text[at..]
                .find(|c: char| {
                    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | ']' | '}' | '”' | '″' | '|')
                })
                .map_or(text.len(), |i| at + i);
            if let Some(address) = web_address(&text[at..end].replace("&amp;", "&")) {
                return Some(address);
            }
        }
    }
    let id = content.trim().split('|').next().unwrap_or("").trim();
    let id =
        if id.is_empty() { attributes.trim_matches(|c: char| c == '=' || c.is_whitespace()) } else { id };
    let plain = !id.is_empty()
        && id.len() <= 24
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match name {
        "youtube" | "embedyt" if plain => Some(format!("https://www.youtube.com/watch?v={id}")),
        "vimeo" if plain => Some(format!("https://vimeo.com/{id}")),
        "dailymotion" if plain => Some(format!("https://www.dailymotion.com/video/{id}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::without_debris;

    fn gone(html: &str) -> String {
        without_debris(html).into_owned()
    }

    #[test]
    fn page_builder_tags_go_and_their_content_stays() {
        let html = r#"[vc_row css=".vc_custom{margin: 0 !important;}"][vc_column width="1/2"]<p>Texte</p>[/vc_column][/vc_row]"#;
        assert_eq!(gone(html), "<p>Texte</p>");
        assert_eq!(gone("[et_pb_section fb_built=&#8221;1&#8243;]a[/et_pb_section]"), "a");
        assert_eq!(gone("[unknown_thing id=\"3\"]a[/unknown_thing] b"), "a b");
    }

    #[test]
    fn words_in_brackets_that_an_author_wrote_stay() {
        let html = "Il a dit : « [le ministre] ne viendra pas [sic] » [NDLR : photo d’archives] [video] [VIDEO] [...] {accolade} [1] a[0] {a: 1}";
        assert_eq!(gone(html), html);
    }

    #[test]
    fn a_caption_keeps_its_image_and_its_legend() {
        assert_eq!(
            gone(
                r#"[caption id="a_1" width="300"]<a href="x"><img src="a.jpg" /></a> Le port, <em>jeudi</em>[/caption] Suite"#
            ),
            "<figure><a href=\"x\"><img src=\"a.jpg\" /></a><figcaption>Le port, <em>jeudi</em></figcaption></figure> Suite"
        );
        assert_eq!(
            gone(r#"[caption width="300" caption="Le marché"]<img src="a.jpg">[/caption]"#),
            "<figure><img src=\"a.jpg\"><figcaption>Le marché</figcaption></figure>"
        );
    }

    #[test]
    fn recordings_become_links_and_galleries_go() {
        let link = |a: &str| format!("\n\n<a href=\"{a}\">{a}</a>\n\n");
        assert_eq!(gone("[embed]https://youtu.be/abc[/embed]"), link("https://youtu.be/abc"));
        assert_eq!(
            gone("[video mp4=\"https://exemple.tg/v.mp4\"][/video]"),
            link("https://exemple.tg/v.mp4")
        );
        assert_eq!(
            gone("{youtube}abc_DEF-123{/youtube}"),
            link("https://www.youtube.com/watch?v=abc_DEF-123")
        );
        assert_eq!(gone("a [gallery ids=\"1,2,3\"] b [gallery] c"), "a  b  c");
        assert_eq!(gone("{gallery}photos/2021{/gallery}x"), "x");
        assert_eq!(gone("[[gallery]]"), "[gallery]");
    }

    #[test]
    fn joomla_tags_go() {
        assert_eq!(
            gone(
                "a {loadposition pub-1} b{loadmoduleid 210}c {jcomments on} {emailcloak=off}d{loadmodule mod_x,y}"
            ),
            "a  bc  d"
        );
        assert_eq!(gone("{tab Le contexte}texte{/tabs}"), "texte");
    }

    #[test]
    fn broken_tags_are_left_as_they_are() {
        for html in
            ["[caption", "[", "{", "[/", "{loadposition", "[[", "[vc_row \"", "[é]", "[embed", "a [b [c"]
        {
            assert_eq!(gone(html), html);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fall_over(html in "[\\[\\]{}/=\"' a-z\\-_éè’<>&;#0-9]{0,200}") {
            without_debris(&html);
        }
    }
}
