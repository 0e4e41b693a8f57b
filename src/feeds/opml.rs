//! The list of feeds as OPML 2.0 (opml.org/spec2.opml), which readers import as a whole.
//!
//! One format a feed, RSS, so that nobody subscribes twice. `title` repeats `text`: the W3C validator misses it
//! otherwise, and some readers look at the one, some at the other. Dates are left out: the list's bytes change when the
//! list does.

use super::document::line;
use super::feed::Listing;
use super::spec::{FeedPath, Format, Publication};

/// The media type of the list; no registered one exists.
pub const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";

/// The path of the list from the root of the installation.
pub const PATH: &str = "/flux.opml";

/// The document that lists `listings`, in their order, as one group named after the publication.
#[must_use]
pub fn write(publication: &Publication, listings: &[Listing]) -> Vec<u8> {
    let name = attribute(&line(&publication.name, publication.style));
    let mut opml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n<title>{name}</title>\n\
         <ownerName>{name}</ownerName>\n<docs>http://opml.org/spec2.opml</docs>\n</head>\n<body>\n\
         <outline text=\"{name}\" title=\"{name}\">\n"
    );
    for listing in listings {
        let options = publication.options(&listing.slug);
        let (title, language) = (attribute(&listing.title), attribute(&options.language));
        let path = FeedPath { slug: listing.slug.clone(), format: Format::Rss };
        let feed = attribute(&publication.url(&path.from_root()));
        let in_the_list = || publication.url(&format!("/flux/#{}", listing.slug));
        let page = attribute(&options.link.clone().unwrap_or_else(in_the_list));
        opml.push_str(&format!(
            "<outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{feed}\" htmlUrl=\"{page}\" \
             language=\"{language}\"/>\n"
        ));
    }
    opml.push_str("</outline>\n</body>\n</opml>\n");
    opml.into_bytes()
}

/// One line of text, fit for an attribute in double quotes and for an element.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    crate::html::text::escape_into(text, &mut escaped);
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::events::Event;

    use super::*;
    use crate::articles::CategoryKind;
    use crate::feeds::spec::Options;
    use crate::french::style::Style;

    fn publication(name: &str) -> Publication {
        Publication {
            name: name.into(),
            email: "redaction@exemple.tg".into(),
            base: "https://lettres.exemple.tg".into(),
            ..Publication::default()
        }
    }

    fn listing(slug: &str, title: &str) -> Listing {
        let name = "Une rubrique".into();
        Listing { slug: slug.into(), name, title: title.into(), kind: CategoryKind::Rubric, latest: None }
    }

    /// Every outline's attributes, as a strict reader finds them.
    fn outlines(opml: &[u8]) -> Vec<Vec<(String, String)>> {
        let mut reader = quick_xml::Reader::from_reader(opml);
        reader.config_mut().check_end_names = true;
        let mut outlines = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) | Event::Empty(start) => {
                    let attributes = start.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                        let value = std::str::from_utf8(&attribute.value).unwrap();
                        (name, quick_xml::escape::unescape(value).unwrap().into_owned())
                    });
                    let attributes = attributes.collect();
                    if start.name().as_ref() == b"outline" {
                        outlines.push(attributes);
                    }
                }
                Event::Text(text) => drop(quick_xml::escape::unescape(&text.decode().unwrap()).unwrap()),
                Event::Eof => return outlines,
                _ => {}
            }
        }
    }

    #[test]
    fn each_feed_stands_once_with_everything_that_readers_and_the_validator_want() {
        let listings = [listing("tout", "L’Éveil"), listing("tech-web", "L’Éveil – Tech & Web")];
        let mut publication = publication("L'Éveil");
        let own = Options {
            language: "ee".into(),
            link: Some("https://www.exemple.tg/".into()),
            ..Options::default()
        };
        publication.views.insert("tout".into(), own);
        let opml = write(&publication, &listings);
        let text = std::str::from_utf8(&opml).unwrap();
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n")
        );
        assert!(text.contains(
            "<outline type=\"rss\" text=\"L’Éveil – Tech &amp; Web\" title=\"L’Éveil – Tech &amp; Web\" \
             xmlUrl=\"https://lettres.exemple.tg/flux/tech-web.rss\" \
             htmlUrl=\"https://lettres.exemple.tg/flux/#tech-web\" language=\"fr\"/>"
        ));
        let outlines = outlines(&opml);
        assert_eq!(outlines.len(), 3);
        for outline in &outlines[1..] {
            let names: Vec<&str> = outline.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["type", "text", "title", "xmlUrl", "htmlUrl", "language"]);
            assert_eq!(outline[1].1, outline[2].1);
        }
        assert_eq!(outlines[2][1].1, "L’Éveil – Tech & Web");
        assert_eq!((&*outlines[1][4].1, &*outlines[1][5].1), ("https://www.exemple.tg/", "ee"));
    }

    proptest! {
        #[test]
        fn any_name_gives_a_document_that_a_strict_reader_takes(name in any::<String>(), title in any::<String>()) {
            // A feed's title is a line of ours already.
            let title = line(&title, Style::default());
            let listings = [listing("a", &title)];
            let outlines = outlines(&write(&publication(&name), &listings));
            prop_assert_eq!(outlines.len(), 2);
            prop_assert_eq!(&outlines[1][1].1, &title);
            prop_assert_eq!(&outlines[0][0].1, &line(&name, Style::default()));
            for (_, value) in outlines.iter().flatten() {
                let forbidden = value.contains(|c: char| c.is_control() || "\u{fffe}\u{ffff}".contains(c));
                prop_assert!(!forbidden, "{value:?}");
            }
        }
    }
}
