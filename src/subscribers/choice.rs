//! Which categories a reader wants of a newsletter.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::articles::CategoryId;
use crate::db::{Db, Keys, Tx};
use crate::mail::Address;
use crate::subscribers::address::AddressHash;
use crate::subscribers::newsletter::NewsletterId;
use crate::subscribers::sql::{ADD_CHOICE, CHOICES_OF_READERS, FIND_CHOICE, SET_CHOICE};
use crate::{execute, fetch_all, fetch_one, id_type};

id_type! {
    /// A choice's row; readers who chose the same share it.
    ChoiceId
}

/// A choice, in one form: equal choices are equal rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// « Toutes les rubriques », later ones too.
    All,
    /// These and no others.
    Only(BTreeSet<CategoryId>),
}

/// Why a text is not a [`Choice`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a choice: `all`, or ids in rising order like `3,5,9`, is expected")]
pub struct ChoiceError(String);

impl Choice {
    /// Whether an article of this category is wanted.
    #[must_use]
    pub fn wants(&self, category: CategoryId) -> bool {
        match self {
            Self::All => true,
            Self::Only(categories) => categories.contains(&category),
        }
    }

    /// The row of this choice, made when it is the first of its kind.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn store(&self, tx: &mut Tx) -> sqlx::Result<ChoiceId> {
        let text = self.to_string();
        execute!(tx, ADD_CHOICE, text.as_str())?;
        let (id,): (ChoiceId,) = fetch_one!(tx, FIND_CHOICE, text.as_str())?;
        Ok(id)
    }
}

/// Every choice that confirmed readers made, with the number of their subscriptions.
///
/// # Errors
/// When the store fails, or holds a text that is no choice.
pub async fn choices_of_readers(db: &Db) -> anyhow::Result<Vec<(Choice, i64)>> {
    let rows: Vec<(String, i64)> = fetch_all!(db, CHOICES_OF_READERS)?;
    rows.into_iter().map(|(choice, readers)| Ok((choice.parse()?, readers))).collect()
}

/// Sets what a reader wants of a newsletter, from the next edition on. Gives false when the address is not on its list.
///
/// # Errors
/// When the store fails.
pub async fn choose(
    tx: &mut Tx,
    keys: &Keys,
    address: &Address,
    newsletter: NewsletterId,
    choice: &Choice,
) -> sqlx::Result<bool> {
    let choice = choice.store(tx).await?;
    let hash = AddressHash::of(keys, address);
    Ok(execute!(tx, SET_CHOICE, hash.as_bytes(), newsletter, choice)? > 0)
}

impl fmt::Display for Choice {
    /// As it is stored: `all`, or the ids in rising order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Only(categories) = self else { return f.write_str("all") };
        for (place, category) in categories.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{category}")?;
        }
        Ok(())
    }
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        if text == "all" {
            return Ok(Self::All);
        }
        let error = || ChoiceError(text.to_owned());
        let categories: BTreeSet<CategoryId> =
            text.split(',').map(|id| id.parse().map_err(|_| error())).collect::<Result<_, _>>()?;
        let choice = Self::Only(categories);
        // Written otherwise it would be a second row for the same choice.
        if choice.to_string() == text { Ok(choice) } else { Err(error()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_has_one_spelling() {
        let choice = Choice::Only([9, 3, 5].map(CategoryId).into());
        assert_eq!(choice.to_string(), "3,5,9");
        assert_eq!("3,5,9".parse(), Ok(choice));
        assert_eq!("all".parse(), Ok(Choice::All));
        for text in ["", "9,3", "3,3", "3, 5", "+3", "03", "x", "All"] {
            assert!(text.parse::<Choice>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn all_wants_every_category_and_a_set_its_own() {
        assert!(Choice::All.wants(CategoryId(7)));
        let choice = Choice::Only([CategoryId(3)].into());
        assert!(choice.wants(CategoryId(3)) && !choice.wants(CategoryId(7)));
    }
}
