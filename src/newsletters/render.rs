//! A digest written out: subject, preheader, HTML and text.
//!
//! Pure: the same view and the same templates give the same bytes. One reader's own is only the token's mark inside
//! links; it is filled in when the message is sent.

use crate::french::style::plain;
use crate::html::mjml::{self, MjmlError};
use crate::html::templates::{TemplateError, Templates};
use crate::mail::encoded_len;
use crate::newsletters::button_view::ButtonView;
use crate::newsletters::digest_view::{ConfirmationView, DigestView};
use crate::newsletters::editor_view::EditorMailView;
use crate::newsletters::fit::{Excerpts, Trimmed, fit};
use crate::newsletters::notice_view::NoticeView;
use crate::newsletters::reader_view::ReaderMailView;
use crate::newsletters::seen::Layout;
use crate::newsletters::template_name::TemplateName;
use serde::Serialize;

/// The longest HTML part, in bytes as it travels. Gmail hides what lies beyond 102 400 bytes behind a link, the foot
/// of the mail included.
pub const HTML_BUDGET: usize = 90 * 1024;

/// The longest light edition, in bytes as it travels: both parts, without about 1 KiB of headers.
pub const LIGHT_BUDGET: usize = 24 * 1024;

/// The HTML of the light edition, whatever the newsletter's template.
const LIGHT_HTML: &str = "email/digest_light.html";

/// A mail's parts, ready to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, no-break spaces of one kind (U+00A0).
    pub subject: String,
    /// What a mail program's list shows after the subject. It stands in the HTML already.
    pub preheader: String,
    /// The HTML part.
    pub html: String,
    /// The plain-text part.
    pub text: String,
    /// What was done to keep it within its budget.
    pub trimmed: Trimmed,
}

/// Why a mail could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is wrong, or wants what the view does not hold.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A template leaves out what a digest must hold, or holds what it may not.
    #[error("the digest template \"{template}\": {}", faults.join("\n  "))]
    Unfit {
        /// Name of the template.
        template: TemplateName,
        /// What is wrong; at least one.
        faults: Vec<String>,
    },
    /// A template wrote MJML that cannot be shown.
    #[error("{template} wrote wrong MJML: {error}")]
    Mjml {
        /// Name of the template.
        template: String,
        /// The mistake; lines count in what the template wrote.
        error: MjmlError,
    },
}

/// From the usual length downwards, until the mail fits its budget.
const EXCERPTS: [Excerpts; 4] = [
    Excerpts { lead: 340, article: 170 },
    Excerpts { lead: 280, article: 110 },
    Excerpts { lead: 200, article: 60 },
    Excerpts { lead: 200, article: 0 },
];

/// The same for the light edition, which says everything twice within a quarter of the room.
const LIGHT_EXCERPTS: [Excerpts; 4] = [
    Excerpts { lead: 240, article: 130 },
    Excerpts { lead: 200, article: 90 },
    Excerpts { lead: 160, article: 60 },
    Excerpts { lead: 160, article: 0 },
];

#[derive(Serialize)]
struct Context<'a, V> {
    #[serde(flatten)]
    view: &'a V,
    subject: &'a str,
    preheader: &'a str,
    excerpts: Excerpts,
}

/// Writes a digest by its template, within [`HTML_BUDGET`] or, in the light layout, [`LIGHT_BUDGET`]: beginnings of articles
/// are shortened, then articles moved among the announced, and `trimmed` says so.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render(
    templates: &Templates,
    template: &TemplateName,
    layout: Layout,
    view: &DigestView,
) -> Result<Rendered, RenderError> {
    let view = &view.without_foreign_marks();
    let subject = subject_of(templates, view)?;
    let preheader = one_line(&templates.render("email/preheader.txt", view)?);
    let text_of = |context: &Context<'_, DigestView>| templates.render(&template.text(), context);
    let write = |view: &DigestView, excerpts: Excerpts| -> Result<(String, String), RenderError> {
        let context = Context { view, subject: &subject, preheader: &preheader, excerpts };
        let html = match layout {
            Layout::Normal => html_of(templates, &template.mjml(), &context)?,
            Layout::Light => tight(&templates.render(LIGHT_HTML, &context)?),
        };
        Ok((html, tidy(&text_of(&context)?)))
    };
    let ((html, text), trimmed) = match layout {
        Layout::Normal => fit(view, &EXCERPTS, |(html, _)| encoded_len(html) <= HTML_BUDGET, write)?,
        Layout::Light => {
            let fits =
                |(html, text): &(String, String)| encoded_len(html) + encoded_len(text) <= LIGHT_BUDGET;
            fit(view, &LIGHT_EXCERPTS, fits, write)?
        }
    };
    Ok(Rendered { subject, preheader, html, text, trimmed })
}

/// The subject alone, as [`render`] writes it.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub(super) fn subject(templates: &Templates, view: &DigestView) -> Result<String, RenderError> {
    subject_of(templates, &view.without_foreign_marks())
}

fn subject_of(templates: &Templates, view: &DigestView) -> Result<String, RenderError> {
    Ok(one_line(&templates.render("email/subject.txt", view)?))
}

/// Writes the mail that asks whether an address is right.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render_confirmation(templates: &Templates, view: &ConfirmationView) -> Result<Rendered, RenderError> {
    mail(templates, "confirmation", view)
}

/// Writes a mail with one link for its reader alone.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render_link(templates: &Templates, view: &ButtonView) -> Result<Rendered, RenderError> {
    mail(templates, "link", view)
}

/// Writes a mail to the newsroom.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render_notice(templates: &Templates, view: NoticeView) -> Result<Rendered, RenderError> {
    mail(templates, "notice", &view.without_foreign_marks())
}

/// Writes the mail that leads editors to an edition's page.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render_editor(templates: &Templates, view: EditorMailView) -> Result<Rendered, RenderError> {
    mail(templates, "editor", &view.without_foreign_marks())
}

/// Writes a mail to one reader about the letters themselves.
///
/// # Errors
///
/// When a template is wrong or asks for what the view does not hold.
pub fn render_reader_mail(templates: &Templates, view: ReaderMailView) -> Result<Rendered, RenderError> {
    mail(templates, "reader", &view.without_foreign_marks())
}

/// Writes a mail that is no digest by its four templates, those of `email/` whose names begin with `name`.
fn mail(templates: &Templates, name: &str, view: &impl Serialize) -> Result<Rendered, RenderError> {
    let part = |ending: &str| format!("email/{name}{ending}");
    let subject = one_line(&templates.render(&part("_subject.txt"), view)?);
    let preheader = one_line(&templates.render(&part("_preheader.txt"), view)?);
    let context = Context { view, subject: &subject, preheader: &preheader, excerpts: EXCERPTS[0] };
    let html = html_of(templates, &part(".mjml"), &context)?;
    let text = tidy(&templates.render(&part(".txt"), &context)?);
    Ok(Rendered { subject, preheader, html, text, trimmed: Trimmed::default() })
}

fn html_of(templates: &Templates, template: &str, context: &impl Serialize) -> Result<String, RenderError> {
    let mjml = templates.render(template, context)?;
    mjml::to_html(&mjml).map_err(|error| RenderError::Mjml { template: template.to_owned(), error })
}

/// Hand-written HTML without the indentation of its template: every line end counts for two bytes on the way.
fn tight(html: &str) -> String {
    let lines: Vec<&str> = html.lines().map(str::trim_ascii).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

/// What lists show of a mail: white space and what no header may hold become single spaces, every no-break space U+00A0.
fn one_line(text: &str) -> String {
    plain(&crate::mail::one_line(text))
}

/// Lines without trailing spaces, at most two empty ones in a row, one line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 2;
    for line in text.lines().map(|line| line.trim_end_matches([' ', '\t'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{PREFERENCES_MARK, TOKEN_MARK};
    use crate::newsletters::digest_view::{AnnouncedView, SectionView};
    use crate::newsletters::sample_view;

    fn templates() -> Templates {
        Templates::load(None).unwrap()
    }

    fn digest(view: &DigestView) -> Rendered {
        render(&templates(), &TemplateName::default(), Layout::Normal, view).unwrap()
    }

    /// One article on top, two in a section, one announced.
    fn small() -> DigestView {
        let sample = sample_view::digest_with_everything();
        let mut section = sample.sections[0].clone();
        section.articles.truncate(2);
        let mut links = sample.announced.links.clone();
        links.truncate(1);
        DigestView {
            sections: vec![section],
            announced: AnnouncedView { count: 1, links, ..sample.announced.clone() },
            ..sample
        }
    }

    #[test]
    fn subject_and_text_of_a_small_digest_read_well() {
        let mail = digest(&small());
        let text = crate::mail::greeted(&mail.text, Some("Ama"));
        let seen = text.replace(TOKEN_MARK, "JETON").replace(PREFERENCES_MARK, "JETON");
        let seen = seen.replace('\u{a0}', "~").replace('\u{202f}', "^");
        insta::assert_snapshot!(format!("Subject: {}\n\n{seen}", mail.subject));
    }

    #[test]
    fn the_text_of_a_confirmation_reads_well() {
        let mail = render_confirmation(&templates(), &sample_view::confirmation()).unwrap();
        let seen = mail.text.replace(TOKEN_MARK, "JETON").replace('\u{a0}', "~").replace('\u{202f}', "^");
        insta::assert_snapshot!(format!("Subject: {}\n\n{seen}", mail.subject));
    }

    #[test]
    fn the_text_of_a_mail_to_the_newsroom_reads_well() {
        let mail = render_notice(&templates(), sample_view::notice()).unwrap();
        let seen = mail.text.replace('\u{a0}', "~").replace('\u{202f}', "^");
        insta::assert_snapshot!(format!("Subject: {}\n\n{seen}", mail.subject));
    }

    #[test]
    fn the_same_view_gives_the_same_bytes() {
        assert_eq!(digest(&sample_view::digest()), digest(&sample_view::digest()));
    }

    #[test]
    fn a_subject_has_at_most_60_characters_and_one_line() {
        let mut view = sample_view::digest_of_one();
        for (title, subject) in [
            ("Un titre court", "Un titre court"),
            (
                "Éperviers : la liste pour les deux derniers matchs de l'année, entre retours et surprises",
                "la liste pour les deux derniers matchs de…",
            ),
            ("Deux\r\nlignes", "Deux lignes"),
            ("", "La Matinale du samedi 1er août 2026"),
        ] {
            view.lead.title = title.into();
            let seen = digest(&view).subject;
            assert!(seen.replace('\'', "’").ends_with(subject), "{seen}");
            assert!(seen.chars().count() <= 60, "{seen}");
            assert!(!seen.contains('\u{202f}'));
        }
        view.subject_line = Some("Édition spéciale".into());
        assert_eq!(digest(&view).subject, "Édition spéciale");
    }

    #[test]
    fn without_its_styles_a_mail_still_shows_all_links_in_reading_order() {
        let view = sample_view::digest_with_everything();
        let html = digest(&view).html;
        let mut bare = html.clone();
        while let (Some(start), Some(end)) = (bare.find("<style"), bare.find("</style>")) {
            bare.replace_range(start..end + 8, "");
        }
        let mut expected = vec![view.links.unsubscribe.clone(), view.lead.url.clone()];
        expected.extend(view.sections.iter().flat_map(|s| s.articles.iter().map(|a| a.url.clone())));
        expected.extend(view.announced.links.iter().map(|link| link.url.clone()));
        expected.extend([view.links.subscribe.clone(), view.links.unsubscribe.clone()]);
        let mut rest = bare.as_str();
        for url in expected {
            let link = format!("href=\"{}\"", url.replace('&', "&amp;"));
            let at = rest.find(&link).unwrap_or_else(|| panic!("{link} is missing or out of order"));
            rest = &rest[at + link.len()..];
        }
        assert!(
            !bare.contains("display:none") || bare.matches("display:none").count() == 1,
            "only the preheader"
        );
    }

    #[test]
    fn the_text_part_has_every_link_of_the_html() {
        let view = sample_view::digest_with_everything();
        let text = digest(&view).text;
        let articles = view.sections.iter().flat_map(|s| &s.articles).map(|a| &a.url);
        let announced = view.announced.links.iter().map(|link| &link.url);
        let own = [&view.lead.url, &view.links.subscribe, &view.links.unsubscribe, &view.corrections[0].url];
        for url in articles.chain(announced).chain(own).chain(view.links.web.iter()) {
            assert!(text.lines().any(|line| line.trim() == url), "{url}");
        }
        for line in text.lines() {
            assert!(line.chars().count() <= 72 || !line.trim().contains(' '), "{line}");
        }
    }

    #[test]
    fn nothing_is_loaded_but_the_articles_pictures() {
        let html = digest(&sample_view::digest_with_everything()).html;
        for loading in ["<link", "<script", "@import", "@font-face", "url(", "<iframe", "<form", "data:"] {
            assert!(!html.contains(loading), "{loading}");
        }
        for image in html.split("src=\"").skip(1) {
            assert!(image.starts_with("https://exemple.tg/images/"), "{image:.60}");
        }
        assert!(!html.contains("width=\"1\""), "no pixel");
    }

    #[test]
    fn a_mail_is_french_and_every_picture_has_an_alternative() {
        let html = digest(&sample_view::digest()).html;
        assert!(html.contains("<html lang=\"fr\""));
        for tag in html.split("<img").skip(1) {
            assert!(tag.split('>').next().unwrap().contains("alt=\""), "{tag:.80}");
        }
        assert_eq!(html.matches("<h1").count(), 1);
        assert_eq!(html.matches("<h3").count(), 17);
    }

    #[test]
    fn what_an_article_says_never_becomes_markup() {
        let mut view = sample_view::digest_of_one();
        view.lead.title =
            "</h2><script>alert(1)</script> & \"guillemets\" <!-- {{ publisher }} %} <mj-text>".into();
        view.lead.summary = "<img src=x onerror=alert(1)>".into();
        view.lead.url = "https://exemple.tg/\"onclick=\"alert(1)".into();
        let html = digest(&view).html;
        for markup in ["<script", "<img src=x", "\"onclick", "<mj-", "{{"] {
            assert!(!html.replace("&lt;", "").contains(markup) || markup == "{{", "{markup}");
        }
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn an_article_never_gets_a_readers_token() {
        let marks = |mail: &Rendered| {
            let all = format!("{}{}{}{}", mail.subject, mail.preheader, mail.html, mail.text);
            all.matches(TOKEN_MARK).count() + all.matches("%EE%87%B0").count()
        };
        let plain = marks(&digest(&sample_view::digest()));
        let mut view = sample_view::digest();
        let article = &mut view.sections[0].articles[0];
        for text in [&mut article.title, &mut article.summary, &mut article.url] {
            text.push_str(TOKEN_MARK);
            text.push_str("%EE%87%B0%EE%87%B1");
        }
        view.announced.links[0].url.push_str("%ee%87%b0%ee%87%b1");
        view.note = Some(TOKEN_MARK.into());
        assert_eq!(plain, 3);
        assert_eq!(marks(&digest(&view)), plain);
    }

    #[test]
    fn a_long_digest_is_shortened_until_it_fits_the_budget() {
        let mut view = sample_view::digest();
        assert!(encoded_len(&digest(&view).html) < HTML_BUDGET / 2);
        let sections: Vec<SectionView> = view.sections.clone();
        for _ in 0..2 {
            view.sections.extend(sections.clone());
        }
        for article in view.sections.iter_mut().flat_map(|section| &mut section.articles) {
            article.summary = "é ".repeat(200);
        }
        let mail = digest(&view);
        assert!(encoded_len(&mail.html) <= HTML_BUDGET, "{}", encoded_len(&mail.html));
        assert!(mail.html.contains("<h3"), "the articles stay");
    }

    #[test]
    fn an_edition_of_one_article_has_no_empty_parts() {
        let mail = digest(&sample_view::digest_of_one());
        assert!(!mail.html.contains("<h3") && !mail.html.contains("autre"), "{}", mail.html);
        assert!(!mail.text.contains("\n\n\n\n") && !mail.text.contains("AUTRE"));
        assert!(!mail.preheader.is_empty());
    }
}
