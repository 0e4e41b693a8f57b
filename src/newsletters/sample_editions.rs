//! The invented editions that templates are tried with: of the usual size, of one article, with everything an edition can
//! carry, and larger than a mail may be.

use super::digest_view::{DigestView, SectionView};
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
/// besides; and so many articles that they do not fit.
#[must_use]
pub fn samples() -> Vec<Sample> {
    vec![
        Sample { name: "usual", view: digest() },
        Sample { name: "one", view: digest_of_one() },
        Sample { name: "everything", view: digest_with_everything() },
        Sample { name: "full", view: digest_too_large() },
    ]
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
