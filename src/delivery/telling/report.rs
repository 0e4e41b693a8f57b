//! The report to the editors after an edition: in figures, once, with nobody's address.

use crate::alerts::{self, Kind};
use crate::clock::{DAY, SECOND, Timestamp};
use crate::db::Keys;
use crate::delivery::row::{self, State};
use crate::delivery::telling::balance::{self, Balance};
use crate::delivery::telling::notice::{self, Notice};
use crate::delivery::telling::sql;
use crate::delivery::telling::watch;
use crate::french::date;
use crate::french::number::{self, grouped};
use crate::html::publisher::PublisherView;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::edition::{EditionId, EditionState};
use crate::newsletters::notice_view::{NoticeBlock, NoticeCommand, NoticeMark, NoticeRow, NoticeView};
use crate::newsletters::weight::{self, Weight};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// An edition that is not settled by then (ms) is reported as it stands.
const WAIT: i64 = DAY;

/// What was released longer ago (ms) is history: nobody is told of it when reports begin.
const BACK: i64 = 7 * DAY;

#[derive(Debug, Clone, sqlx::FromRow)]
struct Unreported {
    id: EditionId,
    slug: String,
    title: String,
    slot_at: Timestamp,
    released_at: Timestamp,
    fanned_out_at: Option<Timestamp>,
    state: EditionState,
}

/// What became of rows, counted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Outcome {
    state: State,
    reason: String,
    held: bool,
    rows: i64,
    last: Option<Timestamp>,
}

/// What relays answered, counted by group and code.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Refusal {
    recipient_group: String,
    code: i64,
    words: String,
    rows: i64,
}

/// Reports every edition whose rows are settled, or that was released a day ago, to its editors. Gives which.
///
/// # Errors
/// When the store or a template fails; the rest is reported at the next call.
pub async fn report(desk: &Desk, keys: &Keys, now: Timestamp) -> anyhow::Result<Vec<EditionId>> {
    let unreported: Vec<Unreported> = fetch_all!(&desk.db, sql::UNREPORTED, now.plus(-BACK))?;
    let mut reported = Vec::new();
    for edition in unreported {
        let (open,): (bool,) = fetch_one!(&desk.db, sql::HAS_OPEN_ROWS, edition.id)?;
        let settled = edition.fanned_out_at.is_some() && !open;
        if settled || edition.released_at.plus(WAIT) <= now {
            one(desk, keys, &edition, now).await?;
            reported.push(edition.id);
        }
    }
    Ok(reported)
}

async fn one(desk: &Desk, keys: &Keys, edition: &Unreported, now: Timestamp) -> anyhow::Result<()> {
    let id = edition.id;
    watch::check_balance(&desk.db, id, now).await?;
    let balance = balance::balance(&desk.db, id).await?;
    let outcomes: Vec<Outcome> = fetch_all!(&desk.db, sql::OUTCOMES, id)?;
    let refusals: Vec<Refusal> = fetch_all!(&desk.db, sql::REFUSALS, id)?;
    let subject: Option<(String,)> = fetch_optional!(&desk.db, sql::EDITION_SUBJECT, id)?;
    let weight = weight::weight(&desk.db, id).await?;
    let expired: i64 = outcomes.iter().filter(|o| o.is_expired()).map(|o| o.rows).sum();
    let mut tx = desk.db.begin().await?;
    if execute!(&mut tx, sql::REPORT_EDITION, id, now)? == 0 {
        return Ok(()); // another node was faster
    }
    if let Some(declaration) = desk.declaration(&edition.slug)
        && !declaration.editors.is_empty()
    {
        let facts = Facts {
            edition,
            declaration,
            balance: &balance,
            outcomes: &outcomes,
            refusals: &refusals,
            subject: subject.as_ref().map(|(subject,)| subject.as_str()),
            weight,
        };
        let view = facts.view(PublisherView::from(&desk.config.publisher));
        let (key, message_id) = (format!("report:{id}"), format!("ra-{id}.{}", edition.released_at.millis()));
        let notice = Notice { kind: row::Kind::Editor, key: &key, id: &message_id, from: declaration, view };
        notice::enqueue(&mut tx, desk, keys, notice, &declaration.editors, now).await?;
    }
    tx.commit().await?;
    if expired > 0 {
        let detail = format!("{expired} not accepted in time");
        alerts::raise(&desk.db, Kind::DeliveriesExpired, &id.to_string(), &detail, now).await?;
    }
    Ok(())
}

impl Outcome {
    fn is_expired(&self) -> bool {
        self.state == State::Failed
            && (self.reason.starts_with("not accepted before") || self.reason.starts_with("unknown:"))
    }
}

struct Facts<'a> {
    edition: &'a Unreported,
    declaration: &'a Declaration,
    balance: &'a Balance,
    outcomes: &'a [Outcome],
    refusals: &'a [Refusal],
    subject: Option<&'a str>,
    weight: Weight,
}

impl Facts<'_> {
    fn moment(&self, at: Timestamp) -> String {
        date::date_at_hour(self.declaration.zone.local(at.to_utc()))
    }

    fn view(&self, publisher: PublisherView) -> NoticeView {
        let balance = self.balance;
        let name = format!("{} du {}", self.edition.title, self.moment(self.edition.slot_at));
        let open = balance.pending + balance.claimed + balance.in_doubt;
        let eligible = balance.eligible.unwrap_or(0);
        let summary = format!("{} sur {} remis au relais.", grouped(balance.sent), grouped(eligible));
        let mut intro = Vec::new();
        if let Some(subject) = self.subject {
            intro.push(format!("Objet : « {subject} »"));
        }
        intro.push(self.when(open));
        intro.extend(self.shortened());
        let mut blocks = vec![self.figures(eligible, open)];
        blocks.extend(self.not_sent());
        blocks.extend(self.answers());
        NoticeView {
            publisher,
            subject_line: format!(
                "[kiosque] Bilan : {} sur {}, {name}",
                grouped(balance.sent),
                grouped(eligible)
            ),
            summary,
            title: format!("Bilan de {name}"),
            intro,
            blocks,
            why: format!(
                "Vous recevez ce bilan, une fois par édition, parce que votre adresse est celle d’un éditeur de la \
                 lettre {}. Il ne contient l’adresse d’aucun lecteur.",
                self.declaration.title
            ),
        }
    }

    /// What was left out of mails that had grown too large.
    fn shortened(&self) -> Option<String> {
        let done = weight::in_french(self.weight.at_most())?;
        let variants = number::count(self.weight.trimmed, "version abrégée", "versions abrégées");
        let all = grouped(self.weight.variants);
        Some(format!("{variants} sur {all} pour ne pas être coupées par les messageries : au plus, {done}."))
    }

    /// When it left, and how long that took.
    fn when(&self, open: i64) -> String {
        let released = self.moment(self.edition.released_at);
        let last = self.outcomes.iter().filter(|o| o.state == State::Sent).filter_map(|o| o.last).max();
        if self.edition.state == EditionState::Stopped {
            return format!("Partie le {released}, puis arrêtée : ce qui n’était pas encore parti attend.");
        }
        match last {
            Some(last) if open == 0 && last < self.edition.released_at.plus(2 * SECOND) => {
                format!("Partie le {released}, remise au relais aussitôt.")
            }
            Some(last) if open == 0 => format!(
                "Partie le {released} ; dernier message remis au relais {} après.",
                duration(last.millis() - self.edition.released_at.millis())
            ),
            Some(_) => format!("Partie le {released}. Un jour après, tout n’est pas encore parti."),
            None => format!("Partie le {released}. Aucun message n’a été remis au relais."),
        }
    }

    fn figures(&self, eligible: i64, open: i64) -> NoticeBlock {
        let balance = self.balance;
        let row = |rows: i64, one: &str, many: &str| NoticeRow {
            label: crate::french::number::plural(rows, one, many).to_owned(),
            value: grouped(rows),
        };
        let mut rows = vec![
            row(eligible, "lecteur attendait cette édition", "lecteurs attendaient cette édition"),
            row(balance.sent, "message remis au relais", "messages remis au relais"),
        ];
        let held = balance.held;
        for (number, one, many) in [
            (balance.failed, "message refusé ou jamais accepté", "messages refusés ou jamais acceptés"),
            (balance.cancelled, "message retiré avant l’envoi", "messages retirés avant l’envoi"),
            (open - held, "message encore en route", "messages encore en route"),
            (held, "message retenu, qui attend une décision", "messages retenus, qui attendent une décision"),
            (
                balance.missing(),
                "lecteur sans message : une faute du programme",
                "lecteurs sans message : une faute du programme",
            ),
        ] {
            if number != 0 {
                rows.push(row(number, one, many));
            }
        }
        let well = balance.failed + open == 0 && balance.missing() == 0;
        NoticeBlock {
            mark: if well { NoticeMark::Over } else { NoticeMark::Plain },
            label: String::new(),
            heading: if well { "Tout est parti" } else { "En chiffres" }.to_owned(),
            paragraphs: Vec::new(),
            rows,
            commands: Vec::new(),
            detail: None,
        }
    }

    /// Why some got nothing, in words.
    fn not_sent(&self) -> Option<NoticeBlock> {
        let mut rows: Vec<NoticeRow> = Vec::new();
        for outcome in self.outcomes {
            let label = match outcome.state {
                State::Failed | State::Cancelled => reason(&outcome.reason),
                _ if outcome.held => format!("retenu : {}", reason(&outcome.reason)),
                _ => continue,
            };
            rows.push(NoticeRow { label, value: grouped(outcome.rows) });
        }
        let id = self.edition.id;
        (!rows.is_empty()).then(|| NoticeBlock {
            mark: NoticeMark::Plain,
            label: String::new(),
            heading: "Qui n’a rien reçu, et pourquoi".to_owned(),
            paragraphs: Vec::new(),
            rows,
            commands: vec![
                NoticeCommand {
                    what: "Voir lesquels".to_owned(),
                    line: format!("kiosque delivery list --edition {id} --state failed"),
                },
                NoticeCommand {
                    what: "L’histoire d’un lecteur".to_owned(),
                    line: format!("kiosque explain ADRESSE --edition {id}"),
                },
            ],
            detail: None,
        })
    }

    /// What relays said most often.
    fn answers(&self) -> Option<NoticeBlock> {
        let rows: Vec<NoticeRow> = self
            .refusals
            .iter()
            .map(|refusal| NoticeRow {
                value: grouped(refusal.rows),
                label: format!("{} : {}", refusal.recipient_group, answer(refusal)),
            })
            .collect();
        (!rows.is_empty()).then(|| NoticeBlock {
            mark: NoticeMark::Plain,
            label: String::new(),
            heading: "Ce que les relais ont répondu le plus souvent".to_owned(),
            paragraphs: Vec::new(),
            rows,
            commands: Vec::new(),
            detail: None,
        })
    }
}

/// A relay's words without anything that looks like an address.
fn answer(refusal: &Refusal) -> String {
    let masked: Vec<&str> =
        refusal.words.split_whitespace().map(|word| if word.contains('@') { "…" } else { word }).collect();
    let words = crate::html::excerpt(&masked.join(" "), 100);
    match refusal.code {
        0 if words.is_empty() => "aucune réponse".to_owned(),
        0 => words,
        code => format!("{code} {words}"),
    }
}

/// Why a row was not sent, in French; what is not known here is shown as it stands.
pub fn reason(stored: &str) -> String {
    let known = match stored {
        "" => "sans raison notée",
        "the address was refused" => "l’adresse a été refusée",
        "the message was refused" => "le message a été refusé",
        "not accepted before it expired" => "pas accepté avant l’échéance",
        "the address must not be mailed" => "l’adresse est sur la liste d’opposition",
        "the reader had everything erased" => "le lecteur a fait effacer ses données",
        "the reader has left" => "le lecteur s’est désinscrit entre-temps",
        "the reader has suspended it" => "le lecteur a suspendu l’envoi entre-temps",
        "the confirmation was answered" => "la demande de confirmation n’avait plus d’objet",
        "no article left in the reader's rubrics" => "plus aucun article dans ses rubriques",
        "edition stopped" => "l’édition a été arrêtée",
        "operator" => "par l’opérateur",
        "in doubt: the relay may have it" => "dans le doute : le relais l’a peut-être",
        "its bytes would differ from those sent before" => "il ne serait plus le même que celui déjà envoyé",
        "the program failed while sending it; see the log" => {
            "le programme a échoué en l’envoyant ; voir le journal"
        }
        other if other.starts_with("unknown:") => "aucune réponse du relais : sort inconnu",
        other if other.starts_with("it cannot be made") => "le message n’a pas pu être composé",
        other => return other.to_owned(),
    };
    known.to_owned()
}

/// « 12 s », « 3 min 5 s », « 2 h 10 min ».
pub fn duration(ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1000;
    let unit = |number: i64, unit: &str| format!("{}\u{a0}{unit}", grouped(number));
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => unit(s, "s"),
        (0, m, 0) => unit(m, "min"),
        (0, m, s) => format!("{} {}", unit(m, "min"), unit(s, "s")),
        (h, 0, _) => unit(h, "h"),
        (h, m, _) => format!("{} {}", unit(h, "h"), unit(m, "min")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_one_says_them() {
        for (ms, expected) in [
            (499, "0\u{a0}s"),
            (12_000, "12\u{a0}s"),
            (185_000, "3\u{a0}min 5\u{a0}s"),
            (240_000, "4\u{a0}min"),
            (7_800_000, "2\u{a0}h 10\u{a0}min"),
            (-5, "0\u{a0}s"),
        ] {
            assert_eq!(duration(ms), expected);
        }
    }

    #[test]
    fn a_relays_words_carry_no_address_into_the_report() {
        let refusal = Refusal {
            recipient_group: "orange.fr".to_owned(),
            code: 550,
            words: "5.1.1 <afi@orange.fr>: unknown  user".to_owned(),
            rows: 2,
        };
        assert_eq!(answer(&refusal), "550 5.1.1 … unknown user");
    }
}
