//! What one record of a file says of one reader.

use serde::{Deserialize, Serialize};

use super::columns::{Audience, Columns};
use super::date::moment;
use super::system::Field;
use crate::clock::Timestamp;
use crate::french::slug::slug;
use crate::mail::{Address, Mailbox, one_line};
use crate::subscribers::csv::Record;
use crate::subscribers::suppression::Reason;

/// What the other system says of a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    /// He reads: asked and confirmed then (epoch milliseconds), as far as it is known.
    Yes { asked: Option<i64>, confirmed: Option<i64> },
    /// He must not be mailed: why (a [`Reason`]'s text), since when, in whose words.
    No { reason: String, at: Option<i64>, words: String },
    /// He has not confirmed.
    Unconfirmed,
    /// He is known there, and not on this list.
    NotOnList,
}

/// What is wrong with a line: the field at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Reads,
    Unconfirmed,
    NotOnList,
    No(Reason),
}

impl Status {
    /// Reads a status as systems and people write it; none when it means nothing to us.
    fn read(text: &str) -> Option<Self> {
        let word = slug(text)?;
        Some(match word.as_str() {
            "subscribed" | "enabled" | "active" | "actif" | "active-e" | "inactive" | "inactif"
            | "confirmed" | "confirme" | "confirmee" | "inscrit" | "inscrite" | "abonne" | "abonnee"
            | "abonne-e" | "yes" | "oui" => Self::Reads,
            "unconfirmed" | "non-confirme" | "non-confirmee" | "non-confirme-e" | "pending"
            | "en-attente" => Self::Unconfirmed,
            "disabled" | "desactive" | "nonsubscribed" | "non-subscribed" | "transactional" | "archived"
            | "left" => Self::NotOnList,
            "bounced" | "cleaned" | "hard-bounce" | "hard-bounced" | "retourne" | "retourne-e" | "rejete" => {
                Self::No(Reason::HardBounce)
            }
            "complained" | "complaint" | "spam" | "plainte" => Self::No(Reason::Complaint),
            "unsubscribed" | "blocklisted" | "blacklisted" | "blocked" | "opted-out" | "desinscrit"
            | "desinscrite" | "desabonne" | "desabonnee" | "desabonne-e" | "bloque" | "no" | "non" => {
                Self::No(Reason::Imported)
            }
            other => Self::No(other.replace('-', "_").parse().ok()?),
        })
    }
}

/// Whether a cell says yes: `Yes`, `1`, `true`, `oui`.
fn is_yes(text: &str) -> bool {
    matches!(slug(text).as_deref(), Some("yes" | "1" | "true" | "oui" | "y" | "vrai"))
}

/// Whether a cell says no. Brevo's category attributes number their values: 2 is "No".
fn is_no(text: &str) -> bool {
    matches!(slug(text).as_deref(), Some("no" | "0" | "2" | "false" | "non" | "n" | "faux"))
}

/// Words in which Mailchimp's "unsubscribed" is a complaint.
fn complains(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["abuse", "spam", "complain", "plainte", "indésirable"].iter().any(|word| reason.contains(word))
}

impl Columns {
    /// The reader a record is about; none when it names nobody at all.
    pub(super) fn mailbox(&self, record: &Record) -> Result<Option<Mailbox>, Fault> {
        if record.cells().iter().all(|cell| cell.trim().is_empty()) {
            return Ok(None);
        }
        if record.cells().len() > self.titles.len() {
            let surplus = &record.cells()[self.titles.len()..];
            if surplus.iter().any(|cell| !cell.trim().is_empty()) {
                let (cells, titles) = (record.cells().len(), self.titles.len());
                return Err(Fault::new("line", format!("{cells} fields where the header has {titles}")));
            }
        }
        let address = self.get(record, Field::Address).unwrap_or_default();
        let address = Address::parse(address).map_err(|error| Fault::new("address", error.to_string()))?;
        let parts = [Field::FirstName, Field::LastName].map(|field| self.get(record, field));
        let name = match (self.get(record, Field::Name), parts) {
            (Some(name), _) => Some(name.to_owned()),
            (None, [None, None]) => None,
            (None, parts) => Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        };
        let mailbox = Mailbox::new(name.as_deref(), address);
        mailbox.map(Some).map_err(|error| Fault::new("name", error.to_string()))
    }

    /// What the system says of him.
    pub(super) fn verdict(&self, record: &Record, now: Timestamp) -> Result<Verdict, Fault> {
        let at = |field| self.get(record, field).and_then(|text| moment(text, now)).map(Timestamp::millis);
        let no = |reason: Reason, at: Option<i64>, said: &str| {
            let why = self.get(record, Field::Reason).map_or_else(String::new, |why| format!(" ({why})"));
            let mut words = one_line(&format!("{}: {said}{why}", self.system));
            words.truncate(words.floor_char_boundary(200));
            Verdict::No { reason: reason.to_string(), at, words }
        };
        let left = || {
            let complaint = self.get(record, Field::Reason).is_some_and(complains);
            let reason = if complaint { Reason::Complaint } else { Reason::Imported };
            no(reason, at(Field::LeftAt), "unsubscribed")
        };
        match self.audience {
            Some(Audience::Unsubscribed) => return Ok(left()),
            Some(Audience::Cleaned) => return Ok(no(Reason::HardBounce, at(Field::BouncedAt), "cleaned")),
            Some(Audience::NonSubscribed) => return Ok(Verdict::NotOnList),
            Some(Audience::Subscribed) | None => {}
        }
        let yes = || Verdict::Yes { asked: at(Field::AskedAt), confirmed: at(Field::ConfirmedAt) };
        if self.audience == Some(Audience::Subscribed) {
            return Ok(yes());
        }
        if self.get(record, Field::Blocked).is_some_and(is_yes) {
            return Ok(no(Reason::Imported, at(Field::ChangedAt), "blocklisted"));
        }
        if let Some(text) = self.get(record, Field::Suppressed) {
            let reason = text.parse().map_err(|error: String| Fault::new("suppressed", error))?;
            return Ok(no(reason, None, "suppressed"));
        }
        if self.has(Field::Status) {
            let text = self.get(record, Field::Status).unwrap_or_default();
            let status = Status::read(text)
                .ok_or_else(|| Fault::new("status", format!("`{text}` is no status that is known here")))?;
            match status {
                Status::Reads => {}
                Status::Unconfirmed => return Ok(Verdict::Unconfirmed),
                Status::NotOnList => return Ok(Verdict::NotOnList),
                Status::No(Reason::Imported) if self.has(Field::LeftAt) => return Ok(left()),
                Status::No(reason) => return Ok(no(reason, at(Field::ChangedAt), text)),
            }
        } else if self.get(record, Field::BouncedAt).is_some() {
            return Ok(no(Reason::HardBounce, at(Field::BouncedAt), "bounced"));
        } else if self.get(record, Field::LeftAt).is_some() {
            return Ok(left());
        }
        if let Some(text) = self.get(record, Field::ListStatus) {
            match Status::read(text) {
                Some(Status::Reads) => {}
                Some(Status::Unconfirmed) => return Ok(Verdict::Unconfirmed),
                _ => return Ok(Verdict::NotOnList),
            }
        }
        if self.get(record, Field::DoubleOptIn).is_some_and(is_no) {
            return Ok(Verdict::Unconfirmed);
        }
        Ok(yes())
    }

    /// The groups a record names: cells of lists are cut at commas, as far as Mailchimp's backslash does not guard them.
    pub(super) fn groups(&self, record: &Record, mut name: impl FnMut(&str, bool)) {
        for (places, listed) in [(&self.groups, true), (&self.unknown, false)] {
            for &place in places {
                if let Some(cell) = self.cell(record, place) {
                    each_group(cell, |group| name(group, listed));
                }
            }
        }
        let attributes = self.get(record, Field::Attributes).map(serde_json::from_str::<serde_json::Value>);
        if let Some(Ok(attributes)) = attributes {
            texts(&attributes, 0, &mut |text| name(text, false));
        }
    }
}

fn each_group(cell: &str, mut name: impl FnMut(&str)) {
    let mut group = String::new();
    let mut guarded = false;
    for c in cell.chars().chain([',']) {
        match c {
            '\\' if !guarded => {
                guarded = true;
                continue;
            }
            ',' | ';' | '|' if !guarded => {
                let text = group.trim().trim_matches('"').trim();
                if !text.is_empty() {
                    name(text);
                }
                group.clear();
            }
            c => group.push(c),
        }
        guarded = false;
    }
}

/// The texts in listmonk's attributes, a few floors deep.
fn texts(value: &serde_json::Value, depth: u32, name: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => name(text),
        serde_json::Value::Array(values) if depth < 4 => {
            values.iter().for_each(|value| texts(value, depth + 1, name));
        }
        serde_json::Value::Object(values) if depth < 4 => {
            values.values().for_each(|value| texts(value, depth + 1, name));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscribers::csv::cut;

    const NOW: Timestamp = Timestamp::from_millis(1_795_417_200_000);

    fn read(name: &str, header: &str, line: &str) -> Result<Verdict, Fault> {
        let columns = Columns::read(header, name, None, &[]).unwrap();
        let mut record = Record::default();
        cut(line, columns.dialect, &mut record).unwrap();
        columns.mailbox(&record)?.expect("somebody");
        columns.verdict(&record, NOW)
    }

    fn no(verdict: Result<Verdict, Fault>) -> (String, bool, String) {
        match verdict {
            Ok(Verdict::No { reason, at, words }) => (reason, at.is_some(), words),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mailchimps_unsubscribed_are_refusals_with_date_and_words() {
        let header = "\"Email Address\",UNSUB_TIME,UNSUB_REASON,LEID,EUID";
        let name = "unsubscribed_members_export_1.csv";
        let said =
            no(read(name, header, "a@exemple.tg,\"2024-01-02 03:04:05\",\"No longer interested\",1,e"));
        assert_eq!(said, ("imported".into(), true, "mailchimp: unsubscribed (No longer interested)".into()));
        let said = no(read(name, header, "a@exemple.tg,,\"N/A (Abuse complaint)\",1,e"));
        assert_eq!((said.0.as_str(), said.1), ("complaint", false));
        let said =
            no(read("cleaned_x.csv", "Email Address,CLEAN_TIME,EUID", "a@exemple.tg,2024-01-02 03:04:05,e"));
        assert_eq!((said.0.as_str(), said.1), ("hard_bounce", true));
    }

    #[test]
    fn the_statuses_of_every_system_are_understood() {
        let mailpoet = "\"Email\",\"List status\",\"Global status\"";
        let yes = Ok(Verdict::Yes { asked: None, confirmed: None });
        for (line, expected) in [
            ("a@exemple.tg,subscribed,subscribed", yes.clone()),
            ("a@exemple.tg,subscribed,inactive", yes.clone()),
            ("a@exemple.tg,subscribed,unconfirmed", Ok(Verdict::Unconfirmed)),
            ("a@exemple.tg,unsubscribed,subscribed", Ok(Verdict::NotOnList)),
            ("a@exemple.tg,,subscribed", yes.clone()),
        ] {
            assert_eq!(read("x.csv", mailpoet, line), expected, "{line}");
        }
        assert_eq!(no(read("x.csv", mailpoet, "a@exemple.tg,subscribed,bounced")).0, "hard_bounce");
        assert_eq!(read("x.csv", mailpoet, "a@exemple.tg,subscribed,curieux").unwrap_err().field, "status");

        let brevo = "EMAIL;DOUBLE_OPT-IN;EMAIL_BLACKLISTED;ADDED_TIME;MODIFIED_TIME";
        assert_eq!(read("x.csv", brevo, "a@exemple.tg;No;No;;"), Ok(Verdict::Unconfirmed));
        let blocked = no(read("x.csv", brevo, "a@exemple.tg;Yes;Yes;12-04-2022 09:30;13-04-2022 10:00"));
        assert_eq!(blocked, ("imported".into(), true, "brevo: blocklisted".into()));
        assert!(matches!(
            read("x.csv", brevo, "a@exemple.tg;Yes;No;12-04-2022 09:30;"),
            Ok(Verdict::Yes { asked: Some(1_649_755_800_000), confirmed: None })
        ));

        let listmonk = "uuid,email,name,attributes,status,created_at,updated_at";
        assert_eq!(
            no(read("x.csv", listmonk, "u,a@exemple.tg,A,{},blocklisted,,2024-01-02 03:04:05 +0000 UTC")).0,
            "imported"
        );
        assert_eq!(read("x.csv", listmonk, "u,a@exemple.tg,A,{},disabled,,"), Ok(Verdict::NotOnList));
        assert!(matches!(
            read("x.csv", listmonk, "u,a@exemple.tg,A,{},enabled,2023-01-15 10:30:00.123456 +0000 UTC,"),
            Ok(Verdict::Yes { asked: Some(_), .. })
        ));

        assert_eq!(no(read("x.csv", "courriel;statut", "a@exemple.tg;Désinscrit")).0, "imported");
        assert_eq!(read("x.csv", "courriel;statut", "a@exemple.tg;").unwrap_err().field, "status");
    }

    #[test]
    fn names_come_in_one_column_or_two() {
        let name = |header: &str, line: &str| {
            let columns = Columns::read(header, "x.csv", None, &[]).unwrap();
            let mut record = Record::default();
            cut(line, columns.dialect, &mut record).unwrap();
            columns.mailbox(&record).map(|mailbox| mailbox.map(|mailbox| mailbox.to_string()))
        };
        assert_eq!(
            name("Email;Prénom;Nom", "a@exemple.tg;Ama;Mensah"),
            Ok(Some("Ama Mensah <a@exemple.tg>".into()))
        );
        assert_eq!(name("Email;Nom", "a@exemple.tg;Mensah"), Ok(Some("Mensah <a@exemple.tg>".into())));
        assert_eq!(name("address,name", "a@exemple.tg,'=Ama"), Ok(Some("=Ama <a@exemple.tg>".into())));
        assert_eq!(name("address,name", "a@exemple.tg"), Ok(Some("a@exemple.tg".into())));
        assert_eq!(name("address,name", ","), Ok(None));
        for (line, field) in [
            ("a@localhost,", "address"),
            (",Ama", "address"),
            ("a@exemple.tg,A\u{202E}ma", "name"),
            ("a@exemple.tg,Ama,Lomé", "line"),
        ] {
            assert_eq!(name("address,name", line).unwrap_err().field, field, "{line}");
        }
    }

    #[test]
    fn groups_are_cut_where_they_end() {
        let of = |cell: &str| {
            let mut groups = Vec::new();
            each_group(cell, |group| groups.push(group.to_owned()));
            groups
        };
        assert_eq!(of(r#""VIP","Blog""#), ["VIP", "Blog"]);
        assert_eq!(of(r"Arts\, culture, Sport"), ["Arts, culture", "Sport"]);
        assert_eq!(of(" ; |"), Vec::<String>::new());
        let mut found = Vec::new();
        texts(&serde_json::json!({"ville": "Lomé", "lettres": ["Sport", 3]}), 0, &mut |text| {
            found.push(text.to_owned())
        });
        found.sort();
        assert_eq!(found, ["Lomé", "Sport"]);
    }
}
