//! What stands in the store of an article, as a change is compared with it.

use crate::clock::Timestamp;

use super::article::Image;
use super::category::CategoryId;
use super::known::Said;
use super::rendition::Standing;

/// An article's row, to be compared with what comes in.
#[derive(sqlx::FromRow)]
pub(super) struct AsStored {
    pub(super) origin_id: Option<String>,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) body: String,
    pub(super) authors: String,
    pub(super) tags: String,
    pub(super) image_url: Option<String>,
    pub(super) image_alt: Option<String>,
    pub(super) image_width: Option<i64>,
    pub(super) image_height: Option<i64>,
    pub(super) image_bytes: Option<i64>,
    pub(super) primary_category_id: Option<CategoryId>,
    pub(super) published_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) first_seen_at: Timestamp,
    pub(super) appeared_at: Timestamp,
    pub(super) archive: bool,
    pub(super) retracted_at: Option<Timestamp>,
    #[sqlx(flatten)]
    pub(super) said: Said,
    pub(super) excerpt: bool,
}

impl AsStored {
    pub(super) fn picture(&self) -> Picture<'_> {
        Picture {
            url: self.image_url.as_deref(),
            alt: self.image_alt.as_deref(),
            width: self.image_width,
            height: self.image_height,
            bytes: self.image_bytes,
        }
    }

    /// What it says, to be told apart from another rendition of the same text.
    pub(super) fn standing(&self, categories: Vec<CategoryId>) -> Standing {
        let names = |json: &str| serde_json::from_str(json).unwrap_or_default();
        Standing {
            title: self.title.clone(),
            summary: self.summary.clone(),
            body: self.body.clone(),
            excerpt: self.excerpt,
            authors: names(&self.authors),
            tags: names(&self.tags),
            image: self.picture().image(),
            published_at: self.published_at,
            origin_id: self.origin_id.clone(),
            categories,
            primary: self.primary_category_id,
        }
    }
}

/// The columns of a picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Picture<'a> {
    pub(super) url: Option<&'a str>,
    pub(super) alt: Option<&'a str>,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
    pub(super) bytes: Option<i64>,
}

impl Picture<'_> {
    pub(super) fn image(&self) -> Option<Image> {
        let number = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
        Some(Image {
            url: self.url?.to_owned(),
            alt: self.alt.unwrap_or_default().to_owned(),
            size: number(self.width).zip(number(self.height)),
            bytes: self.bytes.and_then(|bytes| bytes.try_into().ok()),
        })
    }
}

impl<'a> Picture<'a> {
    pub(super) fn of(image: Option<&'a Image>) -> Self {
        let Some(image) = image else { return Self::default() };
        Self {
            url: Some(&image.url),
            alt: Some(&image.alt),
            width: image.size.map(|(width, _)| i64::from(width)),
            height: image.size.map(|(_, height)| i64::from(height)),
            bytes: image.bytes.and_then(|bytes| bytes.try_into().ok()),
        }
    }
}

/// A category that an article is in, and when it appeared there.
#[derive(sqlx::FromRow)]
pub(super) struct FiledIn {
    pub(super) category_id: CategoryId,
    pub(super) appeared_at: Timestamp,
}
