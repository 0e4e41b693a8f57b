//! `[[source]]`: where articles come from while serving.

use std::path::PathBuf;

use super::read::section;
use super::span::Span;

section! {
    /// `[[source]]`: a folder that a site's export or a cron line drops files into.
    pub struct ArticleSource {
        /// The folder; each file in it is imported, then moved to `done/`, or to `rejected/` with its report.
        pub folder: PathBuf,
        /// The name articles are known under; without it the folder's own.
        pub name: Option<String>,
        /// Whether the articles are old ones, which no digest announces.
        pub archive: bool = false,
        /// How often the folder is looked at.
        pub every: Span = Span::seconds(5),
    }
}
