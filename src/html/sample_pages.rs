//! Invented pages, for trying templates and for tests.

use crate::config::Colour;
use crate::french::lint::Blemish;
use crate::french::slug::slug;
use crate::html::edition_samples;
use crate::html::legal_pages::PrivacyView;
use crate::html::look::Look;
use crate::html::own_text::lint_html;
use crate::html::pages::{
    ArticleView, FeedLink, FeedView, FormMistake, FormView, HeaderView, LatestView, LetterView, MessageView,
    Page, ReceiptView, RubricView, Site,
};
use crate::html::palette::Palette;
use crate::html::publisher::PublisherView;
use crate::html::templates::{TemplateError, Templates};
use crate::html::{address_pages, editor_pages, own_data_pages, preferences_pages};
use chrono::{NaiveDate, NaiveDateTime};

/// Writes every page once: what a template asks for in vain shows at start, not when a reader comes.
///
/// # Errors
/// The first page that cannot be written.
pub fn try_out(templates: &Templates) -> Result<(), TemplateError> {
    pages().iter().try_for_each(|(_, page)| page.write(templates, &site()).map(drop))
}

/// What is to be mended in the French of the pages, each with the page's name.
///
/// # Errors
/// The first page that cannot be written.
pub fn lint(templates: &Templates) -> Result<Vec<(String, Blemish)>, TemplateError> {
    let mut found = Vec::new();
    for (name, page) in pages() {
        let html = page.write(templates, &site())?;
        found.extend(
            lint_html(&html, templates.french().spaces())
                .into_iter()
                .map(|blemish| (format!("page {name}"), blemish)),
        );
    }
    Ok(found)
}

/// What the invented pages have in common.
#[must_use]
pub fn site() -> Site {
    Site {
        base: String::new(),
        look: look(),
        publisher: publisher(),
        feed: feed("tout", "Toutes les rubriques"),
    }
}

/// The look of a newsroom that says nothing about it.
#[must_use]
pub fn look() -> Look {
    let green = Colour { red: 0x0b, green: 0x5a, blue: 0x38 };
    Look { name: publisher().name, logo: None, palette: Palette::of(green), pictures: Vec::new() }
}

/// The publisher of the example configuration.
#[must_use]
pub fn publisher() -> PublisherView {
    PublisherView {
        name: "Le Journal".into(),
        legal_form: "SARL-U".into(),
        address: "12, rue des Cocotiers, Lomé".into(),
        phone: "+228 00 00 00 00".into(),
        director: "A. Exemple".into(),
        haac_receipt: "0000/HAAC/00-0000/Pl/P".into(),
        email: "redaction@exemple.tg".into(),
        privacy_contact: "donnees@exemple.tg".into(),
        ..PublisherView::default()
    }
}

/// Every page in its states, each with a name of its own.
#[must_use]
pub fn pages() -> Vec<(String, Page)> {
    let titles = vec!["La Matinale".to_owned()];
    let wording = "Je ne souhaite plus recevoir « La Matinale ».".to_owned();
    let named = |(name, page): (&str, Page)| (name.to_owned(), page);
    let opml_url = "https://lettres.exemple.tg/flux.opml".to_owned();
    let mut pages: Vec<(String, Page)> = [
        ("home", Page::Home { letters: letters() }),
        (
            "feeds",
            Page::FeedIndex {
                feeds: feeds(),
                opml_url: opml_url.clone(),
                letters: vec![feed("lettre/matinale", "La Matinale")],
            },
        ),
        ("feeds-none", Page::FeedIndex { feeds: Vec::new(), opml_url, letters: Vec::new() }),
        ("letters", form(letters(), "", &[], None)),
        ("letters-again", again("afi@exemple.tg", &["matinale", "matinale/politique"])),
        ("frame-letters", framed("", &[])),
        (
            "letters-first-name",
            form(letters(), "afi@exemple.tg", &["matinale"], Some(FormMistake::FirstName)),
        ),
        ("frame-check-mail", Page::CheckMailFrame { titles: titles.clone(), valid_days: 7 }),
        ("frame-later", Page::LaterFrame {}),
        (
            "letters-one",
            form(letters()[..1].to_vec(), "afi@exemple", &["matinale"], Some(FormMistake::Address)),
        ),
        ("letters-none-chosen", form(letters(), "afi@exemple.tg", &[], Some(FormMistake::Newsletter))),
        ("check-mail", Page::CheckMail { titles: titles.clone(), valid_days: 7 }),
        (
            "confirm",
            Page::Confirm {
                titles: titles.clone(),
                wordings: vec!["Je confirme mon inscription à « La Matinale ».".into()],
                first_name: None,
                seen: "1785567600000".into(),
            },
        ),
        (
            "confirm-chosen",
            Page::Confirm {
                titles: titles.clone(),
                wordings: vec![
                    "Je confirme mon inscription à « La Matinale », rubriques Politique et Culture.".into(),
                ],
                first_name: Some("Afi".into()),
                seen: "1785567600000".into(),
            },
        ),
        (
            "confirmed",
            Page::Confirmed { titles: titles.clone(), next: Some(moment()), receipt: receipt("C") },
        ),
        (
            "confirmed-two",
            Page::Confirmed {
                titles: vec!["La Matinale".into(), "Culture : l'agenda".into()],
                next: None,
                receipt: receipt("C"),
            },
        ),
        ("blocked", Page::Blocked {}),
        ("refused", Page::Refused { receipt: receipt("R"), suppressed: true }),
        ("refused-other", Page::Refused { receipt: receipt("R"), suppressed: false }),
        ("link-gone", Page::LinkGone {}),
        ("link-unknown", Page::LinkUnknown { leaves: false }),
        ("link-unknown-leaving", Page::LinkUnknown { leaves: true }),
        ("unsubscribe", Page::Unsubscribe { title: "La Matinale".into(), wording }),
        (
            "unsubscribed",
            Page::Unsubscribed { titles, receipt: receipt("D"), undo: Some("1785567600000".into()) },
        ),
        ("forgotten", Page::Forgotten {}),
        ("privacy", Page::Privacy { privacy: privacy() }),
        ("legal-notice", Page::LegalNotice {}),
        ("article", Page::Article { article: article() }),
        ("outbox", Page::Outbox { messages: (1..=6).map(message).collect() }),
        ("outbox-empty", Page::Outbox { messages: Vec::new() }),
        (
            "outbox-message",
            Page::OutboxMessage {
                message: message(1),
                headers: [("From", "La Matinale <matinale@lettres.exemple.tg>"), ("To", "afi@exemple.tg")]
                    .map(|(name, value)| HeaderView { name: name.into(), value: value.into() })
                    .into(),
                html_url: "digest.html".into(),
                text: "LA MATINALE\nsamedi 1er août 2026\n\nÀ LA UNE – ÉCONOMIE\n===================\n"
                    .into(),
            },
        ),
    ]
    .map(named)
    .into();
    pages.extend(own_data_pages::samples(&receipt("E")));
    pages.extend(preferences_pages::samples());
    pages.extend(edition_samples::pages(&feed("lettre/matinale", "La Matinale")));
    pages.extend(address_pages::samples());
    pages.extend(editor_pages::samples());
    for status in [400, 403, 404, 405, 408, 410, 413, 414, 421, 422, 429, 431, 500, 503, 504] {
        pages.push((format!("error-{status}"), Page::Error { status }));
    }
    pages
}

fn form(letters: Vec<LetterView>, address: &str, chosen: &[&str], mistake: Option<FormMistake>) -> Page {
    Page::Letters { form: FormView { mistake, ..filled(letters, address, chosen) } }
}

fn again(address: &str, chosen: &[&str]) -> Page {
    Page::Letters { form: FormView { again: true, ..filled(letters(), address, chosen) } }
}

fn framed(address: &str, chosen: &[&str]) -> Page {
    Page::LettersFrame { form: filled(letters(), address, chosen) }
}

fn filled(letters: Vec<LetterView>, address: &str, chosen: &[&str]) -> FormView {
    let chosen: Vec<String> = chosen.iter().map(|slug| (*slug).to_owned()).collect();
    let any = |letter: LetterView| LetterView {
        any_chosen: chosen.iter().any(|one| one.starts_with(&format!("{}/", letter.slug))),
        ..letter
    };
    FormView {
        letters: letters.into_iter().map(any).collect(),
        address: address.into(),
        first_name: String::new(),
        chosen,
        mistake: None,
        again: false,
        shown: "AAAAAQAAAaIHhyWAAAAAAAAAAAAAAAAAAAAAAA".into(),
    }
}

fn privacy() -> PrivacyView {
    PrivacyView {
        confirm_days: 7,
        unconfirmed: "30\u{a0}jours".into(),
        deliveries: "13\u{a0}mois".into(),
        readers: "3\u{a0}ans".into(),
        origin: "12\u{a0}mois".into(),
        clicks: true,
        togo: true,
        france: true,
    }
}

fn letters() -> Vec<LetterView> {
    let letter = |slug: &str, title: &str, rhythm: &str, rubrics: &[&str]| LetterView {
        slug: slug.into(),
        title: title.into(),
        rhythm: Some(rhythm.into()),
        description: String::new(),
        rubrics: rubrics.iter().map(|rubric| (*rubric).to_owned()).collect(),
        boxes: boxes(rubrics),
        any_chosen: false,
        wording: format!("Je souhaite recevoir « {title} » à cette adresse."),
    };
    vec![
        letter(
            "matinale",
            "La Matinale",
            "du lundi au vendredi à 7\u{a0}h",
            &["Politique", "Économie", "Tech & Web"],
        ),
        letter("culture", "Culture : l'agenda", "le jeudi à 18\u{a0}h\u{a0}30", &["Culture"]),
        letter("semaine", "La Semaine", "le dimanche à 9\u{a0}h", &[]),
    ]
}

fn boxes(names: &[&str]) -> Vec<RubricView> {
    let all = ["Politique", "Économie", "Société", "Culture", "Sport", "Tech & Web"];
    let names = if names.is_empty() { &all[..] } else { names };
    names
        .iter()
        .map(|name| RubricView { slug: slug(name).unwrap_or_default(), name: (*name).into() })
        .collect()
}

fn feeds() -> Vec<FeedView> {
    let latest = |title: &str| LatestView {
        title: title.into(),
        url: "https://www.exemple.tg/economie/port".into(),
        date: moment(),
    };
    let port = "Au port de Lomé, la file des camions raccourcit enfin";
    [
        ("tout", "Toutes les rubriques", port),
        ("politique", "Politique", "L’Assemblée adopte la loi sur les communes après deux nuits de débats"),
        ("economie", "Économie", port),
        ("societe", "Société", "À l’école, la rentrée se fait sous les manguiers"),
        ("sante", "Santé", ""),
        ("culture", "Culture", "Trois soirées, douze groupes"),
        ("sport", "Sport", "Le derby se jouera à huis clos"),
        ("tech-web", "Tech & Web", "La fibre arrive dans trois quartiers de plus"),
        ("cooperation", "Coopération", "Un pont, deux pays, cinq ans de travaux"),
    ]
    .map(|(slug, name, title)| FeedView {
        latest: Some(title).filter(|title| !title.is_empty()).map(latest),
        ..feed(slug, name)
    })
    .into()
}

fn feed(slug: &str, title: &str) -> FeedView {
    let links = [("RSS", "application/rss+xml", "rss"), ("Atom", "application/atom+xml", "atom")];
    let link = |(format, media_type, ending): (&str, &str, &str)| FeedLink {
        format: format.into(),
        media_type: media_type.into(),
        url: format!("https://lettres.exemple.tg/flux/{slug}.{ending}"),
    };
    FeedView { slug: slug.into(), title: title.into(), links: links.map(link).into(), latest: None }
}

fn article() -> ArticleView {
    ArticleView {
        title: "Au port de Lomé, la file des camions raccourcit enfin".into(),
        summary: "Un rendez-vous par camion : l'essai continue.".into(),
        rubric: "Économie".into(),
        feed: Some(feed("economie", "Économie")),
        authors: vec!["Afi Mensah".into(), "Kodjo Lawson".into()],
        date: moment(),
        image_url: "/images/port.jpg".into(),
        image_alt: "Deux grues au-dessus d’un quai".into(),
        body: "<p>Le port a tenu parole.</p>".into(),
    }
}

fn receipt(letter: &str) -> ReceiptView {
    ReceiptView {
        moment: "samedi 1er août 2026 à 7\u{a0}h\u{a0}0\u{a0}min\u{a0}12\u{a0}s (UTC)".into(),
        reference: format!("{letter}-7F3K-2QX9"),
    }
}

fn message(number: u32) -> MessageView {
    MessageView {
        id: format!("ed-{number}.7f3k2qx9@lettres.exemple.tg"),
        to: "Afi <afi@exemple.tg>".into(),
        subject: "Au port de Lomé, la file des camions raccourcit enfin".into(),
        date: moment() - chrono::TimeDelta::minutes(number.into()),
        size: 48_213,
    }
}

fn moment() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 8, 1).and_then(|day| day.and_hms_opt(7, 0, 12)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<(String, String)> {
        let templates = Templates::load(None).unwrap();
        let write = |page: Page| page.write(&templates, &site()).unwrap();
        pages().into_iter().map(|(name, page)| (name, write(page))).collect()
    }

    #[test]
    fn the_french_of_our_pages_has_nothing_to_mend() {
        let found = lint(&Templates::load(None).unwrap()).unwrap();
        let said: Vec<String> = found.iter().map(|(place, blemish)| format!("{place}: {blemish}")).collect();
        assert!(said.is_empty(), "{}", said.join("\n"));
    }

    #[test]
    fn every_page_is_below_30_kilobytes_with_its_styles_and_loads_nothing() {
        for (name, page) in written() {
            assert!(page.len() < 30_000, "{name}: {} bytes", page.len());
            let own =
                page.replace("<iframe src=\"digest.html\"", "").replace("<img class=\"photo\" src=", "");
            // An edition shows its articles' pictures, as the mail does.
            let own = own.replace("<img src=\"https://exemple.tg/images/port.jpg\"", "");
            // The one script there is copies an address.
            let own = if name == "feeds" { own.replacen("<script>", "", 1) } else { own };
            for loading in ["<script", "src=", "rel=\"stylesheet\"", "@import", "url(", " style=", " on"] {
                let found = own.find(loading).filter(|_| loading != " on" || own.contains(" onclick"));
                let around = found.and_then(|at| own.get(at..(at + 60).min(own.len())));
                assert!(found.is_none(), "{name} has {}", around.unwrap_or(loading));
            }
        }
    }

    #[test]
    fn every_page_is_french_with_one_heading_and_the_publishers_lines() {
        // What somebody wrote stands in a field as it was written.
        let fields = regex::Regex::new(r#"(?s)value="[^"]*"|<textarea.*?</textarea>"#).unwrap();
        for (name, page) in written() {
            assert!(page.contains("<html lang=\"fr\">"), "{name}");
            assert_eq!(page.matches("<h1").count(), 1, "{name}");
            let framed = name.starts_with("frame-");
            for line in
                ["SARL-U", "12, rue des Cocotiers", "0000/HAAC/00-0000/Pl/P", "A. Exemple", "redaction@"]
            {
                assert!(framed || page.contains(line), "{name} lacks {line}");
            }
            let ours = fields.replace_all(&page, "");
            assert!(!ours.contains(" ?") && !ours.contains(" :<") && !ours.contains("'é"), "{name}");
        }
    }

    #[test]
    fn a_page_behind_a_readers_link_is_not_indexed() {
        for (name, page) in written() {
            let open = [
                "home",
                "feeds",
                "edition",
                "letters",
                "article",
                "outbox",
                "check-mail",
                "privacy",
                "legal-notice",
            ]
            .iter()
            .any(|open| name.starts_with(open));
            assert_eq!(!open, page.contains("content=\"noindex\""), "{name}");
        }
    }

    #[test]
    fn the_style_in_a_page_is_the_one_that_its_policy_allows() {
        let templates = Templates::load(None).unwrap();
        let page = Page::LinkGone {}.write(&templates, &site()).unwrap();
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert_eq!(style, templates.style(&look()).unwrap());
        assert!(style.len() > 1000 && templates.style_source(&look()).unwrap().starts_with("'sha256-"));
    }

    #[test]
    fn the_script_in_a_page_is_the_one_that_its_policy_allows() {
        let templates = Templates::load(None).unwrap();
        for (name, page) in pages() {
            let html = page.write(&templates, &site()).unwrap();
            let script = html.split("<script>").nth(1).map(|rest| rest.split("</script>").next().unwrap());
            let allowed = page.script().map(|script| templates.render(script, &()).unwrap());
            // A page that lists nothing has nothing to copy.
            assert!(name == "feeds-none" || script == allowed.as_deref(), "{name}");
        }
    }

    #[test]
    fn programs_find_the_rubrics_feed_before_that_of_everything_on_every_page() {
        for (name, page) in written() {
            let links: Vec<&str> = page.split("<link rel=\"alternate\" ").skip(1).collect();
            let titles: Vec<&str> =
                links.iter().filter_map(|l| l.split("title=\"").nth(1)?.split('"').next()).collect();
            let of = |rubric: &str| {
                [format!("Le Journal – {rubric} (RSS)"), format!("Le Journal – {rubric} (Atom)")]
            };
            let own = match name.as_str() {
                "article" => Some("Économie"),
                "editions" | "editions-none" => None,
                edition if edition.starts_with("edition") => Some("La Matinale"),
                _ => None,
            };
            assert_eq!(titles[..2], of(own.unwrap_or("Toutes les rubriques")), "{name}");
            if own.is_some() {
                assert_eq!(titles[2..], of("Toutes les rubriques"), "{name}");
            }
            let distinct: std::collections::BTreeSet<_> = titles.iter().collect();
            assert_eq!(distinct.len(), titles.len(), "{name}");
        }
    }

    #[test]
    fn what_a_stranger_typed_is_escaped() {
        let templates = Templates::load(None).unwrap();
        let page = form(letters(), "\"><script>alert(1)</script>", &[], Some(FormMistake::Address));
        let page = page.write(&templates, &site()).unwrap();
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
    }

    #[test]
    fn every_page_template_of_the_binary_is_tried() {
        let tried: Vec<_> = pages().iter().map(|(_, page)| page.template()).collect();
        for entry in std::fs::read_dir("templates/pages").unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            let page = std::fs::read_to_string(&path).unwrap().contains("{% extends");
            assert!(!page || tried.iter().any(|template| name.ends_with(template)), "{name}");
        }
        try_out(&Templates::load(None).unwrap()).unwrap();
    }
}
