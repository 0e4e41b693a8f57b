//! Documents that break one rule each: encodings, XML, Atom, JSON Feed, OPML.

use super::faults_rss::{of_html, of_items, of_rss};
use super::samples::{ARCHIVE, ATOM, JSON, OPML, RSS};

/// The good document with one thing changed.
pub(super) fn swap(good: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(good.contains(from), "{from} is not in the sample");
    good.replacen(from, to, 1).into_bytes()
}

/// Documents that break one rule each.
pub(super) fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let mut cases = Vec::new();
    cases.extend(encodings());
    cases.extend(syntax());
    cases.extend(of_rss());
    cases.extend(of_items());
    cases.extend(of_html());
    cases.extend(of_atom());
    cases.extend(of_json());
    cases.extend(of_opml());
    cases
}

fn encodings() -> Vec<(&'static str, Vec<u8>)> {
    let rss = |from, to| swap(RSS, from, to);
    let bom = [b"\xEF\xBB\xBF", RSS.as_bytes()].concat();
    let mut latin = swap(RSS, "utf-8", "iso-8859-1");
    latin.retain(u8::is_ascii);
    let (before, after) = RSS.split_once("Un résumé").expect("the summary");
    let broken = [before.as_bytes(), b"Un r\xE9sum\xE9", after.as_bytes()].concat();
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(RSS.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let long = |bytes: usize| swap(RSS, "<p>Le <strong>", &format!("<p>{}<strong>", "a ".repeat(bytes / 2)));
    vec![
        ("empty-document", b" \n".to_vec()),
        ("too-large", long(5_100_000)),
        ("large", long(600_000)),
        ("byte-order-mark", bom),
        (
            "unknown-encoding",
            rss("encoding=\"utf-8\"", "encoding=\"klingon\"").into_iter().filter(u8::is_ascii).collect(),
        ),
        ("legacy-encoding", latin),
        ("legacy-encoding", utf16),
        ("bytes-not-in-encoding", broken),
        ("forbidden-character", rss("Un résumé", "Un\u{b} résumé")),
        ("forbidden-character", rss("Un résumé", "Un&#11; résumé")),
        ("bad-character", rss("Un résumé", "Un\u{92} résumé")),
        ("bad-character", rss("<title>Hier", "<title>&#xFFFD;Hier")),
    ]
}

fn syntax() -> Vec<(&'static str, Vec<u8>)> {
    let rss = |from, to| swap(RSS, from, to);
    let deep = format!("{}{}", "<i>".repeat(120), "</i>".repeat(120));
    let media = "http://search.yahoo.com/mrss/";
    vec![
        ("blank-before-declaration", format!("\n{RSS}").into_bytes()),
        ("no-xml-declaration", rss("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", "")),
        ("xml-version", rss("<?xml version=\"1.0\"", "<?xml version=\"1.1\"")),
        ("not-well-formed", rss("</channel>", "</chanel>")),
        ("not-well-formed", rss("</rss>", "</rss><rss/>")),
        ("not-well-formed", rss("</rss>", "</rss>fin")),
        ("not-well-formed", rss("</rss>", "")),
        ("not-well-formed", rss("Un résumé", "A & B")),
        ("not-well-formed", rss("Un résumé", "A ]]> B")),
        ("not-well-formed", rss("Un résumé", "A <!-- -- --> B")),
        ("not-well-formed", rss("width=\"800\"", "width=\"800\" width=\"800\"")),
        ("not-well-formed", rss("medium=\"image\" type", "medium=\"image\"type")),
        ("not-well-formed", rss("?a=1&amp;b=2", "?a=1&b=2")),
        ("unknown-entity", rss("Un résumé", "Un r&eacute;sum&eacute;")),
        (
            "too-deep",
            rss("<category domain", &format!("<media:rating>{deep}</media:rating><category domain")),
        ),
        ("doctype", rss("<rss version", "<!DOCTYPE rss [<!ENTITY a \"b\">]>\n<rss version")),
        (
            "stylesheet",
            rss("<rss version", "<?xml-stylesheet href=\"a.xsl\" type=\"text/xsl\"?>\n<rss version"),
        ),
        ("undeclared-prefix", rss("<ttl>", "<sy:updatePeriod>hourly</sy:updatePeriod><ttl>")),
        ("invalid-namespace", rss("xmlns:dc=", "xmlns:xx=\"\" xmlns:dc=")),
        ("media-namespace", rss(media, media.trim_end_matches('/'))),
        ("reserved-prefix", used(rss("xmlns:dc=", "xmlns:sy=\"https://exemple.tg/ns\" xmlns:dc="), "sy")),
        ("unknown-namespace", used(rss("xmlns:dc=", "xmlns:zz=\"https://exemple.tg/ns\" xmlns:dc="), "zz")),
        (
            "prefix-in-atom",
            swap(
                ATOM,
                "<rights>",
                "<a:icon xmlns:a=\"http://www.w3.org/2005/Atom\">https://x.tg/i</a:icon><rights>",
            ),
        ),
        (
            "unusual-prefix",
            used(rss("xmlns:dc=", "xmlns:s=\"http://purl.org/rss/1.0/modules/slash/\" xmlns:dc="), "s"),
        ),
        (
            "unused-namespace",
            rss("xmlns:dc=", "xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\" xmlns:dc="),
        ),
        ("not-a-feed", b"<?xml version=\"1.0\"?><html><body/></html>".to_vec()),
        (
            "old-atom",
            b"<?xml version=\"1.0\"?><feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"/>".to_vec(),
        ),
        ("old-rss", rss("version=\"2.0\"", "version=\"0.91\"")),
        (
            "old-rss",
            b"<?xml version=\"1.0\"?><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>"
                .to_vec(),
        ),
    ]
}

/// With an element of this prefix in an item.
fn used(feed: Vec<u8>, prefix: &str) -> Vec<u8> {
    let text = String::from_utf8(feed).expect("UTF-8");
    swap(&text, "<enclosure ", &format!("<{prefix}:a>1</{prefix}:a><enclosure "))
}

fn of_atom() -> Vec<(&'static str, Vec<u8>)> {
    let atom = |from, to| swap(ATOM, from, to);
    let hub_without_self = ATOM.replace("rel=\"self\"", "rel=\"hub\"");
    let summary = "<summary>Le chantier s’est achevé.</summary>\n";
    let html = "<content type=\"html\">&lt;p&gt;Le chantier s’est achevé.&lt;/p&gt;</content>\n";
    let xhtml = "<summary type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Un <em>résumé</em>.</p></div></summary>\n";
    let tombstone = "<at:deleted-entry ref=\"tag:exemple.tg,2026:article:9\" when=\"2026-11-22T09:00:00Z\"/>";
    let out = "<link rel=\"alternate\" href=\"https://www.exemple.tg/hier\" type=\"text/html\"/>\n";
    let archive = |from, to| swap(ARCHIVE, from, to);
    let previous =
        "<link rel=\"prev-archive\" href=\"https://lettres.exemple.tg/archives/tech-web/2026-09.atom\"/>\n";
    vec![
        ("missing-element", atom("<id>tag:exemple.tg,2026:flux:1</id>", "")),
        (
            "missing-element",
            atom("<author><name>L’Éveil</name><email>redaction@exemple.tg</email></author>", ""),
        ),
        ("feed-elements-after-entries", atom("</feed>", "<icon>https://x.tg/i</icon></feed>")),
        ("invalid-text-type", atom("<title>Hier", "<title type=\"text/plain\">Hier")),
        (
            "xhtml-without-div",
            atom(
                "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Un <em>résumé</em>.</p></div>",
                "Un résumé.",
            ),
        ),
        ("title-type-html", atom("<title>Hier", "<title type=\"html\">Hier")),
        ("person-without-name", atom("<author><name>Afi Mensah</name></author>", "<author/>")),
        ("person-address", atom("<email>redaction@exemple.tg", "<email>La rédaction")),
        ("category-without-term", atom("term=\"tech-web\" ", "")),
        ("spaces-around-id", atom("<id>tag:exemple.tg,2026:article:2", "<id> tag:exemple.tg,2026:article:2")),
        ("feed-older-than-entry", atom("<updated>2026-11-23T07:30:00Z", "<updated>2026-11-23T07:29:59Z")),
        (
            "duplicate-guid",
            atom("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "tag:exemple.tg,2026:article:2"),
        ),
        ("same-updated", atom("<updated>2026-11-22T07:00:00Z", "<updated>2026-11-23T08:30:00+01:00")),
        ("entry-without-text", atom(xhtml, "")),
        ("entry-without-link-or-content", atom(out, "")),
        (
            "content-elsewhere-without-summary",
            swap(&ATOM.replace(summary, ""), html, "<content src=\"https://x.tg/a\" type=\"text/html\"/>"),
        ),
        (
            "published-after-updated",
            atom("<published>2026-11-22T07:00:00+01:00", "<published>2026-11-22T07:00:01Z"),
        ),
        ("duplicate-alternate", atom(out, &format!("{out}{out}"))),
        ("invalid-rfc3339-date", atom("<updated>2026-11-22T07:00:00Z", "<updated>2026-11-22 07:00")),
        ("fraction-of-a-second", atom("<updated>2026-11-22T07:00:00Z", "<updated>2026-11-22T07:00:00.5Z")),
        ("invalid-tag-uri", atom("tag:exemple.tg,2026:article:2<", "tag:exemple.tg:article:2<")),
        ("invalid-urn", atom("urn:uuid:1225c695", "urn:uuid:1225")),
        ("id-not-canonical", atom("tag:exemple.tg,2026:article:2<", "https://Exemple.tg/?p=2<")),
        ("many-self-links", atom("rel=\"prev-archive\"", "rel=\"self\"")),
        ("tombstone-attribute", atom(" when=\"2026-11-22T09:00:00Z\"", "")),
        ("tombstone-of-live-entry", atom("article:9\"", "article:2\"")),
        ("duplicate-tombstone", atom(tombstone, &format!("{tombstone}{tombstone}"))),
        ("unsafe-element", atom("<em>résumé</em>", "<script/>")),
        ("markup-in-plain-text", atom("<title>Hier", "<title>&lt;b&gt;Hier&lt;/b&gt;")),
        ("archive-without-links", archive(previous, "")),
        ("archive-without-current", archive("rel=\"current\"", "rel=\"related\"")),
        ("complete-feed-with-pages", archive("<fh:archive/>", "<fh:complete/>")),
        ("archive-links-to-itself", archive("2026-09.atom", "2026-10.atom")),
        ("no-self-link", swap(ATOM, "rel=\"self\"", "rel=\"related\"")),
        ("hub-without-self", hub_without_self.into_bytes()),
    ]
}

fn of_json() -> Vec<(&'static str, Vec<u8>)> {
    let json = |from, to| swap(JSON, from, to);
    vec![
        ("json-syntax", json("}]}", "}]")),
        ("json-feed-version", json("version/1.1", "version/2.0")),
        ("old-json-feed", json("version/1.1", "version/1")),
        ("json-missing-key", json("\"title\": \"L’Éveil – Tech & Web\",", "")),
        ("json-missing-key", json("\"id\": \"tag:exemple.tg,2026:article:1\",", "")),
        ("json-wrong-type", json("\"id\": \"tag:exemple.tg,2026:article:1\"", "\"id\": 1")),
        ("json-null", json("\"summary\": \"Le chantier\"", "\"summary\": null")),
        ("json-author", json("\"authors\": [{\"name\": \"Afi Mensah\"}]", "\"author\": {\"name\": \"Afi\"}")),
        ("json-item-without-content", json("\"content_text\": \"Hier.\",", "")),
        ("json-attachment", json(", \"mime_type\": \"audio/mpeg\"", "")),
        ("json-hub", json("\"type\": \"WebSub\", ", "")),
        (
            "json-without-feed-url",
            json("\"feed_url\": \"https://lettres.exemple.tg/flux/tech-web.json\",", ""),
        ),
        ("json-unknown-key", json("\"summary\"", "\"resume\"")),
        ("duplicate-guid", json("article:1\"", "article:2\"")),
        ("self-is-elsewhere", json("tech-web.json", "tech.json")),
        ("no-language", json("\"language\": \"fr\",", "")),
        ("relative-reference", json("<p>Le chantier", "<p><a href='/a'>Le</a> chantier")),
        ("invalid-rfc3339-date", json("2026-11-22T07:00:00Z", "22 novembre 2026")),
        ("entry-without-date", json(",\n\"date_published\": \"2026-11-22T07:00:00Z\"", "")),
        ("bad-character", json("Hier.", "Hier\\u0085")),
        ("invalid-address", json("https://www.exemple.tg/hier", "/hier")),
    ]
}

fn of_opml() -> Vec<(&'static str, Vec<u8>)> {
    let opml = |from, to| swap(OPML, from, to);
    vec![
        ("opml-version", opml("<opml version=\"2.0\"", "<opml version=\"3\"")),
        ("missing-element", OPML.replace("<body>", "<corps>").replace("</body>", "</corps>").into_bytes()),
        ("outline-without-text", opml("text=\"L’Éveil\"", "")),
        ("outline-without-type", opml("type=\"rss\" ", "")),
        ("outline-without-xmlurl", opml("xmlUrl=\"https://lettres.exemple.tg/flux/sport.rss\" ", "")),
        ("outline-without-title", opml("title=\"Sport\" ", "")),
        ("duplicate-outline", opml("sport.rss", "tech-web.rss")),
        ("invalid-contact", opml("redaction@exemple.tg", "La rédaction")),
        ("invalid-rfc822-date", opml("Mon, 23 Nov 2026 07:00:00 +0000", "hier")),
    ]
}
