//! Whatever articles say: markup, headers and MIME stay ours, and the budgets hold.

use dom_query::Document;
use mail_parser::MessageParser;
use proptest::prelude::*;
use url::Url;

use super::corrections;
use super::digest_view::{
    AnnouncedView, ArticleView, BodyView, CorrectionView, DigestView, HeadlineView, LinkView, RelatedView,
    SectionView,
};
use super::render::{HTML_BUDGET, LIGHT_BUDGET, Rendered, render};
use super::sample_view;
use super::seen::Layout;
use super::template_name::TemplateName;
use crate::html::templates::Templates;
use crate::html::{clean, mail_body, mail_body_text};
use crate::mail::{self, Draft, Mailbox, PREFERENCES_MARK, Personal, TOKEN_MARK, encoded_len};

/// Pieces that have broken somebody's mail.
const NASTY: [&str; 40] = [
    "Le port",
    " ",
    "\u{a0}",
    "\u{202f}",
    "é",
    "ŋɖɔ",
    "👩\u{200d}🌾",
    "e\u{301}",
    "\r\nBcc: x@y.tg\r\n\r\n",
    "\n\n.\n",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "\u{fffd}",
    "<script>alert(1)</script>",
    "</a></td></mj-text></mjml>",
    "<!-- ",
    "-->",
    "<![CDATA[",
    "]]>",
    "&",
    "&amp;",
    "&#0;",
    "&nbsp;",
    "\"onclick=\"x",
    "'",
    "{{ publisher }}",
    "{% include 'x' %}",
    "{# #}",
    "\\",
    "\\u{a0}",
    "%00",
    "=?utf-8?q?=0A?=",
    "=\n",
    "--=_boundary--",
    "From here",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(&NASTY[..]), 0..12).prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,60}",
        1 => Just("mot ".repeat(400)),
        1 => Just("M".repeat(1200)),
    ]
}

/// A title, a name: a line or two.
fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().take(160).collect())
}

fn address() -> impl Strategy<Value = String> {
    // What is stored has passed the intake: an address by the standard, whatever was pasted.
    line().prop_map(|text| {
        let end: String = text.trim().chars().take(40).collect();
        let page = Url::parse("https://exemple.tg/").and_then(|site| site.join(&format!("a/{end}")));
        page.ok()
            .and_then(|page| crate::html::absolute(&page, page.as_str()))
            .unwrap_or_else(|| "https://exemple.tg/a".to_owned())
    })
}

fn article() -> impl Strategy<Value = ArticleView> {
    let body =
        prop::option::weighted(0.2, text().prop_map(|text| format!("<h2>{text}</h2><p>{text}<b>{text}")));
    (line(), address(), text(), prop::option::of(line()), body).prop_map(
        |(title, url, summary, author, body)| {
            let base = Url::parse("https://exemple.tg/").unwrap();
            let body = body.map(|body| clean(&body, &base)).filter(|body| body.len() < 4000);
            let body = body.map(|body| BodyView { html: mail_body(&body), text: mail_body_text(&body) });
            ArticleView { title, url, rubric: "Société".to_owned(), summary, author, image: None, body }
        },
    )
}

fn view() -> impl Strategy<Value = DigestView> {
    let sections = prop::collection::vec(prop::collection::vec(article(), 1..9), 0..5);
    // As long and as many as they may be.
    let note = prop_oneof![2 => line(), 1 => text(), 1 => Just("Aujourd’hui, à l’aube, l’été. ".repeat(66))];
    let words = (prop::option::of(note), prop::option::of(line()));
    let corrections = prop::collection::vec((line(), text()), 1..7);
    (article(), sections, words, line(), address(), 0..90_usize, corrections).prop_map(
        |(lead, sections, (note, subject_line), title, url, announced, corrections)| DigestView {
            lead,
            sections: sections
                .into_iter()
                .map(|articles| SectionView { rubric: title.clone(), articles })
                .collect(),
            note,
            subject_line,
            corrections: corrections
                .into_iter()
                .map(|(title, text)| CorrectionView {
                    title,
                    url: url.clone(),
                    text: text.chars().take(corrections::NOTE_MOST).collect(),
                })
                .collect(),
            announced: AnnouncedView {
                count: announced,
                links: vec![LinkView { title: title.clone(), url: url.clone() }; announced],
                url: None,
            },
            related: RelatedView {
                title: "À lire aussi".to_owned(),
                links: vec![HeadlineView { rubric: title.clone(), title, url }],
            },
            ..sample_view::digest_with_everything()
        },
    )
}

fn message(rendered: &Rendered, first_name: Option<&str>) -> Vec<u8> {
    let to = Mailbox::parse("afi@exemple.tg").unwrap();
    let date = chrono::DateTime::from_timestamp(1_795_408_200, 0).unwrap();
    let draft = Draft {
        from: Mailbox::parse("La Matinale <matinale@lettres.exemple.tg>").unwrap(),
        reply_to: None,
        subject: rendered.subject.clone(),
        text: rendered.text.clone(),
        html: rendered.html.clone(),
        date: Some(date),
        list: None,
        auto: true,
    };
    let personal = Personal::new(to, "ed-1.a@lettres.exemple.tg".to_owned(), date, "jeton".to_owned());
    let personal = personal.unwrap().with("choix".to_owned(), "lien".to_owned()).unwrap();
    mail::compose(&draft).unwrap().splice(&personal.greeting(first_name.map(str::to_owned)))
}

/// What is in a part once what is the reader's own is in it.
fn filled(part: &str, first_name: Option<&str>) -> String {
    mail::greeted(part, first_name).replace(TOKEN_MARK, "jeton").replace(PREFERENCES_MARK, "choix")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn no_article_breaks_markup_headers_or_mime_and_budgets_hold(
        view in view(), template in 0..3_usize, named in 0..3_usize,
    ) {
        let templates = Templates::load(None).unwrap();
        let name = TemplateName::parse(["sobre", "une", "breves"][template]).unwrap();
        for layout in [Layout::Normal, Layout::Light] {
            let mail = render(&templates, &name, layout, &view).unwrap();
            let (html, text) = (encoded_len(&mail.html), encoded_len(&mail.text));
            match layout {
                Layout::Normal => prop_assert!(html <= HTML_BUDGET, "{} bytes", html),
                Layout::Light => prop_assert!(html + text <= LIGHT_BUDGET, "{} and {} bytes", html, text),
            }
            prop_assert!(!mail.subject.contains(['\r', '\n']) && !mail.preheader.contains(['\r', '\n']));

            let first_name = [None, Some("Ama"), Some("Ɖzidzɔ N’Guessan-Élodie Ɛsinam Ɣekɔ Ŋu")][named];
            let bytes = message(&mail, first_name);
            prop_assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999 && !line.starts_with(b".")));
            let read = MessageParser::default().parse(&bytes).expect("a message");
            let names: Vec<String> =
                read.headers().iter().map(|header| header.name().to_ascii_lowercase()).collect();
            let mut once = names.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), names.len(), "a header stands twice: {:?}", names);
            prop_assert!(!names.iter().any(|name| name == "bcc"));
            prop_assert_eq!(read.parts.len(), 3, "one text and one HTML part in their frame");
            let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
            prop_assert_eq!(lines(&read.body_text(0).unwrap()), lines(&filled(&mail.text, first_name)));
            prop_assert_eq!(lines(&read.body_html(0).unwrap()), lines(&filled(&mail.html, first_name)));

            let document = Document::from(mail.html.as_str());
            prop_assert_eq!(document.select("script, iframe, form, object, embed, base, img, [onclick]").length(), 0);
            prop_assert_eq!(document.select("html").length(), 1);
            prop_assert!(mail.html.trim_end().ends_with("</html>"));
            let links = document.select("a");
            let hrefs: Vec<String> =
                links.iter().filter_map(|link| link.attr("href").map(|href| href.to_string())).collect();
            prop_assert_eq!(hrefs.len(), links.length());
            for href in &hrefs {
                prop_assert!(href.starts_with("https://") || href.starts_with("mailto:"), "{}", href);
            }
            prop_assert!(hrefs.contains(&view.lead.url) && hrefs.contains(&view.corrections[0].url));
            // The foot is there, and the last thing: nothing has swallowed it.
            prop_assert!(document.select("body").text().contains("Se désinscrire de"));
        }
    }
}
