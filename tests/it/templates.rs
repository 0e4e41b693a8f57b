//! Our own words and colours: correct to the last space, readable by day and night; no mail larger than it may be.

use kiosque::clock::HOUR;
use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::mail::encoded_len;
use kiosque::newsletters::digest_view::{AnnouncedView, ArticleView, DigestView, LinkView, SectionView};
use kiosque::newsletters::fit::Trimmed;
use kiosque::newsletters::seen::Layout;
use kiosque::newsletters::template_name::TemplateName;
use kiosque::newsletters::{editor_view, reader_view, render, sample_view, weight};
use proptest::prelude::*;

use crate::support::database::each_engine;
use crate::support::newsroom::{Newsroom, OPENING, config};
use crate::support::post::DAILY;

/// Every mail and page as readers see it: name and text.
fn texts() -> Vec<(String, String)> {
    let templates = Templates::load(None).expect("the built-in templates");
    let mut texts = Vec::new();
    let mut mail = |name: &str, mail: render::Rendered| {
        texts.push((format!("{name}: subject"), mail.subject));
        texts.push((format!("{name}: preheader"), mail.preheader));
        texts.push((format!("{name}: html"), visible(&mail.html)));
        texts.push((format!("{name}: text"), mail.text));
    };
    for template in TemplateName::all(&templates) {
        for (name, view) in
            [("everything", sample_view::digest_with_everything()), ("one", sample_view::digest_of_one())]
        {
            for layout in [Layout::Normal, Layout::Light] {
                let digest = render::render(&templates, &template, layout, &view).expect("a digest");
                mail(&format!("{template} {layout} {name}"), digest);
            }
        }
    }
    mail(
        "confirmation",
        render::render_confirmation(&templates, &sample_view::confirmation()).expect("a mail"),
    );
    mail("reader", render::render_reader_mail(&templates, reader_view::sample()).expect("a mail"));
    mail("editor", render::render_editor(&templates, editor_view::sample()).expect("a mail"));
    for (name, page) in sample_pages::pages() {
        let html = page.write(&templates, &sample_pages::site()).expect("a page");
        texts.push((name, visible(&html)));
    }
    texts
}

/// The text of a page: no tags, no styles or scripts, no comments; what a mail shows in no place (the preheader's filler) neither.
fn visible(html: &str) -> String {
    let mut html = html.replace("&#8199;&#847;", "");
    for (start, end) in [
        ("<style", "</style>"),
        ("<script", "</script>"),
        ("<pre", "</pre>"),
        ("<code", "</code>"),
        ("<!--", "-->"),
        ("<", ">"),
    ] {
        while let Some(from) = html.find(start) {
            let length = html[from..].find(end).expect("a closed tag") + end.len();
            let gap = if start == "<"
                && ["a ", "/a", "st", "/st", "sp", "/sp", "su", "/su"]
                    .iter()
                    .any(|tag| html[from + 1..].starts_with(tag))
            {
                ""
            } else {
                "\n"
            };
            html.replace_range(from..from + length, gap);
        }
    }
    let text = html
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&emsp;", "\u{2003}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    text.lines().map(str::trim_ascii).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn french_typography_holds_in_every_mail_and_page() {
    for (name, text) in texts() {
        for line in text.lines().filter(|line| !line.contains("://")) {
            for wrong in ["'", "\"", "...", " ;", " :", " !", " ?", " »", "« ", " %", "( ", " )", " ,", " ."]
            {
                assert!(!line.contains(wrong), "{name}: {wrong:?} in {line:?}");
            }
            for mark in [';', '!', '?', '»'] {
                for (at, _) in line.match_indices(mark) {
                    let before = line[..at].chars().next_back();
                    let spaced = matches!(before, Some('\u{a0}' | '\u{202f}' | '!' | '?'));
                    assert!(spaced, "{name}: no space before {mark} in {line:?}");
                }
            }
        }
        let wide = name.ends_with("subject") || name.ends_with("preheader") || name.ends_with("text");
        assert!(!wide || !text.contains('\u{202f}'), "{name}: a narrow space in {text:?}");
    }
}

#[test]
fn no_english_word_stands_before_a_reader() {
    let english = [
        "the",
        "and",
        "your",
        "you",
        "click",
        "here",
        "unsubscribe",
        "subscribe",
        "read",
        "more",
        "email",
        "newsletter",
        "by",
        "at",
        "error",
        "page not found",
        "back",
        "view",
        "online",
        "sent",
        "error",
    ];
    for (name, text) in texts() {
        for word in text.to_lowercase().split(|c: char| !c.is_alphabetic() && c != '’') {
            assert!(!english.contains(&word), "{name}: {word}");
        }
    }
}

#[test]
fn our_own_sentences_have_no_exclamation_mark() {
    for (name, text) in texts().iter().filter(|(name, _)| !name.contains("everything")) {
        assert!(!text.contains('!'), "{name}");
    }
}

/// Relative luminance and contrast as WCAG 2.2 defines them.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |colour: &str| {
        let full: String = if colour.len() == 4 {
            colour[1..].chars().flat_map(|c| [c, c]).collect()
        } else {
            colour[1..].into()
        };
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&full[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_stands_out_from_its_ground_by_day_and_by_night() {
    let theme = std::fs::read_to_string("templates/email/theme.txt").expect("the mails' colours");
    let look = sample_pages::look();
    let palette = serde_json::to_value(&look.palette).expect("colours");
    let of_mail = |name: &str| {
        let line = theme.lines().find(|line| line.starts_with(&format!("{{% set {name} = "))).expect(name);
        let value = line.split([' ', '"']).find(|part| part.starts_with('#') || part.starts_with("palette."));
        match value.expect(name).strip_prefix("palette.") {
            None => value.expect(name).to_owned(),
            Some(path) => {
                let colour = palette.pointer(&format!("/{}", path.replace('.', "/")));
                colour.and_then(serde_json::Value::as_str).expect(name).to_owned()
            }
        }
    };
    let templates = Templates::load(None).expect("the built-in templates");
    let css = templates.style(&look).expect("the pages' colours");
    let roots: Vec<&str> =
        css.split(":root{").skip(1).take(2).map(|rest| rest.split('}').next().expect("a block")).collect();
    let of_page = |root: &str, name: &str| {
        let value = root.split(';').find_map(|rule| rule.strip_prefix(&format!("--{name}:"))).expect(name);
        value.to_owned()
    };
    let mut pairs = Vec::new();
    for night in ["", "night_"] {
        for text in ["ink", "body", "grey", "accent"] {
            for ground in ["paper", "card", "box"] {
                pairs.push((of_mail(&format!("{night}{text}")), of_mail(&format!("{night}{ground}"))));
            }
        }
    }
    pairs.push((of_mail("on_accent"), of_mail("accent")));
    pairs.push((of_mail("night_on_accent"), of_mail("night_accent")));
    for root in roots {
        for text in ["ink", "body", "grey", "accent", "warn"] {
            for ground in ["paper", "card", "tint"] {
                pairs.push((of_page(root, text), of_page(root, ground)));
            }
        }
        pairs.push((of_page(root, "on-accent"), of_page(root, "accent")));
        for text in ["ink", "body", "warn"] {
            pairs.push((of_page(root, text), of_page(root, "warn-tint")));
        }
    }
    assert_eq!(pairs.len(), 24 + 2 + 2 * 19);
    for (text, ground) in pairs {
        assert!(contrast(&text, &ground) >= 4.5, "{text} on {ground}: {:.2}", contrast(&text, &ground));
    }
}

#[tokio::test]
async fn a_mail_too_large_is_made_to_fit_and_the_edition_says_so() {
    each_engine(async |db| {
        let room = Newsroom::open(&db, &format!("{DAILY}\nmax_articles = 200\ntemplate = \"breves\"")).await;
        for id in 1..=150 {
            room.article(id, OPENING.plus(id * 1000), false, &[1]).await;
        }
        let summary = "Une phrase qui se répète à l’envi. ".repeat(20);
        room.sql(&format!("UPDATE articles SET summary = '{summary}'")).await;
        room.readers(1, 2, "all").await;
        let released = room.tick_at(OPENING.plus(19 * HOUR)).await.released;
        let weight = weight::weight(&db, released[0]).await.unwrap();
        assert_eq!((weight.variants, weight.trimmed), (1, 1), "{weight:?}");
        let budget = i64::try_from(render::HTML_BUDGET).unwrap();
        assert!((budget * 3 / 4..=budget).contains(&weight.html_bytes), "{weight:?}");
        assert!(weight.excerpt_length.is_some_and(|length| length < 170), "{weight:?}");
    })
    .await;
}

#[tokio::test]
async fn a_newsletter_cannot_name_a_template_that_is_not_there() {
    let refused = |line: &str| {
        let config = config(&format!("{DAILY}\n{line}"));
        kiosque::app::dress(&config).err().map(|error| format!("{error:#}")).unwrap_or_default()
    };
    assert_eq!(refused("template = \"une\""), "");
    let near = refused("template = \"sobr\"");
    assert!(near.contains("there is no \"sobr\"; did you mean \"sobre\"?"), "{near}");
    let far = refused("template = \"hebdomadaire\"");
    assert!(
        far.contains("there are breves, sobre, une; another one wants email/digest_hebdomadaire.mjml"),
        "{far}"
    );
}

/// An edition of any size: lengths of title and summary in characters, articles in each of its rubrics, announced ones.
fn any_digest() -> impl Strategy<Value = DigestView> {
    let lengths = (1..200_usize, 0..900_usize);
    (lengths, proptest::collection::vec(1..16_usize, 0..6), 0..60_usize).prop_map(
        |((title, summary), sections, announced)| {
            let mut view = sample_view::digest_with_everything();
            let text =
                |length: usize| "é".repeat(7).chars().chain([' ']).cycle().take(length).collect::<String>();
            let model = ArticleView {
                title: text(title),
                summary: text(summary),
                ..view.sections[0].articles[0].clone()
            };
            let section = |(number, articles): (usize, &usize)| SectionView {
                rubric: format!("Rubrique {number}"),
                articles: vec![model.clone(); *articles],
            };
            view.sections = sections.iter().enumerate().map(section).collect();
            let link = LinkView { title: text(title), url: model.url.clone() };
            view.announced = AnnouncedView { count: announced, links: vec![link; announced], url: None };
            view
        },
    )
}

/// Writes it; gives what is above its budget, in bytes, and what was done to make it fit.
fn written(view: &DigestView, template: &str, layout: Layout) -> (usize, Trimmed) {
    let templates = Templates::load(None).expect("the built-in templates");
    let template = TemplateName::parse(template).expect("a name");
    let mail = render::render(&templates, &template, layout, view).expect("a digest");
    let (html, text) = (encoded_len(&mail.html), encoded_len(&mail.text));
    let over = match layout {
        Layout::Normal => html.saturating_sub(render::HTML_BUDGET),
        Layout::Light => (html + text).saturating_sub(render::LIGHT_BUDGET),
    };
    (over, mail.trimmed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_digest_is_larger_than_its_budget(view in any_digest(), template in "sobre|une|breves") {
        let (over, trimmed) = written(&view, &template, Layout::Normal);
        prop_assert_eq!(over, 0, "{:?}", trimmed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_light_edition_is_larger_than_its_budget(view in any_digest(), template in "sobre|une|breves") {
        let (over, trimmed) = written(&view, &template, Layout::Light);
        prop_assert_eq!(over, 0, "{:?}", trimmed);
    }
}
