//! Newsletters: schedules, slots, editions, variants.

mod crontab;
pub mod declaration;
pub mod digest_view;
pub mod render;
pub mod sample_view;
pub mod schedule;
#[cfg(test)]
mod schedule_tests;
pub mod slot;
pub mod zone;
