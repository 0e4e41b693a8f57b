//! A saved article page.

use url::Url;

use crate::articles::article::{Draft, DraftBody, DraftCategory, Image};
use crate::articles::date;
use crate::clock::Timestamp;
use crate::html::page;
use crate::html::text::decode;

use super::{Fault, Place, Record, escaped};

/// Reads a page. `url` and `published_at` are what the operator says; they win over what the page says.
#[must_use]
pub fn read(bytes: &[u8], place: &Place, url: Option<&Url>, published_at: Option<Timestamp>) -> Record {
    let page = match page::read(&decode(bytes), url) {
        Ok(page) => page,
        Err(error @ page::PageError::NoAddress) => {
            return Record::Faulty(vec![Fault::field(place, "url", error.to_string())]);
        }
        Err(error) => return Record::Faulty(vec![Fault::whole(place, error.to_string())]),
    };
    let said = page.published.as_deref();
    let Some(published_at) = published_at.or_else(|| said.and_then(|d| date::parse(d).ok())) else {
        let reason = match said {
            Some(text) => format!("the page says {text:?}, which is not a date: pass --date"),
            None => "the page does not say when it was published: pass --date".to_owned(),
        };
        return Record::Faulty(vec![Fault::field(place, "date", reason)]);
    };
    let url = url.cloned().unwrap_or(page.url);
    Record::Draft(Box::new(Draft {
        place: place.clone(),
        external_id: url.to_string(),
        guid: None,
        origin_id: None,
        url,
        title: escaped(&page.title),
        body: DraftBody::Html(page.body),
        summary: None,
        authors: page.byline.into_iter().collect(),
        primary: page.rubric.is_some().then_some(0),
        categories: page.rubric.iter().map(|r| DraftCategory::from(escaped(r).as_str())).collect(),
        tags: Vec::new(),
        image: page.image.map(|(url, alt)| Image::new(url, alt.unwrap_or_default())),
        published_at,
        updated_at: page.updated.as_deref().and_then(|d| date::parse(d).ok()),
        restore: false,
        from_feed: None,
    }))
}
