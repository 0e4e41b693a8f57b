//! A good feed of each format, and good answers around it: what tests break, one rule at a time.

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};

use super::{Exchange, Reply};
use crate::clock::Timestamp;

/// 2026-11-23T08:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

pub(super) const RSS_URL: &str = "https://lettres.exemple.tg/flux/tech-web.rss";
pub(super) const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>L’Éveil – Tech &amp; Web</title>
<link>https://lettres.exemple.tg/flux/</link>
<description>Les articles de la rubrique « Tech &amp; Web ».</description>
<language>fr</language>
<managingEditor>redaction@exemple.tg (L’Éveil)</managingEditor>
<generator>kiosque</generator>
<ttl>5</ttl>
<atom:link rel="hub" href="https://hub.exemple.tg/"/>
<atom:link rel="self" href="https://lettres.exemple.tg/flux/tech-web.rss" type="application/rss+xml"/>
<image><url>https://lettres.exemple.tg/logo.png</url><title>L’Éveil – Tech &amp; Web</title><link>https://lettres.exemple.tg/flux/</link><width>144</width><height>60</height></image>
<item>
<title>Le pont &amp; l’autoroute : c’est fini</title>
<link>https://www.exemple.tg/pont?a=1&amp;b=2</link>
<guid isPermaLink="false">tag:exemple.tg,2026:article:2</guid>
<pubDate>Mon, 23 Nov 2026 07:00:00 +0000</pubDate>
<dc:creator>Afi Mensah</dc:creator>
<category domain="https://lettres.exemple.tg/flux/">Tech &amp; Web</category>
<description>Le chantier s’est achevé hier, dit AT&amp;amp;T.</description>
<content:encoded><![CDATA[<p>Le <strong>chantier</strong> s’est achevé. <a href="https://www.exemple.tg/a?b=1&amp;c=2">Photos</a></p><p><img src="https://www.exemple.tg/p.jpg" alt=""></p>]]></content:encoded>
<enclosure url="https://www.exemple.tg/p.jpg" length="12345" type="image/jpeg"/>
<media:content url="https://www.exemple.tg/p.jpg" medium="image" type="image/jpeg" width="800" height="600"/>
</item>
<item>
<title>Hier</title>
<link>https://www.exemple.tg/hier</link>
<guid isPermaLink="false">tag:exemple.tg,2026:article:1</guid>
<pubDate>Sun, 22 Nov 2026 07:00:00 GMT</pubDate>
<description>Un résumé.</description>
</item>
</channel>
</rss>
"#;

pub(super) const ATOM_URL: &str = "https://lettres.exemple.tg/flux/tech-web.atom";
pub(super) const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:media="http://search.yahoo.com/mrss/" xml:lang="fr">
<id>tag:exemple.tg,2026:flux:1</id>
<title>L’Éveil – Tech &amp; Web</title>
<subtitle>Les articles de la rubrique.</subtitle>
<updated>2026-11-23T07:30:00Z</updated>
<author><name>L’Éveil</name><email>redaction@exemple.tg</email></author>
<rights>© L’Éveil</rights>
<generator>kiosque</generator>
<link rel="self" href="https://lettres.exemple.tg/flux/tech-web.atom" type="application/atom+xml"/>
<link rel="alternate" href="https://lettres.exemple.tg/flux/" type="text/html"/>
<link rel="prev-archive" href="https://lettres.exemple.tg/archives/tech-web/2026-10.atom"/>
<at:deleted-entry ref="tag:exemple.tg,2026:article:9" when="2026-11-22T09:00:00Z"/>
<entry>
<id>tag:exemple.tg,2026:article:2</id>
<title>Le pont</title>
<published>2026-11-23T07:00:00Z</published>
<updated>2026-11-23T07:30:00Z</updated>
<author><name>Afi Mensah</name></author>
<category term="tech-web" scheme="https://lettres.exemple.tg/flux/" label="Tech &amp; Web"/>
<link rel="alternate" href="https://www.exemple.tg/pont" type="text/html"/>
<summary>Le chantier s’est achevé.</summary>
<content type="html">&lt;p&gt;Le chantier s’est achevé.&lt;/p&gt;</content>
<media:thumbnail url="https://www.exemple.tg/p.jpg" width="150" height="150"/>
</entry>
<entry>
<id>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</id>
<title>Hier</title>
<published>2026-11-22T07:00:00+01:00</published>
<updated>2026-11-22T07:00:00Z</updated>
<link rel="alternate" href="https://www.exemple.tg/hier" type="text/html"/>
<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Un <em>résumé</em>.</p></div></summary>
</entry>
</feed>
"#;

pub(super) const ARCHIVE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0" xml:lang="fr">
<id>tag:exemple.tg,2026:flux:1:2026-10</id>
<title>L’Éveil, octobre 2026</title>
<updated>2026-10-31T07:30:00Z</updated>
<author><name>L’Éveil</name></author>
<fh:archive/>
<link rel="self" href="https://lettres.exemple.tg/archives/tech-web/2026-10.atom" type="application/atom+xml"/>
<link rel="current" href="https://lettres.exemple.tg/flux/tech-web.atom"/>
<link rel="prev-archive" href="https://lettres.exemple.tg/archives/tech-web/2026-09.atom"/>
</feed>
"#;

pub(super) const JSON_URL: &str = "https://lettres.exemple.tg/flux/tech-web.json";
pub(super) const JSON: &str = r#"{
"version": "https://jsonfeed.org/version/1.1",
"title": "L’Éveil – Tech & Web",
"home_page_url": "https://lettres.exemple.tg/flux/",
"feed_url": "https://lettres.exemple.tg/flux/tech-web.json",
"language": "fr",
"authors": [{"name": "L’Éveil"}],
"hubs": [{"type": "WebSub", "url": "https://hub.exemple.tg/"}],
"items": [{
"id": "tag:exemple.tg,2026:article:2",
"url": "https://www.exemple.tg/pont",
"title": "Le pont",
"content_html": "<p>Le chantier s’est achevé.</p>",
"summary": "Le chantier",
"image": "https://www.exemple.tg/p.jpg",
"date_published": "2026-11-23T07:00:00Z",
"date_modified": "2026-11-23T07:30:00Z",
"authors": [{"name": "Afi Mensah"}],
"tags": ["Tech & Web"],
"attachments": [{"url": "https://www.exemple.tg/p.mp3", "mime_type": "audio/mpeg"}]
}, {
"id": "tag:exemple.tg,2026:article:1",
"url": "https://www.exemple.tg/hier",
"content_text": "Hier.",
"date_published": "2026-11-22T07:00:00Z"
}]}
"#;

pub(super) const OPML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head>
<title>Les flux de L’Éveil</title>
<dateModified>Mon, 23 Nov 2026 07:00:00 +0000</dateModified>
<ownerEmail>redaction@exemple.tg</ownerEmail>
</head>
<body>
<outline text="L’Éveil">
<outline type="rss" text="Tech &amp; Web" title="Tech &amp; Web" xmlUrl="https://lettres.exemple.tg/flux/tech-web.rss" htmlUrl="https://lettres.exemple.tg/flux/" language="fr"/>
<outline type="rss" text="Sport" title="Sport" xmlUrl="https://lettres.exemple.tg/flux/sport.rss" htmlUrl="https://lettres.exemple.tg/flux/" language="fr"/>
</outline>
</body>
</opml>
"#;

/// Good answers around [`RSS`].
pub(super) fn exchange() -> Exchange {
    let full = reply(
        200,
        &[
            ("content-type", "application/rss+xml; charset=utf-8"),
            ("content-encoding", "gzip"),
            ("vary", "Accept-Encoding"),
            ("etag", "\"abc-gz\""),
            ("last-modified", "Mon, 23 Nov 2026 07:00:00 GMT"),
            ("cache-control", "public, max-age=300, stale-while-revalidate=600"),
            ("access-control-allow-origin", "*"),
            ("x-content-type-options", "nosniff"),
            ("link", "<https://hub.exemple.tg/>; rel=\"hub\""),
        ],
    );
    let mut full = Reply { body: RSS.as_bytes().to_vec(), ..full };
    full.headers
        .append("link", HeaderValue::from_str(&format!("<{RSS_URL}>; rel=\"self\"")).expect("a header"));
    let mut plain = full.clone();
    plain.headers.remove("content-encoding");
    set(&mut plain, "etag", "\"abc\"");
    let again =
        [("etag", "\"abc-gz\""), ("cache-control", "public, max-age=300"), ("vary", "Accept-Encoding")];
    let again = reply(304, &again);
    let head = Reply { body: Vec::new(), ..full.clone() };
    Exchange {
        asked: RSS_URL.to_owned(),
        hops: Vec::new(),
        full,
        plain: Some(plain),
        conditional: Some(again.clone()),
        dated: Some(again),
        head: Some(head),
    }
}

pub(super) fn reply(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    });
    let status = StatusCode::from_u16(status).expect("a status");
    Reply { status, headers: headers.collect::<HeaderMap>(), body: Vec::new() }
}

pub(super) fn set(reply: &mut Reply, name: &'static str, value: &str) {
    reply.headers.insert(name, HeaderValue::from_str(value).expect("a header"));
}
