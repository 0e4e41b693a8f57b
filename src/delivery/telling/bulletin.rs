//! Bulletins: what is wrong and what is over, told to a person by mail and handed to the other ways.
//!
//! All in one transaction: the mails' rows, the calls to be made and the marks, so that a kill tells nothing twice and
//! forgets nothing.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alerts::words::{Words, words};
use crate::alerts::{self, Alert, Due, Kind};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::db::{Keys, Tx};
use crate::delivery::row;
use crate::delivery::telling::notice::{self, Notice};
use crate::delivery::telling::sql::{self, ADD_ALERT_CALL};
use crate::french::style::Style;
use crate::french::{date, number};
use crate::html::publisher::PublisherView;
use crate::mail::Address;
use crate::newsletters::desk::Desk;
use crate::newsletters::notice_view::{NoticeBlock, NoticeCommand, NoticeMark, NoticeView};
use crate::newsletters::slot::SlotKey;
use crate::newsletters::zone::Zone;
use crate::{execute, fetch_optional, text_enum};

text_enum! {
    /// A way besides mail.
    Way {
        /// JSON by POST.
        Webhook = "webhook",
        /// JSON on a program's standard input.
        Command = "command",
    }
}

impl Way {
    /// The ways that the configuration names.
    pub fn configured(config: &Config) -> Vec<Self> {
        let webhook = config.alerts.webhook.is_some().then_some(Self::Webhook);
        let command = (!config.alerts.command.is_empty()).then_some(Self::Command);
        [webhook, command].into_iter().flatten().collect()
    }
}

/// More are counted, not listed.
const LISTED: usize = 20;

/// An alert with its words.
#[derive(Debug, Clone)]
struct Item {
    alert: Alert,
    name: String,
    words: Words,
}

/// What one bulletin says.
#[derive(Debug, Clone)]
pub struct Bulletin {
    raised: Vec<Item>,
    ended: Vec<Item>,
    zone: Zone,
    now: Timestamp,
}

/// Tells what is due: puts mails in the queue and calls in theirs. Gives whether anything was told; then wake the pump.
/// To be called every few seconds by any number of nodes.
///
/// # Errors
/// When the store or a template fails; nothing is told then, and nothing forgotten.
pub async fn tell(desk: &Desk, keys: &Keys, now: Timestamp) -> anyhow::Result<bool> {
    let mut tx = desk.db.begin().await?;
    let told = alerts::take_turn(&mut tx, now).await?;
    let living = alerts::living(&mut tx).await?;
    let due = alerts::due(&living, told, now);
    if !due.is_silent() {
        let bulletin = Bulletin::of(desk, &mut tx, &due, now).await?;
        bulletin.mail(desk, keys, &mut tx).await?;
        let body = bulletin.json(&desk.config).to_string();
        for way in Way::configured(&desk.config) {
            execute!(&mut tx, ADD_ALERT_CALL, way, body.as_str(), now)?;
        }
    }
    alerts::mark(&mut tx, &due, now).await?;
    tx.commit().await?;
    Ok(!due.is_silent())
}

/// Who is told by mail: the addresses of `[alerts] mail`, else the editors of every newsletter, each once.
pub fn recipients(desk: &Desk) -> Vec<Address> {
    let mut all: Vec<Address> = match &desk.config.alerts.mail {
        Some(named) => named.iter().filter_map(|text| Address::parse(text.get_ref()).ok()).collect(),
        None => desk.newsletters.iter().flat_map(|newsletter| newsletter.editors.clone()).collect(),
    };
    all.sort();
    all.dedup();
    all
}

/// The newsroom's own clock: that of its first newsletter.
fn zone(desk: &Desk) -> Zone {
    let first = desk.newsletters.first().map(|newsletter| newsletter.zone);
    first.unwrap_or_default()
}

impl Bulletin {
    /// The bulletin about one alert, for who tells without the store: the names are then the subjects.
    pub fn about(desk: &Desk, alert: Alert, now: Timestamp) -> Self {
        let item = Item {
            words: words(alert.kind, &alert.subject, &alert.subject),
            name: alert.subject.clone(),
            alert,
        };
        Self { raised: vec![item], ended: Vec::new(), zone: zone(desk), now }
    }

    async fn of(desk: &Desk, tx: &mut Tx, due: &Due, now: Timestamp) -> anyhow::Result<Self> {
        let mut names = BTreeMap::new();
        let (mut raised, mut ended) = (Vec::new(), Vec::new());
        for (alerts, items) in [(&due.raised, &mut raised), (&due.ended, &mut ended)] {
            for alert in alerts {
                let key = (alert.kind, alert.subject.clone());
                if !names.contains_key(&key) {
                    names.insert(key.clone(), name_of(desk, tx, alert).await?);
                }
                let name = names[&key].clone();
                items.push(Item {
                    alert: alert.clone(),
                    words: words(alert.kind, &alert.subject, &name),
                    name,
                });
            }
        }
        Ok(Self { raised, ended, zone: zone(desk), now })
    }

    /// « lundi 23 novembre 2026 à 7 h 05 » on the newsroom's clock.
    fn moment(&self, at: Timestamp) -> String {
        date::date_at_hour(self.zone.local(at.to_utc()))
    }

    /// One sentence: the only thing that is told, or how many there are.
    fn headline(&self) -> String {
        match (self.raised.as_slice(), self.ended.as_slice()) {
            ([one], []) => one.words.title.clone(),
            ([], [one]) if !one.words.ended.is_empty() => format!("Fin d’alerte : {}", one.words.title),
            ([], _) => number::count(count(&self.ended), "alerte est finie", "alertes sont finies"),
            (_, []) => number::count(count(&self.raised), "alerte", "alertes"),
            (_, _) => format!(
                "{}, {}",
                number::count(count(&self.raised), "alerte", "alertes"),
                number::count(count(&self.ended), "autre finie", "autres finies")
            ),
        }
    }

    fn alarm(&self, item: &Item) -> NoticeBlock {
        let alert = &item.alert;
        let seen = match alert.kind.is_event() {
            true => format!("Constaté {}.", le(&self.moment(alert.since))),
            false if alert.count > 1 => {
                format!(
                    "Depuis {}, constaté {} fois.",
                    le(&self.moment(alert.since)),
                    number::grouped(alert.count)
                )
            }
            false => format!("Depuis {}.", le(&self.moment(alert.since))),
        };
        NoticeBlock {
            mark: NoticeMark::Alarm,
            label: "Alerte".to_owned(),
            heading: item.words.title.clone(),
            paragraphs: vec![seen, item.words.means.to_owned()],
            rows: Vec::new(),
            commands: item
                .words
                .to_do
                .iter()
                .map(|step| NoticeCommand { what: step.what.to_owned(), line: step.line.clone() })
                .collect(),
            detail: (!alert.detail.is_empty()).then(|| alert.detail.clone()),
        }
    }

    fn over(&self, item: &Item) -> NoticeBlock {
        let ended = item.alert.ended_at.unwrap_or(self.now);
        let lasted = format!("L’alerte a duré : {} – {}.", self.moment(item.alert.since), self.moment(ended));
        NoticeBlock {
            mark: NoticeMark::Over,
            label: "Fin d’alerte".to_owned(),
            heading: item.words.ended.trim_end_matches('.').to_owned(),
            paragraphs: vec![lasted],
            rows: Vec::new(),
            commands: Vec::new(),
            detail: None,
        }
    }

    /// The mail that says it.
    fn view(&self, desk: &Desk) -> NoticeView {
        let headline = self.headline();
        // What one block says by itself is not said twice.
        let title = match (self.raised.len(), self.ended.len()) {
            (1, 0) => "Une alerte".to_owned(),
            (0, 1) => "Fin d’alerte".to_owned(),
            _ => headline.clone(),
        };
        let raised = self.raised.iter().map(|item| self.alarm(item));
        let ended = self.ended.iter().map(|item| self.over(item));
        let all: Vec<NoticeBlock> = raised.chain(ended).collect();
        let more = all.len().saturating_sub(LISTED);
        let intro = match more {
            0 => Vec::new(),
            more => vec![format!(
                "Les {LISTED} premières sont ci-dessous. {} : « kiosque status » les montre.",
                number::count(i64::try_from(more).unwrap_or(i64::MAX), "autre suit", "autres suivent")
            )],
        };
        let summary =
            self.raised.first().map_or("Tout va de nouveau bien de ce côté.", |item| item.words.means);
        NoticeView {
            publisher: PublisherView::from(&desk.config.publisher),
            subject_line: format!("[kiosque] {headline}"),
            summary: summary.to_owned(),
            title,
            intro,
            blocks: all.into_iter().take(LISTED).collect(),
            why: format!(
                "Vous recevez ce message parce que kiosque ({}) prévient cette adresse quand quelque chose ne va pas.",
                desk.config.public_url.host()
            ),
        }
    }

    async fn mail(&self, desk: &Desk, keys: &Keys, tx: &mut Tx) -> anyhow::Result<()> {
        let (to, Some(from)) = (recipients(desk), desk.newsletters.first()) else { return Ok(()) };
        if to.is_empty() {
            return Ok(());
        }
        let id = Uuid::now_v7().simple().to_string();
        let (key, message_id) = (format!("alert:{id}"), format!("al-{id}"));
        let notice =
            Notice { kind: row::Kind::Notice, key: &key, id: &message_id, from, view: self.view(desk) };
        notice::enqueue(tx, desk, keys, notice, &to, self.now).await?;
        Ok(())
    }

    /// What the other ways are given. `text` is for chat programs.
    pub fn json(&self, config: &Config) -> Value {
        let style = Style::from(&config.french);
        let set = |text: &str| style.text(text);
        let item = |item: &Item, title: &str| {
            let steps =
                item.words.to_do.iter().map(|step| json!({ "what": set(step.what), "line": step.line }));
            json!({
                "kind": item.alert.kind,
                "subject": item.alert.subject,
                "name": set(&item.name),
                "title": set(title),
                "means": set(item.words.means),
                "to_do": steps.collect::<Vec<_>>(),
                "since": item.alert.since,
                "ended_at": item.alert.ended_at,
                "count": item.alert.count,
                "detail": item.alert.detail,
            })
        };
        json!({
            "kiosque": config.public_url.as_str(),
            "at": self.now,
            "text": self.text(style),
            "raised": self.raised.iter().map(|i| item(i, &i.words.title)).collect::<Vec<_>>(),
            "ended": self.ended.iter().map(|i| item(i, &i.words.ended)).collect::<Vec<_>>(),
        })
    }

    /// A few lines that say all.
    fn text(&self, style: Style) -> String {
        let mut lines = Vec::new();
        for item in self.raised.iter().take(LISTED) {
            lines.push(format!("Alerte : {}. {}", item.words.title, item.words.means));
            for step in &item.words.to_do {
                lines.push(format!("{} : {}", step.what, step.line));
            }
        }
        for item in self.ended.iter().take(LISTED) {
            lines.push(format!("Fin d’alerte : {}", item.words.ended));
        }
        lines.iter().map(|line| style.text(line)).collect::<Vec<_>>().join("\n")
    }
}

fn count(items: &[Item]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// A day has its article in a sentence: « depuis le lundi 23 novembre ».
fn le(moment: &str) -> String {
    format!("le {moment}")
}

/// How people call what the alert is about.
async fn name_of(desk: &Desk, tx: &mut Tx, alert: &Alert) -> sqlx::Result<String> {
    Ok(match alert.kind {
        Kind::EditionPaused | Kind::BalanceOff | Kind::DeliveriesHeld | Kind::DeliveriesExpired => {
            edition_name(desk, tx, &alert.subject).await?.unwrap_or_else(|| alert.subject.clone())
        }
        Kind::SlotMissed | Kind::SlotUnapproved => slot_name(desk, &alert.subject),
        _ => alert.subject.clone(),
    })
}

/// « La Matinale du lundi 23 novembre 2026 à 7 h » by the edition's number.
async fn edition_name(desk: &Desk, tx: &mut Tx, number: &str) -> sqlx::Result<Option<String>> {
    let Ok(id) = number.parse::<i64>() else { return Ok(None) };
    let row: Option<(String, String, Timestamp)> = fetch_optional!(tx, sql::EDITION_NAME, id)?;
    Ok(row.map(|(slug, title, at)| {
        let declared = desk.declaration(&slug);
        let zone = declared.map_or_else(|| zone(desk), |declaration| declaration.zone);
        format!("{title} du {}", date::date_at_hour(zone.local(at.to_utc())))
    }))
}

/// The same by the newsletter's slug and the slot's key.
fn slot_name(desk: &Desk, subject: &str) -> String {
    let (slug, key) = subject.split_once(' ').unwrap_or((subject, ""));
    let title = desk.declaration(slug).map_or(slug, |declaration| declaration.title.as_str());
    let wall: Option<NaiveDateTime> = SlotKey::parse(key).ok().and_then(SlotKey::wall_clock);
    match wall {
        Some(wall) => format!("{title} du {}", date::date_at_hour(wall)),
        None => title.to_owned(),
    }
}
