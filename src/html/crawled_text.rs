//! A page that a crawler saved as plain text: the article found by the shape of its lines.
//!
//! Such a page is a column of lines: menus, then the rubric, the title, perhaps a line on author or date, the paragraphs with
//! advertisement marks between them, then buttons, the comment form, teasers of other articles and the copyright. Only prose
//! tells them apart: the article is the first stretch of it, and what stands right above is its title.

use crate::html::chars::{is_blank, is_space, one_line};
use crate::html::debris::without_debris;
use crate::html::furniture::{is_button, is_furniture};
use crate::html::lists::{holds, items};
use crate::html::text::xml_safe;

/// A line this long (characters) that ends like a sentence is a paragraph and nothing else.
const PROSE: usize = 90;

/// Longest rubric, in characters.
const LONGEST_RUBRIC: usize = 40;

/// What a crawled page holds of its article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawledText {
    /// The line above the first paragraph that is a headline.
    pub title: String,
    /// The short line above the title.
    pub rubric: Option<String>,
    /// From a line « Par … ».
    pub byline: Option<String>,
    /// The line that holds a date, as printed.
    pub date: Option<String>,
    /// An address on a line of its own, above the title.
    pub url: Option<String>,
    /// Worded as printed.
    pub paragraphs: Vec<String>,
}

/// What a line is, by its own looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Surely part of an article's text.
    Prose,
    /// A short line that ends like a sentence.
    Sentence,
    /// A short line that does not: a title, a rubric, a menu entry, a subheading.
    Label,
    /// Author, date, reading time.
    Meta,
    /// Advertisement marks, counters, buttons, plugin tags.
    Furniture,
    /// What only stands behind an article: comment form, related articles, copyright.
    End,
}

/// Finds the article; `None` when there is no prose with a title above it.
pub fn read(page: &str) -> Option<CrawledText> {
    let safe = xml_safe(page);
    let safe = without_debris(&safe);
    let lines: Vec<(Kind, String)> =
        safe.lines().filter(|l| !is_blank(l)).map(one_line).map(|l| (kind(&l), l)).collect();
    let first = lines.iter().position(|(k, _)| *k == Kind::Prose)?;
    let title_at = title_above(&lines, first)?;
    let rubric = rubric_above(&lines, title_at);
    let above = &lines[..title_at];
    let head = &lines[title_at..first];
    let metas =
        || head.iter().chain(above.iter().rev().take(3)).filter(|(k, _)| *k == Kind::Meta).map(|(_, l)| l);
    let byline = metas().find_map(|l| byline(l));
    let date = metas().find(|l| has_year(l)).cloned();
    let url = above.iter().find_map(|(_, l)| address(l));
    let start = head.iter().position(|(k, _)| *k == Kind::Sentence).map_or(first, |i| title_at + i);
    let paragraphs = body(&lines[start..]);
    Some(CrawledText { title: lines[title_at].1.clone(), rubric, byline, date, url, paragraphs })
}

fn kind(line: &str) -> Kind {
    if is_furniture(line) || is_button(line) {
        Kind::Furniture
    } else if is_end(line) {
        Kind::End
    } else if is_meta(line) {
        Kind::Meta
    } else if line.chars().count() >= PROSE && ends_like_sentence(line) {
        Kind::Prose
    } else if ends_like_sentence(line) && line.split(is_space).count() >= 3 {
        Kind::Sentence
    } else {
        Kind::Label
    }
}

fn ends_like_sentence(line: &str) -> bool {
    let end =
        line.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '»' | '"' | '”' | '’' | ')' | ']'));
    end.ends_with(['.', '!', '?', '…', ':', ';'])
}

/// The line that is the title: above the first prose, past what themes print between (author, date, counters) and past
/// an opening paragraph that is only a sentence.
fn title_above(lines: &[(Kind, String)], first: usize) -> Option<usize> {
    let label = lines[..first].iter().rposition(|(k, _)| *k == Kind::Label);
    // A title may end with ? or ! and then looks like a sentence; a full stop ends an opening paragraph.
    let asked = lines[..first]
        .iter()
        .rposition(|(k, l)| *k == Kind::Sentence && l.trim_end().ends_with(['?', '!', '»', '…']));
    match (label, asked) {
        // Between the last label and the prose: that label is the rubric above it, unless the sentence is an opening line.
        (Some(label), Some(asked))
            if asked == label + 1 && lines[label].1.chars().count() <= LONGEST_RUBRIC =>
        {
            let rubric_like = label > 0 && words(&lines[label].1) <= 4;
            Some(if rubric_like { asked } else { label })
        }
        (Some(label), _) => Some(label),
        (None, asked) => asked,
    }
}

/// The rubric: a short line right above the title, or the last step of a breadcrumb there.
fn rubric_above(lines: &[(Kind, String)], title_at: usize) -> Option<String> {
    let (_, line) =
        lines[..title_at].iter().rev().find(|(k, _)| !matches!(k, Kind::Furniture | Kind::Meta))?;
    let title = &lines[title_at].1;
    let separators = [" > ", " » ", " / ", " › ", " → ", " | "];
    if let Some(separator) = separators.iter().find(|s| line.contains(**s)) {
        let step = |s: &&str| {
            !matches!(s.to_lowercase().as_str(), "accueil" | "home" | "")
                && s != title
                && s.chars().count() <= LONGEST_RUBRIC
        };
        return line.split(*separator).map(str::trim).filter(step).last().map(str::to_owned);
    }
    (line.chars().count() <= LONGEST_RUBRIC
        && words(line) <= 5
        && !ends_like_sentence(line)
        && address(line).is_none())
    .then(|| line.clone())
}

/// The paragraphs, from the first line of the article to where it ends.
fn body(lines: &[(Kind, String)]) -> Vec<String> {
    let stop = lines.iter().position(|(k, _)| *k == Kind::End).unwrap_or(lines.len());
    let stop = teasers_from(&lines[..stop]).unwrap_or(stop);
    let mut kept: Vec<&(Kind, String)> =
        lines[..stop].iter().filter(|(k, _)| !matches!(k, Kind::Furniture | Kind::Meta)).collect();
    // Short lines at the very end are what follows the article, not subheadings in it.
    while kept.last().is_some_and(|(k, _)| *k == Kind::Label) {
        kept.pop();
    }
    kept.into_iter().map(|(_, l)| l.clone()).collect()
}

/// Where teasers of other articles begin: two in a row of a short line and a text that breaks off.
fn teasers_from(lines: &[(Kind, String)]) -> Option<usize> {
    let teaser = |i: usize| {
        let label = lines.get(i).is_some_and(|(k, l)| *k == Kind::Label && l.chars().count() <= PROSE);
        let broken_off = |n: usize| {
            lines
                .get(i + n)
                .is_some_and(|(_, l)| l.ends_with("...") || l.ends_with('…') || l.ends_with("[…]"))
        };
        // Rubric and text, or rubric, title and text.
        let title_between = lines.get(i + 1).is_some_and(|(k, _)| *k == Kind::Label);
        match (label, broken_off(1), title_between && broken_off(2)) {
            (true, true, _) => Some(i + 2),
            (true, _, true) => Some(i + 3),
            _ => None,
        }
    };
    (1..lines.len()).find(|i| teaser(*i).is_some_and(|next| next >= lines.len() || teaser(next).is_some()))
}

/// Beginnings of lines that stand behind an article, in lower case.
const ENDS: &str = "\
    leave a reply | leave a comment | laisser un commentaire | laissez un commentaire | \
    laisser une réponse | laissez une réponse | poster un commentaire | ajouter un commentaire | \
    votre adresse e-mail ne sera pas | votre adresse de messagerie ne sera | \
    your email address will not be | click to comment | commentaires fermés | comments are closed | \
    toujours dans l’actu | toujours dans l'actu | articles similaires | articles liés | \
    articles connexes | articles récents | à lire aussi | a lire aussi | à lire également | lire aussi : | \
    vous aimerez aussi | vous pourriez aimer | vous aimerez peut-être | sur le même sujet | \
    dans la même rubrique | related articles | related posts | you may also like | you might also like | \
    more in | don't miss | up next | article précédent | article suivant | previous article | \
    next article | mots-clés | mots clés | tags: | tags : | étiquettes | related topics | \
    in this article | written by | copyright | © | (c) 20 | tous droits réservés | all rights reserved | \
    mentions légales | newsletter | abonnez-vous | inscrivez-vous à | suivez-nous | rejoignez-nous";

fn is_end(line: &str) -> bool {
    if line.chars().count() > 160 {
        return false;
    }
    let lower = line.to_lowercase().replace(['\u{a0}', '\u{202f}'], " ");
    // The same words may open a paragraph of the article: only a line that is no sentence, or is known whole, ends it.
    let certain = ["votre adresse", "your email", "copyright", "©", "tous droits", "leave a", "click to"];
    items(ENDS).any(|e| lower.starts_with(e))
        && (!ends_like_sentence(line)
            || lower.ends_with(':')
            || lower.ends_with('!')
            || certain.iter().any(|c| lower.starts_with(c)))
}

/// Author, date or reading time: a short line that says nothing else.
fn is_meta(line: &str) -> bool {
    let count = words(line);
    if count > 14 || line.chars().count() > 100 {
        return false;
    }
    let lower = line.to_lowercase();
    let opens = [
        "publié ",
        "publie le",
        "published",
        "posted",
        "mis à jour",
        "updated",
        "modifié le",
        "last updated",
        "le ",
    ];
    byline(line).is_some() && !ends_like_sentence(line)
        || (opens.iter().any(|o| lower.starts_with(o)) && has_year(line) && !ends_like_sentence(line))
        || (has_year(line)
            && has_month(&lower)
            && count <= 8
            && !ends_like_sentence(line)
            && starts_like_date(&lower))
        || (lower.contains("min") && (lower.contains("lecture") || lower.contains("read")) && count <= 6)
        || (has_year(line) && line.chars().all(|c| c.is_ascii_digit() || " /-.:hà".contains(c)))
}

const MONTHS: &str = "\
    janvier | février | fevrier | mars | avril | mai | juin | juillet | août | aout | septembre | \
    octobre | novembre | décembre | decembre | january | february | march | april | may | june | july | \
    august | september | october | november | december";
const WEEKDAYS: &str = "\
    lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche | monday | tuesday | wednesday | \
    thursday | friday | saturday | sunday";

fn has_month(lower: &str) -> bool {
    lower.split(|c: char| !c.is_alphabetic()).any(|w| holds(MONTHS, w))
}

fn starts_like_date(lower: &str) -> bool {
    let first = lower.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    first.starts_with(|c: char| c.is_ascii_digit()) || holds(MONTHS, first) || holds(WEEKDAYS, first)
}

fn has_year(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_digit())
        .any(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")))
}

/// « Par Afi Kossi », "By Afi Kossi": the name.
fn byline(line: &str) -> Option<String> {
    let rest = ["Par ", "PAR ", "By ", "BY ", "Publié par ", "Écrit par ", "Posted by "]
        .iter()
        .find_map(|p| line.strip_prefix(p))?;
    let name = rest.split([',', '|', '–', '—', '•', '·']).next().unwrap_or("").trim();
    let name = name.split(" le ").next().unwrap_or(name).trim();
    let capital = name.starts_with(|c: char| c.is_uppercase());
    (capital && words(name) <= 5 && !ends_like_sentence(name)).then(|| name.to_owned())
}

fn address(line: &str) -> Option<String> {
    let line = line.trim();
    let line = ["URL: ", "URL : ", "Source: ", "Source : ", "URL\u{a0}: ", "Source\u{a0}: "]
        .iter()
        .find_map(|p| line.strip_prefix(p))
        .unwrap_or(line);
    (!line.contains(is_space)).then(|| crate::html::links::web_address(line)).flatten()
}

fn words(line: &str) -> usize {
    line.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of the pages this is for, with another article in it.
    const PAGE: &str = include_str!("../../tests/fixtures/crawled_page.txt");

    #[test]
    fn the_article_comes_out_of_the_column_of_lines_and_nothing_around_it() {
        let text = read(PAGE).unwrap();
        assert_eq!(text.title, "Des lycéens de Kara bientôt formés par la Coopérative Solaire");
        assert_eq!(text.rubric.as_deref(), Some("Tech & Web"));
        assert_eq!(text.paragraphs.len(), 7, "{:#?}", text.paragraphs);
        assert!(text.paragraphs[0].starts_with("La ministre de l’Énergie a visité"));
        assert!(text.paragraphs[6].ends_with("la préfecture de la Kozah."));
        let all = text.paragraphs.join("\n");
        for goes in [
            "Views",
            "Advertisement",
            "loadmoduleid",
            "image_pdf",
            "commentaire",
            "Reply",
            "Remaniement",
            "Copyright",
            "Facebook",
        ] {
            assert!(!all.contains(goes), "{goes} in {all}");
        }
    }

    #[test]
    fn author_and_date_lines_are_read_and_a_short_opening_paragraph_stays() {
        let page = "Accueil\nAccueil > Économie > Port\nLe port bat un record\nPar Afi Kossi\n20 novembre 2026 à 8 h 15\n1 204 vues\n\n\
            Le trafic a doublé.\n\nLe port autonome a traité cette année deux fois plus de conteneurs que la précédente, selon sa direction.\n\n\
            Une année record\n\nLes opérateurs s’en félicitent et attendent maintenant les nouveaux quais, promis pour le printemps.\n\n\
            Affaire à suivre.\n\nArticles similaires\nPolitique\nAutre chose...";
        let text = read(page).unwrap();
        assert_eq!(text.title, "Le port bat un record");
        assert_eq!(text.rubric.as_deref(), Some("Port"));
        assert_eq!(text.byline.as_deref(), Some("Afi Kossi"));
        assert_eq!(text.date.as_deref(), Some("20 novembre 2026 à 8 h 15"));
        assert_eq!(text.paragraphs.first().map(String::as_str), Some("Le trafic a doublé."));
        assert_eq!(text.paragraphs[2], "Une année record");
        assert_eq!(text.paragraphs.last().map(String::as_str), Some("Affaire à suivre."));
    }

    #[test]
    fn teasers_end_the_article_even_without_a_heading_above_them() {
        let long = "Une phrase assez longue pour que personne ne la prenne pour un titre ni pour une rubrique, avec un point final.";
        let page = format!(
            "Sport\nLe match\n{long}\n{long}\nPolitique\n{long}..\nÉconomie\n{long}..\nSport\n{long}..\n"
        );
        assert_eq!(read(&page).unwrap().paragraphs.len(), 2);
    }

    #[test]
    fn a_title_may_be_a_question() {
        let long = "Une phrase assez longue pour que personne ne la prenne pour un titre ni pour une rubrique, avec un point final.";
        let text = read(&format!("Menu\nPolitique\nFaut-il changer la loi ?\nViews: 3\n{long}\n")).unwrap();
        assert_eq!(text.title, "Faut-il changer la loi ?");
        assert_eq!(text.rubric.as_deref(), Some("Politique"));
    }

    #[test]
    fn a_page_without_prose_holds_no_article() {
        assert_eq!(read("Accueil\nPolitique\nContact\n"), None);
        assert_eq!(read(""), None);
    }
}
