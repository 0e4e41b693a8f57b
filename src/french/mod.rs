//! French as it is printed: dates, numbers, typography, slugs; and what our own texts must not hold.
//!
//! Everything here turns values into text at rendering; nothing here changes what is stored.

pub mod date;
mod glyphs;
pub mod lint;
mod no_break;
pub mod number;
mod quotes;
pub mod slug;
pub mod typography;
#[cfg(test)]
mod typography_tests;
