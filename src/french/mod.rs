//! French as it is printed: dates, numbers, elision, typography, order, slugs; and what our own texts must not hold.
//!
//! Everything here turns values into text at rendering; nothing here changes what is stored.

#[cfg(test)]
mod cases_tests;
pub mod date;
pub mod elision;
mod glyphs;
pub mod lint;
mod no_break;
pub mod number;
mod quotes;
pub mod reading;
pub mod slug;
pub mod sort;
pub mod style;
pub mod typography;
#[cfg(test)]
mod typography_tests;
