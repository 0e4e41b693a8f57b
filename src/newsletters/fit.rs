//! A digest that would be too large is made to fit: first whole texts give way to beginnings, then those grow shorter, then
//! articles move among the announced, at last announced headlines are only counted. What the newsroom itself says (its note,
//! corrections) is short by rule; only where that is not short enough it is cut too, and the log says so.
//!
//! Pure, and without a number of its own: whoever calls says how long beginnings may be and what fits.

use serde::Serialize;

use crate::html::excerpt;

use super::digest_view::{DigestView, LinkView};

/// The longest beginnings of articles, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Excerpts {
    pub(super) lead: usize,
    pub(super) article: usize,
}

/// What was done to make a mail fit. Nothing, as a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Whole texts of articles that were cut to their beginnings.
    pub bodies: usize,
    /// To how many characters the beginnings of articles were cut, when that is shorter than usual.
    pub excerpt: Option<usize>,
    /// Articles of the edition that are only announced here.
    pub moved: usize,
    /// Announced articles that are only counted here.
    pub counted: usize,
}

impl Trimmed {
    /// As it is stored with a variant: whole texts cut, length of beginnings, articles announced, announced ones counted.
    #[must_use]
    pub fn stored(bodies: i64, excerpt: Option<i64>, moved: i64, counted: i64) -> Self {
        let number = |value: i64| usize::try_from(value).unwrap_or_default();
        Self {
            bodies: number(bodies),
            excerpt: excerpt.map(number),
            moved: number(moved),
            counted: number(counted),
        }
    }

    /// Whether anything was done.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self::default()
    }
}

/// The first way of writing `view` that fits, `lengths` from the usual one downwards; when none does, the shortest.
/// `write` is asked for about a dozen ways at most.
///
/// # Errors
/// What `write` fails with.
pub(super) fn fit<M, E>(
    view: &DigestView,
    lengths: &[Excerpts],
    fits: impl Fn(&M) -> bool,
    mut write: impl FnMut(&DigestView, Excerpts) -> Result<M, E>,
) -> Result<(M, Trimmed), E> {
    let Some((usual, shorter)) = lengths.split_first() else {
        return Ok((write(view, Excerpts { lead: 0, article: 0 })?, Trimmed::default()));
    };
    let mut mail = write(view, *usual)?;
    let mut trimmed = Trimmed::default();
    let mut length = *usual;
    let (without, bodies) = without_bodies(view);
    if bodies > 0 && !fits(&mail) {
        trimmed.bodies = bodies;
        mail = write(&without, length)?;
    }
    let view = if trimmed.bodies > 0 { &without } else { view };
    for next in shorter {
        if fits(&mail) {
            return Ok((mail, trimmed));
        }
        length = *next;
        trimmed.excerpt = Some(length.article);
        mail = write(view, length)?;
    }
    if fits(&mail) {
        return Ok((mail, trimmed));
    }
    let below: usize = view.sections.iter().map(|section| section.articles.len()).sum();
    let (moved, mail) = least(1, below, &fits, |moved| write(&announcing(view, moved), length))?;
    if let Some(mail) = mail {
        return Ok((mail, Trimmed { moved, ..trimmed }));
    }
    let view = announcing(view, below);
    let links = view.announced.links.len();
    let (counted, mail) = least(0, links, &fits, |counted| write(&counting(&view, counted), length))?;
    let trimmed = Trimmed { moved: below, counted, ..trimmed };
    if let Some(mail) = mail {
        return Ok((mail, trimmed));
    }
    let view = counting(&view, links);
    let mut mail = write(&view, length)?;
    for most in [400, 120, 40] {
        if fits(&mail) {
            break;
        }
        tracing::warn!(
            newsletter = view.newsletter.slug,
            "a mail is too large: its note and corrections are cut"
        );
        mail = write(&cutting_own_words(&view, most), length)?;
    }
    Ok((mail, trimmed))
}

/// The least number of `from..=to` whose mail fits, with that mail, by halving; `to` and no mail when none does.
fn least<M, E>(
    from: usize,
    to: usize,
    fits: impl Fn(&M) -> bool,
    mut write: impl FnMut(usize) -> Result<M, E>,
) -> Result<(usize, Option<M>), E> {
    if from > to {
        return Ok((to, None));
    }
    let last = write(to)?;
    if !fits(&last) {
        return Ok((to, None));
    }
    let (mut low, mut high, mut best) = (from, to, last);
    while low < high {
        let middle = low + (high - low) / 2;
        let mail = write(middle)?;
        if fits(&mail) {
            (high, best) = (middle, mail);
        } else {
            low = middle + 1;
        }
    }
    Ok((high, Some(best)))
}

/// The view with beginnings in the place of whole texts, and how many those were.
fn without_bodies(view: &DigestView) -> (DigestView, usize) {
    let mut view = view.clone();
    let below = view.sections.iter_mut().flat_map(|section| &mut section.articles);
    let bodies =
        std::iter::once(&mut view.lead).chain(below).filter_map(|article| article.body.take()).count();
    (view, bodies)
}

/// The view with so many articles fewer, each the last of the longest section, and announced instead, before those
/// that were announced already.
fn announcing(view: &DigestView, number: usize) -> DigestView {
    let mut view = view.clone();
    let mut kept: Vec<usize> = view.sections.iter().map(|section| section.articles.len()).collect();
    for _ in 0..number {
        if let Some(longest) = kept.iter_mut().rev().max_by_key(|length| **length) {
            *longest = longest.saturating_sub(1);
        }
    }
    let mut moved = Vec::new();
    for (section, length) in view.sections.iter_mut().zip(kept) {
        moved.extend(section.articles.split_off(length));
    }
    view.sections.retain(|section| !section.articles.is_empty());
    view.announced.count += moved.len();
    let links = moved.into_iter().map(|article| LinkView { title: article.title, url: article.url });
    view.announced.links.splice(0..0, links);
    view
}

/// The view with so many of the last announced headlines only counted.
fn counting(view: &DigestView, number: usize) -> DigestView {
    let mut view = view.clone();
    view.announced.links.truncate(view.announced.links.len().saturating_sub(number));
    view
}

/// The view with at most so many characters of each correction, and twice as many of the note.
fn cutting_own_words(view: &DigestView, most: usize) -> DigestView {
    let mut view = view.clone();
    for correction in &mut view.corrections {
        correction.text = excerpt(&correction.text, most);
        correction.title = excerpt(&correction.title, most);
    }
    view.note = view.note.map(|note| excerpt(&note, 2 * most));
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newsletters::digest_view::BodyView;
    use crate::newsletters::sample_view;

    const LENGTHS: [Excerpts; 3] = [
        Excerpts { lead: 300, article: 200 },
        Excerpts { lead: 200, article: 100 },
        Excerpts { lead: 100, article: 0 },
    ];

    /// A mail whose size is so much for each article and its beginning, and a little for what is announced.
    fn size(view: &DigestView, length: Excerpts) -> usize {
        let articles: usize = view.sections.iter().map(|section| section.articles.len()).sum();
        length.lead + articles * (500 + length.article) + view.announced.links.len() * 100
    }

    fn fitted(budget: usize) -> (usize, Trimmed) {
        let view = sample_view::digest();
        fit(&view, &LENGTHS, |size| *size <= budget, |view, length| Ok::<_, ()>(size(view, length))).unwrap()
    }

    #[test]
    fn beginnings_grow_shorter_first_then_articles_move_then_headlines_are_only_counted() {
        assert_eq!(fitted(100_000).1, Trimmed::default());
        assert_eq!(fitted(12_000).1, Trimmed { excerpt: Some(100), ..Trimmed::default() });
        assert_eq!(fitted(9_400).1, Trimmed { excerpt: Some(0), ..Trimmed::default() });
        let (size, trimmed) = fitted(7_000);
        assert_eq!(trimmed, Trimmed { excerpt: Some(0), moved: 6, ..Trimmed::default() });
        assert!(size <= 7_000);
        let (size, trimmed) = fitted(1_000);
        assert_eq!((trimmed.moved, trimmed.counted), (17, 15));
        assert!(size <= 1_000);
        assert_eq!(fitted(0).1.counted, 24, "nothing fits: the shortest");
    }

    #[test]
    fn a_note_and_corrections_that_alone_are_too_large_are_cut_at_the_very_last() {
        let mut view = sample_view::digest_with_everything();
        view.note = Some("mot ".repeat(500));
        view.corrections[0].text = "mot ".repeat(150);
        let own = |view: &DigestView| {
            let corrections = view.corrections.iter().map(|correction| correction.text.chars().count());
            corrections.sum::<usize>() + view.note.as_ref().map_or(0, |note| note.chars().count())
        };
        let write = |view: &DigestView, _: Excerpts| Ok::<_, ()>((own(view), view.sections.len()));
        let (mail, _) = fit(&view, &LENGTHS, |(own, _)| *own <= 5_000, write).unwrap();
        assert_eq!(mail.0, own(&view), "nothing is cut that fits");
        let (mail, trimmed) = fit(&view, &LENGTHS, |(own, _)| *own <= 500, write).unwrap();
        assert!(mail.0 <= 360 && mail.1 == 0, "{mail:?}");
        assert_eq!(trimmed.moved, 17);
    }

    #[test]
    fn whole_texts_give_way_before_anything_else() {
        let mut view = sample_view::digest();
        let body = BodyView { html: "<p>Tout.</p>".into(), text: "Tout.".into() };
        (view.lead.body, view.sections[2].articles[1].body) = (Some(body.clone()), Some(body));
        let bodies = |view: &DigestView| {
            let below = view.sections.iter().flat_map(|section| &section.articles);
            std::iter::once(&view.lead).chain(below).filter(|article| article.body.is_some()).count()
        };
        let write = |view: &DigestView, _: Excerpts| Ok::<_, ()>(bodies(view));
        assert_eq!(fit(&view, &LENGTHS, |left| *left == 2, write), Ok((2, Trimmed::default())));
        let trimmed = Trimmed { bodies: 2, ..Trimmed::default() };
        assert_eq!(fit(&view, &LENGTHS, |left| *left == 0, write), Ok((0, trimmed)));
    }

    #[test]
    fn what_moves_is_the_end_of_the_longest_rubric_and_nothing_is_lost() {
        let view = sample_view::digest();
        let lengths = |view: &DigestView| -> Vec<usize> {
            view.sections.iter().map(|section| section.articles.len()).collect()
        };
        assert_eq!(lengths(&view), [3, 2, 3, 2, 3, 4]);
        let moved = announcing(&view, 5);
        assert_eq!(lengths(&moved), [2, 2, 2, 2, 2, 2]);
        assert_eq!(moved.announced.count, view.announced.count + 5);
        assert_eq!(moved.announced.links[0].title, view.sections[0].articles[2].title);
        assert_eq!(announcing(&view, 17).sections, []);
        assert_eq!(announcing(&view, 17).announced.links.len(), view.announced.links.len() + 17);
    }
}
