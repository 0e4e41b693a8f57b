//! `[feeds]`: how many articles a feed carries.

use super::read::{Reader, Value, section};
use super::span::Span;

section! {
    /// `[feeds]`: the newest `items`, and every article that appeared within `window` of the newest.
    pub struct Feeds {
        /// Articles in a feed at least, if there are as many.
        pub items: u32 = 30,
        /// Whoever polls at least this often misses none.
        pub window: Span = Span::hours(48),
    } then check
}

impl Feeds {
    /// No feed carries more articles than this, whatever the window.
    pub const MOST: u32 = 300;
}

fn check(feeds: &Feeds, value: &Value<'_>, reader: &mut Reader) {
    if !(1..=Feeds::MOST).contains(&feeds.items) && value.get("items").is_some() {
        reader.mistakes.push(value.at_key("items"), format!("`feeds.items`: expected 1 to {}", Feeds::MOST));
    }
}
