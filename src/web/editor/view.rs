//! How an edition stands, in the words of its page.

use super::{Opened, act};
use crate::app::App;
use crate::clock::{MINUTE, Timestamp};
use crate::delivery::telling::editors::OPEN_AFTER;
use crate::french::date::date_at_hour;
use crate::french::number::{grouped, plural};
use crate::html::editor_pages::{EditorAct, EditorItem, EditorSaid, EditorSection, EditorView};
use crate::newsletters::editing::history::{self, Act, Done};
use crate::newsletters::editing::look::{self, Item, Standing};
use crate::newsletters::edition::EditionState;
use crate::newsletters::online;
use crate::newsletters::zone::Zone;
use crate::web::refusal::Failure;
use chrono::NaiveDateTime;

pub(super) async fn view(
    app: &App,
    opened: &Opened,
    said: Option<EditorSaid>,
) -> Result<EditorView, Failure> {
    let now = app.clock.now();
    let standing = look::standing(&app.desk, opened.edition, now).await?;
    let edition = &standing.edition;
    let declaration = app.desk.declared(&edition.slug)?;
    let local = Local(declaration.zone);
    let open = edition.state == EditionState::Frozen;
    let under_way = edition.state == EditionState::Released;
    let mut sections = Vec::new();
    let mut before = 0;
    let mut add = |name: String, announced: bool, leads: bool, items: &[Item]| {
        let mut shown = Vec::new();
        for item in items {
            shown.push(EditorItem { before, leads, ..local.item(item, String::new()) });
            before = item.article.0;
        }
        if !shown.is_empty() {
            sections.push(EditorSection { name, announced, items: shown });
        }
    };
    if let Some(lead) = &standing.lead {
        add(format!("À la une – {}", lead.rubric), false, true, std::slice::from_ref(lead));
    }
    for (rubric, items) in &standing.sections {
        add(rubric.clone(), false, false, items);
    }
    add("Annoncés par leur titre".to_owned(), true, false, &standing.announced);
    let proposed = edition.due_at.max(now).plus(30 * MINUTE);
    let postpone = [proposed, now.plus(MINUTE), now.plus(act::POSTPONED_MOST)].map(|at| local.field(at));
    let history = history::of(&app.db, opened.edition).await?;
    let web_url = edition.web_name.as_ref().filter(|_| edition.released_at.is_some());
    Ok(EditorView {
        token: opened.token.clone(),
        letter: declaration.title.clone(),
        date: local.at(edition.slot_at),
        standing: sentences(&standing, &local, now),
        open,
        waits: open && edition.approved_at.is_none(),
        can_stop: open || under_way,
        can_resume: edition.state == EditionState::Stopped && edition.released_at.is_some(),
        rectify_until: edition.released_at.map(|_| local.at(edition.expires_at.plus(OPEN_AFTER))),
        greets: declaration.greeting,
        revision: edition.revision,
        subject: standing.subject.clone(),
        own_subject: standing.words.subject.clone().unwrap_or_default(),
        note: standing.words.note.clone().unwrap_or_default(),
        count: standing.items().count(),
        sections,
        offered: standing.offered.iter().map(|item| local.item(item, local.published(item))).collect(),
        left_out: if open {
            let why = |for_good| match for_good {
                true => "Ne sera jamais envoyé",
                false => "L’édition suivante pourra le prendre",
            };
            standing
                .left_out
                .iter()
                .map(|(item, for_good)| local.item(item, why(*for_good).to_owned()))
                .collect()
        } else {
            Vec::new()
        },
        postpone,
        web_url: web_url.map(|name| online::edition_url(&app.config.public_url, &declaration.slug, name)),
        editor: opened.who.clone(),
        history: history.iter().rev().map(|done| local.act(done)).collect(),
        said,
    })
}

/// The letter's clock.
struct Local(Zone);

impl Local {
    fn at(&self, at: Timestamp) -> NaiveDateTime {
        self.0.local(at.to_utc())
    }

    fn told(&self, at: Timestamp) -> String {
        date_at_hour(self.at(at))
    }

    /// As a form has it.
    fn field(&self, at: Timestamp) -> String {
        self.at(at).format("%Y-%m-%dT%H:%M").to_string()
    }

    /// « Économie, lundi 23 novembre 2026 à 7 h ».
    fn published(&self, item: &Item) -> String {
        let at = self.told(item.published_at);
        if item.rubric.is_empty() { at } else { format!("{}, {at}", item.rubric) }
    }

    fn item(&self, item: &Item, fine: String) -> EditorItem {
        EditorItem {
            id: item.article.0,
            before: 0,
            title: item.title.clone(),
            summary: item.summary.clone(),
            newsroom_title: item.newsroom_title.clone(),
            reworded: item.reworded,
            rubric: item.rubric.clone(),
            leads: false,
            up: item.up,
            down: item.down,
            fine,
        }
    }

    fn act(&self, done: &Done) -> EditorAct {
        let title = done.title.as_ref().map(|title| format!("« {title} »")).unwrap_or_default();
        let who = if done.who == "operator" { "L’opérateur" } else { &done.who };
        let what = match done.act {
            Act::Lead => format!("a mis en tête {title}"),
            Act::Up => format!("a monté {title}"),
            Act::Down => format!("a descendu {title}"),
            Act::LeaveOut => format!("a retiré {title} de cette édition"),
            Act::Never => format!("a écarté pour de bon {title}"),
            Act::Add => format!("a ajouté {title}"),
            Act::Words => format!("a récrit pour cette édition {title}"),
            Act::Note => "a changé la note".to_owned(),
            Act::Subject => "a changé l’objet".to_owned(),
            Act::Test => "s’est envoyé un essai".to_owned(),
            Act::Approve => "a approuvé l’édition".to_owned(),
            Act::Postpone => {
                let to = done.detail.as_deref().and_then(|to| to.parse().ok()).map(Timestamp::from_millis);
                format!("a reporté l’édition au {}", to.map(|to| self.told(to)).unwrap_or_default())
            }
            Act::Stop => "a arrêté l’édition".to_owned(),
            Act::Resume => "a fait repartir l’envoi".to_owned(),
            Act::Rectify => {
                format!("a rectifié {title} : « {} »", done.detail.as_deref().unwrap_or_default())
            }
        };
        EditorAct { at: self.at(done.at), what: format!("{who} {what}") }
    }
}

/// How it stands; the first sentence says it.
fn sentences(standing: &Standing, local: &Local, now: Timestamp) -> Vec<String> {
    let edition = &standing.edition;
    let readers =
        format!("{} {}", grouped(standing.readers), plural(standing.readers, "lecteur", "lecteurs"));
    let due = local.told(edition.due_at);
    match (edition.state, edition.released_at) {
        (EditionState::Frozen, _) if edition.approved_at.is_none() => {
            let first = if edition.due_at <= now {
                format!("Elle attend votre accord pour partir, à {readers}.")
            } else {
                format!("Elle attend votre accord pour partir le {due}, à {readers}.")
            };
            let ends = local.told(edition.expires_at);
            vec![
                first,
                format!("Sans accord avant le {ends}, elle est abandonnée et ses articles reviennent."),
            ]
        }
        (EditionState::Frozen, _) if edition.due_at <= now => {
            vec![format!("Approuvée : elle part dans un instant, à {readers}.")]
        }
        (EditionState::Frozen, _) => {
            vec![format!("Elle part le {due}, à {readers}."), "Vous pouvez la changer jusque-là.".to_owned()]
        }
        (EditionState::Released, at) => vec![
            format!("Partie le {}.", at.map(|at| local.told(at)).unwrap_or_default()),
            "Rien ne peut plus y être changé ; une erreur peut être rectifiée.".to_owned(),
        ],
        (EditionState::Stopped, Some(_)) => {
            vec!["L’envoi est arrêté : ce qui n’était pas encore parti attend.".to_owned()]
        }
        (EditionState::Stopped, None) => {
            vec![
                "Elle ne partira pas : ses articles sont revenus et l’édition suivante peut les prendre."
                    .to_owned(),
            ]
        }
        (EditionState::Expired, _) => {
            vec!["Abandonnée : son heure est passée. Ses articles sont revenus.".to_owned()]
        }
    }
}
