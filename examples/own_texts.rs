//! Every text of ours that readers or the newsroom see, as invented samples show it, a paragraph a line, each once:
//! `cargo run --example own_texts`. `tests/e2e/test_french.py` has a grammar checker read them.

#![expect(clippy::print_stdout, reason = "a tool for the command line")]

use std::collections::BTreeSet;

use kiosque::alerts::{Kind, words::words};
use kiosque::french::style::Style;
use kiosque::html::sample_pages;
use kiosque::html::templates::Templates;
use kiosque::html::text::to_text;
use kiosque::mail::greeted;
use kiosque::newsletters::render::{
    Rendered, render, render_confirmation, render_link, render_notice, render_reader_mail,
};
use kiosque::newsletters::seen::Layout;
use kiosque::newsletters::template_name::TemplateName;
use kiosque::newsletters::{reader_view, sample_view};

/// The width at which text parts are wrapped.
const WIDTH: usize = 72;

fn main() -> anyhow::Result<()> {
    let templates = Templates::load(None)?;
    let mut texts = Texts::default();
    for name in TemplateName::all(&templates) {
        for layout in [Layout::Normal, Layout::Light] {
            texts.add_mail(&render(&templates, &name, layout, &sample_view::digest_of_one())?);
            texts.add_mail(&render(&templates, &name, layout, &sample_view::digest_with_everything())?);
        }
    }
    for mail in [
        render_confirmation(&templates, &sample_view::confirmation())?,
        render_link(&templates, &sample_view::link())?,
        render_reader_mail(&templates, reader_view::sample())?,
        render_notice(&templates, sample_view::notice())?,
    ] {
        texts.add_mail(&mail);
    }
    for (_, page) in sample_pages::pages() {
        texts.add_html(&page.write(&templates, &sample_pages::site())?);
    }
    for kind in Kind::ALL {
        let words = words(*kind, "12", "La Matinale du lundi 23 novembre 2026");
        for text in [words.title.as_str(), &words.ended, words.means] {
            texts.add(&Style::default().text(text));
        }
        words.to_do.iter().for_each(|step| texts.add(&Style::default().text(step.what)));
    }
    Ok(())
}

#[derive(Default)]
struct Texts(BTreeSet<String>);

impl Texts {
    fn add(&mut self, line: &str) {
        let line = line.trim();
        if line.contains(char::is_alphabetic) && self.0.insert(line.to_owned()) {
            println!("{line}");
        }
    }

    fn add_html(&mut self, html: &str) {
        let body = html.split_once("<body").map_or(html, |(_, body)| body);
        to_text(&format!("<body{body}")).lines().for_each(|line| self.add(line));
    }

    fn add_mail(&mut self, mail: &Rendered) {
        self.add(&mail.subject);
        self.add(&mail.preheader);
        self.add_html(&greeted(&mail.html, Some("Ama")));
        unwrapped(&greeted(&mail.text, Some("Ama"))).iter().for_each(|paragraph| self.add(paragraph));
    }
}

/// Paragraphs as they were before their lines were broken: a line goes on where the next word had no room in it.
fn unwrapped(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut width = 0;
    for line in text.lines() {
        let first = line.trim_start().split(' ').next().unwrap_or_default();
        let goes_on = width > 0 && !first.is_empty() && width + 1 + first.chars().count() > WIDTH;
        match paragraphs.last_mut() {
            Some(paragraph) if goes_on && !first.starts_with(['*', '-', '=']) => {
                paragraph.push(' ');
                paragraph.push_str(line.trim_start());
            }
            _ => paragraphs.push(line.trim_start_matches(['*', ' ']).to_owned()),
        }
        width = if first.starts_with("http") { 0 } else { line.chars().count() };
    }
    paragraphs
}
