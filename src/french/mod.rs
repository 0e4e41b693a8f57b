//! French as it is printed: dates, numbers, typography, slugs.
//!
//! Everything here turns values into text at rendering; nothing here changes what is stored.

pub mod date;
pub mod number;
pub mod slug;
pub mod typography;
