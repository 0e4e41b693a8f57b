//! The newsroom's own ways of setting French reach every page and mail.

use kiosque::french::style::Style;
use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::newsletters::render::{Rendered, render, render_confirmation, render_reader_mail};
use kiosque::newsletters::{reader_view, sample_view};

fn mails(templates: &Templates) -> Vec<Rendered> {
    vec![
        render(templates, &sample_view::digest_with_everything()).expect("a digest"),
        render(templates, &sample_view::digest_of_one()).expect("a digest of one article"),
        render_confirmation(templates, &sample_view::confirmation()).expect("a confirmation"),
        render_reader_mail(templates, reader_view::sample()).expect("a mail to a reader"),
    ]
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
        let mail = render(&templates, &view).expect("a digest");
        assert!(
            !mail.subject.contains('\u{202f}') && !mail.preheader.contains('\u{202f}'),
            "{}",
            mail.subject
        );
    }
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
