//! What a digest must hold, whoever wrote its template: the ways to leave, who publishes, every article, and nothing that
//! asks somebody else.

use crate::french::lint::{Blemish, lint};
use crate::french::typography::Spaces;
use crate::html::own_text::lint_html;
use crate::html::templates::Templates;
use crate::html::text::to_text;
use crate::mail::encoded_len;

use super::digest_view::{ArticleView, DigestView};
use super::render::{HTML_BUDGET, LIGHT_BUDGET, RenderError, Rendered, render};
use super::sample_editions::samples;
use super::seen::Layout;
use super::template_name::TemplateName;

/// A sample edition written by a template.
#[derive(Debug)]
pub struct Tried {
    /// The template.
    pub template: TemplateName,
    /// Which sample.
    pub sample: &'static str,
    /// Normal or light.
    pub layout: Layout,
    /// The mail.
    pub mail: Rendered,
    /// The HTML part as it travels, in bytes.
    pub html_bytes: usize,
    /// The text part as it travels, in bytes.
    pub text_bytes: usize,
    /// What it may not lack or hold.
    pub faults: Vec<String>,
    /// What in its French is to be mended, each with the part it stands in.
    pub blemishes: Vec<(&'static str, Blemish)>,
}

/// Writes every sample by the template, in both layouts, and looks at what came of it.
///
/// # Errors
/// When the template cannot be written.
pub fn try_out(templates: &Templates, template: &TemplateName) -> Result<Vec<Tried>, RenderError> {
    let mut tried = Vec::new();
    for sample in samples() {
        for layout in [Layout::Normal, Layout::Light] {
            let mail = render(templates, template, layout, &sample.view)?;
            tried.push(Tried {
                template: template.clone(),
                sample: sample.name,
                layout,
                html_bytes: encoded_len(&mail.html),
                text_bytes: encoded_len(&mail.text),
                faults: faults(&sample.view, layout, &mail),
                blemishes: blemishes(&mail, templates.french().spaces()),
                mail,
            });
        }
    }
    Ok(tried)
}

/// What is to be mended in a mail's French, each with the part it stands in; `spaces` are those of its HTML.
#[must_use]
pub fn blemishes(mail: &Rendered, spaces: Spaces) -> Vec<(&'static str, Blemish)> {
    let parts = [
        ("subject", lint(&mail.subject, Spaces::Plain)),
        ("preheader", lint(&mail.preheader, Spaces::Plain)),
        ("HTML", lint_html(&mail.html, spaces)),
        ("text", lint(&mail.text, Spaces::Plain)),
    ];
    parts
        .into_iter()
        .flat_map(|(part, found)| found.into_iter().map(move |blemish| (part, blemish)))
        .collect()
}

/// What a digest of `view` lacks that it must hold, or holds that it may not; nothing when it may be sent.
#[must_use]
pub fn faults(view: &DigestView, layout: Layout, mail: &Rendered) -> Vec<String> {
    let mut faults = links(view, mail);
    faults.extend(words(view, mail));
    faults.extend(markup(view, &mail.html));
    let (html, text) = (encoded_len(&mail.html), encoded_len(&mail.text));
    let (length, budget) = match layout {
        Layout::Normal => (html, HTML_BUDGET),
        Layout::Light => (html + text, LIGHT_BUDGET),
    };
    if length > budget {
        faults.push(format!("{length} bytes as it travels, more than {budget}, with every excerpt left out"));
    }
    if let Some(line) = mail.text.lines().find(|line| line.chars().count() > 78 && line.trim().contains(' '))
    {
        faults.push(format!("text: a line longer than 78 characters: {line}"));
    }
    faults
}

/// An address as it stands in an attribute.
fn in_html(url: &str) -> String {
    format!("\"{}\"", url.replace('&', "&amp;"))
}

fn links(view: &DigestView, mail: &Rendered) -> Vec<String> {
    let mut faults = Vec::new();
    let shown: Vec<&ArticleView> = articles(view).collect();
    let lead = mail.html.find(&in_html(&view.lead.url));
    let last = shown.iter().filter_map(|article| mail.html.find(&in_html(&article.url))).max();
    let leaving = Some(("leaves", &view.links.unsubscribe));
    let choosing = view.links.preferences.as_ref().map(|url| ("leads to the preferences", url));
    for (does, url) in leaving.into_iter().chain(choosing) {
        let places: Vec<usize> = mail.html.match_indices(&in_html(url)).map(|(at, _)| at).collect();
        if !places.iter().any(|place| lead.is_some_and(|lead| *place < lead)) {
            faults.push(format!("HTML: no link that {does} before the first article"));
        }
        if !places.iter().any(|place| last.is_some_and(|last| *place > last)) {
            faults.push(format!("HTML: no link that {does} after the last article"));
        }
        if !mail.text.contains(url.as_str()) {
            faults.push(format!("text: no link that {does}"));
        }
    }
    // What a mail too large only counts stands in neither part.
    let announced = view.announced.links.iter().map(|link| (&link.title, &link.url));
    let all = shown.iter().map(|article| (&article.title, &article.url)).chain(announced);
    let corrections = view.corrections.iter().map(|correction| (&correction.title, &correction.url));
    for (title, url) in all.filter(|_| mail.trimmed.counted == 0).chain(corrections) {
        for (part, there) in
            [("HTML", mail.html.contains(&in_html(url))), ("text", mail.text.contains(url.as_str()))]
        {
            if !there {
                faults.push(format!("{part}: no link to \"{title}\""));
            }
        }
    }
    faults
}

fn articles(view: &DigestView) -> impl Iterator<Item = &ArticleView> {
    std::iter::once(&view.lead).chain(view.sections.iter().flat_map(|section| &section.articles))
}

/// The law's lines, why one gets the mail, what the editor says. Typography changes spaces and marks, so letters and
/// digits are compared.
fn words(view: &DigestView, mail: &Rendered) -> Vec<String> {
    let p = &view.publisher;
    let mut wanted = vec![
        ("why one gets it (`why`)", view.why.as_str()),
        ("the newsletter's title (`newsletter.title`)", &view.newsletter.title),
    ];
    for (name, value) in [
        ("publisher.name", &p.name),
        ("publisher.legal_form", &p.legal_form),
        ("publisher.address", &p.address),
        ("publisher.phone", &p.phone),
        ("publisher.registration", &p.registration),
        ("publisher.director", &p.director),
        ("publisher.haac_receipt", &p.haac_receipt),
        ("publisher.ipdcp_declaration", &p.ipdcp_declaration),
        ("publisher.host", &p.host),
        ("publisher.email", &p.email),
    ] {
        wanted.push((name, value));
    }
    wanted.extend(view.note.as_deref().map(|note| ("the editor's note (`note`)", note)));
    for correction in &view.corrections {
        wanted.push(("a correction (`corrections`)", &correction.text));
    }
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let mut faults = Vec::new();
    for (part, text) in [("HTML", letters(&to_text(&mail.html))), ("text", letters(&mail.text))] {
        let missing = wanted.iter().filter(|(_, value)| !text.contains(&letters(value)));
        faults.extend(missing.map(|(name, _)| format!("{part}: {name} is missing")));
    }
    faults
}

/// What makes a program load something, run something or send something.
const LOADING: [&str; 10] =
    ["<link", "<script", "@import", "@font-face", "url(", "<iframe", "<form", "<object", "<embed", "data:"];

fn markup(view: &DigestView, html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lower = html.to_lowercase();
    if !lower.contains("<html lang=\"fr\"") {
        faults.push("HTML: no <html lang=\"fr\">".to_owned());
    }
    match lower.matches("<h1").count() {
        1 => {}
        count => faults.push(format!("HTML: {count} <h1>, not one")),
    }
    for loading in LOADING.iter().filter(|loading| lower.contains(**loading)) {
        faults.push(format!("HTML: {loading}: a mail loads nothing but the articles' pictures"));
    }
    let pictures: Vec<&str> =
        articles(view).filter_map(|article| article.image.as_ref()).map(|image| image.url.as_str()).collect();
    for tag in html.split("<img").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let source = tag.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        if !pictures.contains(&source.replace("&amp;", "&").as_str()) {
            faults.push(format!("HTML: a picture that is no article's: {source}"));
        }
        if !tag.contains("alt=\"") {
            faults.push(format!("HTML: a picture without alt: {source}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newsletters::sample_view;

    #[test]
    fn every_template_of_ours_holds_what_a_digest_must_and_stays_within_its_budget() {
        let templates = Templates::load(None).unwrap();
        for template in TemplateName::all(&templates) {
            for tried in try_out(&templates, &template).unwrap() {
                let name = format!("{template} {} {}", tried.sample, tried.layout);
                assert_eq!(tried.faults, Vec::<String>::new(), "{name}");
                assert!(tried.blemishes.is_empty(), "{name}: {:?}", tried.blemishes);
                let trimmed = tried.mail.trimmed;
                assert!(tried.sample == "full" || !trimmed.is_some(), "{name}: {trimmed:?}");
            }
        }
        assert!(!sample_view::other_mails(&templates).unwrap().is_empty());
    }

    #[test]
    fn what_is_missing_or_loads_something_is_named() {
        let templates = Templates::load(None).unwrap();
        let view = sample_view::digest_with_everything();
        let mail = render(&templates, &TemplateName::default(), Layout::Normal, &view).unwrap();
        let told = |change: &dyn Fn(&mut Rendered)| {
            let mut mail = mail.clone();
            change(&mut mail);
            faults(&view, Layout::Normal, &mail).join("\n")
        };
        assert_eq!(told(&|_| {}), "");
        let leaving = in_html(&view.links.unsubscribe);
        let found = told(&|mail| mail.html = mail.html.replacen(&leaving, "\"#\"", 1));
        assert_eq!(found, "HTML: no link that leaves before the first article");
        let found = told(&|mail| mail.html = mail.html.replace(&leaving, "\"#\""));
        assert!(found.contains("after the last article"), "{found}");
        let found = told(&|mail| mail.text = mail.text.replace(&view.sections[0].articles[1].url, ""));
        assert_eq!(found, "text: no link to \"Qui siégera à la commission électorale ?\"");
        let found = told(&|mail| mail.html = mail.html.replace("Cocotiers", ""));
        assert_eq!(found, "HTML: publisher.address is missing");
        let found =
            told(&|mail| mail.html.push_str("<img src=\"https://ailleurs.example/p.gif\" width=\"1\">"));
        assert!(found.contains("no article's: https://ailleurs") && found.contains("without alt"), "{found}");
        let found = told(&|mail| mail.html.push_str("<LINK rel=stylesheet href=//x>"));
        assert!(found.starts_with("HTML: <link: a mail loads nothing"), "{found}");
        let found = told(&|mail| mail.html.push_str(&"é".repeat(20_000)));
        assert!(found.contains("more than 92160"), "{found}");
    }
}
