//! An article page as a crawler saved it: plain text, with everything around the article.

use url::Url;

use crate::articles::article::{Draft, DraftBody, DraftCategory};
use crate::articles::date;
use crate::clock::Timestamp;
use crate::html::crawled_text;
use crate::html::text::decode;

use super::{Fault, Place, Record, escaped};

/// Reads a page. Address and date are seldom on it: then they must be given.
#[must_use]
pub fn read(bytes: &[u8], place: &Place, url: Option<&Url>, published_at: Option<Timestamp>) -> Record {
    let Some(page) = crawled_text::read(&decode(bytes)) else {
        let reason = "no article found: no paragraph of prose with a title above it";
        return Record::Faulty(vec![Fault::whole(place, reason)]);
    };
    let url = url.cloned().or_else(|| Url::parse(page.url.as_deref()?).ok());
    let published_at = published_at.or_else(|| date::parse(page.date.as_deref()?).ok());
    let mut faults = Vec::new();
    if url.is_none() {
        faults.push(Fault::field(
            place,
            "url",
            "the text does not say the article's address: pass --url https://…",
        ));
    }
    if published_at.is_none() {
        faults.push(Fault::field(
            place,
            "date",
            "the text does not say when it was published: pass --date 2021-04-30",
        ));
    }
    let (Some(url), Some(published_at)) = (url, published_at) else { return Record::Faulty(faults) };
    Record::Draft(Box::new(Draft {
        place: place.clone(),
        external_id: url.to_string(),
        guid: None,
        origin_id: None,
        url,
        title: escaped(&page.title),
        body: DraftBody::Text(page.paragraphs.join("\n\n")),
        summary: None,
        authors: page.byline.into_iter().collect(),
        primary: page.rubric.is_some().then_some(0),
        categories: page.rubric.iter().map(|r| DraftCategory::from(escaped(r).as_str())).collect(),
        tags: Vec::new(),
        image: None,
        published_at,
        updated_at: None,
        restore: false,
        from_feed: None,
    }))
}
