//! The invented editions that templates are tried with: of the usual size, of one article, with everything an edition can
//! carry, larger than a mail may be, and the short one that puts a mistake right.

use super::digest_view::{CorrectionView, DigestView, SectionView};
use super::sample_view::{digest, digest_of_one, digest_with_everything};

/// An edition to try a template with.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is called in the check's table and in names of files.
    pub name: &'static str,
    /// What it shows.
    pub view: DigestView,
}

/// 18 articles in six rubrics, some without picture, summary or author and some with long names; one article; everything
/// besides; so many articles that they do not fit; and a « Rectificatif ».
#[must_use]
pub fn samples() -> Vec<Sample> {
    vec![
        Sample { name: "usual", view: digest() },
        Sample { name: "one", view: digest_of_one() },
        Sample { name: "everything", view: digest_with_everything() },
        Sample { name: "full", view: digest_too_large() },
        Sample { name: "rectificatif", view: rectificatif() },
    ]
}

/// What `edition correct` sends: the article put right, here with a picture too small for its place, and what was wrong.
#[must_use]
pub fn rectificatif() -> DigestView {
    let everything = digest_with_everything();
    let mut view = digest_of_one();
    if let Some(image) = &mut view.lead.image {
        (image.width, image.height) = (Some(420), Some(280));
    }
    let title = &view.lead.title;
    view.subject_line = Some(format!("Rectificatif\u{a0}: {title}"));
    view.note = Some(
        "Un article de notre édition du vendredi 31 juillet contenait une erreur. Le voici corrigé."
            .to_owned(),
    );
    view.corrections = vec![CorrectionView {
        title: title.clone(),
        url: view.lead.url.clone(),
        text: "Le guichet unique a ouvert le 1er février, et non le 1er mars.".to_owned(),
    }];
    view.links.preferences = everything.links.preferences;
    view
}

/// Six times the usual number of articles, each with a long summary.
#[must_use]
pub fn digest_too_large() -> DigestView {
    let mut view = digest_with_everything();
    let long = view.lead.summary.clone();
    let repeated = |section: &SectionView| {
        let times = (0..6).flat_map(|time| section.articles.iter().map(move |article| (time, article)));
        let articles = times.map(|(time, article)| {
            let mut article = article.clone();
            article.url = format!("{}&fois={time}", article.url);
            article.summary = format!("{} {long}", article.summary).trim().to_owned();
            article
        });
        SectionView { rubric: section.rubric.clone(), articles: articles.collect() }
    };
    view.sections = view.sections.iter().map(repeated).collect();
    view
}
