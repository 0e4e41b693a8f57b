//! Which picture a mail shows of an article, and how many it can afford.

use crate::config::{ImagesInMails, PublicUrl};
use crate::images::{self, ImageState, Known, MAIL_BUDGET, Size};

use super::digest_view::{ArticleView, DigestView, ImageView};

/// An article's picture, as far as it is known when a mail is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleImage {
    /// Where the site has it.
    pub url: String,
    /// What it shows; empty when nobody said.
    pub alt: String,
    /// Width and height in pixels, where the site said.
    pub pixels: Option<(u32, u32)>,
    /// What was made of it; none when it was never asked for.
    pub known: Option<Known>,
}

impl ArticleImage {
    /// What a mail shows of it above (`size` is [`Size::MailLead`]) or beside its article.
    pub(super) fn shown(
        &self,
        size: Size,
        in_mails: ImagesInMails,
        public_url: &PublicUrl,
    ) -> Option<ImageView> {
        let original = || ImageView {
            url: self.url.clone(),
            alt: self.alt.clone(),
            width: self.pixels.map(|(width, _)| width),
            height: self.pixels.map(|(_, height)| height),
            bytes: None,
        };
        let resized = || {
            let file = self.known.as_ref()?.file(size)?;
            Some(ImageView {
                url: images::address(public_url, file),
                alt: self.alt.clone(),
                width: Some(file.pixels.0),
                height: Some(file.pixels.1),
                bytes: Some(file.bytes),
            })
        };
        match in_mails {
            ImagesInMails::None => None,
            ImagesInMails::Original => Some(original()),
            ImagesInMails::Resized => resized(),
            // What is broken or too small for this place on our side is no better on the site's.
            ImagesInMails::ResizedOrOriginal => match self.known.as_ref().map(|known| known.state) {
                Some(ImageState::Ready | ImageState::Failed) => resized(),
                Some(ImageState::Waiting) | None => Some(original()),
            },
        }
    }
}

/// Leaves as many pictures as the mail's budget allows. Those of the least value go first: from the end of each section, and
/// of the sections from the last on; the lead's stays.
pub(super) fn keep_within_budget(view: &mut DigestView) {
    let longest = view.sections.iter().map(|section| section.articles.len()).max().unwrap_or(0);
    let mut left = MAIL_BUDGET;
    afford(&mut view.lead, &mut left);
    for rank in 0..longest {
        for section in &mut view.sections {
            if let Some(article) = section.articles.get_mut(rank) {
                afford(article, &mut left);
            }
        }
    }
}

fn afford(article: &mut ArticleView, left: &mut u64) {
    // Of the site's own nothing is known: an operator who wants them takes them as they are.
    let Some(bytes) = article.image.as_ref().and_then(|image| image.bytes) else { return };
    match left.checked_sub(bytes) {
        Some(rest) => *left = rest,
        None => article.image = None,
    }
}

/// What tells apart mails that show the same articles with other pictures.
pub(super) fn key(view: &DigestView) -> String {
    let others = view.sections.iter().flat_map(|section| &section.articles);
    let urls = std::iter::once(&view.lead)
        .chain(others)
        .map(|article| article.image.as_ref().map_or("", |image| image.url.as_str()));
    urls.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample_view;
    use super::*;

    fn all(view: &mut DigestView) -> Vec<&mut ArticleView> {
        let others = view.sections.iter_mut().flat_map(|section| &mut section.articles);
        std::iter::once(&mut view.lead).chain(others).collect()
    }

    fn weighing(lead: u64, other: u64) -> DigestView {
        let mut view = sample_view::digest();
        for (place, article) in all(&mut view).into_iter().enumerate() {
            let bytes = Some(if place == 0 { lead } else { other });
            let url = format!("https://exemple.tg/{place}.jpg");
            article.image = Some(ImageView { url, alt: String::new(), width: None, height: None, bytes });
        }
        view
    }

    #[test]
    fn eighteen_articles_keep_their_pictures_and_more_lose_those_at_the_end_of_sections() {
        let mut view = weighing(60_000, 10_000);
        keep_within_budget(&mut view);
        assert!(all(&mut view).iter().all(|article| article.image.is_some()), "18 articles fit");

        let mut view = weighing(60_000, 15_000);
        keep_within_budget(&mut view);
        let kept: u64 = all(&mut view).iter().filter_map(|article| article.image.as_ref()?.bytes).sum();
        assert!(kept <= MAIL_BUDGET && kept > MAIL_BUDGET - 15_000, "{kept}");
        assert!(view.lead.image.is_some());
        for section in &view.sections {
            assert!(section.articles[0].image.is_some(), "the first of each rubric keeps its own");
            let first_without = section.articles.iter().position(|article| article.image.is_none());
            let after = &section.articles[first_without.unwrap_or(section.articles.len())..];
            assert!(after.iter().all(|article| article.image.is_none()));
        }
    }

    #[test]
    fn the_sites_own_pictures_are_not_weighed() {
        let mut view = weighing(60_000, 15_000);
        for article in all(&mut view) {
            article.image.as_mut().unwrap().bytes = None;
        }
        let before = view.clone();
        keep_within_budget(&mut view);
        assert_eq!(view, before);
    }
}
