//! Editions of the store as their pages show them.

use super::page::feed_view;
use crate::app::App;
use crate::articles::{CategoryKind, Image};
use crate::clock::Timestamp;
use crate::config::PublicUrl;
use crate::feeds::letter::PREFIX;
use crate::french::date;
use crate::french::number::list;
use crate::html::edition_pages::{
    EditionLink, EditionPage, LetterHead, OnlineArticleView, OnlineExcerpts, OnlineSection, PictureView,
    Sharing,
};
use crate::html::excerpt;
use crate::html::pages::FeedView;
use crate::images::{self, ByUrl, Size};
use crate::newsletters::letter_feeds::{changed, retracted};
use crate::newsletters::online::{self, OnlineArticle, OnlineEdition, OnlineNewsletter, Shelves, Since};
use crate::newsletters::rhythm::rhythm;
use crate::newsletters::selection::Role;
use crate::newsletters::zone::Zone;

/// The longest description of a link that is passed on, in characters: `WhatsApp` shows two lines.
const DESCRIPTION: usize = 200;

/// The feed of a newsletter's editions.
pub(super) fn letter_feed(app: &App, slug: &str, title: &str) -> FeedView {
    feed_view(app, &format!("{PREFIX}{slug}"), CategoryKind::Feed, title)
}

/// The newsletter whose page it is.
pub(super) fn letter(app: &App, newsletter: &OnlineNewsletter) -> LetterHead {
    let declared = app.declarations.newsletter(&newsletter.slug);
    let title = declared.map_or(&newsletter.title, |declared| &declared.title).clone();
    LetterHead {
        slug: newsletter.slug.clone(),
        feed: letter_feed(app, &newsletter.slug, &title),
        title,
        description: declared.map(|declared| declared.description.clone()).unwrap_or_default(),
        rhythm: declared.map(|declared| rhythm(&declared.schedule)),
        noindex: declared.is_none_or(|declared| declared.noindex),
    }
}

/// An edition in a list.
pub(super) fn link(edition: &OnlineEdition) -> EditionLink {
    EditionLink {
        name: edition.name.to_string(),
        date: edition.name.day,
        hour: edition.name.hour.map(|hour| edition.name.day.and_time(hour)),
        headline: edition.headline.clone(),
        articles: edition.articles,
    }
}

/// An edition's page but for its neighbours, and when what it says changed last.
pub(super) async fn edition(
    app: &App,
    newsletter: &OnlineNewsletter,
    edition: &OnlineEdition,
) -> anyhow::Result<(EditionPage, Timestamp)> {
    let letter = letter(app, newsletter);
    let shelves = Shelves::read(&app.db, app.declarations.newsletter(&newsletter.slug)).await?;
    let articles = online::articles(&app.db, std::slice::from_ref(edition)).await?.pop().unwrap_or_default();
    let zone = newsletter.zone();
    let shown = articles.iter().filter_map(|article| article.image.as_ref());
    let known = images::by_url(&mut app.db.begin_read().await?, shown.map(|image| &*image.url)).await?;
    let pictures = Pictures { public_url: &app.config.public_url, known };
    let (lead, sections) = shelves.sort(&articles);
    let url = app.config.public_url.join(&format!("/editions/{}/{}", letter.slug, edition.name));
    let moments = articles.iter().filter_map(|article| match article.since {
        Since::Unchanged => None,
        Since::Changed(at) => at,
        Since::Retracted(at) => Some(at),
    });
    let changed = moments.fold(edition.released_at, Ord::max);
    let at = link(edition);
    let view = EditionPage {
        sharing: share_edition(&letter, edition, &articles, url),
        date: at.date,
        hour: at.hour,
        note: edition.note.clone(),
        rubric: lead.and_then(|(_, rubric)| rubric).map(|rubric| rubric.name.clone()),
        lead: lead.map(|(article, _)| view(article, zone, &pictures, Place::Lead)),
        sections: sections
            .iter()
            .map(|(rubric, articles)| OnlineSection {
                rubric: rubric.map_or("Autres articles", |rubric| &rubric.name).to_owned(),
                articles: articles
                    .iter()
                    .map(|article| view(article, zone, &pictures, Place::Item))
                    .collect(),
            })
            .collect(),
        previous: None,
        next: None,
        excerpts: OnlineExcerpts::ALL[0],
        letter,
    };
    Ok((view, changed))
}

fn view(article: &OnlineArticle, zone: Zone, pictures: &Pictures<'_>, place: Place) -> OnlineArticleView {
    let announced = article.role == Role::Announced;
    if let Since::Retracted(at) = article.since {
        return OnlineArticleView {
            retracted: Some(retracted(at, zone)),
            changed: None,
            title: String::new(),
            url: String::new(),
            summary: String::new(),
            author: None,
            image: None,
            announced,
        };
    }
    let authors: Vec<&str> = article.authors.iter().map(String::as_str).collect();
    OnlineArticleView {
        retracted: None,
        changed: match article.since {
            Since::Changed(at) => Some(changed(at, zone)),
            Since::Unchanged | Since::Retracted(_) => None,
        },
        title: article.title.clone(),
        url: article.url.clone(),
        summary: article.summary.clone(),
        author: (!authors.is_empty()).then(|| list(&authors)),
        image: article.image.as_ref().and_then(|image| pictures.shown(image, place)),
        announced,
    }
}

fn picture(image: &Image) -> PictureView {
    PictureView {
        url: image.url.clone(),
        alt: image.alt.clone(),
        width: image.size.map(|(width, _)| width),
        height: image.size.map(|(_, height)| height),
        webp: None,
    }
}

/// Where on the page a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Lead,
    Item,
}

/// What was made of the pictures of a page.
struct Pictures<'a> {
    public_url: &'a PublicUrl,
    known: ByUrl,
}

impl Pictures<'_> {
    /// Ours; the site's own as long as it was never asked for: an edition of before is shown as it was. None when there is
    /// nothing to show.
    fn shown(&self, image: &Image, place: Place) -> Option<PictureView> {
        let Some(known) = self.known.get(&image.url) else { return Some(picture(image)) };
        let (jpeg, webps) = match place {
            Place::Lead => (Size::MailLead, &[(Size::PageLead, " 1x"), (Size::PageLead2x, " 2x")][..]),
            Place::Item => (Size::MailItem, &[(Size::PageItem, "")][..]),
        };
        let file = known.file(jpeg)?;
        let webps: Vec<String> = webps
            .iter()
            .filter_map(|(size, density)| known.file(*size).map(|file| (file, density)))
            .map(|(file, density)| format!("{}{density}", images::address(self.public_url, file)))
            .collect();
        Some(PictureView {
            url: images::address(self.public_url, file),
            alt: image.alt.clone(),
            width: Some(file.pixels.0),
            height: Some(file.pixels.1),
            webp: (!webps.is_empty()).then(|| webps.join(", ")),
        })
    }
}

fn share_edition(
    letter: &LetterHead,
    edition: &OnlineEdition,
    articles: &[OnlineArticle],
    url: String,
) -> Sharing {
    let shown = || articles.iter().filter(|article| !matches!(article.since, Since::Retracted(_)));
    let titles: Vec<&str> = shown().map(|article| article.title.as_str()).collect();
    let day = date::long_date(edition.name.day);
    let hour = edition.name.hour.map(|hour| format!(" à {}", date::hour(hour))).unwrap_or_default();
    Sharing {
        url,
        title: format!("{} – {day}{hour}", letter.title),
        description: match titles.is_empty() {
            true => "Une édition de notre lettre d’information.".to_owned(),
            false => excerpt(&titles.join(" · "), DESCRIPTION),
        },
        image: shown().find_map(|article| article.image.as_ref()).map(picture),
        published: edition.released_at.whole_second().to_utc().to_rfc3339(),
    }
}

/// How the link to an archive shows.
pub(super) fn share_archive(app: &App, letter: &LetterHead, month: Option<(&str, &str)>) -> Sharing {
    let (path, of) = match month {
        Some((key, name)) => (format!("/editions/{}/{key}", letter.slug), format!(", {name}")),
        None => (format!("/editions/{}", letter.slug), String::new()),
    };
    let described = Some(letter.description.clone()).filter(|text| !text.is_empty());
    Sharing {
        url: app.config.public_url.join(&path),
        title: format!("{}{of}", letter.title),
        description: described
            .unwrap_or_else(|| format!("Toutes les éditions de « {} », à lire en ligne.", letter.title)),
        image: None,
        published: String::new(),
    }
}

/// How the link to the list of letters shows.
pub(super) fn share_index(app: &App) -> Sharing {
    Sharing {
        url: app.config.public_url.join("/editions/"),
        title: "Nos éditions".to_owned(),
        description: "Toutes les éditions de nos lettres, à lire en ligne.".to_owned(),
        image: None,
        published: String::new(),
    }
}
