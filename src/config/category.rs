//! `[[category]]`: a rubric of the newsroom.

use toml::Spanned;

use super::feeds::CategoryFeed;
use super::read::section;

section! {
    /// `[[category]]`, in the order of the file.
    pub struct Category {
        /// The French name readers see.
        pub name: Spanned<String>,
        /// Its name in addresses; without it made from `name` once, when first stored.
        pub slug: Option<Spanned<String>>,
        /// Slugs it had before; their addresses lead to the present one.
        pub was: Vec<Spanned<String>>,
        /// Names or slugs in imports that mean this category.
        pub from: Vec<Spanned<String>>,
        /// Whether it is gone for good; its addresses then answer 410.
        pub removed: bool = false,
        /// What its feed does otherwise than the others.
        pub feed: Option<CategoryFeed>,
    }
}
