//! `kiosque bench render`: what a variant costs, once, and what a recipient costs, each.

use std::num::NonZero;
use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::Failure;
use super::figures::{median, percentile};
use crate::cli::output::{Format, Table, json, say};
use crate::html::templates::Templates;
use crate::mail::{self, Draft, Encoded, ListHeaders, Mailbox, Personal, TOKEN_MARK};
use crate::newsletters::render::{Rendered, render};
use crate::newsletters::sample_view;
use crate::newsletters::seen::Layout;
use crate::newsletters::template_name::TemplateName;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Variants of each kind
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(5..=100_000))]
    rounds: u32,
    /// A folder of templates in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<std::path::PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Recipients of each variant that is measured.
const RECIPIENTS: u32 = 20_000;

#[derive(Debug, Serialize)]
struct Report {
    rounds: u32,
    /// Articles of the edition that is rendered.
    articles: usize,
    kinds: Vec<Kind>,
    cores: usize,
    /// Variants a second of the first kind.
    on_one_core: f64,
    on_all_cores: f64,
}

/// A template in a layout.
#[derive(Debug, Serialize)]
struct Kind {
    template: String,
    layout: Layout,
    /// Templates, MJML and budget (ms).
    render_ms: f64,
    render_p99_ms: f64,
    /// MIME (ms).
    encode_ms: f64,
    html_bytes: usize,
    message_bytes: usize,
    /// One reader's message made of the variant (µs).
    recipient_us: f64,
}

pub(in crate::cli) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let report =
        tokio::task::spawn_blocking(move || measure(&arguments).map(|report| (report, arguments.format)));
    let (report, format) = report.await.map_err(anyhow::Error::new)??;
    if format.json {
        return Ok(json(&report)?);
    }
    print(&report);
    Ok(())
}

fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let templates =
        Templates::load(arguments.templates.as_deref()).context("the templates cannot be used")?;
    let names = TemplateName::all(&templates);
    let first = TemplateName::default();
    let mut kinds = Vec::new();
    for name in &names {
        kinds.push(kind(&templates, name, Layout::Normal, arguments.rounds)?);
    }
    kinds.push(kind(&templates, &first, Layout::Light, arguments.rounds)?);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let view = sample_view::digest();
    Ok(Report {
        rounds: arguments.rounds,
        articles: 1 + view.sections.iter().map(|section| section.articles.len()).sum::<usize>(),
        kinds,
        cores,
        on_one_core: rate(&templates, &first, arguments.rounds, 1)?,
        on_all_cores: rate(&templates, &first, arguments.rounds, cores)?,
    })
}

fn kind(templates: &Templates, name: &TemplateName, layout: Layout, rounds: u32) -> anyhow::Result<Kind> {
    let view = sample_view::digest();
    let mut rendering = Vec::new();
    let mut encoding = Vec::new();
    let mut last = None;
    // The first ones warm the caches.
    for round in 0..rounds + 3 {
        let begun = Instant::now();
        let rendered = render(templates, name, layout, &view)?;
        let written = Instant::now();
        let message = encode(&rendered)?;
        if round >= 3 {
            rendering.push((written - begun).as_secs_f64() * 1e3);
            encoding.push(written.elapsed().as_secs_f64() * 1e3);
        }
        last = Some(message);
    }
    let message = last.context("no round")?;
    Ok(Kind {
        template: name.to_string(),
        layout,
        render_ms: median(&rendering),
        render_p99_ms: percentile(&rendering, 0.99),
        encode_ms: median(&encoding),
        html_bytes: message.html_len(),
        message_bytes: message.len(),
        recipient_us: recipient(&message)?,
    })
}

fn encode(rendered: &Rendered) -> anyhow::Result<Encoded> {
    let from: Mailbox = "La Matinale <matinale@epreuve.example>".parse()?;
    let draft = Draft {
        from,
        reply_to: None,
        subject: rendered.subject.clone(),
        text: rendered.text.clone(),
        html: rendered.html.clone(),
        date: Some(DateTime::<Utc>::UNIX_EPOCH),
        list: Some(ListHeaders {
            list_name: "La Matinale".to_owned(),
            list_id: "matinale.epreuve.example".to_owned(),
            feedback_id: "0:matinale:digest:kiosque".to_owned(),
            unsubscribe: format!("https://lettres.epreuve.example/u/{TOKEN_MARK}"),
            unsubscribe_to: None,
        }),
        auto: true,
    };
    Ok(mail::compose(&draft)?)
}

/// What one message takes (µs): the median of thousands, in lots, for a clock is too slow for one.
fn recipient(message: &Encoded) -> anyhow::Result<f64> {
    const LOT: u32 = 200;
    let mut lots = Vec::new();
    for lot in 0..RECIPIENTS / LOT {
        let readers: Vec<Personal> = (0..LOT).map(|one| reader(lot * LOT + one)).collect::<Result<_, _>>()?;
        let begun = Instant::now();
        let bytes: usize = readers.iter().map(|reader| message.splice(reader).len()).sum();
        let took = begun.elapsed();
        anyhow::ensure!(bytes > 0, "an empty message");
        lots.push(took.as_secs_f64() * 1e6 / f64::from(LOT));
    }
    Ok(median(&lots))
}

fn reader(number: u32) -> anyhow::Result<Personal> {
    let to: Mailbox = format!("Afi Essai <lecteur{number}@exemple.example>").parse()?;
    let token = format!("AAAAAQ{number:032}");
    let id = format!("{number}.1@epreuve.example");
    Ok(Personal::new(to, id, DateTime::<Utc>::UNIX_EPOCH, token.clone())?.with(token.clone(), token)?)
}

/// Variants a second, rendered and encoded on so many threads.
fn rate(templates: &Templates, name: &TemplateName, rounds: u32, threads: usize) -> anyhow::Result<f64> {
    let view = sample_view::digest();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let one = || -> anyhow::Result<()> {
            for _ in 0..rounds {
                encode(&render(templates, name, Layout::Normal, &view)?)?;
            }
            Ok(())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        for thread in running {
            thread.join().map_err(|_| anyhow::anyhow!("a thread fell over"))??;
        }
        anyhow::Ok(())
    })?;
    let all = f64::from(rounds) * threads as f64;
    Ok(all / begun.elapsed().as_secs_f64())
}

fn print(report: &Report) {
    let mut table = Table::new(&[
        "template",
        "layout",
        "#render, ms",
        "#p99",
        "#encode, ms",
        "#HTML, bytes",
        "#message, bytes",
        "#a recipient, microseconds",
    ]);
    for kind in &report.kinds {
        table.row(vec![
            kind.template.clone(),
            kind.layout.to_string(),
            format!("{:.2}", kind.render_ms),
            format!("{:.2}", kind.render_p99_ms),
            format!("{:.2}", kind.encode_ms),
            kind.html_bytes.to_string(),
            kind.message_bytes.to_string(),
            format!("{:.1}", kind.recipient_us),
        ]);
    }
    say(format!(
        "An edition of {} articles, {} variants of each kind; medians:\n",
        report.articles, report.rounds
    ));
    table.print("nothing was measured");
    say(format!(
        "\nVariants a second: {:.0} on one core, {:.0} on all {} ({:.2} times).",
        report.on_one_core,
        report.on_all_cores,
        report.cores,
        report.on_all_cores / report.on_one_core
    ));
}
