//! Feeds of other systems: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed.
//!
//! `feed_xml` and `feed_json` read the entries, each in its own words; here they become
//! drafts. What is missing in a feed is no fault where something else can stand for it.

use std::sync::Arc;

use url::Url;

use crate::articles::article::{Draft, DraftBody, FromFeed, Image};
use crate::articles::date;
use crate::clock::Timestamp;
use crate::html::text::plain;

use super::jsonl::plain_id;
use super::{Fault, LONGEST_ID, Place, Record, feed_json, feed_xml};

/// A feed, read.
#[derive(Debug)]
pub struct Document {
    /// Its entries in their order.
    pub records: Vec<Record>,
    /// Where it says it stands itself.
    pub own_addresses: Vec<String>,
}

/// An entry of any format.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) id: Option<String>,
    pub(super) url: Option<String>,
    /// HTML: entities and tags may stand in it.
    pub(super) title: String,
    /// The full text.
    pub(super) content: Option<DraftBody>,
    /// HTML.
    pub(super) description: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) terms: Vec<String>,
    pub(super) image: Option<Image>,
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
}

/// What both readers give.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    pub(super) own_addresses: Vec<String>,
}

/// Reads a feed of any of the formats. `at` is where it was fetched: relative links start there. `now` is the moment of entries
/// without a date.
///
/// # Errors
/// The fault, when it is no feed or not well-formed.
pub fn read(bytes: &[u8], at: Option<&Url>, place: &Place, now: Timestamp) -> Result<Document, Fault> {
    let first = bytes.iter().find(|b| matches!(b, b'<' | b'{'));
    let entries = match first {
        Some(b'{') => feed_json::read(bytes),
        Some(_) => feed_xml::read(bytes, at),
        None => Err("neither XML nor JSON".to_owned()),
    };
    let read = entries.map_err(|why| Fault::whole(place, format!("not a feed that can be read: {why}")))?;
    Ok(Document {
        records: read.entries.into_iter().map(|entry| entry.into_record(at, place, now)).collect(),
        own_addresses: read.own_addresses,
    })
}

impl Entry {
    fn into_record(self, at: Option<&Url>, place: &Place, now: Timestamp) -> Record {
        let guid = self.id.as_deref().map(plain_id).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        let Some(url) = self.page(guid.as_deref(), at) else {
            return Record::Faulty(vec![self.fault(
                place,
                "link",
                "no address of a page, nor is the id one",
            )]);
        };
        let Some(external_id) =
            guid.clone().or_else(|| Some(url.to_string()).filter(|u| u.len() <= LONGEST_ID))
        else {
            return Record::Faulty(vec![self.fault(place, "id", format!("longer than {LONGEST_ID} bytes"))]);
        };
        let plausible = |at: Option<Timestamp>| at.filter(|at| date::is_plausible(*at));
        let published = plausible(self.published).or(plausible(self.updated));
        let from_feed = FromFeed {
            terms: self.terms,
            excerpt: self.content.is_none(),
            undated: published.is_none(),
            own_summary: false,
            own_image: self.image.is_some(),
        };
        let (body, summary) = match (self.content, self.description) {
            (Some(content), description) => (content, description),
            (None, description) => (DraftBody::Html(description.unwrap_or_default()), None),
        };
        Record::Draft(Box::new(Draft {
            place: Place { file: Arc::clone(&place.file), line: place.line },
            external_id,
            origin_id: guid.as_deref().and_then(post_number),
            guid,
            url,
            title: self.title,
            body,
            summary,
            authors: self.authors,
            categories: Vec::new(),
            primary: None,
            tags: Vec::new(),
            image: self.image,
            published_at: published.unwrap_or(now),
            updated_at: plausible(self.updated).filter(|at| Some(*at) != published),
            restore: false,
            from_feed: Some(from_feed),
        }))
    }

    /// The article's page: its link, else an id that is an address.
    fn page(&self, guid: Option<&str>, at: Option<&Url>) -> Option<Url> {
        let web = |text: &str| {
            let url = match at {
                Some(at) => at.join(text.trim()),
                None => Url::parse(text.trim()),
            };
            url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        let link = self.url.as_deref().filter(|link| !link.trim().is_empty());
        let absolute = |id: &&str| id.starts_with("http://") || id.starts_with("https://");
        link.and_then(web).or_else(|| guid.filter(absolute).and_then(web)).map(without_campaign)
    }

    fn fault(&self, place: &Place, field: &str, reason: impl std::fmt::Display) -> Fault {
        let title = plain(&self.title);
        let name = [title.as_str(), self.id.as_deref().unwrap_or_default()]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or("an entry without title");
        Fault::field(place, field, format!("{reason} («\u{a0}{name}\u{a0}»)"))
    }
}

/// The number of a post in a guid of WordPress: `https://www.exemple.tg/?p=101`.
fn post_number(guid: &str) -> Option<String> {
    let url = Url::parse(guid).ok()?;
    let (_, number) = url.query_pairs().find(|(key, _)| key == "p")?;
    Some(number.into_owned()).filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The address without what plugins add to links in feeds to count their readers (`utm_source` and its like).
fn without_campaign(mut url: Url) -> Url {
    if url.query_pairs().any(|(key, _)| key.starts_with("utm_")) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| !key.starts_with("utm_"))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

    fn drafts(text: &str) -> Vec<Draft> {
        let place = Place { file: "feed.xml".into(), line: None };
        let at = Url::parse("https://www.exemple.tg/feed/").unwrap();
        let document = read(text.as_bytes(), Some(&at), &place, NOW).unwrap();
        let draft = |record| match record {
            Record::Draft(draft) => *draft,
            other => panic!("{other:?}"),
        };
        document.records.into_iter().map(draft).collect()
    }

    fn rss(item: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
            xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
            xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>S</title><link>https://www.exemple.tg</link>
            <atom:link href="https://www.exemple.tg/feed/" rel="self" type="application/rss+xml"/>{item}</channel></rss>"#
        )
    }

    #[test]
    fn an_item_of_wordpress_gives_its_full_text_and_its_guid() {
        let item = r#"<item><title>Port de Lom&#233; : l&#8217;ann&#233;e &#171;&nbsp;record&nbsp;&#187; &#038; apr&#232;s</title>
            <link>https://www.exemple.tg/economie/port/?utm_source=rss&#038;utm_medium=rss&#038;a=1</link>
            <dc:creator><![CDATA[Afi Kossi]]></dc:creator><pubDate>Thu, 04 Mar 2021 07:30:00 +0000</pubDate>
            <category><![CDATA[Économie]]></category><category><![CDATA[port &amp; quais]]></category>
            <guid isPermaLink="false">https://www.exemple.tg/?p=101</guid>
            <description><![CDATA[<p>Le d&eacute;but [&#8230;]</p>]]></description>
            <content:encoded><![CDATA[<p>Le début du texte, et sa fin.</p>]]></content:encoded>
            <media:content url="https://www.exemple.tg/i/port.jpg" medium="image" type="image/jpeg" width="1200" height="800" fileSize="4321"/></item>"#
            .replace("&nbsp;", "&#160;");
        let draft = drafts(&rss(&item)).remove(0);
        assert_eq!(
            (draft.external_id.as_str(), draft.guid.as_deref()),
            ("https://www.exemple.tg/?p=101", Some("https://www.exemple.tg/?p=101"))
        );
        assert_eq!(draft.origin_id.as_deref(), Some("101"));
        assert_eq!(draft.url.as_str(), "https://www.exemple.tg/economie/port/?a=1");
        assert_eq!(plain(&draft.title), "Port de Lomé : l’année «\u{a0}record\u{a0}» & après");
        assert_eq!(draft.body, DraftBody::Html("<p>Le début du texte, et sa fin.</p>".into()));
        assert_eq!(draft.authors, ["Afi Kossi"]);
        assert_eq!((draft.published_at.to_string(), draft.updated_at), ("2021-03-04T07:30:00Z".into(), None));
        let feed = draft.from_feed.unwrap();
        assert_eq!(feed.terms, ["Économie", "port &amp; quais"]);
        assert!(!feed.excerpt && !feed.undated && feed.own_image);
        let image = draft.image.unwrap();
        assert_eq!(
            (image.url.as_str(), image.size, image.bytes),
            ("https://www.exemple.tg/i/port.jpg", Some((1200, 800)), Some(4321))
        );
    }

    #[test]
    fn what_is_missing_is_replaced_where_something_can_stand_for_it() {
        let draft = drafts(&rss(
            r#"<item><title>Sans guid</title><link>/page</link><description>Un &lt;b&gt;texte&lt;/b&gt;</description>
            <author>afi@exemple.tg (Afi Kossi)</author>
            <enclosure url="https://www.exemple.tg/a.jpg" length="99" type="image/jpeg"/></item>"#,
        ))
        .remove(0);
        assert_eq!((draft.external_id.as_str(), draft.guid), ("https://www.exemple.tg/page", None));
        assert_eq!((draft.published_at, draft.body), (NOW, DraftBody::Html("Un <b>texte</b>".into())));
        assert_eq!(draft.authors, ["Afi Kossi"]);
        assert_eq!(draft.image.unwrap().bytes, Some(99));
        let feed = draft.from_feed.unwrap();
        assert!(feed.excerpt && feed.undated && feed.terms.is_empty());
        let by_guid =
            drafts(&rss("<item><title>T</title><guid>https://www.exemple.tg/t</guid></item>")).remove(0);
        assert_eq!(by_guid.url.as_str(), "https://www.exemple.tg/t");
    }

    #[test]
    fn an_entry_that_leads_nowhere_is_a_fault_with_its_name() {
        let place = Place { file: "feed.xml".into(), line: None };
        let document =
            read(rss("<item><title>Nulle part</title><guid>7</guid></item>").as_bytes(), None, &place, NOW)
                .unwrap();
        let [Record::Faulty(faults)] = &document.records[..] else { panic!("{document:?}") };
        assert_eq!(
            faults[0].to_string(),
            "feed.xml: link: no address of a page, nor is the id one («\u{a0}Nulle part\u{a0}»)"
        );
        assert_eq!(document.own_addresses, ["https://www.exemple.tg/feed/"]);
        for nothing in ["", "bonjour", "<html><body>Page introuvable</body></html>", "{\"a\": 1}"] {
            let fault = read(nothing.as_bytes(), None, &place, NOW).unwrap_err();
            assert!(fault.to_string().starts_with("feed.xml: not a feed that can be read: "), "{fault}");
        }
    }

    #[test]
    fn an_atom_entry_gives_label_text_and_both_dates() {
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:a</id><title>S</title><updated>2026-11-20T10:00:00Z</updated>
            <link rel="self" href="https://www.exemple.tg/flux.atom"/>
            <entry><id>tag:exemple.tg,2026:1</id><title type="text">Tech &amp; Web &amp;eacute;</title>
            <link rel="alternate" type="text/html" href="https://www.exemple.tg/1"/><link rel="enclosure" type="image/png" href="/i.png" length="5"/>
            <published>2026-11-20T08:00:00+01:00</published><updated>2026-11-20T09:30:00Z</updated>
            <author><name>Afi</name></author><author><name>Koffi</name></author><category term="tech-web" label="Tech &amp; Web"/><category term="mot"/>
            <summary type="text">a &lt; b</summary><content type="html">&lt;p&gt;Corps&lt;/p&gt;</content></entry></feed>"#;
        let draft = drafts(atom).remove(0);
        assert_eq!(draft.guid.as_deref(), Some("tag:exemple.tg,2026:1"));
        assert_eq!(plain(&draft.title), "Tech & Web &eacute;");
        assert_eq!(draft.authors, ["Afi", "Koffi"]);
        assert_eq!(draft.from_feed.unwrap().terms, ["Tech & Web", "mot"]);
        assert_eq!(draft.published_at.to_string(), "2026-11-20T07:00:00Z");
        assert_eq!(draft.updated_at.unwrap().to_string(), "2026-11-20T09:30:00Z");
        assert_eq!(draft.summary.as_deref(), Some("a &lt; b"));
        assert_eq!(draft.body, DraftBody::Html("<p>Corps</p>".into()));
        assert_eq!(draft.image.unwrap().url, "https://www.exemple.tg/i.png");
    }

    #[test]
    fn a_json_feed_gives_the_same() {
        let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "S", "feed_url": "https://www.exemple.tg/flux.json",
            "authors": [{"name": "Rédaction"}],
            "items": [{"id": 7, "url": "https://www.exemple.tg/7", "title": "Tech & Web", "content_html": "<p>Corps</p>",
                "summary": "a < b", "image": "https://www.exemple.tg/i.jpg", "date_published": "2026-11-20T08:00:00+01:00", "tags": ["Tech & Web"]},
              {"id": "8", "url": "/8", "content_text": "Deux\n\nparagraphes", "authors": [{"name": "Afi"}]}]}"#;
        let drafts = drafts(json);
        assert_eq!((drafts[0].external_id.as_str(), plain(&drafts[0].title)), ("7", "Tech & Web".into()));
        assert_eq!(drafts[0].summary.as_deref(), Some("a &lt; b"));
        assert_eq!(drafts[0].authors, ["Rédaction"]);
        assert_eq!(drafts[0].image.as_ref().unwrap().url, "https://www.exemple.tg/i.jpg");
        assert_eq!(
            (drafts[1].url.as_str(), &drafts[1].body),
            ("https://www.exemple.tg/8", &DraftBody::Text("Deux\n\nparagraphes".into()))
        );
        assert_eq!(drafts[1].authors, ["Afi"]);
    }

    #[test]
    fn older_formats_of_rss_are_read() {
        let rss1 = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
            <channel rdf:about="https://www.exemple.tg"><title>S</title><link>https://www.exemple.tg</link><description>d</description></channel>
            <item rdf:about="https://www.exemple.tg/1"><title>Un</title><link>https://www.exemple.tg/1</link><description>Texte</description><dc:date>2026-11-20T08:00:00Z</dc:date></item></rdf:RDF>"#;
        let draft = drafts(rss1).remove(0);
        assert_eq!(
            (draft.external_id.as_str(), draft.published_at.to_string()),
            ("https://www.exemple.tg/1", "2026-11-20T08:00:00Z".into())
        );
        let rss091 = r#"<rss version="0.91"><channel><title>S</title><link>https://www.exemple.tg</link><description>d</description><language>fr</language>
            <item><title>Un</title><link>https://www.exemple.tg/1</link><description>Texte</description></item></channel></rss>"#;
        assert_eq!(drafts(rss091)[0].published_at, NOW);
    }

    #[test]
    fn pictures_of_people_are_none_of_the_article_and_the_largest_one_counts() {
        let draft = drafts(&rss(
            r#"<item><title>T</title><link>https://www.exemple.tg/1</link>
            <media:content url="https://1.gravatar.com/avatar/ab?s=96" medium="image"/>
            <media:content url="https://www.exemple.tg/a-300x200.jpg" medium="image" width="300" height="200"/>
            <media:content url="https://www.exemple.tg/a.jpg" medium="image" width="1200" height="800"/>
            <media:content url="https://www.exemple.tg/a.mp4" type="video/mp4" width="1920" height="1080"/></item>"#,
        ))
        .remove(0);
        assert_eq!(draft.image.unwrap().url, "https://www.exemple.tg/a.jpg");
    }

    #[test]
    fn a_feed_that_is_not_quite_xml_is_read_all_the_same() {
        let item = |title: &str| {
            rss(&format!("<item><title>{title}</title><link>https://www.exemple.tg/1</link></item>"))
        };
        let title = |bytes: &[u8]| {
            let place = Place { file: "feed.xml".into(), line: None };
            let document = read(bytes, None, &place, NOW).map_err(|fault| fault.to_string());
            document.map(|document| match &document.records[0] {
                Record::Draft(draft) => plain(&draft.title),
                other => panic!("{other:?}"),
            })
        };
        let cases: Vec<(&str, Vec<u8>, &str)> = vec![
            ("white space before the declaration", format!("\n \n{}", item("Un")).into_bytes(), "Un"),
            ("byte order mark", format!("\u{feff}{}", item("Un")).into_bytes(), "Un"),
            ("entities of HTML", item("L&eacute;o &nbsp; x").into_bytes(), "Léo \u{a0} x"),
            ("a bare ampersand", item("Tech & Web").into_bytes(), "Tech & Web"),
            ("control characters", item("a\u{b}b&#11;c").into_bytes(), "abc"),
            (
                "latin-1, as declared",
                {
                    let text = item("Économie").replace("UTF-8", "ISO-8859-1");
                    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
                },
                "Économie",
            ),
            (
                "windows-1252 that says UTF-8",
                {
                    let text = item("L\u{92}Économie");
                    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
                },
                "L’Économie",
            ),
        ];
        for (what, bytes, expected) in cases {
            assert_eq!(title(&bytes).as_deref(), Ok(expected), "{what}");
        }
    }

    #[test]
    fn a_million_elements_within_each_other_do_no_harm() {
        let place = Place { file: "feed.xml".into(), line: None };
        let deep = format!("{}x{}", "<a>".repeat(1_000_000), "</a>".repeat(1_000_000));
        for feed in [
            format!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id><content type=\"xhtml\">{deep}</content></entry></feed>"
            ),
            rss(&format!("<item>{deep}</item>")),
            format!("{{\"version\": {}", "[".repeat(1_000_000)),
        ] {
            let _whatever = read(feed.as_bytes(), None, &place, NOW);
        }
    }
}
