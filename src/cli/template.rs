//! `kiosque template`: look at templates before a newsletter is sent by them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use super::Failure;
use super::check_config::misnamed;
use super::edition::readable;
use super::output::{self, Table};
use crate::html::sample_pages;
use crate::html::templates::Templates;
use crate::newsletters::fit::Trimmed;
use crate::newsletters::render::Rendered;
use crate::newsletters::sample_view;
use crate::newsletters::seen::Layout;
use crate::newsletters::template_check::{self, Tried};
use crate::newsletters::template_name::TemplateName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write every sample edition by every digest template, and say what is wrong with them
    Check {
        /// A folder of templates, as `templates` names one in the configuration; without it, those of the program
        folder: Option<PathBuf>,
        /// Write the sample mails into this folder, to be looked at
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let Verb::Check { folder, out } = verb;
    let templates = Templates::load(folder.as_deref()).map_err(|error| Failure::usage(error.to_string()))?;
    let mut tried: Vec<Tried> = Vec::new();
    for template in TemplateName::all(&templates) {
        let mails = template_check::try_out(&templates, &template);
        tried.extend(mails.map_err(|error| Failure::usage(error.to_string()))?);
    }
    // The other mails and the pages, which the folder may replace too.
    sample_view::try_out(&templates, &[]).map_err(|error| Failure::usage(error.to_string()))?;
    sample_pages::try_out(&templates).map_err(|error| Failure::usage(error.to_string()))?;
    if let Some(out) = &out {
        let others =
            sample_view::other_mails(&templates).map_err(|error| Failure::usage(error.to_string()))?;
        let named = |mail: &Tried| format!("{}-{}-{}", mail.template, mail.sample, mail.layout);
        let digests = tried.iter().map(|mail| (named(mail), &mail.mail));
        write(out, digests.chain(others.iter().map(|(name, mail)| ((*name).to_owned(), mail))))?;
    }
    table(&tried).print("no templates");
    report(&templates, folder.as_deref(), &tried)
}

fn write<'a>(out: &Path, mails: impl Iterator<Item = (String, &'a Rendered)>) -> Result<(), Failure> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    for (name, mail) in mails {
        for (ending, text) in [("html", &mail.html), ("txt", &mail.text)] {
            let path = out.join(format!("{name}.{ending}"));
            std::fs::write(&path, readable(text, Some("Ama")))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

fn table(tried: &[Tried]) -> Table {
    let mut table =
        Table::new(&["template", "sample", "layout", "#HTML bytes", "#text bytes", "made to fit by"]);
    for mail in tried {
        table.row([
            mail.template.to_string(),
            mail.sample.to_owned(),
            mail.layout.to_string(),
            mail.html_bytes.to_string(),
            mail.text_bytes.to_string(),
            made_to_fit(mail.mail.trimmed).unwrap_or_default(),
        ]);
    }
    table
}

/// "excerpts of 60 characters, 3 articles announced"; nothing when nothing was needed.
pub(super) fn made_to_fit(trimmed: Trimmed) -> Option<String> {
    let mut done = Vec::new();
    done.extend(
        (trimmed.bodies > 0).then(|| format!("{} whole texts cut to their beginnings", trimmed.bodies)),
    );
    done.extend(trimmed.excerpt.map(|length| match length {
        0 => "no excerpts".to_owned(),
        length => format!("excerpts of {length} characters"),
    }));
    done.extend((trimmed.moved > 0).then(|| format!("{} articles announced", trimmed.moved)));
    done.extend((trimmed.counted > 0).then(|| format!("{} headlines counted", trimmed.counted)));
    (!done.is_empty()).then(|| done.join(", "))
}

/// Warnings, then faults; the same in several samples is said once.
fn report(templates: &Templates, folder: Option<&Path>, tried: &[Tried]) -> Result<(), Failure> {
    let mut warnings: Vec<String> = folder.map(|folder| misnamed(templates, folder)).unwrap_or_default();
    for name in templates.names().filter(|name| name.starts_with("email/digest_")) {
        let of_template = name.strip_prefix("email/digest_").and_then(|name| name.strip_suffix(".mjml"));
        if let Some(template) = of_template
            && !tried.iter().any(|mail| mail.template.as_str() == template)
        {
            let wants = "a digest template is a name of lower-case letters, digits and hyphens, with a .mjml and a .txt";
            warnings.push(format!("{name} was not tried: {wants}"));
        }
    }
    let mut faults = Vec::new();
    for mail in tried {
        let layout = if mail.layout == Layout::Light { " (light)" } else { "" };
        for (part, blemish) in &mail.blemishes {
            warnings.push(format!("{}{layout}, {part}: {blemish}", mail.template));
        }
        faults.extend(mail.faults.iter().map(|fault| format!("{}{layout}: {fault}", mail.template)));
    }
    for (kind, mut lines) in [("warning", warnings), ("error", faults.clone())] {
        let mut said = std::collections::BTreeSet::new();
        lines.retain(|line| said.insert(line.clone()));
        for line in lines {
            output::say(format!("\n{kind}: {line}"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}
