//! What an edition's mails weigh, and what was done to keep them within their budgets.

use serde::Serialize;

use crate::db::Db;
use crate::fetch_one;
use crate::french::number;

use super::edition::EditionId;
use super::fit::Trimmed;
use super::sql;

/// The mails of an edition's present revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Weight {
    /// How many different ones there are.
    pub variants: i64,
    /// The HTML part of the largest as it travels, in bytes.
    pub html_bytes: i64,
    /// How many had to be made to fit.
    pub trimmed: i64,
    /// The most whole texts that were cut to their beginnings in one of them.
    pub bodies_left_out: i64,
    /// The shortest length that beginnings of articles were cut to, in characters.
    pub excerpt_length: Option<i64>,
    /// The most articles that are only announced in one of them.
    pub moved: i64,
    /// The most announced articles that are only counted in one of them.
    pub counted: i64,
}

impl Weight {
    /// What was done to one of them at most; nothing when all fitted.
    #[must_use]
    pub fn at_most(&self) -> Trimmed {
        Trimmed::stored(self.bodies_left_out, self.excerpt_length, self.moved, self.counted)
    }
}

/// Weighs an edition.
///
/// # Errors
/// When the store fails.
pub async fn weight(db: &Db, edition: EditionId) -> sqlx::Result<Weight> {
    fetch_one!(db, sql::EDITION_WEIGHT, edition)
}

/// « extraits coupés à 60 signes, 3 articles annoncés par leur titre », not yet set; nothing when nothing was done.
#[must_use]
pub fn in_french(trimmed: Trimmed) -> Option<String> {
    let many = |number: usize, one: &str, more: &str| {
        number::count(i64::try_from(number).unwrap_or(i64::MAX), one, more)
    };
    let mut done = Vec::new();
    if trimmed.bodies > 0 {
        done.push(many(
            trimmed.bodies,
            "texte entier réduit à son début",
            "textes entiers réduits à leur début",
        ));
    }
    done.extend(trimmed.excerpt.map(|length| match length {
        0 => "articles sans extrait".to_owned(),
        length => format!("extraits coupés à {}", many(length, "signe", "signes")),
    }));
    if trimmed.moved > 0 {
        done.push(many(
            trimmed.moved,
            "article annoncé par son seul titre",
            "articles annoncés par leur seul titre",
        ));
    }
    if trimmed.counted > 0 {
        done.push(many(trimmed.counted, "titre seulement compté", "titres seulement comptés"));
    }
    (!done.is_empty()).then(|| done.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_french() {
        assert_eq!(in_french(Trimmed::default()), None);
        let told = in_french(Trimmed { bodies: 2, excerpt: Some(0), moved: 1, counted: 12 }).unwrap();
        assert_eq!(
            told.replace('\u{a0}', " "),
            "2 textes entiers réduits à leur début, articles sans extrait, 1 article annoncé par son seul titre, 12 titres seulement comptés"
        );
        let told = in_french(Trimmed { excerpt: Some(60), ..Trimmed::default() }).unwrap();
        assert_eq!(told.replace('\u{a0}', " "), "extraits coupés à 60 signes");
    }
}
