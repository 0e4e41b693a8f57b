//! The first line of a file: where what stands.

use std::collections::BTreeMap;

use super::system::{Field, System};
use crate::french::slug::slug;
use crate::subscribers::csv::{Dialect, Record, cut};

/// Which of Mailchimp's files one is: they have no column that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Subscribed,
    Unsubscribed,
    Cleaned,
    /// Customers who never subscribed.
    NonSubscribed,
}

impl Audience {
    /// By the file's name: `unsubscribed_members_export_1a2b3c.csv`, `cleaned_email_audience_export_1a2b3c.csv`.
    fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        [
            ("nonsubscribed", Self::NonSubscribed),
            ("non-subscribed", Self::NonSubscribed),
            ("unsubscribed", Self::Unsubscribed),
            ("cleaned", Self::Cleaned),
            ("subscribed", Self::Subscribed),
        ]
        .into_iter()
        .find_map(|(word, audience)| name.contains(word).then_some(audience))
    }
}

/// A file's columns.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) system: System,
    pub(super) audience: Option<Audience>,
    pub(super) dialect: Dialect,
    /// The titles as they stand.
    pub(super) titles: Vec<String>,
    fields: BTreeMap<Field, usize>,
    /// Columns with groups, and those nobody knows: their cells may name a group too.
    pub(super) groups: Vec<usize>,
    pub(super) unknown: Vec<usize>,
}

/// What separates the cells of a file whose first line this is: what stands in it most often, outside quotation marks.
pub(super) fn separator(line: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| *separator == byte && !quoted) {
            *count += 1;
        }
    }
    // The last of equals: a comma when there is none at all.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

impl Columns {
    /// Reads the first line of the file called `name`. `system` none: it is told by the columns. `named` gives fields
    /// the titles of their columns (both as the operator wrote them), an empty one for none.
    pub(super) fn read(
        line: &str,
        name: &str,
        system: Option<System>,
        named: &[(Field, String)],
    ) -> Result<Self, String> {
        let separator = separator(line);
        let mut record = Record::default();
        cut(line, Dialect { separator, backslash: false }, &mut record).map_err(|error| error.to_string())?;
        let titles: Vec<String> = record.cells().iter().map(|title| title.trim().to_owned()).collect();
        let slugs: Vec<String> = titles.iter().map(|title| slug(title).unwrap_or_default()).collect();
        let system = match (system, System::of(&slugs)) {
            (Some(System::Csv), _) | (None, None) => System::Csv,
            (Some(system), _) => system,
            (None, Some(found)) => found,
        };
        let mut columns = Self {
            system,
            audience: None,
            dialect: Dialect { separator, backslash: system == System::MailPoet },
            titles,
            fields: BTreeMap::new(),
            groups: vec![],
            unknown: vec![],
        };
        // "Adresse" beside "E-mail" is where somebody lives.
        let sure = |title: &str| ["mail", "courriel", "messagerie"].iter().any(|word| title.contains(word));
        let is_address = |title: &str| system.field(title) == Some(Field::Address);
        let surely = slugs.iter().any(|title| is_address(title) && sure(title));
        for (place, title) in slugs.iter().enumerate() {
            match system.field(title) {
                Some(Field::Address) if surely && !sure(title) => columns.unknown.push(place),
                Some(Field::Groups) => columns.groups.push(place),
                Some(Field::Ignored) => {}
                Some(field) => {
                    let other = columns.fields.insert(field, place);
                    if let Some(other) = other
                        && field == Field::Address
                        && !named.iter().any(|(field, _)| *field == Field::Address)
                    {
                        let (one, two) = (&columns.titles[other], &columns.titles[place]);
                        return Err(format!(
                            "both `{one}` and `{two}` could hold the address; say which: --column address={one}"
                        ));
                    }
                }
                None if title.is_empty() => {}
                None => columns.unknown.push(place),
            }
        }
        for (field, title) in named {
            columns.fields.remove(field);
            let wanted = slug(title).unwrap_or_default();
            if wanted.is_empty() {
                continue;
            }
            let Some(place) = slugs.iter().position(|slug| *slug == wanted) else {
                return Err(format!(
                    "no column is called `{title}`; there are: {}",
                    columns.titles.join(", ")
                ));
            };
            columns.unknown.retain(|&other| other != place);
            columns.fields.retain(|_, other| *other != place);
            if *field == Field::Groups {
                columns.groups.push(place);
            } else {
                columns.fields.insert(*field, place);
            }
        }
        if !columns.fields.contains_key(&Field::Address) {
            return Err(match slugs.iter().all(|slug| slug.is_empty()) {
                true => "the file is empty; its first line names the columns".to_owned(),
                false => format!(
                    "none of the columns holds an address: {}; say which: --column address=TITLE",
                    columns.titles.join(", ")
                ),
            });
        }
        if system == System::Mailchimp {
            columns.audience = Audience::of(name).or_else(|| {
                if columns.has(Field::BouncedAt) {
                    Some(Audience::Cleaned)
                } else if columns.has(Field::LeftAt) {
                    Some(Audience::Unsubscribed)
                } else {
                    None
                }
            });
        }
        Ok(columns)
    }

    /// Whether the file has such a column.
    pub(super) fn has(&self, field: Field) -> bool {
        self.fields.contains_key(&field)
    }

    /// What a record says of `field`: none when it says nothing.
    pub(super) fn get<'a>(&self, record: &'a Record, field: Field) -> Option<&'a str> {
        self.cell(record, *self.fields.get(&field)?)
    }

    /// The cell at `place`, without what guards it against being calculated; none when it is empty.
    pub(super) fn cell<'a>(&self, record: &'a Record, place: usize) -> Option<&'a str> {
        let cell = crate::subscribers::csv::plain(record.cells().get(place)?).trim();
        (!cell.is_empty()).then_some(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Columns, String> {
        Columns::read(line, "x.csv", None, &[])
    }

    #[test]
    fn separators_are_told_by_the_first_line() {
        for (line, expected) in
            [("address", b','), ("a;b,c;d", b';'), ("a\tb", b'\t'), ("\"a;b;c\",d", b','), ("a|b", b'|')]
        {
            assert_eq!(separator(line), expected, "{line}");
        }
    }

    #[test]
    fn the_exports_of_other_systems_are_known_by_their_columns() {
        for (line, system) in [
            (
                "\"Email Address\",\"First Name\",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,LEID,EUID,NOTES,TAGS",
                System::Mailchimp,
            ),
            (
                "\"Email\",\"First name\",\"Last name\",\"List status\",\"Global status\",\"List\"",
                System::MailPoet,
            ),
            (
                "\"E-mail\",\"Prénom\",\"Nom\",\"Statut de la liste\",\"Statut global\",\"Liste\"",
                System::MailPoet,
            ),
            (
                "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;SMS;DOUBLE_OPT-IN;OPT_IN;ADDED_TIME;MODIFIED_TIME",
                System::Brevo,
            ),
            ("uuid,email,name,attributes,status,created_at,updated_at", System::Listmonk),
            ("Prénom;Nom;Courriel;Ville", System::Csv),
        ] {
            let columns = read(line).unwrap();
            assert_eq!(columns.system, system, "{line}");
            assert!(columns.has(Field::Address), "{line}");
        }
    }

    #[test]
    fn a_file_without_one_column_of_addresses_is_refused() {
        for line in ["", "ama@exemple.tg", "nom;prénom", "email,courriel"] {
            assert!(read(line).is_err(), "{line:?}");
        }
        let columns = read("\"Email Address\",Adresse").unwrap();
        assert_eq!((columns.fields[&Field::Address], &columns.unknown[..]), (0, &[1][..]));
        let named = [(Field::Address, "Contact".to_owned())];
        assert!(Columns::read("Nom;Contact", "x.csv", None, &named).is_ok());
        assert!(Columns::read("Nom;Adresse", "x.csv", None, &named).is_err());
    }

    #[test]
    fn mailchimps_files_are_told_apart_by_name_and_columns() {
        let of = |name, line| Columns::read(line, name, Some(System::Mailchimp), &[]).unwrap().audience;
        assert_eq!(of("nonsubscribed_members_export_1.csv", "Email Address"), Some(Audience::NonSubscribed));
        assert_eq!(of("unsubscribed_members_export_1.csv", "Email Address"), Some(Audience::Unsubscribed));
        assert_eq!(of("cleaned_email_audience_export_1.csv", "Email Address"), Some(Audience::Cleaned));
        assert_eq!(
            of("subscribed_members_export_1.csv", "Email Address,UNSUB_TIME"),
            Some(Audience::Subscribed)
        );
        assert_eq!(of("a.csv", "Email Address,CLEAN_TIME"), Some(Audience::Cleaned));
        assert_eq!(of("a.csv", "Email Address,UNSUB_TIME"), Some(Audience::Unsubscribed));
        assert_eq!(of("a.csv", "Email Address"), None);
    }
}
