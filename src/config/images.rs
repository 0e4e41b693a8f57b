//! `[images]`: articles' pictures in mails and on pages.

use std::path::PathBuf;

use url::Url;

use super::read::{Reader, Value, choice, section};

section! {
    /// `[images]`. Without it pictures are fetched, made small and served by this program.
    pub struct Images {
        /// What mails show.
        pub in_mails: ImagesInMails = ImagesInMails::Resized,
        /// Where this machine has the site's pictures.
        pub folder: Option<PathBuf>,
        /// The address under which the site shows that folder.
        pub folder_url: Option<Url>,
    } then check
}

choice! {
    /// What mails show of articles' pictures.
    pub enum ImagesInMails {
        /// The sizes made here; no picture where they are not ready when an edition leaves.
        Resized = "resized",
        /// The same; where they are not ready, the site's own.
        ResizedOrOriginal = "resized-or-original",
        /// The site's own. None is fetched.
        Original = "original",
        /// None. None is fetched.
        None = "none",
    } expected "\"resized\", \"resized-or-original\", \"original\" or \"none\""
}

impl ImagesInMails {
    /// Whether sizes of our own are made.
    #[must_use]
    pub fn are_resized(self) -> bool {
        matches!(self, Self::Resized | Self::ResizedOrOriginal)
    }
}

fn check(images: &Images, value: &Value<'_>, reader: &mut Reader) {
    match (&images.folder, &images.folder_url) {
        (Some(_), None) if value.get("folder_url").is_none() => reader.mistakes.push(
            value.at_key("folder"),
            "`images.folder` without `folder_url`: expected the address under which the site shows it",
        ),
        (None, Some(_)) if value.get("folder").is_none() => reader.mistakes.push(
            value.at_key("folder_url"),
            "`images.folder_url` without `folder`: expected the folder that the site shows there",
        ),
        _ => {}
    }
}
