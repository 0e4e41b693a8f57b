//! The two no-break spaces of French, and which of them a piece of text may use.

/// The narrow no-break space (U+202F): before `;`, `!` and `?`, and between the thousands of a number.
pub const NARROW: char = '\u{202f}';

/// The no-break space (U+00A0): before `:`, `»` and `%`, after `«`, between a number and its unit.
pub const NO_BREAK: char = '\u{a0}';

/// Which no-break spaces a piece of text may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spaces {
    /// U+202F before `; ! ?` and between thousands, U+00A0 elsewhere: HTML and plain-text bodies, pages.
    Narrow,
    /// U+00A0 throughout: subject, preheader, sender's name. Many a mail program's list view draws a box for
    /// U+202F.
    Plain,
}

impl Spaces {
    /// The space this kind of text puts where fine typography wants a narrow one.
    pub fn narrow(self) -> char {
        match self {
            Self::Narrow => NARROW,
            Self::Plain => NO_BREAK,
        }
    }
}
