//! Articles' pictures, made small: what mails and pages show in place of a site's own.
//!
//! A picture is fetched once, in the background, soon after its article appears ([`prepare`](prepare())), and its sizes are kept in the database:
//! nodes share nothing else, a copy of it is whole, and what a mail links to must outlive the site's own address. Files are
//! named by their content, so that they may be cached for ever and guessed by nobody. A release never waits for one.

mod decode;
mod fetch;
mod prepare;
mod rendition;
mod size;
mod sql;
mod store;

pub use decode::Unfit;
pub use prepare::{Prepared, prepare};
pub use rendition::{Rendition, make};
pub use size::{MAIL_BUDGET, Size};
pub use store::{ByUrl, File, ImageState, Known, by_url, drop_old, failed, file};

use crate::config::PublicUrl;

/// Where files are served, before their names.
pub const PATH: &str = "/i/";

/// The whole address of a file.
#[must_use]
pub fn address(public_url: &PublicUrl, file: &File) -> String {
    public_url.join(&format!("{PATH}{}", file.name))
}

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<crate::db::Sql> {
    sql::ALL.to_vec()
}
