//! Make-up: which article leads, which are shown and which only announced, and what waits for the next edition.
//!
//! Pure. P1 decides what an edition may take (`selection`); here that is put in order and measured.

use toml::Spanned;

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::config::{self, DigestContent, Mistakes, Overflow, nearest};

use super::selection::{Role, Taken};
use super::slug::Slug;
use super::subject::SubjectPattern;

/// Which article leads when nobody has pinned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadRule {
    /// The newest.
    Newest,
    /// The newest of this rubric; without one the newest of all.
    Rubric(Slug),
}

/// How many articles are shown; further ones are announced or wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all, the lead included.
    pub articles: usize,
    /// In each section, where there is such a limit; the lead stands in none.
    pub section: Option<usize>,
    /// Headlines of rubrics that the reader did not choose.
    pub related: usize,
}

/// How a newsletter makes up its editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Makeup {
    /// Which article leads.
    pub lead: LeadRule,
    /// How many are shown.
    pub limits: Limits,
    /// What becomes of the others.
    pub overflow: Overflow,
    /// Whether articles come with their beginning or whole.
    pub content: DigestContent,
    /// What the block of headlines from other rubrics is called.
    pub related_title: String,
    /// The subject, where it is not the lead's title.
    pub subject: Option<SubjectPattern>,
    /// Why readers get the letter, where the newsroom says it itself.
    pub reason: Option<String>,
}

impl Makeup {
    /// Reads what a `[[newsletter]]` says of it; `carried` are the rubrics it carries.
    pub(super) fn read(declared: &config::Newsletter, carried: &[&Slug], mistakes: &mut Mistakes) -> Self {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let lead = declared.lead.as_ref().map(|text| {
            lead(text, carried).unwrap_or_else(|problem| {
                mistakes.push(text.span(), format!("`newsletter.lead`: {problem}"));
                LeadRule::Newest
            })
        });
        let subject =
            declared.subject.as_ref().and_then(|text| match SubjectPattern::parse(text.get_ref()) {
                Ok(pattern) => Some(pattern),
                Err(problem) => {
                    mistakes.push(text.span(), format!("`newsletter.subject`: {problem}"));
                    None
                }
            });
        Self {
            lead: lead.unwrap_or(LeadRule::Newest),
            limits: Limits {
                articles: count(declared.max_articles),
                section: declared.max_per_section.map(count),
                related: count(declared.related),
            },
            overflow: declared.overflow,
            content: declared.content,
            related_title: declared.related_title.clone(),
            subject,
            reason: declared.reason.clone(),
        }
    }
}

fn lead(text: &Spanned<String>, carried: &[&Slug]) -> Result<LeadRule, String> {
    let text = text.get_ref().as_str();
    if text == "newest" {
        return Ok(LeadRule::Newest);
    }
    let Some(wanted) = text.strip_prefix("rubric:").map(str::trim) else {
        return Err("expected \"newest\" or \"rubric:SLUG\"; a pinned article (kiosque article pin) \
                    leads before either"
            .to_owned());
    };
    match carried.iter().find(|slug| slug.as_str() == wanted) {
        Some(slug) => Ok(LeadRule::Rubric((*slug).clone())),
        None => Err(match nearest(wanted, carried.iter().map(|slug| slug.as_str())) {
            Some(near) => {
                format!("this newsletter carries no rubric \"{wanted}\"; did you mean \"rubric:{near}\"?")
            }
            None => format!("this newsletter carries no rubric \"{wanted}\""),
        }),
    }
}

/// An article that an edition may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub article: ArticleId,
    /// Its publication.
    pub published_at: Timestamp,
    /// When somebody pinned it, if that holds.
    pub pinned_at: Option<Timestamp>,
    /// Where it stands for a reader of everything.
    pub rubric: Option<CategoryId>,
    /// Whether it stands in the rubric that the lead comes from.
    pub may_lead: bool,
    /// How its content stands.
    pub content_hash: Vec<u8>,
}

/// Puts the candidates of an edition (newest first) in order: the lead, what else is pinned (the latest pin first), then
/// newest first; and says as what each is taken. With [`Overflow::Carry`] what does not fit is not taken, and so waits for
/// the next edition, unless it was published at `too_old` or before: the next edition could not take that any more (P1),
/// so it is announced now.
#[must_use]
pub fn arrange(
    candidates: Vec<Candidate>,
    limits: Limits,
    overflow: Overflow,
    too_old: Timestamp,
) -> Vec<Taken> {
    let (mut ordered, mut others): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| candidate.pinned_at.is_some());
    ordered.sort_by_key(|candidate| std::cmp::Reverse(candidate.pinned_at));
    let pinned = ordered.len();
    if pinned == 0 && !others.is_empty() {
        let lead = others.iter().position(|candidate| candidate.may_lead).unwrap_or(0);
        ordered.push(others.remove(lead));
    }
    ordered.append(&mut others);

    let mut room = Room::new(limits);
    let mut taken = Vec::with_capacity(ordered.len());
    for (place, candidate) in ordered.into_iter().enumerate() {
        let role = match place {
            0 => {
                room.lead();
                Some(Role::Lead)
            }
            // Who pins an article wants it shown, however full its section is.
            _ if place < pinned && room.take_any(candidate.rubric) => Some(Role::Full),
            _ if room.take(candidate.rubric) => Some(Role::Full),
            _ if overflow == Overflow::Carry && candidate.published_at > too_old => None,
            _ => Some(Role::Announced),
        };
        taken.extend(role.map(|role| Taken {
            article: candidate.article,
            role,
            content_hash: candidate.content_hash,
        }));
    }
    taken
}

/// What is left of the limits while articles are given their places.
#[derive(Debug, Clone)]
pub(super) struct Room {
    limits: Limits,
    shown: usize,
    sections: Vec<(Option<CategoryId>, usize)>,
}

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, shown: 0, sections: Vec::new() }
    }

    /// Counts the lead, which is always shown.
    pub(super) fn lead(&mut self) {
        self.shown += 1;
    }

    /// Counts an article that is shown in any case.
    pub(super) fn add(&mut self, rubric: Option<CategoryId>) {
        self.shown += 1;
        *self.section(rubric) += 1;
    }

    /// Whether another article of the rubric fits; then it is counted.
    pub(super) fn take(&mut self, rubric: Option<CategoryId>) -> bool {
        let most = self.limits.section.unwrap_or(usize::MAX);
        *self.section(rubric) < most && self.take_any(rubric)
    }

    fn take_any(&mut self, rubric: Option<CategoryId>) -> bool {
        let fits = self.shown < self.limits.articles;
        if fits {
            self.add(rubric);
        }
        fits
    }

    fn section(&mut self, rubric: Option<CategoryId>) -> &mut usize {
        let at = self.sections.iter().position(|(id, _)| *id == rubric).unwrap_or_else(|| {
            self.sections.push((rubric, 0));
            self.sections.len() - 1
        });
        &mut self.sections[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(articles: usize, section: Option<usize>) -> Limits {
        Limits { articles, section, related: 0 }
    }

    fn candidate(article: i64, rubric: i64) -> Candidate {
        Candidate {
            article: ArticleId(article),
            published_at: Timestamp::from_millis(article),
            pinned_at: None,
            rubric: Some(CategoryId(rubric)),
            may_lead: true,
            content_hash: Vec::new(),
        }
    }

    fn shown(taken: &[Taken]) -> Vec<(i64, Role)> {
        taken.iter().map(|taken| (taken.article.0, taken.role)).collect()
    }

    const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

    #[test]
    fn the_newest_of_the_named_rubric_leads_and_without_one_the_newest() {
        let mut articles = vec![candidate(9, 1), candidate(8, 2), candidate(7, 2)];
        for candidate in &mut articles {
            candidate.may_lead = candidate.rubric == Some(CategoryId(2));
        }
        let taken = arrange(articles.clone(), limits(5, None), Overflow::Announce, NEVER);
        assert_eq!(shown(&taken), [(8, Role::Lead), (9, Role::Full), (7, Role::Full)]);
        let first = arrange(articles[..1].to_vec(), limits(5, None), Overflow::Announce, NEVER);
        assert_eq!(shown(&first), [(9, Role::Lead)]);
    }

    #[test]
    fn the_latest_pin_leads_and_the_others_follow_it_even_where_their_section_is_full() {
        let mut articles = vec![candidate(9, 1), candidate(8, 1), candidate(7, 1), candidate(6, 1)];
        articles[2].pinned_at = Some(Timestamp::from_millis(1));
        articles[3].pinned_at = Some(Timestamp::from_millis(2));
        let taken = arrange(articles, limits(3, Some(1)), Overflow::Announce, NEVER);
        assert_eq!(
            shown(&taken),
            [(6, Role::Lead), (7, Role::Full), (9, Role::Announced), (8, Role::Announced)]
        );
    }

    #[test]
    fn what_does_not_fit_is_announced_or_waits_as_long_as_it_can() {
        let articles: Vec<_> =
            [(9, 1), (8, 1), (7, 1), (6, 2), (5, 2), (4, 2)].map(|(id, rubric)| candidate(id, rubric)).into();
        let announced = arrange(articles.clone(), limits(4, Some(1)), Overflow::Announce, NEVER);
        assert_eq!(
            shown(&announced),
            [
                (9, Role::Lead),
                (8, Role::Full),
                (7, Role::Announced),
                (6, Role::Full),
                (5, Role::Announced),
                (4, Role::Announced)
            ]
        );
        let carried = arrange(articles, limits(4, Some(1)), Overflow::Carry, Timestamp::from_millis(4));
        assert_eq!(
            shown(&carried),
            [(9, Role::Lead), (8, Role::Full), (6, Role::Full), (4, Role::Announced)]
        );
    }

    fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (1..5_i64, prop::option::weighted(0.15, 0..9_i64), any::<bool>());
        prop::collection::vec(one, 0..40).prop_map(|articles| {
            let count = i64::try_from(articles.len()).unwrap_or_default();
            (0..count)
                .zip(articles)
                .map(|(at, (rubric, pinned, may_lead))| Candidate {
                    pinned_at: pinned.map(Timestamp::from_millis),
                    may_lead,
                    ..candidate(count - at, rubric)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn limits_are_kept_nothing_is_lost_and_what_fits_is_shown(
            articles in any_candidates(), most in 1..12_usize, section in prop::option::of(1..5_usize),
            carry in any::<bool>(), too_old in 0..20_i64,
        ) {
            let overflow = if carry { Overflow::Carry } else { Overflow::Announce };
            let limits = limits(most, section);
            let too_old = Timestamp::from_millis(too_old);
            let taken = arrange(articles.clone(), limits, overflow, too_old);
            let of = |id: ArticleId| articles.iter().find(|candidate| candidate.article == id).unwrap();
            let full: Vec<_> = taken.iter().filter(|taken| taken.role != Role::Announced).collect();
            prop_assert!(full.len() <= most);
            prop_assert_eq!(
                taken.iter().filter(|taken| taken.role == Role::Lead).count(), usize::from(!articles.is_empty())
            );
            prop_assert!(taken.first().is_none_or(|first| first.role == Role::Lead));
            let in_section = |rubric| {
                full.iter().filter(move |taken| taken.role == Role::Full && of(taken.article).rubric == rubric)
            };
            for candidate in &articles {
                let unpinned = in_section(candidate.rubric).filter(|taken| of(taken.article).pinned_at.is_none());
                prop_assert!(section.is_none_or(|section| unpinned.count() <= section));
                match taken.iter().find(|taken| taken.article == candidate.article) {
                    None => prop_assert!(carry && candidate.published_at > too_old),
                    Some(taken) if taken.role == Role::Announced => {
                        let section_full = section
                            .is_some_and(|section| in_section(candidate.rubric).count() >= section);
                        prop_assert!(full.len() == most || section_full, "there was room for it");
                    }
                    Some(_) => {}
                }
            }
            let mut ids: Vec<_> = taken.iter().map(|taken| taken.article).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), taken.len(), "none is taken twice");
        }
    }
}
