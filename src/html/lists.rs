//! Word lists written as one text, its items apart by " | ", so that a long list stays a few readable lines.

/// The items of a list.
pub fn items(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(" | ")
}

/// Whether the list holds exactly this.
pub fn holds(list: &'static str, item: &str) -> bool {
    items(list).any(|i| i == item)
}
