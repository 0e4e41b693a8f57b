//! Which system a file comes from, and what its columns are called there.

use crate::text_enum;

text_enum! {
    /// Where a list of readers comes from.
    System {
        /// A spreadsheet, or `kiosque subscriber list --csv`.
        Csv = "csv",
        /// Mailchimp: the ZIP of an audience's export, or the CSV files in it.
        Mailchimp = "mailchimp",
        /// `MailPoet`: its export as CSV, in English or French.
        MailPoet = "mailpoet",
        /// Brevo (Sendinblue): a list's or all contacts' export.
        Brevo = "brevo",
        /// listmonk: a list's export.
        Listmonk = "listmonk",
    }
}

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    Address,
    Name,
    FirstName,
    LastName,
    /// Of the address: subscribed, unsubscribed, bounced…
    Status,
    /// Of the address on one list (`MailPoet`).
    ListStatus,
    /// Yes when it must not be mailed (Brevo).
    Blocked,
    /// No when the reader has not confirmed (Brevo).
    DoubleOptIn,
    AskedAt,
    ConfirmedAt,
    LeftAt,
    BouncedAt,
    ChangedAt,
    /// Why he left.
    Reason,
    /// Lists, groups, segments, tags: any number in a cell.
    Groups,
    /// JSON (listmonk).
    Attributes,
    /// A newsletter's slug (ours).
    Newsletter,
    /// Slugs of rubrics, or nothing for all (ours).
    Rubrics,
    /// Why it must not be mailed (ours).
    Suppressed,
    /// Of the system's own use.
    Ignored,
}

impl System {
    /// The system by whose name people know it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "a spreadsheet",
            Self::Mailchimp => "Mailchimp",
            Self::MailPoet => "MailPoet",
            Self::Brevo => "Brevo",
            Self::Listmonk => "listmonk",
        }
    }

    /// The system whose export has these columns (as slugs).
    pub(super) fn of(columns: &[String]) -> Option<Self> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        if has("euid") || (has("leid") && has("optin-time")) {
            Some(Self::Mailchimp)
        } else if has("uuid") && has("attributes") && has("status") {
            Some(Self::Listmonk)
        } else if has("added-time") || has("double-opt-in") || has("email-blacklisted") {
            Some(Self::Brevo)
        } else if columns.iter().any(|column| mailpoet(column) == Some(Field::ListStatus))
            || columns.iter().any(|column| mailpoet(column) == Some(Field::Status))
        {
            Some(Self::MailPoet)
        } else {
            None
        }
    }

    /// What a column tells, by its title as a slug: `Adresse e-mail` is `adresse-e-mail`.
    pub(super) fn field(self, column: &str) -> Option<Field> {
        let own = match self {
            Self::Csv => ours(column),
            Self::Mailchimp => mailchimp(column),
            Self::MailPoet => mailpoet(column),
            Self::Brevo => brevo(column),
            Self::Listmonk => listmonk(column),
        };
        own.or_else(|| common(column))
    }
}

/// Titles that mean the same everywhere.
fn common(column: &str) -> Option<Field> {
    Some(match column {
        "email"
        | "e-mail"
        | "mail"
        | "courriel"
        | "address"
        | "adresse"
        | "email-address"
        | "e-mail-address"
        | "adresse-email"
        | "adresse-e-mail"
        | "adresse-mail"
        | "adresse-electronique"
        | "adresse-courriel"
        | "adresse-de-messagerie" => Field::Address,
        "name" | "full-name" | "nom-complet" | "nom-et-prenom" | "prenom-et-nom" => Field::Name,
        "first-name" | "firstname" | "fname" | "prenom" | "prenoms" => Field::FirstName,
        "last-name" | "lastname" | "lname" | "surname" | "nom" | "nom-de-famille" => Field::LastName,
        "status" | "statut" | "state" | "etat" => Field::Status,
        "groups" | "group" | "groupes" | "groupe" | "tags" | "tag" | "etiquettes" | "lists" | "list"
        | "listes" | "liste" | "segments" | "segment" => Field::Groups,
        _ => return None,
    })
}

/// What people write into spreadsheets, and what we write ourselves.
fn ours(column: &str) -> Option<Field> {
    Some(match column {
        "newsletter" | "lettre" => Field::Newsletter,
        "rubrics" | "rubriques" => Field::Rubrics,
        "suppressed" => Field::Suppressed,
        "since" | "depuis" => Field::ChangedAt,
        "asked" | "inscrit-le" | "date-d-inscription" | "subscribed-at" | "created-at" => Field::AskedAt,
        "confirmed" | "confirme-le" | "date-de-confirmation" | "confirmed-at" => Field::ConfirmedAt,
        "left" | "desinscrit-le" | "date-de-desinscription" | "unsubscribed-at" => Field::LeftAt,
        "reason" | "raison" | "motif" => Field::Reason,
        "line" | "problem" => Field::Ignored,
        _ => return None,
    })
}

/// "Email Address", "First Name", …, `MEMBER_RATING` to `TAGS`; merge fields and groups of the audience stand between.
fn mailchimp(column: &str) -> Option<Field> {
    Some(match column {
        "optin-time" => Field::AskedAt,
        "confirm-time" => Field::ConfirmedAt,
        "unsub-time" => Field::LeftAt,
        "clean-time" => Field::BouncedAt,
        "unsub-reason" => Field::Reason,
        "last-changed" => Field::ChangedAt,
        "member-rating"
        | "optin-ip"
        | "confirm-ip"
        | "latitude"
        | "longitude"
        | "gmtoff"
        | "dstoff"
        | "timezone"
        | "cc"
        | "region"
        | "leid"
        | "euid"
        | "notes"
        | "unsub-campaign-title"
        | "unsub-campaign-id"
        | "unsub-reason-other"
        | "clean-campaign-title"
        | "clean-campaign-id" => Field::Ignored,
        _ => return None,
    })
}

/// Titles in the language of the site (ImportExportFactory.php): « Statut global », « Statut de la liste ».
fn mailpoet(column: &str) -> Option<Field> {
    let has = |word: &str| column.split('-').any(|part| part == word);
    let status = has("status") || has("statut");
    let time = has("time") || has("date") || has("heure");
    Some(match column {
        _ if status && (has("global") || has("globale")) => Field::Status,
        _ if status && (has("list") || has("liste")) => Field::ListStatus,
        _ if has("ip") => Field::Ignored,
        _ if time && has("confirmation") => Field::ConfirmedAt,
        _ if time && (has("subscription") || has("inscription") || has("abonnement")) => Field::AskedAt,
        _ => return None,
    })
}

fn brevo(column: &str) -> Option<Field> {
    Some(match column {
        "added-time" | "added-at" => Field::AskedAt,
        "modified-time" | "modified-at" => Field::ChangedAt,
        "email-blacklisted" | "email-blocklisted" | "blacklisted" | "blocklisted" | "liste-noire" => {
            Field::Blocked
        }
        "double-opt-in" => Field::DoubleOptIn,
        "email-marketing" | "email-subscription-status" | "email-status" => Field::Status,
        "contact-id" | "sms" | "whatsapp" | "landline-number" | "ext-id" | "contact-timezone" | "opt-in"
        | "sms-blacklisted" | "sms-marketing" => Field::Ignored,
        _ => return None,
    })
}

fn listmonk(column: &str) -> Option<Field> {
    Some(match column {
        "attributes" => Field::Attributes,
        "created-at" => Field::AskedAt,
        "updated-at" => Field::ChangedAt,
        "uuid" | "id" => Field::Ignored,
        _ => return None,
    })
}
