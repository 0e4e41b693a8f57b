//! WordPress exports (WXR 1.x), read as a stream.
//!
//! An export may come in several parts, and a post's picture or author may stand in another part or behind the post: so all
//! parts are read twice, first for these ([`Reader::scan`]), then for the posts.

use std::collections::HashSet;
use std::io::BufRead;
use std::sync::Arc;

use url::Url;

use super::wxr_item::{Index, Item};
use super::wxr_xml::{Node, Nodes};
use super::{Fault, Place, Record};
use crate::articles::article::DraftCategory;
use crate::french::slug::slug;
use crate::html::links::percent_decoded;

/// What a first pass over every part found.
#[derive(Debug, Default)]
pub struct Scan {
    index: Index,
    /// Pictures that posts ask for.
    wanted: HashSet<u64>,
}

impl Scan {
    /// Reads one part for authors, terms and pictures.
    ///
    /// # Errors
    /// When the part cannot be read to its end; what stood before is kept.
    pub fn part(&mut self, input: impl BufRead, place: &Place) -> Result<(), Fault> {
        let mut walk = Walk::new(input);
        loop {
            match walk.next(Some(&mut self.index)) {
                Ok(Some(item)) => {
                    self.wanted.extend(item.thumbnail);
                    // An export of posts alone has no list of categories.
                    for category in item.categories() {
                        self.index.name(category.slug.as_deref(), &category.name);
                    }
                    if item.is_attachment()
                        && let Some((id, image)) = item.attachment()
                    {
                        self.index.attachments.insert(id, image);
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => return Err(Fault::whole(&walk.place(place), error.to_string())),
            }
        }
    }

    /// Ends the first pass; forgets pictures that no post asks for.
    #[must_use]
    pub fn finish(mut self) -> Library {
        self.index.attachments.retain(|id, _| self.wanted.contains(id));
        self.index.attachments.shrink_to_fit();
        Library(Arc::new(self.index))
    }

    /// The host of the site, once a part was read.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.index.site.as_ref().and_then(Url::host_str)
    }
}

/// Authors, terms and pictures of an export. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Library(Arc<Index>);

impl Library {
    /// What the site's addresses call its categories, `cat=7` and `category=eco`, and the category each means.
    #[must_use]
    pub fn terms(&self) -> Vec<(String, DraftCategory)> {
        let Index { terms, names, .. } = &*self.0;
        let category = |slug: &String| {
            let name = names.get(slug)?.clone();
            Some(DraftCategory { name, slug: Some(slug.clone()) })
        };
        let by_slug =
            names.keys().filter_map(|key| Some((format!("category={}", slug(key)?), category(key)?)));
        let by_number =
            terms.iter().filter_map(|(number, key)| Some((format!("cat={number}"), category(key)?)));
        by_slug.chain(by_number).collect()
    }
}

/// Reads the posts of one part.
#[derive(Debug)]
pub struct Reader<R: BufRead> {
    walk: Walk<R>,
    library: Library,
    place: Place,
    done: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads `input` with what the first pass found.
    pub fn new(input: R, place: Place, library: Library) -> Self {
        Self { walk: Walk::new(input), library, place, done: false }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.done {
            return None;
        }
        match self.walk.next(None) {
            Ok(Some(item)) => Some(item.into_record(&self.library.0, &self.walk.place(&self.place))),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Record::Faulty(vec![Fault::whole(&self.walk.place(&self.place), error.to_string())]))
            }
        }
    }
}

/// Goes from item to item.
#[derive(Debug)]
struct Walk<R: BufRead> {
    nodes: Nodes<R>,
    /// Where the present item begins.
    item_line: u64,
}

/// What stands between items: a person, a term.
#[derive(Debug, Default)]
struct Entry {
    login: String,
    name: String,
    term: Option<u64>,
    slug: String,
    term_name: String,
    /// A tag, a menu: no category.
    other: bool,
}

impl<R: BufRead> Walk<R> {
    fn new(input: R) -> Self {
        Self { nodes: Nodes::new(input), item_line: 1 }
    }

    fn place(&self, place: &Place) -> Place {
        Place { file: Arc::clone(&place.file), line: Some(self.item_line) }
    }

    /// The next item. Given an index, what stands before it is noted there and long texts are let go.
    fn next(&mut self, mut index: Option<&mut Index>) -> Result<Option<Item>, super::wxr_xml::XmlError> {
        let mut entry = Entry::default();
        loop {
            self.item_line = self.nodes.line();
            match self.nodes.next()? {
                None => return Ok(None),
                Some(Node::Open(name, _)) if name == "item" => return self.item(index.is_some()).map(Some),
                Some(Node::Open(name, _)) if is_entry(&name) => entry = Entry::default(),
                Some(Node::Open(..)) => {}
                Some(Node::Close(name, text)) => {
                    if let Some(index) = index.as_deref_mut() {
                        note(index, &mut entry, &name, &text);
                    }
                }
            }
        }
    }

    /// An item, from behind its opening to its end.
    fn item(&mut self, without_texts: bool) -> Result<Item, super::wxr_xml::XmlError> {
        let mut item = Item::default();
        let (mut key, mut value) = (String::new(), String::new());
        let mut attributes = Vec::new();
        // 0: directly in the item.
        let mut depth = 0usize;
        let mut container = String::new();
        while let Some(node) = self.nodes.next()? {
            match node {
                Node::Open(name, found) => {
                    if depth == 0 {
                        attributes = found;
                        container.clone_from(&name);
                    }
                    depth += 1;
                }
                Node::Close(_, _) if depth == 0 => return Ok(item),
                Node::Close(name, text) => {
                    depth -= 1;
                    match (depth, name.as_str()) {
                        (0, "category") => item.category(&attributes, text),
                        (0, "wp:postmeta") => {
                            item.meta(&std::mem::take(&mut key), &std::mem::take(&mut value))
                        }
                        (0, "content:encoded" | "excerpt:encoded") if without_texts => {}
                        (0, name) => item.leaf(name, text),
                        (1, "wp:meta_key") if container == "wp:postmeta" => key = text,
                        (1, "wp:meta_value") if container == "wp:postmeta" => value = text,
                        _ => {}
                    }
                }
            }
        }
        Ok(item)
    }
}

fn is_entry(name: &str) -> bool {
    matches!(name, "wp:author" | "wp:category" | "wp:term")
}

fn note(index: &mut Index, entry: &mut Entry, name: &str, text: &str) {
    match name {
        "wp:author_login" => entry.login = text.trim().to_owned(),
        "wp:author_display_name" => entry.name = text.trim().to_owned(),
        "wp:term_id" => entry.term = text.trim().parse().ok(),
        "wp:category_nicename" | "wp:term_slug" => entry.slug = percent_decoded(text.trim()),
        "wp:author" if !entry.name.is_empty() => {
            index.authors.insert(std::mem::take(&mut entry.login), std::mem::take(&mut entry.name));
        }
        "wp:cat_name" | "wp:term_name" => text.trim().clone_into(&mut entry.term_name),
        "wp:term_taxonomy" => entry.other = text.trim() != "category",
        "wp:category" | "wp:term" if !entry.other => {
            index.name(Some(&entry.slug), &entry.term_name);
            if let Some(term) = entry.term.take() {
                index.terms.insert(term, std::mem::take(&mut entry.slug));
            }
        }
        "wp:base_site_url" | "wp:base_blog_url" => {
            let with_slash = format!("{}/", text.trim().trim_end_matches('/'));
            index.site = Url::parse(&with_slash).ok().or(index.site.take());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::article::{Draft, DraftBody, Image};
    use crate::articles::formats::LeftOut;

    const POSTS: &str = include_str!("../../../tests/fixtures/wordpress-1.xml");
    const PICTURES: &str = include_str!("../../../tests/fixtures/wordpress-2.xml");

    fn read(parts: &[&str]) -> Vec<Record> {
        let place = |n: usize| Place { file: format!("part-{n}.xml").into(), line: None };
        let mut scan = Scan::default();
        for (n, part) in parts.iter().enumerate() {
            scan.part(part.as_bytes(), &place(n)).unwrap();
        }
        assert_eq!(scan.host(), Some("www.exemple.tg"));
        let library = scan.finish();
        parts
            .iter()
            .enumerate()
            .flat_map(|(n, part)| Reader::new(part.as_bytes(), place(n), library.clone()))
            .collect()
    }

    fn drafts(records: &[Record]) -> Vec<&Draft> {
        records
            .iter()
            .filter_map(|r| if let Record::Draft(draft) = r { Some(&**draft) } else { None })
            .collect()
    }

    #[test]
    fn posts_come_with_author_names_dates_guids_and_pictures_from_another_part() {
        let records = read(&[POSTS, PICTURES]);
        let drafts = drafts(&records);
        let port = drafts.iter().find(|d| d.external_id == "101").unwrap();
        assert_eq!(port.title, "Port de Lomé&nbsp;: l&#8217;année record &amp; après");
        assert_eq!(port.guid.as_deref(), Some("https://www.exemple.tg/?p=101"));
        assert_eq!(port.published_at.to_string(), "2021-03-04T07:30:00Z");
        assert_eq!(port.authors, ["Afi Kossi"]);
        assert_eq!(
            port.image,
            Some(Image {
                size: Some((1600, 1067)),
                bytes: Some(248_310),
                ..Image::new(
                    "https://www.exemple.tg/wp-content/uploads/2021/03/port.jpg",
                    "Des grues sur le quai"
                )
            })
        );
        let names: Vec<_> = port.categories.iter().map(|c| (c.name.as_str(), c.slug.as_deref())).collect();
        assert_eq!(names, [("Économie", Some("économie")), ("Tech &amp; Web", Some("tech-web"))]);
        assert_eq!(port.primary, Some(1));
        assert_eq!(port.tags, ["port &amp; quais"]);
        assert!(matches!(&port.body, DraftBody::Html(html) if html.contains("[gallery ids=")));
    }

    #[test]
    fn dates_fall_back_and_links_too() {
        let records = read(&[POSTS, PICTURES]);
        let drafts = drafts(&records);
        let by_id = |id: &str| *drafts.iter().find(|d| d.external_id == id).unwrap();
        assert_eq!(by_id("102").published_at.to_string(), "2021-03-05T09:00:00Z");
        assert_eq!(by_id("103").published_at.to_string(), "2021-03-06T10:00:00Z");
        assert_eq!(by_id("103").url.as_str(), "https://www.exemple.tg/?p=103");
    }

    #[test]
    fn what_is_no_published_post_is_left_out_and_counted() {
        let records = read(&[POSTS, PICTURES]);
        let count = |reason| records.iter().filter(|r| **r == Record::LeftOut(reason)).count();
        let counts =
            LeftOut::ALL.iter().map(|r| (r.as_str(), count(*r))).filter(|(_, n)| *n > 0).collect::<Vec<_>>();
        assert_eq!(
            counts,
            [
                ("draft", 2),
                ("pending", 1),
                ("private", 1),
                ("trashed", 1),
                ("future", 1),
                ("password-protected", 1),
                ("not a post", 3)
            ]
        );
        assert!(!records.iter().any(|r| matches!(r, Record::Faulty(_))));
    }

    #[test]
    fn a_truncated_part_gives_what_stands_before_the_cut() {
        let cut = &POSTS[..POSTS.find("<wp:post_id>103").unwrap()];
        let place = Place { file: "part.xml".into(), line: None };
        let mut scan = Scan::default();
        assert!(scan.part(cut.as_bytes(), &place).unwrap_err().to_string().contains("cut off"));
        let records: Vec<_> = Reader::new(cut.as_bytes(), place, scan.finish()).collect();
        assert_eq!(drafts(&records).len(), 2);
        let Some(Record::Faulty(faults)) = records.last() else { panic!() };
        assert!(faults[0].to_string().starts_with("part.xml:"), "{}", faults[0]);
    }
}
