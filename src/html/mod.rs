//! HTML: what comes from outside cleaned, read and shortened; our own written from templates.
//!
//! [`clean`](clean()) is the one door for article bodies; [`text`] turns HTML into text and keeps text fit for XML;
//! [`excerpt`](excerpt()) and [`teaser`] shorten; [`page`] and [`crawled_text`] find the article inside a saved page.

pub mod address_pages;
mod built_in;
mod chars;
mod clean;
pub mod crawled_text;
mod debris;
pub mod edition_pages;
mod edition_samples;
pub mod editor_pages;
mod excerpt;
mod filters;
mod flow;
mod furniture;
mod images;
mod inline;
pub mod legal_pages;
pub mod links;
mod lists;
pub mod logo;
pub mod look;
mod mail_body;
pub mod mjml;
pub mod mjml_check;
mod mjml_elements;
pub mod own_data_pages;
mod own_source;
pub mod own_text;
pub mod page;
pub mod pages;
pub mod palette;
pub mod preferences_pages;
pub mod publisher;
pub mod sample_pages;
mod template_error;
pub mod templates;
pub mod text;

pub use clean::clean;
pub use excerpt::{excerpt, teaser};
pub use images::picture_name;
pub use links::absolute;
pub use mail_body::{mail_body, mail_body_text};
