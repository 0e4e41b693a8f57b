//! Newsletters: schedules, slots, editions, variants.
//!
//! [`desk::Desk::tick`] is the scheduler's step: [`slot_plan`] says which slots are due (P2), [`selection`] what they
//! take (P1), [`edition`] where an edition stands, [`seen`] what each choice of rubrics sees of it and [`variant`]
//! how that becomes a mail.

pub mod announce;
pub mod button_view;
pub mod clicks;
mod clicks_sql;
pub mod coming;
pub mod corrections;
mod crontab;
mod crontab_field;
pub mod declaration;
pub mod declaration_reading;
pub mod desk;
mod digest_articles;
pub mod digest_view;
pub mod editing;
pub mod edition;
pub mod editor_view;
pub mod fit;
mod foreign;
mod freeze;
pub mod letter_feeds;
pub mod mail_images;
pub mod makeup;
mod makeup_sql;
#[cfg(test)]
mod nasty_tests;
pub mod newsletter;
pub mod notice_view;
pub mod online;
mod online_sql;
mod parts;
pub mod pins;
pub mod reader_view;
pub mod rectificatif;
mod release;
pub mod render;
mod revise;
pub mod rhythm;
pub mod run;
pub mod sample_editions;
pub mod sample_view;
pub mod schedule;
#[cfg(test)]
mod schedule_tests;
pub mod seen;
pub mod selection;
pub mod shown;
pub mod slot;
pub mod slot_plan;
pub mod slot_store;
pub mod slug;
mod sql;
pub mod subject;
pub mod template_check;
pub mod template_name;
pub mod variant;
pub mod web_name;
pub mod weight;
pub mod zone;

/// The statements of this module, for the test that prepares every one.
#[must_use]
pub fn statements() -> Vec<crate::db::Sql> {
    [sql::ALL, clicks_sql::ALL, online_sql::ALL, makeup_sql::ALL, rectificatif::ALL, editing::ALL].concat()
}
