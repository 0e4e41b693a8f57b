//! `[french]`: how the newsroom wants French set.

use super::read::section;

section! {
    /// `[french]`: the newsroom's own ways of setting French, in mails, pages and feeds.
    pub struct French {
        /// Whether the narrow no-break space (U+202F) stands before `; ! ?` and between thousands. Off: U+00A0 stands there,
        /// for readers whose programs draw a box.
        pub narrow_nbsp: bool = true,
        /// Whether the titles of articles are set too. Off: they stay as the journalists wrote them.
        pub titles: bool = true,
    }
}
