//! The one door for article bodies.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use dom_query::Document;
use url::Url;

use crate::html::chars::xml_safe;
use crate::html::debris::without_debris;
use crate::html::flow;
use crate::html::lists::items;

/// Every tag that may stand in a stored body.
const TAGS: &str = "\
    a | abbr | b | blockquote | br | caption | cite | code | dd | del | dl | dt | em | figcaption | \
    figure | h2 | h3 | h4 | h5 | h6 | hr | i | img | ins | kbd | li | mark | ol | p | pre | q | s | \
    small | strong | sub | sup | table | tbody | td | tfoot | th | thead | tr | u | ul";

/// Their content is not text.
const DROPPED_WITH_CONTENT: &str = "\
    script | style | svg | math | template | form | title";

/// The gate: whatever was built before it, nothing but this leaves.
static ALLOW_LIST: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let attributes: HashMap<&str, HashSet<&str>> = HashMap::from([
        ("a", HashSet::from(["href", "title"])),
        ("abbr", HashSet::from(["title"])),
        ("img", HashSet::from(["src", "alt", "width", "height"])),
        ("ol", HashSet::from(["start"])),
        ("td", HashSet::from(["colspan", "rowspan"])),
        ("th", HashSet::from(["colspan", "rowspan"])),
    ]);
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(items(TAGS).collect())
        .clean_content_tags(items(DROPPED_WITH_CONTENT).collect())
        .tag_attributes(attributes)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// A body as it is stored: paragraphs, headings, lists, quotations, tables, figures and links, and nothing else.
///
/// WordPress' and Joomla's debris goes, blank lines become paragraphs where nobody marked them, lazy images become real, frames
/// become links, addresses are absolute (against `base`, the article's own), what XML forbids is gone. The result is made of an
/// explicit list of tags and attributes and passes `ammonia` last. Cleaning twice changes nothing.
pub fn clean(html: &str, base: &Url) -> String {
    let html = without_debris(html);
    let document = Document::fragment(html.as_ref());
    let shaped = flow::body(&document, base);
    // The serialiser writes U+00A0 as an entity that only HTML knows.
    let clean = ALLOW_LIST.clean(&shaped).to_string().replace("&nbsp;", "\u{a0}");
    match xml_safe(&clean) {
        std::borrow::Cow::Borrowed(_) => clean,
        std::borrow::Cow::Owned(repaired) => repaired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        clean(html, &Url::parse("https://exemple.tg/economie/port").unwrap())
    }

    #[test]
    fn a_classic_wordpress_body_gets_its_paragraphs() {
        let html = "Premier paragraphe\nsur deux lignes.\r\n\r\nDeuxième, <strong>gras</strong>.\n\n<blockquote>Une citation\n\nen deux</blockquote>\nSuite\n&nbsp;\n\n<h3>Titre</h3>\nFin";
        assert_eq!(
            cleaned(html),
            "<p>Premier paragraphe<br>sur deux lignes.</p>\n<p>Deuxième, <strong>gras</strong>.</p>\n<blockquote><p>Une citation</p>\n<p>en deux</p></blockquote>\n<p>Suite</p>\n<h3>Titre</h3>\n<p>Fin</p>"
        );
    }

    #[test]
    fn gutenberg_comments_empty_paragraphs_and_office_tags_go() {
        let html = "<!-- wp:paragraph --><p>Un</p><!-- /wp:paragraph --><p>&nbsp;</p><p><o:p></o:p></p><p><strong> </strong></p><p><br /></p><!--more--><p>Deux <o:p>trois</o:p> à <st1:place w:st=\"on\">Lomé</st1:place>.</p>";
        assert_eq!(cleaned(html), "<p>Un</p>\n<p>Deux trois à Lomé.</p>");
    }

    #[test]
    fn boxes_and_double_line_breaks_become_paragraphs() {
        assert_eq!(
            cleaned(
                "<div><div class=x>Un<br/><br />Deux</div><div>Trois <span style='color:red'>rouge</span></div></div>quatre"
            ),
            "<p>Un</p>\n<p>Deux</p>\n<p>Trois rouge</p>\n<p>quatre</p>"
        );
        assert_eq!(cleaned("<span><p>a</p><p>b</p></span>"), "<p>a</p>\n<p>b</p>");
        assert_eq!(cleaned("<p>a\n\nb</p>"), "<p>a b</p>");
    }

    #[test]
    fn lists_tables_and_headings_keep_their_structure() {
        assert_eq!(
            cleaned("<h1>T</h1><ul>\n<li><p>a</p></li>\n<li><b>b</b><p>c</p></li><li> </li></ul>"),
            "<h2>T</h2>\n<ul><li>a</li>\n<li><b>b</b><br>c</li></ul>"
        );
        assert_eq!(
            cleaned("<table border=1><tr><th colspan=2>A</th></tr><tr><td>1</td><td></td></tr></table>"),
            "<table><tbody><tr><th colspan=\"2\">A</th></tr>\n<tr><td>1</td>\n<td></td></tr></tbody></table>"
        );
    }

    #[test]
    fn images_are_real_and_frames_are_links() {
        assert_eq!(
            cleaned(
                r#"<p><img class="lazy" src="data:image/gif;base64,R0" data-src="/i/a-300x200.jpg" alt="Le &quot;port&quot;"><noscript><img src="/i/a.jpg"></noscript></p>"#
            ),
            r#"<p><img src="https://exemple.tg/i/a-300x200.jpg" alt="Le &quot;port&quot;"></p>"#
        );
        assert_eq!(
            cleaned(
                r#"<img src="data:image/gif;base64,R0" class="lazy"><noscript><img src="/i/a.jpg" width="300" height="200"></noscript>"#
            ),
            r#"<p><img src="https://exemple.tg/i/a.jpg" alt="" width="300" height="200"></p>"#
        );
        assert_eq!(
            cleaned(r#"<p>Voir : <iframe src="https://www.youtube.com/embed/abc?rel=0"></iframe></p>"#),
            "<p>Voir :</p>\n<p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a></p>"
        );
        assert_eq!(
            cleaned("<figure><img src=a.jpg><figcaption>Le port</figcaption></figure>"),
            "<figure><img src=\"https://exemple.tg/economie/a.jpg\" alt=\"\"><figcaption>Le port</figcaption></figure>"
        );
        assert_eq!(
            cleaned(r#"[caption id="a" width="9"]<img src="/a.jpg" width="9" height="9" /> Le port[/caption]\n\nSuite"#.replace("\\n", "\n").as_str()),
            "<figure><img src=\"https://exemple.tg/a.jpg\" alt=\"\" width=\"9\" height=\"9\"><figcaption>Le port</figcaption></figure>\n<p>Suite</p>"
        );
    }

    #[test]
    fn what_could_act_goes() {
        let html = r#"<p onclick="x()" style="color:red" class="y">a<script>alert(1)</script><style>p{}</style><a href="javascript:alert(1)" onmouseover=x>b</a></p>
            <form><input name=q>recherche</form><svg><script>1</script><text>s</text></svg><math><mtext>m</mtext></math><a href=" java&#10;script:x">c</a><img src=x onerror=alert(1)>
            <div style="display: none">spam <a href="https://casino.example/">casino</a></div><object data="x.swf"></object><template>t</template>"#;
        let out = cleaned(html);
        for goes in [
            "script",
            "alert",
            "style",
            "class",
            "onclick",
            "onerror",
            "recherche",
            "casino",
            "svg",
            "math",
            "java",
        ] {
            assert!(!out.contains(goes), "{goes} in {out}");
        }
        assert!(out.starts_with("<p>ab</p>\n<p>c<img"), "{out}");
    }

    #[test]
    fn what_xml_forbids_goes_even_when_an_entity_makes_it() {
        assert_eq!(
            cleaned("<p>l\u{92}été&#0;&#x1F;&#11;\u{b} &amp;#0; <a href='/x' title='a&#1;b'>z</a></p>"),
            "<p>l’été &amp;#0; <a href=\"https://exemple.tg/x\" title=\"ab\">z</a></p>"
        );
    }

    #[test]
    fn a_bare_address_becomes_a_link_and_advertisement_marks_go() {
        assert_eq!(
            cleaned(
                "Avant\n\nhttps://youtu.be/abc\n\nAdvertisement. Scroll to continue reading.\n\n{loadmoduleid 210}\n\nViews: 108\n\nimage_pdfPrintimage_printPrint"
            ),
            "<p>Avant</p>\n<p><a href=\"https://youtu.be/abc\">https://youtu.be/abc</a></p>"
        );
    }

    #[test]
    fn thousands_of_nested_elements_keep_their_text() {
        let html =
            format!("{}texte{}", "<div><b><blockquote>".repeat(3000), "</blockquote></b></div>".repeat(3000));
        let out = cleaned(&html);
        assert!(out.contains("texte") && out.len() < 4000, "{}", out.len());
    }

    proptest::proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(html in "(<(p|div|br|b|a href='/x'|ul|li|blockquote|h2|img src=a.jpg|table|td|tr|figure|span|script|i)>|</(p|div|b|a|ul|li|blockquote|h2|table|td|figure|span|script|i)>|[a-cé&;<>\"\n ]|&nbsp;|&#0;){0,40}") {
            let once = cleaned(&html);
            proptest::prop_assert_eq!(cleaned(&once), once);
        }
    }
}
