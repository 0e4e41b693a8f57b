//! Whatever an article says, its feeds are XML that strict parsers read back unchanged.

use kiosque::articles::{CategoryId, CategoryKind, FIRST_PLAUSIBLE, Image};
use kiosque::clock::Timestamp;
use kiosque::feeds::document::{Document, rubrics};
use kiosque::feeds::item::Item;
use kiosque::feeds::items::Choice;
use kiosque::feeds::spec::View;
use kiosque::feeds::uri::uri;
use kiosque::feeds::{Publication, atom, json, rss};
use proptest::prelude::*;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use crate::support::clean_feeds;

/// 2026-11-23T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

fn publication() -> Publication {
    Publication {
        name: "L'Éveil & Cie <Lomé>".into(),
        email: "redaction@exemple.tg".into(),
        base: "https://lettres.exemple.tg".into(),
        ..Publication::default()
    }
}

fn view(name: &str) -> View {
    View {
        id: CategoryId(1),
        slug: "tech-web".into(),
        name: name.into(),
        kind: CategoryKind::Rubric,
        listed: true,
        removed: false,
        feed_id: "tag:exemple.tg,2026:flux:1".into(),
        feed_version: 1,
        feed_changed_at: Timestamp::from_millis(1_795_420_800_000),
    }
}

fn documents(name: &str, items: Vec<Item>) -> (Document, String, String) {
    let view = view(name);
    let choice = Choice { version: 1, changed_at: view.feed_changed_at, items, ..Choice::default() };
    let publication = publication();
    let document =
        Document::new(&view, &choice, &rubrics(std::slice::from_ref(&view), publication.style), &publication);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let rss = text(rss::write(&document, &publication).expect("RSS is written"));
    let atom = text(atom::write(&document, &publication).expect("Atom is written"));
    (document, rss, atom)
}

/// Reads every event with its namespace; fails at anything that XML 1.0 or Namespaces in XML forbid.
fn must_be_well_formed(xml: &str) {
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), "{}", &xml[..60]);
    for c in xml.chars() {
        let legal =
            matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(legal, "U+{:04X}", c as u32);
    }
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    loop {
        let (namespace, event) = reader.read_resolved_event().expect("well-formed");
        assert!(!matches!(namespace, ResolveResult::Unknown(_)), "an undeclared prefix: {event:?}");
        match event {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.expect("an attribute");
                    let value =
                        attribute.decoded_and_normalized_value(XmlVersion::Explicit1_0, reader.decoder());
                    value.expect("its value");
                }
            }
            Event::GeneralRef(entity) => {
                let known = ["amp", "lt", "gt", "quot", "apos"];
                let name = entity.decode().expect("UTF-8");
                assert!(known.contains(&&*name) || name.starts_with('#'), "&{name};");
            }
            Event::DocType(_) | Event::PI(_) => panic!("no reader wants these: {event:?}"),
            Event::Eof => break,
            _ => {}
        }
    }
}

/// Any characters at all, the forbidden ones and those that mean something in XML and HTML more often.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        2 => prop::sample::select(vec![
            "\0", "\u{1}", "\u{8}", "\u{b}", "\u{c}", "\u{1f}", "\u{7f}", "\u{85}", "\u{92}", "\u{fffe}", "\u{ffff}",
            "\u{fdd0}", "\u{1ffff}", "\u{feff}", "\u{fffd}", "\r", "\r\n", "\t", "\u{2028}", "\u{a0}", "\u{202e}",
            "<", ">", "&", "\"", "'", "]]>", "<![CDATA[", "<!--", "-->", "&amp;", "&eacute;", "&#0;", "<?xml?>",
            "</title>", "<script>", "Tech & Web", "«", "ɖ", "𝕏", "👩🏾\u{200d}🚀",
        ]).prop_map(str::to_owned),
        4 => "[a-zé ]{1,8}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn item()(
        texts in prop::collection::vec(nasty(), 8),
        image in prop::option::of((nasty(), nasty())),
        published in any::<i64>(),
        updated in any::<i64>(),
    ) -> Item {
        let [title, summary, body, author, tag, id, url, other] = texts.try_into().expect("eight");
        Item {
            entry_id: id,
            url: format!("https://www.exemple.tg/{url}"),
            title, summary, body,
            authors: vec![author.clone(), other, author],
            tags: vec![tag],
            image: image.map(|(url, alt)| Image::new(format!("https://www.exemple.tg/{url}.jpg"), alt)),
            published_at: Timestamp::from_millis(published),
            updated_at: Timestamp::from_millis(updated),
            categories: vec![CategoryId(1), CategoryId(2)],
        }
    }
}

/// The errors and warnings of a document that are ours.
fn faults(name: &str, text: &str) -> Vec<String> {
    clean_feeds::faults(text.as_bytes(), &format!("https://lettres.exemple.tg/flux/{name}"), NOW)
}

/// The same item as it comes out of intake: the body clean, the address a URL, the id its own, the dates in the past.
fn taken_in(item: Item, number: usize) -> Item {
    let url = url::Url::parse(&item.url).unwrap();
    let date = |at: Timestamp| Timestamp::from_millis(at.millis().rem_euclid(NOW.millis() / 1000) * 1000);
    let published_at = date(item.published_at);
    Item {
        entry_id: format!("{}{number}", item.entry_id),
        body: kiosque::html::clean(&item.body, &url),
        image: item.image.map(|image| Image { url: url::Url::parse(&image.url).unwrap().into(), ..image }),
        url: url.into(),
        published_at,
        updated_at: date(item.updated_at).max(published_at).max(FIRST_PLAUSIBLE),
        ..item
    }
}

/// XML parsers make a line feed of every line end; these also trim.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

proptest! {
    #[test]
    fn any_article_taken_in_gives_feeds_without_an_error_or_a_warning(name in nasty(), items in prop::collection::vec(item(), 0..4)) {
        let mut items: Vec<Item> = items.into_iter().enumerate().map(|(number, item)| taken_in(item, number)).collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.published_at));
        let mut moments = std::collections::HashSet::new();
        items.retain(|item| moments.insert(item.updated_at));
        let (document, rss, atom) = documents(&format!("R{name}"), items);
        let json = String::from_utf8(json::write(&document, &publication()).unwrap()).unwrap();
        prop_assert_eq!(faults("tech-web.rss", &rss), Vec::<String>::new(), "{}", rss);
        prop_assert_eq!(faults("tech-web.atom", &atom), Vec::<String>::new(), "{}", atom);
        prop_assert_eq!(faults("tech-web.json", &json), Vec::<String>::new(), "{}", json);
    }

    #[test]
    fn any_text_gives_feeds_that_strict_parsers_read_back(name in nasty(), items in prop::collection::vec(item(), 0..4)) {
        let (document, rss, atom) = documents(&name, items);
        must_be_well_formed(&rss);
        must_be_well_formed(&atom);

        let channel = ::rss::Channel::read_from(rss.as_bytes()).unwrap();
        prop_assert_eq!(channel.title.trim(), document.title.trim());
        prop_assert_eq!(channel.items.len(), document.entries.len());
        for (item, entry) in channel.items.iter().zip(&document.entries) {
            prop_assert_eq!(item.title.as_deref().unwrap_or_default().trim(), entry.title.trim());
            prop_assert!(!entry.title.is_empty());
            prop_assert_eq!(lines(item.content().unwrap_or_default()), lines(&entry.content));
            prop_assert_eq!(item.guid().unwrap().value.trim(), entry.id.trim());
            prop_assert!(!item.guid().unwrap().permalink);
            let date = item.pub_date().map(|date| chrono::DateTime::parse_from_rfc2822(date).unwrap().to_utc());
            prop_assert_eq!(date, entry.published);
        }

        let feed = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
        prop_assert_eq!(feed.title.as_str().trim(), document.title.trim());
        prop_assert_eq!(feed.entries.len(), document.entries.len());
        for (read, entry) in feed.entries.iter().zip(&document.entries) {
            prop_assert_eq!(read.title.as_str().trim(), entry.title.trim());
            let content = read.content.as_ref().and_then(|content| content.value.as_deref());
            prop_assert_eq!(lines(content.unwrap_or_default()), lines(&entry.content));
            prop_assert_eq!(read.updated.to_utc(), entry.updated);
            prop_assert!(read.published.is_none_or(|published| read.updated >= published));
            prop_assert!(url::Url::parse(&read.id).is_ok(), "{:?}", read.id);
        }
    }

    #[test]
    fn an_imported_id_that_is_no_uri_always_becomes_the_same_uri(id in nasty()) {
        let made = uri(&id).into_owned();
        prop_assert_eq!(&made, &uri(&id));
        prop_assert_eq!(&made, &uri(&made), "what is a URI stays");
    }
}
