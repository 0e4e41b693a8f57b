//! Writes sample mails and pages into a folder, to be looked at: `cargo run --example samples -- DIR`.
//! `tests/tools/screenshots.py DIR` then takes pictures of them.

#![expect(clippy::print_stdout, reason = "a tool for the command line")]

use anyhow::Context;
use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::mail::greeted;
use kiosque::newsletters::digest_view::{ArticleView, DigestView, ImageView, SectionView};
use kiosque::newsletters::render::{Rendered, render, render_confirmation, render_reader_mail};
use kiosque::newsletters::seen::Layout;
use kiosque::newsletters::template_name::TemplateName;
use kiosque::newsletters::{reader_view, sample_view};
use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args().nth(1).context("usage: samples DIR [TEMPLATES]")?.into();
    let overrides = std::env::args().nth(2).map(PathBuf::from);
    let templates = Templates::load(overrides.as_deref())?;
    std::fs::create_dir_all(folder.join("images"))?;
    for number in 1..=20 {
        std::fs::write(folder.join(format!("images/{number}.svg")), picture(number))?;
    }
    for (name, view) in [
        ("digest", sample_view::digest()),
        ("one", sample_view::digest_of_one()),
        ("everything", sample_view::digest_with_everything()),
        ("bundled", bundled(&folder)?),
    ] {
        for template in TemplateName::all(&templates) {
            for layout in [Layout::Normal, Layout::Light] {
                let mail = render(&templates, &template, layout, &view)?;
                write(&folder, &format!("{name}-{template}-{layout}"), &mail)?;
            }
        }
    }
    write(&folder, "confirmation", &render_confirmation(&templates, &sample_view::confirmation())?)?;
    write(&folder, "reader", &render_reader_mail(&templates, reader_view::sample())?)?;
    for (name, page) in sample_pages::pages() {
        let html = page.write(&templates, &sample_pages::site())?;
        std::fs::write(folder.join(format!("page-{name}.html")), html)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, mail: &Rendered) -> anyhow::Result<()> {
    let html = (1..=20).fold(greeted(&mail.html, Some("Ama")), |html, number| {
        html.replace(&format!("https://exemple.tg/images/{number}.jpg"), &format!("images/{number}.svg"))
    });
    std::fs::write(folder.join(format!("{name}.html")), html)?;
    std::fs::write(folder.join(format!("{name}.txt")), greeted(&mail.text, Some("Ama")))?;
    println!("{name}: {} bytes of HTML, {} of text", mail.html.len(), mail.text.len());
    println!("  subject:   {}\n  preheader: {}", mail.subject, mail.preheader);
    Ok(())
}

/// An edition of the demo's articles: the newest of each rubric's file on top, two more below.
fn bundled(folder: &Path) -> anyhow::Result<DigestView> {
    #[derive(serde::Deserialize)]
    struct File {
        article: Vec<Bundled>,
    }
    #[derive(serde::Deserialize)]
    struct Bundled {
        title: String,
        path: String,
        summary: String,
        author: String,
        categories: Vec<String>,
        image: Option<String>,
        image_alt: Option<String>,
    }
    let mut sections: Vec<SectionView> = Vec::new();
    for name in ["economie", "politique", "societe", "sante", "tech-web", "culture", "sport"] {
        let source = std::fs::read_to_string(format!("samples/articles/{name}.toml"))?;
        let file: File = toml::from_str(&source)?;
        let articles = file.article.into_iter().take(3).map(|bundled| {
            if let Some(image) = &bundled.image {
                std::fs::copy(format!("samples/images/{image}"), folder.join("images").join(image))?;
            }
            anyhow::Ok(ArticleView {
                title: bundled.title,
                url: format!("https://exemple.tg/{}", bundled.path),
                rubric: bundled.categories[0].clone(),
                summary: bundled.summary,
                body: None,
                author: Some(bundled.author),
                image: bundled.image.map(|image| ImageView {
                    url: format!("images/{image}"),
                    alt: bundled.image_alt.unwrap_or_default(),
                    width: Some(640),
                    height: Some(400),
                    bytes: None,
                }),
            })
        });
        let articles = articles.collect::<Result<Vec<_>, _>>()?;
        sections.push(SectionView { rubric: articles[0].rubric.clone(), articles });
    }
    let lead = sections[0].articles.remove(0);
    Ok(DigestView { lead, sections, ..sample_view::digest_of_one() })
}

/// A landscape of hills, each number another hour of the day and another format.
fn picture(number: u32) -> String {
    let (width, height) = [(1200, 675), (800, 600), (600, 600), (600, 800)][number as usize % 4];
    let hue = number * 47 % 360;
    let (sun, hill) = (width / 4 + number * 53 % (width / 2), height * 5 / 8);
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'><defs><linearGradient id='g' x2='0' \
         y2='1'><stop stop-color='hsl({hue},45%,62%)'/><stop offset='1' stop-color='hsl({},60%,85%)'/></linearGradient></defs>\
         <rect width='100%' height='100%' fill='url(#g)'/><circle cx='{sun}' cy='{}' r='{}' fill='#fff6d8'/>\
         <ellipse cx='{}' cy='{height}' rx='{}' ry='{}' fill='hsl({},35%,38%)'/>\
         <ellipse cx='{width}' cy='{height}' rx='{}' ry='{}' fill='hsl({},40%,27%)'/></svg>",
        (hue + 40) % 360,
        height / 3,
        height / 10,
        width / 4,
        width * 2 / 3,
        height - hill,
        (hue + 90) % 360,
        width * 3 / 4,
        (height - hill) * 2 / 3,
        (hue + 100) % 360
    )
}
