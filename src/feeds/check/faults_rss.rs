//! Documents that break one rule each: RSS and the HTML in it.

use super::faults::swap;
use super::samples::RSS;

pub(super) fn of_rss() -> Vec<(&'static str, Vec<u8>)> {
    let rss = |from, to| swap(RSS, from, to);
    let this = "<atom:link rel=\"self\" href=\"https://lettres.exemple.tg/flux/tech-web.rss\" type=\"application/rss+xml\"/>";
    let hub = "<atom:link rel=\"hub\" href=\"https://hub.exemple.tg/\"/>";
    let without_hub = RSS.replace(hub, "");
    let slash = "xmlns:slash=\"http://purl.org/rss/1.0/modules/slash/\" xmlns:dc=";
    let commented = rss("<enclosure ", "<slash:comments>3</slash:comments><enclosure ");
    let commented = swap(&String::from_utf8(commented).expect("UTF-8"), "xmlns:dc=", slash);
    let turned = RSS.replace("Mon, 23 Nov", "Sat, 21 Nov");
    vec![
        ("rss-version", rss("<rss version=\"2.0\"", "<rss version=\"2\"")),
        ("rss-version", rss("<rss version=\"2.0\"", "<rss")),
        (
            "missing-element",
            rss("<description>Les articles de la rubrique « Tech &amp; Web ».</description>", ""),
        ),
        ("duplicate-element", rss("<ttl>5</ttl>", "<ttl>5</ttl><ttl>6</ttl>")),
        ("unknown-element", rss("<ttl>", "<pubdate>hier</pubdate><ttl>")),
        ("unknown-attribute", rss("<rss version", "<rss lang=\"fr\" version")),
        ("item-before-channel", rss("</channel>", "<category>a</category></channel>")),
        ("text-input", rss("<ttl>", "<textInput/><ttl>")),
        (
            "image-title",
            rss(
                "<url>https://lettres.exemple.tg/logo.png</url><title>L’Éveil",
                "<url>https://lettres.exemple.tg/logo.png</url><title>Éveil",
            ),
        ),
        (
            "image-link",
            rss(
                "<link>https://lettres.exemple.tg/flux/</link><width>",
                "<link>https://lettres.exemple.tg/</link><width>",
            ),
        ),
        ("image-format", rss("logo.png", "logo.webp")),
        ("image-size", rss("<width>144", "<width>512")),
        ("invalid-ttl", rss("<ttl>5", "<ttl>0")),
        ("invalid-skip", rss("<ttl>", "<skipHours><hour>24</hour></skipHours><ttl>")),
        ("invalid-skip", rss("<ttl>", "<skipDays><day>Monday</day><day>Monday</day></skipDays><ttl>")),
        ("said-twice", rss("<ttl>", "<dc:language>fr</dc:language><ttl>")),
        ("generator-version", rss("kiosque<", "https://wordpress.org/?v=6.4.3<")),
        ("comments-without-build-date", commented),
        ("not-newest-first", turned.into_bytes()),
        ("no-language", rss("<language>fr</language>", "")),
        ("invalid-language", rss("<language>fr<", "<language>fr_TG<")),
        ("invalid-contact", rss("redaction@exemple.tg (L’Éveil)", "La rédaction")),
        ("contact-format", rss("redaction@exemple.tg (L’Éveil)", "L’Éveil &lt;redaction@exemple.tg&gt;")),
        ("no-real-name", rss("redaction@exemple.tg (L’Éveil)", "redaction@exemple.tg")),
        ("blank", rss("<title>Hier</title>", "<title/>")),
        ("markup-in-plain-text", rss("<title>Hier", "<title>&lt;b>Hier&lt;/b>")),
        ("markup-in-plain-text", rss("<title>Hier", "<title>Tech &amp;amp; Web")),
        ("markup-in-plain-text", rss("<title>Hier", "<title>&lt;b>Hier")),
        ("no-self-link", swap(&without_hub, "rel=\"self\"", "rel=\"related\"")),
        ("many-self-links", rss(this, &format!("{this}{this}"))),
        ("self-is-elsewhere", rss("tech-web.rss\" type", "tech.rss\" type")),
        ("relative-self-link", rss("https://lettres.exemple.tg/flux/tech-web.rss", "/flux/tech-web.rss")),
        ("self-type", rss("application/rss+xml", "text/html")),
        ("link-without-href", rss(" href=\"https://hub.exemple.tg/\"", "")),
        ("unknown-link-relation", rss("rel=\"hub\"", "rel=\"moyeu\"")),
        (
            "link-with-text",
            rss(hub, "<atom:link rel=\"hub\" href=\"https://hub.exemple.tg/\">hub</atom:link>"),
        ),
        ("invalid-media-type", rss("<atom:link rel=\"hub\"", "<atom:link rel=\"hub\" type=\"html\"")),
        ("invalid-length", rss("<atom:link rel=\"hub\"", "<atom:link rel=\"hub\" length=\"x\"")),
        ("invalid-address", rss("<ttl>", "<docs>lettres.exemple.tg</docs><ttl>")),
    ]
}

pub(super) fn of_items() -> Vec<(&'static str, Vec<u8>)> {
    let rss = |from, to| swap(RSS, from, to);
    let guid = "<guid isPermaLink=\"false\">tag:exemple.tg,2026:article:1</guid>";
    let date = "Sun, 22 Nov 2026 07:00:00 GMT";
    let hier = "<title>Hier</title>\n";
    let said = format!("{hier}<link>https://www.exemple.tg/hier</link>");
    let nothing = RSS.replace("<description>Un résumé.</description>\n", "");
    let encoded = "<content:encoded>&lt;p&gt;a&lt;/p&gt;</content:encoded><description>Un résumé.";
    let group = "<media:group><media:content url=\"https://x.tg/a.mp4\"/></media:group><enclosure ";
    vec![
        ("item-says-nothing", swap(&nothing, &said, "<link>https://www.exemple.tg/hier</link>")),
        ("no-guid", rss(guid, "")),
        ("guid-small-number", rss(guid, "<guid isPermaLink=\"false\">12345</guid>")),
        ("duplicate-guid", rss("article:1<", "article:2<")),
        ("guid-is-no-permalink", rss(guid, "<guid>12345</guid>")),
        (
            "guid-is-no-permalink",
            rss(guid, "<guid isPermaLink=\"true\">tag:exemple.tg,2026:article:1</guid>"),
        ),
        (
            "guid-flag",
            rss(
                "<guid isPermaLink=\"false\">tag:exemple.tg,2026:article:1",
                "<guid isPermaLink=\"non\">tag:exemple.tg,2026:article:1",
            ),
        ),
        ("guid-is-the-address", rss(guid, "<guid>https://www.exemple.tg/hier</guid>")),
        ("content-before-description", rss("<description>Un résumé.", encoded)),
        ("entry-without-date", rss(&format!("<pubDate>{date}</pubDate>"), "")),
        ("source-without-url", rss(hier, &format!("{hier}<source>Agence</source>"))),
        ("invalid-rfc822-date", rss(date, "dim., 22 nov. 2026 07:00:00 +0000")),
        ("invalid-rfc822-date", rss(date, "2026-11-22T07:00:00Z")),
        ("invalid-rfc822-date", rss(date, "Sun, 31 Nov 2026 07:00:00 GMT")),
        ("wrong-weekday", rss("Sun, 22 Nov", "Mon, 22 Nov")),
        ("obsolete-rfc822-date", rss("07:00:00 GMT", "07:00:00 EST")),
        ("obsolete-rfc822-date", rss("22 Nov 2026", "22 Nov 26")),
        ("future-date", rss("Mon, 23 Nov 2026", "Tue, 24 Nov 2026")),
        ("ancient-date", rss(date, "Mon, 13 Jan 1975 07:00:00 GMT")),
        ("invalid-address", rss("https://www.exemple.tg/hier<", "https://www.exemple.tg/été<")),
        ("invalid-address", rss("https://www.exemple.tg/hier<", "https://www.exemple.tg/?a[]=1<")),
        ("invalid-address", rss("https://www.exemple.tg/hier<", "https://www.exemple.tg/100%<")),
        ("unknown-scheme", rss("https://www.exemple.tg/hier<", "gazette://www.exemple.tg/hier<")),
        ("enclosure-attribute", rss(" length=\"12345\"", "")),
        (
            "many-enclosures",
            rss(
                "<enclosure ",
                "<enclosure url=\"https://x.tg/b.mp3\" length=\"0\" type=\"audio/mpeg\"/><enclosure ",
            ),
        ),
        ("enclosure-address", rss("<enclosure url=\"https:", "<enclosure url=\"ftp:")),
        ("invalid-length", rss("length=\"12345\"", "length=\"-1\"")),
        ("invalid-media-type", rss("length=\"12345\" type=\"image/jpeg\"", "length=\"12345\" type=\"jpeg\"")),
        ("invalid-medium", rss("medium=\"image\"", "medium=\"photo\"")),
        ("invalid-size", rss("width=\"800\"", "width=\"800px\"")),
        ("media-without-url", rss("<enclosure ", "<media:thumbnail/><enclosure ")),
        ("media-group-of-one", rss("<enclosure ", group)),
        (
            "history-link-in-entry",
            rss("<enclosure ", "<atom:link rel=\"prev-archive\" href=\"https://x.tg/a\"/><enclosure "),
        ),
    ]
}

pub(super) fn of_html() -> Vec<(&'static str, Vec<u8>)> {
    let html = |html: &str| swap(RSS, "<p>Le <strong>", &format!("{html}<p>Le <strong>"));
    vec![
        ("relative-reference", html("<p><a href=\"/a\">a</a></p>")),
        ("relative-reference", html("<p><img src=\"https://x.tg/a\" srcset=\"/b 2x\"></p>")),
        ("relative-reference", html("<p><a href=\"#note\">1</a></p>")),
        ("unsafe-element", html("<iframe src=\"https://x.tg/\"></iframe>")),
        ("unsafe-element", html("<script>a()</script>")),
        ("unsafe-attribute", html("<p onclick=\"a()\">b</p>")),
        ("unsafe-style", html("<p style=\"position: fixed\">b</p>")),
        ("unsafe-style", html("<p style=\"background: url(https://x.tg/a)\">b</p>")),
        ("inline-style", html("<p style=\"text-align: center\">b</p>")),
        ("unsafe-address", html("<p><a href=\"javascript:a()\">b</a></p>")),
        ("unknown-html-element", html("<o:p></o:p>")),
        ("broken-html", html("<p><b><i>a</b></i></p>")),
        ("broken-html", html(&"<div>".repeat(2000))),
        ("insecure-image", html("<p><img src=\"http://x.tg/a.jpg\" alt=\"\"></p>")),
        ("lazy-image", html("<p><img data-src=\"https://x.tg/a.jpg\" alt=\"\"></p>")),
        ("shortcode", html("<p>[gallery ids=\"1\"]</p>")),
    ]
}
