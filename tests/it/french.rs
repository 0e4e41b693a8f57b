//! The newsroom's own ways of setting French reach every page and mail.

use kiosque::french::style::Style;
use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::newsletters::digest_view::DigestView;
use kiosque::newsletters::render::{Rendered, render, render_confirmation, render_reader_mail};
use kiosque::newsletters::seen::Layout;
use kiosque::newsletters::template_name::TemplateName;
use kiosque::newsletters::{reader_view, sample_view};

/// A digest by every template, and the light edition.
fn digests(templates: &Templates, view: &DigestView) -> Vec<Rendered> {
    let normal = TemplateName::all(templates).into_iter().map(|name| (name, Layout::Normal));
    normal
        .chain([(TemplateName::default(), Layout::Light)])
        .map(|(name, layout)| render(templates, &name, layout, view).expect("a digest"))
        .collect()
}

fn mails(templates: &Templates) -> Vec<Rendered> {
    let mut mails = digests(templates, &sample_view::digest_with_everything());
    mails.extend(digests(templates, &sample_view::digest_of_one()));
    mails.push(render_confirmation(templates, &sample_view::confirmation()).expect("a confirmation"));
    mails.push(render_reader_mail(templates, reader_view::sample()).expect("a mail to a reader"));
    mails
}

fn pages(templates: &Templates) -> Vec<(String, String)> {
    let write = |(name, page): (String, kiosque::html::pages::Page)| {
        let html = page.write(templates, &sample_pages::site()).expect("a page");
        (name, html)
    };
    sample_pages::pages().into_iter().map(write).collect()
}

#[test]
fn without_narrow_spaces_no_page_and_no_mail_has_one() {
    let templates = Templates::load_in(None, Style { narrow_nbsp: false, titles: true }).expect("templates");
    for mail in mails(&templates) {
        for part in [&mail.subject, &mail.preheader, &mail.html, &mail.text] {
            assert!(!part.contains('\u{202f}'), "{part}");
        }
    }
    for (name, html) in pages(&templates) {
        assert!(!html.contains('\u{202f}'), "{name}");
    }
    // The same texts are set with them otherwise, and the linter wants what the style says.
    let usual = Templates::load(None).expect("templates");
    assert!(mails(&usual).iter().any(|mail| mail.html.contains('\u{202f}')));
    assert_eq!(sample_view::lint_mails(&templates).expect("mails"), []);
    assert_eq!(sample_pages::lint(&templates).expect("pages"), []);
}

#[test]
fn subjects_and_preheaders_hold_no_narrow_space() {
    let mut view = sample_view::digest_with_everything();
    view.lead.title = "Pourquoi ? Voilà\u{202f}!".into();
    for style in [Style::default(), Style { titles: false, ..Style::default() }] {
        let templates = Templates::load_in(None, style).expect("templates");
        for mail in digests(&templates, &view) {
            let lists = format!("{}{}", mail.subject, mail.preheader);
            assert!(!lists.contains('\u{202f}'), "{lists}");
        }
    }
}

#[test]
fn titles_stay_as_the_journalists_wrote_them_when_the_newsroom_says_so() {
    const TITLE: &str = "L'été \"indien\" : fini ?";
    let mut view = sample_view::digest_with_everything();
    view.lead.title = TITLE.into();
    view.sections.iter_mut().flat_map(|s| &mut s.articles).for_each(|article| article.title = TITLE.into());
    view.announced.links.iter_mut().for_each(|link| link.title = TITLE.into());
    view.corrections.iter_mut().for_each(|correction| correction.title = TITLE.into());
    view.related.links.iter_mut().for_each(|link| link.title = TITLE.into());
    view.subject_line = None;
    let count = |titles: bool| -> Vec<usize> {
        let templates = Templates::load_in(None, Style { titles, ..Style::default() }).expect("templates");
        let all =
            digests(&templates, &view).into_iter().flat_map(|mail| [mail.subject, mail.text, mail.html]);
        all.map(|part| part.matches("L’été").count()).collect()
    };
    assert!(count(false).iter().all(|set| *set == 0), "{:?}", count(false));
    assert!(count(true).iter().all(|set| *set > 0), "{:?}", count(true));
}

#[test]
fn the_style_is_part_of_what_tells_variants_apart() {
    let styles = [(true, true), (false, true), (true, false)];
    let versions = styles.map(|(narrow_nbsp, titles)| {
        Templates::load_in(None, Style { narrow_nbsp, titles }).expect("templates").version().to_owned()
    });
    assert_ne!(versions[0], versions[1]);
    assert_ne!(versions[0], versions[2]);
    assert_eq!(versions[0], Templates::load(None).expect("templates").version());
}
