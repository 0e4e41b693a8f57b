//! HTML: what comes from outside cleaned, read and shortened; our own written from templates.

mod filters;
pub mod mjml;
pub mod mjml_check;
pub mod publisher;
pub mod templates;
