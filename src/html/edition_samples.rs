//! Invented pages of editions, for trying templates and for tests.

use chrono::NaiveDate;

use crate::html::edition_pages::{
    EditionArchivePage, EditionIndexPage, EditionLink, EditionPage, LetterHead, LetterLine, MonthLink,
    OnlineArticleView, OnlineExcerpts, OnlineSection, PictureView, Sharing, YearView,
};
use crate::html::pages::{FeedView, Page};

/// Every page of editions in its states, each with a name of its own. `feed` is the letter's.
pub(super) fn pages(feed: &FeedView) -> Vec<(String, Page)> {
    let latest = link(1);
    let line = |latest| LetterLine {
        slug: "matinale".into(),
        title: "La Matinale".into(),
        rhythm: Some("du lundi au samedi à 7\u{a0}h".into()),
        latest,
    };
    let index = |letters| Page::EditionIndex(EditionIndexPage { letters, sharing: sharing(false) });
    let archive = |month: Option<&str>, editions, years| {
        Page::EditionArchive(EditionArchivePage {
            letter: letter(feed),
            month: month.map(str::to_owned),
            editions,
            years,
            sharing: sharing(false),
        })
    };
    [
        ("editions", index(vec![line(Some(latest)), line(None)])),
        ("editions-none", index(Vec::new())),
        ("editions-letter", archive(None, (1..=20).map(link).collect(), years())),
        ("editions-letter-new", archive(None, Vec::new(), Vec::new())),
        ("editions-month", archive(Some("août 2026"), (1..=31).map(link).collect(), Vec::new())),
        ("edition", Page::Edition(Box::new(edition(feed)))),
        (
            "edition-bare",
            Page::Edition(Box::new(EditionPage {
                hour: None,
                note: None,
                rubric: None,
                lead: Some(retracted()),
                sections: Vec::new(),
                previous: None,
                next: None,
                sharing: sharing(true),
                ..edition(feed)
            })),
        ),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .into()
}

fn letter(feed: &FeedView) -> LetterHead {
    LetterHead {
        slug: "matinale".into(),
        title: "La Matinale".into(),
        description: "L'essentiel de l'actualité, avant votre journée.".into(),
        rhythm: Some("du lundi au samedi à 7\u{a0}h".into()),
        feed: feed.clone(),
        noindex: false,
    }
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, day).unwrap_or_default()
}

fn link(at: u32) -> EditionLink {
    EditionLink {
        name: format!("2026-08-{at:02}"),
        date: day(at),
        hour: (at == 2).then(|| day(at).and_time(chrono::NaiveTime::MIN)),
        headline: (at != 3).then(|| "Port de Lomé : le trafic bat un record".into()),
        articles: 12,
    }
}

fn years() -> Vec<YearView> {
    let month = |key: &str, name: &str| MonthLink {
        key: key.into(),
        name: name.into(),
        full: format!("{name} {}", &key[..4]),
    };
    vec![
        YearView { year: 2026, months: vec![month("2026-08", "août"), month("2026-07", "juillet")] },
        YearView { year: 2025, months: vec![month("2025-12", "décembre")] },
    ]
}

fn sharing(of_an_edition: bool) -> Sharing {
    Sharing {
        url: "https://lettres.exemple.tg/editions/matinale/2026-08-01".into(),
        title: "La Matinale – samedi 1er août 2026".into(),
        description: "Port de Lomé : le trafic bat un record · Éperviers : la liste".into(),
        image: of_an_edition.then(picture),
        published: if of_an_edition { "2026-08-01T07:00:00+00:00".into() } else { String::new() },
    }
}

fn picture() -> PictureView {
    PictureView {
        url: "https://exemple.tg/images/port.jpg".into(),
        alt: "Le quai, vu d'une grue".into(),
        width: Some(640),
        height: Some(400),
        webp: Some("https://lettres.exemple.tg/i/0123456789abcdef0123456789abcdef.webp 1x".to_owned()),
    }
}

fn article(title: &str) -> OnlineArticleView {
    OnlineArticleView {
        retracted: None,
        changed: None,
        title: title.into(),
        url: "https://exemple.tg/articles/1".into(),
        summary: "Le port a traité plus d'un million de conteneurs en six mois, dit sa direction.".into(),
        author: Some("Afi Exemple".into()),
        image: None,
        announced: false,
    }
}

fn retracted() -> OnlineArticleView {
    OnlineArticleView {
        retracted: Some("Cet article a été retiré le 2 août 2026.".into()),
        title: String::new(),
        url: String::new(),
        summary: String::new(),
        author: None,
        ..article("")
    }
}

fn edition(feed: &FeedView) -> EditionPage {
    let pictured = |title| OnlineArticleView { image: Some(picture()), ..article(title) };
    let section = |rubric: &str, articles| OnlineSection { rubric: rubric.into(), articles };
    EditionPage {
        letter: letter(feed),
        date: day(1),
        hour: Some(day(1).and_time(chrono::NaiveTime::MIN)),
        note: Some("Bonjour,\n\nnous revenons aujourd'hui sur le port.".into()),
        rubric: Some("Économie".into()),
        lead: Some(pictured("Port de Lomé : le trafic bat un record")),
        sections: vec![
            section(
                "Politique",
                vec![pictured("L'Assemblée vote la loi"), retracted(), article("Le conseil")],
            ),
            section(
                "Sport",
                vec![
                    OnlineArticleView {
                        changed: Some("Article modifié le 2 août 2026, après l’envoi de la lettre.".into()),
                        ..article("Éperviers : la liste")
                    },
                    OnlineArticleView { announced: true, ..article("Le carnet du jour") },
                ],
            ),
        ],
        previous: Some(link(2)),
        next: Some(link(4)),
        excerpts: OnlineExcerpts::ALL[0],
        sharing: sharing(true),
    }
}
