//! The order of an edition's articles, and what an editor does to it. Pure.

use crate::articles::ArticleId;
use crate::newsletters::seen::Seen;
use crate::newsletters::selection::{Role, Taken};

fn place_of(articles: &[Taken], article: ArticleId) -> Option<usize> {
    articles.iter().position(|taken| taken.article == article)
}

/// Makes an article the first one; the one before it keeps its summary. Gives whether that changed anything.
pub(super) fn put_first(articles: &mut Vec<Taken>, article: ArticleId) -> bool {
    let Some(place) = place_of(articles, article) else { return false };
    if place == 0 && articles[0].role == Role::Lead {
        return false;
    }
    let mut taken = articles.remove(place);
    for other in articles.iter_mut().filter(|other| other.role == Role::Lead) {
        other.role = Role::Full;
    }
    taken.role = Role::Lead;
    articles.insert(0, taken);
    true
}

/// Takes an article out; another becomes the first one if need be. Gives whether it was there.
pub(super) fn take_out(articles: &mut Vec<Taken>, article: ArticleId) -> bool {
    let Some(place) = place_of(articles, article) else { return false };
    articles.remove(place);
    let first = articles.iter().find(|taken| taken.role == Role::Full).or(articles.first());
    if let Some(first) = first.map(|taken| taken.article)
        && !articles.iter().any(|taken| taken.role == Role::Lead)
    {
        put_first(articles, first);
    }
    true
}

/// Puts an article right after the first one, so that it is the first of its section.
pub(super) fn put_in(articles: &mut Vec<Taken>, mut taken: Taken) {
    taken.role = if articles.is_empty() { Role::Lead } else { Role::Full };
    let place = articles.len().min(1);
    articles.insert(place, taken);
}

/// Only announces the last ones beyond `most` articles with a summary, but never `this`.
pub(super) fn keep_within(articles: &mut [Taken], most: usize, this: Option<ArticleId>) {
    let shown = articles.iter().filter(|taken| taken.role != Role::Announced).count();
    let last =
        articles.iter_mut().rev().filter(|taken| taken.role == Role::Full && Some(taken.article) != this);
    for taken in last.take(shown.saturating_sub(most)) {
        taken.role = Role::Announced;
    }
}

/// One place up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// Moves an article one place as a reader of everything sees it: within its section; the first one changes places with the
/// next; the first of those that are only announced gets its summary. Gives whether that changed anything.
pub(super) fn step(articles: &mut Vec<Taken>, seen: &Seen, article: ArticleId, way: Way) -> bool {
    if seen.lead.is_some_and(|(lead, _)| lead == article) {
        let shown =
            |taken: &&Taken| seen.sections.iter().any(|(_, section)| section.contains(&taken.article));
        let next = articles.iter().find(shown).map(|taken| taken.article);
        return way == Way::Down && next.is_some_and(|next| put_first(articles, next));
    }
    let sections = seen.sections.iter().map(|(_, section)| section).chain([&seen.announced]);
    for section in sections {
        let Some(place) = section.iter().position(|id| *id == article) else { continue };
        let other = match way {
            Way::Up => place.checked_sub(1),
            Way::Down => Some(place + 1),
        };
        return match other.and_then(|other| section.get(other)) {
            Some(other) => swap(articles, article, *other),
            None if way == Way::Up => show(articles, article),
            None => false,
        };
    }
    false
}

fn swap(articles: &mut [Taken], one: ArticleId, other: ArticleId) -> bool {
    match (place_of(articles, one), place_of(articles, other)) {
        (Some(one), Some(other)) => {
            articles.swap(one, other);
            true
        }
        _ => false,
    }
}

fn show(articles: &mut [Taken], article: ArticleId) -> bool {
    let announced =
        articles.iter_mut().find(|taken| taken.article == article && taken.role == Role::Announced);
    announced.map(|taken| taken.role = Role::Full).is_some()
}

/// Whether an article can go up, and down.
pub(super) fn ways(seen: &Seen, article: ArticleId) -> (bool, bool) {
    if seen.lead.is_some_and(|(lead, _)| lead == article) {
        return (false, !seen.sections.is_empty());
    }
    let sections = seen.sections.iter().map(|(_, section)| section);
    for section in sections.chain([&seen.announced]) {
        if let Some(place) = section.iter().position(|id| *id == article) {
            let up = place > 0 || std::ptr::eq(section, &seen.announced);
            return (up, place + 1 < section.len());
        }
    }
    (false, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::CategoryId;

    fn taken(article: i64, role: Role) -> Taken {
        Taken { article: ArticleId(article), role, content_hash: Vec::new() }
    }

    /// 1 leads; 2 and 4 stand in one section, 3 in another; 5 and 6 are announced.
    fn six() -> (Vec<Taken>, Seen) {
        let roles = [Role::Lead, Role::Full, Role::Full, Role::Full, Role::Announced, Role::Announced];
        let articles = (1..).zip(roles).map(|(article, role)| taken(article, role)).collect();
        let seen = Seen {
            lead: Some((ArticleId(1), CategoryId(1))),
            sections: vec![
                (CategoryId(1), vec![ArticleId(2), ArticleId(4)]),
                (CategoryId(2), vec![ArticleId(3)]),
            ],
            announced: vec![ArticleId(5), ArticleId(6)],
            related: Vec::new(),
        };
        (articles, seen)
    }

    fn written(articles: &[Taken]) -> String {
        let one = |taken: &Taken| match taken.role {
            Role::Lead => format!("[{}]", taken.article),
            Role::Full => taken.article.to_string(),
            Role::Announced => format!("({})", taken.article),
        };
        articles.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_edition_has_one_first_article_whoever_is_put_there() {
        let (mut articles, _) = six();
        assert!(put_first(&mut articles, ArticleId(3)));
        assert_eq!(written(&articles), "[3] 1 2 4 (5) (6)");
        assert!(!put_first(&mut articles, ArticleId(3)), "twice changes nothing");
        assert!(put_first(&mut articles, ArticleId(6)), "one that was only announced");
        assert_eq!(written(&articles), "[6] 3 1 2 4 (5)");
        assert!(!put_first(&mut articles, ArticleId(9)));
    }

    #[test]
    fn without_its_first_article_the_next_one_with_a_summary_leads() {
        let (mut articles, _) = six();
        assert!(take_out(&mut articles, ArticleId(1)));
        assert_eq!(written(&articles), "[2] 3 4 (5) (6)");
        assert!(!take_out(&mut articles, ArticleId(1)));
        for article in [2, 3, 4] {
            take_out(&mut articles, ArticleId(article));
        }
        assert_eq!(written(&articles), "[5] (6)", "an announced one leads when no other is left");
        put_in(&mut articles, taken(9, Role::Announced));
        assert_eq!(written(&articles), "[5] 9 (6)");
    }

    #[test]
    fn whoever_is_put_in_or_first_the_last_ones_are_announced_beyond_the_limit() {
        let (mut articles, _) = six();
        put_first(&mut articles, ArticleId(6));
        keep_within(&mut articles, 4, Some(ArticleId(6)));
        assert_eq!(written(&articles), "[6] 1 2 3 (4) (5)");
        put_in(&mut articles, taken(9, Role::Full));
        keep_within(&mut articles, 2, Some(ArticleId(9)));
        assert_eq!(written(&articles), "[6] 9 (1) (2) (3) (4) (5)");
        keep_within(&mut articles, 1, Some(ArticleId(9)));
        assert_eq!(written(&articles), "[6] 9 (1) (2) (3) (4) (5)");
    }

    #[test]
    fn steps_are_those_that_a_reader_sees() {
        let moved = |article, way| {
            let (mut articles, seen) = six();
            let ways = ways(&seen, ArticleId(article));
            let able = if way == Way::Up { ways.0 } else { ways.1 };
            assert_eq!(step(&mut articles, &seen, ArticleId(article), way), able, "{article} {way:?}");
            written(&articles)
        };
        assert_eq!(moved(4, Way::Up), "[1] 4 3 2 (5) (6)");
        assert_eq!(moved(2, Way::Down), "[1] 4 3 2 (5) (6)");
        assert_eq!(moved(1, Way::Down), "[2] 1 3 4 (5) (6)");
        assert_eq!(moved(6, Way::Up), "[1] 2 3 4 (6) (5)");
        assert_eq!(moved(5, Way::Up), "[1] 2 3 4 5 (6)", "announced, then shown");
        for (article, way) in
            [(1, Way::Up), (2, Way::Up), (3, Way::Up), (3, Way::Down), (6, Way::Down), (9, Way::Up)]
        {
            assert_eq!(moved(article, way), "[1] 2 3 4 (5) (6)");
        }
    }
}
