//! Our own words and colours: correct to the last space, readable by day and night.

use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::newsletters::seen::Layout;
use kiosque::newsletters::template_name::TemplateName;
use kiosque::newsletters::{editor_view, reader_view, render, sample_view};

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
    for (name, text) in texts().iter().filter(|(name, _)| !name.starts_with("digest:")) {
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
    let of_mail = |name: &str| {
        let line = theme.lines().find(|line| line.starts_with(&format!("{{% set {name} = "))).expect(name);
        line.split('"').nth(1).expect(name).to_owned()
    };
    let templates = Templates::load(None).expect("the built-in templates");
    let css = templates.style(&sample_pages::look()).expect("the pages' colours");
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
    pairs.push(("#ffffff".into(), of_mail("accent")));
    pairs.push((of_mail("night_paper"), of_mail("night_accent")));
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
