//! `kiosque subscriber import`: readers in, from spreadsheets and other systems.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Failure;
use super::output;
use super::progress_bar::{Bar, style};
use super::setup::{self, Access};
use crate::app::App;
use crate::articles::{self, CategoryKind};
use crate::french::number::count;
use crate::subscribers::{
    self, Column, ImportError, ImportSummary, Kind, Letter, Order, Places, Progress, Reason, System,
};

/// So many mistakes are shown; the file of rejected lines holds all.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files: CSV as spreadsheets and other systems write it, or Mailchimp's ZIP as it comes
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose export they are: `mailchimp`, `mailpoet`, `brevo`, `listmonk`, or `csv` for a spreadsheet
    #[arg(long, value_name = "SYSTEM")]
    from: Option<System>,
    /// Bring every reader to this newsletter: LETTER, or LETTER:RUBRIC,RUBRIC
    #[arg(long, value_name = "LETTER")]
    newsletter: Option<String>,
    /// Bring the readers of a group, list, segment or tag to a newsletter; may stand several times
    #[arg(long = "map", value_name = "GROUP=LETTER[:RUBRIC,…]")]
    maps: Vec<String>,
    /// Where the consent comes from, in words; kept as proof with every reader
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
    /// Take all addresses as ones never to mail
    #[arg(long = "as", value_name = "suppressed", value_parser = ["suppressed"],
        conflicts_with_all = ["newsletter", "maps", "consent"])]
    kind: Option<String>,
    /// Say what a column holds that is not called as usual: address=Contact; `status=` for none; may stand several times
    #[arg(long = "column", value_name = "FIELD=TITLE")]
    columns: Vec<Column>,
    /// Write the lines that are rejected to this file, to be mended and imported again
    #[arg(long, value_name = "FILE")]
    reject: Option<PathBuf>,
    /// Say what would happen, change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    answer: output::Format,
}

/// Imports, with a progress bar on a terminal; the exit status says whether a line was rejected.
pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { files, from, newsletter, maps, consent, kind, columns, reject, dry_run, answer } =
        arguments;
    let suppressed = kind.is_some();
    let consent = match (suppressed, consent) {
        (false, None) => {
            return Err(Failure::usage(
                "kiosque: --consent is missing: say where and how these readers agreed (or --as suppressed)",
            ));
        }
        (_, consent) => consent.unwrap_or_default(),
    };
    let app = setup::open(named, Access::Write).await?;
    let kind = match suppressed {
        true => Kind::Suppressed,
        false => Kind::Readers { places: places(&app, newsletter.as_deref(), &maps).await?, consent },
    };
    let order = Order { files, system: from, kind, columns, rejects: reject.clone(), dry_run };
    let progress = Arc::new(Progress::default());
    let bar = bar(&progress);
    let imported = subscribers::import(&app.db, &app.keys, &app.clock, order, &progress).await;
    bar.stop().await;
    if let Ok((summary, _)) = &imported
        && !dry_run
    {
        register(&app, summary).await?;
    }
    app.db.close().await;
    let (summary, _) = imported.map_err(|error| match error {
        ImportError::Store(error) => Failure::Failed(error),
        error @ (ImportError::File(..) | ImportError::Disk(_)) => Failure::Failed(error.into()),
        error => Failure::usage(format!("kiosque: {error}")),
    })?;
    if answer.json {
        output::json(&summary)?;
    } else {
        tell(&summary, suppressed, dry_run, reject.as_deref());
    }
    if summary.rejected == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// Writes down that an operator imported, and what came of it.
async fn register(app: &App, summary: &ImportSummary) -> Result<(), Failure> {
    let names = summary.files.iter().map(|(file, _)| file.file_name().unwrap_or_default().to_string_lossy());
    let refused: u64 = summary.refused.values().sum();
    let detail =
        format!("{}: {} added, {refused} refusals", names.collect::<Vec<_>>().join(", "), summary.added);
    let mut tx = app.db.begin_durable().await?;
    let by = super::suppression::operator();
    subscribers::register_act(&mut tx, "subscriber.import", None, Some(&detail), &by, app.clock.now())
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Where readers go, as the arguments say and the configuration declares.
async fn places(app: &App, everyone: Option<&str>, maps: &[String]) -> Result<Places, Failure> {
    articles::declare(&app.db, &app.config.categories, app.config.public_url.host(), app.clock.now()).await?;
    let categories = articles::categories(&app.db).await?;
    let mut letters = Vec::new();
    for declaration in &app.declarations.newsletters {
        let (declaration, row) = setup::newsletter(app, declaration.slug.as_str()).await?;
        let carried = |slug: &str| {
            declaration.categories.as_ref().is_none_or(|slugs| slugs.iter().any(|one| one.as_str() == slug))
        };
        let rubrics = categories
            .iter()
            .filter(|one| {
                one.kind == CategoryKind::Rubric && one.listed && !one.removed && carried(&one.slug)
            })
            .map(|one| (one.slug.clone(), one.id))
            .collect();
        letters.push(Letter { id: row.id, slug: declaration.slug.to_string(), rubrics });
    }
    let mut places = Places::new(letters);
    let wrong = |error: subscribers::PlaceError| Failure::usage(format!("kiosque: {error}"));
    if let Some(letter) = everyone {
        places.everyone(letter).map_err(wrong)?;
    }
    for map in maps {
        places.map(map).map_err(wrong)?;
    }
    Ok(places)
}

fn tell(summary: &ImportSummary, suppressed: bool, dry_run: bool, reject: Option<&Path>) {
    for mistake in summary.mistakes.iter().take(SHOWN) {
        output::complain(&mistake.to_string());
    }
    let more = summary.rejected.saturating_sub(SHOWN as u64);
    match (more, reject) {
        (_, Some(file)) if summary.rejected > 0 => {
            output::complain(&format!("rejected lines: {}", file.display()));
        }
        (1.., _) => output::complain(&format!("and {more} more; --reject FILE writes them all")),
        _ => {}
    }
    if !summary.groups_unused.is_empty() {
        let groups: Vec<String> =
            summary.groups_unused.iter().map(|(group, lines)| format!("{group} ({lines})")).collect();
        output::complain(&format!("groups that no --map names: {}", groups.join(", ")));
    }
    let heading = if dry_run { "À blanc, rien n’a été écrit\u{a0}: " } else { "" };
    output::say(format!("{heading}{}", told(summary, suppressed)));
}

/// « 12 lecteurs ajoutés, 3 déjà connus, 1 désinscription respectée, … (17 lignes lues). »
fn told(summary: &ImportSummary, suppressed: bool) -> String {
    let n = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let refused = |reason: Reason| summary.refused.get(reason.as_str()).copied().unwrap_or_default();
    let mut parts = Vec::new();
    if !suppressed {
        parts.push(count(n(summary.added), "lecteur ajouté", "lecteurs ajoutés"));
    }
    let others: u64 = summary.refused.values().sum::<u64>()
        - [Reason::Imported, Reason::HardBounce, Reason::Complaint].map(refused).iter().sum::<u64>();
    for (number, one, many, always) in [
        (refused(Reason::Imported), "adresse bloquée", "adresses bloquées", suppressed),
        (refused(Reason::HardBounce), "adresse morte bloquée", "adresses mortes bloquées", false),
        (refused(Reason::Complaint), "plainte reprise", "plaintes reprises", false),
        (others, "autre refus repris", "autres refus repris", false),
        (summary.already, "déjà inscrit", "déjà inscrits", false),
        (summary.refused_already, "refus déjà connu", "refus déjà connus", false),
        (summary.came_back, "revenu ici depuis", "revenus ici depuis", false),
        (summary.have_left, "désinscription respectée", "désinscriptions respectées", false),
        (summary.suppressed, "adresse à ne plus solliciter", "adresses à ne plus solliciter", false),
        (summary.unconfirmed, "jamais confirmé", "jamais confirmés", false),
        (summary.not_on_list, "absent de la liste", "absents de la liste", false),
        (summary.no_letter, "sans lettre correspondante", "sans lettre correspondante", false),
        (summary.repeated, "ligne en double", "lignes en double", false),
        (summary.rejected, "ligne refusée", "lignes refusées", false),
    ] {
        if number > 0 || always {
            parts.push(count(n(number), one, many));
        }
    }
    format!("{} ({}).", parts.join(", "), count(n(summary.lines), "ligne lue", "lignes lues"))
}

/// Shows how far the import is: what is read, then what is taken in.
fn bar(progress: &Arc<Progress>) -> Bar {
    let style = style("{bar:24} {percent:>3} %  {msg}  {eta} left");
    let progress = Arc::clone(progress);
    Bar::start(move |bar| {
        let get = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let (done, lines) = (get(&progress.lines_done), get(&progress.lines));
        let (read, bytes) = (get(&progress.bytes_read), get(&progress.bytes));
        let (position, length) = if done > 0 { (done, lines) } else { (read, bytes) };
        bar.set_style(style.clone());
        bar.set_length(length);
        bar.set_position(position.min(length));
        bar.set_message(match done {
            0 => format!("{lines} lines read"),
            done => format!("{done} of {lines} lines taken in"),
        });
    })
}
