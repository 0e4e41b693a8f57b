//! One `<item>` of a WordPress export: what it says, and what that makes of it.

use std::collections::{BTreeMap, HashMap};

use chrono::DateTime;
use url::Url;

use crate::articles::article::{Draft, DraftBody, DraftCategory, Image};
use crate::articles::date;
use crate::clock::Timestamp;
use crate::html::links::percent_decoded;
use crate::html::text::plain;

use super::jsonl::plain_id;
use super::{Fault, LONGEST_ID, LeftOut, Place, Record};

/// A post's keys of interest among its `wp:postmeta`.
const THUMBNAIL: &str = "_thumbnail_id";
const IMAGE_ALT: &str = "_wp_attachment_image_alt";
const IMAGE_FACTS: &str = "_wp_attachment_metadata";
const PRIMARY: [&str; 2] = ["_yoast_wpseo_primary_category", "rank_math_primary_category"];

/// What an `<item>` holds, as written.
#[derive(Debug, Default)]
pub(super) struct Item {
    texts: HashMap<&'static str, String>,
    categories: Vec<DraftCategory>,
    tags: Vec<String>,
    pub(super) thumbnail: Option<u64>,
    image_alt: Option<String>,
    image_size: Option<(u32, u32)>,
    image_bytes: Option<u64>,
    /// Term id of the category that an SEO plugin calls primary.
    primary: Option<u64>,
}

/// The leaves kept of an item, by their names in the export.
const KEPT: &[&str] = &[
    "title",
    "link",
    "pubDate",
    "dc:creator",
    "guid",
    "content:encoded",
    "excerpt:encoded",
    "wp:post_id",
    "wp:post_date",
    "wp:post_date_gmt",
    "wp:post_modified_gmt",
    "wp:status",
    "wp:post_type",
    "wp:post_password",
    "wp:attachment_url",
];

impl Item {
    /// Takes a leaf directly in the item.
    pub(super) fn leaf(&mut self, name: &str, text: String) {
        if let Some(name) = KEPT.iter().find(|k| **k == name) {
            self.texts.entry(name).or_insert(text);
        }
    }

    /// Takes a `<category>`.
    pub(super) fn category(&mut self, attributes: &[(String, String)], name: String) {
        let attribute = |wanted: &str| attributes.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.clone());
        match attribute("domain").as_deref() {
            Some("category") => {
                self.categories
                    .push(DraftCategory { name, slug: attribute("nicename").map(|s| percent_decoded(&s)) });
            }
            Some("post_tag") => self.tags.push(name),
            _ => {}
        }
    }

    /// Takes a `<wp:postmeta>`.
    pub(super) fn meta(&mut self, key: &str, value: &str) {
        match key {
            THUMBNAIL => self.thumbnail = value.trim().parse().ok(),
            IMAGE_ALT => self.image_alt = Some(plain(value)).filter(|a| !a.is_empty()),
            IMAGE_FACTS => {
                self.image_size = php_number(value, "width").zip(php_number(value, "height"));
                self.image_bytes = php_number(value, "filesize").map(u64::from);
            }
            _ if PRIMARY.contains(&key) => self.primary = self.primary.or(value.trim().parse().ok()),
            _ => {}
        }
    }

    /// The categories it is in, as the site calls them.
    pub(super) fn categories(&self) -> &[DraftCategory] {
        &self.categories
    }

    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", |t| t.trim())
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.text("wp:post_type") == "attachment"
    }

    /// An attachment's number and the picture it is.
    pub(super) fn attachment(&self) -> Option<(u64, Image)> {
        let id = self.text("wp:post_id").parse().ok()?;
        let url = [self.text("wp:attachment_url"), self.text("guid")]
            .into_iter()
            .find(|u| u.starts_with("http"))?;
        let alt = self.image_alt.clone().unwrap_or_default();
        Some((id, Image { size: self.image_size, bytes: self.image_bytes, ..Image::new(url, alt) }))
    }

    /// Why it stays out, when it does.
    fn left_out(&self) -> Option<LeftOut> {
        if !matches!(self.text("wp:post_type"), "post" | "") {
            return Some(LeftOut::OtherType);
        }
        match self.text("wp:status") {
            "publish" | "" if self.text("wp:post_password").is_empty() => None,
            "publish" | "" => Some(LeftOut::Protected),
            "draft" | "auto-draft" => Some(LeftOut::Draft),
            "pending" => Some(LeftOut::Pending),
            "private" => Some(LeftOut::Private),
            "trash" => Some(LeftOut::Trashed),
            "future" => Some(LeftOut::Future),
            _ => Some(LeftOut::OtherState),
        }
    }

    /// The record it makes, with what the whole export knows of people, terms and pictures.
    pub(super) fn into_record(mut self, index: &Index, place: &Place) -> Record {
        if let Some(reason) = self.left_out() {
            return Record::LeftOut(reason);
        }
        let mut faults = Vec::new();
        let number = Some(self.text("wp:post_id")).filter(|n| !n.is_empty()).map(plain_id);
        let guid = Some(plain_id(self.text("guid"))).filter(|g| !g.is_empty() && g.len() <= LONGEST_ID);
        let external_id = number.clone().or_else(|| guid.clone());
        if external_id.is_none() {
            faults.push(Fault::field(place, "wp:post_id", "missing, and the guid too"));
        }
        let url = self.url(index, number.as_deref());
        if url.is_none() {
            faults.push(Fault::field(
                place,
                "link",
                format!("{:?} is not an absolute http or https address", self.text("link")),
            ));
        }
        let published_at = self.published_at();
        if published_at.is_none() {
            let reason = format!(
                "{:?} is not a date; nor are wp:post_date and pubDate",
                self.text("wp:post_date_gmt")
            );
            faults.push(Fault::field(place, "wp:post_date_gmt", reason));
        }
        let (Some(external_id), Some(url), Some(published_at)) = (external_id, url, published_at) else {
            return Record::Faulty(faults);
        };
        let login = self.text("dc:creator");
        let author = index.authors.get(login).map_or(login, String::as_str).to_owned();
        let image = self.thumbnail.and_then(|id| index.attachments.get(&id)).cloned();
        let primary = self
            .primary
            .and_then(|term| index.terms.get(&term))
            .and_then(|slug| self.categories.iter().position(|c| c.slug.as_ref() == Some(slug)));
        let summary = Some(self.text("excerpt:encoded").to_owned()).filter(|s| !s.is_empty());
        Record::Draft(Box::new(Draft {
            place: place.clone(),
            external_id,
            guid,
            origin_id: number,
            url,
            title: self.text("title").to_owned(),
            body: DraftBody::Html(self.texts.remove("content:encoded").unwrap_or_default()),
            summary,
            authors: Some(author).filter(|a| !a.is_empty()).into_iter().collect(),
            primary,
            categories: self.categories,
            tags: self.tags,
            image,
            published_at,
            updated_at: date::without_zone(self.texts.get("wp:post_modified_gmt").map_or("", |t| t.trim())),
            restore: false,
            from_feed: None,
        }))
    }

    /// Its page: `link`, else a guid that is an address, else the address WordPress answers for any post.
    fn url(&self, index: &Index, number: Option<&str>) -> Option<Url> {
        let web = |text: &str| {
            Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        };
        let link = self.text("link");
        web(link)
            .or_else(|| index.site.as_ref().filter(|_| link.starts_with('/')).and_then(|s| s.join(link).ok()))
            .or_else(|| web(self.text("guid")))
            .or_else(|| index.site.as_ref()?.join(&format!("?p={}", number?)).ok())
    }

    /// The GMT field; `pubDate` (which has its offset); the site's local time, taken as UTC.
    fn published_at(&self) -> Option<Timestamp> {
        let from_pub_date = || {
            let at = DateTime::parse_from_rfc2822(self.text("pubDate")).ok()?;
            Some(Timestamp::from(at.to_utc())).filter(|at| date::is_plausible(*at))
        };
        date::without_zone(self.text("wp:post_date_gmt"))
            .or_else(from_pub_date)
            .or_else(|| date::without_zone(self.text("wp:post_date")))
    }
}

/// What stands elsewhere in an export: found in a first pass over all its parts.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Display names by login.
    pub(super) authors: HashMap<String, String>,
    /// Category slugs by term id.
    pub(super) terms: HashMap<u64, String>,
    /// Category names by slug.
    pub(super) names: BTreeMap<String, String>,
    /// Pictures by post id.
    pub(super) attachments: HashMap<u64, Image>,
    /// The site's address, with a slash at its end.
    pub(super) site: Option<Url>,
}

impl Index {
    /// Notes what a category is called.
    pub(super) fn name(&mut self, slug: Option<&str>, name: &str) {
        if let Some(slug) = slug.filter(|slug| !slug.is_empty() && !self.names.contains_key(*slug)) {
            self.names.insert(slug.to_owned(), plain(name));
        }
    }
}

/// A number in PHP's serialisation of an array (`s:5:"width";i:1200;`), the first of this name: the picture's own stand
/// before those of its sizes, but only an old WordPress leaves `filesize` to the sizes alone.
fn php_number(serialized: &str, name: &str) -> Option<u32> {
    let own = serialized.split("s:5:\"sizes\"").next()?;
    let (_, after) = own.split_once(&format!("\"{name}\";i:"))?;
    after.split_once(';')?.0.parse().ok().filter(|n| *n > 0)
}
